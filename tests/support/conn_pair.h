/*
 * conn_pair.h - two open connections back to back over a pipe that cuts anywhere, on a virtual clock: what tests of stream protocols
 * stand on. Keys are made of a byte each, so that several pairs are several peers.
 */
#ifndef TESTS_SUPPORT_CONN_PAIR_H
#define TESTS_SUPPORT_CONN_PAIR_H

#include "crypto/key.h"
#include "p2p/conn.h"
#include "p2p/identity.h"

struct conn_end {
    struct key *key;
    struct identity identity;
    struct identity_check check;
    struct noise_static *own;
    struct conn_config config; /* to be changed before conn_end_start */
    struct conn *conn;
    struct lat_buf wire;       /* on its way from here */
    struct lat_msg why;
    enum lat_err err;          /* of conn_input, conn_tick */
    size_t flights;            /* times that it had something to send */
};

struct conn_pair {
    struct conn_end a, b; /* a dials */
    uint64_t now_ms, seed;
    size_t piece_max;     /* bytes arrive in pieces of 1 .. so many */
    bool a_is_deaf;       /* what b says is not even asked for: its streams' queues fill */
};

/* One end at a time, for tests of the opening itself. protocols outlive it; nothing is told of `up` and pongs unless config says so. */
void conn_end_init(struct conn_end *end, uint8_t seed_byte, bool dialer, const struct protocol *const *protocols);
void conn_end_start(struct conn_end *end, uint64_t now_ms);
void conn_end_fini(struct conn_end *end);

/* What it has to say, onto its wire; also where it has failed: a goodbye may be in it. */
void conn_end_speak(struct conn_end *end, uint64_t now_ms);

/* Give `to` what `from` has to say; false: nothing. */
bool conn_pair_carry(struct conn_pair *pair, struct conn_end *from, struct conn_end *to);

/* Both are open when it returns. Protocols as in conn_config; they outlive the pair. */
void conn_pair_init(struct conn_pair *pair, uint8_t a_seed, const struct protocol *const *a, uint8_t b_seed,
                    const struct protocol *const *b);
void conn_pair_fini(struct conn_pair *pair);

/* Carry to and fro until neither has something to say. */
void conn_pair_settle(struct conn_pair *pair);

/* So much time goes by, in ticks of 100 ms, with conn_pair_settle after each. */
void conn_pair_wait(struct conn_pair *pair, uint64_t ms);

#endif
