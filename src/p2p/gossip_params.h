/*
 * gossip_params.h - the numbers of gossipsub: the defaults of its specifications, and bounds of our own. Held by value; gossip_defaults is
 * what a node uses; tests and simulations change what they need.
 *
 * Spec: libp2p/specs pubsub/gossipsub/gossipsub-v1.0.md "Parameters", v1.1 "Overview of New Parameters", v1.2.
 */
#ifndef LAT_P2P_GOSSIP_PARAMS_H
#define LAT_P2P_GOSSIP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The score of a peer: weights of P1 .. P7, decay factors (per heartbeat), caps. */
struct gossip_score_params {
    /* Per topic that we are subscribed to. */
    double topic_weight;
    double topic_cap;            /* the sum over topics, when it is above 0; 0: no cap */
    double time_weight;          /* P1: in the mesh, by quanta */
    uint64_t time_quantum_ms;
    double time_cap;
    double first_weight;         /* P2: first to deliver a valid message */
    double first_decay, first_cap;
    double mesh_weight;          /* P3: deficit of deliveries in the mesh, squared. 0: off, the default: our topics are quiet for long */
    double mesh_decay, mesh_cap, mesh_threshold;
    uint64_t mesh_activation_ms; /* from the graft on */
    uint64_t mesh_window_ms;     /* a copy so soon after the first counts as delivered too */
    double failure_weight;       /* P3b: deficit at a prune, squared */
    double failure_decay;
    double invalid_weight;       /* P4: invalid messages, squared */
    double invalid_decay;

    /* Of the peer as a whole. */
    double app_weight;           /* P5: gossip_set_app_score */
    double place_weight;         /* P6: peers at one public address beyond the threshold, squared */
    size_t place_threshold;
    double behaviour_weight;     /* P7: broken promises, grafts during back-off; beyond the threshold, squared */
    double behaviour_threshold, behaviour_decay;
    double decay_to_zero;        /* a counter below this is 0 */
    uint64_t retain_ms;          /* a peer that went is remembered so long */

    /* Below these, ascending severity. */
    double gossip_threshold;     /* no gossip to or from it */
    double publish_threshold;    /* own messages are not sent to it */
    double graylist_threshold;   /* nothing from it is read */
    double px_threshold;         /* at least this: the peers it hands out are told as candidates */
    double opportunistic_threshold; /* the mesh's median below this: graft better ones */
};

struct gossip_params {
    size_t d, d_low, d_high, d_score, d_out, d_lazy;
    double gossip_factor;
    uint64_t heartbeat_ms, first_heartbeat_ms;
    unsigned history, history_gossip; /* heartbeats that a message is kept, and told of; history at most GOSSIP_HISTORY_MAX */
    uint64_t fanout_ttl_ms, seen_ttl_ms;
    uint64_t prune_backoff_ms, unsubscribe_backoff_ms, graft_flood_ms;
    unsigned backoff_slack;           /* heartbeats */
    unsigned opportunistic_ticks;
    size_t opportunistic_peers;
    uint64_t iwant_followup_ms;
    bool flood_publish;               /* own messages to every subscribed peer */

    /* Bounds: what one peer may make us do or hold. */
    size_t ihave_ids_max;        /* asked of one peer, and looked at, per heartbeat */
    size_t ihave_messages_max;   /* looked at per peer and heartbeat */
    unsigned iwant_served_max;   /* per id and peer */
    size_t idontwant_ids_max;    /* per peer and heartbeat */
    size_t idontwant_threshold;  /* bytes of a message from which on it is sent */
    size_t control_max;          /* grafts and prunes looked at per peer and heartbeat */
    size_t subscriptions_max;    /* looked at per peer and heartbeat */
    size_t peer_topics_max;      /* topics of one peer that are remembered */
    size_t px_peers_max;         /* candidates of one PRUNE */

    /* Bounds of the whole. */
    size_t peers_max;            /* connected ones */
    size_t retained_max;         /* remembered ones */
    size_t topics_max;           /* our own */
    size_t direct_max;
    size_t seen_max;             /* ids; a power of two */
    size_t pending_max, pending_bytes_max; /* messages that wait for their verdict */
    size_t held_bytes_max;       /* of all messages that are held: pending, cached and queued, each counted once */
    size_t cache_bytes_max;      /* of those kept for IWANT */
    size_t queue_bytes_max;      /* of one peer's queue */

    struct gossip_score_params score;
};

#define GOSSIP_HISTORY_MAX 16

extern const struct gossip_params gossip_defaults;

#endif
