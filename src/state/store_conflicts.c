/*
 * Writes that were lost, and authors that contradict themselves: kept in the table `meta`, the last thousand, in the
 * transaction that saw them. Each row has its number; which row is written over next is chosen among all of them.
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
row_key(size_t slot, uint8_t out[16])
{
    static const char prefix[] = "conflict/";
    uint8_t *at = lat_put_bytes(out, (const uint8_t *)prefix, sizeof(prefix) - 1);

    return (size_t)(lat_put_u16le(at, (uint16_t)slot) - out);
}

static int
get_row(const struct store_db *db, MDB_txn *txn, size_t slot, MDB_val *row)
{
    uint8_t key[16];

    return db_get(txn, db->meta, key, row_key(slot, key), row);
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
read_row(const MDB_val *row, struct store_conflict *out, uint64_t *number)
{
    struct lat_cursor in;

    lat_cursor_init(&in, row->mv_data, row->mv_size);
    *number = lat_take_u64le(&in);
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

/* --- which row holds what ---------------------------------------------------------------------------------- */

/* What a conflict is evidence against; 0: it is none. */
static uint64_t
evidence_of(bool equivocation, const uint8_t author[32])
{
    return equivocation ? lat_get_u64le(author) : 0;
}

static enum lat_err
load_slots(struct store_batch *batch, uint64_t total)
{
    struct store_conflicts *index = &batch->store->conflicts;
    struct store_conflict conflict;
    uint64_t number = 0;
    enum lat_err err;
    MDB_val row;

    index->loaded = false;
    for (index->used = 0; index->used < STORE_CONFLICTS_MAX; index->used++) {
        int rc = get_row(&batch->store->db, batch->txn, index->used, &row);

        if (rc == MDB_NOTFOUND)
            break;
        err = rc ? store_batch_fail(batch, rc) : read_row(&row, &conflict, &number);
        if (err)
            return err;
        index->slots[index->used] =
            (struct store_conflict_slot){ .number = number, .evidence = evidence_of(conflict.equivocation, conflict.loser_author) };
    }
    index->total = total;
    index->loaded = true;
    return LAT_OK;
}

/* The row to write into: a free one, else the oldest; of an author against whom there is enough, his oldest. */
static size_t
choose_slot(const struct store_conflicts *index, uint64_t evidence)
{
    size_t oldest = 0, oldest_own = 0, own = 0;

    for (size_t i = 0; i < index->used; i++) {
        if (index->slots[i].number < index->slots[oldest].number)
            oldest = i;
        if (evidence == 0 || index->slots[i].evidence != evidence)
            continue;
        if (own++ == 0 || index->slots[i].number < index->slots[oldest_own].number)
            oldest_own = i;
    }
    if (own >= STORE_EVIDENCE_MAX)
        return oldest_own;
    return index->used < STORE_CONFLICTS_MAX ? index->used : oldest;
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
write_row(struct store_batch *batch, size_t slot, const struct record *winner, const struct record *loser)
{
    size_t value_len = loser->value_len <= VALUE_KEPT_MAX ? loser->value_len : 0, len = FIXED_LEN + loser->key_len + value_len;
    uint8_t key[16], *row = malloc(len), *at = row;
    enum lat_err err;

    if (row == NULL)
        return LAT_NOMEM;
    at = lat_put_u64le(at, batch->store->conflicts.total);
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
    err = store_batch_fail(batch, db_put(batch->txn, batch->store->db.meta, key, row_key(slot, key), row, len));
    free(row);
    return err;
}

/* Is this loser among the last ones noted? */
static enum lat_err
is_noted(struct store_batch *batch, const struct record *loser, bool *noted)
{
    const struct store_conflicts *index = &batch->store->conflicts;
    enum lat_err err = LAT_OK;

    *noted = false;
    for (size_t i = 0; i < index->used && !*noted && !err; i++) {
        struct store_conflict conflict;
        uint64_t number;
        MDB_val row;

        if (index->slots[i].number + SAME_LOOKED_AT < index->total)
            continue;
        err = store_batch_fail(batch, get_row(&batch->store->db, batch->txn, i, &row));
        *noted = !err && read_row(&row, &conflict, &number) == LAT_OK && memcmp(conflict.loser_digest, loser->digest, 32) == 0;
    }
    return err;
}

/* Write it down, and that there is one more. */
static enum lat_err
note(struct store_batch *batch, const struct record *winner, const struct record *loser)
{
    struct store_db *db = &batch->store->db;
    struct store_conflicts *index = &batch->store->conflicts;
    uint64_t evidence = evidence_of(is_equivocation(winner, loser), loser->author);
    size_t slot = choose_slot(index, evidence);
    enum lat_err err = write_row(batch, slot, winner, loser);
    uint8_t number[8];

    if (err)
        return err;
    index->slots[slot] = (struct store_conflict_slot){ .number = index->total, .evidence = evidence };
    index->used += slot == index->used;
    lat_put_u64le(number, ++index->total);
    return store_batch_fail(batch, db_put(batch->txn, db->meta, count_key, sizeof(count_key) - 1, number, 8));
}

enum lat_err
store_conflict_note(struct store_batch *batch, const struct record *winner, const struct record *loser)
{
    struct store_conflicts *index = &batch->store->conflicts;
    uint64_t total;
    bool noted = false;
    enum lat_err err;

    if (!is_conflict(winner, loser))
        return LAT_OK;
    err = store_batch_fail(batch, get_count(&batch->store->db, batch->txn, &total));
    if (!err && (!index->loaded || index->total != total))
        err = load_slots(batch, total);
    if (!err)
        err = is_noted(batch, loser, &noted);
    if (err || noted)
        return err;
    batch->changed = true;
    return note(batch, winner, loser);
}

/* --- reading --------------------------------------------------------------------------------------------- */

struct place {
    uint64_t number;
    size_t slot;
};

static int
newer_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return x->number > y->number ? -1 : x->number < y->number;
}

/* Where they stand, the newest first. How many. */
static size_t
find_places(const struct store_db *db, MDB_txn *txn, struct place places[STORE_CONFLICTS_MAX], enum lat_err *err)
{
    size_t count = 0;
    MDB_val row;
    int rc = 0;

    while (count < STORE_CONFLICTS_MAX && (rc = get_row(db, txn, count, &row)) == 0) {
        struct lat_cursor in;

        lat_cursor_init(&in, row.mv_data, row.mv_size);
        places[count] = (struct place){ .number = lat_take_u64le(&in), .slot = count };
        count++;
    }
    *err = rc == MDB_NOTFOUND ? LAT_OK : db_err(rc);
    qsort(places, count, sizeof(*places), newer_first);
    return count;
}

enum lat_err
store_conflicts_read(const struct store_db *db, MDB_txn *txn, reader_conflict_fn fn, void *arg, uint64_t *total)
{
    enum lat_err err = db_err(get_count(db, txn, total));
    struct place *places = calloc(STORE_CONFLICTS_MAX, sizeof(*places));
    size_t count = 0;

    if (places == NULL)
        return LAT_NOMEM;
    if (!err)
        count = find_places(db, txn, places, &err);
    for (size_t i = 0; i < count && !err; i++) {
        struct store_conflict conflict;
        uint64_t number;
        MDB_val row;

        err = db_err(get_row(db, txn, places[i].slot, &row));
        if (!err)
            err = read_row(&row, &conflict, &number);
        if (!err)
            err = fn(arg, &conflict);
    }
    free(places);
    return err;
}
