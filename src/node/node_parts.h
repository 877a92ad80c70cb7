/*
 * node_parts.h - the node's inside, shared by the files node*.c alone: node.c starts and stops, node_lungs.c drives the
 * machine and the poller, node_commands.c carries out wishes, node_snapshot.c draws the picture.
 *
 * Everything here belongs to the node thread unless it says otherwise.
 */
#ifndef LAT_NODE_NODE_PARTS_H
#define LAT_NODE_NODE_PARTS_H

#include <pthread.h>

#include <uv.h>

#include "crypto/key.h"
#include "http/statedoc.h"
#include "http/poller.h"
#include "http/server.h"
#include "node/alerts.h"
#include "node/announce.h"
#include "node/apply.h"
#include "node/configuration.h"
#include "node/crosscheck.h"
#include "node/files.h"
#include "node/heartbeat.h"
#include "node/history_ring.h"
#include "node/live.h"
#include "node/lung.h"
#include "node/lung_http.h"
#include "node/node.h"
#include "node/timeline.h"
#include "node/topic_judge.h"
#include "node/traffic.h"
#include "p2p/gossip_streams.h"
#include "p2p/host.h"
#include "p2p/host_check.h"
#include "p2p/hostwatch.h"
#include "p2p/sync.h"
#include "state/heal_memory.h"
#include "state/healings.h"
#include "state/store.h"
#include "state/trust.h"

#define NODE_TICK_MS 100     /* deadlines of the lungs are kept to this */
#define NODE_PUBLISH_MS 100  /* snapshots are at least so far apart */
#define NODE_PUBLISH_MAX_MS 1000 /* and at most so far: figures that age */

/* The look at all stored records that goes on all the time. */
struct node_scrub {
    uv_work_t work;
    struct store *store;
    bool busy;         /* a worker has from, step and err */
    uint8_t from[32];  /* the next record to look at */
    size_t step;       /* looked at in the last step */
    enum lat_err err;
    uint64_t done;     /* of the present look */
    uint64_t next_ms;
    uint64_t ended_ms; /* of the last whole look; 0: none yet */
};

#define NODE_OUTBOX_MAX ANNOUNCE_RECORDS_A_SECOND
#define NODE_PROTOCOLS_MAX 12

struct healer; /* node_sync.c: one connected peer, as healing sees it */

/* What a second's column is the difference of. */
struct node_totals {
    uint64_t applied, polls, messages;
};

/* Keys that this node has just written, from the store thread to the loop. What does not fit is told by the next root alone. */
struct node_outbox {
    pthread_mutex_t lock;
    uint8_t keyhash[NODE_OUTBOX_MAX][32];
    size_t count;
};

struct node {
    struct config *config;
    struct exchange *exchange;
    const char *version;
    bool demo;
    struct config *(*reload)(void *arg, const struct config *present, struct lat_msg *why);
    void *arg;

    int lock_fd; /* holds the state directory */
    struct key *key;
    char peer_id[64];
    char cookie[80];
    struct store *store;
    struct statedocs *docs;
    struct healings *healings;
    struct server *server;

    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake;   /* commands, commits, and nothing else */
    uv_timer_t tick;
    bool stopping;     /* a COMMAND_STOP was taken */
    bool closing;      /* the loop is being emptied */
    pthread_mutex_t wake_lock;
    bool looping;      /* under wake_lock: the wake handle may be used */
    struct poller *poller;
    struct apply *apply;
    void (*on_lungs_closed)(struct node *node);

    struct identity identity;
    struct noise_static *noise; /* made at the first start of the P2P lung */
    char agent[64];             /* what we call ourselves */
    struct hostwatch *hostwatch;
    struct host *host;          /* NULL: not running */
    bool host_closing;
    void (*on_p2p_closed)(struct node *node);
    enum command_gate p2p_gate; /* of a demo; a host that is started later gets it too */
    bool p2p_failed;            /* the start failed, and the machine has not been told */
    char p2p_error[SNAPSHOT_TEXT_MAX];
    char dial_error[SNAPSHOT_TEXT_MAX]; /* of the peer that would be dialed next, while none is connected */
    bool peers_changed;
    uint64_t peers_saved_ms;
    const struct protocol *protocols[NODE_PROTOCOLS_MAX + 1]; /* that the host serves */

    struct gossip *router;          /* as long as the loop, like checks, judge and live */
    struct gossip_streams *streams; /* as long as a host, like sync */
    struct host_check *checks;      /* NULL: closing */
    struct topic_judge *judge;
    struct announce announce;
    struct node_outbox outbox;
    bool has_outbox;                /* its lock exists */
    uint8_t own_root[32];           /* that live peers were last compared with */
    bool own_flat;                  /* with the v3.0.3 root at hand */
    uint64_t gossip_applied;        /* records */
    struct live *live;
    uint64_t turn_ms;               /* when anything of ours last ran */
    uint64_t pings_looked_ms;
    struct crosscheck crosscheck;
    uint64_t own_looked_ms;         /* at a message in our own name */
    struct rate peer_lines;         /* of the log, about peers that come, go and are healed from */
    struct rate event_lines;        /* proof events that are told in the log */
    uint64_t twin_ms, rollback_ms;  /* monotonic: last evidence; 0: none */
    struct sync *sync;
    struct healer *healers[SWARM_CONNECTIONS_MAX];
    size_t healer_count, healer_turn;
    struct heal_memory heal_memory; /* of peers that have gone */

    pthread_mutex_t trust_lock; /* others ask for the set from their own threads; this one alone replaces it */
    struct trust_set *trust;
    uint32_t trust_number;      /* of this set, 1, 2, 3 ... */

    struct lung lung;
    struct lung_http http;
    struct heartbeat heartbeat;
    char forced_by[64];

    bool changed;        /* a snapshot would show something new */
    uint64_t started_ms; /* monotonic */
    uint64_t published_ms;
    uint64_t number;
    struct node_scrub scrub;
    struct alert_memory alerts;
    struct timeline timeline;
    struct traffic traffic;
    bool history_kept;
    bool history_busy; /* a worker has the ring and history_snapshot */
    struct history_ring history;
    uv_work_t history_work;
    const struct snapshot *history_snapshot;
    enum lat_err history_err; /* of the worker, when it is done */
    int history_errno;
    uint64_t history_noted;         /* wall second of the last picture */
    uint64_t history_complained_ms;
    uint64_t history_second; /* monotonic second of the newest column */
    struct node_totals history_totals; /* at its beginning */
    uint16_t applied_of[SNAPSHOT_HISTORY], polls_of[SNAPSHOT_HISTORY], messages_of[SNAPSHOT_HISTORY];
};

/* --- node_lungs.c --- */

/* Make poller and machine ready and take the first step. LAT_NOMEM, LAT_SYS. */
LAT_MUST_CHECK enum lat_err node_lungs_start(struct node *node, struct lat_msg *why);

/* Carry out a step of the machine: log it, follow it with both lungs. */
void node_lungs_follow(struct node *node, const struct lung_step *step);

/* Timers of the machine, rounds that are due. Every NODE_TICK_MS. */
void node_lungs_tick(struct node *node);

/* Ask the HTTP sources at once, back-off forgotten: the operator's wish, or the network is another. */
void node_lungs_hurry(struct node *node);

/* One consistent moment of our state, from a read transaction that node_view_end ends; without key, trust and time. Errors of reader_begin. */
LAT_MUST_CHECK enum lat_err node_view_begin(struct node *node, struct recon_view *out);
void node_view_end(struct recon_view *view);

/* New configuration is in node->config, new trust in node->trust. */
void node_lungs_reload(struct node *node);

/* Let go of the loop; fn is called on it when poller and apply are gone. */
void node_lungs_close(struct node *node, void (*fn)(struct node *node));

/* --- node_p2p.c --- */

/* Before the lungs are started: identity, gossip, live peers. LAT_NOMEM, LAT_SYS. */
LAT_MUST_CHECK enum lat_err node_p2p_open(struct node *node);

/* What follows from what has just happened, by any way: live peers, sessions, our own announcements; then send. Not from within the host's ops. */
void node_p2p_turn(struct node *node);
void node_p2p_flush(struct node *node);

/* Actions o and p of the machine. That a start failed is told to it when the step that asked for it has been carried out. */
void node_p2p_start(struct node *node);
void node_p2p_stop(struct node *node);
void node_p2p_tell_failure(struct node *node);
void node_p2p_tick(struct node *node);
void node_p2p_reload(struct node *node);

/* At the end: let go of the loop, then fn. After the loop: what is left. */
void node_p2p_close(struct node *node, void (*fn)(struct node *node));
void node_p2p_fini(struct node *node);

/* NETCHANGE and RESUME; arg: the node. */
void node_network_changed(void *arg, enum hostwatch_event event);

/* The cut of a demo. */
void node_p2p_set_gate(struct node *node, enum command_gate gate);

/* Why P2P carries nothing now; "": it does. */
const char *node_p2p_error(const struct node *node);

/* Peers, gossip, addresses and the error into a snapshot. */
void node_p2p_fill(const struct node *node, struct snapshot *s);

/* --- node_scrub.c --- */

/* The next records, when it is time. Every NODE_TICK_MS. */
void node_scrub_tick(struct node *node);

/* How far it has come, into a snapshot of the state with this head. */
void node_scrub_fill(const struct node *node, const struct store_head *head, struct snapshot *s);

/* --- node_gossip.c: the topic, heard --- */

LAT_MUST_CHECK enum lat_err node_gossip_open(struct node *node, uint64_t first_seqno);
void node_gossip_quiet(struct node *node); /* the node ends: no message is judged any more */
void node_gossip_close(struct node *node); /* after the loop */

/* Streams for a host that is being started, and when it is gone. False: out of memory. */
bool node_gossip_attach(struct node *node);
void node_gossip_detach(struct node *node);
void node_gossip_fill(const struct node *node, struct snapshot_gossip *out);

/* --- node_announce.c: the topic, spoken --- */

/* Any thread: this node has written the record of this key, durably. */
void node_outbox_add(struct node *node, const uint8_t keyhash[32]);
void node_announce_turn(struct node *node);
/* A proof_event, now, to so many peers. LAT_MALFORMED (no UTF-8), LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err node_publish_proof(struct node *node, const char *intent, const char *status, size_t *recipients);

/* --- node_live.c --- */

/* Monotonic milliseconds. It tells live peers of a STALL first, so it comes before anything that is told with its time. */
uint64_t node_now(struct node *node);

bool node_live_open(struct node *node);
void node_live_close(struct node *node);
void node_live_reload(struct node *node);
/* The lung goes: nobody is connected any more. */
void node_live_clear(struct node *node);

/* Is there room in the log for another line about a peer? Counts it. */
bool node_may_say(struct node *node);
/* Who is live now, told to the machine; STATUS that is due. */
void node_live_turn(struct node *node);
/* Pings that are not answered yet. Every NODE_TICK_MS. */
void node_live_look(struct node *node);
/* Verdicts on records that came over this link. Returns how many were applied. */
size_t node_live_applied(struct node *node, const struct peerid *link, const uint8_t *verdicts, size_t count);
/* What a key attested, by P2P and by HTTP. */
void node_live_attested(struct node *node, const uint8_t key[32], const struct topic_state *state, uint64_t time_ms);
void node_live_attested_http(struct node *node, const struct recon_status *status);
void node_live_fill(const struct node *node, struct snapshot *s);

/* --- node_sync.c: asking --- */

/* Is its own key trusted, or none, so that everyone's counts? */
bool node_peer_counts(const struct node *node, const struct peerid *id);

void node_sync_up(struct node *node, const struct peerid *id);
void node_sync_down(struct node *node, const struct peerid *id);
void node_sync_clear(struct node *node);
/* A peer showed its root by gossip; it asked for our STATUS and told its own. */
void node_sync_heard(struct node *node, const struct topic_message *said);
void node_sync_asked(struct node *node, const struct peerid *id, const struct topic_state *theirs);
/* Ask for its STATUS, unless a stream to it is open. */
void node_sync_ask(struct node *node, const struct peerid *id);
/* The network or the trusted keys have changed, or the operator wants it now: pauses are over, STATUS is due. */
void node_sync_hurry(struct node *node);
/* Begin sessions that are due. */
void node_sync_turn(struct node *node);
/* NULL: not connected. Borrow. */
const struct heal_peer *node_sync_peer(const struct node *node, const struct peerid *id);

/* --- node_answer.c: answering; a sync_asked, arg is the node --- */

void node_answer(void *arg, struct sync_ticket *ticket);

/* --- node_peers.c --- */

void node_peers_fill(const struct node *node, struct snapshot *s);

/* --- node_memory.c --- */

/* What gossip must not say twice, kept over a restart. */
struct node_memory {
    uint64_t seqno;   /* above any that was used */
    uint64_t time_ms; /* Unix: of the last root announced */
};
void node_memory_load(const struct node *node, struct node_memory *out);
void node_memory_save(const struct node *node);

/* --- node_commands.c --- */

/* Carry out what front ends wish. */
void node_commands_run(struct node *node);

/* --- node_history.c --- */

/* Make the folder of the past ready. Without it the node runs as well, and says so. */
void node_history_open(struct node *node);
void node_history_fini(struct node *node);

/* Keep a picture of this second, if none of it was kept yet. */
void node_history_note(struct node *node, const struct snapshot *snapshot);

/* LOOK: takes the command and answers it. False: not taken, there is no history. */
bool node_history_look(struct node *node, struct command *command);

/* --- node.c --- */

/* Take trust set and API lists from node->config. False: out of memory, the former set stays. */
bool node_trust_load(struct node *node);
void node_api_reload(struct node *node);

/* Any thread: a reference to the present set. */
struct trust_set *node_trust_ref(struct node *node);

/* --- node_snapshot.c --- */

/* Publish a snapshot if one is due. */
void node_snapshot_publish(struct node *node);

/* Publish one whatever the time: the first, the last, and what an answer is about to speak of. */
void node_snapshot_publish_now(struct node *node);

#endif
