#include "config.h"

#include "node/lung_http.h"

#define SEEK_FIRST_MS 1000 /* first pause of the back-off in ISOLATED and FHTTP_DOWN */

/* Actions after which a running round means nothing any more. */
#define GIVES_UP                                                                                             \
    (LUNG_DO_HTTP_WARM | LUNG_DO_HTTP_CARRY | LUNG_DO_HTTP_DISCARD | LUNG_DO_HTTP_OFF | LUNG_DO_STOP)

enum lung_http_mode
lung_http_mode_of(enum lung_state state)
{
    switch (state) {
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
        return LUNG_HTTP_WARM;
    case LUNG_P2P:
        return LUNG_HTTP_STANDBY;
    case LUNG_HTTP:
    case LUNG_RECOVERING:
    case LUNG_FHTTP_UP:
        return LUNG_HTTP_CARRY;
    case LUNG_ISOLATED:
    case LUNG_FHTTP_DOWN:
        return LUNG_HTTP_SEEK;
    case LUNG_FP2P_UP:
    case LUNG_FP2P_DOWN:
    case LUNG_STOPPING:
        break;
    }
    return LUNG_HTTP_OFF;
}

void
lung_http_init(struct lung_http *h, uint32_t sources)
{
    *h = (struct lung_http){ .mode = LUNG_HTTP_OFF, .sources = sources, .due_ms = LUNG_HTTP_NEVER };
}

uint64_t
lung_http_jitter(uint64_t period_ms, uint32_t random)
{
    uint64_t spread = 2 * (period_ms / 5);

    return period_ms - spread / 2 + ((spread * random) >> 32);
}

/*
 * The next pause of the back-off; T_ISO is a limit for the jittered value too, so that a bound can be stated.
 */
static uint64_t
seek_pause(struct lung_http *h, const struct lung_constants *k, uint32_t random)
{
    uint64_t pause = SEEK_FIRST_MS;

    for (uint32_t i = 0; i < h->tries && pause < k->iso_ms; i++)
        pause *= 2;
    h->tries++;
    pause = lung_http_jitter(pause, random);
    return pause < k->iso_ms ? pause : k->iso_ms;
}

/* Plan the round after the one that began at from_ms. */
static void
plan(struct lung_http *h, const struct lung_constants *k, uint64_t from_ms, uint64_t now_ms, uint32_t random)
{
    uint64_t period = 0;

    switch (h->mode) {
    case LUNG_HTTP_OFF:
        break;
    case LUNG_HTTP_STANDBY:
        period = lung_http_jitter(k->standby_ms, random);
        break;
    case LUNG_HTTP_WARM:
        period = lung_http_jitter(lung_warm_ms(k), random);
        break;
    case LUNG_HTTP_CARRY:
        period = lung_http_jitter(k->poll_ms, random);
        break;
    case LUNG_HTTP_SEEK:
        period = seek_pause(h, k, random);
        break;
    }
    h->due_ms = LUNG_HTTP_NEVER;
    if (period > 0 && h->sources > 0) /* a period of 0 is "off"; nobody to ask: one outcome was enough */
        h->due_ms = from_ms + period > now_ms ? from_ms + period : now_ms;
}

void
lung_http_follow(struct lung_http *h, const struct lung_constants *k, const struct lung_step *step,
                 uint64_t now_ms, uint32_t random)
{
    enum lung_http_mode before = h->mode;

    h->mode = lung_http_mode_of(step->to);
    if (step->actions & GIVES_UP)
        h->running = false;
    if (h->mode != before && h->mode == LUNG_HTTP_SEEK)
        h->tries = 0;
    if (h->mode == LUNG_HTTP_OFF || h->mode == LUNG_HTTP_STANDBY || (step->actions & LUNG_DO_HTTP_WARM))
        h->usable = false; /* as H: only an answer from now on counts */
    if (step->actions & (LUNG_DO_HTTP_WARM | LUNG_DO_HTTP_CARRY))
        h->due_ms = now_ms;
    else if (h->mode != before)
        plan(h, k, now_ms, now_ms, random);
    /* Peers were faster than the sources' first answer, or the last ones failed, perhaps by what is over now: ask now, or the screen knows nothing
     * of them, or calls them failing, for a whole T_STANDBY. */
    if (h->mode != before && h->mode == LUNG_HTTP_STANDBY && (!h->succeeded || h->failures > 0) && h->due_ms != LUNG_HTTP_NEVER)
        h->due_ms = now_ms;
}

bool
lung_http_is_due(const struct lung_http *h, uint64_t now_ms)
{
    return !h->running && now_ms >= h->due_ms;
}

void
lung_http_begin(struct lung_http *h, uint64_t now_ms)
{
    h->running = true;
    h->answered = false;
    h->begun_ms = now_ms;
}

void
lung_http_success(struct lung_http *h, uint64_t now_ms)
{
    if (!h->running)
        return;
    h->answered = true;
    h->last_good = true;
    h->failures = 0;
    h->succeeded = true;
    h->ok_ms = now_ms;
    if (h->mode != LUNG_HTTP_OFF && h->mode != LUNG_HTTP_STANDBY)
        h->usable = true;
}

static void
count_failure(struct lung_http *h, const struct lung_constants *k)
{
    h->last_good = false;
    if (h->failures < UINT32_MAX)
        h->failures++;
    if (h->mode != LUNG_HTTP_CARRY || h->failures >= k->fail_count || h->sources == 0)
        h->usable = false;
}

void
lung_http_end(struct lung_http *h, const struct lung_constants *k, uint64_t now_ms, uint32_t random)
{
    if (!h->running)
        return;
    h->running = false;
    if (!h->answered)
        count_failure(h, k);
    plan(h, k, h->begun_ms, now_ms, random);
}

bool
lung_http_tick(struct lung_http *h, const struct lung_constants *k, uint64_t now_ms)
{
    if (h->mode != LUNG_HTTP_CARRY || !h->usable || lung_elapsed_ms(now_ms, h->ok_ms) < lung_http_dead_ms(k))
        return false;
    h->usable = false;
    return true;
}

void
lung_http_hurry(struct lung_http *h, uint64_t now_ms)
{
    h->tries = 0;
    if (h->mode != LUNG_HTTP_OFF && h->sources > 0 && !h->running)
        h->due_ms = now_ms;
}

bool
lung_http_reload(struct lung_http *h, uint32_t sources, bool still_usable, uint64_t now_ms)
{
    bool was_usable = h->usable;

    h->sources = sources;
    h->usable = h->usable && still_usable && sources > 0;
    h->last_good = h->last_good && still_usable;
    h->running = false;
    h->due_ms = LUNG_HTTP_NEVER;
    lung_http_hurry(h, now_ms);
    return h->usable != was_usable || sources == 0;
}

bool
lung_http_is_usable(const struct lung_http *h)
{
    return h->usable;
}

enum lung_reason
lung_http_why(const struct lung_http *h)
{
    if (h->usable)
        return LUNG_BY_HTTP_OK;
    return h->sources == 0 ? LUNG_BY_NO_SOURCE : LUNG_BY_HTTP_FAILED;
}

uint64_t
lung_http_next_deadline(const struct lung_http *h, const struct lung_constants *k)
{
    uint64_t next = h->running ? LUNG_HTTP_NEVER : h->due_ms;

    if (h->mode == LUNG_HTTP_CARRY && h->usable && h->ok_ms + lung_http_dead_ms(k) < next)
        next = h->ok_ms + lung_http_dead_ms(k);
    return next;
}

void
lung_http_fill(const struct lung_http *h, uint64_t now_ms, struct snapshot_lung *out)
{
    out->http_usable = h->mode == LUNG_HTTP_CARRY ? h->usable : h->last_good;
    out->http_failures = h->failures;
    out->http_sources = h->sources;
    out->http_age_ms = h->succeeded ? (int64_t)lung_elapsed_ms(now_ms, h->ok_ms) : -1;
    out->http_next_ms = -1;
    if (!h->running && h->due_ms != LUNG_HTTP_NEVER)
        out->http_next_ms = h->due_ms > now_ms ? (int64_t)(h->due_ms - now_ms) : 0;
}
