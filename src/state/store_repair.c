/*
 * Repair, with the node stopped: one transaction that makes the tables fit each other again, so that the
 * store opens and serves; what is missing then is healed from peers.
 *
 * Which table is to be believed? If the leaves give the stored root, they are right, and a record that does
 * not fit its leaf is damaged. If not, some rows of `dig` are wrong, and a record whose own signature holds
 * proves itself: its row is made anew, as it is where there is none, and it moves to where its key belongs.
 * (The root does not notice a bit of a keyhash that changes no path.) Records that prove nothing go to `bad`;
 * their leaf stays, so that only they or newer ones heal the key. A row that neither a record nor bytes in
 * `bad` stand for could never be healed: it is dropped.
 */
#include "config.h"

#include "state/store_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct repair {
    struct store *store;
    MDB_txn *txn;
    store_repair_fn fn;
    void *arg;
    bool leaves_are_right;
    uint64_t total;
    struct db_head head;
    struct store_repaired done;
};

/* --- pass 1: the records ------------------------------------------------------------------------------ */

static bool
proves_itself(const struct repair *repair, const MDB_val *bytes, struct record *record)
{
    const struct network *network = &repair->store->network;

    return record_parse(network, bytes->mv_data, bytes->mv_size, record, NULL) == LAT_OK &&
           record_verify(network, record) == LAT_OK;
}

/* Take the row out at the cursor and put its bytes under a keyhash of a table. What the map shows does not
 * outlive a put. */
static int
move_row(struct repair *repair, MDB_cursor *cursor, MDB_dbi to, const uint8_t keyhash[32])
{
    MDB_val key, bytes;
    uint8_t *copy;
    size_t len;
    int rc = mdb_cursor_get(cursor, &key, &bytes, MDB_GET_CURRENT);

    if (rc != 0)
        return rc;
    len = bytes.mv_size < RECORD_LEN_MAX ? bytes.mv_size : RECORD_LEN_MAX;
    copy = malloc(len + 1);
    if (copy == NULL)
        return ENOMEM;
    memcpy(copy, bytes.mv_data, len);
    rc = mdb_cursor_del(cursor, 0);
    if (rc == 0)
        rc = db_put(repair->txn, to, keyhash, 32, copy, len);
    free(copy);
    return rc;
}

/* A sound record in a row of another key: where it belongs, unless there is one. */
static int
move_home(struct repair *repair, MDB_cursor *cursor, const struct record *record)
{
    MDB_dbi rec = repair->store->db.rec;
    MDB_val there;
    int rc = db_get(repair->txn, rec, record->keyhash, 32, &there);

    if (rc == 0)
        return mdb_cursor_del(cursor, 0);
    return rc == MDB_NOTFOUND ? move_row(repair, cursor, rec, record->keyhash) : rc;
}

/* Does the leaf of a place stand for this record? Leaves that are right overrule it where there is one. */
static int
believe(struct repair *repair, const struct record *record, bool *believed)
{
    const struct store_db *db = &repair->store->db;
    struct db_dig dig, own;
    int rc = db_get_dig(db, repair->txn, record->keyhash, &dig);

    if (rc != 0 && rc != MDB_NOTFOUND && rc != MDB_CORRUPTED)
        return rc;
    db_dig_of(record, &own);
    *believed = true;
    if (rc == 0 && memcmp(&dig.leaf, &own.leaf, 32) != 0 && repair->leaves_are_right) {
        *believed = false;
        return 0;
    }
    if (rc == 0 && memcmp(dig.leaf, own.leaf, 32) == 0 &&
        memcmp(dig.check, own.check, sizeof(own.check)) == 0)
        return 0;
    repair->done.rows_made++;
    return db_put_dig(db, repair->txn, record->keyhash, &own);
}

static int
check_record(struct repair *repair, MDB_cursor *cursor, const MDB_val *key, const MDB_val *bytes)
{
    struct store_db *db = &repair->store->db;
    uint8_t keyhash[32];
    bool believed = false;
    struct record record;
    struct db_dig dig;
    int rc;

    if (key->mv_size != 32)
        return mdb_cursor_del(cursor, 0);
    memcpy(keyhash, key->mv_data, 32);
    if (db_get_dig(db, repair->txn, keyhash, &dig) == 0 &&
        db_record_fits(&repair->store->network, keyhash, &dig, bytes, &record))
        return 0;
    rc = proves_itself(repair, bytes, &record) ? believe(repair, &record, &believed) : 0;
    if (rc != 0)
        return rc;
    if (!believed) {
        repair->done.set_aside++;
        return move_row(repair, cursor, db->bad, keyhash);
    }
    return memcmp(record.keyhash, keyhash, 32) != 0 ? move_home(repair, cursor, &record) : 0;
}

static enum lat_err
check_records(struct repair *repair)
{
    MDB_cursor *cursor;
    MDB_val key, bytes;
    int rc = mdb_cursor_open(repair->txn, repair->store->db.rec, &cursor);

    if (rc != 0)
        return db_err(rc);
    while ((rc = mdb_cursor_get(cursor, &key, &bytes, MDB_NEXT)) == 0) {
        rc = check_record(repair, cursor, &key, &bytes);
        if (rc != 0)
            break;
        repair->done.records++;
        if (repair->fn != NULL && repair->done.records % 256 == 0)
            repair->fn(repair->arg, repair->done.records, repair->total);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? LAT_OK : db_err(rc);
}

/* --- pass 2: the leaves ------------------------------------------------------------------------------- */

/* Does anything stand for this row? */
static int
has_bytes(struct repair *repair, const MDB_val *key, bool *has)
{
    const struct store_db *db = &repair->store->db;
    MDB_val bytes;
    int rc = db_get(repair->txn, db->rec, key->mv_data, key->mv_size, &bytes);

    if (rc == MDB_NOTFOUND)
        rc = db_get(repair->txn, db->bad, key->mv_data, key->mv_size, &bytes);
    *has = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
check_row(struct repair *repair, MDB_cursor *cursor, const MDB_val *key, const MDB_val *value)
{
    struct db_dig dig;
    bool has = false;
    int rc = 0;

    if (key->mv_size == 32 && db_read_dig(value, &dig))
        rc = has_bytes(repair, key, &has);
    if (rc != 0)
        return rc;
    if (!has) {
        repair->done.rows_dropped++;
        return mdb_cursor_del(cursor, 0);
    }
    repair->head.keys += !(dig.flags & DIG_HIDDEN);
    repair->head.last = dig.hlc > repair->head.last ? dig.hlc : repair->head.last;
    return 0;
}

static enum lat_err
check_rows(struct repair *repair)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = mdb_cursor_open(repair->txn, repair->store->db.dig, &cursor);

    if (rc != 0)
        return db_err(rc);
    repair->head.keys = 0;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        if ((rc = check_row(repair, cursor, &key, &value)) != 0)
            break;
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? LAT_OK : db_err(rc);
}

/* --- both --------------------------------------------------------------------------------------------- */

/* The root that the leaves give, and whether it is the stored one. */
static enum lat_err
fold(struct repair *repair, uint8_t root[32], uint64_t *count)
{
    struct tree *tree = NULL;
    enum lat_err err = db_fold(&repair->store->db, repair->txn, &repair->store->network, &tree, root);

    if (!err)
        *count = tree_count(tree);
    tree_free(tree);
    return err;
}

static enum lat_err
repair_tables(struct repair *repair)
{
    struct store_db *db = &repair->store->db;
    struct db_head before = { 0 };
    uint8_t root[32];
    uint64_t count = 0;
    MDB_stat stat;
    int rc = db_get_head(db, repair->txn, &before);
    enum lat_err err;

    repair->head = before;
    if (rc == 0 || rc == MDB_CORRUPTED) /* a head that cannot be read is made anew like the rest */
        rc = mdb_stat(repair->txn, db->rec, &stat);
    if (rc != 0)
        return db_err(rc);
    repair->total = stat.ms_entries;
    err = fold(repair, root, &count);
    if (err && err != LAT_DAMAGED)
        return err;
    repair->leaves_are_right = !err && memcmp(root, before.root, 32) == 0 && count == before.count;
    err = check_records(repair);
    if (!err)
        err = check_rows(repair);
    if (!err)
        err = fold(repair, repair->head.root, &repair->head.count);
    if (!err)
        err = db_err(db_put_head(db, repair->txn, &repair->head));
    repair->done.new_root = memcmp(repair->head.root, before.root, 32) != 0;
    memcpy(repair->done.root, repair->head.root, 32);
    return err;
}

enum lat_err
store_repair(const struct store_options *options, store_repair_fn fn, void *arg, struct store_repaired *out,
             struct lat_msg *why)
{
    struct repair repair = { .fn = fn, .arg = arg };
    enum lat_err err = store_open_tables(options, &repair.store, why);

    if (err)
        return err;
    err = db_err(mdb_txn_begin(repair.store->db.env, NULL, 0, &repair.txn));
    if (!err) {
        err = repair_tables(&repair);
        if (err)
            mdb_txn_abort(repair.txn);
        else
            err = db_err(mdb_txn_commit(repair.txn));
    }
    if (err)
        lat_msg_set(
            why,
            "store: cannot be repaired: %s; restore a backup, or set the folder aside and let the node "
            "fill a new one from its peers",
            lat_err_text(err));
    else
        *out = repair.done;
    store_close(repair.store);
    return err;
}
