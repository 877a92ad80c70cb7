#include "config.h"

#include "cli/demo_data.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "state/store.h"

#define DEMO_MAP (1024u * 1024 * 1024)

/* Settlement accounts and transfers: two shapes of value, so that the console has something to show. */
static void
entry_text(size_t i, char *key, size_t key_size, char *value, size_t value_size)
{
    static const char *const currencies[] = { "EUR", "BRL", "USD", "AOA" };

    if (i % 3 == 0) {
        snprintf(key, key_size, "acct/settle/%04zu", i / 3);
        snprintf(value, value_size, "{\"balance\": %zu, \"currency\": \"%s\", \"limit\": %zu}", 10000 + i * 7919 % 900000,
                 currencies[i % 4], (size_t)1000000);
    } else {
        snprintf(key, key_size, "transfer/2026/%05zu", i);
        snprintf(value, value_size, "{\"from\": \"acct/settle/%04zu\", \"to\": \"acct/settle/%04zu\", \"amount\": %zu}",
                 i % 100, (i * 37 + 11) % 100, 10 + i * 104729 % 99000);
    }
}

static enum lat_err
add_record(const struct network *network, const struct key *author, size_t i, uint64_t hlc, struct lat_buf *out)
{
    char key[64], value[160];
    struct record_content content = { .hlc = hlc, .key = (uint8_t *)key, .value = (uint8_t *)value };
    size_t start = out->len;
    uint8_t *at;
    enum lat_err err;
    uint32_t len;

    entry_text(i, key, sizeof(key), value, sizeof(value));
    content.key_len = strlen(key);
    content.value_len = strlen(value);
    err = lat_buf_extend(out, 4, &at);
    if (!err)
        err = record_make(network, author, &content, out);
    if (err)
        return err;
    len = (uint32_t)(out->len - start - 4);
    for (size_t b = 0; b < 4; b++)
        out->data[start + b] = (uint8_t)(len >> (8 * b));
    return LAT_OK;
}

/* Waits for the answer of the store thread. */
struct outcome {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    enum lat_err err;
};

static void
merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct outcome *outcome = arg;

    (void)verdicts;
    (void)count;
    pthread_mutex_lock(&outcome->lock);
    outcome->err = err;
    outcome->done = true;
    pthread_cond_signal(&outcome->cond);
    pthread_mutex_unlock(&outcome->lock);
}

static enum lat_err
fill_store(const char *state_dir, const char *network, const struct lat_buf *records, struct lat_msg *why)
{
    char dir[256];
    struct store_options options = { .dir = dir, .network = network, .map_max = DEMO_MAP };
    struct outcome outcome = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };
    struct store *store;
    enum lat_err err;

    snprintf(dir, sizeof(dir), "%s/store", state_dir);
    err = store_open(&options, &store, why);
    if (err)
        return err;
    err = store_merge(store, records->data, records->len, DEMO_ENTRIES, merged, &outcome);
    if (!err) {
        pthread_mutex_lock(&outcome.lock);
        while (!outcome.done)
            pthread_cond_wait(&outcome.cond, &outcome.lock);
        pthread_mutex_unlock(&outcome.lock);
        err = outcome.err;
    }
    store_close(store);
    return err;
}

enum lat_err
demo_fill(const char *network_name, const char *const *dirs, struct key *const *keys, size_t count, struct lat_msg *why)
{
    uint64_t first = HLC_OF_MS(lat_wall_ms() - 3600 * 1000);
    struct network network;
    struct lat_buf records;
    enum lat_err err;

    lat_buf_init(&records, DEMO_ENTRIES * 1024);
    err = network_init(&network, network_name);
    for (size_t i = 0; i < DEMO_ENTRIES && !err; i++)
        err = add_record(&network, keys[i % count], i, first + HLC_OF_MS(i * 1000), &records);
    for (size_t i = 0; i < count && !err; i++)
        err = fill_store(dirs[i], network_name, &records, why);
    lat_buf_fini(&records);
    return err;
}
