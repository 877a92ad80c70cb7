/*
 * mesh.h - many gossip routers in one process, joined by links that delay, drop, duplicate and reorder, on the clock of sim.h. A stranger is
 * a node without a router: the test writes its RPCs and hears what it is sent.
 *
 * A message's signature is checked once for all nodes. Messages of mesh_publish are known by number: who has got it, and when. Connections that
 * break are told to both ends; a cut link tells nobody.
 */
#ifndef TESTS_SIM_MESH_H
#define TESTS_SIM_MESH_H

#include "p2p/gossip.h"
#include "p2p/identity.h"
#include "sim/sim.h"

#define MESH_NODES_MAX 256
#define MESH_TOPIC "lattice.sim"

struct mesh;
struct mesh_node;

/* What a link does to one RPC; both directions alike. Chances are per million. */
struct mesh_faults {
    uint32_t delay_low_ms, delay_high_ms;
    uint32_t drop, duplicate;
    uint32_t reorder;  /* may overtake those sent before it */
    size_t window;     /* bytes on their way at most; 0: no bound */
};

/* One direction of a link: what `node` sends to `other->node`. */
struct mesh_end {
    struct mesh_end *next; /* of the node's */
    struct mesh_node *node;
    struct mesh_end *other;
    struct gossip_peer *peer; /* the other node, in this node's router; NULL: not connected, or a stranger */
    bool up, outbound, woken, cut;
    struct mesh_faults faults;
    uint64_t life;            /* counts connections */
    uint64_t last_arrival_ms;
    size_t in_flight;
    uint64_t rpcs, bytes;     /* sent */
};

struct mesh_node {
    struct mesh *mesh;
    size_t index;
    struct key *key;
    struct identity identity;
    enum gossip_version version;
    struct gossip *g;         /* NULL: stopped, or a stranger */
    bool stranger;
    uint64_t life;            /* counts starts */
    struct mesh_end *ends;
    uint64_t sent_us;         /* of its last seqno */
    void (*heard)(struct mesh_node *node, struct mesh_end *from, const uint8_t *rpc, size_t len); /* a stranger's; may be NULL */
};

struct mesh *mesh_new(uint64_t seed);
void mesh_free(struct mesh *mesh);
struct sim *mesh_sim(struct mesh *mesh);

/* For links made from now on. */
void mesh_set_faults(struct mesh *mesh, const struct mesh_faults *faults);
/* Those that are there as well. */
void mesh_set_all_faults(struct mesh *mesh, const struct mesh_faults *faults);

/* A node with a router, subscribed to MESH_TOPIC; a stranger. version: the newest that it speaks. */
struct mesh_node *mesh_add(struct mesh *mesh, enum gossip_version version);
struct mesh_node *mesh_add_stranger(struct mesh *mesh);
struct mesh_node *mesh_node(const struct mesh *mesh, size_t index);
size_t mesh_count(const struct mesh *mesh);

/* a dials b. Returns a's end. Nothing when they are connected. */
struct mesh_end *mesh_connect(struct mesh_node *a, struct mesh_node *b);
void mesh_disconnect(struct mesh_end *end);
struct mesh_end *mesh_end_of(const struct mesh_node *a, const struct mesh_node *b); /* NULL: were never connected */

/* Every node dials so many others, by chance; all of them where there are no more. */
void mesh_connect_all(struct mesh *mesh, size_t dials);

/* Nothing arrives any more, either way, or again. */
void mesh_cut(struct mesh_end *end, bool cut);

/* The node breaks down, and begins again with nothing; its connections are gone. */
void mesh_stop(struct mesh_node *node);
void mesh_start(struct mesh_node *node);

void mesh_run(struct mesh *mesh, uint64_t ms);

/* Something was called on the node's router from outside: send what it has to say. */
void mesh_flush(struct mesh_node *node);

/* --- messages ----------------------------------------------------------------------------------------- */

/* What the nodes make of a message's contents. */
enum mesh_kind { MESH_GOOD, MESH_IGNORED, MESH_REJECTED };

/* Publish len bytes (16 at least); returns the message's number. */
size_t mesh_publish(struct mesh_node *node, enum mesh_kind kind, size_t len);

/* A message signed by the node, as protobuf, for a stranger to send; with a number as well. forged: its signature is spoiled. */
size_t mesh_make(struct mesh_node *author, enum mesh_kind kind, size_t len, bool forged, struct lat_buf *message);

/* Has the node accepted the message (or written it)? How many running nodes have not? */
bool mesh_has(const struct mesh_node *node, size_t number);
size_t mesh_missing(const struct mesh *mesh, size_t number);

/* From the publishing to the last node that accepted it, ms. */
uint64_t mesh_spread_ms(const struct mesh *mesh, size_t number);

/* A stranger sends an RPC. */
void mesh_say(struct mesh_end *end, const uint8_t *rpc, size_t len);

/* --- looking ------------------------------------------------------------------------------------------ */

struct mesh_totals {
    uint64_t verified;   /* signatures, once a message */
    uint64_t asked;      /* times that a node would have verified one */
    uint64_t rpcs, bytes;
};
void mesh_total(const struct mesh *mesh, struct mesh_totals *out);

struct gossip_counters mesh_counters(const struct mesh_node *node);
size_t mesh_degree(const struct mesh_node *node); /* peers in its mesh */

/* Are all running nodes joined by mesh links? */
bool mesh_is_whole(const struct mesh *mesh);

/* Of a stranger, or a node, in the node's router. */
struct gossip_peer_row mesh_row(const struct mesh_node *node, const struct mesh_node *of);

#endif
