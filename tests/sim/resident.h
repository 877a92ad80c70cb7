/*
 * resident.h - whole nodes but for disks and sockets, on one virtual clock: swarm, gossip, sync streams, live peers, both lungs, healing,
 * and a state in memory. Put together from the parts as the node does it, so that what their bounds promise together can be watched.
 *
 * Every resident has the others as P2P peers and as HTTP sources. The way between two of them, and each one's HTTP side, are the test's.
 */
#ifndef TESTS_SIM_RESIDENT_H
#define TESTS_SIM_RESIDENT_H

#include "node/announce.h"
#include "node/live.h"
#include "node/lung_http.h"
#include "p2p/gossip_streams.h"
#include "p2p/sync.h"
#include "sim/sim.h"
#include "state/heal_peer.h"
#include "support/memory_view.h"
#include "support/swarm_world.h"

#define TOWN_TOPIC "lattice.town"
#define TOWN_TURN_MS WORLD_STEP_MS

struct town;
struct resident;

/* Another resident, as this one sees it. */
struct neighbour {
    struct resident *whose, *who;
    bool connected;
    struct sync_session *session;
    bool comparing;               /* the session's STATUS comes at the end of a pass */
    uint8_t challenge[16];
    struct heal_peer by_p2p, by_http;
};

struct resident {
    struct town *town;
    size_t index;
    struct world_node *place;
    bool trusted;                 /* by the others; else a stranger who takes part */
    struct network network;
    struct trust trust;
    struct memory_view state;
    struct topic_judge *judge;
    struct live *live;
    struct announce announce;
    struct gossip *router;
    struct gossip_streams *streams;
    struct sync *sync;
    const struct protocol *protocols[CONN_PROTOCOLS_MAX];
    struct lung lung;
    struct lung_http http;
    bool carrying;
    uint64_t round;               /* counts HTTP rounds: answers of a former one are void */
    size_t round_open;            /* sources that have not answered */
    struct neighbour neighbours[WORLD_NODES_MAX];
    struct lung_peers peers;
    bool http_down;               /* nobody's request to it has an answer */
    size_t p2p_sessions, p2p_heals, http_heals;
    void (*moved)(struct resident *r, const struct lung_step *step); /* the test's; NULL: none */
    void *user;
};

struct town {
    struct world world;
    struct sim *sim;
    struct lung_constants k;
    size_t trusted;
    struct resident residents[WORLD_NODES_MAX];
    size_t count;
};

/* trusted residents, then strangers, who trust the others and are not trusted. k: times of all. */
struct town *town_new(uint64_t seed, size_t trusted, size_t strangers, const struct lung_constants *k);
void town_free(struct town *town);

/* So much time goes by; after each turn (TOWN_TURN_MS) watch is called, unless NULL. */
void town_run(struct town *town, uint64_t ms, void (*watch)(struct town *town));

/* A local write: key/value by number. */
void resident_put(struct resident *r, unsigned key, unsigned value);

/* The node breaks down and begins again, with nothing but its key. */
void resident_restart(struct resident *r);

bool residents_agree(const struct resident *a, const struct resident *b);

uint64_t town_now_ms(const struct town *town);

#endif
