/*
 * crosscheck.h - one node seen through both lungs: what its key attests by HTTP and by P2P must be one state. A difference means
 * that one of the two ways is not what it seems (another node behind the URL, a replayed answer, two nodes with one key).
 *
 * Both ways carry the author's own clock, so statements of comparable age are found by it: an HTTP statement is compared with the
 * two P2P statements around it. Where these two show one root, that root stood at the time between, and HTTP must show it; where
 * the state moved in between, HTTP's greatest HLC must lie between theirs. What cannot be decided so decides nothing. The alarm
 * is raised when the ways contradict each other for longer than three heartbeats with no agreement in between.
 *
 * A v3.0.3 node is not among them, and cannot be: what it signs by HTTP is its flat root and a time, with a key that P2P never shows.
 * There it has a fresh libp2p key at each start, and tells its root with nothing but that key, now and then (a `proof_event`). What ties
 * the two together is neither said nor signed by anyone; to guess it from an address would accuse nodes of what their network does.
 *
 * Pure; the node thread. Bounded: CROSSCHECK_MAX keys, those that have a configured HTTP source first come.
 *
 * Spec: issue 5, "Cross-check of the lungs".
 */
#ifndef LAT_NODE_CROSSCHECK_H
#define LAT_NODE_CROSSCHECK_H

#include "node/topic.h"

#define CROSSCHECK_MAX 64
#define CROSSCHECK_HEARTBEATS 3

/* What a key attested, by one of the ways. */
struct crosscheck_said {
    struct topic_state state;
    uint64_t time_ms; /* Unix ms by the author's clock */
};

/* One key. */
struct crosscheck_entry {
    uint8_t key[32];
    bool has_http, has_p2p, has_former;
    bool compared; /* the statement by HTTP has been decided on */
    struct crosscheck_said http, p2p, former; /* the last by HTTP; the last two by P2P */
    uint64_t heard_ms;    /* monotonic: the last statement of either way */
    bool contradicts;
    uint64_t first_ms, last_ms; /* monotonic: first and last contradiction in a row */
    uint8_t http_root[32], p2p_root[32]; /* of the last one */
};

/* Zeroed at the start. */
struct crosscheck {
    struct crosscheck_entry entries[CROSSCHECK_MAX];
    size_t count;
};

/* A verified statement came. Both need the key's signature checked before. */
void crosscheck_http(struct crosscheck *c, const uint8_t key[32], const struct crosscheck_said *said, uint64_t now_ms);
void crosscheck_p2p(struct crosscheck *c, const uint8_t key[32], const struct crosscheck_said *said, uint64_t now_ms);

/* RELOAD: sources and keys may have changed. */
void crosscheck_clear(struct crosscheck *c);

/* The i-th entry that is an alarm, with heartbeats of exchange_ms; NULL: no more. Borrow. */
const struct crosscheck_entry *crosscheck_alarm(const struct crosscheck *c, size_t i, uint64_t exchange_ms);

/* A contradiction was seen, and another look by HTTP would tell whether it lasts: worth a round now. */
bool crosscheck_wants_look(const struct crosscheck *c, uint64_t exchange_ms, uint64_t now_ms);

#endif
