/*
 * swarm_world.h - several swarms in one process on a virtual network with a virtual clock: no sockets, no waiting, the same run every time.
 *
 * Time goes in steps of WORLD_STEP_MS; bytes arrive after the world's latency, in order.
 */
#ifndef TESTS_SUPPORT_SWARM_WORLD_H
#define TESTS_SUPPORT_SWARM_WORLD_H

#include "crypto/key.h"
#include "p2p/swarm.h"

#define WORLD_STEP_MS 10
#define WORLD_NODES_MAX 8
#define WORLD_LINES_MAX 64

struct world;
struct world_node;

/* What a test has its node do beyond counting; each may be NULL. */
struct world_hooks {
    void (*up)(struct world_node *node, const struct peerid *id, struct conn *conn);
    void (*down)(struct world_node *node, const struct peerid *id, enum swarm_reason reason);
};

struct world_node {
    struct world *world;
    const struct world_hooks *hooks;           /* NULL: none */
    const struct protocol *const *protocols;   /* beside identify, ping and perf; ended by NULL. NULL: none */
    void *user;
    const struct protocol *served[CONN_PROTOCOLS_MAX + 1];
    struct key *key;
    struct identity identity;
    struct noise_static *own;
    struct swarm *swarm;        /* NULL: not started, stopped */
    char address[64];           /* "/ip4/127.0.0.1/tcp/9001" */
    char full[160];             /* the same with /p2p/ */
    bool refuses;               /* dials to it are refused */
    bool silent_dials;          /* dials to it have no answer */
    bool stopped;               /* its loop does not run */
    uint64_t latency_ms;        /* of what it sends */
    size_t ups, downs, dialed, identified, failed, changes;
    enum swarm_reason last_reason;
    struct peerid last_up;
    uint64_t dial_ms[4096];     /* when its dials began */
    uint64_t heard_ms;          /* when bytes came last, from anyone */
    size_t line_count;          /* of level notice and above, and info */
    char lines[WORLD_LINES_MAX][256];
};

/* One end of a connection. */
struct world_end {
    struct world_end *next;
    struct world *world;
    struct world_node *node;    /* NULL: a stranger, whom the test plays */
    struct link *link;
    struct world_end *other;
    struct world_node *target;  /* of a dial without an outcome yet */
    char to[PEERS_ADDRESS_LEN];
    uint64_t outcome_ms;
    struct chunk *chunks;       /* on their way from here to the other end */
    bool ended;                 /* from here comes no more, once the chunks are through */
    bool told;                  /* the swarm knows of the end */
    bool black_hole;            /* what is sent from here is lost */
    bool given_up;
    bool woken;
    uint8_t heard[4096];        /* by a stranger */
    size_t heard_len;
};

enum world_way { WORLD_OPEN, WORLD_REFUSING, WORLD_SILENT };

struct world {
    uint64_t now_ms, seed, tick_ms;
    void (*random)(void *out, size_t len); /* NULL: rand_bytes; else decides when is dialed */
    enum world_way ways[WORLD_NODES_MAX][WORLD_NODES_MAX];
    struct world_node nodes[WORLD_NODES_MAX];
    size_t node_count;
    struct world_end *ends;
};

void world_init(struct world *world, uint64_t seed);
void world_fini(struct world *world);

/* A node of its own key (by key_byte), listening on /ip4/127.0.0.1/tcp/9000 + number; redial as in swarm_config. */
struct world_node *world_add(struct world *world, uint8_t key_byte, bool redial);

/* The same without a swarm, until world_start: hooks and protocols may be set before. */
struct world_node *world_place(struct world *world, uint8_t key_byte);
void world_start(struct world_node *node, bool redial);
/* Its swarm ends: every connection is closed. Before what its hooks need is gone. */
void world_stop(struct world_node *node);

/* The node begins again: everything it knew is gone; its connections are cut, or (quiet) nobody is told. */
void world_restart(struct world_node *node, bool quiet);

/* So much time goes by. */
void world_run(struct world *world, uint64_t ms);

/* a knows b as a configured peer. */
void world_introduce(struct world_node *a, const struct world_node *b);

/* A stranger connects from address. NULL: not let in. */
struct world_end *world_stranger(struct world *world, struct world_node *to, const char *address);
void world_say(struct world_end *stranger, const void *bytes, size_t len);
void world_leave(struct world_end *stranger);

/* Ends that the node holds open, and those of them that it dialed itself. */
size_t world_open_ends(const struct world_node *node);

/* From now on nothing that either side sends arrives. */
void world_black_hole(struct world *world);

/*
 * The way between two nodes. Open; or connections break off at once and dials are refused; or what is sent is lost and dials have no answer.
 * Connections that were in a silent way when it opens again go on as if their bytes had only been late.
 */
void world_set_way(struct world_node *a, struct world_node *b, enum world_way way);

struct swarm_counts world_counts(const struct world_node *node);
struct swarm_row world_row(const struct world_node *node, const struct world_node *of);

/* How many of the node's lines contain the text. */
size_t world_lines(const struct world_node *node, const char *text);

#endif
