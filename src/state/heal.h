/*
 * heal.h - one healing session with another node, as the one who asks: finds what differs at the cost of the
 * difference, takes what wins, gives what is missing there. A machine without I/O, clock, network or randomness:
 * messages, time and salt come in, requests and batches go out. Whoever speaks with the other side carries it: the
 * poller over HTTP, the sync stream over libp2p.
 *
 *                 heal_start
 *                     |          nothing to apply
 *                     v        .-----------------.
 *   HEAL_OVER <--- HEAL_ASK -heal_ask-> HEAL_WAIT -heal_take-> HEAL_APPLY (a batch)
 *     ^              |  ^                                          | heal_batch_sent
 *     |              |  '------------------- heal_verdicts -- HEAL_VERDICTS
 *     |              v
 *     '-heal_compare-- HEAL_COMPARE (ask STATUS again)      HEAL_ASK <- heal_compare: it was not all
 *
 * heal_ask may end the session instead (the roots are equal, or a budget is used up), or say HEAL_COMPARE: look at
 * the state after each call.
 *
 * Three ways to find what differs, chosen by how much it seems to be (STATE section 4):
 *
 *   sketch   CELLS: a few hundred bytes name a few keys. A shortcut, never a promise: what does not settle goes on
 *            as a descent, and after two failures no sketch is tried with this peer for ten minutes
 *   descent  DESCEND: both trees are compared sixteen children at a time, by digests salted anew in each session
 *   stream   RANGE: all of the other side's records in key order, for a node that is empty or far away. A pass may
 *            take several sessions: the next one goes on at the key where a session broke off
 *
 * What is found is exchanged by RECORDS, in both directions. A session ends when the 32-byte roots are equal, or
 * equal but for settled keys (settled.h), or at a budget; what it applied stays.
 *
 * Spec: STATE sections 1 ("Limits", "Nodes that accept differently") and 4, WIRE sections 6 to 8. One thread at a time.
 */
#ifndef LAT_STATE_HEAL_H
#define LAT_STATE_HEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "state/recon.h"
#include "state/settled.h"

#define HEAL_RANGE_BYTES (512 * 1024)           /* of records, asked for in one message */
#define HEAL_RANGE_BYTES_MIN (16 * 1024)        /* ... of a peer that is slow */
#define HEAL_BYTES_MAX (64u * 1024 * 1024)      /* a session, both directions */
#define HEAL_MESSAGES_MAX 256                   /* a session, the last comparison included */
#define HEAL_MS_MAX 30000                       /* a session */
#define HEAL_STALL_BYTES_MAX (4u * 1024 * 1024) /* without progress between them */
#define HEAL_BAD_SIGNATURES_MAX 3               /* a session */
#define HEAL_VISITS_MAX 65536                   /* own leaves walked for one answer */
#define HEAL_KEYS_MAX 16                        /* differing keys kept by name */
#define HEAL_NAME_MAX 64
#define HEAL_VALUE_SHOWN 48                    /* bytes of a value that are kept with it */
#define HEAL_SALT_LEN 16
#define HEAL_CELLS_FIRST 32                     /* asked for first; half of it after cells of a gossip message */
#define HEAL_HINT_CELLS 8                       /* that a gossip message carries */
#define HEAL_SKETCH_MAX 5000                    /* an estimate above it goes down the trees at once */
#define HEAL_SKETCH_FAILURES_MAX 2              /* then no sketch for HEAL_SKETCH_PAUSE_MS */
#define HEAL_SKETCH_PAUSE_MS 600000
#define HEAL_QUEUE_MAX 65536                    /* records to be asked for, or given, that may wait */
#define HEAL_SPANS_MAX 65536                    /* places of the trees that may wait */

enum heal_state { HEAL_OVER, HEAL_ASK, HEAL_WAIT, HEAL_APPLY, HEAL_VERDICTS, HEAL_COMPARE };

enum heal_tier { HEAL_TIER_NONE, HEAL_TIER_SKETCH, HEAL_TIER_DESCENT, HEAL_TIER_STREAM };

/* What heal_ask asks next. */
enum heal_phase { HEAL_PHASE_CELLS, HEAL_PHASE_SPANS, HEAL_PHASE_RANGE, HEAL_PHASE_RECORDS, HEAL_PHASE_CHECK };

/* How a session ended. */
enum heal_end {
    HEAL_NONE,         /* not yet */
    HEAL_EQUAL,        /* the roots are equal */
    HEAL_BUT,          /* equal but for settled keys: see heal->settled */
    HEAL_INCOMPATIBLE, /* so many are settled that no session makes sense until trust changes */
    HEAL_ALL_TAKEN,    /* we hold all that it has; it does not take what it lacks (it is read-only, say) */
    HEAL_REFUSED,      /* some of its records are not accepted here, and may be later */
    HEAL_MOVED,        /* its root, or ours, changed meanwhile: another session is needed */
    HEAL_BUDGET,       /* a limit of the session, after progress: go on at once */
    HEAL_STALLED,      /* a limit of the session, without progress */
    HEAL_LIED,         /* its records cannot have the root or count that it claims */
    HEAL_FAILED,       /* no answer, or none that makes sense */
};

enum heal_difference {
    HEAL_KEY_THEIRS_NEWER,
    HEAL_KEY_OURS_NEWER,
    HEAL_KEY_ONLY_THEIRS,
    HEAL_KEY_ONLY_OURS,
    HEAL_KEY_REFUSED
};

/* Which of two records of a key wins, and why: the first of these in which they differ. */
enum heal_reason { HEAL_WINS_ALONE, HEAL_WINS_NATIVE, HEAL_WINS_CLOCK, HEAL_WINS_AUTHOR, HEAL_WINS_DIGEST };

/* One side of a key that differs. */
struct heal_side {
    uint64_t hlc; /* 0: absent, and nothing else is set */
    uint8_t author[32];
    bool deleted;
    char value[HEAL_VALUE_SHOWN]; /* escaped, cut */
};

/* One key that differs. */
struct heal_key {
    char key[HEAL_NAME_MAX]; /* escaped, cut */
    enum heal_difference difference;
    enum heal_reason reason;
    struct heal_side ours, theirs;
};

/* A record of theirs to be asked for: the beginning of its keyhash. */
struct heal_want {
    uint8_t len;
    uint8_t prefix[32];
};

/* A record of ours to be given, and what they hold in its place (a leaf; zeros: nothing). */
struct heal_gift {
    uint8_t keyhash[32], theirs[32];
};

/* One that was sent, and waits for its verdict. */
struct heal_sent {
    uint8_t keyhash[32], ours[32], theirs[32], author[32];
    uint64_t hlc;
};

/* A record of the batch: its place in keys[] (255: none), and both leaves. */
struct heal_slot {
    uint8_t name;
    uint8_t keyhash[32], ours[32], theirs[32];
};

/* A place of both trees that is still to be compared. */
struct heal_span {
    uint8_t depth;
    uint8_t prefix[32];
};

/* How far a pass had come. */
struct heal_mark {
    uint64_t seen;
    uint32_t same, ours, only_ours, key_total, key_count;
};

struct heal {
    enum heal_state state;
    enum heal_end end;
    enum heal_tier tier;
    enum heal_phase phase;
    struct lat_msg why; /* for people: what ended it, where that needs saying */

    /* the difference: counts of a pass, which is one session but for a stream */
    uint8_t root[32];     /* theirs */
    uint64_t announced;   /* their count */
    bool steady;          /* its root was `root` in every answer */
    uint8_t own_root[32]; /* ours when the pass began */
    uint64_t own_count;
    uint64_t estimate;    /* ids that seem to differ; 0: not estimated */
    bool exact;           /* a sketch has settled: `estimate` is the number */
    uint32_t same, applied, ours, only_ours, refused;
    uint32_t held, untrusted, bad_signatures, malformed, below_horizon, not_stored; /* of `refused` */
    uint8_t untrusted_author[32];                                                   /* the first one */
    uint32_t given, given_taken, given_refused; /* of ours: sent; applied there; refused there */
    uint32_t undelivered;                       /* advertised, asked for and not delivered */
    uint32_t directions[HEAL_KEY_REFUSED + 1];  /* keys that differed, by how */
    uint32_t deleted;                           /* of them, keys whose winner is a tombstone */
    uint32_t key_total;                         /* keys that differed */
    uint32_t key_count;
    struct heal_key keys[HEAL_KEYS_MAX];
    uint8_t subtrees[32]; /* a bit for each of the 256 subtrees of depth 8 in which a difference was found */

    /* the stream */
    bool pass_open;   /* broken off: the next session goes on at `from` */
    uint8_t from[32]; /* the next key to ask for */
    uint64_t seen;    /* of their records */
    uint32_t most_bytes; /* of records, asked for in the next message */
    bool last;        /* the answer said that no more follow */
    uint8_t next[32]; /* where to go on, if not */
    /* between take and verdicts: an answer counts when all of its records are decided, else the pass goes on before it */
    bool pending;
    struct heal_mark mark;

    /* the session */
    uint8_t salt[HEAL_SALT_LEN];
    uint64_t begun_ms, ended_ms;
    uint64_t bytes;
    uint32_t messages;
    uint32_t session_applied, session_given, session_settled, session_bad;
    uint64_t session_useful; /* records applied, given, or known to be no news */
    uint64_t stall_bytes;
    bool keeps_nothing;      /* the other side cannot store: it is given no more */
    uint8_t batch_root[32];  /* theirs as they told it last */
    uint8_t start_root[32];  /* theirs by the STATUS that it began with */
    uint8_t end_own[32];     /* ours when it ended HEAL_EQUAL or HEAL_BUT */

    /* the sketch */
    struct sketch_cell *cells; /* SKETCH_CELLS of ours, as of when it began, then as many of theirs; NULL: none */
    size_t cells_have, cells_goal, cells_asked;
    unsigned enlargements, restarts;
    bool named; /* it has settled: what it names waits to be exchanged */
    uint8_t hint_root[32]; /* a gossip message brought the first cells of this root */
    uint64_t hint_records;
    struct sketch_cell hint[HEAL_HINT_CELLS];
    bool has_hint;
    unsigned sketch_failures; /* in a row, with this peer */
    uint64_t sketch_pause_until_ms;

    /* the descent: heal_span, the next one at the end */
    struct lat_buf spans;
    size_t spans_asked;

    /* RECORDS */
    struct lat_buf wants, gifts; /* heal_want, heal_gift; the next ones in front */
    struct lat_buf sent;         /* heal_sent */
    size_t wants_asked;
    bool cut; /* more was found than may wait: another session finds it again */
    struct lat_buf batch; /* batch_count times (u32 little-endian length, record) */
    struct lat_buf slots; /* heal_slot, one a record */
    size_t batch_count;

    /* what stays from session to session */
    struct settled settled;
    bool keeps_challenge; /* something is settled: trust digests are compared, for one challenge */
    uint8_t challenge[16], their_trust[8], own_trust[8];
    uint64_t given_total; /* records that it said to have applied, since we last agreed */
};

void heal_init(struct heal *heal);
void heal_fini(struct heal *heal);

/*
 * All of these look at our state through `own`: one moment of it, as it is now, with network, trust and now_ms. It
 * need not be the same moment from call to call, and is not kept.
 */

/*
 * Begin a session against what the other side has just attested (or, untrusted, claimed). An open stream goes on;
 * else the counts of the last session are dropped. It also asks for the records that own->each_lost names, whether or not the roots differ. salt: random, new for each session.
 */
void heal_start(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
                const uint8_t salt[HEAL_SALT_LEN], uint64_t now_ms);

/*
 * HEAL_ASK: the next request into out (HEAL_WAIT); or HEAL_COMPARE; or the end of the session (HEAL_OVER).
 * LAT_NOMEM, and what the view returned: then the session has ended HEAL_FAILED.
 */
LAT_MUST_CHECK enum lat_err heal_ask(struct heal *heal, const struct recon_view *own, uint64_t now_ms,
                                     struct lat_buf *out);

/*
 * HEAL_WAIT: an answer, looked at beside our own state. The next state is HEAL_APPLY (the batch holds what would
 * win), or HEAL_ASK when there is none, or HEAL_OVER. On an error (LAT_MALFORMED, LAT_CLOSED for an ERROR message,
 * LAT_NOMEM, what the view returned) the session has ended HEAL_FAILED with the reason in heal->why.
 */
LAT_MUST_CHECK enum lat_err heal_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply,
                                      size_t len, uint64_t now_ms);

/* HEAL_APPLY: the caller has handed the batch on. */
void heal_batch_sent(struct heal *heal);

/* HEAL_VERDICTS: one verdict (enum store_verdict) for each record of the batch. */
void heal_verdicts(struct heal *heal, const uint8_t *verdicts, size_t count, uint64_t now_ms);

/* HEAL_COMPARE: the other side's STATUS now. Ends the session, or finds that it has to go on (HEAL_ASK). */
void heal_compare(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
                  uint64_t now_ms);

/* The last request took longer than a request may: ask for less from now on. It grows again with each answer. */
void heal_slow_down(struct heal *heal);

/*
 * End the session from outside: no answer, lung taken away. An open stream stays open. text: for people, may be
 * NULL. Where the session's time is over, that is what ended it.
 */
void heal_fail(struct heal *heal, const char *text, uint64_t now_ms);

/* Has the session that ended brought us nearer to agreement? */
bool heal_had_progress(const struct heal *heal);

/* --- around sessions ----------------------------------------------------------------------------------- */

/*
 * The first cells of a root, as a gossip message carries them (WIRE section 4, `cells`): a session against that root
 * begins with them. LAT_MALFORMED.
 */
LAT_MUST_CHECK enum lat_err heal_hint(struct heal *heal, const uint8_t root[32], uint64_t count, const uint8_t *cells,
                                      size_t len);

/*
 * Name what differs by the cells of heal_hint alone, without asking anybody: into heal->keys, until a session tells
 * more. A key that only they hold is named by its keyhash. Not while a session runs. LAT_LIMIT: too many to tell;
 * LAT_NOTFOUND (no cells), LAT_BUSY (no sketch of ours yet), what the view returned.
 */
LAT_MUST_CHECK enum lat_err heal_preview(struct heal *heal, const struct recon_view *own);

/*
 * Do we agree with this root, or agree but for settled keys? *but: how many those are. What the view's functions
 * return.
 */
LAT_MUST_CHECK enum lat_err heal_agrees(struct heal *heal, const struct recon_view *own, const uint8_t root[32],
                                        bool *agrees, size_t *but);

/*
 * A STATUS came: where trusted keys have changed, here or there, what was settled is forgotten. To be called before
 * heal_agrees and heal_start. Returns whether the trust lists differ.
 */
bool heal_note_status(struct heal *heal, const struct recon_status *theirs, const struct trust *trust);

/* The challenge to ask this peer's STATUS with: NULL: any random one. Else 16 bytes, so that digests compare. */
const uint8_t *heal_challenge(const struct heal *heal);

/* The operator asks: forget what is settled, and failures of the sketch. */
void heal_forget(struct heal *heal);

/* --- for people ---------------------------------------------------------------------------------------- */

/* How far it is, 0 .. 100: a stream of what the other side announced, else of what has been found. */
uint32_t heal_percent(const struct heal *heal);

/* "12 records refused: 10 of authors that are not trusted here (first 3f9a0c1d), 2 ahead of our clock"; "" when
 * none were. */
void heal_refused_text(const struct heal *heal, char *out, size_t out_size);

/* "agrees but for 12: author 3f9a0c1d.. not trusted there"; "" when nothing is settled. */
void heal_settled_text(const struct heal *heal, char *out, size_t out_size);

const char *heal_tier_name(enum heal_tier tier); /* "none", "sketch", "descent", "stream" */

/* "none", "equal", "equal_but", "incompatible", "all_taken", "refused", "moved", "budget", "stalled", "lied", "failed" */
const char *heal_end_name(enum heal_end end);

#endif
