#include "config.h"

#include "support/memory_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "crypto/hash.h"
#include "state/sketch.h"

/* The first record whose keyhash is not below `from`. */
static size_t
lower_bound(const struct memory_view *memory, const uint8_t from[32])
{
    size_t low = 0, high = memory->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(memory->records[middle].keyhash, from, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
bit_of(const uint8_t hash[32], unsigned i)
{
    return hash[i / 8] >> (7 - i % 8) & 1;
}

/* Hash of the subtree of records[low .. high), which share their first `depth` bits. */
static void
fold(const struct memory_view *memory, size_t low, size_t high, unsigned depth, uint8_t out[32])
{
    uint8_t left[32], right[32], count[8];
    const struct hash_part node[] = { { "\1", 1 }, { count, 8 }, { left, 32 }, { right, 32 } };
    size_t middle = low;

    if (high - low == 0) {
        memset(out, 0, 32);
        return;
    }
    if (high - low == 1) {
        memcpy(out, memory->records[low].leaf, 32);
        return;
    }
    while (middle < high && !bit_of(memory->records[middle].keyhash, depth))
        middle++;
    fold(memory, low, middle, depth + 1, left);
    fold(memory, middle, high, depth + 1, right);
    lat_put_u64le(count, high - low);
    sha256_parts(node, 4, out);
}

static enum lat_err
get(void *arg, const uint8_t keyhash[32], struct record *out)
{
    const struct memory_view *memory = arg;
    size_t i = lower_bound(memory, keyhash);

    if (i == memory->count || memcmp(memory->records[i].keyhash, keyhash, 32) != 0)
        return LAT_NOTFOUND;
    *out = memory->records[i];
    return LAT_OK;
}

static enum lat_err
each(void *arg, const uint8_t from[32], recon_record_fn fn, void *fn_arg)
{
    const struct memory_view *memory = arg;
    enum lat_err err = LAT_OK;

    for (size_t i = lower_bound(memory, from); !err && i < memory->count; i++)
        err = fn(fn_arg, &memory->records[i]);
    return err;
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg)
{
    const struct memory_view *memory = arg;
    enum lat_err err = LAT_OK;

    for (size_t i = lower_bound(memory, from); !err && i < memory->count; i++)
        err = fn(fn_arg, memory->records[i].keyhash, memory->records[i].leaf, memory->records[i].hlc);
    return err;
}

static enum lat_err
subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    const struct memory_view *memory = arg;
    uint8_t first[32] = { 0 };
    size_t low, high;

    assert_true(bits <= 255);
    for (unsigned i = 0; i < bits; i++)
        if (bit_of(prefix, i))
            first[i / 8] |= (uint8_t)(0x80 >> i % 8);
    low = lower_bound(memory, first);
    for (high = low; high < memory->count; high++) {
        unsigned same = 0;

        while (same < bits && bit_of(memory->records[high].keyhash, same) == bit_of(prefix, same))
            same++;
        if (same < bits)
            break;
    }
    *count = high - low;
    fold(memory, low, high, bits, hash);
    return LAT_OK;
}

/* The sketch of this very moment, whatever root is asked for. */
static enum lat_err
cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32], uint64_t *records)
{
    const struct memory_view *memory = arg;
    uint8_t key[SIPHASH_KEY_LEN], element[SKETCH_ELEMENT_LEN];

    (void)root;
    sketch_key(memory->view.network, key);
    memset(out, 0, count * sizeof(*out));
    for (size_t i = 0; i < memory->count; i++) {
        sketch_element(memory->records[i].keyhash, memory->records[i].leaf, element);
        sketch_toggle(out, count, key, element, 1);
    }
    memcpy(of, memory->view.root, 32);
    *records = memory->view.count;
    return LAT_OK;
}

void
memory_init(struct memory_view *memory, const struct network *network, const struct key *key,
            const struct trust *trust, uint64_t now_ms)
{
    *memory = (struct memory_view){ 0 };
    memory->view = (struct recon_view){
        .network = network,
        .key = key,
        .trust = trust,
        .now_ms = now_ms,
        .get = get,
        .each = each,
        .each_leaf = each_leaf,
        .subtree = subtree,
        .cells = cells,
        .arg = memory,
    };
    memory_seal(memory);
}

void
memory_fini(struct memory_view *memory)
{
    for (size_t i = 0; i < memory->count; i++)
        free((void *)(uintptr_t)memory->records[i].bytes);
    free(memory->records);
    memset(memory, 0, sizeof(*memory));
}

/* Make a gap at place i. */
static void
open_gap(struct memory_view *memory, size_t i)
{
    if (memory->count == memory->cap) {
        memory->cap = memory->cap ? 2 * memory->cap : 16;
        memory->records = realloc(memory->records, memory->cap * sizeof(*memory->records));
        assert_non_null(memory->records);
    }
    memmove(&memory->records[i + 1], &memory->records[i], (memory->count - i) * sizeof(*memory->records));
    memory->count++;
}

bool
memory_put(struct memory_view *memory, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len);
    struct record record;
    struct lat_msg why;
    size_t i;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    if (record_parse(memory->view.network, copy, len, &record, &why))
        fail_msg("%s", why.text);
    i = lower_bound(memory, record.keyhash);
    if (i == memory->count || memcmp(memory->records[i].keyhash, record.keyhash, 32) != 0) {
        open_gap(memory, i);
    } else if (record_compare(&record, &memory->records[i]) > 0) {
        free((void *)(uintptr_t)memory->records[i].bytes);
    } else {
        free(copy);
        return false;
    }
    memory->records[i] = record;
    return true;
}

void
memory_seal(struct memory_view *memory)
{
    struct recon_view *view = &memory->view;
    uint8_t top[32], count[8];
    const struct hash_part root[] = {
        { "\3lattice/1", 11 }, { view->network->id, 32 }, { count, 8 }, { top, 32 } /* with the text's zero */
    };

    view->count = memory->count;
    view->hlc = 0;
    for (size_t i = 0; i < memory->count; i++)
        if (memory->records[i].hlc > view->hlc)
            view->hlc = memory->records[i].hlc;
    fold(memory, 0, memory->count, 0, top);
    lat_put_u64le(count, view->count);
    sha256_parts(root, 4, view->root);
}
