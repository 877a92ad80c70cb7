/*
 * start.c - how long a store takes from opening its files to a root held against its leaves, cold and warm,
 * beside LMDB's own walk over the same records with a SHA-256 of each; and what it then holds in memory for a
 * key.
 *
 *   start STATE_DIR
 *
 * Each opening is that of a new process. Cold: the kernel was asked to forget the file's pages.
 */
#include "config.h"

#include <fcntl.h>
#include <lmdb.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "crypto/hash.h"
#include "state/store.h"

#define MAP_SIZE (UINT64_C(8) << 30)

struct figures {
    double seconds;
    double bytes_per_key; /* anonymous memory that came with it */
    double count;
};

static char folder[4096];

/* --- memory ------------------------------------------------------------------------------------------- */

/* Anonymous memory of this process in bytes: what is not the map's page cache. */
static double
anonymous_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    double kib = 0;

    while (status != NULL && fgets(line, sizeof(line), status))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtod(line + 8, NULL);
    if (status != NULL)
        fclose(status);
    return kib * 1024;
}

static void
forget_pages(void)
{
    char path[4200];
    int fd;

    snprintf(path, sizeof(path), "%s/data.mdb", folder);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        bench_fail(path, "is not there");
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

/* --- the two ------------------------------------------------------------------------------------------ */

static void
open_store(struct figures *out)
{
    struct store_options options = { .dir = folder, .network = "lattice", .map_max = MAP_SIZE };
    double before = anonymous_bytes(), then = bench_now();
    struct lat_msg why = { "" };
    struct store_head head;
    struct store *store;

    if (store_open(&options, &store, &why))
        bench_fail("store", why.text);
    out->seconds = bench_now() - then;
    store_head(store, &head);
    if (head.damaged)
        bench_fail("store", head.error);
    out->count = (double)head.count;
    out->bytes_per_key = (anonymous_bytes() - before) / out->count;
    store_close(store);
}

static void
need(int rc)
{
    if (rc != 0)
        bench_fail("LMDB", mdb_strerror(rc));
}

static void
walk_lmdb(struct figures *out)
{
    double then = bench_now();
    MDB_val key, record;
    uint8_t hash[32];
    MDB_cursor *cursor;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
    int rc;

    need(mdb_env_create(&env));
    need(mdb_env_set_maxdbs(env, 8));
    need(mdb_env_set_mapsize(env, MAP_SIZE));
    need(mdb_env_open(env, folder, MDB_RDONLY, 0600));
    need(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    need(mdb_dbi_open(txn, "rec", 0, &table));
    need(mdb_cursor_open(txn, table, &cursor));
    while ((rc = mdb_cursor_get(cursor, &key, &record, MDB_NEXT)) == 0) {
        sha256_of(record.mv_data, record.mv_size, hash);
        out->count++;
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    out->seconds = bench_now() - then;
}

/* In a process of its own. */
static struct figures
run_alone(void (*fn)(struct figures *out), bool cold)
{
    struct figures figures = { 0 };
    int result[2], status;
    pid_t pid;

    if (cold)
        forget_pages();
    if (pipe(result) != 0 || (pid = fork()) < 0)
        bench_fail("start", "no process");
    if (pid == 0) {
        fn(&figures);
        _exit(write(result[1], &figures, sizeof(figures)) != sizeof(figures));
    }
    close(result[1]);
    if (read(result[0], &figures, sizeof(figures)) != sizeof(figures))
        bench_fail("start", "the process says nothing");
    close(result[0]);
    waitpid(pid, &status, 0);
    return figures;
}

/* --- the run ------------------------------------------------------------------------------------------ */

static void
measure(bool cold, unsigned rounds, struct series *memory)
{
    struct series ours = { 0 }, lmdb = { 0 };
    struct figures f = { 0 };
    char what[96];

    for (unsigned i = 0; i < rounds; i++) {
        f = run_alone(open_store, cold);
        series_add(&ours, f.seconds);
        series_add(memory, f.bytes_per_key);
        f = run_alone(walk_lmdb, cold);
        series_add(&lmdb, f.seconds);
    }
    snprintf(what, sizeof(what), "start to a verified root, %.0f keys, file %s", f.count,
             cold ? "not in memory" : "in memory");
    bench_line("state", what, "s", series_at(&ours, 0.5), "LMDB, walk and hash", series_at(&lmdb, 0.5),
               "<=1x");
    series_free(&ours);
    series_free(&lmdb);
}

int
main(int argc, char **argv)
{
    unsigned rounds = bench_setting("BENCH_ROUNDS", 9);
    struct series memory = { 0 };

    if (argc != 2)
        bench_fail("usage", "start STATE_DIR");
    snprintf(folder, sizeof(folder), "%s/store", argv[1]);
    measure(true, rounds < 5 ? rounds : 5, &memory);
    measure(false, rounds, &memory);
    bench_line("state", "memory for a key beyond the page cache", "B", series_at(&memory, 0.5), NULL, NAN,
               "<=32");
    series_free(&memory);
    return 0;
}
