/*
 * divergence.c - who has another state, since when, in which keys, and what the last healing did.
 *
 * One list of lines: first every node that does not agree, with its keys below it; then those that agree, one
 * line each; then, under a caption, the keys of healings that are over.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "format.h"
#include "i18n.h"
#include "nodes.h"
#include "panel.h"
#include "words.h"
#include "panels/divergence_detail.h"
#include "view/tally.h"

#define HLC_MS_SHIFT 16 /* an HLC is Unix ms << 16 | counter */
#define LINES_MAX (NODES_MAX * (SNAPSHOT_KEYS_MAX + 2))
#define NAME_COLS 16

enum line_kind { LINE_NODE, LINE_KEY, LINE_HEALED };

struct line {
    enum line_kind kind;
    const struct node_row *row;
    const struct snapshot_key *key; /* LINE_KEY */
};

struct lines {
    struct node_row rows[NODES_MAX];
    struct line list[LINES_MAX];
    int count;
};

static const char *const glyphs[] = { [KEY_THEIRS_NEWER] = "<",
                                      [KEY_OURS_NEWER] = ">",
                                      [KEY_ONLY_THEIRS] = "+",
                                      [KEY_ONLY_OURS] = "-",
                                      [KEY_REFUSED] = "!" };

static const char *const winners[] = {
    [KEY_THEIRS_NEWER] = N_("theirs newer"), [KEY_OURS_NEWER] = N_("ours newer"), [KEY_ONLY_THEIRS] = N_("only theirs"),
    [KEY_ONLY_OURS] = N_("only ours"),       [KEY_REFUSED] = N_("refused"),
};

static void
add(struct lines *lines, enum line_kind kind, const struct node_row *row, const struct snapshot_key *key)
{
    if (lines->count < LINES_MAX)
        lines->list[lines->count++] = (struct line){ .kind = kind, .row = row, .key = key };
}

static void
add_keys(struct lines *lines, const struct node_row *row)
{
    const struct snapshot_stand *h = row->stand;

    for (uint32_t i = 0; i < h->key_count && i < SNAPSHOT_KEYS_MAX; i++)
        add(lines, LINE_KEY, row, &h->keys[i]);
}

static bool
is_open(const struct node_row *row)
{
    return agreement_is_open(row->stand->agreement) && !stand_is_overtaken(row->stand);
}

static bool
is_unknown(const struct node_row *row)
{
    return row->stand->agreement == AGREE_UNKNOWN || stand_is_overtaken(row->stand);
}

static const char *
key_of(const struct node_row *row)
{
    return row->peer ? row->peer->public_key : row->source->public_key;
}

/* Nothing is known by this way, and something by another one to the same node: that line says it all. */
static bool
is_told_elsewhere(const struct lines *lines, int count, const struct node_row *row)
{
    for (int i = 0; i < count && is_unknown(row) && key_of(row)[0]; i++)
        if (&lines->rows[i] != row && !is_unknown(&lines->rows[i]) && strcmp(key_of(&lines->rows[i]), key_of(row)) == 0)
            return true;
    return false;
}

static void
collect(struct lines *lines, const struct snapshot *snapshot, const char *filter)
{
    int count = nodes_list(snapshot, filter, lines->rows);

    lines->count = 0;
    for (int i = 0; i < count; i++)
        if (is_open(&lines->rows[i])) {
            add(lines, LINE_NODE, &lines->rows[i], NULL);
            add_keys(lines, &lines->rows[i]);
        }
    for (int i = 0; i < count; i++)
        if (!is_open(&lines->rows[i]) && !is_told_elsewhere(lines, count, &lines->rows[i]))
            add(lines, LINE_NODE, &lines->rows[i], NULL);
    for (int i = 0; i < count; i++) {
        const struct node_row *row = &lines->rows[i];
        const struct snapshot_stand *h = row->stand;

        if (!is_open(row) && h->heal_age_ms >= 0 && h->key_count > 0) {
            add(lines, LINE_HEALED, row, NULL);
            add_keys(lines, row);
        }
    }
}

static enum style
glyph_of(enum agreement agreement, char *glyph)
{
    switch (agreement) {
    case AGREE_EQUAL:
    case AGREE_BUT:
        *glyph = '=';
        return STYLE_GOOD;
    case AGREE_DIFFERS:
    case AGREE_HELD:
    case AGREE_INCOMPATIBLE:
        *glyph = '!';
        return STYLE_ATTENTION;
    case AGREE_HEALING:
        *glyph = '~';
        return STYLE_FALLBACK;
    case AGREE_UNKNOWN:
        break;
    }
    *glyph = '?';
    return STYLE_UNKNOWN;
}

/* What agrees: the last healing if there was one, else what was compared. */
static void
equal_text(const struct snapshot *snapshot, const struct node_row *row, const struct snapshot_stand *h, char *out, size_t size)
{
    char when[FORMAT_MAX], bytes[FORMAT_MAX], refused[32] = "";
    int64_t age = row->source ? row->source->ok_age_ms : row->peer->heard_ms;

    if (h->heal_age_ms < 0) {
        snprintf(out, size, _("%s, compared %s"), format_noun(h->count, "record", bytes),
                 format_when(snapshot->wall_ms, age, when));
        return;
    }
    if (h->heal_refused > 0)
        snprintf(refused, sizeof(refused), _(", %" PRIu32 " refused"), h->heal_refused);
    snprintf(out, size, _("healed %s: %" PRIu32 " taken, %" PRIu32 " kept%s, %s, %" PRIu32 " ms"),
             format_when(snapshot->wall_ms, h->heal_age_ms, when), h->heal_applied, h->heal_ours, refused,
             format_bytes(h->heal_bytes, bytes), h->heal_ms);
}

/* "since 14:02:45, 3 keys, 12,812 records there, 12,811 here" */
static void
open_text(const struct snapshot *snapshot, const struct node_row *row, const struct snapshot_stand *h, char *out, size_t size)
{
    char when[FORMAT_MAX], keys[FORMAT_MAX], theirs[FORMAT_MAX], ours[FORMAT_MAX], words[WORDS_MAX];
    size_t used = 0;

    if (h->differs_ms < 0) {
        snprintf(out, size, _("our state changed after its answer of %s"),
                 format_when(snapshot->wall_ms, row->source ? row->source->ok_age_ms : row->peer->heard_ms, when));
        return;
    }
    if (row->stand->agreement == AGREE_HEALING)
        used = (size_t)snprintf(out, size, _("%" PRIu32 " %%, %" PRIu32 " taken, "), h->heal_percent, h->heal_applied);
    else if (row->stand->agreement == AGREE_HELD && h->error[0])
        used = (size_t)snprintf(out, size, "%s; ", words_of_node(h->error, words));
    if (used >= size)
        return;
    snprintf(out + used, size - used, _("since %s, %s, %s there, %s here"),
             format_when(snapshot->wall_ms, h->differs_ms, when), format_noun(h->key_total, "key", keys),
             format_noun(h->count, "record", theirs), format_count(snapshot->state.count, ours));
}

/* Nothing can be said of it now: what it showed last, with its age. */
static void
unknown_text(const struct node_row *row, char *out, size_t size)
{
    const struct snapshot_stand *h = row->stand;
    int64_t age = row->source ? row->source->ok_age_ms : row->peer->heard_ms;
    char words[WORDS_MAX], records[FORMAT_MAX], span[FORMAT_MAX];

    if (h->error[0])
        snprintf(out, size, "%s", words_of_node(h->error, words));
    else if (h->root[0] && age >= 0)
        snprintf(out, size, _("? %s ago: %s, root %.8s"), format_span(age, span), format_noun(h->count, "record", records), h->root);
    else
        snprintf(out, size, "%s", _("not compared yet"));
}

static void
node_text(const struct snapshot *snapshot, const struct node_row *row, char *out, size_t size)
{
    const struct snapshot_stand *h = row->stand;
    char words[WORDS_MAX];

    if (row->stand->agreement == AGREE_UNKNOWN)
        unknown_text(row, out, size);
    else if (row->stand->agreement == AGREE_BUT)
        snprintf(out, size, "%s", words_of_node(h->error, words));
    else if (row->stand->agreement == AGREE_EQUAL)
        equal_text(snapshot, row, h, out, size);
    else
        open_text(snapshot, row, h, out, size);
}

static void
draw_node(const struct panel_view *view, const struct area *area, int y, const struct node_row *row)
{
    char glyph, text[WORDS_MAX + 80];
    enum agreement agreement = stand_is_overtaken(row->stand) ? AGREE_UNKNOWN : row->stand->agreement;
    enum style style = glyph_of(agreement, &glyph);

    area_printf(area, 1, y, style, "%c", glyph);
    area_text_cut(area, 3, y, NAME_COLS - 1, STYLE_TEXT, row->name);
    area_text(area, 3 + NAME_COLS, y, agreement == AGREE_EQUAL ? STYLE_TEXT : (int)style,
              node_agreement_word(agreement));
    node_text(view->snapshot, row, text, sizeof(text));
    area_text_cut(area, 3 + NAME_COLS + 9, y, area->cols - NAME_COLS - 13, STYLE_TEXT, text);
}

static void
side_text(const char *side, uint64_t hlc, char *out, size_t size)
{
    char when[FORMAT_MAX];

    if (hlc == 0)
        snprintf(out, size, _("%s absent"), side);
    else
        snprintf(out, size, "%s %s", side, format_when(hlc >> HLC_MS_SHIFT, 0, when));
}

static void
draw_key(const struct area *area, int y, const struct line *line)
{
    const struct snapshot_key *key = line->key;
    enum style style = is_open(line->row) ? STYLE_ATTENTION : STYLE_IDLE;
    char ours[32], theirs[32];
    int right = area->cols - 14, theirs_x = right - 17, ours_x = theirs_x - 15;

    side_text(_("ours"), key->ours_hlc, ours, sizeof(ours));
    side_text(_("theirs"), key->theirs_hlc, theirs, sizeof(theirs));
    if (ours_x < 18) { /* narrow: who wins matters more than when */
        area_text(area, 3, y, style, glyphs[key->difference]);
        area_text_cut(area, 5, y, right - 6, STYLE_TEXT, key->key);
        area_text(area, right, y, style, _(winners[key->difference]));
        return;
    }
    area_text(area, 3, y, style, glyphs[key->difference]);
    area_text_cut(area, 5, y, ours_x - 6, STYLE_TEXT, key->key);
    area_text(area, ours_x, y, STYLE_TEXT, ours);
    area_text(area, theirs_x, y, STYLE_TEXT, theirs);
    area_text(area, right, y, style, _(winners[key->difference]));
}

static void
draw_line(const struct panel_view *view, const struct area *area, int y, const struct line *line)
{
    switch (line->kind) {
    case LINE_NODE:
        draw_node(view, area, y, line->row);
        break;
    case LINE_KEY:
        draw_key(area, y, line);
        break;
    case LINE_HEALED:
        area_printf(area, 1, y, STYLE_COLUMN, _("keys last healed from %s"), line->row->name);
        break;
    }
}

static void
divergence_detail(const struct panel_view *view, const struct area *area)
{
    const struct panel_place *place = panel_place(view);
    struct lines lines;
    const struct line *line;

    collect(&lines, view->snapshot, place->filter);
    if (lines.count == 0)
        return;
    line = &lines.list[place->selected < lines.count ? place->selected : lines.count - 1];
    if (line->kind == LINE_KEY)
        divergence_draw_key(view, line->row, line->key, area);
    else
        divergence_draw_node(view, line->row, area);
}

/* The panel alone on a large screen has the map of the selected node beside its list. */
static struct area
split_off_map(const struct panel_view *view, const struct area *area, const struct node_row *row)
{
    struct area map;

    if (!view->zoomed || row == NULL || area->cols < 80 + DIVERGENCE_MAP_COLS || area->rows < DIVERGENCE_MAP_ROWS)
        return *area;
    map = area_sub(area, area->cols - DIVERGENCE_MAP_COLS, 0, DIVERGENCE_MAP_COLS, area->rows);
    divergence_draw_map(row, &map);
    return area_sub(area, 0, 0, area->cols - DIVERGENCE_MAP_COLS, area->rows);
}

static void
divergence_draw(const struct panel_view *view, const struct area *whole)
{
    const struct panel_place *place = panel_place(view);
    struct area inner;
    const struct area *area = &inner;
    struct lines lines;
    int selected, first;

    collect(&lines, view->snapshot, place->filter);
    selected = place->selected < lines.count ? place->selected : lines.count - 1;
    inner = split_off_map(view, whole, selected < 0 ? NULL : lines.list[selected].row);
    first = panel_first_line(view->focused ? selected : 0, lines.count, area->rows);
    if (lines.count == 0)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_TEXT,
                      place->filter[0] ? _("nothing matches the filter (Esc clears it)")
                                       : _("nobody to compare with"));
    for (int i = 0; i < area->rows && first + i < lines.count; i++) {
        draw_line(view, area, i, &lines.list[first + i]);
        if (view->focused && first + i == selected)
            panel_mark_selected(view, area, i);
    }
}

static int
divergence_count(const struct panel_view *view)
{
    struct lines lines;

    collect(&lines, view->snapshot, panel_place(view)->filter);
    return lines.count;
}

static void
divergence_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    struct snapshot_tally tally = snapshot_tally(view->snapshot);

    if (tally.but > 0)
        snprintf(out, PANEL_NOTE_MAX, _("%d equal, %d but for some keys, %d differ, %d unknown"), tally.same, tally.but, tally.differ,
                 tally.unknown);
    else
        snprintf(out, PANEL_NOTE_MAX, _("%d equal, %d differ, %d unknown"), tally.same, tally.differ, tally.unknown);
}

static const char *const divergence_help[] = {
    N_("=  equal: the same root as ours    !  differs; held: nothing is taken"),
    N_("~  healing: records are fetched    ?  unknown: not compared yet"),
    N_("Below a node its differing keys with the time (UTC) of either value:"),
    N_("<  theirs is newer, we take it     >  ours is newer, they take it"),
    N_("+  only they have it               -  only we have it"),
    N_("!  refused: not signed by a trusted key"),
    N_("Enter on a node: counts and the map of 256 subtrees; on a key: both sides."),
    N_("healed   taken: their records applied; kept: ours won; bytes and time"),
    NULL,
};

const struct panel divergence_panel = { .name = "divergence",
                                        .title = N_("DIVERGENCE"),
                                        .draw = divergence_draw,
                                        .note = divergence_note,
                                        .count = divergence_count,
                                        .detail = divergence_detail,
                                        .help = divergence_help };
