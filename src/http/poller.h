/*
 * poller.h - the HTTP lung: asks the configured sources, compares roots, heals.
 *
 * Who decides what: WHEN a round begins, and whether HTTP carries, is the lung's business (node/lung.h,
 * node/lung_http.h); the poller asks all sources of a round at once, judges each answer, and, only while it
 * carries, applies what they have. A source of ours is polled by STATUS and healed from at the first
 * difference; a v3.0.3 node sends its whole state each time and is healed from after POLLER_DIVERGE_MAX
 * divergent answers in a row. Each source has its own status, back-off and last error.
 *
 * Everything here belongs to the node thread and its loop. `good`, `round_done` and the answers of apply and
 * import come from the loop, never from within a call.
 *
 * Spec: STATE-MACHINE section 6 "HTTP", STATE sections 1 and 4, COMPAT-v3.0.3 section 5.
 */
#ifndef LAT_HTTP_POLLER_H
#define LAT_HTTP_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "state/healings.h"
#include "state/recon.h"
#include "state/store.h"
#include "state/trust.h"
#include "view/snapshot.h"

#define POLLER_DIVERGE_MAX 3 /* N_DIVERGE */
#define POLLER_CONNECT_MS 3000
#define POLLER_TOTAL_MS 10000
#define POLLER_STATE_MAX (128u * 1024 * 1024)  /* bytes of a v3.0.3 state document */
#define POLLER_BODIES_MAX (256u * 1024 * 1024) /* of all answers in flight */
#define POLLER_STAGED_MAX (256u * 1024 * 1024) /* of verified v3.0.3 states kept in memory */

struct poller;

/* Our own state, as it stands. */
struct poller_head {
    uint8_t root[32];
    uint64_t count, hlc;
    uint64_t lost;      /* records that are damaged: they are asked for though roots agree */
    bool readable;      /* false: damaged or not open; nothing is compared or applied */
    bool incomplete;    /* being filled from a peer */
    bool has_flat_root; /* else a worker makes it: see want_flat_root */
    uint8_t flat_root[32];
};

typedef void (*poller_applied_fn)(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err);
typedef void (*poller_imported_fn)(void *arg, enum lat_err err, uint64_t made, uint64_t same,
                                   uint64_t differing);

/* What the poller needs of the node; each gets `arg` first. */
struct poller_ops {
    void (*head)(void *arg, struct poller_head *out);

    /* One consistent moment of our state (state/recon.h; get and each_leaf are used), for as long as one call
     * takes. */
    enum lat_err (*view_begin)(void *arg, struct recon_view *out);
    void (*view_end)(void *arg, struct recon_view *view);

    /*
     * Apply records (count times u32 little-endian length, record; copied): parse, trust, signature, merge.
     * fn is called once on the loop, later, also when it was discarded (LAT_CLOSED). On an error fn is not
     * called.
     */
    enum lat_err (*apply)(void *arg, const uint8_t *records, size_t len, size_t count, poller_applied_fn fn,
                          void *fn_arg);

    /* HTTP no longer carries: drop what apply was given and has not yet handed to the store. */
    void (*discard)(void *arg);

    /* Import a whole attested v3.0.3 state (store_import; copied). As apply; fn on the loop. */
    enum lat_err (*import)(void *arg, const uint8_t source_id[32], const struct store_foreign *entries,
                           size_t count, uint64_t attested_ms, poller_imported_fn fn, void *fn_arg);

    /* An empty node begins to be filled from a trusted source (true), or has been filled (false). */
    void (*filling)(void *arg, bool incomplete);

    /* A v3.0.3 source is to be compared and the flat root is not at hand: have it made; ask again with the
     * next answer. */
    void (*want_flat_root)(void *arg);

    /* A source of this round gave a good answer; the round goes on. */
    void (*good)(void *arg);

    /* All sources of this round have ended. ok: one was good. error: a sentence when none was ("" when ok);
     * escaped. */
    void (*round_done)(void *arg, bool ok, const char *error);

    /* Something that a snapshot shows has changed. */
    void (*changed)(void *arg);

    /* NULL, or: a source of ours attested where it stands, and the attestation holds. */
    void (*attested)(void *arg, const struct recon_status *status);

    /* NULL, or: a session, or an import, has ended. */
    void (*healed)(void *arg, const struct healing *healing);

    void (*random)(void *arg, void *out, size_t len);
};

struct poller_source {
    const char *url; /* base URL: http(s)://host[:port][/base]; a slash at the end does not matter */
    bool bound;      /* answers count only with this key's attestation */
    uint8_t key[32];
};

/* What a reload may change. Everything is copied. */
struct poller_config {
    const struct network *network;
    const struct trust *trust; /* with the own key */
    const struct poller_source *sources;
    size_t source_count;
    const char *ca_file;                      /* NULL: the system's */
    const char *token_file;                   /* NULL: none; sent over https alone */
    uint64_t connect_ms, total_ms;            /* 0: POLLER_CONNECT_MS, POLLER_TOTAL_MS */
    size_t state_max, bodies_max, staged_max; /* 0: the constants above */
};

/* ops is copied; arg is borrowed until the poller is closed. LAT_MALFORMED, LAT_LIMIT: a source's URL;
 * LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err poller_new(uv_loop_t *loop, const struct poller_config *config,
                                       const struct poller_ops *ops, void *arg, struct poller **out);

/*
 * Take a new configuration. A source whose URL and bound key stay keeps its status; what it showed is judged
 * anew by the new trusted keys at its next answer. A round or session that runs is given up. LAT_NOMEM:
 * nothing changed.
 */
LAT_MUST_CHECK enum lat_err poller_configure(struct poller *p, const struct poller_config *config);

/* Let go of the loop; fn is called when the last handle is closed, the last worker has left and the last
 * answer of apply and import has come; then the poller is gone. No other callback comes after this call. */
void poller_close(struct poller *p, void (*fn)(void *arg), void *arg);

enum poller_mode {
    POLLER_STANDBY, /* P2P carries: look, keep nothing */
    POLLER_PROBE,   /* HTTP may have to carry soon: keep what it shows ready (staged) */
    POLLER_CARRY,   /* HTTP carries, or is to carry at the first success */
};

/*
 * Begin a round: ask every source, all at once. A round that still runs is given up, and nothing is reported
 * of it. A source that is being healed from counts as good; one that asked to be left alone (Retry-After) is
 * not asked and counts as failed. Without sources the round fails at once, from the loop.
 */
void poller_round(struct poller *p, enum poller_mode mode);

/* Give the round that runs up. Nothing is reported of it. */
void poller_cancel_round(struct poller *p);

/*
 * HTTP lung off: within this call every transfer is cancelled and every connection closed, sessions end, what
 * is staged or in flight is dropped, and no request is sent before the next poller_round.
 */
void poller_cancel(struct poller *p);

/* From true to false: sessions end, an answer in flight is discarded, never applied. Initially false. */
void poller_set_carrying(struct poller *p, bool carrying);

/* Now that HTTP carries: heal from what the last probes showed, if it is still fresh. */
void poller_apply_staged(struct poller *p);

/* Drop it. */
void poller_drop_staged(struct poller *p);

/* The operator, or a new network, wants everything tried now: pauses of healing are over. Retry-After stands.
 */
void poller_forget_backoff(struct poller *p);

/* A demo's cut: as long as it lasts no source is reached. */
void poller_set_cut(struct poller *p, bool cut);

/* Is there a source whose last answer was good? */
bool poller_is_usable(const struct poller *p);

/* Rows for a snapshot; returns how many. now: CLOCK_MONOTONIC ms. next_ms of the rows stays -1: the lung
 * knows when. */
size_t poller_fill(const struct poller *p, uint64_t now_ms, struct snapshot_source *rows, size_t max);

/* http_stale, http_untrusted, http_source, http_error. */
void poller_fill_lung(const struct poller *p, uint64_t now_ms, struct snapshot_lung *lung);

#endif
