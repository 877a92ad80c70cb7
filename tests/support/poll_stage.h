/*
 * poll_stage.h - a stage for tests of the poller: a node of ours in memory on its own loop, and sources
 * behind scripted HTTP servers, each of which can be told to misbehave.
 */
#ifndef TESTS_SUPPORT_POLL_STAGE_H
#define TESTS_SUPPORT_POLL_STAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include <uv.h>

#include "http/poller.h"
#include "support/http_server.h"
#include "support/sync_world.h"

#define STAGE_SITES 4
#define STAGE_TOTAL_MS 700

struct stage;

/* A source. What it is to do may be set at any time, its state between rounds. */
struct site {
    struct stage *stage;
    struct http_server *server;
    pthread_mutex_t lock;     /* state and counts: both threads */
    struct memory_view state; /* what it holds */
    atomic_int key;           /* number of the author that attests: 1 or 3, both trusted, unless set */
    _Atomic(int64_t) clock_off_ms;
    /* Answers in place of the ordinary ones; the arg is the site. NULL: ordinary. */
    _Atomic(http_handler_fn) on_summary, on_sync;
    _Atomic(const char *) document; /* v3.0.3: the answer to GET */
    atomic_bool lies_about_root, lies_about_count, is_incomplete;
    atomic_uint summaries, statuses, ranges;
    atomic_size_t body_in, body_out; /* of the last exchange */
};

/* An answer of apply, or of import, that the node owes the poller. */
struct stage_answer {
    poller_applied_fn applied;
    poller_imported_fn imported;
    void *arg;
    uint8_t verdicts[16384];
    size_t count;
};

struct stage {
    struct sync_world world;
    uv_loop_t loop;
    uv_timer_t deferred;
    uint64_t first_ms;
    struct poller *poller;
    struct memory_view here;
    bool incomplete, has_flat_root, store_fails;
    uint8_t flat_root[32];
    struct site sites[STAGE_SITES];
    size_t site_count;
    struct poller_source sources[STAGE_SITES];
    /* what the poller did */
    int good, done, changes, discards, wanted_flat_roots, applies, imports;
    bool done_ok;
    char done_error[SNAPSHOT_TEXT_MAX];
    int filling_on, filling_off;
    uint8_t imported_from[32];
    uint64_t imported_ms;
    size_t imported_count;
    struct stage_answer answers[STAGE_SITES]; /* of apply and import, owed */
    bool hold_answers;                        /* owed until released */
};

/* A stage with so many sources, each with an empty state; the node is empty too. */
void stage_open(struct stage *stage, size_t sites);
void stage_close(struct stage *stage);

/* The configuration that stage_open used, to be changed and given to poller_configure. */
struct poller_config stage_config(struct stage *stage);

/* Begin a round and run the loop until it is done, and until no session runs. Fails the test after 10 s. */
void stage_round(struct stage *stage, enum poller_mode mode);

/* Run the loop for so long. */
void stage_run(struct stage *stage, uint64_t ms);

/* Run it until *value is at least `least`. */
void stage_wait(struct stage *stage, const int *value, int least);

/* The row of a source in a snapshot. */
struct snapshot_source stage_row(struct stage *stage, size_t i);

/* Ordinary answers, for handlers that misbehave in part. */
void site_summary(struct site *site, struct http_exchange *x);
void site_sync(struct site *site, struct http_exchange *x);

#endif
