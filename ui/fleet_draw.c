#include "config.h"

#include "fleet.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "table.h"
#include "words.h"
#include "view/tally.h"

#define ALERT_ROWS_MAX 6
#define HEAD_ROWS 3 /* title, worst alert, column heads */

enum column { COL_NAME, COL_VIA, COL_MODE, COL_PEERS, COL_COUNT, COL_ROOT, COL_DIFF, COL_LAG, COL_AGE };

static const struct table_column columns[] = {
    [COL_NAME] = { "NODE", 9, 0, 24, false },  [COL_VIA] = { "VIA", 12, 1, 34, false }, [COL_MODE] = { "MODE", 14, 2, 18, false },
    [COL_PEERS] = { "PEERS", 5, 4, 0, true },  [COL_COUNT] = { "HTTP", 5, 5, 0, true }, [COL_ROOT] = { "ROOT", 11, 0, 0, false },
    [COL_DIFF] = { "DIFF", 4, 7, 0, true },    [COL_LAG] = { "LAG", 5, 6, 0, true },    [COL_AGE] = { "AGE", 5, 3, 0, true },
};

/* --- rows ----------------------------------------------------------------------------------------------- */

static enum style
rank_style(enum fleet_rank rank)
{
    static const enum style styles[] = { STYLE_ALARM, STYLE_UNKNOWN, STYLE_ATTENTION, STYLE_TEXT };

    return styles[rank];
}

/* "ssh", "https", or how far the way has got. */
static void
via_text(const struct fleet_row *row, uint64_t now_ms, char out[FLEET_TEXT_MAX])
{
    const char *via = row->node->source.via, *colon = strstr(via, "://");
    char words[LINK_WORDS_MAX];
    int len = colon ? (int)(colon - via) : (int)strlen(via);

    if (row->link.state == LINK_LIVE && row->link.question == 0)
        snprintf(out, FLEET_TEXT_MAX, "%.*s", len, via);
    else
        snprintf(out, FLEET_TEXT_MAX, "%s", link_words(&row->link, now_ms, words));
}

static void
mode_text(const struct snapshot *s, char out[FLEET_TEXT_MAX])
{
    if (s->lung.policy == LUNG_POLICY_AUTO)
        snprintf(out, FLEET_TEXT_MAX, "AUTO:%s", lung_state_name(s->lung.state));
    else
        snprintf(out, FLEET_TEXT_MAX, "forced %s", s->lung.policy == LUNG_POLICY_P2P ? "P2P" : "HTTP");
}

static void
root_text(const struct fleet_row *row, char out[FLEET_TEXT_MAX])
{
    const struct snapshot_state *state = &row->snapshot->state;

    snprintf(out, FLEET_TEXT_MAX, "%.8s %c%c", state->root[0] ? state->root : state->merkle_root, row->letter == 'A' ? '=' : '!',
             row->letter);
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
    enum style style = rank_style(row->rank), root = row->letter == 'A' ? STYLE_GOOD : STYLE_ATTENTION;
    char text[FLEET_TEXT_MAX], span[FORMAT_MAX];

    if (row->rank == FLEET_UNREACHED)
        root = STYLE_UNKNOWN;
    mode_text(s, text);
    table_draw_cell(table, area, COL_MODE, y, style, text);
    snprintf(text, sizeof(text), "%u", s->lung.peers_live);
    table_draw_cell(table, area, COL_PEERS, y, style, text);
    table_draw_cell(table, area, COL_COUNT, y, style, format_left(s->lung.fallback_in_ms, span));
    if (row->letter == '?') {
        table_draw_cell(table, area, COL_ROOT, y, STYLE_UNKNOWN, "n/a");
    } else {
        root_text(row, text);
        table_draw_cell(table, area, COL_ROOT, y, (int)root, text);
    }
    snprintf(text, sizeof(text), "%u", differing(s));
    table_draw_cell(table, area, COL_DIFF, y, style, s->version[0] == 'v' ? "n/a" : text);
    table_draw_cell(table, area, COL_LAG, y, style, format_span(row->lag_ms, span));
    table_draw_cell(table, area, COL_AGE, y, style, row->age_ms < 2000 ? "now" : format_span(row->age_ms, span));
}

static void
draw_row(const struct table *table, const struct area *area, int y, const struct fleet_row *row, const struct fleet_model *model)
{
    bool selected = row->index == model->selected;
    enum style style = rank_style(row->rank);
    char text[FLEET_TEXT_MAX];

    if (selected)
        area_text(area, 0, y, STYLE_HEAD, ">");
    table_draw_cell(table, area, COL_NAME, y, style, row->node->name[0] ? row->node->name
                                                     : row->snapshot ? row->snapshot->name : row->node->source.via);
    via_text(row, model->now_ms, text);
    table_draw_cell(table, area, COL_VIA, y, style, text);
    if (row->snapshot)
        draw_figures(table, area, y, row);
    if (selected)
        area_restyle_row(area, y, STYLE_SELECTED);
}

static int
position(const struct fleet_view *view, int selected)
{
    for (int i = 0; i < view->count; i++)
        if (view->rows[i].index == selected)
            return i;
    return 0;
}

static void
draw_rows(const struct area *area, const struct fleet_view *view, const struct fleet_model *model)
{
    struct table table;
    int at = position(view, model->selected), first = at >= area->rows ? at - area->rows + 1 : 0;

    table_fit(&table, columns, sizeof(columns) / sizeof(columns[0]), 1, area->cols - 1);
    for (int y = 0; y < area->rows && first + y < view->count; y++)
        draw_row(&table, area, y, &view->rows[first + y], model);
    if (view->count == 0)
        area_text(area, 1, 0, STYLE_UNKNOWN, "no node passes the filter; / changes it, Esc takes it away");
}

/* --- alerts --------------------------------------------------------------------------------------------- */

static const char *
name_of(const struct fleet_row *row)
{
    return row->node->name[0] ? row->node->name : row->snapshot && row->snapshot->name[0] ? row->snapshot->name : row->node->source.via;
}

/* One line about a node; false: there is nothing more to say. `which` counts from 0. */
static bool
alert_text(const struct fleet_row *row, uint32_t which, char out[FLEET_TEXT_MAX], enum style *style)
{
    const struct snapshot *s = row->snapshot;
    const struct snapshot_alert *alert;
    char words[WORDS_MAX];

    if (row->rank == FLEET_UNREACHED) {
        if (which > 0 || (row->link.error[0] == 0 && row->link.question == 0))
            return false;
        *style = STYLE_ATTENTION;
        snprintf(out, FLEET_TEXT_MAX, "%.60s: %.150s", name_of(row), row->link.question ? row->link.question_text : row->link.error);
        return true;
    }
    if (s == NULL || which >= s->alert_count || which >= SNAPSHOT_ALERTS_MAX)
        return false;
    alert = &s->alerts[which];
    *style = alert->severity == ALERT_ALARM ? STYLE_ALARM : STYLE_ATTENTION;
    snprintf(out, FLEET_TEXT_MAX, "%s %.60s: %s", alert->code, name_of(row), words_of_alert(alert, words));
    return true;
}

static int
count_alerts(const struct fleet_view *view)
{
    char text[FLEET_TEXT_MAX];
    enum style style;
    int count = 0;

    for (int i = 0; i < view->count; i++)
        for (uint32_t which = 0; alert_text(&view->rows[i], which, text, &style); which++)
            count++;
    return count;
}

/* Alarms of all nodes, then the rest. */
static void
draw_alerts(const struct area *area, const struct fleet_view *view)
{
    char text[FLEET_TEXT_MAX];
    enum style style;
    int y = 0;

    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < view->count; i++)
            for (uint32_t which = 0; alert_text(&view->rows[i], which, text, &style); which++)
                if ((style == STYLE_ALARM) == (pass == 0) && y < area->rows)
                    area_text_cut(area, 1, y++, area->cols - 2, (int)style, text);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void
draw_title(const struct area *area, const struct fleet_view *view, const struct fleet_model *model)
{
    char text[FLEET_TEXT_MAX + FLEET_NODES_MAX], letters[2 * FLEET_NODES_MAX + 1] = "", time[FORMAT_MAX];

    for (int i = 0; i < view->total && i < 16; i++)
        snprintf(letters + strlen(letters), sizeof(letters) - strlen(letters), "%s%c", i ? " " : "", view->letters[i]);
    snprintf(text, sizeof(text), "LATTICE fleet  %d nodes, %d live  %s  %d of %d on root A", view->total, view->live, letters, view->agree,
             view->total);
    area_fill(area, 0, 0, area->cols, STYLE_BAR, ' ');
    area_text_cut(area, 1, 0, area->cols - 12, STYLE_BAR, text);
    area_text_right(area, area->cols - 1, 0, STYLE_BAR, format_time(model->wall_ms, time));
}

static void
draw_keys(const struct area *area, const struct fleet_view *view, const struct fleet_model *model)
{
    const struct fleet_row *row = view->count > 0 ? &view->rows[position(view, model->selected)] : NULL;

    area_fill(area, 0, 0, area->cols, model->typing || model->answering ? STYLE_PROMPT : STYLE_TEXT, ' ');
    if (model->typing)
        area_printf(area, 1, 0, STYLE_PROMPT, "filter: %s_", model->filter);
    else if (model->answering && row && row->link.secret)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_PROMPT, "type the passphrase, Enter; Esc gives none");
    else if (model->answering)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_PROMPT, "the right host?  y yes, and remember it  n/Esc no");
    else if (row && row->link.question)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_ATTENTION, "Enter answer   j k choose   / filter   q quit");
    else
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_TEXT, "Enter open   j k choose   / filter   q quit");
}

void
fleet_draw(const struct fleet_view *view, const struct fleet_model *model, const struct caps *caps, struct canvas *canvas)
{
    struct area screen = area_of(canvas), part;
    int alerts = count_alerts(view), room = screen.rows - HEAD_ROWS - 1, lines = alerts < ALERT_ROWS_MAX ? alerts : ALERT_ROWS_MAX;
    struct table table;

    if (lines > room / 2)
        lines = room > 1 ? room / 2 : 0;
    part = area_sub(&screen, 0, 0, screen.cols, 1);
    draw_title(&part, view, model);
    part = area_sub(&screen, 0, 1, screen.cols, 1);
    area_fill(&part, 0, 0, part.cols, STYLE_FRAME, caps->charset->rule);
    area_printf(&part, 1, 0, STYLE_COLUMN, " %d alert%s ", alerts, alerts == 1 ? "" : "s");
    if (model->filter[0])
        area_printf(&part, 16, 0, STYLE_MATCH, " filter: %s, %d of %d ", model->filter, view->count, view->total);
    part = area_sub(&screen, 0, 2, screen.cols, lines);
    draw_alerts(&part, view);
    part = area_sub(&screen, 0, 2 + lines, screen.cols, 1);
    table_fit(&table, columns, sizeof(columns) / sizeof(columns[0]), 1, part.cols - 1);
    table_draw_heads(&table, &part, 0);
    part = area_sub(&screen, 0, HEAD_ROWS + lines, screen.cols, room - lines);
    draw_rows(&part, view, model);
    part = area_sub(&screen, 0, screen.rows - 1, screen.cols, 1);
    draw_keys(&part, view, model);
}
