/*
 * puts.c - durable puts a second in groups of 1, 100 and 1,000: the store beside LMDB and SQLite, in one
 * folder, in turns.
 *
 * For the store's own writes a group is so many writers, each writing again as soon as it is answered, and
 * group commit makes the batches; each write is signed. For all others it is one batch, one transaction, of
 * records that another node signed before the clock started: the store keeps its tree and two tables, the
 * rivals one table from hash to record.
 *
 *   puts FOLDER
 */
#include "config.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

#include "base/le.h"
#include "bench/bench.h"
#include "state/store.h"

#define MAP_SIZE (UINT64_C(4) << 30)
#define FILL_GROUP 10000
#define LEAF_ROW_LEN 49 /* of the store's second table */
#define HLC_FIRST (UINT64_C(1700000000000) << 16)

static const unsigned groups[] = { 1, 100, 1000 };
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

/* --- what is put -------------------------------------------------------------------------------------- */

struct item {
    uint8_t keyhash[32];
    size_t at; /* of the record in the list, behind its length */
    size_t len;
};

/* The entries numbered first, first + 1 ... and their records, each with its length in front. */
struct load {
    uint64_t first;
    size_t count;
    unsigned group;
    struct item *items;
    struct lat_buf list;
};

static struct network network;
static struct key *author, *self;

static void
add_item(struct load *load, uint64_t n, struct item *item)
{
    char key[BENCH_KEY_MAX], value[BENCH_VALUE_MAX];
    struct record_content content = { .hlc = HLC_FIRST + n,
                                      .key = (uint8_t *)key,
                                      .key_len = bench_key(n, key),
                                      .value = (uint8_t *)value,
                                      .value_len = bench_value(n, value) };
    size_t before = load->list.len;
    uint8_t *length;

    if (lat_buf_extend(&load->list, 4, &length) || record_make(&network, author, &content, &load->list))
        bench_fail("record", "cannot be made");
    item->at = before + 4;
    item->len = load->list.len - item->at;
    lat_put_u32le(load->list.data + before, (uint32_t)item->len);
    keyhash_of(&network, content.key, content.key_len, item->keyhash);
}

static void
load_make(struct load *load, uint64_t first, size_t count, unsigned group)
{
    *load = (struct load){ .first = first, .count = count, .group = group };
    load->items = calloc(count, sizeof(*load->items));
    if (load->items == NULL)
        bench_fail("records", "out of memory");
    lat_buf_init(&load->list, count * (RECORD_OVERHEAD + BENCH_KEY_MAX + BENCH_VALUE_MAX + 4));
    for (size_t i = 0; i < count; i++)
        add_item(load, first + i, &load->items[i]);
}

static void
load_free(struct load *load)
{
    free(load->items);
    lat_buf_fini(&load->list);
}

/* --- the store ---------------------------------------------------------------------------------------- */

struct ours {
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    size_t answers;
};

static void *
ours_open(const char *dir)
{
    struct ours *ours = calloc(1, sizeof(*ours));
    struct store_options options = { .dir = dir, .network = network.name, .key = self, .map_max = MAP_SIZE };
    struct lat_msg why = { "" };

    if (ours == NULL)
        bench_fail("store", "out of memory");
    pthread_mutex_init(&ours->lock, NULL);
    pthread_cond_init(&ours->answered, NULL);
    if (store_open(&options, &ours->store, &why))
        bench_fail("store", why.text);
    return ours;
}

static void
count_answers(struct ours *ours, enum lat_err err, size_t count)
{
    if (err)
        bench_fail("write", lat_err_text(err));
    pthread_mutex_lock(&ours->lock);
    ours->answers += count;
    pthread_cond_signal(&ours->answered);
    pthread_mutex_unlock(&ours->lock);
}

/* Wait until so many have been answered; returns how many have been. */
static size_t
wait_for_answers(struct ours *ours, size_t least)
{
    size_t answers;

    pthread_mutex_lock(&ours->lock);
    while (ours->answers < least)
        pthread_cond_wait(&ours->answered, &ours->lock);
    answers = ours->answers;
    pthread_mutex_unlock(&ours->lock);
    return answers;
}

static void
on_written(void *arg, const struct store_written *written)
{
    count_answers(arg, written->err, 1);
}

static void
write_entry(struct ours *ours, uint64_t n)
{
    char key[BENCH_KEY_MAX], value[BENCH_VALUE_MAX];
    size_t key_len = bench_key(n, key), value_len = bench_value(n, value);
    enum lat_err err = store_write(ours->store, (uint8_t *)key, key_len, (uint8_t *)value, value_len,
                                   STORE_MATCH_ANY, NULL, on_written, ours);

    if (err)
        bench_fail("write", lat_err_text(err));
}

static void
write_load(void *keeper, const struct load *load)
{
    struct ours *ours = keeper;
    size_t sent = 0, answered = 0;

    ours->answers = 0;
    while (answered < load->count) {
        while (sent < load->count && sent - answered < load->group)
            write_entry(ours, load->first + sent++);
        answered = wait_for_answers(ours, answered + 1);
    }
}

static void
on_merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    for (size_t i = 0; i < count && !err; i++)
        if (verdicts[i] != VERDICT_APPLIED)
            bench_fail("merge", "a record was not applied");
    count_answers(arg, err, count);
}

static void
merge_load(void *keeper, const struct load *load)
{
    struct ours *ours = keeper;

    ours->answers = 0;
    for (size_t i = 0; i < load->count; i += load->group) {
        size_t count = load->count - i < load->group ? load->count - i : load->group;
        const struct item *last = &load->items[i + count - 1];
        size_t from = load->items[i].at - 4, to = last->at + last->len;

        if (store_merge(ours->store, load->list.data + from, to - from, count, on_merged, ours))
            bench_fail("merge", "not queued");
        wait_for_answers(ours, i + count);
    }
}

static void
ours_close(void *keeper)
{
    struct ours *ours = keeper;

    store_close(ours->store);
    pthread_mutex_destroy(&ours->lock);
    pthread_cond_destroy(&ours->answered);
    free(ours);
}

/* --- LMDB alone --------------------------------------------------------------------------------------- */

struct lmdb {
    MDB_env *env;
    MDB_dbi table, leaves;
    bool both; /* a row of leaves for each record, as the store keeps one */
};

static void
need_lmdb(int rc)
{
    if (rc != 0)
        bench_fail("LMDB", mdb_strerror(rc));
}

static struct lmdb *
open_tables(const char *dir, bool both)
{
    struct lmdb *lmdb = calloc(1, sizeof(*lmdb));
    MDB_txn *txn;

    if (lmdb == NULL || mkdir(dir, 0700))
        bench_fail("LMDB", "no folder");
    need_lmdb(mdb_env_create(&lmdb->env));
    lmdb->both = both;
    need_lmdb(mdb_env_set_mapsize(lmdb->env, MAP_SIZE));
    need_lmdb(mdb_env_set_maxdbs(lmdb->env, 2));
    need_lmdb(mdb_env_open(lmdb->env, dir, 0, 0600));
    need_lmdb(mdb_txn_begin(lmdb->env, NULL, 0, &txn));
    need_lmdb(mdb_dbi_open(txn, "records", MDB_CREATE, &lmdb->table));
    need_lmdb(mdb_dbi_open(txn, "leaves", MDB_CREATE, &lmdb->leaves));
    need_lmdb(mdb_txn_commit(txn));
    return lmdb;
}

static void *
lmdb_open(const char *dir)
{
    return open_tables(dir, false);
}

static void *
lmdb_open_both(const char *dir)
{
    return open_tables(dir, true);
}

static void
lmdb_load(void *keeper, const struct load *load)
{
    struct lmdb *lmdb = keeper;
    MDB_txn *txn = NULL;

    for (size_t i = 0; i < load->count; i++) {
        struct item *item = &load->items[i];
        MDB_val key = { .mv_size = 32, .mv_data = item->keyhash };
        MDB_val record = { .mv_size = item->len, .mv_data = load->list.data + item->at };

        if (i % load->group == 0)
            need_lmdb(mdb_txn_begin(lmdb->env, NULL, 0, &txn));
        need_lmdb(mdb_put(txn, lmdb->table, &key, &record, 0));
        if (lmdb->both) {
            record.mv_size = LEAF_ROW_LEN;
            need_lmdb(mdb_put(txn, lmdb->leaves, &key, &record, 0));
        }
        if ((i + 1) % load->group == 0 || i + 1 == load->count)
            need_lmdb(mdb_txn_commit(txn));
    }
}

static void
lmdb_close(void *keeper)
{
    struct lmdb *lmdb = keeper;

    mdb_env_close(lmdb->env);
    free(lmdb);
}

/* --- SQLite ------------------------------------------------------------------------------------------- */

#ifdef HAVE_SQLITE
struct sqlite {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static void
run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_fail(sql, sqlite3_errmsg(db));
}

static void *
sqlite_open(const char *path)
{
    struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

    if (sqlite == NULL || sqlite3_open(path, &sqlite->db) != SQLITE_OK)
        bench_fail("SQLite", "cannot be opened");
    run_sql(sqlite->db, "PRAGMA journal_mode = WAL");
    run_sql(sqlite->db, "PRAGMA synchronous = FULL");
    run_sql(sqlite->db, "CREATE TABLE records (keyhash BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID");
    if (sqlite3_prepare_v2(sqlite->db, "INSERT OR REPLACE INTO records VALUES (?, ?)", -1, &sqlite->insert,
                           NULL) != SQLITE_OK)
        bench_fail("SQLite", sqlite3_errmsg(sqlite->db));
    return sqlite;
}

static void
sqlite_load(void *keeper, const struct load *load)
{
    struct sqlite *sqlite = keeper;

    for (size_t i = 0; i < load->count; i++) {
        const struct item *item = &load->items[i];

        if (i % load->group == 0)
            run_sql(sqlite->db, "BEGIN");
        sqlite3_bind_blob(sqlite->insert, 1, item->keyhash, 32, SQLITE_STATIC);
        sqlite3_bind_blob(sqlite->insert, 2, load->list.data + item->at, (int)item->len, SQLITE_STATIC);
        if (sqlite3_step(sqlite->insert) != SQLITE_DONE)
            bench_fail("SQLite", sqlite3_errmsg(sqlite->db));
        sqlite3_reset(sqlite->insert);
        if ((i + 1) % load->group == 0 || i + 1 == load->count)
            run_sql(sqlite->db, "COMMIT");
    }
}

static void
sqlite_close(void *keeper)
{
    struct sqlite *sqlite = keeper;

    sqlite3_finalize(sqlite->insert);
    sqlite3_close(sqlite->db);
    free(sqlite);
}
#endif

/* --- the run ------------------------------------------------------------------------------------------ */

enum { WRITING, MERGING, LMDB, LMDB_BOTH, SQLITE, KEEPERS };

static const struct keeper {
    const char *name; /* NULL: not here */
    void *(*open)(const char *dir);
    void (*put)(void *keeper, const struct load *load); /* returns when all are durable */
    void (*close)(void *keeper);
} keepers[KEEPERS] = {
    [WRITING] = { "written", ours_open, write_load, ours_close },
    [MERGING] = { "merged", ours_open, merge_load, ours_close },
    [LMDB] = { "lmdb", lmdb_open, lmdb_load, lmdb_close },
    [LMDB_BOTH] = { "lmdb-both", lmdb_open_both, lmdb_load, lmdb_close },
#ifdef HAVE_SQLITE
    [SQLITE] = { "sqlite", sqlite_open, sqlite_load, sqlite_close },
#endif
};

static void *opened[KEEPERS];
static uint64_t next_entry;

/* What stands in each of them before the clock starts. */
static void
fill(size_t entries)
{
    while (next_entry < entries) {
        struct load load;

        load_make(&load, next_entry, FILL_GROUP, FILL_GROUP);
        merge_load(opened[WRITING], &load);
        for (int which = MERGING; which < KEEPERS; which++)
            if (opened[which])
                keepers[which].put(opened[which], &load);
        load_free(&load);
        next_entry += FILL_GROUP;
    }
}

/* Each keeper in turn, so that whatever else the machine does meets all of them. */
static void
measure(unsigned group, unsigned rounds, struct series rates[KEEPERS])
{
    size_t count = group == 1 ? 100 : (size_t)group * 10;

    for (unsigned round = 0; round < rounds; round++) {
        struct load load;

        load_make(&load, next_entry, count, group);
        for (int which = 0; which < KEEPERS; which++) {
            double then = bench_now();

            if (opened[which] == NULL)
                continue;
            keepers[which].put(opened[which], &load);
            series_add(&rates[which], (double)count / (bench_now() - then));
        }
        load_free(&load);
        next_entry += count;
    }
}

static void
report(unsigned group, struct series rates[KEEPERS])
{
    double written = series_at(&rates[WRITING], 0.5), merged = series_at(&rates[MERGING], 0.5);
    double lmdb = series_at(&rates[LMDB], 0.5);
    char what[96];

    snprintf(what, sizeof(what), "durable puts, records signed before, %u a batch", group);
    bench_line("store", what, "1/s", merged, "LMDB, synced, no root", lmdb, ">=0.8x");
    bench_line("store", what, "1/s", merged, "LMDB, synced, no root, a row of leaves as well",
               series_at(&rates[LMDB_BOTH], 0.5), "");
    if (rates[SQLITE].count > 0)
        bench_line("store", what, "1/s", merged, "SQLite, WAL, FULL", series_at(&rates[SQLITE], 0.5), "");
    else
        bench_line_missing("store", what, "1/s", merged, "SQLite", "");
    snprintf(what, sizeof(what), "durable writes, each signed, %u writer%s", group,
             group == 1 ? "" : "s at a time");
    bench_line("store", what, "1/s", written, "LMDB, synced, no root", lmdb, ">=0.8x");
}

int
main(int argc, char **argv)
{
    unsigned rounds = bench_setting("BENCH_ROUNDS", 9);
    uint8_t seed[2][KEY_SEED_LEN] = { { 7 }, { 8 } };
    char path[4096];

    if (argc != 2)
        bench_fail("usage", "puts FOLDER");
    if (network_init(&network, "lattice") || key_from_seed(seed[0], &author) || key_from_seed(seed[1], &self))
        bench_fail("keys", "out of memory");
    for (int which = 0; which < KEEPERS; which++) {
        if (keepers[which].name == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], keepers[which].name);
        opened[which] = keepers[which].open(path);
    }
    fill(bench_setting("BENCH_FILL", 100000));
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct series rates[KEEPERS] = { { 0 } };

        measure(groups[i], rounds, rates);
        report(groups[i], rates);
        for (int which = 0; which < KEEPERS; which++)
            series_free(&rates[which]);
    }
    for (int which = 0; which < KEEPERS; which++)
        if (opened[which])
            keepers[which].close(opened[which]);
    key_free(author);
    key_free(self);
    return 0;
}
