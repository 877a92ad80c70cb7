#include "config.h"

#include "state/entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "state/flat_root.h"
#include "state/json.h"

struct parse {
    struct entries *out;
    size_t cap;
    size_t memory_max;
    struct lat_msg *why;
};

static enum lat_err
over_limit(const struct parse *p)
{
    lat_msg_set(p->why, "the entries take more than %zu bytes", p->memory_max);
    return LAT_LIMIT;
}

static enum lat_err
grow_list(struct parse *p)
{
    size_t cap = p->cap ? p->cap * 2 : 64;
    struct store_foreign *list;

    if (p->out->count < p->cap)
        return LAT_OK;
    list = realloc(p->out->list, cap * sizeof(*list));
    if (list == NULL)
        return LAT_NOMEM;
    p->out->list = list;
    p->cap = cap;
    return LAT_OK;
}

static void
name_the_key(struct parse *p, const uint8_t *key, size_t key_len)
{
    struct lat_msg inner = *p->why;
    char shown[100];

    lat_msg_set(p->why, "entry \"%s\": %.300s", lat_escape(key, key_len, shown, sizeof(shown)), inner.text);
}

/* Key and value go behind each other into bytes; pointers are set when bytes has stopped moving. */
static enum lat_err
add_entry(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    struct parse *p = arg;
    struct lat_buf *bytes = &p->out->bytes;
    size_t list_len = (p->out->count + 1) * sizeof(struct store_foreign);
    size_t before;
    enum lat_err err;

    if (list_len > p->memory_max || key_len > p->memory_max - list_len)
        return over_limit(p);
    bytes->max = p->memory_max - list_len;
    if (bytes->len > bytes->max)
        return over_limit(p);
    err = grow_list(p);
    if (!err)
        err = lat_buf_add(bytes, key, key_len);
    if (err == LAT_LIMIT)
        return over_limit(p);
    if (err)
        return err;
    before = bytes->len;
    err = json_store_form(value, value_len, bytes, p->why);
    if (err) {
        if (p->why)
            name_the_key(p, key, key_len);
        return err;
    }
    p->out->list[p->out->count++] =
        (struct store_foreign){ .key_len = key_len, .value_len = bytes->len - before };
    return LAT_OK;
}

static void
set_pointers(struct entries *entries)
{
    const uint8_t *at = entries->bytes.data;

    for (size_t i = 0; i < entries->count; i++) {
        struct store_foreign *entry = &entries->list[i];

        entry->key = at;
        entry->value = (const char *)at + entry->key_len;
        at += entry->key_len + entry->value_len;
    }
}

static int
compare_keys(const struct store_foreign *a, const struct store_foreign *b)
{
    size_t common = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, common);

    if (order)
        return order;
    return a->key_len < b->key_len ? -1 : a->key_len > b->key_len;
}

/* By key; of equal ones the one that stood first comes first, which its address tells. */
static int
compare_entries(const void *a, const void *b)
{
    const struct store_foreign *x = a, *y = b;
    int order = compare_keys(x, y);

    if (order)
        return order;
    return x->value < y->value ? -1 : x->value > y->value;
}

static void
keep_last_of_equal(struct entries *entries)
{
    size_t kept = 0;

    for (size_t i = 0; i < entries->count; i++) {
        if (kept > 0 && compare_keys(&entries->list[kept - 1], &entries->list[i]) == 0)
            kept--;
        entries->list[kept++] = entries->list[i];
    }
    entries->count = kept;
}

enum lat_err
entries_parse(const char *text, size_t len, size_t memory_max, struct entries *out, struct lat_msg *why)
{
    struct entries entries = { 0 };
    struct parse parse = { .out = &entries, .memory_max = memory_max, .why = why };
    enum lat_err err;

    lat_buf_init(&entries.bytes, memory_max);
    err = json_each_member(text, len, add_entry, &parse, why);
    if (err) {
        if (err == LAT_NOMEM)
            lat_msg_set(why, "%s", lat_err_text(err));
        entries_fini(&entries);
        return err;
    }
    set_pointers(&entries);
    if (entries.count > 1)
        qsort(entries.list, entries.count, sizeof(*entries.list), compare_entries);
    keep_last_of_equal(&entries);
    *out = entries;
    return LAT_OK;
}

void
entries_fini(struct entries *entries)
{
    free(entries->list);
    lat_buf_fini(&entries->bytes);
    entries->list = NULL;
    entries->count = 0;
}

enum lat_err
entries_flat_root(const struct entries *entries, uint8_t out[SHA256_LEN])
{
    struct flat_root *root = flat_root_new();

    if (root == NULL)
        return LAT_NOMEM;
    for (size_t i = 0; i < entries->count; i++) {
        const struct store_foreign *entry = &entries->list[i];

        flat_root_add(root, entry->key, entry->key_len, entry->value, entry->value_len);
    }
    flat_root_end(root, out);
    flat_root_free(root);
    return LAT_OK;
}
