/*
 * poll_source.h - what is known of one HTTP source, and what follows from it: is its answer to be believed,
 * does it agree with us, is it to be healed from now, later or not at all. No I/O; instants are monotonic
 * milliseconds, wall_ms is Unix time.
 *
 * Spec: STATE-MACHINE section 6 "HTTP"; STATE section 1 ("Attestation", "Limits", "Legacy peer").
 */
#ifndef LAT_HTTP_POLL_SOURCE_H
#define LAT_HTTP_POLL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_url.h"
#include "http/poller.h"
#include "state/heal_peer.h"
#include "view/snapshot.h"

#define SOURCE_RETRY_AFTER_MAX_MS 60000
#define SOURCE_FORGET_MS 60000 /* failing for so long: its agreement is no longer known */
#define SOURCE_LINES_MAX 12    /* log lines at once; then one every SOURCE_LINE_MS */
#define SOURCE_LINE_MS 5000

enum source_kind {
    SOURCE_UNKNOWN, /* first contact: GET the summary */
    SOURCE_LATTICE, /* one of ours: POST sync */
    SOURCE_LEGACY,  /* v3.0.3: GET the state */
};

/* What an answer changed, for the log; bits. */
enum source_change {
    SOURCE_IS_USABLE = 1,   /* the first good answer after none, or after failures */
    SOURCE_IS_FAILING = 2,  /* the first failure after good answers, or at all */
    SOURCE_IS_DIVERGED = 4, /* agreed, or was not known, and differs */
    SOURCE_IS_EQUAL = 8,    /* differed, and agrees again */
    SOURCE_IS_DUE = 16,     /* v3.0.3: has differed POLLER_DIVERGE_MAX times in a row */
};

/* What a source showed of its state, verified. */
struct source_shown {
    uint8_t root[32]; /* trie root; flat root of a v3.0.3 source */
    uint64_t count;   /* records, or entries; 0 of a v3.0.3 source that is not known */
    uint64_t hlc;     /* 0: v3.0.3 has none */
    uint64_t time_ms; /* of the attestation; 0: none */
    bool trusted;     /* attested by a key of our trust set */
    uint8_t key[32];  /* that attests; zeros: none that we know */
};

struct poll_source {
    char url[HTTP_URL_MAX]; /* without a slash at the end */
    char shown_url[SNAPSHOT_URL_MAX];
    char name[SNAPSHOT_NAME_MAX];
    bool bound;
    uint8_t bound_key[32];
    uint8_t id[32]; /* SHA-256 of the URL: names it in the table `leg` */
    enum source_kind kind;

    bool asked, known, usable;
    uint64_t try_ms, ok_ms; /* if asked, if known */
    uint64_t retry_ms;      /* not to be asked before; 0: may be */
    uint32_t failures, rtt_ms;
    uint64_t polls_ok, polls_failed;
    uint64_t polls, bytes_in, bytes_out;
    char error[SNAPSHOT_TEXT_MAX]; /* of the last attempt; "": it was good */

    bool has_shown;
    struct source_shown shown; /* the last that was believed */
    bool stale;           /* it differs and is older than our own state */
    uint32_t streak;      /* differed so often in a row, for POLLER_DIVERGE_MAX: a failure ends it, an import too */
    struct heal_peer h;   /* agreement and healing; imports of a v3.0.3 source keep its counts, too */
    bool importing;
    uint64_t import_ms;   /* importing: since then */

    double line_tokens; /* poll_log.c */
    uint64_t line_ms;
    uint32_t lines_suppressed;
};

/* LAT_LIMIT (URL too long), LAT_MALFORMED (no URL). */
LAT_MUST_CHECK enum lat_err source_init(struct poll_source *s, const struct poller_source *config);
void source_fini(struct poll_source *s);

/* Is this the same place and key? */
bool source_is(const struct poll_source *s, const struct poller_source *config);

/* "asked to be left alone for 12 s more" while Retry-After lasts; else false. */
bool source_must_wait(const struct poll_source *s, uint64_t now_ms, char *why, size_t why_size);

/* --- one attempt: begun, then failed, or succeeded and compared ------------------------------------ */

void source_begin(struct poll_source *s, uint64_t now_ms);

/* error: a sentence, escaped. retry_after_ms: 0 not said. Returns changes. */
unsigned source_failed(struct poll_source *s, const char *error, uint64_t retry_after_ms, uint64_t now_ms);

/* A good answer, whatever it says. Returns changes. */
unsigned source_succeeded(struct poll_source *s, enum source_kind kind, uint32_t rtt_ms, uint64_t now_ms);

/*
 * Compare what it showed with our own state. own_root: of the same kind, NULL while it is not at hand (then
 * nothing is concluded). trust_number: of the set that judged it; trusted_count: keys besides our own.
 * Returns changes.
 */
struct source_own {
    const uint8_t *root;
    uint64_t hlc;
    uint32_t trust_number;
    size_t trusted_count;
    uint64_t lost; /* damaged records of ours, which a node of ours may bring back */
    const struct recon_view *view; /* where heal_peer_needs_view; else NULL */
};
unsigned source_compare(struct poll_source *s, const struct source_shown *shown, const struct source_own *own,
                        uint64_t now_ms);

/* --- healing --------------------------------------------------------------------------------------- */

/* Is a session, or an import, to begin now? */
bool source_is_due(const struct poll_source *s, uint64_t now_ms);

/* When a pause ends that keeps it from being healed from; UINT64_MAX: not by time. */
uint64_t source_due_at(const struct poll_source *s);

/* The session s->heal has ended (s->heal.end). Returns changes. */
unsigned source_healed(struct poll_source *s, uint32_t trust_number, uint64_t now_ms);

/* An import has ended: entries written, the same as ours, standing against a native record of ours. */
struct source_import {
    enum lat_err err;
    uint64_t made, same, differing;
};
void source_imported(struct poll_source *s, const struct source_import *import, uint32_t trust_number,
                     uint64_t now_ms);

/* A session or import that was given up because the lung was taken away: as if it had not been. */
void source_given_up(struct poll_source *s, uint64_t now_ms);

void source_fill(const struct poll_source *s, const uint8_t *own_root, uint64_t now_ms,
                 struct snapshot_source *row);

#endif
