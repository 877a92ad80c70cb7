#include "config.h"

#include "support/temp_store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "crypto/hash.h"
#include "state/tree.h"

static _Atomic uint64_t clock_ms = STORE_NOW_MS;

void
store_clock_set(uint64_t now_ms)
{
    atomic_store(&clock_ms, now_ms);
}

uint64_t
store_clock(void)
{
    return atomic_load(&clock_ms);
}

struct key *
seed_key(uint8_t byte)
{
    uint8_t seed[KEY_SEED_LEN];
    struct key *key = NULL;

    memset(seed, byte, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    return key;
}

struct store_options
store_options_for(const char *dir, const struct key *key)
{
    return (struct store_options){
        .dir = dir, .network = STORE_NETWORK, .key = key, .map_max = 64 << 20, .wall_ms = store_clock
    };
}

struct store *
open_store(const struct store_options *options)
{
    struct store *store = NULL;
    struct lat_msg why = { "" };
    enum lat_err err = store_open(options, &store, &why);

    if (err)
        fail_msg("%s: %s", lat_err_text(err), why.text);
    return store;
}

/* --- waiting --------------------------------------------------------------------------------------- */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    struct store_written written;
    uint8_t *verdicts;
    struct import_result result;
};

static struct waiter
waiting(void)
{
    return (struct waiter){ .lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER };
}

static void
answer(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    pthread_cond_signal(&waiter->answered);
    pthread_mutex_unlock(&waiter->lock);
}

static void
wait_for(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->done)
        pthread_cond_wait(&waiter->answered, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
    pthread_mutex_destroy(&waiter->lock);
    pthread_cond_destroy(&waiter->answered);
}

static void
on_written(void *arg, const struct store_written *written)
{
    struct waiter *waiter = arg;

    waiter->written = *written;
    answer(waiter);
}

static void
on_merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct waiter *waiter = arg;

    waiter->result.err = err;
    memcpy(waiter->verdicts, verdicts, count);
    answer(waiter);
}

static void
on_imported(void *arg, enum lat_err err, uint64_t made, uint64_t same, uint64_t differing)
{
    struct waiter *waiter = arg;

    waiter->result = (struct import_result){ err, made, same, differing };
    answer(waiter);
}

/* --- writing --------------------------------------------------------------------------------------- */

struct store_written
put_matching(struct store *store, const char *key, const char *value, enum store_match match,
             const uint8_t digest[32])
{
    struct waiter waiter = waiting();
    enum lat_err err = store_write(store, (const uint8_t *)key, strlen(key), (const uint8_t *)value,
                                   value ? strlen(value) : 0, match, digest, on_written, &waiter);

    if (err)
        return (struct store_written){ .err = err };
    wait_for(&waiter);
    return waiter.written;
}

struct store_written
put_value(struct store *store, const char *key, const char *value)
{
    return put_matching(store, key, value, STORE_MATCH_ANY, NULL);
}

enum lat_err
merge_records(struct store *store, const struct lat_buf *list, size_t count, uint8_t *verdicts)
{
    struct waiter waiter = waiting();
    enum lat_err err;

    waiter.verdicts = verdicts;
    err = store_merge(store, list->data, list->len, count, on_merged, &waiter);
    if (err)
        return err;
    wait_for(&waiter);
    return waiter.result.err;
}

enum store_verdict
merge_record(struct store *store, const uint8_t *record, size_t len)
{
    struct lat_buf list;
    uint8_t length[4], verdict = 255;

    lat_buf_init(&list, len + 4);
    lat_put_u32le(length, (uint32_t)len);
    assert_int_equal(lat_buf_add(&list, length, 4), LAT_OK);
    assert_int_equal(lat_buf_add(&list, record, len), LAT_OK);
    assert_int_equal(merge_records(store, &list, 1, &verdict), LAT_OK);
    lat_buf_fini(&list);
    return verdict;
}

void
add_record(struct lat_buf *list, const struct key *author, uint8_t flags, uint64_t hlc, const char *key,
           const char *value)
{
    struct record_content content = { .flags = flags,
                                      .hlc = hlc,
                                      .key = (const uint8_t *)key,
                                      .key_len = strlen(key),
                                      .value = (const uint8_t *)value,
                                      .value_len = value ? strlen(value) : 0 };
    struct network network;
    size_t before = list->len;
    uint8_t *length;

    assert_int_equal(network_init(&network, STORE_NETWORK), LAT_OK);
    if (key[0] == '!') { /* stands for the reserved byte 0, which no C string begins with */
        static char reserved[64];

        snprintf(reserved, sizeof(reserved), "%s", key);
        reserved[0] = 0;
        content.key = (const uint8_t *)reserved;
    }
    assert_int_equal(lat_buf_extend(list, 4, &length), LAT_OK);
    assert_int_equal(record_make(&network, author, &content, list), LAT_OK);
    lat_put_u32le(list->data + before, (uint32_t)(list->len - before - 4));
}

enum store_verdict
merge_new(struct store *store, const struct key *author, uint8_t flags, uint64_t hlc, const char *key,
          const char *value)
{
    struct lat_buf list;
    uint8_t verdict = 255;

    lat_buf_init(&list, RECORD_LEN_MAX + 4);
    add_record(&list, author, flags, hlc, key, value);
    assert_int_equal(merge_records(store, &list, 1, &verdict), LAT_OK);
    lat_buf_fini(&list);
    return verdict;
}

struct import_result
import_pairs(struct store *store, uint8_t source, uint64_t attested_ms, const char *const *pairs)
{
    struct store_foreign entries[64];
    struct waiter waiter = waiting();
    uint8_t source_id[32];
    size_t count = 0;
    enum lat_err err;

    memset(source_id, source, sizeof(source_id));
    for (; pairs[2 * count] != NULL; count++)
        entries[count] = (struct store_foreign){ .key = (const uint8_t *)pairs[2 * count],
                                                 .key_len = strlen(pairs[2 * count]),
                                                 .value = pairs[2 * count + 1],
                                                 .value_len = strlen(pairs[2 * count + 1]) };
    err = store_import(store, source_id, entries, count, attested_ms, on_imported, &waiter);
    if (err)
        return (struct import_result){ .err = err };
    wait_for(&waiter);
    return waiter.result;
}

/* --- reading --------------------------------------------------------------------------------------- */

const char *
value_of(struct store *store, const char *key)
{
    static char values[4][256];
    static unsigned next;
    char *out = values[next++ % 4];
    struct reader *reader;
    struct record record;
    enum lat_err err;

    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    err = reader_get(reader, (const uint8_t *)key, strlen(key), false, &record);
    if (!err)
        snprintf(out, sizeof(values[0]), "%.*s", (int)record.value_len, (const char *)record.value);
    else
        assert_int_equal(err, LAT_NOTFOUND);
    reader_end(reader);
    return err ? NULL : out;
}

enum lat_err
get_err(struct store *store, const char *key)
{
    struct reader *reader;
    struct record record;
    enum lat_err err = reader_begin(store, &reader);

    if (err)
        return err;
    err = reader_get(reader, (const uint8_t *)key, strlen(key), false, &record);
    reader_end(reader);
    return err;
}

static enum lat_err
hash_record(void *arg, const struct record *record)
{
    sha256_add(arg, record->keyhash, 32);
    sha256_add(arg, record->bytes, record->len);
    return LAT_OK;
}

static enum lat_err
hash_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    sha256_add(arg, keyhash, 32);
    sha256_add(arg, leaf, 32);
    sha256_add(arg, &hlc, sizeof(hlc));
    return LAT_OK;
}

void
table_hash(struct store *store, uint8_t out[32])
{
    static const uint8_t zeros[32];
    struct sha256 *hash = sha256_new();
    struct reader *reader;
    uint64_t damaged;

    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each(reader, zeros, hash_record, hash, &damaged), LAT_OK);
    assert_int_equal(damaged, 0);
    assert_int_equal(reader_each_leaf(reader, zeros, hash_leaf, hash), LAT_OK);
    reader_end(reader);
    sha256_end(hash, out);
    sha256_free(hash);
}

struct walk {
    tree_leaf_fn fn;
    void *arg;
};

static enum lat_err
give(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    const struct walk *walk = arg;

    (void)hlc;
    return walk->fn(walk->arg, keyhash, leaf);
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg)
{
    struct walk walk = { fn, fn_arg };

    return reader_each_leaf(arg, from, give, &walk);
}

void
assert_root_is_sound(struct store *store)
{
    static const uint8_t zeros[32];
    struct reader *reader;
    struct store_head head;
    struct tree_source source = { .each = each_leaf };
    uint8_t top[32], root[32], looked[32];
    uint64_t count, looked_count, hlc;

    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    source.arg = reader;
    assert_int_equal(tree_fold(&source, zeros, 0, &count, top), LAT_OK);
    tree_root_hash(store_network(store)->id, count, top, root);
    reader_root(reader, looked, &looked_count, &hlc);
    assert_memory_equal(root, looked, 32);
    assert_int_equal(count, looked_count);
    assert_int_equal(reader_subtree(reader, zeros, 0, &looked_count, looked), LAT_OK);
    assert_memory_equal(top, looked, 32);
    assert_int_equal(count, looked_count);
    reader_end(reader);
    store_head(store, &head);
    assert_memory_equal(root, head.root, 32);
    assert_int_equal(count, head.count);
}
