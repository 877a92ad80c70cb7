/*
 * poller_parts.h - the poller's inside, shared by poller*.c alone: poller.c has the rounds, poller_config.c
 * the life and the sources, poller_ask.c one attempt with one source, poller_heal.c sessions and imports.
 *
 *   poller_round ──▶ ask_begin ─┬─ GET summary ──▶ worker ─┬─▶ ours: POST STATUS ─▶ compare ─▶ ask_end
 *                               └─ POST STATUS (404: GET)  └─▶ v3.0.3: compare ───────────────▶ ask_end
 *   poller_turn  ──▶ heal_next ─┬─ RANGE ─▶ apply ─▶ RANGE ... ─▶ STATUS ─▶ session over
 *                               └─ import
 *
 * A peer is asked, or healed from, never both. Node thread.
 */
#ifndef LAT_HTTP_POLLER_PARTS_H
#define LAT_HTTP_POLLER_PARTS_H

#include "http/http_client.h"
#include "http/poll_judge.h"
#include "http/poll_log.h"
#include "http/poll_source.h"
#include "http/poll_state.h"
#include "http/poller.h"

#define SYNC_PATH "/api/lattice/sync"
#define STATE_PATH "/api/lattice/state?summary=1"
#define SYNC_TYPE "application/octet-stream"
#define STATE_TYPE "application/json"
#define STATUS_ANSWER_MAX 4096 /* bytes; a STATUS is 211, an ERROR 217 */

struct peer;

/* An answer that a worker or the node still owes us: a state being read, a batch or import being applied. It
 * outlives the peer. */
struct owed {
    struct poller *p;
    struct peer *peer; /* NULL: nobody waits for it any more */
    size_t held;       /* bytes of a body that a worker reads */
};

/* A source with what is under way. */
struct peer {
    struct poller *p;
    struct poll_source s;
    bool asking, in_round, fell_back;
    uint64_t begun_ms;              /* of the attempt */
    struct http_transfer *transfer; /* of the attempt, or of the session */
    struct owed *owed;              /* of the attempt, or of the session */
    uint8_t challenge[16];
    struct recon_status status; /* one of ours: the last that was believed */
    bool has_staged;
    struct legacy_state staged; /* v3.0.3: verified, to be imported when HTTP carries */
    size_t staged_bytes;
};

struct poller {
    uv_loop_t *loop;
    struct poller_ops ops;
    void *arg;
    struct http_client *client;
    uv_timer_t timer;
    struct network network;
    struct trust trust;
    uint32_t trust_number;
    uint64_t total_ms;
    size_t state_max, staged_max, staged;
    struct peer **peers;
    size_t peer_count;
    size_t owed_count; /* whoever closes the poller waits for them */
    bool carrying;
    enum poller_mode mode;
    bool round_open, round_good, good_told;
    size_t round_waiting, round_failed;
    struct lat_msg round_error;
    size_t turn; /* whose turn it is to be healed from */
    bool closing;
    size_t closing_handles;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* --- poller.c --- */

/* Look at everything that is due, in the next turn of the loop. */
void poller_wake(struct poller *p);

void poller_changed(struct poller *p);

/* The attempt with a peer has ended. error: NULL when it was good. */
void poller_note(struct peer *peer, const char *error);

/* Expect an answer for this peer. NULL: out of memory. */
struct owed *poller_owe(struct peer *peer);

/* It has come: who waits for it, or NULL. Frees it; where the poller is being closed, maybe the poller too.
 */
struct peer *poller_settle(struct owed *owed);

/* End every session and import that runs: as if they had not been. */
void poller_give_up_healing(struct poller *p);

/* --- poller_config.c --- */

/* Something that closing waits for has come to its end: the last one frees the poller. */
void poller_maybe_closed(struct poller *p);

/* --- poller_ask.c --- */

void ask_begin(struct peer *peer);

/* Nobody waits for the attempt any more. */
void ask_give_up(struct peer *peer);

/* POST a message; fn gets the peer. False: not sent, out of memory. */
bool ask_sync(struct peer *peer, const struct lat_buf *message, size_t answer_max, uint64_t total_ms,
              http_done_fn fn);

/* POST STATUS with a new challenge. */
bool ask_status(struct peer *peer, uint64_t total_ms, http_done_fn fn);

/* Count what an answer moved; the transfer is over. */
void ask_count(struct peer *peer, const struct http_answer *answer);

/* Read and judge the answer to ask_status. Errors as source_judge_status, and those of recon_read_status, in
 * *why. */
LAT_MUST_CHECK enum lat_err ask_read_status(struct peer *peer, const struct http_answer *answer,
                                            struct recon_status *status, struct source_shown *shown,
                                            struct lat_msg *why);

/* "retry after" of an ERROR message; 0: it is none, or does not say. */
uint64_t ask_retry_ms(const struct lat_buf *reply);

/* Sentence for a status other than 200. */
void ask_say_status(long status, struct lat_msg *why);

/* Our own state as source_compare wants it; own_root is what .root points to. */
struct source_own ask_own(struct peer *peer, enum source_kind kind, const struct poller_head *head);

/* --- poller_heal.c --- */

/* Begin the sessions and imports that are due and allowed. */
void heal_next_due(struct poller *p);

/* When the next pause ends; UINT64_MAX: none runs. */
uint64_t heal_next_ms(const struct poller *p);

/* End a session or import that runs: as if it had not been. */
void heal_give_up(struct peer *peer);

/* This trusted source and we hold the same, or all that it has is here: if we were being filled, we are not
 * any more. */
void heal_note_filled(struct peer *peer);

/* Keep a verified state (taken), or let it go. */
void heal_stage(struct peer *peer, struct legacy_state *state);
void heal_unstage(struct peer *peer);

#endif
