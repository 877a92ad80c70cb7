/*
 * healings.h - the last sessions of healing, of both lungs: with whom, how, when, what they brought and how they ended. In memory alone.
 *
 * Written by the node thread, read by any: behind a lock of its own, held for no more than a copy.
 *
 * Spec: issue 6 ("the last 100 healings").
 */
#ifndef LAT_STATE_HEALINGS_H
#define LAT_STATE_HEALINGS_H

#include "state/heal.h"

#define HEALINGS_MAX 100
#define HEALING_PEER_MAX 160
#define HEALING_WHY_MAX 160

struct healing {
    char peer[HEALING_PEER_MAX]; /* peer id, or URL of a source; escaped */
    bool p2p;                    /* else by HTTP */
    const char *way;             /* "sketch", "descent", "stream", "none" (nothing had to be found); "import" of a v3.0.3 state; static */
    const char *result;          /* heal_end_name; of an import "equal" or "failed"; static */
    uint64_t began_ms;           /* Unix ms by our clock */
    uint64_t took_ms, bytes;     /* bytes: in both directions; 0 for an import, which came with a round */
    uint64_t taken, given, refused; /* records: stored here; of ours, sent; of theirs, refused here */
    char why[HEALING_WHY_MAX];   /* a sentence, where the result needs one; escaped */
};

struct healings;

struct healings *healings_new(void); /* NULL: out of memory */
void healings_free(struct healings *healings);

/* One has ended; copied. */
void healings_add(struct healings *healings, const struct healing *healing);

/* The newest ones, newest first, into out. Returns how many; *total: how many there ever were. */
size_t healings_recent(struct healings *healings, struct healing *out, size_t max, uint64_t *total);

/* What a session that is over says of itself; without peer and lung. wall_ms and now_ms are of the same moment. */
void healing_of(const struct heal *heal, uint64_t wall_ms, uint64_t now_ms, struct healing *out);

#endif
