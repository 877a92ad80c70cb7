#include "config.h"

#include "panels/divergence_detail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "i18n.h"
#include "words.h"

#define SIDE 16
#define HLC_MS_SHIFT 16 /* an HLC is Unix ms << 16 | counter */
#define TEXT_MAX 400

/* --- the map ------------------------------------------------------------------------------------------- */

/* Is the bit of a subtree set? The first one is the highest of the first digit. */
static bool
is_marked(const char *subtrees, int index)
{
    const char *digits = "0123456789abcdef", *digit = strchr(digits, subtrees[index / 4]);

    return digit && *digit && (digit - digits) >> (3 - index % 4) & 1;
}

/* equal: one root for all of the 256 says that each is the same. */
static void
draw_cell(const struct snapshot_stand *stand, const struct area *area, int index)
{
    int x = 4 + index % SIDE * 2, y = 1 + index / SIDE;
    const char *subtrees = stand->difference.subtrees;
    bool heals = stand->healing, equal = stand->agreement == AGREE_EQUAL, looked = strlen(subtrees) == SNAPSHOT_HEX_LEN - 1;

    if (!equal && !looked)
        area_text(area, x, y, STYLE_UNKNOWN, "?");
    else if (equal || !is_marked(subtrees, index))
        area_text(area, x, y, STYLE_GOOD, ".");
    else
        area_text(area, x, y, heals ? STYLE_FALLBACK : STYLE_ALARM, heals ? "H" : "D");
}

void
divergence_draw_map(const struct node_row *row, const struct area *area)
{
    const struct snapshot_stand *h = row->stand;

    for (int i = 0; i < SIDE; i++) {
        area_printf(area, 4 + 2 * i, 0, STYLE_COLUMN, "%x", (unsigned)i);
        area_printf(area, 1, 1 + i, STYLE_COLUMN, "%x_", (unsigned)i);
    }
    for (int i = 0; i < SIDE * SIDE; i++)
        draw_cell(h, area, i);
    area_text_cut(area, 1, 1 + SIDE, area->cols - 1, STYLE_COLUMN, _(". same D differs H heals ? unseen"));
}

/* --- a node -------------------------------------------------------------------------------------------- */

static const char *
way_text(enum heal_way way)
{
    switch (way) {
    case WAY_SKETCH:
        return _("by a sketch: few differences, one message");
    case WAY_DESCENT:
        return _("by descent into the tree");
    case WAY_STREAM:
        return _("by a stream of all that they have");
    case WAY_NONE:
        break;
    }
    return _("not looked for yet");
}

static int
draw_counts(const struct snapshot_stand *h, const struct area *area, int y)
{
    const struct snapshot_difference *d = &h->difference;
    char text[TEXT_MAX];

    snprintf(text, sizeof(text),
             _("%" PRIu32 ": theirs newer %" PRIu32 ", ours newer %" PRIu32 ", only theirs %" PRIu32 ", only ours %" PRIu32
               ", refused %" PRIu32),
             h->key_total, d->theirs_newer, d->ours_newer, d->only_theirs, d->only_ours, d->refused);
    y = panel_fact_long(area, y, _("keys"), text);
    if (d->estimate > 0) {
        snprintf(text, sizeof(text), "%s%" PRIu64, d->exact ? "" : "~", d->estimate);
        y = panel_fact(area, y, _("records"), text);
    }
    if (h->agreement == AGREE_EQUAL && d->way == WAY_NONE)
        return panel_fact_long(area, y, _("found"), _("nothing to look for: the same root"));
    return panel_fact_long(area, y, _("found"), way_text(d->way));
}

static int
draw_healing(const struct panel_view *view, const struct snapshot_stand *h, const struct area *area, int y)
{
    const struct snapshot_difference *d = &h->difference;
    char text[TEXT_MAX], a[FORMAT_MAX], b[FORMAT_MAX];

    if (h->healing)
        snprintf(text, sizeof(text), _("%" PRIu32 " %% done, %" PRIu32 " taken"), h->heal_percent, h->heal_applied);
    else if (h->heal_age_ms < 0)
        snprintf(text, sizeof(text), _("never needed"));
    else
        snprintf(text, sizeof(text), _("%s: %" PRIu32 " taken, %" PRIu32 " same, %" PRIu32 " refused, %" PRIu32 " ours won; %s, %" PRIu32 " ms"),
                 format_when(view->snapshot->wall_ms, h->heal_age_ms, a), h->heal_applied, h->heal_same, h->heal_refused, h->heal_ours,
                 format_bytes(h->heal_bytes, b), h->heal_ms);
    y = panel_fact_long(area, y, _("healing"), text);
    if (d->given > 0) {
        snprintf(text, sizeof(text), _("%" PRIu32 " of ours sent, %" PRIu32 " taken there, %" PRIu32 " refused there"), d->given,
                 d->given_taken, d->given_refused);
        y = panel_fact_long(area, y, _("given"), text);
    }
    if (h->heal_refused > 0) {
        snprintf(text, sizeof(text),
                 _("untrusted %" PRIu32 ", from the future %" PRIu32 ", bad signature %" PRIu32 ", malformed %" PRIu32
                   ", too old %" PRIu32 ", not stored %" PRIu32),
                 d->untrusted, d->held, d->bad_signatures, d->malformed, d->below_horizon, d->not_stored);
        y = panel_fact_long(area, y, _("refused"), text);
    }
    if (h->backoff_ms > 0)
        y = panel_fact(area, y, _("paused"), format_left(h->backoff_ms, a));
    return y;
}

/* "7 records here, 5 there, seen 00:12 ago": the age where no verdict rests on it. */
static void
size_text(const struct snapshot *snapshot, const struct node_row *row, char out[TEXT_MAX])
{
    int64_t age = row->source ? row->source->ok_age_ms : row->peer->heard_ms;
    char ours[FORMAT_MAX], theirs[FORMAT_MAX], span[FORMAT_MAX], seen[FORMAT_MAX + 24] = "";

    if (row->stand->agreement == AGREE_UNKNOWN && row->stand->root[0] && age >= 0)
        snprintf(seen, sizeof(seen), _(", seen %s ago"), format_span(age, span));
    snprintf(out, TEXT_MAX, _("%s here, %s there%s"), format_noun(snapshot->state.count, "record", ours),
             row->stand->root[0] ? format_count(row->stand->count, theirs) : "?", seen);
}

void
divergence_draw_node(const struct panel_view *view, const struct node_row *row, const struct area *area)
{
    const struct snapshot_stand *h = row->stand;
    bool map = area->cols >= 40 + DIVERGENCE_MAP_COLS && area->rows >= DIVERGENCE_MAP_ROWS - 1;
    struct area left = area_sub(area, 0, 0, area->cols - (map ? DIVERGENCE_MAP_COLS + 1 : 0), area->rows);
    char text[TEXT_MAX], when[FORMAT_MAX];
    int y = panel_fact(&left, 0, _("name"), row->name);

    if (h->differs_ms >= 0)
        snprintf(text, sizeof(text), _("%s, since %s"), node_agreement_word(row->stand->agreement),
                 format_when(view->snapshot->wall_ms, h->differs_ms, when));
    else
        snprintf(text, sizeof(text), "%s", node_agreement_word(row->stand->agreement));
    y = panel_fact(&left, y, _("agreement"), text);
    y = panel_fact(&left, y, _("our root"), view->snapshot->state.root[0] ? view->snapshot->state.root : "?");
    y = panel_fact(&left, y, _("their root"), row->stand->root[0] ? row->stand->root : "?");
    size_text(view->snapshot, row, text);
    y = panel_fact(&left, y, _("size"), text);
    y = draw_counts(h, &left, y);
    y = draw_healing(view, h, &left, y);
    if (h->difference.trust_differs)
        y = panel_fact_long(&left, y, _("trust"), _("it trusts other keys than we do"));
    if (h->error[0])
        panel_fact_long(&left, y, _("error"), words_of_node(h->error, text));
    if (map) {
        struct area right = area_sub(area, area->cols - DIVERGENCE_MAP_COLS, 0, DIVERGENCE_MAP_COLS, area->rows);

        divergence_draw_map(row, &right);
    }
}

/* --- a key --------------------------------------------------------------------------------------------- */

static const char *
winner_text(enum key_difference difference)
{
    switch (difference) {
    case KEY_THEIRS_NEWER:
    case KEY_ONLY_THEIRS:
        return _("theirs");
    case KEY_OURS_NEWER:
    case KEY_ONLY_OURS:
        return _("ours");
    case KEY_REFUSED:
        break;
    }
    return _("ours: theirs is refused, no trusted key has signed it");
}

static const char *
reason_text(enum key_reason reason)
{
    switch (reason) {
    case WINS_ALONE:
        return _("the other side has none");
    case WINS_NATIVE:
        return _("the other one was imported from a v3.0.3 state");
    case WINS_CLOCK:
        return _("its clock is later");
    case WINS_AUTHOR:
        return _("same clock: its author's key is greater");
    case WINS_DIGEST:
        return _("same clock and author: its digest is greater");
    }
    return "";
}

/* Clock, author and value of one side, under each other. */
static int
draw_side(const struct area *area, int y, const char *label, uint64_t hlc, const char *author, const char *value)
{
    char text[TEXT_MAX], when[FORMAT_MAX];

    if (hlc == 0)
        return panel_fact(area, y, label, _("absent")) + 1;
    snprintf(text, sizeof(text), "%s", value[0] ? value : _("deleted"));
    y = panel_fact_long(area, y, label, text);
    snprintf(text, sizeof(text), "%s  (%016" PRIx64 ")", format_when(hlc >> HLC_MS_SHIFT, 0, when), hlc);
    y = panel_fact(area, y, _("  clock"), text);
    return panel_fact(area, y, _("  author"), author[0] ? author : "?") + 1;
}

void
divergence_draw_key(const struct panel_view *view, const struct node_row *row, const struct snapshot_key *key,
                    const struct area *area)
{
    char text[TEXT_MAX];
    int y = panel_fact_long(area, 0, _("key"), key->key);

    snprintf(text, sizeof(text), "%s <-> %s", view->snapshot->name, row->name);
    y = panel_fact(area, y, _("between"), text) + 1;
    y = draw_side(area, y, _("ours"), key->ours_hlc, key->ours_author, key->ours_value);
    y = draw_side(area, y, _("theirs"), key->theirs_hlc, key->theirs_author, key->theirs_value);
    y = panel_fact_long(area, y, _("wins"), winner_text(key->difference));
    if (key->difference != KEY_REFUSED)
        panel_fact_long(area, y, _("because"), reason_text(key->reason));
}
