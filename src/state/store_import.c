/*
 * States of v3.0.3 nodes. Such a node signs its whole state as of now and keeps no time per key, so an old
 * value of its own, or an echo of ours, looks as fresh as a new one. Therefore only what changed against the
 * last state that this source showed (table `leg`) is news, and what is news becomes a record of the second
 * rank: flagged imported, which no native record ever gives way to.
 */
#include "config.h"

#include "state/store_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "crypto/hash.h"

struct import {
    struct store_job job;
    store_imported_fn fn;
    void *arg;
    uint8_t source_id[32];
    uint64_t attested_ms;
    size_t count; /* entries below; the others can be no record */
    uint64_t unfit;
    enum lat_err err; /* of this import, where the batch is fine */
    uint64_t made, same, differing;
    uint8_t bytes[]; /* each: u32 key length, u32 value length, key, value */
};

struct entry {
    const uint8_t *key, *value;
    size_t key_len, value_len;
    uint8_t keyhash[32];
};

/* Is this entry what the source showed the last time too? Remembers it. */
static enum lat_err
compare_with_shown(struct store_batch *batch, const struct import *import, const struct entry *entry,
                   bool *changed)
{
    uint8_t key[64], hash[32];
    MDB_val shown;
    int rc;

    memcpy(key, import->source_id, 32);
    memcpy(key + 32, entry->keyhash, 32);
    sha256_of(entry->value, entry->value_len, hash);
    rc = db_get(batch->txn, batch->store->db.leg, key, sizeof(key), &shown);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return store_batch_fail(batch, rc);
    *changed = rc == MDB_NOTFOUND || shown.mv_size != 32 || memcmp(shown.mv_data, hash, 32) != 0;
    if (!*changed)
        return LAT_OK;
    batch->changed = true;
    return store_batch_fail(batch, db_put(batch->txn, batch->store->db.leg, key, sizeof(key), hash, 32));
}

static bool
has_value(const struct store_place *place, const struct entry *entry)
{
    return place->intact && place->record.value != NULL && place->record.value_len == entry->value_len &&
           memcmp(place->record.value, entry->value, entry->value_len) == 0;
}

/* Would an imported record of this time win the place? */
static bool
gives_way(const struct store_place *place, uint64_t hlc)
{
    return !place->exists || ((place->dig.flags & RECORD_IMPORTED) && place->dig.hlc < hlc);
}

static enum lat_err
make_record(struct store_batch *batch, struct import *import, const struct entry *entry,
            const struct store_place *place)
{
    struct store *store = batch->store;
    struct record_content content = { .flags = RECORD_IMPORTED,
                                      .hlc = HLC_OF_MS(import->attested_ms),
                                      .key = entry->key,
                                      .key_len = entry->key_len,
                                      .value = entry->value,
                                      .value_len = entry->value_len };
    struct record record;
    enum lat_err err;

    if (place->intact)
        memcpy(content.prev, place->record.digest, sizeof(content.prev));
    lat_buf_clear(&batch->scratch);
    err = record_make(&store->network, store->key, &content, &batch->scratch);
    if (!err &&
        record_parse(&store->network, batch->scratch.data, batch->scratch.len, &record, NULL) != LAT_OK) {
        import->differing++; /* can be no record: deeper than a record's value may be, for one */
        return LAT_OK;
    }
    if (!err)
        err = store_batch_put(batch, &record, place);
    import->made += !err;
    return err;
}

static enum lat_err
import_one(struct store_batch *batch, struct import *import, const struct entry *entry)
{
    struct store_place place;
    bool changed = false;
    enum lat_err err = compare_with_shown(batch, import, entry, &changed);

    if (!err)
        err = store_batch_place(batch, entry->keyhash, &place);
    if (err)
        return err;
    if (has_value(&place, entry))
        import->same++;
    else if (changed && gives_way(&place, HLC_OF_MS(import->attested_ms)))
        return make_record(batch, import, entry, &place);
    else
        import->differing++;
    return LAT_OK;
}

static enum lat_err
run_import(struct store_batch *batch, struct store_job *job)
{
    struct import *import = (struct import *)job;
    const uint8_t *at = import->bytes;
    enum lat_err err = LAT_OK;

    import->err = LAT_OK;
    import->made = import->same = 0;
    import->differing = import->unfit;
    if (batch->store->key == NULL)
        import->err = LAT_READONLY;
    else if (import->attested_ms == 0 || import->attested_ms > batch->now_ms + RECORD_FUTURE_MAX_MS)
        import->err = LAT_LIMIT;
    for (size_t i = 0; i < import->count && !import->err && !err; i++) {
        struct entry entry = { .key = at + 8,
                               .key_len = lat_get_u32le(at),
                               .value_len = lat_get_u32le(at + 4) };

        entry.value = entry.key + entry.key_len;
        at = entry.value + entry.value_len;
        keyhash_of(&batch->store->network, entry.key, entry.key_len, entry.keyhash);
        err = import_one(batch, import, &entry);
    }
    return err;
}

static void
answer_import(struct store *store, struct store_job *job, enum lat_err err, const char *text)
{
    struct import *import = (struct import *)job;

    (void)store;
    (void)text;
    if (!err)
        err = import->err;
    if (import->fn != NULL)
        import->fn(import->arg, err, err ? 0 : import->made, err ? 0 : import->same,
                   err ? 0 : import->differing);
    free(import);
}

/* Can this entry be a record at all? Reserved keys come from nobody. */
static bool
is_fit(const struct store_foreign *entry)
{
    return entry->key_len <= RECORD_KEY_MAX && entry->value_len > 0 && entry->value_len <= RECORD_VALUE_MAX &&
           (entry->key_len == 0 || entry->key[0] != 0) && lat_utf8_valid(entry->key, entry->key_len);
}

static void
copy_entries(struct import *import, const struct store_foreign *entries, size_t count)
{
    uint8_t *at = import->bytes;

    for (size_t i = 0; i < count; i++) {
        if (!is_fit(&entries[i])) {
            import->unfit++;
            continue;
        }
        at = lat_put_u32le(lat_put_u32le(at, (uint32_t)entries[i].key_len), (uint32_t)entries[i].value_len);
        if (entries[i].key_len > 0)
            at = lat_put_bytes(at, entries[i].key, entries[i].key_len);
        at = lat_put_bytes(at, entries[i].value, entries[i].value_len);
        import->count++;
    }
}

enum lat_err
store_import(struct store *store, const uint8_t source_id[32], const struct store_foreign *entries,
             size_t count, uint64_t attested_ms, store_imported_fn fn, void *arg)
{
    size_t bytes = sizeof(struct import);
    struct import *import;
    enum lat_err err;

    for (size_t i = 0; i < count; i++)
        if (is_fit(&entries[i]))
            bytes += 8 + entries[i].key_len + entries[i].value_len;
    import = calloc(1, bytes);
    if (import == NULL)
        return LAT_NOMEM;
    import->job = (struct store_job){
        .bytes = bytes, .records = count, .alone = true, .run = run_import, .answer = answer_import
    };
    import->fn = fn;
    import->arg = arg;
    memcpy(import->source_id, source_id, 32);
    import->attested_ms = attested_ms;
    copy_entries(import, entries, count);
    err = store_queue(store, &import->job);
    if (err)
        free(import);
    return err;
}
