/*
 * The flat root over a whole store. Records stand in the order of their keyhashes, the flat root wants that
 * of their keys: one walk takes the keys and hashes the entries while their pages are at hand, then the small
 * rows are sorted. Sorting places in the map instead would touch every page a second time, at random.
 */
#include "config.h"

#include "state/reader.h"

#include <stdlib.h>
#include <string.h>

#include "state/flat_root.h"

#define KEYS_BYTES_MAX ((size_t)1 << 40) /* memory ends sooner */

struct row {
    size_t key_at; /* in the heap of keys */
    size_t key_len;
    uint8_t leaf[SHA256_LEN];
};

struct rows {
    struct row *rows;
    size_t count, cap;
    struct lat_buf keys;
};

static enum lat_err
make_room(struct rows *rows)
{
    size_t cap = rows->cap ? rows->cap * 2 : 1024;
    struct row *grown;

    if (rows->count < rows->cap)
        return LAT_OK;
    grown = reallocarray(rows->rows, cap, sizeof(*grown));
    if (grown == NULL)
        return LAT_NOMEM;
    rows->rows = grown;
    rows->cap = cap;
    return LAT_OK;
}

static enum lat_err
add_row(void *arg, const struct record *record)
{
    struct rows *rows = arg;
    struct row *row;
    enum lat_err err;

    if (!record_is_entry(record))
        return LAT_OK;
    err = make_room(rows);
    if (err)
        return err;
    row = &rows->rows[rows->count];
    row->key_at = rows->keys.len;
    row->key_len = record->key_len;
    err = lat_buf_add(&rows->keys, record->key, record->key_len);
    if (err)
        return err;
    flat_root_leaf(record->key, record->key_len, (const char *)record->value, record->value_len, row->leaf);
    rows->count++;
    return LAT_OK;
}

/* --- order ------------------------------------------------------------------------------------------- */

/* What is sorted: small, and mostly decided without a look at the keys, which lie all over memory. */
struct place {
    uint64_t front; /* the eight bytes behind what all keys begin with, as a number; zeros behind the end */
    const struct row *row;
};

static size_t
same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t same = 0;

    while (same < len && a[same] == b[same])
        same++;
    return same;
}

/* How many bytes all keys begin with. */
static size_t
common_start(const struct rows *rows)
{
    const uint8_t *first = rows->keys.data;
    size_t common = rows->rows[0].key_len;

    for (size_t i = 1; i < rows->count; i++) {
        const struct row *row = &rows->rows[i];

        common = same_bytes(first, first + row->key_at, row->key_len < common ? row->key_len : common);
    }
    return common;
}

static uint64_t
front_of(const uint8_t *key, size_t len, size_t from)
{
    uint64_t front = 0;

    for (size_t i = from; i < from + sizeof(front); i++)
        front = front << 8 | (i < len ? key[i] : 0);
    return front;
}

/* By the bytes of the keys, which stand behind `arg`. */
static int
compare_places(const void *a, const void *b, void *arg)
{
    const struct place *p = a, *q = b;
    const struct row *x = p->row, *y = q->row;
    const uint8_t *keys = arg;
    size_t shorter;
    int order;

    if (p->front != q->front)
        return p->front < q->front ? -1 : 1;
    shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
    order = shorter > 0 ? memcmp(keys + x->key_at, keys + y->key_at, shorter) : 0;
    return order != 0 ? order : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* Add the leaves in the order of their keys. */
static enum lat_err
add_in_order(const struct rows *rows, struct flat_root *root)
{
    struct place *places = calloc(rows->count ? rows->count : 1, sizeof(*places));
    size_t common = rows->count > 0 ? common_start(rows) : 0;

    if (places == NULL)
        return LAT_NOMEM;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->rows[i];

        places[i] = (struct place){ front_of(rows->keys.data + row->key_at, row->key_len, common), row };
    }
    if (rows->count > 0)
        qsort_r(places, rows->count, sizeof(*places), compare_places, rows->keys.data);
    for (size_t i = 0; i < rows->count; i++)
        flat_root_add_leaf(root, places[i].row->leaf);
    free(places);
    return LAT_OK;
}

enum lat_err
reader_flat_root(struct reader *reader, uint8_t out[32], uint64_t *entries)
{
    static const uint8_t zeros[32];
    struct rows all = { 0 };
    struct flat_root *root = flat_root_new();
    uint64_t damaged = 0;
    enum lat_err err;

    lat_buf_init(&all.keys, KEYS_BYTES_MAX);
    err = root == NULL ? LAT_NOMEM : reader_each(reader, zeros, add_row, &all, &damaged);
    if (!err && damaged > 0)
        err = LAT_DAMAGED;
    if (!err)
        err = add_in_order(&all, root);
    if (!err) {
        flat_root_end(root, out);
        *entries = all.count;
    }
    free(all.rows);
    lat_buf_fini(&all.keys);
    flat_root_free(root);
    return err;
}
