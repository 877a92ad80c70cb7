#include "config.h"

#include "http/poll_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/*
 * May the source cause a line now? What it caused beyond its share is counted, and said with the next one: ""
 * or " suppressed=7".
 */
static bool
may_say(struct poll_source *s, uint64_t now_ms, char suppressed[32])
{
    s->line_tokens += (double)(now_ms - s->line_ms) / SOURCE_LINE_MS;
    s->line_ms = now_ms;
    if (s->line_tokens > SOURCE_LINES_MAX)
        s->line_tokens = SOURCE_LINES_MAX;
    if (s->line_tokens < 1) {
        s->lines_suppressed++;
        return false;
    }
    s->line_tokens -= 1;
    suppressed[0] = '\0';
    if (s->lines_suppressed > 0)
        snprintf(suppressed, 32, " suppressed=%" PRIu32, s->lines_suppressed);
    s->lines_suppressed = 0;
    return true;
}

static void
say_diverged(struct poll_source *s, const uint8_t *own_root, uint32_t count, uint64_t now_ms)
{
    char local[65] = "unknown", peer[65], suppressed[32];

    if (!may_say(s, now_ms, suppressed))
        return;
    if (own_root)
        lat_hex(own_root, 32, local);
    lat_hex(s->shown.root, 32, peer);
    lat_log(LAT_WARNING, "[HTTP_SYNC] [DIVERGENCE] %s has another state (count: %" PRIu32 ")%s%s%s",
            s->shown_url, count, s->h.held ? ": " : "", s->h.held ? s->h.trouble : "", suppressed);
    lat_log(LAT_WARNING, "[HTTP_SYNC]   Local:  %s", local);
    lat_log(LAT_WARNING, "[HTTP_SYNC]   Peer:   %s", peer);
}

void
poll_log_changes(struct poll_source *s, unsigned changes, const uint8_t *own_root, uint64_t now_ms)
{
    char suppressed[32];

    if ((changes & SOURCE_IS_FAILING) && may_say(s, now_ms, suppressed))
        lat_log(LAT_INFO, "[HTTP_SYNC] [WARN] %s is not usable: %s%s", s->shown_url, s->error, suppressed);
    if ((changes & SOURCE_IS_USABLE) && may_say(s, now_ms, suppressed))
        lat_log(LAT_INFO, "[HTTP_SYNC] [OK] %s answers, %s%s%s", s->shown_url,
                s->kind == SOURCE_LATTICE ? "a node of ours" : "a v3.0.3 node",
                s->has_shown && !s->shown.trusted ? ", attested by no trusted key" : "", suppressed);
    if (changes & (SOURCE_IS_DIVERGED | SOURCE_IS_DUE))
        say_diverged(s, own_root, s->h.differs_checks, now_ms);
    if ((changes & SOURCE_IS_EQUAL) && may_say(s, now_ms, suppressed)) {
        char root[17];

        lat_hex(s->shown.root, 8, root);
        lat_log(LAT_NOTICE, "[HTTP_SYNC] [SYNC] %s agrees with us again, root %s..%s", s->shown_url, root,
                suppressed);
    }
}

void
poll_log_heal(struct poll_source *s, uint64_t now_ms)
{
    char suppressed[32];

    if (s->h.goes_on || s->h.fruitless > 0 || !may_say(s, now_ms, suppressed))
        return;
    lat_log(LAT_NOTICE, "[HTTP_SYNC] [SURGEON] healing from %s%s", s->shown_url, suppressed);
}

static void
say_pause(struct poll_source *s, uint64_t now_ms)
{
    char suppressed[32];

    if (s->h.pause_until_ms <= now_ms || !may_say(s, now_ms, suppressed))
        return;
    lat_log(LAT_WARNING,
            "[HTTP_SYNC] [BACKOFF] healing from %s brought nothing %" PRIu32 " times, again in %" PRIu64
            " s%s",
            s->shown_url, s->h.fruitless, (s->h.pause_until_ms - now_ms + 999) / 1000, suppressed);
}

void
poll_log_healed(struct poll_source *s, unsigned changes, uint64_t now_ms)
{
    const struct heal *heal = &s->h.heal;
    double seconds = (double)s->h.heal_took_ms / 1000.0;
    char suppressed[32];

    if (!may_say(s, now_ms, suppressed))
        return;
    switch (heal->end) {
    case HEAL_EQUAL:
    case HEAL_BUT:
        lat_log(LAT_NOTICE,
                "[HTTP_SYNC] [RECONCILIATION] healed from %s: %" PRIu32 " records applied, %" PRIu32
                " given, in %.1f s%s%s%s",
                s->shown_url, heal->applied, heal->given_taken, seconds, heal->why.text[0] ? "; " : "", heal->why.text,
                suppressed);
        break;
    case HEAL_ALL_TAKEN:
    case HEAL_MOVED:
        lat_log(LAT_NOTICE,
                "[HTTP_SYNC] [RECONCILIATION] all that %s had is here: %" PRIu32
                " records applied in %.1f s, %" PRIu32 " newer or only here%s",
                s->shown_url, heal->applied, seconds, heal->ours + heal->only_ours, suppressed);
        break;
    case HEAL_REFUSED:
    case HEAL_INCOMPATIBLE:
        lat_log(LAT_WARNING, "[HTTP_SYNC] [RECONCILIATION] REJECTED %s: %s%s", s->shown_url, heal->why.text,
                suppressed);
        break;
    case HEAL_BUDGET:
        lat_log(LAT_INFO,
                "[HTTP_SYNC] [RECONCILIATION] %s: %" PRIu32 " %% seen, %" PRIu32
                " records applied, going on%s",
                s->shown_url, heal_percent(heal), heal->applied, suppressed);
        break;
    case HEAL_NONE:
    case HEAL_STALLED:
    case HEAL_LIED:
    case HEAL_FAILED:
        lat_log(LAT_WARNING, "[HTTP_SYNC] [RECONCILIATION] healing from %s failed: %s%s", s->shown_url,
                heal->why.text, suppressed);
        break;
    }
    poll_log_changes(s, changes, NULL, now_ms);
    say_pause(s, now_ms);
}

void
poll_log_imported(struct poll_source *s, const struct source_import *import, uint64_t now_ms)
{
    char suppressed[32];

    if (!may_say(s, now_ms, suppressed))
        return;
    if (import->err)
        lat_log(LAT_WARNING, "[HTTP_SYNC] [RECONCILIATION] %s: %s%s", s->shown_url, s->h.trouble, suppressed);
    else
        lat_log(LAT_NOTICE,
                "[HTTP_SYNC] [RECONCILIATION] signature and root of %s verified: %" PRIu64
                " entries applied, %" PRIu64 " the same, %" PRIu64 " stand against records of ours%s",
                s->shown_url, import->made, import->same, import->differing, suppressed);
    say_pause(s, now_ms);
}
