/*
 * gossip_parts.h - the router's inside, shared by the gossip_*.c files. For these alone.
 *
 *   gossip.c          life, topics, time
 *   gossip_held.c     messages that are held: waiting for their verdict, kept for IWANT, queued
 *   gossip_queue.c    what waits for a peer, and the RPCs made of it
 *   gossip_score.c    P1 .. P7
 *   gossip_mesh.c     grafts, prunes, back-off, the heartbeat's care of meshes
 *   gossip_lazy.c     IHAVE, IWANT, IDONTWANT, promises
 *   gossip_route.c    messages: arrival, verdict, forwarding, publishing
 *   gossip_peer.c     peers, and their RPCs entry by entry
 *   gossip_show.c     what is shown
 */
#ifndef LAT_P2P_GOSSIP_PARTS_H
#define LAT_P2P_GOSSIP_PARTS_H

#include "p2p/gossip.h"
#include "p2p/recent.h"
#include "wire/rpc.h"

#define GOSSIP_BUCKETS 1024
#define GOSSIP_BEARERS_MAX 16    /* peers remembered that brought a message while it was pending or just accepted */
#define GOSSIP_PROMISES_MAX 4096
#define GOSSIP_BACKOFF_MAX_MS (3600u * 1000) /* what a PRUNE may ask for */
#define GOSSIP_URGENT_MAX (512u * 1024)      /* bytes of IWANT and IDONTWANT that wait for one peer */
#define GOSSIP_UNWANTED_MAX 1024             /* ids that a peer said IDONTWANT for and that are remembered */

/* A peer by number, for what may outlive it. 0: nobody. */
typedef uint32_t gossip_serial;

struct gossip_topic {
    struct gossip_topic *next;      /* in its bucket */
    struct gossip_topic *next_listed; /* topics that we are subscribed to or publish to */
    struct gossip_member *members;
    size_t mesh_count, subscriber_count;
    bool ours;                      /* subscribed */
    bool listed;
    uint64_t fanout_until_ms;       /* 0: not published to from outside */
    size_t len;
    char name[];                    /* terminated */
};

enum gossip_say { SAY_NOTHING, SAY_GRAFT, SAY_PRUNE };

/* A peer and a topic. */
struct gossip_member {
    struct gossip_member *next_peer, *next_topic, *prev_topic; /* next of the same topic, next of the same peer */
    struct gossip_topic *topic;
    struct gossip_peer *peer;
    bool subscribed, in_mesh, in_fanout;
    bool told;               /* that we are subscribed, on this stream */
    enum gossip_say say;
    uint64_t prune_backoff_s; /* that goes with SAY_PRUNE */
    uint64_t backoff_ms;     /* no graft before; 0: none */
    uint64_t pruned_ms;      /* the back-off began */
    uint64_t grafted_ms;
    double first, mesh, failure, invalid; /* P2, P3, P3b, P4 */
};

/* A ring of pointers. */
struct gossip_ring {
    void **at;
    size_t head, count, cap;
};

/* An encoded entry of a control message. */
struct gossip_blob {
    size_t len;
    uint8_t bytes[];
};

struct gossip_queue {
    struct gossip_ring urgent; /* blobs: IWANT, IDONTWANT */
    struct gossip_ring own, forward; /* held messages */
    struct gossip_ring lazy;   /* blobs: IHAVE */
    size_t urgent_bytes;
    size_t bytes;              /* of own, forward and lazy */
    bool full;                 /* something was dropped since it was last empty */
};

struct gossip_peer {
    struct gossip *g;
    struct gossip_peer *next_hash, *next_serial; /* in their buckets */
    struct gossip_peer *next, *prev;      /* all, connected and remembered, in the order they came */
    struct gossip_member *members;
    struct peerid id;
    gossip_serial serial;
    void *user;
    bool connected, open, outbound, direct;
    bool has_place;
    uint8_t place[GOSSIP_PLACE_LEN];
    size_t place_peers;                   /* connected ones there, itself included */
    enum gossip_version version;
    uint64_t forget_ms;                   /* remembered until then */
    size_t topic_count;                   /* members of topics that are not ours */
    size_t say_count;                     /* members with something to say */
    bool subscriptions_due;
    bool woken;
    struct gossip_queue queue;
    uint64_t *unwanted;                   /* GOSSIP_UNWANTED_MAX hashes of ids, a ring; NULL: none yet */
    uint64_t unwanted_ms;                 /* of the newest */
    size_t unwanted_next;
    /* This heartbeat's. */
    size_t ihave_messages, ihave_ids, iwant_ids, idontwant_ids, control_entries, subscriptions;
    double app_score, behaviour;          /* P5, P7 */
    double score;
    bool score_stale;
    uint64_t messages_in, messages_out, first, invalid, dropped;
    size_t pending, pending_bytes;        /* messages that it brought first and that wait for their verdict */
};

enum gossip_held_state { HELD_PENDING, HELD_CACHED, HELD_LOOSE };

struct gossip_served {
    gossip_serial peer;
    uint32_t times;
};

struct gossip_held {
    struct gossip_held *next_hash;        /* in the table, while PENDING or CACHED */
    struct gossip_held *newer, *older;    /* in the cache */
    struct gossip_message *message;
    uint64_t hash;                        /* of the id */
    enum gossip_held_state state;
    uint64_t refs;                        /* the table's and the queues' */
    uint64_t beat;                        /* of the heartbeat in which it was accepted */
    uint64_t accepted_ms;
    gossip_serial bearers[GOSSIP_BEARERS_MAX]; /* who brought it, the first one first */
    size_t bearer_count;
    struct gossip_served *served;         /* by IWANT */
    size_t served_count;
};

struct gossip_promise {
    uint64_t hash, until_ms;
    gossip_serial peer;
};

struct gossip {
    struct gossip_params params;
    const struct gossip_ops *ops;
    void *arg, *sign_arg;
    struct peerid self;
    uint64_t seqno;
    uint8_t seed[GOSSIP_SEED_LEN];
    uint64_t drawn;                       /* random numbers so far */
    uint64_t now_ms;
    uint64_t beat, beat_ms;               /* heartbeats so far; when the next is due */

    struct gossip_topic *topics[GOSSIP_BUCKETS];
    struct gossip_topic *listed;
    size_t topic_count;                   /* subscribed ones */

    struct gossip_peer *peers[GOSSIP_BUCKETS];     /* by id */
    struct gossip_peer *by_serial[GOSSIP_BUCKETS];
    struct gossip_peer *first_peer, *last_peer;
    size_t peer_count, remembered;
    gossip_serial last_serial;
    struct peerid *direct;
    size_t direct_count;

    struct recent seen;                   /* hashes of ids */
    struct recent bad;                    /* hashes of whole messages that were forged or rejected */
    struct recent asked;                  /* hashes of ids, by IWANT */
    struct gossip_promise *promises;
    size_t promise_count;

    struct gossip_held **held;            /* by hash, held_buckets of them, a power of two */
    size_t held_buckets, held_count;
    struct gossip_held *newest, *oldest;  /* the cache */
    size_t cached, cached_bytes, held_bytes, pending, pending_bytes;
    size_t queued_bytes;

    struct lat_buf head, control;         /* gossip_output's */
    struct gossip_counters counters;
};

/* --- gossip.c --- */

uint64_t gossip_random(struct gossip *g, uint64_t below); /* 0 .. below-1; below: above 0 */
uint64_t gossip_hash(const struct gossip *g, const void *data, size_t len);

/* Mix the first `want` of count pointers to be a random choice of them all. */
void gossip_shuffle(struct gossip *g, void **at, size_t count, size_t want);

struct gossip_topic *gossip_topic_find(const struct gossip *g, const void *name, size_t len);
/* Found or made; NULL: out of memory. gossip_topic_release frees it if nobody needs it. */
struct gossip_topic *gossip_topic_enter(struct gossip *g, const void *name, size_t len);
void gossip_topic_release(struct gossip *g, struct gossip_topic *topic);
/* Among those that heartbeats care for. */
void gossip_topic_list(struct gossip *g, struct gossip_topic *topic);

struct gossip_member *gossip_member_find(const struct gossip_topic *topic, const struct gossip_peer *peer);
/* Found or made; NULL: out of memory, or one of another's topic too many. */
struct gossip_member *gossip_member_enter(struct gossip_topic *topic, struct gossip_peer *peer);
/* Free it if nothing is to be remembered by it; its topic too, if that was all of it. */
void gossip_member_release(struct gossip_member *member);

/* --- gossip_peer.c --- */

void gossip_peers_heartbeat(struct gossip *g);
void gossip_peers_free(struct gossip *g);
struct gossip_peer *gossip_peer_of(const struct gossip *g, gossip_serial serial);
void gossip_tell(struct gossip *g, enum gossip_event_kind kind, const struct gossip_member *member, bool by_us);
/* The peer is subscribed or no longer. */
void gossip_set_subscribed(struct gossip_member *member, bool subscribed);

/* --- gossip_held.c --- */

struct gossip_held *gossip_held_find(const struct gossip *g, uint64_t hash);
/* Takes the message, whatever happens. Not in the table yet. NULL: out of memory, or over held_bytes_max. */
struct gossip_held *gossip_held_new(struct gossip *g, struct gossip_message *message, uint64_t hash);
void gossip_held_unref(struct gossip *g, struct gossip_held *held);
/* Into the table as pending, with a reference of its own. */
void gossip_held_put(struct gossip *g, struct gossip_held *held);
void gossip_held_take(struct gossip *g, struct gossip_held *held); /* out of it, and its reference given back */
void gossip_held_cache(struct gossip *g, struct gossip_held *held); /* pending, or new: kept for IWANT from now on */
void gossip_held_shift(struct gossip *g); /* a heartbeat: what is too old goes */
void gossip_held_free_all(struct gossip *g);

/* --- gossip_queue.c --- */

void gossip_queue_clear(struct gossip_peer *peer);
void gossip_queue_free(struct gossip_peer *peer);
void gossip_say(struct gossip_member *member, enum gossip_say say, uint64_t backoff_s);
void gossip_say_subscriptions(struct gossip_peer *peer);
/* False: the queue has no room, even after older and lesser things were dropped. */
bool gossip_queue_message(struct gossip_peer *peer, struct gossip_held *held, bool own);
/* ids: encoded by rpc_put_id. topic: of IHAVE. */
void gossip_queue_ids(struct gossip_peer *peer, enum rpc_kind kind, const struct gossip_topic *topic, const struct lat_buf *ids);

/* --- gossip_score.c --- */

double gossip_score(struct gossip_peer *peer);
void gossip_score_heartbeat(struct gossip *g);
void gossip_score_first(struct gossip_member *member);     /* P2, and P3 in the mesh */
void gossip_score_delivered(struct gossip_member *member); /* P3 */
void gossip_score_invalid(struct gossip_member *member);
void gossip_score_left(struct gossip_member *member);      /* the mesh: P3b */
void gossip_score_behaviour(struct gossip_peer *peer, unsigned times);
void gossip_score_places(struct gossip *g);                /* peers came, went or moved */

/* --- gossip_mesh.c --- */

bool gossip_may_graft(const struct gossip_member *member); /* subscribed, can be told, no back-off, not direct, not in the mesh, score */
void gossip_graft(struct gossip_member *member, bool by_us);
void gossip_prune(struct gossip_member *member, uint64_t backoff_ms); /* tell it, whether or not it was in the mesh */
void gossip_leave_mesh(struct gossip_member *member, bool by_us);    /* say nothing */
void gossip_fill_mesh(struct gossip_topic *topic, size_t want);      /* up to so many, at random */
void gossip_mesh_heartbeat(struct gossip *g, struct gossip_topic *topic);
bool gossip_may_publish(const struct gossip_member *member); /* send it a message of ours */
void gossip_use_fanout(struct gossip *g, struct gossip_topic *topic);
void gossip_end_fanout(struct gossip_topic *topic, size_t graft); /* and graft its peers while the mesh has fewer */
void gossip_fanout_heartbeat(struct gossip *g, struct gossip_topic *topic);
void gossip_on_graft(struct gossip_peer *peer, const struct rpc_entry *entry);
void gossip_on_prune(struct gossip_peer *peer, const struct rpc_entry *entry);

/* --- gossip_lazy.c --- */

void gossip_on_ihave(struct gossip_peer *peer, const struct rpc_entry *entry);
void gossip_on_iwant(struct gossip_peer *peer, const struct rpc_entry *entry);
void gossip_on_idontwant(struct gossip_peer *peer, const struct rpc_entry *entry);
void gossip_emit(struct gossip *g, struct gossip_topic *topic);
void gossip_send_idontwant(struct gossip *g, struct gossip_topic *topic, const struct gossip_held *held);
void gossip_check_promises(struct gossip *g);
bool gossip_is_unwanted(const struct gossip_peer *peer, const struct gossip_held *held);

/* --- gossip_route.c --- */

void gossip_on_message(struct gossip_peer *peer, const uint8_t *in, size_t len);

#endif
