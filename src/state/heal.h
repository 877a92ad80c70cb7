/*
 * heal.h - one side of healing from another node: its records in key order (RANGE), compared with our own, and
 * what would win handed out to be applied. A machine without I/O, clock, network or randomness: messages, time
 * and salt come in, requests and batches go out. Whoever speaks with the other side carries it: the poller over
 * HTTP, the sync stream over libp2p.
 *
 *                 heal_start
 *                     |                    more
 *                     v        .------------------------------.
 *   HEAL_OVER     HEAL_ASK --heal_ask--> HEAL_WAIT --heal_take--> HEAL_APPLY (a batch; or straight on)
 *                     ^                                           | heal_batch_sent
 *                     |             more                          v
 *                     '--------------------------heal_verdicts-- HEAL_VERDICTS
 *                                                                 | all seen
 *                                                                 v
 *                              HEAL_OVER <--heal_compare-- HEAL_COMPARE (ask STATUS again)
 *
 * A pass goes once through all of the other side's keys. It may take several sessions: a session ends at its
 * budget, and the next one goes on at the key where it broke off. Every applied record is progress that
 * stays. The pass ends by comparing roots.
 *
 * Spec: STATE sections 1 ("Limits") and 4 (tier C), WIRE section 6 (RANGE). One thread at a time.
 */
#ifndef LAT_STATE_HEAL_H
#define LAT_STATE_HEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "state/recon.h"

#define HEAL_RANGE_BYTES (512 * 1024)           /* of records, asked for in one message */
#define HEAL_RANGE_BYTES_MIN (16 * 1024)        /* ... of a source that is slow */
#define HEAL_BYTES_MAX (64u * 1024 * 1024)      /* a session */
#define HEAL_MESSAGES_MAX 256                   /* a session, the last comparison included */
#define HEAL_MS_MAX 30000                       /* a session */
#define HEAL_STALL_BYTES_MAX (4u * 1024 * 1024) /* of refused records, without a useful one between them */
#define HEAL_BAD_SIGNATURES_MAX 3               /* a session */
#define HEAL_VISITS_MAX 65536                   /* own leaves walked for one answer */

#define HEAL_KEYS_MAX 16                        /* differing keys kept by name */
#define HEAL_NAME_MAX 64
#define HEAL_SALT_LEN 16

enum heal_state { HEAL_OVER, HEAL_ASK, HEAL_WAIT, HEAL_APPLY, HEAL_VERDICTS, HEAL_COMPARE };

/* How a session ended. */
enum heal_end {
    HEAL_NONE,      /* not yet */
    HEAL_EQUAL,     /* the roots are equal */
    HEAL_ALL_TAKEN, /* whole pass: we hold all that it has; the roots differ by what it lacks */
    HEAL_REFUSED,   /* whole pass: some of its records are not accepted here */
    HEAL_MOVED,     /* whole pass, but its root changed meanwhile: another pass is needed */
    HEAL_BUDGET,    /* a limit of the session, after progress: go on at once */
    HEAL_STALLED,   /* a limit of the session, without progress */
    HEAL_LIED,      /* its records cannot have the root or count that it claims */
    HEAL_FAILED,    /* no answer, or none that makes sense */
};

enum heal_difference {
    HEAL_KEY_THEIRS_NEWER,
    HEAL_KEY_OURS_NEWER,
    HEAL_KEY_ONLY_THEIRS,
    HEAL_KEY_ONLY_OURS,
    HEAL_KEY_REFUSED
};

/* One key that differs. */
struct heal_key {
    char key[HEAL_NAME_MAX]; /* escaped, cut */
    enum heal_difference difference;
    uint64_t ours_hlc, theirs_hlc; /* 0: absent */
};

/* How far a pass had come. */
struct heal_mark {
    uint64_t seen;
    uint32_t same, ours, only_ours, key_total, key_count;
};

struct heal {
    enum heal_state state;
    enum heal_end end;
    struct lat_msg why; /* for people: what ended it, where that needs saying */
    /* the pass */
    bool pass_open;       /* broken off: the next session goes on at `from` */
    bool steady;          /* its root was `root` in every answer */
    uint8_t from[32];     /* the next key to ask for */
    uint8_t root[32];     /* theirs */
    uint64_t announced;   /* their count */
    uint64_t seen;        /* of their records */
    uint8_t own_root[32]; /* ours when the pass began */
    uint32_t same, applied, ours, only_ours, refused;
    uint32_t held, untrusted, bad_signatures, malformed, below_horizon, not_stored; /* of `refused` */
    uint8_t untrusted_author[32];                                                   /* the first one */
    uint32_t key_total;                                                             /* keys that differed */
    uint32_t key_count;
    struct heal_key keys[HEAL_KEYS_MAX];
    /* the session */
    uint8_t salt[HEAL_SALT_LEN];
    uint64_t begun_ms, ended_ms;
    uint32_t most_bytes; /* of records, asked for in the next message */
    uint64_t bytes;      /* of answers */
    uint32_t messages;
    uint32_t session_applied, session_bad;
    uint64_t session_useful; /* records applied, or known to be no news */
    uint64_t stall_bytes;
    /* between take and verdicts: an answer counts when all of its records are decided, else the pass goes on
     * before it */
    bool pending;
    struct heal_mark mark; /* the pass before that answer */
    bool last;             /* the answer said that no more follow */
    uint8_t next[32];      /* where to go on, if not */
    struct lat_buf batch;  /* batch_count times (u32 little-endian length, record) */
    struct lat_buf slots;  /* one byte a record: its place in keys[], or 255 */
    size_t batch_count;
};

void heal_init(struct heal *heal);
void heal_fini(struct heal *heal);

/*
 * All of these look at our state through `own`: one moment of it (get and each_leaf are used, network, root and
 * count), as it is now. It need not be the same moment from call to call, and is not kept.
 */

/*
 * Begin a session against what the other side has just attested (or, untrusted, claimed). An open pass goes
 * on; else a new one begins at the first key, and the counts of the last one are dropped. salt: random, new for
 * each session.
 */
void heal_start(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
                const uint8_t salt[HEAL_SALT_LEN], uint64_t now_ms);

/* HEAL_ASK: the next request into out, or, at a budget, the end of the session (then the state is HEAL_OVER).
 * LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err heal_ask(struct heal *heal, const struct recon_view *own, uint64_t now_ms,
                                     struct lat_buf *out);

/*
 * HEAL_WAIT: an answer, looked at beside our own state. The next state is HEAL_APPLY (the batch holds what
 * would win), or what follows when there is none. On an error (LAT_MALFORMED, LAT_CLOSED for an ERROR
 * message, LAT_NOMEM, what the view returned) the session has ended HEAL_FAILED with the reason in heal->why.
 */
LAT_MUST_CHECK enum lat_err heal_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply,
                                      size_t len, uint64_t now_ms);

/* HEAL_APPLY: the caller has handed the batch on. */
void heal_batch_sent(struct heal *heal);

/* HEAL_VERDICTS: one verdict (enum store_verdict) for each record of the batch. */
void heal_verdicts(struct heal *heal, const uint8_t *verdicts, size_t count, uint64_t now_ms);

/* HEAL_COMPARE: the other side's STATUS after the pass. Ends the session. */
void heal_compare(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
                  uint64_t now_ms);

/* The last request took longer than a request may: ask for less from now on. It grows again with each answer.
 */
void heal_slow_down(struct heal *heal);

/*
 * End the session from outside: no answer, lung taken away. The pass stays open. text: for people, may be
 * NULL. Where the session's time is over, that is what ended it.
 */
void heal_fail(struct heal *heal, const char *text, uint64_t now_ms);

/* Has the session that ended brought us nearer to agreement? */
bool heal_had_progress(const struct heal *heal);

/* Of what the other side announced, 0 .. 100. */
uint32_t heal_percent(const struct heal *heal);

/* "12 records refused: 10 of authors that are not trusted here (first 3f9a0c1d), 2 ahead of our clock"; ""
 * when none were. */
void heal_refused_text(const struct heal *heal, char *out, size_t out_size);

#endif
