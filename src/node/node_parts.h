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
#include "node/apply.h"
#include "node/configuration.h"
#include "node/files.h"
#include "node/heartbeat.h"
#include "node/history_ring.h"
#include "node/lung.h"
#include "node/lung_http.h"
#include "node/node.h"
#include "node/timeline.h"
#include "p2p/host.h"
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
    struct host *host;          /* NULL: not running */
    bool host_closing;
    void (*on_p2p_closed)(struct node *node);
    enum command_gate p2p_gate; /* of a demo; a host that is started later gets it too */
    bool p2p_failed;            /* the start failed, and the machine has not been told */
    char p2p_error[SNAPSHOT_TEXT_MAX];
    bool peers_changed;
    uint64_t peers_saved_ms;

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
    uint64_t history_applied, history_polls; /* totals at its beginning */
    uint16_t applied_of[SNAPSHOT_HISTORY], polls_of[SNAPSHOT_HISTORY];
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

/* New configuration is in node->config, new trust in node->trust. */
void node_lungs_reload(struct node *node);

/* Let go of the loop; fn is called on it when poller and apply are gone. */
void node_lungs_close(struct node *node, void (*fn)(struct node *node));

/* --- node_p2p.c --- */

/* Actions o and p of the machine. That a start failed is told to it when the step that asked for it has been carried out. */
void node_p2p_start(struct node *node);
void node_p2p_stop(struct node *node);
void node_p2p_tell_failure(struct node *node);
void node_p2p_tick(struct node *node);
void node_p2p_reload(struct node *node);

/* At the end: let go of the loop, then fn. After the loop: what is left. */
void node_p2p_close(struct node *node, void (*fn)(struct node *node));
void node_p2p_fini(struct node *node);

/* The cut of a demo. */
void node_p2p_set_gate(struct node *node, enum command_gate gate);

/* Why P2P carries nothing now; "": it does. */
const char *node_p2p_error(const struct node *node);

/* Peers, addresses and the error into a snapshot. */
void node_p2p_fill(const struct node *node, struct snapshot *s);

/* --- node_scrub.c --- */

/* The next records, when it is time. Every NODE_TICK_MS. */
void node_scrub_tick(struct node *node);

/* How far it has come, into a snapshot of the state with this head. */
void node_scrub_fill(const struct node *node, const struct store_head *head, struct snapshot *s);

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
