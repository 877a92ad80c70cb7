#include "config.h"

#include "state/store_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"

#define CLOSE_WAIT_MS 10000

/* --- opening --------------------------------------------------------------------------------------- */

static int
put_first_meta(struct store *store, MDB_txn *txn)
{
    static const uint8_t format = DB_FORMAT, zeros[32];
    struct db_head head = { 0 };
    int rc = db_put(txn, store->db.meta, "format", 6, &format, 1);

    if (rc == 0)
        rc = db_put(txn, store->db.meta, "network", 7, store->network.name, strlen(store->network.name));
    tree_root_hash(store->network.id, 0, zeros, head.root);
    return rc != 0 ? rc : db_put_head(&store->db, txn, &head);
}

static enum lat_err
check_meta(const struct store *store, MDB_txn *txn, const MDB_val *format, struct lat_msg *why)
{
    char mine[200], theirs[200], dir[200];
    MDB_val name;

    lat_escape_str(store->db.dir, dir, sizeof(dir));
    if (format->mv_size != 1 || *(const uint8_t *)format->mv_data != DB_FORMAT) {
        lat_msg_set(
            why, "store %s: made by another version of this program; use that one, or set the folder aside",
            dir);
        return LAT_CONFLICT;
    }
    if (db_get(txn, store->db.meta, "network", 7, &name) != 0) {
        lat_msg_set(why, "store %s: damaged: it does not name its network; restore a backup", dir);
        return LAT_DAMAGED;
    }
    if (name.mv_size == strlen(store->network.name) &&
        memcmp(name.mv_data, store->network.name, name.mv_size) == 0)
        return LAT_OK;
    lat_msg_set(why,
                "store %s: belongs to the network \"%s\", not \"%s\"; set LATTICE_NETWORK back, or another "
                "LATTICE_STATE_DIR",
                dir, lat_escape(name.mv_data, name.mv_size, theirs, sizeof(theirs)),
                lat_escape_str(store->network.name, mine, sizeof(mine)));
    return LAT_CONFLICT;
}

/* Is this the store we look for? A new one is made ours. */
static enum lat_err
claim(struct store *store, struct lat_msg *why)
{
    MDB_val format;
    MDB_txn *txn;
    enum lat_err err = LAT_OK;
    int rc = mdb_txn_begin(store->db.env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);

    if (rc == 0) {
        rc = db_get(txn, store->db.meta, "format", 6, &format);
        if (rc == 0)
            err = check_meta(store, txn, &format, why);
        else if (rc == MDB_NOTFOUND && !store->read_only)
            rc = put_first_meta(store, txn);
        if (rc == 0 && !err)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    if (rc != 0) {
        err = db_err(rc);
        lat_msg_set(why, "store: its description cannot be read or written: %s", mdb_strerror(rc));
    }
    return err;
}

/* What was read from disk becomes what stands. */
static void
adopt(struct store *store, const struct db_head *stands, struct tree *tree, uint64_t txn_id, uint64_t lost, bool sound)
{
    struct store_head *head = &store->head;

    pthread_mutex_lock(&store->view_lock);
    store->stands = *stands;
    tree_free(store->tree);
    store->tree = tree;
    store->tree_txn = txn_id;
    store_sketch_reset(&store->sketch);
    memcpy(head->root, stands->root, 32);
    head->count = stands->count;
    head->keys = stands->keys;
    head->hlc = stands->last;
    head->lost = lost;
    head->incomplete = stands->incomplete;
    head->file_bytes = db_file_bytes(&store->db);
    head->damaged = !sound;
    if (sound) {
        head->verified_mono_ms = lat_mono_ms();
    } else {
        store->failure = LAT_DAMAGED;
        snprintf(head->error, sizeof(head->error),
                 "the records do not give the stored root; stop the node and run lattice verify --repair");
    }
    pthread_cond_broadcast(&store->view_moved);
    pthread_mutex_unlock(&store->view_lock);
}

enum lat_err
store_load(struct store *store, struct lat_msg *why)
{
    struct db_head stands;
    struct tree *tree = NULL;
    uint8_t root[32];
    uint64_t txn_id, lost = 0;
    MDB_txn *txn;
    int rc = db_begin_read(&store->db, &txn);
    enum lat_err err = db_err(rc);

    if (!err) {
        err = db_err(db_get_head(&store->db, txn, &stands));
        if (!err)
            err = db_err(db_count(txn, store->db.bad, &lost));
        if (!err)
            err = db_fold(&store->db, txn, &store->network, &tree, root);
        txn_id = mdb_txn_id(txn);
        mdb_txn_abort(txn);
    }
    if (err) {
        lat_msg_set(why,
                    "store: its tables cannot be read: %s; restore a backup, or set the folder aside and let "
                    "the node fill a new one from its peers",
                    lat_err_text(err));
        return err;
    }
    adopt(store, &stands, tree, txn_id, lost,
          tree_count(tree) == stands.count && memcmp(root, stands.root, 32) == 0);
    if (store->read_only) {
        tree_free(store->tree); /* others write: readers fold for themselves */
        store->tree = NULL;
    }
    return LAT_OK;
}

static enum lat_err
open_parts(struct store *store, const struct store_options *options, struct lat_msg *why)
{
    uint64_t start = options->map_start ? options->map_start : options->map_max;
    enum lat_err err = network_init(&store->network, options->network);

    if (err) {
        lat_msg_set(why, "network name: must have 1 to 63 bytes; change LATTICE_NETWORK");
        return err;
    }
    if (!store->read_only && (err = lat_mkdir_all(options->dir, 0700)) != LAT_OK) {
        char dir[256];

        lat_msg_set(why, "store %s: the folder cannot be made: %s",
                    lat_escape_str(options->dir, dir, sizeof(dir)), strerror(errno));
        return err;
    }
    err = db_open(&store->db, options->dir, start, options->map_max, store->read_only, why);
    return err ? err : claim(store, why);
}

static struct store *
new_store(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->key = options->key;
    store->admins = options->admins;
    store->admin_count = options->admin_count;
    store->read_only = options->read_only;
    store->wall_ms = options->wall_ms != NULL ? options->wall_ms : lat_wall_ms;
    store->on_change = options->on_change;
    store->arg = options->arg;
    pthread_mutex_init(&store->queue_lock, NULL);
    lat_cond_init(&store->queued);
    pthread_mutex_init(&store->view_lock, NULL);
    lat_cond_init(&store->view_moved);
    return store;
}

enum lat_err
store_open_tables(const struct store_options *options, struct store **out, struct lat_msg *why)
{
    struct store *store = new_store(options);
    enum lat_err err;

    if (store == NULL)
        return LAT_NOMEM;
    err = open_parts(store, options, why);
    if (err)
        store_close(store);
    else
        *out = store;
    return err;
}

enum lat_err
store_open(const struct store_options *options, struct store **out, struct lat_msg *why)
{
    struct store *store = NULL;
    enum lat_err err = store_open_tables(options, &store, why);

    if (err)
        return err;
    err = store_load(store, why);
    if (!err && !store->read_only)
        err = store_sketch_init(&store->sketch, &store->network);
    if (!err && !store->read_only) {
        err = store_start_thread(store);
        if (err)
            lat_msg_set(why, "store: its thread cannot be started: %s", strerror(errno));
    }
    if (err)
        store_close(store);
    else
        *out = store;
    return err;
}

void
store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_stop_thread(store);
    if (store->db.dir != NULL)
        while (!db_gate_close(&store->db.gate, CLOSE_WAIT_MS))
            lat_log(LAT_WARNING, "[STATE] closing the store waits for a reader");
    db_close(&store->db);
    store_held_fini(&store->held);
    store_sketch_fini(&store->sketch);
    tree_free(store->tree);
    pthread_cond_destroy(&store->view_moved);
    pthread_mutex_destroy(&store->view_lock);
    pthread_cond_destroy(&store->queued);
    pthread_mutex_destroy(&store->queue_lock);
    free(store);
}

/* --- what stands ----------------------------------------------------------------------------------- */

const struct network *
store_network(const struct store *store)
{
    return &store->network;
}

void
store_head(struct store *store, struct store_head *out)
{
    pthread_mutex_lock(&store->view_lock);
    *out = store->head;
    pthread_mutex_unlock(&store->view_lock);
}

void
store_set_incomplete(struct store *store, bool incomplete)
{
    pthread_mutex_lock(&store->view_lock);
    store->head.incomplete = incomplete;
    pthread_mutex_unlock(&store->view_lock);
    pthread_mutex_lock(&store->queue_lock);
    store->set_incomplete = true;
    store->incomplete = incomplete;
    pthread_cond_signal(&store->queued);
    pthread_mutex_unlock(&store->queue_lock);
}

static void
tell_change(const struct store *store)
{
    if (store->on_change != NULL)
        store->on_change(store->arg);
}

void
store_publish(struct store *store, struct store_batch *batch)
{
    struct store_head *head = &store->head;
    bool new_root = memcmp(head->root, batch->head.root, 32) != 0;
    bool recovered = head->read_only;

    pthread_mutex_lock(&store->view_lock);
    store->stands = batch->head;
    if (batch->change != NULL)
        tree_apply(store->tree, batch->change);
    batch->change = NULL;
    store_sketch_follow(&store->sketch, &batch->toggles);
    store->tree_txn = db_last_txn(&store->db);
    memcpy(head->root, batch->head.root, 32);
    head->count = batch->head.count;
    head->keys = batch->head.keys;
    head->hlc = batch->head.last;
    head->lost = batch->lost;
    head->applied += batch->applied;
    head->commit_mono_ms = lat_mono_ms();
    head->file_bytes = db_file_bytes(&store->db);
    head->read_only = false;
    head->error[0] = 0;
    pthread_cond_broadcast(&store->view_moved);
    pthread_mutex_unlock(&store->view_lock);
    store->failure = LAT_OK;
    if (recovered)
        lat_log(LAT_NOTICE, "[STATE] [OK] the store takes writes again");
    if (new_root || recovered)
        tell_change(store);
}

void
store_note_held(struct store *store)
{
    bool news = store->head.held != store->held.count;

    pthread_mutex_lock(&store->view_lock);
    store->head.held = store->held.count;
    pthread_mutex_unlock(&store->view_lock);
    if (news)
        tell_change(store);
}

void
store_set_failed(struct store *store, enum lat_err err, const char *text)
{
    struct store_head *head = &store->head;
    bool news = !head->read_only || strcmp(head->error, text) != 0;

    pthread_mutex_lock(&store->view_lock);
    head->read_only = true;
    head->damaged |= err == LAT_DAMAGED;
    lat_copy(head->error, sizeof(head->error), text);
    pthread_mutex_unlock(&store->view_lock);
    store->failure = err;
    if (news) {
        lat_log(LAT_ERROR, "[STATE] [ALERT] %s", text);
        tell_change(store);
    }
}

/* --- for readers ----------------------------------------------------------------------------------- */

void
store_report_damage(struct store *store, const uint8_t keyhash[32])
{
    if (!store->has_thread)
        return;
    pthread_mutex_lock(&store->queue_lock);
    if (store->damaged_count < STORE_DAMAGED_MAX)
        memcpy(store->damaged[store->damaged_count++], keyhash, 32);
    pthread_cond_signal(&store->queued);
    pthread_mutex_unlock(&store->queue_lock);
}

void
store_note_verified(struct store *store)
{
    pthread_mutex_lock(&store->view_lock);
    store->head.verified_mono_ms = lat_mono_ms();
    pthread_mutex_unlock(&store->view_lock);
}
