/* state.c - the replicated state: how much, how fast it changes, who has the same. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "graph.h"
#include "i18n.h"
#include "lung_view.h"
#include "panel.h"
#include "view/tally.h"

#define LABEL_COLS 10
#define TALL_ROWS 7
#define DAY_MS INT64_C(86400000)

/* What is wrong with the store, in a word. NULL: nothing. */
static const char *
trouble(const struct snapshot_state *state, enum style *style)
{
    *style = STYLE_ALARM;
    if (state->damaged)
        return _("DAMAGED");
    if (state->read_only)
        return _("READ-ONLY");
    *style = STYLE_ATTENTION;
    if (state->incomplete)
        return _("FILLING");
    if (state->held > 0)
        return _("HELD");
    return NULL;
}

static int
draw_trouble(const struct panel_view *view, const struct area *area, int y)
{
    const struct snapshot_state *state = &view->snapshot->state;
    enum style style;
    const char *word = trouble(state, &style);
    char text[SNAPSHOT_TEXT_MAX + 32], count[FORMAT_MAX];

    if (word == NULL)
        return 0;
    if (state->held > 0 && !state->damaged && !state->read_only && !state->incomplete)
        snprintf(text, sizeof(text), _("%s from the future"), format_noun(state->held, "record", count));
    else
        snprintf(text, sizeof(text), "%s", state->error);
    area_printf(area, 1, y, style, "%c %s", style_glyph(style), word);
    area_text_cut(area, (int)strlen(word) + 4, y, area->cols - (int)strlen(word) - 5, STYLE_TEXT, text);
    return 1;
}

static void
agree_text(const struct snapshot_tally *tally, char *out, size_t size)
{
    size_t used;

    if (tally->total == 0) {
        snprintf(out, size, _("nobody to agree with"));
        return;
    }
    used = (size_t)snprintf(out, size, _("agree %d of %d"), tally->same, tally->total);
    if (tally->differ > 0)
        used += (size_t)snprintf(out + used, size - used, NP_(", %d differs", ", %d differ", (unsigned long)tally->differ),
                                 tally->differ);
    if (tally->but > 0)
        used += (size_t)snprintf(out + used, size - used, _(", %d but for keys"), tally->but);
    if (tally->unknown > 0 && tally->differ == 0)
        snprintf(out + used, size - used, _(", %d unknown"), tally->unknown);
}

static enum style
agree_style(const struct snapshot_tally *tally)
{
    if (tally->differ > 0)
        return STYLE_ATTENTION;
    return tally->total > 0 && tally->same == tally->total ? STYLE_GOOD : STYLE_UNKNOWN;
}

static void
draw_short(const struct panel_view *view, const struct area *area)
{
    const struct snapshot *s = view->snapshot;
    struct snapshot_tally tally = snapshot_tally(s);
    char keys[FORMAT_MAX], changes[FORMAT_MAX], agree[64];
    int x = area_printf(area, 1, 0, STYLE_TEXT, "%-13s +%s/min", format_noun(s->state.keys, "key", keys),
                        format_count(s->state.changes_min, changes));
    int room = area->cols - x - 2;

    graph_spark(area, x + 1, 0, room > 8 ? 8 : room, STYLE_IDLE, view->caps->charset, s->history_keys,
                SNAPSHOT_HISTORY, s->wall_ms / 1000);
    if (draw_trouble(view, area, 1))
        return;
    agree_text(&tally, agree, sizeof(agree));
    area_text_cut(area, 1, 1, area->cols - 2, agree_style(&tally), agree);
}

static void
label(const struct area *area, int y, const char *text)
{
    area_text(area, 1, y, STYLE_COLUMN, text);
}

/* 64 hex digits: in groups of eight, or close together where only so all fit, or as many groups as fit. */
static void
draw_root(const struct area *area, int y, const char *name, const char *root)
{
    int x = LABEL_COLS;

    label(area, y, name);
    if (root[0] == 0)
        area_text(area, x, y, STYLE_UNKNOWN, "?");
    if (x + 72 > area->cols && x + 64 < area->cols) {
        area_text(area, x, y, STYLE_TEXT, root);
        return;
    }
    for (size_t i = 0; i + 8 <= strlen(root); i += 8) {
        if (x + 9 > area->cols) { /* there is more of it */
            area_text(area, x - 1, y, STYLE_TEXT, "~");
            break;
        }
        x = area_printf(area, x, y, i == 0 ? STYLE_HEAD : STYLE_TEXT, "%.8s ", root + i);
    }
}

static void
draw_tall(const struct panel_view *view, const struct area *area)
{
    const struct snapshot *s = view->snapshot;
    const struct snapshot_state *state = &s->state;
    struct snapshot_tally tally = snapshot_tally(s);
    char a[FORMAT_MAX], b[FORMAT_MAX], agree[64];

    draw_root(area, 0, _("root"), state->root);
    draw_root(area, 1, "v3.0.3", state->merkle_root);
    label(area, 2, _("keys"));
    area_printf(area, LABEL_COLS, 2, STYLE_TEXT, _("%-12s of %s"), format_count(state->keys, a),
                format_noun(state->count, "record", b));
    label(area, 3, _("changes"));
    area_printf(area, LABEL_COLS, 3, STYLE_TEXT, "+%s/min", format_count(state->changes_min, a));
    graph_spark(area, LABEL_COLS + 13, 3,
                area->cols - LABEL_COLS - 15 > 30 ? 30 : area->cols - LABEL_COLS - 15, STYLE_IDLE,
                view->caps->charset, s->history_keys, SNAPSHOT_HISTORY, s->wall_ms / 1000);
    label(area, 4, _("store"));
    area_printf(area, LABEL_COLS, 4, STYLE_TEXT, _("%-12s saved %s"), format_bytes(state->store_bytes, a),
                format_when(s->wall_ms, state->commit_age_ms, b));
    label(area, 5, _("verified"));
    b[0] = '\0';
    if (state->scrub_percent > 0) /* of the look that goes on */
        snprintf(b, sizeof(b), "  (%u %%)", state->scrub_percent);
    area_printf(area, LABEL_COLS, 5, STYLE_TEXT, "%s%s%s", format_when(s->wall_ms, state->verified_age_ms, a),
                state->verified_age_ms >= DAY_MS ? _(" ago") : "", b);
    agree_text(&tally, agree, sizeof(agree));
    area_text_cut(area, 1, 6, area->cols - 2, agree_style(&tally), agree);
    draw_trouble(view, area, 5);
}

static void
state_draw(const struct panel_view *view, const struct area *area)
{
    if (area->rows >= TALL_ROWS)
        draw_tall(view, area);
    else
        draw_short(view, area);
}

static const char *const state_help[] = {
    N_("keys      entries that a reader sees; records also count deleted ones"),
    N_("+n/min    records applied in the last 60 s; the sparkline is that minute"),
    N_("agree     other nodes with our root; seen over both lungs: one node"),
    N_("root      the trie root; v3.0.3: the flat root that older nodes compute"),
    N_("saved     time (UTC) of the last commit"),
    N_("verified  time of the last check of all records against the root"),
    N_("READ-ONLY, DAMAGED, FILLING, HELD   with the reason beside it"),
    NULL,
};

const struct panel state_panel = {
    .name = "state", .title = N_("STATE"), .draw = state_draw, .help = state_help
};
