#include "config.h"

#include "state/store_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define HORIZON_KEY "\0horizon"
#define HORIZON_KEY_LEN 8

enum lat_err
store_batch_fail(struct store_batch *batch, int rc)
{
    batch->rc = rc;
    return db_err(rc);
}

/* The value of a horizon record: a decimal JSON integer. What is none counts as no horizon. */
static uint64_t
horizon_value(const struct record *record)
{
    char digits[24];
    uint64_t value = 0;

    if (record->value == NULL || record->value_len >= sizeof(digits))
        return 0;
    memcpy(digits, record->value, record->value_len);
    digits[record->value_len] = 0;
    return lat_parse_u64(digits, UINT64_MAX, &value) == LAT_OK ? value : 0;
}

static enum lat_err
read_horizon(struct store_batch *batch)
{
    struct store_place place;
    uint8_t keyhash[32];
    enum lat_err err;

    keyhash_of(&batch->store->network, (const uint8_t *)HORIZON_KEY, HORIZON_KEY_LEN, keyhash);
    err = store_batch_place(batch, keyhash, &place);
    if (!err && place.exists && place.intact)
        batch->horizon = horizon_value(&place.record);
    return err;
}

enum lat_err
store_batch_begin(struct store_batch *batch, struct store *store)
{
    int rc;
    enum lat_err err;

    *batch = (struct store_batch){ .store = store, .head = store->stands, .now_ms = store->wall_ms() };
    lat_buf_init(&batch->scratch, RECORD_LEN_MAX);
    lat_buf_init(&batch->toggles, STORE_TOGGLES_BYTES);
    rc = store->db.env == NULL ? MDB_PANIC : mdb_txn_begin(store->db.env, NULL, 0, &batch->txn);
    if (rc != 0) {
        batch->txn = NULL;
        return store_batch_fail(batch, rc);
    }
    err = read_horizon(batch);
    if (err)
        store_batch_end(batch);
    return err;
}

void
store_batch_end(struct store_batch *batch)
{
    if (batch->txn != NULL)
        mdb_txn_abort(batch->txn);
    batch->txn = NULL;
    tree_change_free(batch->change);
    batch->change = NULL;
    free(batch->touched);
    batch->touched = NULL;
    batch->touched_count = batch->touched_cap = 0;
    lat_buf_fini(&batch->toggles);
    lat_buf_fini(&batch->scratch);
}

enum lat_err
store_batch_place(struct store_batch *batch, const uint8_t keyhash[32], struct store_place *place)
{
    struct store *store = batch->store;
    MDB_val bytes;
    int rc;

    *place = (struct store_place){ 0 };
    rc = db_get_dig(&store->db, batch->txn, keyhash, &place->dig);
    if (rc == MDB_NOTFOUND)
        return LAT_OK;
    if (rc != 0)
        return store_batch_fail(batch, rc);
    place->exists = true;
    rc = db_get(batch->txn, store->db.rec, keyhash, 32, &bytes);
    if (rc == 0)
        place->intact = db_record_fits(&store->network, keyhash, &place->dig, &bytes, &place->record);
    return rc == MDB_NOTFOUND ? LAT_OK : store_batch_fail(batch, rc);
}

static enum lat_err
touch(struct store_batch *batch, const uint8_t keyhash[32])
{
    if (batch->touched_count == batch->touched_cap) {
        size_t cap = batch->touched_cap ? batch->touched_cap * 2 : 64;
        void *touched = reallocarray(batch->touched, cap, sizeof(batch->touched[0]));

        if (touched == NULL)
            return LAT_NOMEM;
        batch->touched = touched;
        batch->touched_cap = cap;
    }
    memcpy(batch->touched[batch->touched_count++], keyhash, 32);
    return LAT_OK;
}

static enum lat_err
put_rows(struct store_batch *batch, const struct record *record, const struct db_dig *dig)
{
    struct store_db *db = &batch->store->db;
    int rc = db_put(batch->txn, db->rec, record->keyhash, 32, record->bytes, record->len);

    if (rc == 0)
        rc = db_put_dig(db, batch->txn, record->keyhash, dig);
    batch->changed = true;
    return store_batch_fail(batch, rc);
}

enum lat_err
store_batch_put(struct store_batch *batch, const struct record *record, const struct store_place *place)
{
    struct db_head *head = &batch->head;
    struct db_dig dig;
    enum lat_err err;

    db_dig_of(record, &dig);
    err = put_rows(batch, record, &dig);
    if (!err && place->exists && !place->intact)
        err = store_batch_fail(batch, db_del(batch->txn, batch->store->db.bad, record->keyhash, 32));
    if (!err)
        err = touch(batch, record->keyhash);
    if (!err)
        err = store_sketch_note(&batch->toggles, record, place);
    if (err)
        return err;
    head->count += !place->exists;
    head->keys -= place->exists && !(place->dig.flags & DIG_HIDDEN);
    head->keys += !(dig.flags & DIG_HIDDEN);
    if (record->hlc > head->last)
        head->last = record->hlc;
    if (record_is_horizon(record))
        batch->horizon = horizon_value(record);
    batch->applied++;
    return LAT_OK;
}

enum lat_err
store_batch_heal(struct store_batch *batch, const struct record *record)
{
    int rc = db_del(batch->txn, batch->store->db.bad, record->keyhash, 32);
    struct db_dig dig;
    char hex[17];

    db_dig_of(record, &dig);
    lat_hex(record->keyhash, 8, hex);
    lat_log(LAT_NOTICE, "[STATE] [OK] a peer brought the record of keyhash %s back", hex);
    return rc != 0 ? store_batch_fail(batch, rc) : put_rows(batch, record, &dig);
}

enum lat_err
store_batch_set_aside(struct store_batch *batch, const uint8_t keyhash[32])
{
    struct store_db *db = &batch->store->db;
    struct store_place place;
    struct lat_buf copy;
    char hex[17];
    MDB_val bytes;
    enum lat_err err = store_batch_place(batch, keyhash, &place);
    int rc;

    if (err || !place.exists || place.intact)
        return err;
    rc = db_get(batch->txn, db->rec, keyhash, 32, &bytes);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? LAT_OK : store_batch_fail(batch, rc);
    lat_buf_init(&copy, RECORD_LEN_MAX); /* the map's bytes do not outlive the put */
    err = lat_buf_add(&copy, bytes.mv_data, bytes.mv_size < RECORD_LEN_MAX ? bytes.mv_size : RECORD_LEN_MAX);
    if (!err)
        err = store_batch_fail(batch, db_put(batch->txn, db->bad, keyhash, 32, copy.data, copy.len));
    if (!err)
        err = store_batch_fail(batch, db_del(batch->txn, db->rec, keyhash, 32));
    batch->changed = true;
    lat_buf_fini(&copy);
    lat_hex(keyhash, 8, hex);
    lat_log(LAT_ERROR, "[STATE] [ALERT] the record of keyhash %s is damaged: set aside, and asked of other nodes", hex);
    return err;
}

static enum lat_err
prepare_tree(struct store_batch *batch)
{
    struct store *store = batch->store;
    struct db_leaves leaves;
    struct tree_source source = db_leaves_source(&leaves);
    uint8_t top[32];
    int rc = db_leaves_begin(&store->db, batch->txn, &leaves);
    enum lat_err err;

    if (rc != 0)
        return store_batch_fail(batch, rc);
    err = tree_prepare(store->tree, &source, (const uint8_t(*)[32])batch->touched, batch->touched_count,
                       &batch->change);
    db_leaves_end(&leaves);
    if (err) {
        batch->rc = leaves.rc;
        return err;
    }
    if (tree_change_count(batch->change) != batch->head.count)
        return LAT_DAMAGED;
    tree_change_top(batch->change, top);
    tree_root_hash(store->network.id, batch->head.count, top, batch->head.root);
    return LAT_OK;
}

enum lat_err
store_batch_commit(struct store_batch *batch)
{
    MDB_txn *txn = batch->txn;
    enum lat_err err = LAT_OK;

    if (batch->touched_count > 0)
        err = prepare_tree(batch);
    if (!err)
        err = store_batch_fail(batch, db_count(txn, batch->store->db.bad, &batch->lost));
    if (!err)
        err = store_batch_fail(batch, db_put_head(&batch->store->db, txn, &batch->head));
    if (err)
        return err;
    batch->txn = NULL; /* over, whatever commit says */
    return store_batch_fail(batch, mdb_txn_commit(txn));
}
