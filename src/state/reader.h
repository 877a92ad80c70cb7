/*
 * reader.h - consistent reads of the store from any thread: one LMDB read transaction (MDB_NOTLS) and the
 * tree that belongs to it.
 *
 * A reader lives at most READER_MS_MAX, so that pages are not pinned; a longer job closes it and goes on from
 * its key with a new one. Between reader_begin and reader_end no other reader may be begun by the same
 * thread. A reader may move between threads, used by one at a time; it ends before store_close.
 */
#ifndef LAT_STATE_READER_H
#define LAT_STATE_READER_H

#include "state/store.h"

#define READER_MS_MAX 2000

struct reader;

/* LAT_DAMAGED while the store is; LAT_BUSY, LAT_NOMEM, LAT_SYS. */
LAT_MUST_CHECK enum lat_err reader_begin(struct store *store, struct reader **out);
void reader_end(struct reader *reader); /* NULL is fine */

const struct network *reader_network(const struct reader *reader);

/* Root, record count and greatest HLC of this transaction. */
void reader_root(const struct reader *reader, uint8_t root[32], uint64_t *count, uint64_t *hlc);

/*
 * The record of a key; borrows from the map until reader_end. Re-hashed on each read: LAT_DAMAGED when the
 * bytes do not fit their leaf. LAT_NOTFOUND also for a tombstone unless tombstones is true.
 */
LAT_MUST_CHECK enum lat_err reader_get(struct reader *reader, const uint8_t *key, size_t key_len,
                                       bool tombstones, struct record *out);
LAT_MUST_CHECK enum lat_err reader_get_hash(struct reader *reader, const uint8_t keyhash[32],
                                            struct record *out);

/* Records from keyhash `from` on (included), ascending, tombstones and reserved keys included; fn returns
 * LAT_OK to go on. Damaged records are skipped and counted (damaged may be NULL). */
typedef enum lat_err (*reader_fn)(void *arg, const struct record *record);
LAT_MUST_CHECK enum lat_err reader_each(struct reader *reader, const uint8_t from[32], reader_fn fn,
                                        void *arg, uint64_t *damaged);

/* Leaves (keyhash, leaf) without touching the records, ascending from `from`. */
typedef enum lat_err (*reader_leaf_fn)(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32],
                                       uint64_t hlc);
LAT_MUST_CHECK enum lat_err reader_each_leaf(struct reader *reader, const uint8_t from[32], reader_leaf_fn fn,
                                             void *arg);

/* Keyhashes of records that were damaged and set aside: what a peer can bring back. Ascending; fn as above. */
typedef enum lat_err (*reader_lost_fn)(void *arg, const uint8_t keyhash[32]);
LAT_MUST_CHECK enum lat_err reader_each_lost(struct reader *reader, reader_lost_fn fn, void *arg);

/*
 * Re-hash up to `most` records from keyhash `from` on; damaged ones are set aside. *done: how many there were; next: where to go on, zeros
 * at the end of the state. For a worker that looks at everything by and by.
 */
LAT_MUST_CHECK enum lat_err reader_scrub(struct reader *reader, const uint8_t from[32], size_t most, uint8_t next[32],
                                         size_t *done);

/* Number of records under the first `bits` bits of prefix, and the hash of that subtree (WIRE section 1).
 * bits 0 .. 255. */
LAT_MUST_CHECK enum lat_err reader_subtree(struct reader *reader, const uint8_t prefix[32], unsigned bits,
                                           uint64_t *count, uint8_t hash[32]);

/*
 * A write that was acknowledged and stands nowhere any more, since its author and the winner's did not know of each
 * other; or two records of one author with one clock. The last STORE_CONFLICTS_MAX are kept,
 * of the second kind at most STORE_EVIDENCE_MAX an author, so that no author can push out what speaks against another one.
 */
#define STORE_CONFLICTS_MAX 1000
#define STORE_EVIDENCE_MAX 100
struct store_conflict {
    bool equivocation; /* one author, one clock, two contents */
    uint64_t seen_ms;  /* Unix, here */
    uint8_t winner_author[32], loser_author[32], winner_digest[32], loser_digest[32];
    uint64_t winner_hlc, loser_hlc;
    const uint8_t *key;
    size_t key_len;
    const uint8_t *value; /* the loser's, in stored form; NULL: a deletion, or over 64 KiB */
    size_t value_len;
};

/* The conflicts, newest first; total: how many there ever were. What is shown borrows until fn returns. */
typedef enum lat_err (*reader_conflict_fn)(void *arg, const struct store_conflict *conflict);
LAT_MUST_CHECK enum lat_err reader_each_conflict(struct reader *reader, reader_conflict_fn fn, void *arg,
                                                 uint64_t *total);

/* store_cells, store_announced of its store. */
LAT_MUST_CHECK enum lat_err reader_cells(struct reader *reader, const uint8_t root[32], size_t count,
                                         struct sketch_cell *out, uint8_t of[32], uint64_t *records);
void reader_announced(struct reader *reader, const uint8_t root[32]);

/* Flat v3.0.3 root over all entries, sorted by key bytes (STATE section 7): O(n); for a worker. */
LAT_MUST_CHECK enum lat_err reader_flat_root(struct reader *reader, uint8_t out[32], uint64_t *entries);

/*
 * Re-hash every record against its leaf and the leaves against the root. Takes new transactions on the way,
 * so the reader then stands at a later state, and nothing borrowed from it is valid.
 *
 *   damaged  out  records that do not fit their leaf
 *
 * LAT_DAMAGED: the leaves do not give the root.
 */
typedef void (*reader_progress_fn)(void *arg, uint64_t done, uint64_t total);
LAT_MUST_CHECK enum lat_err reader_verify(struct reader *reader, reader_progress_fn fn, void *arg,
                                          uint64_t *damaged);

#endif
