/*
 * Records of others: the winner of each key is decided inside the transaction by record_compare alone, so any
 * order of arrival ends in the same tables.
 *
 * Records from the future are held, in memory: (hlc, digest) in order, so that those due stand in front and
 * one that comes twice is seen. What does not fit, or a restart loses, is fetched again, since the roots
 * still differ.
 */
#include "config.h"

#include "state/store_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/le.h"

struct merge {
    struct store_job job;
    store_merged_fn fn;
    void *arg;
    size_t count;
    uint8_t *verdicts; /* behind the records */
    size_t len;
    uint8_t bytes[];
};

/* --- one record ------------------------------------------------------------------------------------ */

/* Only an admin's horizon counts; of others it is not even kept, lest a greater one displace it. */
static bool
may_set_horizon(const struct store *store, const struct record *record)
{
    for (size_t i = 0; i < store->admin_count; i++)
        if (memcmp(store->admins[i], record->author, 32) == 0)
            return true;
    return false;
}

/* Against a damaged record only its rank is known: native before imported, then HLC. */
static int
compare_damaged(const struct record *record, const struct db_dig *dig)
{
    int native = !(record->flags & RECORD_IMPORTED), was_native = !(dig->flags & RECORD_IMPORTED);

    if (native != was_native)
        return native - was_native;
    return (record->hlc > dig->hlc) - (record->hlc < dig->hlc);
}

/* What becomes of it; VERDICT_APPLIED: put it. */
static enum store_verdict
judge(const struct store_batch *batch, const struct record *record, const struct store_place *place)
{
    int order;

    if (record_is_horizon(record) && !may_set_horizon(batch->store, record))
        return VERDICT_NOT_TRUSTED;
    if (place->exists && memcmp(place->dig.leaf, record->leaf, 32) == 0)
        return VERDICT_HAD_IT;
    if (HLC_MS(record->hlc) > batch->now_ms + RECORD_FUTURE_MAX_MS)
        return VERDICT_HELD;
    if (!place->exists)
        return record->hlc < batch->horizon && !batch->head.incomplete ? VERDICT_BELOW_HORIZON
                                                                       : VERDICT_APPLIED;
    order = place->intact ? record_compare(record, &place->record) : compare_damaged(record, &place->dig);
    if (order > 0)
        return VERDICT_APPLIED;
    return order == 0 ? VERDICT_CANNOT_STORE : VERDICT_OURS_WINS;
}

/* A record of our own key that is newer than all we hold: records leave a node after their commit alone, so this disk
 * was set back, or another node uses the key. */
static void
note_own_ahead(const struct store_batch *batch, const struct record *record)
{
    struct store *store = batch->store;

    if (store->key == NULL || record->hlc <= store->stands.last ||
        memcmp(record->author, key_public(store->key), KEY_PUBLIC_LEN) != 0)
        return;
    pthread_mutex_lock(&store->view_lock);
    store->head.own_ahead_mono_ms = lat_mono_ms();
    pthread_mutex_unlock(&store->view_lock);
}

enum lat_err
store_merge_one(struct store_batch *batch, const uint8_t *bytes, size_t len, uint8_t *verdict)
{
    struct store_place place;
    struct record record;
    enum lat_err err;

    if (record_parse_trusted(&batch->store->network, bytes, len, &record) != LAT_OK) {
        *verdict = VERDICT_MALFORMED;
        return LAT_OK;
    }
    err = store_batch_place(batch, record.keyhash, &place);
    if (err)
        return err;
    *verdict = (uint8_t)judge(batch, &record, &place);
    note_own_ahead(batch, &record);
    if (place.exists && place.intact && *verdict == VERDICT_APPLIED)
        err = store_conflict_note(batch, &record, &place.record);
    else if (place.exists && place.intact && *verdict == VERDICT_OURS_WINS)
        err = store_conflict_note(batch, &place.record, &record);
    if (err)
        return err;
    if (*verdict == VERDICT_APPLIED)
        return store_batch_put(batch, &record, &place);
    if (*verdict == VERDICT_HAD_IT && !place.intact)
        return store_batch_heal(batch, &record);
    if (*verdict == VERDICT_HELD)
        store_hold(batch->store, &record);
    return LAT_OK;
}

/* --- held ------------------------------------------------------------------------------------------ */

static int
compare_held(const struct store_held_record *a, uint64_t hlc, const uint8_t digest[32])
{
    if (a->hlc != hlc)
        return a->hlc < hlc ? -1 : 1;
    return memcmp(a->digest, digest, 32);
}

static size_t
held_place(const struct store_held *held, uint64_t hlc, const uint8_t digest[32])
{
    size_t low = 0, high = held->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_held(held->records[middle], hlc, digest) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
drop_last_held(struct store_held *held)
{
    struct store_held_record *last = held->records[--held->count];

    held->bytes -= last->len;
    free(last);
}

void
store_hold(struct store *store, const struct record *record)
{
    struct store_held *held = &store->held;
    size_t at = held_place(held, record->hlc, record->digest);
    struct store_held_record *kept;

    if (at < held->count && compare_held(held->records[at], record->hlc, record->digest) == 0)
        return;
    while (held->count > at &&
           (held->count >= STORE_HELD_MAX || held->bytes + record->len > STORE_HELD_BYTES))
        drop_last_held(held);
    if (held->count >= STORE_HELD_MAX || held->bytes + record->len > STORE_HELD_BYTES)
        return;
    if (held->records == NULL)
        // NOLINTNEXTLINE(bugprone-sizeof-expression): pointers
        held->records = calloc(STORE_HELD_MAX, sizeof(*held->records));
    kept = malloc(sizeof(*kept) + record->len);
    if (held->records == NULL || kept == NULL) {
        free(kept);
        return;
    }
    kept->hlc = record->hlc;
    kept->len = (uint32_t)record->len;
    memcpy(kept->digest, record->digest, 32);
    memcpy(kept->bytes, record->bytes, record->len);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): pointers
    memmove(&held->records[at + 1], &held->records[at], (held->count - at) * sizeof(*held->records));
    held->records[at] = kept;
    held->count++;
    held->bytes += record->len;
}

static bool
is_due(const struct store_held_record *record, uint64_t now_ms)
{
    return HLC_MS(record->hlc) <= now_ms + RECORD_FUTURE_MAX_MS;
}

bool
store_held_due(const struct store *store, uint64_t now_ms)
{
    return store->held.count > 0 && is_due(store->held.records[0], now_ms);
}

enum lat_err
store_held_run(struct store_batch *batch)
{
    const struct store_held *held = &batch->store->held;
    uint8_t verdict;
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < held->count && is_due(held->records[i], batch->now_ms) && !err; i++)
        err = store_merge_one(batch, held->records[i]->bytes, held->records[i]->len, &verdict);
    return err;
}

void
store_held_drop(struct store *store, uint64_t now_ms)
{
    struct store_held *held = &store->held;
    size_t due = 0;

    while (due < held->count && is_due(held->records[due], now_ms)) {
        held->bytes -= held->records[due]->len;
        free(held->records[due++]);
    }
    held->count -= due;
    if (due > 0)
        // NOLINTNEXTLINE(bugprone-sizeof-expression): pointers
        memmove(held->records, held->records + due, held->count * sizeof(*held->records));
}

void
store_held_fini(struct store_held *held)
{
    while (held->count > 0)
        drop_last_held(held);
    free(held->records);
    held->records = NULL;
}

/* --- the job --------------------------------------------------------------------------------------- */

static enum lat_err
run_merge(struct store_batch *batch, struct store_job *job)
{
    struct merge *merge = (struct merge *)job;
    const uint8_t *at = merge->bytes;
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < merge->count && !err; i++) {
        uint32_t len = lat_get_u32le(at);

        err = store_merge_one(batch, at + 4, len, &merge->verdicts[i]);
        at += 4 + len;
    }
    return err;
}

static void
answer_merge(struct store *store, struct store_job *job, enum lat_err err, const char *text)
{
    struct merge *merge = (struct merge *)job;

    (void)store;
    (void)text;
    if (err)
        memset(merge->verdicts, VERDICT_CANNOT_STORE, merge->count);
    if (merge->fn != NULL)
        merge->fn(merge->arg, merge->verdicts, merge->count, err);
    free(merge);
}

/* Do the lengths fill `len` with exactly `count` records? */
static bool
lengths_fit(const uint8_t *records, size_t len, size_t count)
{
    while (count-- > 0) {
        if (len < 4 || lat_get_u32le(records) > len - 4)
            return false;
        len -= 4 + (size_t)lat_get_u32le(records);
        records += 4 + (size_t)lat_get_u32le(records);
    }
    return len == 0;
}

enum lat_err
store_merge(struct store *store, const uint8_t *records, size_t len, size_t count, store_merged_fn fn,
            void *arg)
{
    struct merge *merge;
    enum lat_err err;

    if (!lengths_fit(records, len, count))
        return LAT_MALFORMED;
    if (len + count > STORE_QUEUE_BYTES)
        return LAT_LIMIT;
    merge = calloc(1, sizeof(*merge) + len + count);
    if (merge == NULL)
        return LAT_NOMEM;
    merge->job = (struct store_job){
        .bytes = sizeof(*merge) + len + count, .records = count, .run = run_merge, .answer = answer_merge
    };
    merge->fn = fn;
    merge->arg = arg;
    merge->count = count;
    merge->len = len;
    if (len > 0)
        memcpy(merge->bytes, records, len);
    merge->verdicts = merge->bytes + len;
    err = store_queue(store, &merge->job);
    if (err)
        free(merge);
    return err;
}
