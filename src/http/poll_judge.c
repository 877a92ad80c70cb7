#include "config.h"

#include "http/poll_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* "2 h", "7 min": how far a clock is off, to the nearest whole unit. */
static const char *
span_text(uint64_t ms, char out[32])
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = { { 86400000, "days" }, { 3600000, "h" }, { 60000, "min" } };
    size_t i = 0;

    while (i < 2 && ms < 2 * units[i].ms)
        i++;
    snprintf(out, 32, "%" PRIu64 " %s", (ms + units[i].ms / 2) / units[i].ms, units[i].unit);
    return out;
}

static enum lat_err
judge_time(uint64_t time_ms, uint64_t last_ms, uint64_t wall_ms, struct lat_msg *why)
{
    char span[32];

    if (time_ms > wall_ms && time_ms - wall_ms > RECON_CLOCK_MAX_MS) {
        lat_msg_set(why, "its clock is %s ahead of ours: its word is not taken",
                    span_text(time_ms - wall_ms, span));
        return LAT_TIMEOUT;
    }
    if (time_ms < wall_ms && wall_ms - time_ms > RECON_CLOCK_MAX_MS) {
        lat_msg_set(why, "its clock is %s behind ours: its word is not taken",
                    span_text(wall_ms - time_ms, span));
        return LAT_TIMEOUT;
    }
    if (time_ms < last_ms) {
        lat_msg_set(why, "an attestation older than the last one of its key: ignored");
        return LAT_CONFLICT;
    }
    return LAT_OK;
}

static enum lat_err
judge_own_key(struct lat_msg *why)
{
    lat_msg_set(why, "answers with our own key: it is this node itself, or another one with the same key");
    return LAT_AUTH;
}

enum lat_err
source_judge_status(const struct poll_source *s, const struct recon_status *status, const struct trust *trust,
                    uint64_t last_ms, uint64_t wall_ms, struct source_shown *out, struct lat_msg *why)
{
    char key[17], wanted[17];
    enum lat_err err;

    if (memcmp(status->key, trust->own, 32) == 0)
        return judge_own_key(why);
    if (s->bound && memcmp(status->key, s->bound_key, 32) != 0) {
        lat_hex(status->key, 8, key);
        lat_hex(s->bound_key, 8, wanted);
        lat_msg_set(why, "answers with the key %s.., not with %s.., which is bound to it", key, wanted);
        return LAT_AUTH;
    }
    if (status->incomplete) {
        lat_msg_set(why, "is being filled itself, %" PRIu64 " records so far: it vouches for nothing yet",
                    status->count);
        return LAT_AUTH;
    }
    err = judge_time(status->time_ms, last_ms, wall_ms, why);
    if (err)
        return err;
    *out = (struct source_shown){ .count = status->count,
                                  .hlc = status->hlc,
                                  .time_ms = status->time_ms,
                                  .trusted = trust_attests(trust, status->key) };
    memcpy(out->root, status->root, 32);
    memcpy(out->key, status->key, 32);
    return LAT_OK;
}

enum lat_err
source_judge_state(const struct legacy_state *state, enum legacy_verdict verdict, const uint8_t key[32],
                   const struct trust *trust, struct source_shown *out, struct lat_msg *why)
{
    struct source_shown shown = { .count = state->entries.count };

    switch (verdict) {
    case LEGACY_NO_ROOT:
    case LEGACY_ROOT_DIFFERS:
        return LAT_MALFORMED; /* why: by legacy_state_judge */
    case LEGACY_STALE:
        return LAT_TIMEOUT;
    case LEGACY_UNSIGNED:
    case LEGACY_NOT_TRUSTED:
        break;
    case LEGACY_ATTESTED:
        if (memcmp(key, trust->own, 32) == 0)
            return judge_own_key(why);
        shown.trusted = true;
        shown.time_ms = state->time_s * 1000;
        memcpy(shown.key, key, 32);
    }
    memcpy(shown.root, state->root, 32);
    *out = shown;
    return LAT_OK;
}
