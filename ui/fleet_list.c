#include "config.h"

#include "fleet_list.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "i18n.h"
#include "link_label.h"
#include "lung_view.h"
#include "panel.h"
#include "table.h"
#include "view/tally.h"

enum column { COL_NAME, COL_VIA, COL_MODE, COL_PEERS, COL_COUNT, COL_ROOT, COL_DIFF, COL_LAG, COL_KEYS, COL_TAGS, COL_AGE, COL_END };

static const struct table_column columns[COL_END] = {
    [COL_NAME] = { N_("NODE"), 9, 0, 24, false },
    [COL_VIA] = { N_("VIA"), 13, 1, 34, false },
    [COL_MODE] = { N_("MODE"), 14, 2, 26, false },
    [COL_PEERS] = { N_("PEERS"), 5, 4, 0, true },
    [COL_COUNT] = { "HTTP", 4, 5, 0, true },
    [COL_ROOT] = { N_("ROOT"), 11, 0, 0, false },
    [COL_DIFF] = { N_("DIFF"), 4, 7, 0, true },
    [COL_LAG] = { N_("LAG"), 5, 6, 0, true },
    [COL_KEYS] = { N_("KEYS"), 9, 9, 0, true },
    [COL_TAGS] = { N_("TAGS"), 8, 10, 30, false },
    [COL_AGE] = { N_("AGE"), 5, 3, 0, true },
};

/* --- cells ----------------------------------------------------------------------------------------------- */

static enum style
rank_style(enum fleet_rank rank)
{
    static const enum style styles[] = { STYLE_ALARM, STYLE_UNKNOWN, STYLE_ATTENTION, STYLE_TEXT };

    return styles[rank];
}

/* "ssh", "https", "embedded", or how far the way has got. */
static void
via_text(const struct fleet_row *row, uint64_t now_ms, char out[FLEET_TEXT_MAX])
{
    const char *via = row->node->source.via, *colon = strstr(via, "://");
    char label[LINK_LABEL_MAX];
    int len = colon ? (int)(colon - via) : (int)strlen(via);

    if (row->link.state == LINK_LIVE && row->link.question == 0)
        snprintf(out, FLEET_TEXT_MAX, "%.*s", len, via);
    else
        snprintf(out, FLEET_TEXT_MAX, "%s", link_label(&row->link, now_ms, label));
}

static void
mode_text(const struct snapshot *s, char out[FLEET_TEXT_MAX])
{
    char label[LUNG_LABEL_MAX];

    snprintf(out, FLEET_TEXT_MAX, "%s%s", s->lung.policy == LUNG_POLICY_AUTO ? "AUTO: " : "", lung_label(&s->lung, label));
}

/* "77be0d51 !B" */
static enum style
root_text(const struct fleet_row *row, char out[FLEET_TEXT_MAX])
{
    const struct snapshot_state *state = &row->snapshot->state;

    if (row->letter == '?') {
        snprintf(out, FLEET_TEXT_MAX, "%s", _("n/a"));
        return STYLE_UNKNOWN;
    }
    snprintf(out, FLEET_TEXT_MAX, "%.8s %c%c", state->root[0] ? state->root : state->merkle_root, row->letter == 'A' ? '=' : '!',
             row->letter);
    if (row->rank == FLEET_UNREACHED)
        return STYLE_UNKNOWN;
    return row->letter == 'A' ? STYLE_GOOD : STYLE_ATTENTION;
}

static uint32_t
differing(const struct snapshot *s)
{
    return s->summary ? s->summary_differing : (uint32_t)snapshot_tally(s).differ;
}

/* Nothing is made up: a node that was never heard of has its name and the state of its way alone. */
static void
draw_figures(const struct table *table, const struct area *area, int y, const struct fleet_row *row)
{
    const struct snapshot *s = row->snapshot;
    bool old = s->version[0] == 'v'; /* v3.0.3 says less */
    enum style style = rank_style(row->rank), root;
    char text[FLEET_TEXT_MAX], figure[FORMAT_MAX];

    mode_text(s, text);
    table_draw_cell(table, area, COL_MODE, y, style, text);
    snprintf(text, sizeof(text), "%u", s->lung.peers_live);
    table_draw_cell(table, area, COL_PEERS, y, style, text);
    table_draw_cell(table, area, COL_COUNT, y, style, format_left(s->lung.fallback_in_ms, figure));
    root = root_text(row, text);
    table_draw_cell(table, area, COL_ROOT, y, (int)root, text);
    snprintf(text, sizeof(text), "%u", differing(s));
    table_draw_cell(table, area, COL_DIFF, y, style, old ? _("n/a") : text);
    table_draw_cell(table, area, COL_LAG, y, style, format_span(row->lag_ms, figure));
    table_draw_cell(table, area, COL_KEYS, y, style, format_count(s->state.keys, figure));
    table_draw_cell(table, area, COL_AGE, y, style, row->age_ms < 2000 ? _("now") : format_span(row->age_ms, figure));
}

/* --- rows ------------------------------------------------------------------------------------------------- */

/* '>' in front, reverse, and where wanted the terminal's cursor. */
static void
mark_selected(const struct area *area, int y, const struct fleet_model *model)
{
    area_text(area, 0, y, STYLE_HEAD, ">");
    area_restyle_row(area, y, STYLE_SELECTED);
    if (model->settings.cursor && area->cols > 0 && y < area->rows) {
        area->canvas->cursor_x = area->x;
        area->canvas->cursor_y = area->y + y;
    }
}

static void
draw_row(const struct table *table, const struct area *area, int y, const struct fleet_row *row, const struct fleet_model *model)
{
    enum style style = rank_style(row->rank);
    char text[FLEET_TEXT_MAX];

    table_draw_cell(table, area, COL_NAME, y, style, row->name);
    via_text(row, fleet_now_ms(model), text);
    table_draw_cell(table, area, COL_VIA, y, style, text);
    table_draw_cell(table, area, COL_TAGS, y, style, row->node->tags);
    if (row->snapshot)
        draw_figures(table, area, y, row);
    if (row->index == model->selected && !model->still)
        mark_selected(area, y, model);
}

static void
draw_empty(const struct area *area, const struct fleet_view *view, const struct keymap *map)
{
    char text[FLEET_TEXT_MAX], first[8], second[8];

    if (view->total > 0)
        snprintf(text, sizeof(text), _("no node passes the filter: %s changes it, %s takes it away"),
                 key_name(keymap_key(map, ACTION_FILTER, 0), first), key_name(keymap_key(map, ACTION_BACK, 0), second));
    else
        snprintf(text, sizeof(text), _("no node: %s adds one"), key_name(keymap_key(map, ACTION_ADD, 0), first));
    area_text_cut(area, 1, 0, area->cols - 2, STYLE_UNKNOWN, text);
}

void
fleet_list_draw(const struct area *area, const struct fleet_view *view, const struct fleet_model *model, int first)
{
    struct area rows = area_sub(area, 0, 1, area->cols, area->rows - 1);
    struct table table;

    table_fit(&table, columns, COL_END, 1, area->cols - 1);
    table_draw_heads(&table, area, 0);
    for (int y = 0; y < rows.rows && first + y < view->count; y++)
        draw_row(&table, &rows, y, &view->rows[first + y], model);
    if (view->count == 0)
        draw_empty(&rows, view, &model->settings.keymap);
}

void
fleet_list_fact(const struct area *area, int y, const struct fleet_row *row, const struct fleet_model *model)
{
    char via[FLEET_TEXT_MAX], mode[FLEET_TEXT_MAX] = "", text[3 * FLEET_TEXT_MAX];

    via_text(row, fleet_now_ms(model), via);
    if (row->snapshot)
        mode_text(row->snapshot, mode);
    if (row->link.state == LINK_LIVE && row->link.question == 0)
        snprintf(text, sizeof(text), "%c%c %.40s %s", row->index == model->selected ? '>' : ' ', row->letter, row->name, mode);
    else
        snprintf(text, sizeof(text), "%c? %.40s %s", row->index == model->selected ? '>' : ' ', row->name, via);
    area_text_cut(area, 0, y, area->cols, rank_style(row->rank), text);
    if (row->index == model->selected)
        mark_selected(area, y, model);
}

/* --- all about one node ----------------------------------------------------------------------------------- */

static int
draw_state(const struct area *area, int y, const struct snapshot *s)
{
    char text[FLEET_TEXT_MAX], keys[FORMAT_MAX], up[FORMAT_MAX];
    int used;

    y = panel_fact(area, y, _("root"), s->state.root[0] ? s->state.root : s->state.merkle_root[0] ? s->state.merkle_root : _("n/a"));
    used = snprintf(text, sizeof(text), "%s", format_noun(s->state.keys, "key", keys));
    if (!s->summary) /* those say no more */
        snprintf(text + used, sizeof(text) - (size_t)used, _(", up %s, %s"), format_uptime(s->uptime_ms, up), s->version);
    y = panel_fact(area, y, _("state"), text);
    if (s->lung.forced_by[0]) {
        snprintf(text, sizeof(text), _("forced by %s"), s->lung.forced_by);
        y = panel_fact(area, y, _("mode"), text);
    }
    return y;
}

void
fleet_list_detail(const struct area *area, const struct fleet_row *row, const struct fleet_model *model, const struct caps *caps)
{
    char text[FLEET_TEXT_MAX], label[LINK_LABEL_MAX];
    int y = 1;

    area_fill(area, 0, 0, area->cols, STYLE_FRAME, caps->charset->rule);
    if (row == NULL)
        return;
    area_printf(area, 1, 0, STYLE_HEAD, " %.60s ", row->name);
    snprintf(text, sizeof(text), "%s, %s%s", model->settings.privacy ? _("attached") : row->node->source.via, link_label(&row->link, fleet_now_ms(model), label),
             row->node->source.control ? "" : _(", read-only"));
    y = panel_fact(area, y, _("way"), text);
    if (row->node->tags[0])
        y = panel_fact(area, y, _("tags"), row->node->tags);
    if (row->snapshot)
        y = draw_state(area, y, row->snapshot);
    if (row->link.question)
        panel_fact_long(area, y, _("asks"), row->link.question_text);
    else if (row->link.error[0] && !model->settings.privacy)
        panel_fact_long(area, y, _("error"), row->link.error);
}
