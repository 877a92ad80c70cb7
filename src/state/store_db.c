#include "config.h"

#include "state/store_db.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/le.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"
#include "crypto/hash.h"

#define READERS_MAX 510
#define GATE_WAIT_MS 10000            /* for readers that live 2 s at most */
#define MAP_LEAST (UINT64_C(1) << 30) /* halving ends here */
#define MAP_GRAIN UINT64_C(65536)     /* a multiple of every page size */

#define DIG_LEN (32 + 8 + 1 + 8)
#define HEAD_LEN (32 + 8 + 8 + 8 + 1)

enum lat_err
db_err(int rc)
{
    switch (rc) {
    case 0:
        return LAT_OK;
    case MDB_NOTFOUND:
        return LAT_NOTFOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return LAT_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return LAT_DAMAGED;
    case ENOMEM:
        return LAT_NOMEM;
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
    case MDB_PANIC:
        return LAT_BUSY;
    default:
        errno = rc > 0 ? rc : EIO;
        return LAT_SYS;
    }
}

/* --- environment ----------------------------------------------------------------------------------- */

static int
open_env(struct store_db *db, uint64_t size)
{
    unsigned flags = MDB_NOTLS | (db->read_only ? MDB_RDONLY : 0u);
    int rc = mdb_env_create(&db->env);

    if (rc != 0)
        return rc;
    mdb_env_set_maxreaders(db->env, READERS_MAX);
    mdb_env_set_maxdbs(db->env, 8);
    rc = mdb_env_set_mapsize(db->env, size);
    if (rc == 0)
        rc = mdb_env_open(db->env, db->dir, flags, 0600);
    if (rc != 0) {
        mdb_env_close(db->env);
        db->env = NULL;
    }
    return rc;
}

/* The map as LMDB made it: never less than what is stored. */
static uint64_t
map_of(const struct store_db *db)
{
    MDB_envinfo info;

    return mdb_env_info(db->env, &info) == 0 ? info.me_mapsize : 0;
}

/* A limit of address space shows as ENOMEM of the mapping. */
static int
open_env_halving(struct store_db *db, uint64_t size)
{
    uint64_t wanted = size;
    int rc = open_env(db, size);

    while (rc == ENOMEM && size / 2 >= MAP_LEAST) {
        size = size / 2 / MAP_GRAIN * MAP_GRAIN;
        rc = open_env(db, size);
    }
    if (rc == 0 && size != wanted)
        lat_log(LAT_WARNING,
                "[STATE] the system refuses %" PRIu64
                " MiB of address space for the store; going on with %" PRIu64
                " MiB (raise the limit, ulimit -v, or lower LATTICE_STORE_MAX)",
                wanted >> 20, size >> 20);
    db->map_size = rc == 0 ? map_of(db) : size;
    return rc;
}

static int
open_tables(struct store_db *db)
{
    struct {
        const char *name;
        MDB_dbi *dbi;
    } tables[] = { { "rec", &db->rec },
                   { "dig", &db->dig },
                   { "leg", &db->leg },
                   { "bad", &db->bad },
                   { "meta", &db->meta } };
    MDB_txn *txn;
    int rc = mdb_txn_begin(db->env, NULL, db->read_only ? MDB_RDONLY : 0, &txn);

    for (size_t i = 0; rc == 0 && i < sizeof(tables) / sizeof(tables[0]); i++) {
        rc = mdb_dbi_open(txn, tables[i].name, db->read_only ? 0 : MDB_CREATE, tables[i].dbi);
        if (rc != 0)
            mdb_txn_abort(txn);
    }
    return rc != 0 ? rc
                   : mdb_txn_commit(txn); /* handles of a read transaction too last only if it is committed */
}

/*
 * Pages behind the end of a file that was cut short would be SIGBUS to whoever reads them. Filled up with
 * zeros they are pages of no kind, which LMDB reports. In a sound file pages beyond the end are free ones, so
 * this is right there too.
 */
static int
fill_up_file(const struct store_db *db)
{
    mdb_filehandle_t fd;
    struct stat st;
    int rc = mdb_env_get_fd(db->env, &fd);

    if (rc != 0)
        return rc;
    if (fstat(fd, &st) != 0)
        return errno;
    if ((uint64_t)st.st_size < db_file_bytes(db) && ftruncate(fd, (off_t)db_file_bytes(db)) != 0)
        return errno;
    return 0;
}

static int
open_all(struct store_db *db, uint64_t size)
{
    int dead, rc = open_env_halving(db, size);

    if (rc != 0)
        return rc;
    mdb_reader_check(db->env, &dead); /* slots of processes that are gone */
    if (!db->read_only)
        rc = fill_up_file(db);
    if (rc == 0)
        rc = open_tables(db);
    if (rc != 0) {
        mdb_env_close(db->env);
        db->env = NULL;
    }
    return rc;
}

static enum lat_err
explain(const struct store_db *db, int rc, struct lat_msg *why)
{
    enum lat_err err = rc == ENOENT || rc == MDB_NOTFOUND ? LAT_NOTFOUND : db_err(rc);
    int saved = errno;
    char dir[256];

    lat_escape_str(db->dir, dir, sizeof(dir));
    if (err == LAT_NOTFOUND)
        lat_msg_set(why, "store %s: there is none; start the node once, or name the right state directory",
                    dir);
    else if (err == LAT_DAMAGED)
        lat_msg_set(
            why,
            "store %s: cannot be read: %s; restore a backup, or set the folder aside and let the node "
            "fill a new one from its peers",
            dir, mdb_strerror(rc));
    else if (err == LAT_FULL)
        lat_msg_set(why, "store %s: no space left: %s; make room or raise LATTICE_STORE_MAX", dir,
                    mdb_strerror(rc));
    else
        lat_msg_set(why, "store %s: cannot be opened: %s", dir, mdb_strerror(rc));
    errno = saved;
    return err;
}

enum lat_err
db_open(struct store_db *db, const char *dir, uint64_t map_start, uint64_t map_max, bool read_only,
        struct lat_msg *why)
{
    int rc;

    *db = (struct store_db){ .map_max = map_max / MAP_GRAIN * MAP_GRAIN,
                             .read_only = read_only,
                             .dir = strdup(dir) };
    if (db->dir == NULL)
        return LAT_NOMEM;
    pthread_mutex_init(&db->gate.lock, NULL);
    lat_cond_init(&db->gate.moved);
    rc = open_all(db, map_start / MAP_GRAIN * MAP_GRAIN);
    if (rc != 0) {
        enum lat_err err = explain(db, rc, why);

        db_close(db);
        return err;
    }
    return LAT_OK;
}

void
db_close(struct store_db *db)
{
    if (db->dir == NULL)
        return;
    if (db->env != NULL)
        mdb_env_close(db->env);
    pthread_cond_destroy(&db->gate.moved);
    pthread_mutex_destroy(&db->gate.lock);
    free(db->dir);
    *db = (struct store_db){ 0 };
}

enum lat_err
db_reopen(struct store_db *db, struct lat_msg *why)
{
    int rc;

    if (db->env != NULL)
        mdb_env_close(db->env);
    db->env = NULL;
    rc = open_all(db, db->map_size);
    return rc != 0 ? explain(db, rc, why) : LAT_OK;
}

enum lat_err
db_grow(struct store_db *db)
{
    uint64_t size = db->map_size * 2 < db->map_max ? db->map_size * 2 : db->map_max;
    int rc;

    if (size <= db->map_size)
        return LAT_FULL;
    if (!db_gate_close(&db->gate, GATE_WAIT_MS))
        return LAT_BUSY;
    rc = mdb_env_set_mapsize(db->env, size);
    if (rc == 0)
        db->map_size = size;
    db_gate_open(&db->gate);
    if (rc == 0)
        lat_log(LAT_INFO, "[STATE] the store's map grows to %" PRIu64 " KiB", size >> 10);
    return db_err(rc);
}

int
db_begin_read(struct store_db *db, MDB_txn **txn)
{
    int rc = db->env == NULL ? MDB_PANIC : mdb_txn_begin(db->env, NULL, MDB_RDONLY, txn);

    if (rc == MDB_MAP_RESIZED && db->read_only) {
        /* A reading process has one thread and one reader, so nobody else is in the middle. */
        rc = mdb_env_set_mapsize(db->env, 0);
        if (rc == 0)
            rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, txn);
    }
    return rc;
}

uint64_t
db_file_bytes(const struct store_db *db)
{
    MDB_envinfo info;
    MDB_stat stat;

    if (db->env == NULL || mdb_env_info(db->env, &info) != 0 || mdb_env_stat(db->env, &stat) != 0)
        return 0;
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

uint64_t
db_last_txn(const struct store_db *db)
{
    MDB_envinfo info;

    return mdb_env_info(db->env, &info) == 0 ? info.me_last_txnid : 0;
}

/* --- tables ---------------------------------------------------------------------------------------- */

int
db_get(MDB_txn *txn, MDB_dbi table, const void *key, size_t len, MDB_val *value)
{
    MDB_val k = { .mv_size = len, .mv_data = (void *)(uintptr_t)key };

    return mdb_get(txn, table, &k, value);
}

int
db_put(MDB_txn *txn, MDB_dbi table, const void *key, size_t key_len, const void *value, size_t len)
{
    MDB_val k = { .mv_size = key_len, .mv_data = (void *)(uintptr_t)key };
    MDB_val v = { .mv_size = len, .mv_data = (void *)(uintptr_t)value };

    return mdb_put(txn, table, &k, &v, 0);
}

int
db_count(MDB_txn *txn, MDB_dbi table, uint64_t *count)
{
    MDB_stat stat;
    int rc = mdb_stat(txn, table, &stat);

    if (rc == 0)
        *count = stat.ms_entries;
    return rc;
}

int
db_del(MDB_txn *txn, MDB_dbi table, const void *key, size_t len)
{
    MDB_val k = { .mv_size = len, .mv_data = (void *)(uintptr_t)key };
    int rc = mdb_del(txn, table, &k, NULL);

    return rc == MDB_NOTFOUND ? 0 : rc;
}

bool
db_read_dig(const MDB_val *value, struct db_dig *out)
{
    const uint8_t *at = value->mv_data;

    if (value->mv_size != DIG_LEN)
        return false;
    memcpy(out->leaf, at, 32);
    out->hlc = lat_get_u64le(at + 32);
    out->flags = at[40];
    memcpy(out->check, at + 41, sizeof(out->check));
    return true;
}

int
db_get_dig(const struct store_db *db, MDB_txn *txn, const uint8_t keyhash[32], struct db_dig *out)
{
    MDB_val value;
    int rc = db_get(txn, db->dig, keyhash, 32, &value);

    if (rc == 0 && !db_read_dig(&value, out))
        rc = MDB_CORRUPTED;
    return rc;
}

int
db_put_dig(const struct store_db *db, MDB_txn *txn, const uint8_t keyhash[32], const struct db_dig *dig)
{
    uint8_t text[DIG_LEN];

    lat_put_u64le(lat_put_bytes(text, dig->leaf, 32), dig->hlc);
    text[40] = dig->flags;
    memcpy(text + 41, dig->check, sizeof(dig->check));
    return db_put(txn, db->dig, keyhash, 32, text, sizeof(text));
}

void
db_dig_of(const struct record *record, struct db_dig *out)
{
    uint8_t hash[32];

    memcpy(out->leaf, record->leaf, 32);
    out->hlc = record->hlc;
    out->flags = (uint8_t)(record->flags | (record_is_entry(record) ? 0 : DIG_HIDDEN));
    sha256_of(record->signature, KEY_SIGNATURE_LEN, hash);
    memcpy(out->check, hash, sizeof(out->check));
}

int
db_get_head(const struct store_db *db, MDB_txn *txn, struct db_head *out)
{
    MDB_val value;
    const uint8_t *at;
    int rc = db_get(txn, db->meta, "head", 4, &value);

    if (rc != 0)
        return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
    if (value.mv_size != HEAD_LEN)
        return MDB_CORRUPTED;
    at = value.mv_data;
    memcpy(out->root, at, 32);
    out->count = lat_get_u64le(at + 32);
    out->keys = lat_get_u64le(at + 40);
    out->last = lat_get_u64le(at + 48);
    out->incomplete = at[56] != 0;
    return 0;
}

int
db_put_head(const struct store_db *db, MDB_txn *txn, const struct db_head *head)
{
    uint8_t text[HEAD_LEN], *at = lat_put_bytes(text, head->root, 32);

    at = lat_put_u64le(lat_put_u64le(lat_put_u64le(at, head->count), head->keys), head->last);
    *at = head->incomplete;
    return db_put(txn, db->meta, "head", 4, text, sizeof(text));
}

bool
db_record_fits(const struct network *network, const uint8_t keyhash[32], const struct db_dig *dig,
               const MDB_val *bytes, struct record *out)
{
    struct db_dig found;

    if (record_parse_trusted(network, bytes->mv_data, bytes->mv_size, out) != LAT_OK)
        return false;
    db_dig_of(out, &found);
    return memcmp(out->keyhash, keyhash, 32) == 0 && memcmp(found.leaf, dig->leaf, 32) == 0 &&
           memcmp(found.check, dig->check, sizeof(found.check)) == 0;
}

/* --- leaves ---------------------------------------------------------------------------------------- */

int
db_leaves_begin(const struct store_db *db, MDB_txn *txn, struct db_leaves *leaves)
{
    *leaves = (struct db_leaves){ 0 };
    return mdb_cursor_open(txn, db->dig, &leaves->cursor);
}

void
db_leaves_end(struct db_leaves *leaves)
{
    if (leaves->cursor != NULL)
        mdb_cursor_close(leaves->cursor);
    leaves->cursor = NULL;
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg)
{
    struct db_leaves *leaves = arg;
    MDB_val key = { .mv_size = 32, .mv_data = (void *)(uintptr_t)from }, value;
    int rc = mdb_cursor_get(leaves->cursor, &key, &value, MDB_SET_RANGE);
    enum lat_err err = LAT_OK;

    while (rc == 0 && !err) {
        if (key.mv_size != 32 || value.mv_size != DIG_LEN)
            return LAT_DAMAGED;
        err = fn(fn_arg, key.mv_data, value.mv_data);
        if (!err)
            rc = mdb_cursor_get(leaves->cursor, &key, &value, MDB_NEXT);
    }
    if (err)
        return err;
    leaves->rc = rc == MDB_NOTFOUND ? 0 : rc;
    return db_err(leaves->rc);
}

struct tree_source
db_leaves_source(struct db_leaves *leaves)
{
    return (struct tree_source){ .each = each_leaf, .arg = leaves };
}

enum lat_err
db_fold(const struct store_db *db, MDB_txn *txn, const struct network *network, struct tree **tree,
        uint8_t root[32])
{
    struct db_leaves leaves;
    struct tree_source source = db_leaves_source(&leaves);
    MDB_stat stat;
    uint8_t top[32];
    int rc = mdb_stat(txn, db->dig, &stat);
    enum lat_err err;

    if (rc == 0)
        rc = db_leaves_begin(db, txn, &leaves);
    if (rc != 0)
        return db_err(rc);
    err = tree_build(&source, stat.ms_entries, tree);
    db_leaves_end(&leaves);
    if (!err) {
        tree_top(*tree, top);
        tree_root_hash(network->id, tree_count(*tree), top, root);
    }
    return err;
}
