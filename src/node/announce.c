#include "config.h"

#include "node/announce.h"

#include <string.h>

#include "base/le.h"
#include "node/lung_http.h"

#define WAITING_MAX (ANNOUNCE_BYTES_A_SECOND + 4 * ANNOUNCE_RECORDS_A_SECOND)

static const struct rate_limit record_limit = { ANNOUNCE_RECORDS_A_SECOND, ANNOUNCE_RECORDS_A_SECOND };
static const struct rate_limit byte_limit = { ANNOUNCE_BYTES_A_SECOND, ANNOUNCE_BYTES_A_SECOND };

void
announce_init(struct announce *a, uint64_t every_ms, uint64_t floor_ms, uint64_t now_ms)
{
    memset(a, 0, sizeof(*a));
    a->every_ms = every_ms;
    a->time_ms = floor_ms;
    a->due_ms = now_ms;
    lat_buf_init(&a->waiting, WAITING_MAX);
}

void
announce_fini(struct announce *a)
{
    lat_buf_fini(&a->waiting);
}

/* --- roots ------------------------------------------------------------------------------------------------ */

/* No sooner than a second after the last. */
static uint64_t
soonest(const struct announce *a, uint64_t now_ms)
{
    return a->sent_total > 0 && a->said_ms + ANNOUNCE_APART_MS > now_ms ? a->said_ms + ANNOUNCE_APART_MS : now_ms;
}

void
announce_wish(struct announce *a, uint64_t now_ms)
{
    uint64_t at = soonest(a, now_ms);

    if (at < a->due_ms)
        a->due_ms = at;
}

void
announce_hold(struct announce *a, bool held, uint64_t now_ms)
{
    if (a->held && !held)
        a->due_ms = soonest(a, now_ms);
    a->held = held;
}

void
announce_set_period(struct announce *a, uint64_t every_ms, uint64_t now_ms)
{
    if (every_ms == a->every_ms)
        return;
    a->every_ms = every_ms;
    announce_wish(a, now_ms); /* peers learn the new period */
}

bool
announce_is_due(const struct announce *a, uint64_t now_ms)
{
    return !a->held && now_ms >= a->due_ms;
}

uint64_t
announce_root(struct announce *a, uint64_t wall_ms, uint64_t now_ms, uint32_t random)
{
    uint64_t period = lung_http_jitter(a->every_ms, random);

    a->time_ms = wall_ms > a->time_ms ? wall_ms : a->time_ms + 1;
    a->times[a->sent_total % ANNOUNCE_REMEMBERED] = a->time_ms;
    a->sent_total++;
    a->said_ms = now_ms;
    a->due_ms = now_ms + period;
    return a->time_ms;
}

bool
announce_is_ours(const struct announce *a, uint64_t time_ms)
{
    uint64_t kept = a->sent_total < ANNOUNCE_REMEMBERED ? a->sent_total : ANNOUNCE_REMEMBERED;

    if (kept == 0 || time_ms < a->times[(a->sent_total - kept) % ANNOUNCE_REMEMBERED])
        return true; /* of an earlier process, or too long ago to tell */
    for (uint64_t i = 0; i < kept; i++) {
        if (a->times[i] == time_ms)
            return true;
    }
    return false;
}

uint64_t
announce_next_deadline(const struct announce *a)
{
    return a->held ? ANNOUNCE_NEVER : a->due_ms;
}

/* --- records ---------------------------------------------------------------------------------------------- */

static bool
may_be_gossiped(struct announce *a, size_t len, uint64_t now_ms)
{
    if (a->held || len > TOPIC_RECORD_BYTES_MAX || a->waiting_count == ANNOUNCE_RECORDS_A_SECOND)
        return false;
    if (!rate_allows(&a->records, &record_limit, 1, now_ms) || !rate_allows(&a->bytes, &byte_limit, len, now_ms))
        return false;
    rate_spend(&a->records, &record_limit, 1, now_ms);
    rate_spend(&a->bytes, &byte_limit, len, now_ms);
    return true;
}

bool
announce_record(struct announce *a, const uint8_t *record, size_t len, uint64_t now_ms)
{
    uint8_t *at;

    if (!may_be_gossiped(a, len, now_ms) || lat_buf_extend(&a->waiting, 4 + len, &at)) {
        a->left_out_total++;
        return false;
    }
    at = lat_put_u32le(at, (uint32_t)len);
    lat_put_bytes(at, record, len);
    a->waiting_count++;
    return true;
}

/* How many of those that wait fit a message, and how many bytes they take with their lengths. */
static size_t
next_message(const struct announce *a, size_t *bytes)
{
    size_t count = 0, end = 0;

    while (count < a->waiting_count && count < TOPIC_RECORDS_MAX) {
        size_t len = lat_get_u32le(a->waiting.data + end);

        if (end - 4 * count + len > TOPIC_RECORD_BYTES_MAX)
            break;
        end += 4 + len;
        count++;
    }
    *bytes = end;
    return count;
}

enum lat_err
announce_take(struct announce *a, struct lat_buf *out, size_t *count)
{
    size_t bytes, taken;
    enum lat_err err;

    *count = 0;
    taken = next_message(a, &bytes);
    if (taken == 0)
        return LAT_OK;
    err = lat_buf_add(out, a->waiting.data, bytes);
    lat_buf_drop(&a->waiting, bytes);
    a->waiting_count -= taken;
    *(err ? &a->left_out_total : &a->records_total) += taken;
    *count = err ? 0 : taken;
    return err;
}
