/*
 * wire_states.h - the states of vectors/state/wire.json, for the tests of reconciliation.
 */
#ifndef TESTS_SUPPORT_WIRE_STATES_H
#define TESTS_SUPPORT_WIRE_STATES_H

#include "support/memory_view.h"
#include "support/vectors.h"

#define WIRE_NOW_MS 1700000060000 /* time of every attestation in the vectors */

/* Who answers which exchange. */
enum wire_state {
    WIRE_EMPTY,
    WIRE_ONE,     /* r00; this and the others by key of seed 01, but for B */
    WIRE_THREE,   /* r00 .. r02 */
    WIRE_A,       /* r00 .. r16 */
    WIRE_B,       /* the other side of most exchanges, key of seed 02 */
    WIRE_BIG_400, /* see "big" */
    WIRE_BIG_399,
    WIRE_STATES
};

struct wire_states {
    cJSON *wire;
    struct network network;
    struct key *keys[3];
    struct trust trust;
    struct memory_view states[WIRE_STATES];
};

void wire_states_init(struct wire_states *w);
void wire_states_fini(struct wire_states *w);

/* The n-th exchange of "sync", and who answers it. */
const cJSON *wire_exchange(const struct wire_states *w, int n);
enum wire_state wire_answerer(int n);
#define WIRE_EXCHANGES 15

/*
 * Answer as a carrier does: look at the request, merge its pushes (verdict 0 applied, 2 ours wins), answer.
 */
void wire_serve(const struct wire_states *w, struct memory_view *state, const uint8_t *request, size_t len,
                struct lat_buf *reply);

#endif
