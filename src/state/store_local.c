/*
 * Writes of this node. Time, precondition and predecessor are decided inside the transaction, so that of
 * two writes with one If-Match exactly one succeeds, and the HLCs of a batch ascend.
 */
#include "config.h"

#include "state/store_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct local_write {
    struct store_job job;
    store_written_fn fn;
    void *arg;
    enum store_match match;
    uint8_t digest[32];
    bool is_delete;
    size_t key_len, value_len;
    struct store_written written;
    uint8_t bytes[]; /* key, value */
};

static enum lat_err
refuse(struct local_write *write, enum lat_err err, const char *text)
{
    write->written.err = err;
    lat_copy(write->written.text, sizeof(write->written.text), text);
    return err;
}

/* Is this store able to write now? */
static bool
may_write(struct local_write *write, const struct store_batch *batch)
{
    uint64_t last_ms = HLC_MS(batch->head.last);
    char text[160];

    if (batch->store->key == NULL)
        return !refuse(write, LAT_READONLY, "no signing key: this store takes no writes of its own");
    if (last_ms <= batch->now_ms + RECORD_FUTURE_MAX_MS)
        return true;
    snprintf(text, sizeof(text),
             "clock: the newest record is %llu s ahead of this machine's clock; set the clock, or wait until "
             "it is reached",
             (unsigned long long)((last_ms - batch->now_ms) / 1000));
    return !refuse(write, LAT_READONLY, text);
}

static bool
precondition_holds(struct local_write *write, const struct store_place *place)
{
    bool live = place->exists && !(place->dig.flags & RECORD_TOMBSTONE);

    switch (write->match) {
    case STORE_MATCH_ANY:
        break;
    case STORE_MATCH_ABSENT:
        if (live)
            return !refuse(write, LAT_CONFLICT, "the entry exists");
        break;
    case STORE_MATCH_DIGEST:
        if (!live)
            return !refuse(write, LAT_CONFLICT, "there is no such entry to match");
        if (!place->intact)
            return !refuse(write, LAT_DAMAGED, "the stored entry is damaged; it is healed from a peer");
        if (memcmp(place->record.digest, write->digest, 32) != 0)
            return !refuse(write, LAT_CONFLICT, "the entry has changed");
        break;
    }
    if (write->is_delete && !live)
        return !refuse(write, LAT_NOTFOUND, "there is no such entry");
    return true;
}

static enum lat_err
make_and_put(struct store_batch *batch, struct local_write *write, const struct store_place *place)
{
    struct store *store = batch->store;
    struct record_content content = { .hlc = hlc_next(batch->head.last, batch->now_ms),
                                      .key = write->bytes,
                                      .key_len = write->key_len,
                                      .value = write->is_delete ? NULL : write->bytes + write->key_len,
                                      .value_len = write->value_len };
    struct record record;
    struct lat_msg why;
    enum lat_err err;

    if (place->exists && place->intact)
        memcpy(content.prev, place->record.digest, sizeof(content.prev));
    lat_buf_clear(&batch->scratch);
    err = record_make(&store->network, store->key, &content, &batch->scratch);
    if (err == LAT_NOMEM)
        return err;
    if (!err)
        err = record_parse(&store->network, batch->scratch.data, batch->scratch.len, &record, &why);
    else
        lat_msg_set(&why, "key or value too long");
    if (err) { /* what breaks the rules must not be signed into the network */
        refuse(write, err, why.text);
        return LAT_OK;
    }
    err = store_batch_put(batch, &record, place);
    write->written.hlc = record.hlc;
    memcpy(write->written.digest, record.digest, 32);
    return err;
}

static enum lat_err
run_write(struct store_batch *batch, struct store_job *job)
{
    struct local_write *write = (struct local_write *)job;
    struct store_place place;
    uint8_t keyhash[32];
    enum lat_err err;

    write->written = (struct store_written){ .err = LAT_OK };
    if (!may_write(write, batch))
        return LAT_OK;
    keyhash_of(&batch->store->network, write->bytes, write->key_len, keyhash);
    err = store_batch_place(batch, keyhash, &place);
    if (err || !precondition_holds(write, &place))
        return err;
    return make_and_put(batch, write, &place);
}

static void
answer_write(struct store *store, struct store_job *job, enum lat_err err, const char *text)
{
    struct local_write *write = (struct local_write *)job;
    struct store_head head;

    if (err)
        refuse(write, err, text);
    store_head(store, &head);
    memcpy(write->written.root, head.root, 32);
    if (write->fn != NULL)
        write->fn(write->arg, &write->written);
    free(write);
}

enum lat_err
store_write(struct store *store, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len,
            enum store_match match, const uint8_t digest[32], store_written_fn fn, void *arg)
{
    struct local_write *write;
    enum lat_err err;

    if (key_len > RECORD_KEY_MAX || value_len > RECORD_VALUE_MAX)
        return LAT_LIMIT;
    if (key_len == 0 || key[0] == 0 || !lat_utf8_valid(key, key_len))
        return LAT_MALFORMED;
    write = calloc(1, sizeof(*write) + key_len + value_len);
    if (write == NULL)
        return LAT_NOMEM;
    write->job = (struct store_job){
        .bytes = sizeof(*write) + key_len + value_len, .records = 1, .run = run_write, .answer = answer_write
    };
    write->fn = fn;
    write->arg = arg;
    write->match = match;
    if (match == STORE_MATCH_DIGEST)
        memcpy(write->digest, digest, 32);
    write->is_delete = value == NULL;
    write->key_len = key_len;
    write->value_len = write->is_delete ? 0 : value_len;
    memcpy(write->bytes, key, key_len);
    if (!write->is_delete)
        memcpy(write->bytes + key_len, value, value_len);
    err = store_queue(store, &write->job);
    if (err)
        free(write);
    return err;
}
