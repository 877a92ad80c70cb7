/*
 * apply.c - each call becomes a job: checked on one of libuv's workers, merged by the store thread, answered on the loop.
 *
 * The worker does what costs: parsing, a look at what we hold (a record that loses needs no signature check), the signature. What is left
 * goes to the store as one batch; the store decides again, inside its transaction. Its answer comes on its thread and is brought to
 * the loop through a list and an async handle.
 */
#include "config.h"

#include "node/apply.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "state/reader.h"

enum job_kind { JOB_RECORDS, JOB_IMPORT };

struct job {
    struct apply *apply;
    struct job *next; /* list of all jobs */
    struct job *next_done;
    enum job_kind kind;
    enum apply_from from;
    bool discarded; /* answer with LAT_CLOSED, give nothing to the store */
    bool at_store;  /* too late to discard: its answer counts */
    enum lat_err err;
    /* JOB_RECORDS */
    uv_work_t work;
    struct trust_set *trust;
    uint8_t *records; /* as given; the worker moves what passed to the front */
    size_t len, kept_len, kept;
    uint8_t *verdicts; /* one a record */
    size_t *places;    /* of the kept ones among verdicts */
    size_t count;
    store_merged_fn merged;
    /* JOB_IMPORT */
    store_imported_fn imported;
    uint64_t made, same, differing;
    void *arg;
};

struct apply {
    uv_async_t wake; /* the store has answered */
    struct store *store;
    struct trust_set *trust;
    struct job *jobs;
    size_t waiting; /* bytes of records in all jobs */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
    pthread_mutex_t lock;
    struct job *done; /* under lock: answered by the store */
};

/* --- end of a job, on the loop ----------------------------------------------------------------------- */

static void
free_job(struct job *job)
{
    trust_set_unref(job->trust);
    free(job->records);
    free(job->verdicts);
    free(job->places);
    free(job);
}

static void
apply_is_closed(uv_handle_t *handle)
{
    struct apply *apply = handle->data;
    void (*closed)(void *arg) = apply->closed;
    void *arg = apply->closed_arg;

    trust_set_unref(apply->trust);
    pthread_mutex_destroy(&apply->lock);
    free(apply);
    closed(arg);
}

static void
close_if_idle(struct apply *apply)
{
    if (apply->closing && apply->jobs == NULL && !uv_is_closing((uv_handle_t *)&apply->wake))
        uv_close((uv_handle_t *)&apply->wake, apply_is_closed);
}

/* Answer and forget. The answer may call back into the apply. */
static void
finish(struct job *job)
{
    struct apply *apply = job->apply;
    struct job **at = &apply->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    apply->waiting -= job->len;
    if (job->kind == JOB_IMPORT)
        job->imported(job->arg, job->discarded ? LAT_CLOSED : job->err, job->made, job->same, job->differing);
    else if (job->discarded)
        job->merged(job->arg, NULL, 0, LAT_CLOSED);
    else
        job->merged(job->arg, job->verdicts, job->count, job->err);
    free_job(job);
    close_if_idle(apply);
}

static void
on_wake(uv_async_t *wake)
{
    struct apply *apply = wake->data;
    struct job *job, *next;

    pthread_mutex_lock(&apply->lock);
    job = apply->done;
    apply->done = NULL;
    pthread_mutex_unlock(&apply->lock);
    for (; job; job = next) {
        next = job->next_done;
        finish(job);
    }
}

/* Any thread: the loop finishes the job. The lock is held over the send, so that the handle cannot be closed in between. */
static void
hand_back(struct job *job)
{
    struct apply *apply = job->apply;

    pthread_mutex_lock(&apply->lock);
    job->next_done = apply->done;
    apply->done = job;
    uv_async_send(&apply->wake);
    pthread_mutex_unlock(&apply->lock);
}

/* --- checking, on a worker --------------------------------------------------------------------------- */

#define VERDICT_PENDING 255 /* passed; the store decides */

/* Does what we hold make this record superfluous? VERDICT_PENDING: no. */
static uint8_t
compare_with_ours(struct reader *reader, const struct record *theirs)
{
    struct record ours;
    int order;

    if (reader == NULL || reader_get_hash(reader, theirs->keyhash, &ours) != LAT_OK)
        return VERDICT_PENDING;
    order = record_compare(theirs, &ours);
    if (order == 0)
        return VERDICT_HAD_IT;
    return order > 0 ? VERDICT_PENDING : VERDICT_OURS_WINS;
}

/* Everything but the signature. */
static uint8_t
look_at(const struct job *job, struct reader *reader, const uint8_t *bytes, size_t len)
{
    struct record record;
    enum lat_err err;

    if (len > 0 && bytes[0] != 1)
        return VERDICT_VERSION;
    err = record_parse(store_network(job->apply->store), bytes, len, &record, NULL);
    if (err)
        return err == LAT_NOMEM ? VERDICT_CANNOT_STORE : VERDICT_MALFORMED;
    if (!trust_accepts(&job->trust->trust, record.author, record.hlc))
        return VERDICT_NOT_TRUSTED;
    return compare_with_ours(reader, &record);
}

static uint8_t
verify(const struct job *job, const uint8_t *bytes, size_t len)
{
    const struct network *network = store_network(job->apply->store);
    struct record record;

    if (record_parse_trusted(network, bytes, len, &record)) /* its rules were checked by look_at */
        return VERDICT_MALFORMED;
    return record_verify(network, &record) ? VERDICT_BAD_SIGNATURE : VERDICT_PENDING;
}

/*
 * Signatures take the time, a thousand of them a tenth of a second and more. So they come in a second pass: the read
 * transaction, which pins pages, has ended by then.
 */
static void
check_all(uv_work_t *work)
{
    struct job *job = work->data;
    struct reader *reader = NULL;
    uint8_t *at = job->records, *to = job->records;

    if (reader_begin(job->apply->store, &reader))
        reader = NULL; /* the store compares in any case */
    for (size_t i = 0; i < job->count; i++, at += 4 + lat_get_u32le(at))
        job->verdicts[i] = look_at(job, reader, at + 4, lat_get_u32le(at));
    reader_end(reader);
    at = job->records;
    for (size_t i = 0; i < job->count; i++) {
        size_t size = 4 + lat_get_u32le(at);

        if (job->verdicts[i] == VERDICT_PENDING && job->from != APPLY_FROM_GOSSIP)
            job->verdicts[i] = verify(job, at + 4, size - 4);
        if (job->verdicts[i] == VERDICT_PENDING) {
            memmove(to, at, size);
            to += size;
            job->places[job->kept++] = i;
        }
        at += size;
    }
    job->kept_len = (size_t)(to - job->records);
}

/* --- merging, on the store thread and back ------------------------------------------------------------ */

static void
records_merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct job *job = arg;

    for (size_t i = 0; i < job->kept; i++)
        job->verdicts[job->places[i]] = !err && i < count ? verdicts[i] : VERDICT_CANNOT_STORE;
    job->err = err;
    hand_back(job);
}

static void
records_checked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    enum lat_err err;

    job->discarded = job->discarded || status != 0;
    if (job->discarded || job->kept == 0) {
        finish(job);
        return;
    }
    job->at_store = true;
    err = store_merge(job->apply->store, job->records, job->kept_len, job->kept, records_merged, job);
    if (err == LAT_OK)
        return;
    for (size_t i = 0; i < job->kept; i++)
        job->verdicts[job->places[i]] = VERDICT_CANNOT_STORE;
    job->err = err;
    finish(job);
}

static void
state_imported(void *arg, enum lat_err err, uint64_t made, uint64_t same, uint64_t differing)
{
    struct job *job = arg;

    job->err = err;
    job->made = made;
    job->same = same;
    job->differing = differing;
    hand_back(job);
}

/* --- from outside ------------------------------------------------------------------------------------- */

enum lat_err
apply_new(uv_loop_t *loop, struct store *store, struct trust_set *trust, struct apply **out)
{
    struct apply *apply = calloc(1, sizeof(*apply));

    if (apply == NULL)
        return LAT_NOMEM;
    apply->store = store;
    if (uv_async_init(loop, &apply->wake, on_wake) != 0) {
        free(apply);
        return LAT_NOMEM;
    }
    apply->trust = trust_set_ref(trust);
    apply->wake.data = apply;
    pthread_mutex_init(&apply->lock, NULL);
    *out = apply;
    return LAT_OK;
}

void
apply_set_trust(struct apply *apply, struct trust_set *trust)
{
    trust_set_unref(apply->trust);
    apply->trust = trust_set_ref(trust);
}

/* Do the lengths add up to what is there? */
static bool
is_framed(const uint8_t *records, size_t len, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (len - at < 4 || lat_get_u32le(records + at) > len - at - 4)
            return false;
        at += 4 + lat_get_u32le(records + at);
    }
    return at == len;
}

static struct job *
new_job(struct apply *apply, enum job_kind kind, void *arg)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job) {
        job->apply = apply;
        job->kind = kind;
        job->arg = arg;
        job->work.data = job;
    }
    return job;
}

static void
list_job(struct job *job)
{
    job->next = job->apply->jobs;
    job->apply->jobs = job;
    job->apply->waiting += job->len;
}

static bool
fill_records(struct job *job, enum apply_from from, const uint8_t *records, size_t len, size_t count)
{
    job->from = from;
    job->records = malloc(len ? len : 1);
    job->verdicts = calloc(count ? count : 1, 1);
    job->places = calloc(count ? count : 1, sizeof(job->places[0]));
    if (job->records == NULL || job->verdicts == NULL || job->places == NULL)
        return false;
    if (len > 0)
        memcpy(job->records, records, len);
    job->len = len;
    job->count = count;
    job->trust = trust_set_ref(job->apply->trust);
    return true;
}

enum lat_err
apply_records(struct apply *apply, enum apply_from from, const uint8_t *records, size_t len, size_t count,
              store_merged_fn fn, void *arg)
{
    struct job *job;

    if (apply->closing)
        return LAT_CLOSED;
    if (!is_framed(records, len, count))
        return LAT_MALFORMED;
    if (len > APPLY_WAITING_MAX - apply->waiting)
        return LAT_BUSY;
    job = new_job(apply, JOB_RECORDS, arg);
    if (job)
        job->merged = fn;
    if (job == NULL || !fill_records(job, from, records, len, count) ||
        uv_queue_work(apply->wake.loop, &job->work, check_all, records_checked) != 0) {
        if (job)
            free_job(job);
        return LAT_NOMEM;
    }
    list_job(job);
    return LAT_OK;
}

enum lat_err
apply_import(struct apply *apply, const uint8_t source_id[32], const struct store_foreign *entries, size_t count,
             uint64_t attested_ms, store_imported_fn fn, void *arg)
{
    struct job *job;
    enum lat_err err;

    if (apply->closing)
        return LAT_CLOSED;
    job = new_job(apply, JOB_IMPORT, arg);
    if (job == NULL)
        return LAT_NOMEM;
    job->imported = fn;
    list_job(job);
    err = store_import(apply->store, source_id, entries, count, attested_ms, state_imported, job);
    if (err) {
        apply->jobs = job->next;
        free_job(job);
    }
    return err;
}

/* A job on a worker, or waiting for one, is answered when the worker has left; one that the store has keeps its answer. */
void
apply_discard(struct apply *apply, enum apply_from from)
{
    for (struct job *job = apply->jobs; job; job = job->next) {
        if (job->kind == JOB_RECORDS && job->from == from && !job->at_store)
            job->discarded = true;
    }
}

void
apply_close(struct apply *apply, void (*fn)(void *arg), void *arg)
{
    apply->closing = true;
    apply->closed = fn;
    apply->closed_arg = arg;
    for (struct job *job = apply->jobs; job; job = job->next)
        job->discarded = !job->at_store;
    close_if_idle(apply);
}
