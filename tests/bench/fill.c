/*
 * fill.c - a state directory with a key and so many signed entries, for nodes and measurements to start from.
 *
 *   fill STATE_DIR COUNT [DOCUMENT]
 *
 * DOCUMENT: also write the entries there as one JSON object. Records are signed by all cores and go in by the
 * order of their hashes, as an empty node takes them from a peer.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/le.h"
#include "bench/bench.h"
#include "node/files.h"
#include "state/store.h"

#define GROUP 10000
#define THREADS_MAX 16
#define MAP_SIZE (UINT64_C(8) << 30)

struct place {
    uint8_t keyhash[8]; /* enough to order by */
    uint64_t n;
};

struct filler {
    pthread_t thread;
    struct store *store;
    const struct key *key;
    const struct place *places;
    size_t count;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
};

static int
compare_places(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(((struct place *)NULL)->keyhash));
}

static struct place *
order_entries(const struct network *network, size_t count)
{
    struct place *places = calloc(count, sizeof(*places));
    char key[BENCH_KEY_MAX];
    uint8_t hash[32];

    if (places == NULL)
        bench_fail("fill", "out of memory");
    for (size_t i = 0; i < count; i++) {
        places[i].n = i;
        keyhash_of(network, (uint8_t *)key, bench_key(i, key), hash);
        memcpy(places[i].keyhash, hash, sizeof(places[i].keyhash));
    }
    qsort(places, count, sizeof(*places), compare_places);
    return places;
}

static void
on_merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct filler *filler = arg;

    if (err || verdicts[0] != VERDICT_APPLIED || verdicts[count - 1] != VERDICT_APPLIED)
        bench_fail("fill", "a record was not applied");
    pthread_mutex_lock(&filler->lock);
    filler->done = true;
    pthread_cond_signal(&filler->answered);
    pthread_mutex_unlock(&filler->lock);
}

static void
add_record(const struct filler *filler, uint64_t n, uint64_t hlc, struct lat_buf *list)
{
    char key[BENCH_KEY_MAX], value[BENCH_VALUE_MAX];
    struct record_content content = { .hlc = hlc,
                                      .key = (uint8_t *)key,
                                      .key_len = bench_key(n, key),
                                      .value = (uint8_t *)value,
                                      .value_len = bench_value(n, value) };
    size_t before = list->len;
    uint8_t *length;

    if (lat_buf_extend(list, 4, &length) ||
        record_make(store_network(filler->store), filler->key, &content, list))
        bench_fail("record", "cannot be made");
    lat_put_u32le(list->data + before, (uint32_t)(list->len - before - 4));
}

static void *
fill_range(void *arg)
{
    struct filler *filler = arg;
    uint64_t hlc = lat_wall_ms() << 16;

    for (size_t at = 0; at < filler->count; at += GROUP) {
        size_t count = filler->count - at < GROUP ? filler->count - at : GROUP;
        struct lat_buf list;

        lat_buf_init(&list, 64u << 20);
        for (size_t i = 0; i < count; i++)
            add_record(filler, filler->places[at + i].n, hlc + filler->places[at + i].n % 65536, &list);
        filler->done = false;
        if (store_merge(filler->store, list.data, list.len, count, on_merged, filler))
            bench_fail("fill", "not queued");
        pthread_mutex_lock(&filler->lock);
        while (!filler->done)
            pthread_cond_wait(&filler->answered, &filler->lock);
        pthread_mutex_unlock(&filler->lock);
        lat_buf_fini(&list);
    }
    return NULL;
}

static void
fill(struct store *store, const struct key *key, size_t count)
{
    struct place *places = order_entries(store_network(store), count);
    struct filler fillers[THREADS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

    for (size_t i = 0; i < threads; i++) {
        size_t from = count * i / threads, to = count * (i + 1) / threads;

        fillers[i] =
            (struct filler){ .store = store, .key = key, .places = places + from, .count = to - from };
        pthread_mutex_init(&fillers[i].lock, NULL);
        pthread_cond_init(&fillers[i].answered, NULL);
        if (pthread_create(&fillers[i].thread, NULL, fill_range, &fillers[i]))
            bench_fail("fill", "no thread");
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(fillers[i].thread, NULL);
    free(places);
}

static void
write_document(const char *path, size_t count)
{
    FILE *out = fopen(path, "we");
    char key[BENCH_KEY_MAX], value[BENCH_VALUE_MAX];

    if (out == NULL)
        bench_fail(path, "cannot be written");
    for (size_t i = 0; i < count; i++) {
        bench_key(i, key);
        bench_value(i, value);
        fprintf(out, "%s\"%s\": %s", i ? ", " : "{", key, value);
    }
    if (fputs("}\n", out) < 0 || fclose(out) != 0)
        bench_fail(path, "cannot be written");
}

int
main(int argc, char **argv)
{
    struct store_options options = { .network = "lattice", .map_max = MAP_SIZE };
    struct lat_msg why = { "" };
    struct store *store;
    struct key *key;
    char dir[4096];
    size_t count;
    int lock;

    if (argc < 3)
        bench_fail("usage", "fill STATE_DIR COUNT [DOCUMENT]");
    count = strtoul(argv[2], NULL, 10);
    if (files_lock(argv[1], &lock, &why) || files_key(argv[1], NULL, &key, &why))
        bench_fail("fill", why.text);
    snprintf(dir, sizeof(dir), "%s/store", argv[1]);
    options.dir = dir;
    options.key = key;
    if (store_open(&options, &store, &why))
        bench_fail("fill", why.text);
    fill(store, key, count);
    store_close(store);
    key_free(key);
    files_unlock(lock);
    if (argc > 3)
        write_document(argv[3], count);
    return 0;
}
