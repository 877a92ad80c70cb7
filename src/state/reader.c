/*
 * A reader is a read transaction and the tree that belongs to it. Between a commit and the moment when its
 * tree becomes current a new transaction already shows the new tables, so the two are paired by the number of
 * the transaction, under the lock of the tree: if they differ the reader drops its transaction and waits for
 * the tree, which is about to come. The writer takes that lock only after its sync, so a slow disk delays no
 * reader. From then on the version of the tree is pinned: later commits keep for it what they overwrite.
 *
 * A read-only store has no tree that follows the writing process; its readers fold subtrees from the leaves.
 */
#include "config.h"

#include "state/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "state/store_parts.h"

#define GATE_WAIT_MS 3000 /* a growing map waits for readers of 2 s */
#define VERIFY_LOOK 256   /* records between two looks at the clock */

struct reader {
    struct store *store;
    MDB_txn *txn;
    bool pinned;
    uint64_t version;
    struct db_head head;
};

/* A transaction whose tree is the current one, pinned. The lock is held. */
static enum lat_err
pair_with_tree(struct reader *reader)
{
    struct store *store = reader->store;
    struct timespec until = lat_deadline(GATE_WAIT_MS);
    int rc;

    while ((rc = db_begin_read(&store->db, &reader->txn)) == 0 && store->tree != NULL &&
           mdb_txn_id(reader->txn) != store->tree_txn) {
        mdb_txn_abort(reader->txn);
        reader->txn = NULL;
        if (pthread_cond_timedwait(&store->view_moved, &store->view_lock, &until) != 0)
            return LAT_BUSY;
    }
    if (rc != 0) {
        reader->txn = NULL;
        return db_err(rc);
    }
    if (store->tree != NULL) {
        reader->version = tree_pin(store->tree);
        reader->pinned = true;
    }
    return LAT_OK;
}

/* Inside the gate already. */
static enum lat_err
start(struct reader *reader)
{
    struct store *store = reader->store;
    enum lat_err err;

    pthread_mutex_lock(&store->view_lock);
    err = store->head.damaged ? LAT_DAMAGED : pair_with_tree(reader);
    pthread_mutex_unlock(&store->view_lock);
    if (!err)
        err = db_err(db_get_head(&store->db, reader->txn, &reader->head));
    return err;
}

static void
stop(struct reader *reader)
{
    struct store *store = reader->store;

    if (reader->txn != NULL)
        mdb_txn_abort(reader->txn);
    reader->txn = NULL;
    if (reader->pinned) {
        pthread_mutex_lock(&store->view_lock);
        tree_unpin(store->tree, reader->version);
        pthread_mutex_unlock(&store->view_lock);
    }
    reader->pinned = false;
}

enum lat_err
reader_begin(struct store *store, struct reader **out)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    enum lat_err err;

    if (reader == NULL)
        return LAT_NOMEM;
    reader->store = store;
    if (!db_gate_enter(&store->db.gate, GATE_WAIT_MS)) {
        free(reader);
        return LAT_BUSY;
    }
    err = start(reader);
    if (err) {
        reader_end(reader);
        return err;
    }
    *out = reader;
    return LAT_OK;
}

void
reader_end(struct reader *reader)
{
    if (reader == NULL)
        return;
    stop(reader);
    db_gate_leave(&reader->store->db.gate);
    free(reader);
}

const struct network *
reader_network(const struct reader *reader)
{
    return &reader->store->network;
}

void
reader_root(const struct reader *reader, uint8_t root[32], uint64_t *count, uint64_t *hlc)
{
    memcpy(root, reader->head.root, 32);
    *count = reader->head.count;
    *hlc = reader->head.last;
}

/* --- records --------------------------------------------------------------------------------------- */

/*
 * The record that belongs to a row of `dig`, from bytes that were looked up with rc. Damaged ones are left to
 * the thread, which may write.
 */
static enum lat_err
check_record(struct reader *reader, const uint8_t keyhash[32], const struct db_dig *dig, int rc,
             const MDB_val *bytes, struct record *out)
{
    struct store *store = reader->store;

    if (rc == 0 && db_record_fits(&store->network, keyhash, dig, bytes, out))
        return LAT_OK;
    if (rc != 0 && rc != MDB_NOTFOUND)
        return db_err(rc);
    if (rc == 0)
        store_report_damage(store, keyhash);
    return LAT_DAMAGED;
}

static enum lat_err
read_record(struct reader *reader, const uint8_t keyhash[32], const struct db_dig *dig, struct record *out)
{
    MDB_val bytes;
    int rc = db_get(reader->txn, reader->store->db.rec, keyhash, 32, &bytes);

    return check_record(reader, keyhash, dig, rc, &bytes, out);
}

enum lat_err
reader_get_hash(struct reader *reader, const uint8_t keyhash[32], struct record *out)
{
    struct db_dig dig;
    int rc = db_get_dig(&reader->store->db, reader->txn, keyhash, &dig);

    return rc != 0 ? db_err(rc) : read_record(reader, keyhash, &dig, out);
}

enum lat_err
reader_get(struct reader *reader, const uint8_t *key, size_t key_len, bool tombstones, struct record *out)
{
    struct record record = { 0 };
    uint8_t keyhash[32];
    enum lat_err err;

    keyhash_of(&reader->store->network, key, key_len, keyhash);
    err = reader_get_hash(reader, keyhash, &record);
    if (!err && (record.flags & RECORD_TOMBSTONE) && !tombstones)
        err = LAT_NOTFOUND;
    if (!err)
        *out = record;
    return err;
}

/* The rows of `dig` from a keyhash on, ascending. */
typedef enum lat_err (*row_fn)(void *arg, const uint8_t keyhash[32], const struct db_dig *dig);

static enum lat_err
each_row(struct reader *reader, const uint8_t from[32], row_fn fn, void *arg)
{
    MDB_val key = { .mv_size = 32, .mv_data = (void *)(uintptr_t)from }, value;
    MDB_cursor *cursor;
    struct db_dig dig;
    enum lat_err err = LAT_OK;
    int rc = mdb_cursor_open(reader->txn, reader->store->db.dig, &cursor);

    if (rc != 0)
        return db_err(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && !err) {
        err = key.mv_size == 32 && db_read_dig(&value, &dig) ? fn(arg, key.mv_data, &dig) : LAT_DAMAGED;
        if (!err)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return err || rc == MDB_NOTFOUND ? err : db_err(rc);
}

struct each_record {
    struct reader *reader;
    MDB_cursor *records;
    reader_fn fn;
    void *arg;
    uint64_t damaged;
};

/* Both tables ascend alike, so the next record nearly always is the one, and need not be looked up. */
static int
next_record(MDB_cursor *records, const uint8_t keyhash[32], MDB_val *bytes)
{
    MDB_val key;
    int rc = mdb_cursor_get(records, &key, bytes, MDB_NEXT);

    if (rc == 0 && key.mv_size == 32 && memcmp(key.mv_data, keyhash, 32) == 0)
        return 0;
    key = (MDB_val){ .mv_size = 32, .mv_data = (void *)(uintptr_t)keyhash };
    return mdb_cursor_get(records, &key, bytes, MDB_SET_KEY);
}

static enum lat_err
give_record(void *arg, const uint8_t keyhash[32], const struct db_dig *dig)
{
    struct each_record *each = arg;
    struct record record;
    MDB_val bytes;
    int rc = next_record(each->records, keyhash, &bytes);
    enum lat_err err = check_record(each->reader, keyhash, dig, rc, &bytes, &record);

    if (err == LAT_DAMAGED) {
        each->damaged++;
        return LAT_OK;
    }
    return err ? err : each->fn(each->arg, &record);
}

enum lat_err
reader_each(struct reader *reader, const uint8_t from[32], reader_fn fn, void *arg, uint64_t *damaged)
{
    struct each_record each = { .reader = reader, .fn = fn, .arg = arg };
    enum lat_err err = db_err(mdb_cursor_open(reader->txn, reader->store->db.rec, &each.records));

    if (err)
        return err;
    err = each_row(reader, from, give_record, &each);
    mdb_cursor_close(each.records);
    if (damaged != NULL)
        *damaged = each.damaged;
    return err;
}

enum lat_err
reader_each_lost(struct reader *reader, reader_lost_fn fn, void *arg)
{
    MDB_val key, value;
    MDB_cursor *cursor;
    enum lat_err err = LAT_OK;
    int rc = mdb_cursor_open(reader->txn, reader->store->db.bad, &cursor);

    if (rc != 0)
        return db_err(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (rc == 0 && !err) {
        if (key.mv_size == 32)
            err = fn(arg, key.mv_data);
        if (!err)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return err || rc == MDB_NOTFOUND ? err : db_err(rc);
}

struct scrub {
    struct reader *reader;
    MDB_cursor *records;
    size_t most, done;
    uint8_t *next;
};

static enum lat_err
scrub_row(void *arg, const uint8_t keyhash[32], const struct db_dig *dig)
{
    struct scrub *scrub = arg;
    struct record record;
    MDB_val bytes;
    enum lat_err err;

    if (scrub->done == scrub->most) {
        memcpy(scrub->next, keyhash, 32);
        return LAT_LIMIT;
    }
    scrub->done++;
    err = check_record(scrub->reader, keyhash, dig, next_record(scrub->records, keyhash, &bytes), &bytes, &record);
    return err == LAT_DAMAGED ? LAT_OK : err;
}

enum lat_err
reader_scrub(struct reader *reader, const uint8_t from[32], size_t most, uint8_t next[32], size_t *done)
{
    struct scrub scrub = { .reader = reader, .most = most, .next = next };
    enum lat_err err = db_err(mdb_cursor_open(reader->txn, reader->store->db.rec, &scrub.records));

    if (err)
        return err;
    err = each_row(reader, from, scrub_row, &scrub);
    mdb_cursor_close(scrub.records);
    *done = scrub.done;
    if (!err)
        memset(next, 0, 32);
    return err == LAT_LIMIT ? LAT_OK : err;
}

struct each_leaf {
    reader_leaf_fn fn;
    void *arg;
};

static enum lat_err
give_leaf(void *arg, const uint8_t keyhash[32], const struct db_dig *dig)
{
    const struct each_leaf *each = arg;

    return each->fn(each->arg, keyhash, dig->leaf, dig->hlc);
}

enum lat_err
reader_each_leaf(struct reader *reader, const uint8_t from[32], reader_leaf_fn fn, void *arg)
{
    struct each_leaf each = { .fn = fn, .arg = arg };

    return each_row(reader, from, give_leaf, &each);
}

enum lat_err
reader_subtree(struct reader *reader, const uint8_t prefix[32], unsigned bits, uint64_t *count,
               uint8_t hash[32])
{
    struct store *store = reader->store;
    struct db_leaves leaves;
    struct tree_source source = db_leaves_source(&leaves);
    bool known = false;
    enum lat_err err;

    assert(bits < 256);
    if (reader->pinned) {
        pthread_mutex_lock(&store->view_lock);
        known = tree_look(store->tree, reader->version, prefix, bits, count, hash);
        pthread_mutex_unlock(&store->view_lock);
    }
    if (known)
        return LAT_OK;
    err = db_err(db_leaves_begin(&store->db, reader->txn, &leaves));
    if (!err)
        err = tree_fold(&source, prefix, bits, count, hash);
    db_leaves_end(&leaves);
    return err;
}

enum lat_err
reader_each_conflict(struct reader *reader, reader_conflict_fn fn, void *arg, uint64_t *total)
{
    return store_conflicts_read(&reader->store->db, reader->txn, fn, arg, total);
}

enum lat_err
reader_cells(struct reader *reader, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32],
             uint64_t *records)
{
    return store_cells(reader->store, root, count, out, of, records);
}

void
reader_announced(struct reader *reader, const uint8_t root[32])
{
    store_announced(reader->store, root);
}

/* --- verification ---------------------------------------------------------------------------------- */

struct verify {
    struct reader *reader;
    reader_progress_fn fn;
    void *arg;
    uint64_t done, damaged, started_ms;
    uint8_t next[32];
    bool pause; /* the transaction has grown old */
};

static enum lat_err
verify_one(void *arg, const uint8_t keyhash[32], const struct db_dig *dig)
{
    struct verify *verify = arg;
    struct record record;
    enum lat_err err;

    if (verify->done % VERIFY_LOOK == 0 && lat_mono_ms() - verify->started_ms >= READER_MS_MAX / 2 &&
        memcmp(keyhash, verify->next, 32) != 0) {
        memcpy(verify->next, keyhash, 32);
        verify->pause = true;
        return LAT_CLOSED;
    }
    err = read_record(verify->reader, keyhash, dig, &record);
    verify->damaged += err == LAT_DAMAGED;
    verify->done++;
    if (verify->fn != NULL && verify->done % VERIFY_LOOK == 0)
        verify->fn(verify->arg, verify->done, verify->reader->head.count);
    return err == LAT_DAMAGED ? LAT_OK : err;
}

/* Let go of the old transaction, which pins pages and holds up a growing map, and take a new one. */
static enum lat_err
renew(struct reader *reader)
{
    stop(reader);
    db_gate_leave(&reader->store->db.gate);
    while (!db_gate_enter(&reader->store->db.gate, GATE_WAIT_MS))
        ;
    return start(reader);
}

static enum lat_err
verify_root(struct reader *reader)
{
    struct store *store = reader->store;
    struct tree *tree = NULL;
    uint8_t root[32];
    enum lat_err err = db_fold(&store->db, reader->txn, &store->network, &tree, root);

    if (!err && (memcmp(root, reader->head.root, 32) != 0 || tree_count(tree) != reader->head.count))
        err = LAT_DAMAGED;
    tree_free(tree);
    return err;
}

enum lat_err
reader_verify(struct reader *reader, reader_progress_fn fn, void *arg, uint64_t *damaged)
{
    struct verify verify = { .reader = reader, .fn = fn, .arg = arg };
    enum lat_err err = verify_root(reader);

    while (!err) {
        verify.pause = false;
        verify.started_ms = lat_mono_ms();
        err = each_row(reader, verify.next, verify_one, &verify);
        if (!verify.pause)
            break;
        err = renew(reader);
    }
    if (err)
        return err;
    if (fn != NULL)
        fn(arg, verify.done, verify.done);
    store_note_verified(reader->store);
    *damaged = verify.damaged;
    return LAT_OK;
}
