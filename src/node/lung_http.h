/*
 * lung_http.h - when the HTTP lung asks its sources, and what their answers make of H.
 *
 * A round asks all sources at once and succeeds with the first good answer. What counts as good (whole, in
 * limits, verified) is the poller's judgement; counting, deadlines and the next round are decided here. Pure:
 * instants are monotonic milliseconds, randomness is an argument. Belongs to the node thread, beside its
 * struct lung.
 *
 * The driver's part, in each turn of its loop:
 *
 *   step = lung_...(&lung, ...)                      something happened
 *   lung_http_follow(&http, k, &step, now, random)   after every step: mode and next round follow the machine
 *   lung_http_is_due(&http, now)                     yes: lung_http_begin, ask all sources
 *   a good answer:      lung_http_success(...)  \
 *   all have ended:     lung_http_end(...)       }   then lung_round(), with _is_usable and _why from here
 *   lung_http_tick() or lung_http_reload()      /
 *
 * Where follow asks for a round at once (actions w and h), or takes the mode away (a, x, z), a round that
 * runs is given up: the driver cancels its transfers and reports nothing of it.
 *
 * Spec: STATE-MACHINE sections 2, 5 and 6.
 */
#ifndef LAT_NODE_LUNG_HTTP_H
#define LAT_NODE_LUNG_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "node/lung.h"
#include "view/snapshot.h"

enum lung_http_mode {
    LUNG_HTTP_OFF,     /* FP2P_*, STOPPING: no request leaves the process */
    LUNG_HTTP_STANDBY, /* P2P: every T_STANDBY */
    LUNG_HTTP_WARM,    /* STARTING, COUNTDOWN: every T_WARM, staged */
    LUNG_HTTP_CARRY,   /* HTTP, RECOVERING, FHTTP_UP: every T_POLL */
    LUNG_HTTP_SEEK,    /* ISOLATED, FHTTP_DOWN: back-off from 1 s up to T_ISO */
};

#define LUNG_HTTP_NEVER UINT64_MAX

/* Read it freely; change it through the functions below only. */
struct lung_http {
    enum lung_http_mode mode;
    uint32_t sources;     /* configured */
    bool usable;          /* the rule for H */
    bool last_good;       /* outcome of the last round, whatever the mode */
    uint32_t failures;    /* failed rounds in a row */
    uint32_t tries;       /* pauses taken in this SEEK */
    uint64_t ok_ms;       /* last success, if `succeeded` */
    bool succeeded;       /* ever */
    bool running;         /* a round is under way */
    bool answered;        /* ... and has had a good answer */
    uint64_t begun_ms;    /* begin of the last round */
    uint64_t due_ms;      /* begin of the next round; LUNG_HTTP_NEVER: none planned */
};

enum lung_http_mode lung_http_mode_of(enum lung_state state);

/* Before lung_start's step is followed. */
void lung_http_init(struct lung_http *h, uint32_t sources);

/* Follow a step of the machine, moved or not. random: any 32 bits, fresh at each call. */
void lung_http_follow(struct lung_http *h, const struct lung_constants *k, const struct lung_step *step,
                      uint64_t now_ms, uint32_t random);

/* Is a round to begin now? Never while one runs. */
bool lung_http_is_due(const struct lung_http *h, uint64_t now_ms);

/* A round begins. With no source configured the driver ends it at once. */
void lung_http_begin(struct lung_http *h, uint64_t now_ms);

/* A source gave a good answer; the round goes on until lung_http_end. Nothing when none runs. */
void lung_http_success(struct lung_http *h, uint64_t now_ms);

/* All sources of the round have ended. Plans the next round. Nothing when none runs. */
void lung_http_end(struct lung_http *h, const struct lung_constants *k, uint64_t now_ms, uint32_t random);

/* T_HTTP_DEAD: true when time has just made a carrying lung unusable. */
bool lung_http_tick(struct lung_http *h, const struct lung_constants *k, uint64_t now_ms);

/*
 * NETCHANGE, RESUME, an operator's wish: ask at once, back-off forgotten. Nothing in OFF and while a round
 * runs.
 */
void lung_http_hurry(struct lung_http *h, uint64_t now_ms);

/*
 * RELOAD: so many sources are configured now; still_usable: one that was good remains. A round that runs is
 * given up, and a new one is due at once unless OFF. True: tell the machine (lung_round), for H fell or
 * nobody is left to ask; false: do not, an outcome that it may be waiting for is still to come.
 */
bool lung_http_reload(struct lung_http *h, uint32_t sources, bool still_usable, uint64_t now_ms);

/* H, and the reason that goes with it to lung_round. */
bool lung_http_is_usable(const struct lung_http *h);
enum lung_reason lung_http_why(const struct lung_http *h);

/* When the driver has to look again: the next round, or T_HTTP_DEAD. UINT64_MAX: not by time. */
uint64_t lung_http_next_deadline(const struct lung_http *h, const struct lung_constants *k);

/* period with a jitter of plus or minus 20 %. */
uint64_t lung_http_jitter(uint64_t period_ms, uint32_t random);

/*
 * Fill in http_usable (H while carrying, else the last outcome), http_failures, _sources, _age_ms, _next_ms.
 */
void lung_http_fill(const struct lung_http *h, uint64_t now_ms, struct snapshot_lung *out);

#endif
