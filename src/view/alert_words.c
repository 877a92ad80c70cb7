#include "config.h"

#include "view/alert_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Marked for scripts/pot; ui/ has them translated. */
#define N_(text) text
#define NN_(one, many) one, many

static const struct {
    const char *name, *code, *one, *many; /* many NULL: as one */
} kinds[ALERT_KIND_COUNT] = {
    [ALERT_IS_OTHER] = { "other", "", NULL, NULL },
    [ALERT_IS_ISOLATED] = { "isolated", "F3", N_("both lungs down: P2P: {what}; HTTP: {why}"), NULL },
    [ALERT_IS_HTTP_DOWN] = { "http_down", "F3", N_("HTTP forced and down: {why}"), NULL },
    [ALERT_IS_FORCED_ALONE] = { "forced_alone", "F1", N_("P2P forced and no peers: no fallback while forced"), NULL },
    [ALERT_IS_NO_PEERS] = { "no_peers", "F1", N_("no peers over P2P"), NULL },
    [ALERT_IS_NO_LIVE_PEERS] = { "no_live_peers", "F1", N_("no live peers over P2P"), NULL },
    [ALERT_IS_HTTP_CARRIES] = { "http_carries", "F1", N_("no peers over P2P: HTTP carries"), NULL },
    [ALERT_IS_HTTP_CARRIES_LIVE] = { "http_carries_live", "F1", N_("no live peers over P2P: HTTP carries"), NULL },
    [ALERT_IS_P2P_OFF] = { "p2p_off", "F1", N_("P2P does not run: {why}"), NULL },
    [ALERT_IS_FORCED_BY] = { "forced_by", "M1", N_("mode forced to {what} by {who}"), NULL },
    [ALERT_IS_FORCED] = { "forced", "M1", N_("mode forced to {what}"), NULL },
    [ALERT_IS_HELD_BACK] = { "held_back", "D1", N_("{who} differs, nothing is taken: {why}"), NULL },
    [ALERT_IS_DIFFERS_KEYS] = { "differs_keys", "D1", NN_("{who} diverges: {n} key",
        "{who} diverges: {n} keys") },
    [ALERT_IS_DIFFERS] = { "differs", "D1", N_("{who} diverges: root {what}, ours {why}"), NULL },
    [ALERT_IS_SOURCE_BACK] = { "source_back", "F2", N_("HTTP {who}: answers again; another good answer ends this"), NULL },
    [ALERT_IS_SOURCE_FAILS] = { "source_fails", "F2", N_("HTTP {who}: {why}"), NULL },
    [ALERT_IS_TWO_FACES] = { "two_faces", "X1", N_("two faces: {why}"), NULL },
    [ALERT_IS_TWIN] = { "twin", "X2", N_("another node announces with our key: stop one of the two"), NULL },
    [ALERT_IS_ROLLBACK] = { "rollback", "X3", N_("a record of our key is newer than all we held: disk set back, or our key is used twice"), NULL },
    [ALERT_IS_CLOCK_BEHIND] = { "clock_behind", "X4", N_("our clock is {n} s behind that of most peers"), NULL },
    [ALERT_IS_CLOCK_AHEAD] = { "clock_ahead", "X4", N_("our clock is {n} s ahead of that of most peers"), NULL },
    [ALERT_IS_DAMAGED] = { "damaged", "K1", N_("store damaged: {why}"), NULL },
    [ALERT_IS_READ_ONLY] = { "read_only", "K1", N_("store takes no writes: {why}"), NULL },
    [ALERT_IS_RECORDS_LOST] = { "records_lost", "K2", NN_("{n} stored record is damaged; asked of other nodes",
        "{n} stored records are damaged; asked of other nodes") },
    [ALERT_IS_RECORDS_HELD] = { "records_held", "H1", NN_("{n} record from the future is held",
        "{n} records from the future are held") },
    [ALERT_IS_NO_TRUST] = { "no_trust", "T1", N_("no trusted keys: watching only, nothing foreign is accepted"), NULL },
    [ALERT_IS_TRUST_DIFFERS] = { "trust_differs", "T2", N_("{who} trusts other keys than we do"), NULL },
    [ALERT_IS_API] = { "api", "A1", N_("API: {why}"), NULL },
};

const char *
alert_kind_name(enum alert_kind kind)
{
    return kinds[kind].name;
}

const char *
alert_code(enum alert_kind kind)
{
    return kinds[kind].code;
}

struct alert_pattern
alert_pattern(enum alert_kind kind)
{
    return (struct alert_pattern){ kinds[kind].one, kinds[kind].many ? kinds[kind].many : kinds[kind].one };
}

struct phrase_words
alert_words(const struct snapshot_alert *alert)
{
    struct phrase_words words = { .word = { "" } };

    lat_copy(words.word[PHRASE_WHO], PHRASE_WORD_MAX, alert->who);
    lat_copy(words.word[PHRASE_WHAT], PHRASE_WORD_MAX, alert->what);
    lat_copy(words.word[PHRASE_WHY], PHRASE_WORD_MAX, alert->why);
    snprintf(words.word[PHRASE_N], PHRASE_WORD_MAX, "%" PRIu64, alert->n);
    return words;
}

void
alert_write(struct snapshot_alert *alert)
{
    struct alert_pattern pattern = alert_pattern(alert->kind);
    struct phrase_words words = alert_words(alert);

    lat_copy(alert->code, sizeof(alert->code), alert_code(alert->kind));
    phrase_write(alert->n == 1 ? pattern.one : pattern.many, &words, alert->text, sizeof(alert->text));
}

/* Is it of this kind? Then its words. */
static bool
is_of(const struct snapshot_alert *alert, enum alert_kind kind, struct phrase_words *words)
{
    return strcmp(alert->code, kinds[kind].code) == 0 &&
           (phrase_read(kinds[kind].one, alert->text, words) ||
            (kinds[kind].many != NULL && phrase_read(kinds[kind].many, alert->text, words)));
}

void
alert_read(struct snapshot_alert *alert)
{
    struct phrase_words words;

    for (int kind = ALERT_IS_OTHER + 1; kind < ALERT_KIND_COUNT && alert->kind == ALERT_IS_OTHER; kind++) {
        if (!is_of(alert, (enum alert_kind)kind, &words))
            continue;
        alert->kind = (enum alert_kind)kind;
        lat_copy(alert->who, sizeof(alert->who), words.word[PHRASE_WHO]);
        lat_copy(alert->what, sizeof(alert->what), words.word[PHRASE_WHAT]);
        lat_copy(alert->why, sizeof(alert->why), words.word[PHRASE_WHY]);
        if (lat_parse_u64(words.word[PHRASE_N], UINT64_MAX, &alert->n))
            alert->n = 0;
    }
}
