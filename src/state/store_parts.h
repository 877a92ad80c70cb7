/*
 * store_parts.h - what the files of the store share: the store itself, jobs of its queue, the batch that is
 * being filled.
 *
 * store.c        open, close, head, versions for readers
 * store_writer.c the queue, the thread, group commit, what happens when a commit fails
 * store_batch.c  what stands at a key, putting a record, the commit itself
 * store_local.c  writes of this node
 * store_merge.c  records of others, those held for their time
 * store_import.c states of v3.0.3 nodes
 * store_conflicts.c lost writes, and authors that contradict themselves
 * store_sketch.c the universal sketch, current with each commit
 * store_repair.c rebuilding from the records, with the node stopped
 */
#ifndef LAT_STATE_STORE_PARTS_H
#define LAT_STATE_STORE_PARTS_H

#include "state/reader.h"
#include "state/sketch.h"
#include "state/store.h"
#include "state/store_db.h"

#define STORE_BATCH_RECORDS 1024
#define STORE_BATCH_WAIT_MS 2
#define STORE_QUEUE_JOBS 4096
#define STORE_QUEUE_BYTES (64u << 20)
#define STORE_RETRY_MS 5000
#define STORE_HELD_MAX 10000
#define STORE_HELD_BYTES (32u << 20)
#define STORE_TOGGLES_BYTES ((size_t)1 << 30) /* of one batch: ten million leaves */
#define STORE_KEPT_SKETCHES 4 /* of roots that were told to peers */
#define STORE_DAMAGED_MAX                                                                                    \
    64 /* reports of readers that wait for the thread; more come again with the next read */

/* --- the batch ------------------------------------------------------------------------------------- */

struct store_batch {
    struct store *store;
    MDB_txn *txn;
    int rc;              /* LMDB's code behind the last failure */
    bool changed;        /* there is something to commit */
    struct db_head head; /* as it will stand */
    uint64_t now_ms;
    uint64_t horizon; /* 0: none */
    uint64_t applied;
    uint64_t lost; /* rows of `bad`, at the commit */
    uint8_t (*touched)[32];
    size_t touched_count, touched_cap;
    struct tree_change *change;
    struct lat_buf toggles; /* what changes in the sketch */
    struct lat_buf scratch;
};

/* What stands at a key. The record borrows from the map until the next put. */
struct store_place {
    bool exists;
    bool intact; /* the stored bytes fit their leaf; else `dig` is all that is known */
    struct db_dig dig;
    struct record record;
};

/* Functions that return an error of the database here end the whole batch. */
LAT_MUST_CHECK enum lat_err store_batch_begin(struct store_batch *batch, struct store *store);
LAT_MUST_CHECK enum lat_err store_batch_place(struct store_batch *batch, const uint8_t keyhash[32],
                                              struct store_place *place);
/* Put a record in the place it won. */
LAT_MUST_CHECK enum lat_err store_batch_put(struct store_batch *batch, const struct record *record,
                                            const struct store_place *place);
/* The record of a place that is damaged, with the very leaf that is known of it. */
LAT_MUST_CHECK enum lat_err store_batch_heal(struct store_batch *batch, const struct record *record);
/* Take damaged bytes out of `rec`. Intact ones stay. */
LAT_MUST_CHECK enum lat_err store_batch_set_aside(struct store_batch *batch, const uint8_t keyhash[32]);
/* Tree, head, commit. On failure nothing has happened but that the transaction is over. */
LAT_MUST_CHECK enum lat_err store_batch_commit(struct store_batch *batch);
void store_batch_end(struct store_batch *batch);

/* Keep LMDB's code for the writer, and make an error of it. */
enum lat_err store_batch_fail(struct store_batch *batch, int rc);

/* --- jobs ------------------------------------------------------------------------------------------ */

/*
 * A job is the first member of what it does. run may be called again after a batch was undone. answer tells
 * the caller, then frees the job; err is that of the batch, text says why to people.
 */
struct store_job {
    struct store_job *next;
    size_t bytes;
    size_t records;
    bool alone; /* its own batch: it is large, and its failure shall be nobody else's */
    enum lat_err (*run)(struct store_batch *batch, struct store_job *job);
    void (*answer)(struct store *store, struct store_job *job, enum lat_err err, const char *text);
};

/* Takes the job on success only. LAT_BUSY, LAT_CLOSED. */
LAT_MUST_CHECK enum lat_err store_queue(struct store *store, struct store_job *job);

/* --- held records: the thread's own ------------------------------------------------------------------ */

struct store_held_record {
    uint64_t hlc;
    uint32_t len;
    uint8_t digest[32];
    uint8_t bytes[];
};

struct store_held {
    struct store_held_record **records; /* ascending by (hlc, digest) */
    size_t count;
    size_t bytes;
};

/* Keep a record for its time, unless there are earlier ones enough. Out of memory it is dropped: peers have
 * it. */
void store_hold(struct store *store, const struct record *record);
bool store_held_due(const struct store *store, uint64_t now_ms);
/* Merge those that are due; a batch calls it first. */
LAT_MUST_CHECK enum lat_err store_held_run(struct store_batch *batch);
/* Forget those that were due at now_ms: they are committed. */
void store_held_drop(struct store *store, uint64_t now_ms);
void store_held_fini(struct store_held *held);

/* --- conflicts ----------------------------------------------------------------------------------------- */

/* Which row of the table holds what: the thread's own. Read anew when the table is not as it was left (a batch that was undone). */
struct store_conflict_slot {
    uint64_t number;   /* of the conflict, 0, 1, 2 ... */
    uint64_t evidence; /* against the author whose key begins so; 0: a lost write */
};
struct store_conflicts {
    uint64_t total; /* conflicts ever noted, as of `slots` */
    size_t used;    /* rows */
    bool loaded;
    struct store_conflict_slot slots[STORE_CONFLICTS_MAX];
};

/* Two records of a key met: note it if one is a lost write, or their author contradicts himself. */
LAT_MUST_CHECK enum lat_err store_conflict_note(struct store_batch *batch, const struct record *winner,
                                                const struct record *loser);
LAT_MUST_CHECK enum lat_err store_conflicts_read(const struct store_db *db, MDB_txn *txn, reader_conflict_fn fn, void *arg,
                                                 uint64_t *total);

/* --- the sketch: the thread's own to change, under view_lock to read ------------------------------------ */

struct store_kept_sketch {
    struct sketch_cell *cells; /* NULL: none */
    uint8_t root[32];
    uint64_t records;
};

struct store_sketch {
    uint8_t key[SIPHASH_KEY_LEN];
    struct sketch_cell *cells; /* of the leaves before `next`, or, when whole, of what stands; NULL: of a read-only store */
    bool whole;
    bool given_up; /* leaves could not be read; until the store is opened again */
    uint8_t next[32];
    struct store_kept_sketch kept[STORE_KEPT_SKETCHES];
    size_t kept_turn;
};

LAT_MUST_CHECK enum lat_err store_sketch_init(struct store_sketch *sketch, const struct network *network);
void store_sketch_fini(struct store_sketch *sketch);

/* Begin it anew: what stands was read from disk. */
void store_sketch_reset(struct store_sketch *sketch);

/* Is there a part still to be made? Then, one slice of it. */
bool store_sketch_is_due(const struct store *store);
void store_sketch_go_on(struct store *store);

/* Note in the batch what a put changes; follow when it is committed (view_lock is held). */
LAT_MUST_CHECK enum lat_err store_sketch_note(struct lat_buf *toggles, const struct record *record,
                                              const struct store_place *place);
void store_sketch_follow(struct store_sketch *sketch, const struct lat_buf *toggles);

/* --- the store ------------------------------------------------------------------------------------- */

struct store {
    struct store_db db;
    struct network network;
    const struct key *key;
    const uint8_t (*admins)[32];
    size_t admin_count;
    bool read_only;
    uint64_t (*wall_ms)(void);
    void (*on_change)(void *arg);
    void *arg;

    /* The queue, and what readers and the node leave for the thread. */
    pthread_mutex_t queue_lock;
    pthread_cond_t queued;
    struct store_job *first, *last;
    size_t job_count, job_bytes, job_records;
    size_t wake_jobs; /* the thread waits for this many: fewer need not wake it */
    bool closing;
    bool set_incomplete, incomplete; /* wish of the node */
    uint8_t damaged[STORE_DAMAGED_MAX][32];
    size_t damaged_count;

    /* What stands: the tree and the head of one committed transaction. */
    pthread_mutex_t view_lock;
    pthread_cond_t view_moved;
    struct tree *tree; /* NULL: read-only store, readers fold for themselves */
    uint64_t tree_txn; /* the transaction that it is the tree of */
    struct store_head head;
    struct store_sketch sketch;

    /* The thread's own. */
    pthread_t thread;
    bool has_thread;
    struct db_head stands; /* as committed */
    struct store_held held;
    struct store_conflicts conflicts;
    enum lat_err failure;   /* what callers get while nothing can be written */
    uint64_t retry_mono_ms; /* while read-only: when the next commit is tried */
    size_t batch_jobs;      /* of the last batch */
};

/* A store with its tables open, claimed for the network, nothing loaded, no thread: ends with store_close. */
LAT_MUST_CHECK enum lat_err store_open_tables(const struct store_options *options, struct store **out,
                                              struct lat_msg *why);

/* Load the tree and the head from disk; a root that differs makes head.damaged. */
LAT_MUST_CHECK enum lat_err store_load(struct store *store, struct lat_msg *why);

/* The batch is committed: make it what stands; the store takes writes again. Takes batch->change; calls
 * on_change. */
void store_publish(struct store *store, struct store_batch *batch);

/* Show how many records are held. */
void store_note_held(struct store *store);

/*
 * No writes from now on, and why; err is what callers get: LAT_FULL, LAT_READONLY until a commit succeeds,
 * LAT_DAMAGED for good. Calls on_change when that is new.
 */
void store_set_failed(struct store *store, enum lat_err err, const char *text);

/* A reader met damaged bytes: the thread will set them aside. */
void store_report_damage(struct store *store, const uint8_t keyhash[32]);

/* A verification found the root right. */
void store_note_verified(struct store *store);

/* Merge one record inside a batch (store_merge.c). */
LAT_MUST_CHECK enum lat_err store_merge_one(struct store_batch *batch, const uint8_t *bytes, size_t len,
                                            uint8_t *verdict);

LAT_MUST_CHECK enum lat_err store_start_thread(struct store *store);
void store_stop_thread(struct store *store);

#endif
