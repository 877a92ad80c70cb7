/*
 * heal_pair.h - two nodes in memory that heal from each other: each with its trusted keys, its clock, and what it
 * knows of the other. Time and randomness are the test's.
 */
#ifndef TESTS_SUPPORT_HEAL_PAIR_H
#define TESTS_SUPPORT_HEAL_PAIR_H

#include "state/heal_peer.h"
#include "support/sync_world.h"

struct heal_node {
    struct memory_view state;
    struct trust trust;
    struct heal_peer peer; /* the other one, as this one sees it */
};

/* What happens to messages. */
struct heal_weather {
    unsigned lost, doubled; /* percent of exchanges: the answer is lost; the request arrives twice */
    /* Bend an answer; NULL: none is bent. */
    void (*bend)(void *arg, struct lat_buf *reply);
    void *arg;
};

struct heal_pair {
    struct sync_world world;
    struct heal_node nodes[2];
    uint64_t now_ms; /* monotonic */
    uint64_t seed;
    struct heal_weather weather;
    /* of the last session */
    size_t bytes, messages;
    /* of all of them, until the test sets them back */
    size_t all_bytes, sessions;
};

/* Own keys: author 0 of the first node, 1 of the second; each trusts the other's and author 3. */
void pair_init(struct heal_pair *pair, uint64_t seed);
void pair_fini(struct heal_pair *pair);

/* Move both clocks on. */
void pair_wait(struct heal_pair *pair, uint64_t ms);

/* What this node attests now. */
struct recon_status pair_status(const struct heal_pair *pair, int node);

/* A look of one node at the other: STATUS, comparison. */
void pair_look(struct heal_pair *pair, int node);

/* One session of this node with the other, to its end. Fails the test when it does not end in its budget. */
enum heal_end pair_session(struct heal_pair *pair, int node);

/* Looks, and sessions where they are due, by either node in turn, until neither wants one. Fails after `most`. */
void pair_heal(struct heal_pair *pair, unsigned most);

/* Would this node refuse that record? */
bool pair_refuses(const struct heal_pair *pair, int node, const struct record *record);

/*
 * Both states hold the same, but for keys whose winner the other side refuses. Fails the test with the key. Returns
 * how many those are.
 */
size_t pair_check(const struct heal_pair *pair);

#endif
