/*
 * gossip.h - the router of gossipsub 1.0, 1.1 and 1.2, without I/O: RPCs of peers and the time come in, RPCs and events go out.
 *
 *    gossip_input ─▶ control: subscriptions, mesh, gossip
 *         └─▶ message ─▶ StrictSign, seen before? ─▶ ops->check ┄ the owner: signature (gossip_message_verify, any thread), contents ┄┐
 *                                                                                                                                  │
 *    gossip_output ◀─ queue of each peer ◀─ forward to the mesh, keep for IWANT ◀─ ACCEPT ◀── gossip_verdict ◀──────────────────────┘
 *
 * A message is put to ops->check once, however often it comes, and is forwarded only when it was accepted. The same bytes are never
 * verified twice; other bytes under the id of a message that proved forged are another message, so that a forger cannot keep one out.
 *
 * Each peer's queue is bounded by bytes and gives out control first, then our own messages, then forwarded ones, then gossip; when it is full
 * the oldest of the last kind go. What is to be said of subscriptions and of the mesh is kept as the state it ends in, so churn does not
 * pile up. All memory that strangers cause is bounded by struct gossip_params.
 *
 * The router knows peers, not connections: p2p/gossip_streams.h joins it to streams, a simulator to whatever it likes.
 * Everything belongs to one thread. Callbacks are made from within the functions below; only check may call back, and only
 * gossip_verdict.
 *
 * Spec: libp2p/specs pubsub/README.md, pubsub/gossipsub/gossipsub-v1.0.md, v1.1, v1.2; LIBP2P items 33 to 48.
 */
#ifndef LAT_P2P_GOSSIP_H
#define LAT_P2P_GOSSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "p2p/gossip_message.h"
#include "p2p/gossip_params.h"
#include "wire/peerid.h"

#define GOSSIP_RPC_MAX (1024u * 1024)  /* bytes of one RPC, without its length */
#define GOSSIP_RPC_JOIN_MAX (60u * 1024) /* an RPC of several messages stays below: some routers take no more than 64 KiB */
#define GOSSIP_PLACE_LEN 16
#define GOSSIP_SEED_LEN 16

struct gossip;
struct gossip_peer; /* a connected peer; valid until gossip_peer_down */

/* What the other side speaks. */
enum gossip_version { GOSSIP_1_0, GOSSIP_1_1, GOSSIP_1_2 };

enum gossip_verdict {
    GOSSIP_ACCEPT, /* forward it */
    GOSSIP_IGNORE, /* do not, and blame nobody */
    GOSSIP_REJECT, /* do not; those who sent it lose score */
    GOSSIP_FORGED, /* the signature does not hold: like reject, and another message may come under this id */
};

enum gossip_event_kind {
    GOSSIP_SUBSCRIBED,   /* the peer subscribed to topic ... */
    GOSSIP_UNSUBSCRIBED, /* ... or no longer */
    GOSSIP_GRAFTED,      /* the peer is in our mesh now ... */
    GOSSIP_PRUNED,       /* ... or no longer */
    GOSSIP_CANDIDATE,    /* peer says that `candidate` takes part; nothing but a hint */
};

struct gossip_event {
    enum gossip_event_kind kind;
    struct peerid peer;
    const char *topic;  /* terminated, from outside: escape it. Borrow */
    bool by_us;         /* grafted, pruned */
    struct peerid candidate;
    const uint8_t *record; /* its signed peer record, not checked; borrow */
    size_t record_len;     /* 0: none */
};

/* Each gets the configuration's `arg`. */
struct gossip_ops {
    /*
     * A message of a topic of ours that has not been seen. Answer by gossip_verdict, at once or later, exactly once; until then it is
     * held. Past gossip_verdict only a reference of the owner's keeps it.
     */
    void (*check)(void *arg, struct gossip_message *message);
    /* NULL, or: a further copy of a message of a topic of ours came, by via; id as in struct gossip_message. Borrow. */
    void (*copy)(void *arg, const uint8_t *id, size_t id_len, const struct peerid *via);
    /*
     * NULL, or: a message in our own name that this router has not sent: an earlier run's, a forgery, or another node that has our key. It goes
     * no further. The owner may keep a reference and verify it.
     */
    void (*own)(void *arg, struct gossip_message *message);
    /* gossip_output has something for this peer, after it had nothing. */
    void (*wake)(void *arg, struct gossip_peer *peer);
    /* NULL, or: something happened. */
    void (*event)(void *arg, const struct gossip_event *event);
    /* Sign a message of ours. identity_sign will do with sign_arg. */
    gossip_sign *sign;
};

struct gossip_config {
    const struct gossip_params *params; /* copied; NULL: gossip_defaults */
    struct peerid self;                 /* inlines its key (Ed25519) */
    uint64_t first_seqno;               /* of our first message: Unix time in ns, or more than any that this identity has used */
    uint8_t seed[GOSSIP_SEED_LEN];      /* random: choices of peers, keys of hash tables. The same seed, the same run */
    const struct gossip_ops *ops;
    void *arg;
    void *sign_arg;
};

/* *config is copied. NULL: out of memory. */
struct gossip *gossip_new(const struct gossip_config *config, uint64_t now_ms);

/* Messages that wait for their verdict are let go: gossip_verdict must not be called for them any more. NULL is fine. */
void gossip_free(struct gossip *g);

/* --- our side ---------------------------------------------------------------------------------------- */

/* topic: 1 .. GOSSIP_TOPIC_MAX bytes. LAT_CONFLICT (already), LAT_MALFORMED, LAT_LIMIT (topics_max), LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err gossip_subscribe(struct gossip *g, const char *topic, uint64_t now_ms);
/* LAT_NOTFOUND: was not. */
LAT_MUST_CHECK enum lat_err gossip_unsubscribe(struct gossip *g, const char *topic, uint64_t now_ms);
bool gossip_is_subscribed(const struct gossip *g, const char *topic);

/*
 * Sign and send to every subscribed peer whose score allows (without flood_publish: to mesh or fanout, and to all of them while
 * that is smaller than D). *count: of the peers in whose queue it was put; 0 is no error. recipients: NULL, or room for max
 * of their ids. Our own messages do not come back by check.
 *
 * LAT_MALFORMED (topic), LAT_LIMIT (over GOSSIP_MESSAGE_MAX with its head, or too much is held), LAT_NOMEM, what sign gives: nothing was sent.
 */
LAT_MUST_CHECK enum lat_err gossip_publish(struct gossip *g, const char *topic, const void *data, size_t len, uint64_t now_ms,
                                           struct peerid *recipients, size_t max, size_t *count);

/* The answer to ops->check. The message may be gone afterwards. */
void gossip_verdict(struct gossip *g, struct gossip_message *message, enum gossip_verdict verdict, uint64_t now_ms);

/* Heartbeats and deadlines, when due: call at gossip_due_ms or every 100 ms, whatever suits. */
void gossip_tick(struct gossip *g, uint64_t now_ms);
uint64_t gossip_due_ms(const struct gossip *g);

/* A peer that is always sent to and never in the mesh (explicit peering). Known or not. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err gossip_set_direct(struct gossip *g, const struct peerid *id, bool direct);

/* P5 of a connected peer. */
void gossip_set_app_score(struct gossip_peer *peer, double score);

/* --- peers ------------------------------------------------------------------------------------------- */

/*
 * A peer is connected. outbound: we dialed it. place: its public address, GOSSIP_PLACE_LEN bytes (gossip_place), NULL: it does not
 * count for P6 (loopback, private). user: the owner's, for gossip_peer_user. LAT_CONFLICT (it is already), LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err gossip_peer_up(struct gossip *g, const struct peerid *id, bool outbound, const uint8_t *place,
                                           void *user, uint64_t now_ms, struct gossip_peer **out);

/* It is gone: out of the meshes. Its score and back-offs are remembered. */
void gossip_peer_down(struct gossip_peer *peer, uint64_t now_ms);

/* We can write to it (again, by a new stream): begins with all our subscriptions. */
void gossip_peer_opened(struct gossip_peer *peer, enum gossip_version version, uint64_t now_ms);

/* We cannot any more: what was queued is dropped. It stays connected. */
void gossip_peer_lost(struct gossip_peer *peer);

/* Another connection took the place of the former one. */
void gossip_peer_moved(struct gossip_peer *peer, bool outbound, const uint8_t *place);

/*
 * One whole RPC of this peer, without its length. LAT_MALFORMED: it is none, or LAT_LIMIT: over GOSSIP_RPC_MAX; reset the stream that it
 * came by; nothing of it was done.
 */
LAT_MUST_CHECK enum lat_err gossip_input(struct gossip_peer *peer, const uint8_t *rpc, size_t len, uint64_t now_ms);

/*
 * So many of its messages wait for their verdict that it should be read no further until some are done; without that, what comes in
 * the end is dropped. A peer has an eighth of what may wait in all.
 */
bool gossip_is_busy(const struct gossip_peer *peer);

/*
 * Append the next RPC for this peer, its length in front. LAT_NOTFOUND: nothing waits. LAT_LIMIT (out had no room for GOSSIP_RPC_MAX and
 * its length), LAT_NOMEM: something that was to be said is lost; reset the stream.
 */
LAT_MUST_CHECK enum lat_err gossip_output(struct gossip_peer *peer, struct lat_buf *out, uint64_t now_ms);
bool gossip_has_output(const struct gossip_peer *peer);

void *gossip_peer_user(const struct gossip_peer *peer);
const struct peerid *gossip_peer_id(const struct gossip_peer *peer);

/* A connected peer, or NULL. */
struct gossip_peer *gossip_find(const struct gossip *g, const struct peerid *id);

/* --- what is shown ----------------------------------------------------------------------------------- */

/* Copy up to max ids; return how many there are. */
size_t gossip_mesh(const struct gossip *g, const char *topic, struct peerid *ids, size_t max);
size_t gossip_subscribers(const struct gossip *g, const char *topic, struct peerid *ids, size_t max);

struct gossip_peer_row {
    struct peerid id;
    enum gossip_version version;
    bool open;          /* we can write to it */
    bool outbound, direct;
    bool subscribed;    /* to the topic asked for */
    bool in_mesh;       /* of the topic asked for */
    double score;
    uint64_t messages_in, messages_out; /* copies */
    uint64_t first;     /* valid messages that it brought first */
    uint64_t invalid;
    uint64_t dropped;   /* that we had for it, since its queue was full */
    size_t queued_bytes;
};

/* Of a connected peer. topic: NULL for none. LAT_NOTFOUND. */
LAT_MUST_CHECK enum lat_err gossip_peer_show(const struct gossip *g, const struct peerid *id, const char *topic,
                                             struct gossip_peer_row *out);

/* Connected peers, in the order they came; returns how many there are. */
size_t gossip_peers(const struct gossip *g, struct peerid *ids, size_t max);

struct gossip_counters {
    uint64_t rpcs_in, rpcs_out, malformed;
    uint64_t messages_in;   /* copies that came */
    uint64_t duplicates;    /* of them seen before */
    uint64_t checked;       /* put to check */
    uint64_t accepted, ignored, rejected, forged;
    uint64_t refused;       /* by StrictSign or as no message at all */
    uint64_t foreign;       /* of topics that are not ours, or said to be from us */
    uint64_t overflowed;    /* not put to check, for too many were pending or held */
    uint64_t published;     /* ours */
    uint64_t messages_out;  /* copies that went */
    uint64_t dropped;       /* copies and gossip that did not, since a queue was full */
    uint64_t slow_peers;    /* times that a peer's queue became full */
    uint64_t ihave_in, ihave_out, iwant_in, iwant_out; /* ids */
    uint64_t iwant_served;  /* copies */
    uint64_t repaired;      /* accepted messages that we had asked for by IWANT */
    uint64_t idontwant_in, idontwant_out; /* ids */
    uint64_t unwanted;      /* copies that were not sent, for the peer said IDONTWANT */
    uint64_t grafts_in, grafts_out, prunes_in, prunes_out;
    uint64_t broken_promises, early_grafts, graylisted; /* penalties; RPCs not read */
    uint64_t over_caps;     /* control entries that were not looked at */
    size_t topics, peers, remembered, seen, pending, cached;
    size_t held_bytes, pending_bytes, cached_bytes, queued_bytes;
    uint64_t next_seqno;    /* for first_seqno of the next run */
};
void gossip_count(const struct gossip *g, struct gossip_counters *out);

#endif
