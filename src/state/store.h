/*
 * store.h - the replicated state on disk and its authenticated tree in memory: LMDB, one writing thread,
 * group commit.
 *
 * Spec: STATE sections 1 to 3. The store thread collects what is queued (up to 2 ms or 1,024 records),
 * decides winners inside one transaction, commits with one sync, updates the tree, then answers: acknowledged
 * = durable. Nothing is visible to others before its commit. A failed commit is undone, its callers get the
 * error, and the store is read-only, with the reason in the head, until a commit succeeds (tried every 5 s).
 *
 * store_open and store_close belong to one thread; everything else may be called on any.
 */
#ifndef LAT_STATE_STORE_H
#define LAT_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"
#include "state/record.h"

struct sketch_cell;
struct store;

struct store_options {
    const char *dir;       /* the folder "store" in the state directory; made when missing (0700) */
    const char *network;   /* name; another one than the store was made with is refused (LAT_CONFLICT) */
    const struct key *key; /* signs local writes; borrowed for the life of the store; NULL: no local writes */
    uint64_t map_max;      /* bytes of address space at most (LATTICE_STORE_MAX) */
    uint64_t map_start;    /* bytes of it to begin with; 0: map_max. Grows by doubling */
    /* For `verify` beside a running node and for the CLI: no thread, no writes, and one thread that reads. */
    bool read_only;
    /* LATTICE_ADMIN_KEYS: only they set a horizon. Borrowed for the life of the store. */
    const uint8_t (*admins)[32];
    size_t admin_count;
    uint64_t (*wall_ms)(void); /* Unix time; NULL: that of the system */
    /* Called on the store thread after each commit that changed the root, and when the head's condition
     * changed. Must not block. */
    void (*on_change)(void *arg);
    void *arg;
};

/*
 * Open, fold the tree, compare it with the stored root (a difference sets head.damaged: nothing is served
 * until repaired), start the thread. The caller holds the lock of the state directory, unless read_only; one
 * process opens a folder once. LAT_NOTFOUND (read_only and there is none), LAT_CONFLICT (network name,
 * format), LAT_LIMIT (name), LAT_DAMAGED (cannot be read at all), LAT_FULL, LAT_SYS, LAT_NOMEM, each with
 * *why for the operator.
 */
LAT_MUST_CHECK enum lat_err store_open(const struct store_options *options, struct store **out,
                                       struct lat_msg *why);

/* Commit what is queued, answer it, stop the thread, wait for readers, close. NULL is fine. */
void store_close(struct store *store);

const struct network *store_network(const struct store *store);

/* What stands, as of the last commit; of a read-only store: as of store_open. */
struct store_head {
    uint8_t root[32];
    uint64_t count;            /* records, tombstones and reserved keys included */
    uint64_t keys;             /* entries that a reader sees */
    uint64_t hlc;              /* greatest HLC held ("last") */
    uint64_t applied;          /* records applied since the start */
    uint64_t commit_mono_ms;   /* of the last commit; 0: none since the start */
    uint64_t verified_mono_ms; /* when the tree was last compared with the stored root */
    uint64_t file_bytes;
    uint64_t held;
    uint64_t own_ahead_mono_ms; /* when somebody last showed a record of our key newer than all of ours; 0: never */
    uint64_t lost; /* records that were damaged and set aside, which a peer can bring back */
    bool incomplete; /* an empty node that is being filled: attests and announces nothing */
    bool damaged;
    bool read_only;
    char error[160]; /* why damaged or read-only; "": fine */
};
void store_head(struct store *store, struct store_head *out);

/* An empty node begins to be filled from a peer, or has been filled. */
void store_set_incomplete(struct store *store, bool incomplete);

/* --- the sketch, for recon (state/sketch.h, WIRE section 7) ---------------------------------------- */

/*
 * The first `count` (at most SKETCH_CELLS) cells of the sketch of that root, if it stands or is one of the last four
 * that were announced; else of what stands. of, records: which it is. LAT_BUSY: not made yet since the start.
 */
LAT_MUST_CHECK enum lat_err store_cells(struct store *store, const uint8_t root[32], size_t count,
                                        struct sketch_cell *out, uint8_t of[32], uint64_t *records);

/* This root is being told to peers: if it still stands its sketch is kept for a while. */
void store_announced(struct store *store, const uint8_t root[32]);

/* --- writing ---------------------------------------------------------------------------------- */

enum store_match { STORE_MATCH_ANY, STORE_MATCH_ABSENT, STORE_MATCH_DIGEST };

/* Answer to a local write: after it is durable. */
struct store_written {
    /* OK; NOTFOUND (delete of an absent key); CONFLICT (precondition); READONLY, FULL, DAMAGED, MALFORMED,
     * LIMIT */
    enum lat_err err;
    char text[160]; /* for people where err is set */
    uint8_t root[32];
    uint8_t digest[32];
    uint64_t hlc;
};
typedef void (*store_written_fn)(void *arg, const struct store_written *written);

/*
 * Queue a local write of key := value (stored form; NULL: delete), signed by the store's key with HLC
 * max(last + 1, now). Copies key and value. fn is called once, on the store thread, and must not block.
 * LAT_MALFORMED (empty key, first byte 0, no UTF-8), LAT_LIMIT (WIRE section 2), LAT_BUSY (queue full),
 * LAT_CLOSED (closing, read-only store), LAT_NOMEM: not queued, fn is not called. Refused later, in the
 * answer: LAT_MALFORMED (value not in stored form); LAT_READONLY while the newest record held is more than 60
 * s ahead of our clock (text "clock: ...") or without a key. A tombstone counts as absent.
 */
LAT_MUST_CHECK enum lat_err store_write(struct store *store, const uint8_t *key, size_t key_len,
                                        const uint8_t *value, size_t value_len, enum store_match match,
                                        const uint8_t digest[32], store_written_fn fn, void *arg);

/* Verdict for a foreign record: WIRE section 6. */
enum store_verdict {
    VERDICT_APPLIED,
    VERDICT_HAD_IT,
    VERDICT_OURS_WINS,
    VERDICT_HELD,
    VERDICT_NOT_TRUSTED,
    VERDICT_BAD_SIGNATURE,
    VERDICT_MALFORMED,
    VERDICT_BELOW_HORIZON,
    VERDICT_CANNOT_STORE,
    VERDICT_VERSION
};

/* Records that have passed parsing, trust and signature (node/apply); verdicts[i] belongs to the i-th record.
 */
typedef void (*store_merged_fn)(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err);

/*
 * Queue verified records: `records` holds count times (u32 little-endian length, record); copied. fn as
 * above; with err set every verdict is VERDICT_CANNOT_STORE. A record whose HLC is more than 60 s ahead of
 * our clock is VERDICT_HELD: kept in memory (10,000, 32 MiB, the earliest) and merged when its time has come.
 * A horizon of who is no admin is VERDICT_NOT_TRUSTED. LAT_MALFORMED (lengths), LAT_LIMIT (64 MiB), LAT_BUSY,
 * LAT_CLOSED, LAT_NOMEM: not queued.
 */
LAT_MUST_CHECK enum lat_err store_merge(struct store *store, const uint8_t *records, size_t len, size_t count,
                                        store_merged_fn fn, void *arg);

/* One entry of a v3.0.3 node's state, value in stored form. */
struct store_foreign {
    const uint8_t *key;
    size_t key_len;
    const char *value;
    size_t value_len;
};
typedef void (*store_imported_fn)(void *arg, enum lat_err err, uint64_t made, uint64_t same,
                                  uint64_t differing);

/*
 * Queue a whole attested v3.0.3 state (STATE section 1 "Legacy peer"): what is new or changed against what
 * this source last showed (table `leg`) becomes imported records of our key with HLC = attested_ms; a value
 * equal to ours makes none; an imported record never beats a native one. Copies. made: records written; same:
 * our value is equal; differing: a native record, or an imported one not older, stands against it, the source
 * only repeats what lost before, or it can be no record. The answer's err: those of a write; LAT_LIMIT:
 * attested more than 60 s in the future, try again later. All or nothing. LAT_BUSY, LAT_CLOSED, LAT_NOMEM:
 * not queued.
 */
LAT_MUST_CHECK enum lat_err store_import(struct store *store, const uint8_t source_id[32],
                                         const struct store_foreign *entries, size_t count,
                                         uint64_t attested_ms, store_imported_fn fn, void *arg);

/* --- repair ----------------------------------------------------------------------------------------- */

struct store_repaired {
    uint64_t records;      /* looked at */
    uint64_t set_aside;    /* damaged: their keys answer LAT_DAMAGED until a peer heals them */
    uint64_t rows_made;    /* leaves made anew from records whose signature holds */
    uint64_t rows_dropped; /* leaves that nothing stands for */
    bool new_root;
    uint8_t root[32];
};
typedef void (*store_repair_fn)(void *arg, uint64_t done, uint64_t total);

/*
 * Make the tables of a closed store fit each other again, all in one commit. The caller holds the lock of the
 * state directory; options as for store_open, not read_only. fn (may be NULL) tells progress. Errors of
 * store_open; LAT_DAMAGED: beyond repair.
 */
LAT_MUST_CHECK enum lat_err store_repair(const struct store_options *options, store_repair_fn fn, void *arg,
                                         struct store_repaired *out, struct lat_msg *why);

/* --- reading: state/reader.h ------------------------------------------------------------------- */

#endif
