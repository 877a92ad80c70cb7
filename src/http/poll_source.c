#include "config.h"

#include "http/poll_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "http/heal_rows.h"

enum lat_err
source_init(struct poll_source *s, const struct poller_source *config)
{
    size_t len = strlen(config->url);

    *s = (struct poll_source){ .line_tokens = SOURCE_LINES_MAX };
    heal_peer_init(&s->h);
    while (len > 0 && config->url[len - 1] == '/')
        len--;
    if (len >= sizeof(s->url) - 64) /* room for a path of ours */
        return LAT_LIMIT;
    memcpy(s->url, config->url, len);
    http_url_show(s->url, s->shown_url, sizeof(s->shown_url));
    http_url_host(s->url, s->name, sizeof(s->name));
    if (strcmp(s->name, "?") == 0)
        return LAT_MALFORMED;
    s->bound = config->bound;
    memcpy(s->bound_key, config->key, sizeof(s->bound_key));
    sha256_of(s->url, len, s->id);
    return LAT_OK;
}

void
source_fini(struct poll_source *s)
{
    heal_peer_fini(&s->h);
}

bool
source_is(const struct poll_source *s, const struct poller_source *config)
{
    size_t len = strlen(config->url);

    while (len > 0 && config->url[len - 1] == '/')
        len--;
    return strlen(s->url) == len && memcmp(s->url, config->url, len) == 0 && s->bound == config->bound &&
           (!s->bound || memcmp(s->bound_key, config->key, sizeof(s->bound_key)) == 0);
}

bool
source_must_wait(const struct poll_source *s, uint64_t now_ms, char *why, size_t why_size)
{
    if (now_ms >= s->retry_ms)
        return false;
    snprintf(why, why_size, "asked to be left alone for %" PRIu64 " s more",
             (s->retry_ms - now_ms + 999) / 1000);
    return true;
}

/* --- one attempt --------------------------------------------------------------------------------------- */

void
source_begin(struct poll_source *s, uint64_t now_ms)
{
    s->asked = true;
    s->try_ms = now_ms;
    s->polls++;
}

unsigned
source_failed(struct poll_source *s, const char *error, uint64_t retry_after_ms, uint64_t now_ms)
{
    bool news = s->usable || s->failures == 0;

    if (retry_after_ms > SOURCE_RETRY_AFTER_MAX_MS)
        retry_after_ms = SOURCE_RETRY_AFTER_MAX_MS;
    s->retry_ms = retry_after_ms ? now_ms + retry_after_ms : 0;
    s->usable = false;
    s->polls_failed++;
    if (s->failures < UINT32_MAX)
        s->failures++;
    s->streak = 0;
    s->h.wants = false;
    lat_copy(s->error, sizeof(s->error), error);
    return news ? SOURCE_IS_FAILING : 0;
}

unsigned
source_succeeded(struct poll_source *s, enum source_kind kind, uint32_t rtt_ms, uint64_t now_ms)
{
    bool news = !s->usable;

    if (s->kind != kind) { /* another program answers there now: what the former one showed is void */
        heal_peer_forget(&s->h);
        s->has_shown = false;
        s->streak = 0;
    }
    s->kind = kind;
    s->known = s->usable = true;
    s->polls_ok++;
    s->ok_ms = now_ms;
    s->rtt_ms = rtt_ms;
    s->failures = 0;
    s->retry_ms = 0;
    s->error[0] = '\0';
    return news ? SOURCE_IS_USABLE : 0;
}

/* Of a v3.0.3 source: unsigned states are not taken, and signed ones not at the first difference. */
static void
decide_legacy(struct poll_source *s)
{
    if (!s->shown.trusted) {
        s->h.held = true;
        s->h.wants = false;
        lat_copy(s->h.trouble, sizeof(s->h.trouble),
                 "differs; no trusted key has signed its state, so nothing is taken");
    }
    s->h.wants = s->h.wants && s->streak >= POLLER_DIVERGE_MAX;
}

static unsigned
note_differs(struct poll_source *s, const struct source_own *own)
{
    bool legacy = s->kind == SOURCE_LEGACY;

    s->streak++;
    s->stale = !legacy ? s->shown.hlc < own->hlc : s->shown.trusted && s->shown.time_ms < HLC_MS(own->hlc);
    if (legacy && own->trusted_count > 0)
        decide_legacy(s);
    return legacy && s->streak == POLLER_DIVERGE_MAX ? SOURCE_IS_DUE : 0;
}

static unsigned
source_changes(unsigned heal_changes)
{
    return (heal_changes & HEAL_CHANGE_DIVERGED ? SOURCE_IS_DIVERGED : 0u) |
           (heal_changes & HEAL_CHANGE_AGREES ? SOURCE_IS_EQUAL : 0u);
}

static void
note_equal(struct poll_source *s)
{
    s->stale = false;
    s->streak = 0;
}

unsigned
source_compare(struct poll_source *s, const struct source_shown *shown, const struct source_own *own,
               uint64_t now_ms)
{
    const struct heal_own ours = { own->root, own->trust_number, own->trusted_count, own->lost, own->view };
    unsigned changes;

    s->shown = *shown;
    s->has_shown = true;
    if (own->root == NULL)
        return 0;
    changes = source_changes(heal_peer_compare(&s->h, shown->root, &ours, now_ms));
    if (!s->h.equal)
        return changes | note_differs(s, own);
    note_equal(s);
    return changes;
}

/* --- healing ------------------------------------------------------------------------------------------- */

bool
source_is_due(const struct poll_source *s, uint64_t now_ms)
{
    return now_ms >= source_due_at(s);
}

uint64_t
source_due_at(const struct poll_source *s)
{
    return s->usable && !s->importing ? heal_peer_due_at(&s->h) : UINT64_MAX;
}

unsigned
source_healed(struct poll_source *s, uint32_t trust_number, uint64_t now_ms)
{
    unsigned changes = source_changes(heal_peer_healed(&s->h, trust_number, now_ms));

    if (s->h.equal)
        note_equal(s);
    return changes;
}

/* The counts of an import stand where those of a session stand. */
static void
count_import(struct heal *heal, const struct source_import *import)
{
    heal->same = (uint32_t)import->same;
    heal->applied = (uint32_t)import->made;
    heal->ours = (uint32_t)import->differing;
    heal->refused = heal->key_total = heal->key_count = 0;
    heal->seen = heal->announced = import->same + import->made + import->differing;
}

void
source_imported(struct poll_source *s, const struct source_import *import, uint32_t trust_number,
                uint64_t now_ms)
{
    s->importing = s->h.wants = false;
    s->h.healed_once = true;
    s->h.heal_end_ms = now_ms;
    s->h.heal_took_ms = 0;
    s->streak = 0;
    s->h.trouble[0] = '\0';
    if (import->err) {
        snprintf(s->h.trouble, sizeof(s->h.trouble), "its state could not be imported: %s",
                 lat_err_text(import->err));
    } else {
        count_import(&s->h.heal, import);
        heal_peer_note_taken(&s->h, s->shown.root, trust_number, now_ms);
    }
    if (!import->err && import->differing > 0)
        snprintf(s->h.trouble, sizeof(s->h.trouble),
                 "differs in %" PRIu64
                 " keys where a signed record of ours stands against its unsigned value",
                 import->differing);
    heal_peer_count(&s->h, !import->err, now_ms);
}

void
source_given_up(struct poll_source *s, uint64_t now_ms)
{
    heal_peer_given_up(&s->h, now_ms);
    s->importing = false;
}

/* --- for the snapshot ---------------------------------------------------------------------------------- */

static bool
is_forgotten(const struct poll_source *s, uint64_t now_ms)
{
    return !s->h.compared || !s->has_shown || (!s->usable && now_ms - s->ok_ms > SOURCE_FORGET_MS);
}

/*
 * Our own root moves between two looks at the source, by writes here and by healing from elsewhere. So its
 * last root is held against the present one of ours, where that is known. A difference that no look has
 * confirmed yet has no duration (differs_ms -1).
 */
static void
fill_stand(const struct poll_source *s, const uint8_t *own_root, uint64_t now_ms, struct snapshot_stand *out)
{
    const struct heal_seen seen = {
        .agreement = is_forgotten(s, now_ms) ? AGREE_UNKNOWN : own_root == NULL && s->h.equal ? AGREE_EQUAL : AGREE_DIFFERS,
        .root = s->has_shown ? s->shown.root : NULL,
        .count = s->shown.count,
        .differs_ms = s->h.equal ? -1 : (int64_t)(now_ms - s->h.differs_since_ms),
        .differs_checks = s->h.differs_checks,
        .error = s->error,
        .busy = s->importing,
    };

    heal_rows_fill(&s->h, own_root, &seen, now_ms, out);
}

void
source_fill(const struct poll_source *s, const uint8_t *own_root, uint64_t now_ms,
            struct snapshot_source *row)
{
    *row = (struct snapshot_source){ .lattice = s->kind == SOURCE_LATTICE,
                                     .known = s->known,
                                     .usable = s->usable };
    lat_copy(row->url, sizeof(row->url), s->shown_url);
    lat_copy(row->name, sizeof(row->name), s->name);
    if (s->has_shown && s->shown.time_ms > 0)
        lat_hex(s->shown.key, sizeof(s->shown.key), row->public_key);
    row->trusted = s->has_shown && s->shown.trusted;
    row->ok_age_ms = s->known ? (int64_t)(now_ms - s->ok_ms) : -1;
    row->try_age_ms = s->asked ? (int64_t)(now_ms - s->try_ms) : -1;
    row->next_ms = -1;
    row->failures = s->failures;
    row->rtt_ms = s->rtt_ms;
    row->polls = s->polls;
    row->polls_ok = s->polls_ok;
    row->polls_failed = s->polls_failed;
    snapshot_traffic_clear(&row->traffic);
    row->traffic.bytes_in = s->bytes_in;
    row->traffic.bytes_out = s->bytes_out;
    fill_stand(s, own_root, now_ms, &row->stand);
}
