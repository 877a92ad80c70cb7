/*
 * Writes that were lost, and authors that contradict themselves: kept in the table `meta`, the last thousand, in the
 * transaction that saw them.
 *
 * Two native records of a key with one predecessor were written by parties that did not know of each other: one of
 * them is lost on all nodes, though both were acknowledged. Two records of one author with one clock and other content
 * are no accident of time: somebody signs with a key that is not his alone, or lies.
 */
#include "config.h"

#include "state/store_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/le.h"
#include "state/reader.h"

#define VALUE_KEPT_MAX 65536
#define SAME_LOOKED_AT 64 /* a record that comes again is not noted again */
#define FIXED_LEN (8 + 1 + 8 + 2 * (32 + 8 + 32) + 2)

static const char count_key[] = "conflicts";

static size_t
row_key(uint64_t number, uint8_t out[16])
{
    static const char prefix[] = "conflict/";
    uint8_t *at = lat_put_bytes(out, (const uint8_t *)prefix, sizeof(prefix) - 1);

    return (size_t)(lat_put_u16le(at, (uint16_t)(number % STORE_CONFLICTS_MAX)) - out);
}

static int
get_count(const struct store_db *db, MDB_txn *txn, uint64_t *count)
{
    MDB_val value;
    int rc = db_get(txn, db->meta, count_key, sizeof(count_key) - 1, &value);

    *count = rc == 0 && value.mv_size == 8 ? lat_get_u64le(value.mv_data) : 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum lat_err
read_row(const MDB_val *row, struct store_conflict *out)
{
    struct lat_cursor in;

    lat_cursor_init(&in, row->mv_data, row->mv_size);
    lat_take_u64le(&in); /* its number */
    out->equivocation = lat_take_u8(&in);
    out->seen_ms = lat_take_u64le(&in);
    lat_take_copy(&in, out->winner_author, 32);
    lat_take_copy(&in, out->loser_author, 32);
    out->winner_hlc = lat_take_u64le(&in);
    out->loser_hlc = lat_take_u64le(&in);
    lat_take_copy(&in, out->winner_digest, 32);
    lat_take_copy(&in, out->loser_digest, 32);
    out->key_len = lat_take_u16le(&in);
    out->key = lat_take(&in, out->key_len);
    out->value_len = in.left;
    out->value = in.left > 0 ? in.at : NULL;
    return in.bad ? LAT_DAMAGED : LAT_OK;
}

/* --- noting ---------------------------------------------------------------------------------------------- */

static bool
is_equivocation(const struct record *a, const struct record *b)
{
    return a->hlc == b->hlc && memcmp(a->author, b->author, 32) == 0;
}

static bool
is_conflict(const struct record *a, const struct record *b)
{
    if ((a->flags | b->flags) & RECORD_IMPORTED)
        return false;
    return is_equivocation(a, b) || memcmp(a->prev, b->prev, 8) == 0;
}

static enum lat_err
write_row(struct store_batch *batch, uint64_t number, const struct record *winner, const struct record *loser)
{
    size_t value_len = loser->value_len <= VALUE_KEPT_MAX ? loser->value_len : 0, len = FIXED_LEN + loser->key_len + value_len;
    uint8_t key[16], *row = malloc(len), *at = row;
    enum lat_err err;

    if (row == NULL)
        return LAT_NOMEM;
    at = lat_put_u64le(at, number);
    *at++ = is_equivocation(winner, loser);
    at = lat_put_u64le(at, batch->now_ms);
    at = lat_put_bytes(at, winner->author, 32);
    at = lat_put_bytes(at, loser->author, 32);
    at = lat_put_u64le(at, winner->hlc);
    at = lat_put_u64le(at, loser->hlc);
    at = lat_put_bytes(at, winner->digest, 32);
    at = lat_put_bytes(at, loser->digest, 32);
    at = lat_put_u16le(at, (uint16_t)loser->key_len);
    at = lat_put_bytes(at, loser->key, loser->key_len);
    if (value_len > 0)
        lat_put_bytes(at, loser->value, value_len);
    err = store_batch_fail(batch, db_put(batch->txn, batch->store->db.meta, key, row_key(number, key), row, len));
    free(row);
    return err;
}

/* Is this loser among the last ones noted? */
static enum lat_err
is_noted(struct store_batch *batch, uint64_t count, const struct record *loser, bool *noted)
{
    *noted = false;
    for (uint64_t i = 0; i < count && i < SAME_LOOKED_AT && !*noted; i++) {
        struct store_conflict conflict;
        uint8_t key[16];
        MDB_val row;
        int rc = db_get(batch->txn, batch->store->db.meta, key, row_key(count - 1 - i, key), &row);

        if (rc != 0)
            return rc == MDB_NOTFOUND ? LAT_OK : store_batch_fail(batch, rc);
        *noted = read_row(&row, &conflict) == LAT_OK && memcmp(conflict.loser_digest, loser->digest, 32) == 0;
    }
    return LAT_OK;
}

enum lat_err
store_conflict_note(struct store_batch *batch, const struct record *winner, const struct record *loser)
{
    struct store_db *db = &batch->store->db;
    uint8_t number[8];
    uint64_t count;
    bool noted = false;
    enum lat_err err;

    if (!is_conflict(winner, loser))
        return LAT_OK;
    err = store_batch_fail(batch, get_count(db, batch->txn, &count));
    if (!err)
        err = is_noted(batch, count, loser, &noted);
    if (err || noted)
        return err;
    err = write_row(batch, count, winner, loser);
    lat_put_u64le(number, count + 1);
    if (!err)
        err = store_batch_fail(batch, db_put(batch->txn, db->meta, count_key, sizeof(count_key) - 1, number, 8));
    batch->changed = true;
    return err;
}

/* --- reading --------------------------------------------------------------------------------------------- */

enum lat_err
store_conflicts_read(const struct store_db *db, MDB_txn *txn, reader_conflict_fn fn, void *arg, uint64_t *total)
{
    enum lat_err err = db_err(get_count(db, txn, total));

    for (uint64_t i = 0; i < *total && i < STORE_CONFLICTS_MAX && !err; i++) {
        struct store_conflict conflict;
        uint8_t key[16];
        MDB_val row;

        err = db_err(db_get(txn, db->meta, key, row_key(*total - 1 - i, key), &row));
        if (!err)
            err = read_row(&row, &conflict);
        if (!err)
            err = fn(arg, &conflict);
    }
    return err;
}
