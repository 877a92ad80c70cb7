/*
 * The writing thread. It takes what is queued, up to a batch, runs it inside one transaction, commits with
 * one sync, makes it what stands, and answers. LMDB ties a write transaction to the thread that began it, so
 * nobody else writes.
 *
 * How long it waits for company: not at all while the last batch was one job, since that caller is probably
 * waiting for the answer; else until as many jobs are there as last time, at most 2 ms. What comes during a
 * sync goes with the next one.
 *
 * A batch that fails is over and has left no trace but this: the store is read-only until a commit succeeds,
 * which an empty batch tries every 5 s. Two failures are not that: a full map that may grow (the batch is run
 * again), and MDB_PANIC (the environment is opened again before the next try).
 */
#include "config.h"

#include "state/store_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"

#define IDLE_MS 60000
#define HELD_LOOK_MS 1000 /* clocks are set: look again rather than sleep until a time */
#define GATE_WAIT_MS 10000
#define ROOM_LEAST 65536 /* less free space than this, and a write that fell short: the disk is full */

/* --- the queue ------------------------------------------------------------------------------------- */

enum lat_err
store_queue(struct store *store, struct store_job *job)
{
    enum lat_err err = LAT_OK;

    if (!store->has_thread)
        return LAT_CLOSED;
    pthread_mutex_lock(&store->queue_lock);
    if (store->closing)
        err = LAT_CLOSED;
    else if (store->job_count >= STORE_QUEUE_JOBS ||
             (store->job_count > 0 && store->job_bytes + job->bytes > STORE_QUEUE_BYTES))
        err = LAT_BUSY;
    if (!err) {
        job->next = NULL;
        if (store->last != NULL)
            store->last->next = job;
        else
            store->first = job;
        store->last = job;
        store->job_count++;
        store->job_bytes += job->bytes;
        store->job_records += job->records;
        if (store->job_count >= store->wake_jobs || store->job_records >= STORE_BATCH_RECORDS)
            pthread_cond_signal(&store->queued);
    }
    pthread_mutex_unlock(&store->queue_lock);
    return err;
}

static struct store_job *
unqueue(struct store *store)
{
    struct store_job *job = store->first;

    store->first = job->next;
    if (store->first == NULL)
        store->last = NULL;
    store->job_count--;
    store->job_bytes -= job->bytes;
    store->job_records -= job->records;
    job->next = NULL;
    return job;
}

/* Jobs from the front of the queue that make one batch. */
static struct store_job *
take_jobs(struct store *store)
{
    struct store_job *jobs = NULL, **end = &jobs;
    size_t records = 0;

    store->batch_jobs = 0;
    while (store->first != NULL && (records == 0 || records + store->first->records <= STORE_BATCH_RECORDS)) {
        bool alone = store->first->alone;

        if (alone && jobs != NULL)
            break;
        *end = unqueue(store);
        records += (*end)->records;
        end = &(*end)->next;
        store->batch_jobs++;
        if (alone)
            break;
    }
    return jobs;
}

/* May a batch be tried now? */
static bool
can_write(const struct store *store)
{
    return !store->head.damaged && (!store->head.read_only || lat_mono_ms() >= store->retry_mono_ms);
}

static bool
has_work(const struct store *store)
{
    return store->first != NULL || store->closing ||
           (can_write(store) && (store->set_incomplete || store->damaged_count > 0)) || store_sketch_is_due(store);
}

static uint64_t
sleep_ms(const struct store *store)
{
    uint64_t now = lat_mono_ms();

    if (store->head.read_only && !store->head.damaged)
        return store->retry_mono_ms > now ? store->retry_mono_ms - now : 0;
    return store->held.count > 0 ? HELD_LOOK_MS : IDLE_MS;
}

/* Wait until there is something to do, or the time has come to look; the lock is held. */
static void
wait_for_work(struct store *store)
{
    struct timespec until = lat_deadline(sleep_ms(store));
    size_t company = store->batch_jobs;

    while (!has_work(store))
        if (pthread_cond_timedwait(&store->queued, &store->queue_lock, &until) != 0)
            return;
    until = lat_deadline(STORE_BATCH_WAIT_MS);
    store->wake_jobs = company;
    while (store->job_count < company && store->job_records < STORE_BATCH_RECORDS && !store->closing)
        if (pthread_cond_timedwait(&store->queued, &store->queue_lock, &until) != 0)
            break;
    store->wake_jobs = 0;
}

/* --- a batch --------------------------------------------------------------------------------------- */

struct chores {
    bool set_incomplete, incomplete;
    uint8_t damaged[STORE_DAMAGED_MAX][32];
    size_t damaged_count;
};

static void
take_chores(struct store *store, struct chores *chores)
{
    chores->set_incomplete = store->set_incomplete;
    chores->incomplete = store->incomplete;
    chores->damaged_count = store->damaged_count;
    memcpy(chores->damaged, store->damaged, sizeof(chores->damaged));
    store->set_incomplete = false;
    store->damaged_count = 0;
}

/* The node's wish outlives a failed batch, unless there is a newer one. Damage is reported again by the next
 * reader. */
static void
keep_wish(struct store *store, const struct chores *chores)
{
    pthread_mutex_lock(&store->queue_lock);
    if (chores->set_incomplete && !store->set_incomplete) {
        store->set_incomplete = true;
        store->incomplete = chores->incomplete;
    }
    pthread_mutex_unlock(&store->queue_lock);
}

static enum lat_err
run_chores(struct store_batch *batch, const struct chores *chores)
{
    enum lat_err err = LAT_OK;

    if (chores->set_incomplete && batch->head.incomplete != chores->incomplete) {
        batch->head.incomplete = chores->incomplete;
        batch->changed = true;
    }
    for (size_t i = 0; i < chores->damaged_count && !err; i++)
        err = store_batch_set_aside(batch, chores->damaged[i]);
    return err;
}

/* Begin, fill, commit. force: commit even when nothing changed, to see whether one succeeds. */
static enum lat_err
try_batch(struct store *store, struct store_batch *batch, const struct chores *chores, struct store_job *jobs,
          bool force)
{
    enum lat_err err = store_batch_begin(batch, store);

    if (err)
        return err;
    err = run_chores(batch, chores);
    if (!err)
        err = store_held_run(batch);
    for (struct store_job *job = jobs; job != NULL && !err; job = job->next)
        err = job->run(batch, job);
    if (!err && (batch->changed || force))
        err = store_batch_commit(batch);
    if (!err)
        store_held_drop(store, batch->now_ms);
    return err;
}

/* The environment is beyond use: everything is read from disk again. */
static enum lat_err
reopen(struct store *store)
{
    struct lat_msg why = { "" };
    enum lat_err err;

    if (!db_gate_close(&store->db.gate, GATE_WAIT_MS))
        return LAT_BUSY;
    err = db_reopen(&store->db, &why);
    if (!err)
        err = store_load(store, &why);
    db_gate_open(&store->db.gate);
    if (err)
        lat_log(LAT_ERROR, "[STATE] %s", why.text);
    else
        lat_log(LAT_NOTICE, "[STATE] the store was opened again after a failed write");
    return !err && store->head.damaged ? LAT_DAMAGED : err;
}

/* After a failed write of its own description LMDB refuses everything, readers too, until it is opened again.
 */
static bool
is_beyond_use(struct store *store)
{
    MDB_txn *txn;
    int rc;

    if (store->db.env == NULL)
        return true;
    rc = mdb_txn_begin(store->db.env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        mdb_txn_abort(txn);
    return rc == MDB_PANIC;
}

/* Can what failed be put right, so that the batch may run again? */
static bool
put_right(struct store *store, enum lat_err err, int rc)
{
    if (err == LAT_FULL && rc == MDB_MAP_FULL)
        return db_grow(&store->db) == LAT_OK;
    return rc == MDB_PANIC && reopen(store) == LAT_OK;
}

static enum lat_err
run_batch(struct store *store, struct store_batch *batch, const struct chores *chores, struct store_job *jobs,
          bool force)
{
    enum lat_err err = try_batch(store, batch, chores, jobs, force);

    while (err) {
        store_batch_end(batch);
        if (!put_right(store, err, batch->rc))
            break;
        err = try_batch(store, batch, chores, jobs, force);
    }
    return err;
}

/* What an operator reads while the store takes no writes. */
static void
describe_failure(const struct store *store, enum lat_err err, int rc, char *out, size_t size)
{
    if (rc == MDB_MAP_FULL && store->db.map_size >= store->db.map_max)
        snprintf(out, size, "the store has reached its limit of %" PRIu64 " MiB; raise LATTICE_STORE_MAX",
                 store->db.map_max >> 20);
    else if (err == LAT_FULL)
        snprintf(out, size, "no space left for the store (%s); make room", mdb_strerror(rc));
    else if (err == LAT_DAMAGED)
        snprintf(out, size, "the store is damaged; stop the node and run lattice verify --repair");
    else
        snprintf(out, size, "the store cannot be written: %s",
                 rc != 0 ? mdb_strerror(rc) : lat_err_text(err));
}

static void
answer_jobs(struct store *store, struct store_job *jobs, enum lat_err err, const char *text)
{
    while (jobs != NULL) {
        struct store_job *next = jobs->next;

        jobs->answer(store, jobs, err, text);
        jobs = next;
    }
}

/* The errors that callers know; the text says the rest. */
static enum lat_err
error_for_callers(enum lat_err err)
{
    return err == LAT_OK || err == LAT_FULL || err == LAT_DAMAGED ? err : LAT_READONLY;
}

/* A disk becomes full in the middle of a page: LMDB takes the short write for an input/output error. */
static bool
is_disk_full(const struct store *store, int rc)
{
    struct statvfs fs;

    return rc == EIO && statvfs(store->db.dir, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < ROOM_LEAST;
}

static void
process(struct store *store, const struct chores *chores, struct store_job *jobs)
{
    struct store_batch batch;
    bool force = store->head.read_only;
    char text[160] = "";
    enum lat_err err = run_batch(store, &batch, chores, jobs, force);

    if (err) {
        if (is_beyond_use(store) && reopen(store) == LAT_DAMAGED)
            err = LAT_DAMAGED;
        else if (is_disk_full(store, batch.rc))
            err = db_err(batch.rc = ENOSPC);
        describe_failure(store, err, batch.rc, text, sizeof(text));
        keep_wish(store, chores);
        store->retry_mono_ms = lat_mono_ms() + STORE_RETRY_MS;
        store_set_failed(store, error_for_callers(err), text);
    } else {
        if (batch.changed || force)
            store_publish(store, &batch);
        store_batch_end(&batch);
        store_note_held(store);
    }
    answer_jobs(store, jobs, error_for_callers(err), text);
}

/* While nothing can be written and the next try is not due, jobs are refused at once. */
static void
refuse_jobs(struct store *store, struct store_job *jobs)
{
    struct store_head head;

    store_head(store, &head);
    answer_jobs(store, jobs, store->failure, head.error);
}

/* --- the thread ------------------------------------------------------------------------------------ */

static void *
write_until_closed(void *arg)
{
    struct store *store = arg;
    bool done = false;

    while (!done) {
        struct chores chores = { 0 };
        struct store_job *jobs;
        bool write, due;

        pthread_mutex_lock(&store->queue_lock);
        wait_for_work(store);
        write = can_write(store);
        jobs = take_jobs(store);
        if (write)
            take_chores(store, &chores);
        done = store->closing && store->first == NULL;
        pthread_mutex_unlock(&store->queue_lock);
        due = store->head.read_only || chores.set_incomplete || chores.damaged_count > 0 ||
              store_held_due(store, store->wall_ms());
        if (!write)
            refuse_jobs(store, jobs);
        else if (jobs != NULL || due)
            process(store, &chores, jobs);
        if (store_sketch_is_due(store))
            store_sketch_go_on(store);
    }
    return NULL;
}

enum lat_err
store_start_thread(struct store *store)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all); /* signals belong to the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&store->thread, NULL, write_until_closed, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    store->has_thread = rc == 0;
    return db_err(rc);
}

void
store_stop_thread(struct store *store)
{
    if (!store->has_thread)
        return;
    pthread_mutex_lock(&store->queue_lock);
    store->closing = true;
    pthread_cond_signal(&store->queued);
    pthread_mutex_unlock(&store->queue_lock);
    pthread_join(store->thread, NULL);
}
