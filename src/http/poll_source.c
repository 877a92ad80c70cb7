/*
 * Healing pulls: what a source has and we accept becomes ours. So once a whole pass has shown that nothing of
 * a root is left to take ("taken"), no further session runs against that root, however our own state moves
 * on; the source will pull our part itself. Pauses are for sessions that should have brought us nearer and
 * did not.
 */
#include "config.h"

#include "http/poll_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"

enum lat_err
source_init(struct poll_source *s, const struct poller_source *config)
{
    size_t len = strlen(config->url);

    *s = (struct poll_source){ .line_tokens = SOURCE_LINES_MAX };
    heal_init(&s->heal);
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
    heal_fini(&s->heal);
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
    s->wants = false;
    lat_copy(s->error, sizeof(s->error), error);
    return news ? SOURCE_IS_FAILING : 0;
}

unsigned
source_succeeded(struct poll_source *s, enum source_kind kind, uint32_t rtt_ms, uint64_t now_ms)
{
    bool news = !s->usable;

    if (s->kind != kind) { /* another program answers there now: what the former one showed is void */
        s->has_shown = s->compared = s->taken = s->wants = s->goes_on = false;
        s->heal.pass_open = false;
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

/* Nothing of this root is left to take, by the keys that are trusted now? */
static bool
is_taken(const struct poll_source *s, uint32_t trust_number, uint64_t now_ms)
{
    return s->taken && s->taken_trust == trust_number && now_ms < s->taken_until_ms &&
           memcmp(s->taken_root, s->shown.root, 32) == 0;
}

static unsigned
note_equal(struct poll_source *s)
{
    unsigned change = s->compared && !s->equal ? SOURCE_IS_EQUAL : 0;

    s->equal = true;
    s->stale = s->held = s->wants = s->goes_on = s->taken = false;
    s->heal.pass_open = false;
    s->differs_checks = s->streak = s->fruitless = 0;
    s->pause_until_ms = 0;
    s->trouble[0] = '\0';
    return change;
}

static unsigned
note_differs(struct poll_source *s, const struct source_own *own, uint64_t now_ms)
{
    unsigned change = 0;

    if (!s->compared || s->equal) {
        change = SOURCE_IS_DIVERGED;
        s->differs_since_ms = now_ms;
        s->differs_checks = 0;
        s->trouble[0] = '\0';
    }
    s->equal = false;
    s->differs_checks++;
    s->streak++;
    s->stale = s->kind == SOURCE_LATTICE ? s->shown.hlc < own->hlc
                                         : s->shown.trusted && s->shown.time_ms < HLC_MS(own->hlc);
    if (s->kind == SOURCE_LEGACY && s->streak == POLLER_DIVERGE_MAX)
        change |= SOURCE_IS_DUE;
    return change;
}

/* It differs: is it to be healed from, once the lung carries and no pause is on? Else, is trust the reason?
 */
static void
decide(struct poll_source *s, const struct source_own *own, uint64_t now_ms)
{
    bool legacy = s->kind == SOURCE_LEGACY;

    if (own->trusted_count == 0) {
        s->held = true;
        s->wants = false;
        lat_copy(s->trouble, sizeof(s->trouble),
                 "differs; no key is trusted here, so nothing is taken (set LATTICE_TRUSTED_KEYS)");
        return;
    }
    if (legacy && !s->shown.trusted) {
        s->held = true;
        s->wants = false;
        lat_copy(s->trouble, sizeof(s->trouble),
                 "differs; no trusted key has signed its state, so nothing is taken");
        return;
    }
    if (is_taken(s, own->trust_number, now_ms)) {
        s->wants = false;
        return;
    }
    s->held = false;
    s->wants = !legacy || s->streak >= POLLER_DIVERGE_MAX;
}

unsigned
source_compare(struct poll_source *s, const struct source_shown *shown, const struct source_own *own,
               uint64_t now_ms)
{
    unsigned change;

    s->shown = *shown;
    s->has_shown = true;
    if (own->root == NULL)
        return 0;
    if (memcmp(shown->root, own->root, 32) == 0) {
        change = note_equal(s);
    } else {
        change = note_differs(s, own, now_ms);
        decide(s, own, now_ms);
    }
    s->compared = true;
    return change;
}

/* --- healing ------------------------------------------------------------------------------------------- */

bool
source_is_due(const struct poll_source *s, uint64_t now_ms)
{
    return s->usable && s->compared && !s->equal && (s->wants || s->goes_on) && !s->healing &&
           !s->importing && now_ms >= s->pause_until_ms;
}

uint64_t
source_due_at(const struct poll_source *s)
{
    if (!s->usable || !s->compared || s->equal || s->healing || s->importing || !(s->wants || s->goes_on))
        return UINT64_MAX;
    return s->pause_until_ms;
}

uint64_t
source_pause_ms(uint32_t fruitless)
{
    uint64_t ms = 1000;

    if (fruitless < SOURCE_FRUITLESS_MAX)
        return 0;
    for (uint32_t i = SOURCE_FRUITLESS_MAX; i <= fruitless && ms < SOURCE_PAUSE_MAX_MS; i++)
        ms *= 2;
    return ms < SOURCE_PAUSE_MAX_MS ? ms : SOURCE_PAUSE_MAX_MS;
}

static void
count_progress(struct poll_source *s, bool progress, uint64_t now_ms)
{
    uint64_t pause;

    if (progress)
        s->fruitless = 0;
    else if (s->fruitless < UINT32_MAX)
        s->fruitless++;
    pause = source_pause_ms(s->fruitless);
    s->pause_until_ms = pause ? now_ms + pause : 0;
}

static void
note_taken(struct poll_source *s, const uint8_t root[32], uint32_t trust_number, uint64_t now_ms)
{
    s->taken = true;
    memcpy(s->taken_root, root, 32);
    s->taken_trust = trust_number;
    s->taken_until_ms = now_ms + SOURCE_PAUSE_MAX_MS;
}

static void
note_end(struct poll_source *s, uint64_t took_ms, uint64_t now_ms)
{
    s->healing = s->importing = false;
    s->healed_once = true;
    s->heal_end_ms = now_ms;
    s->heal_took_ms = took_ms;
}

unsigned
source_healed(struct poll_source *s, uint32_t trust_number, uint64_t now_ms)
{
    const struct heal *heal = &s->heal;
    unsigned change = 0;

    note_end(s, heal->ended_ms - heal->begun_ms, now_ms);
    s->goes_on = s->held = s->taken = false;
    lat_copy(s->trouble, sizeof(s->trouble), heal->why.text);
    switch (heal->end) {
    case HEAL_EQUAL:
        change = note_equal(s);
        break;
    case HEAL_ALL_TAKEN:
        note_taken(s, heal->root, trust_number, now_ms);
        break;
    case HEAL_REFUSED:
        s->held = true;
        /* What is only ahead of our clock falls due: it is asked for again, with growing pauses. */
        if (heal->held == 0)
            note_taken(s, heal->root, trust_number, now_ms);
        break;
    case HEAL_BUDGET:
        s->goes_on = true;
        s->trouble[0] = '\0';
        break;
    case HEAL_NONE:
    case HEAL_MOVED:
    case HEAL_STALLED:
    case HEAL_LIED:
    case HEAL_FAILED:
        break;
    }
    count_progress(s, heal_had_progress(heal), now_ms);
    /* A pause is over by time, not by the next poll, which may be far away. */
    s->wants = !s->equal && !s->taken && s->pause_until_ms > 0;
    return change;
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
    note_end(s, 0, now_ms);
    s->wants = false;
    s->streak = 0;
    s->trouble[0] = '\0';
    if (import->err) {
        snprintf(s->trouble, sizeof(s->trouble), "its state could not be imported: %s",
                 lat_err_text(import->err));
    } else {
        count_import(&s->heal, import);
        note_taken(s, s->shown.root, trust_number, now_ms);
    }
    if (!import->err && import->differing > 0)
        snprintf(s->trouble, sizeof(s->trouble),
                 "differs in %" PRIu64
                 " keys where a signed record of ours stands against its unsigned value",
                 import->differing);
    count_progress(s, !import->err, now_ms);
}

void
source_given_up(struct poll_source *s, uint64_t now_ms)
{
    heal_fail(&s->heal, NULL, now_ms);
    s->healing = s->importing = s->wants = s->goes_on = false;
}

void
source_forget_pause(struct poll_source *s)
{
    s->pause_until_ms = 0;
    s->fruitless = 0;
    s->taken = false;
}

/* --- for the snapshot ---------------------------------------------------------------------------------- */

/*
 * Our own root moves between two looks at the source, by writes here and by healing from elsewhere. So its
 * last root is held against the present one of ours, where that is known. A difference that no look has
 * confirmed yet has no duration (differs_ms -1).
 */
static enum agreement
agreement_of(const struct poll_source *s, const uint8_t *own_root, uint64_t now_ms)
{
    bool same = own_root ? memcmp(own_root, s->shown.root, 32) == 0 : s->equal;

    if (!s->compared || !s->has_shown || (!s->usable && now_ms - s->ok_ms > SOURCE_FORGET_MS))
        return AGREE_UNKNOWN;
    if (same)
        return AGREE_EQUAL;
    if (s->healing || s->importing)
        return AGREE_HEALING;
    return s->held ? AGREE_HELD : AGREE_DIFFERS;
}

static void
fill_key(const struct heal_key *key, struct snapshot_key *row)
{
    static const enum key_difference differences[] = {
        [HEAL_KEY_THEIRS_NEWER] = KEY_THEIRS_NEWER, [HEAL_KEY_OURS_NEWER] = KEY_OURS_NEWER,
        [HEAL_KEY_ONLY_THEIRS] = KEY_ONLY_THEIRS,   [HEAL_KEY_ONLY_OURS] = KEY_ONLY_OURS,
        [HEAL_KEY_REFUSED] = KEY_REFUSED,
    };

    lat_copy(row->key, sizeof(row->key), key->key);
    row->difference = differences[key->difference];
    row->ours_hlc = key->ours_hlc;
    row->theirs_hlc = key->theirs_hlc;
}

static void
fill_heal(const struct poll_source *s, uint64_t now_ms, struct snapshot_source *row)
{
    const struct heal *heal = &s->heal;

    row->healing = s->healing || s->importing;
    row->heal_percent = s->healing || s->healed_once ? heal_percent(heal) : 0;
    row->heal_age_ms = s->healed_once ? (int64_t)(now_ms - s->heal_end_ms) : -1;
    row->heal_applied = heal->applied;
    row->heal_same = heal->same;
    row->heal_refused = heal->refused;
    row->heal_ours = heal->ours;
    row->heal_bytes = heal->bytes;
    row->heal_ms = (uint32_t)(s->healing ? now_ms - heal->begun_ms : s->heal_took_ms);
    row->key_total = heal->key_total;
    row->key_count = heal->key_count;
    for (uint32_t i = 0; i < heal->key_count; i++)
        fill_key(&heal->keys[i], &row->keys[i]);
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
    row->trusted = s->has_shown && s->shown.trusted;
    row->ok_age_ms = s->known ? (int64_t)(now_ms - s->ok_ms) : -1;
    row->try_age_ms = s->asked ? (int64_t)(now_ms - s->try_ms) : -1;
    row->next_ms = -1;
    row->backoff_ms = s->pause_until_ms > now_ms ? (int64_t)(s->pause_until_ms - now_ms) : 0;
    row->failures = s->failures;
    row->rtt_ms = s->rtt_ms;
    row->polls = s->polls;
    row->polls_ok = s->polls_ok;
    row->polls_failed = s->polls_failed;
    row->bytes_in = s->bytes_in;
    row->bytes_out = s->bytes_out;
    row->agreement = agreement_of(s, own_root, now_ms);
    if (s->has_shown) {
        lat_hex(s->shown.root, 32, row->root);
        row->count = s->shown.count;
    }
    row->differs_ms = -1;
    if (row->agreement != AGREE_UNKNOWN && row->agreement != AGREE_EQUAL && !s->equal) {
        row->differs_ms = (int64_t)(now_ms - s->differs_since_ms);
        row->differs_checks = s->differs_checks;
    }
    lat_copy(row->error, sizeof(row->error),
             s->error[0]                     ? s->error
             : row->agreement == AGREE_EQUAL ? ""
                                             : s->trouble);
    fill_heal(s, now_ms, row);
}
