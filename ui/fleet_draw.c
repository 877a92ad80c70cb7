#include "config.h"

#include "fleet.h"

#include <stdio.h>
#include <string.h>

#include "fleet_list.h"
#include "format.h"
#include "help.h"
#include "i18n.h"
#include "key_bar.h"
#include "panel.h"

#define HEAD_ROWS 3 /* title, rule over the alerts, column heads */
#define ALERT_ROWS 6 /* where there is room for them; more on tall screens */
#define TINY_COLS 40
#define TINY_ROWS 10
#define TALL_ROWS 24 /* from here on there is height for a second row of keys */
#define DETAIL_ROWS 9
#define MESSAGE_ROWS_MAX 4

static const struct key_hint hints[] = {
    { "P2P", 14, HINT_ALWAYS, { ACTION_FORCE_P2P } },
    { "HTTP", 14, HINT_ALWAYS, { ACTION_FORCE_HTTP } },
    { "AUTO", 14, HINT_ALWAYS, { ACTION_AUTO } },
    { N_("open"), 4, HINT_ALWAYS, { ACTION_DETAIL } },
    { N_("add"), 5, HINT_ALWAYS, { ACTION_ADD } },
    { N_("remove"), 6, HINT_ALWAYS, { ACTION_REMOVE } },
    { N_("try now"), 8, HINT_ALWAYS, { ACTION_RETRY } },
    { N_("move"), 12, HINT_ALWAYS, { ACTION_UP, ACTION_DOWN, ACTION_TOP, ACTION_BOTTOM } },
    { N_("find"), 7, HINT_ALWAYS, { ACTION_FILTER } },
    { N_("next"), 13, HINT_ALWAYS, { ACTION_NEXT_MATCH, ACTION_PREVIOUS_MATCH } },
    { N_("hold"), 10, HINT_ALWAYS, { ACTION_FREEZE } },
    { N_("ack"), 9, HINT_ALWAYS, { ACTION_ACKNOWLEDGE, ACTION_ACKNOWLEDGE_ALL } },
    { N_("copy"), 11, HINT_ALWAYS, { ACTION_COPY } },
    { N_("mouse"), 15, HINT_ALWAYS, { ACTION_MOUSE } },
    { N_("redraw"), 16, HINT_ALWAYS, { ACTION_REPAINT } },
    { N_("back"), 3, HINT_ALWAYS, { ACTION_BACK } },
    { N_("help"), 2, HINT_ALWAYS, { ACTION_HELP } },
    { N_("quit"), 1, HINT_ALWAYS, { ACTION_QUIT } },
};

const char *const fleet_help[] = {
    N_("A row a node, the worst first: alarm, not reached, attention, fine."),
    N_("NODE     as the fleet file calls it, else as it calls itself"),
    N_("VIA      ssh, http, https or embedded; else how far the way to it has got: resolving,"),
    N_("         host key, auth, tunnel, http; stale: silent for 15 s; retry: given up, tried again"),
    N_("MODE     what its lungs do; forced: by an operator"),
    N_("PEERS    live P2P peers"),
    N_("HTTP     until HTTP takes over; -: nothing is counted down"),
    N_("ROOT     first digits of its root and a letter: A is the root that most nodes have; ? unknown"),
    N_("DIFF     nodes that it sees differ from itself"),
    N_("LAG      its root has not been A for so long"),
    N_("KEYS     entries of its state"),
    N_("TAGS     of the fleet file; the filter finds them"),
    N_("AGE      of these figures, by our clock"),
    N_("What is added or removed here lasts as long as this console: no file is written."),
    NULL,
};

/* --- where things stand ---------------------------------------------------------------------------------- */

void
fleet_layout_compute(struct fleet_layout *layout, const struct fleet_model *model, const struct fleet_view *view)
{
    struct fleet_alert alerts[FLEET_ALERTS_MAX];
    int count = fleet_alerts(view, model, alerts), room, most, place = fleet_place(view, model);

    *layout = (struct fleet_layout){ .tiny = model->cols < TINY_COLS || model->rows < TINY_ROWS };
    layout->key_rows = model->still ? 0 : model->rows >= TALL_ROWS && model->cols < 120 ? 2 : 1;
    if (layout->tiny) {
        layout->list_y = 2;
        layout->list_rows = model->rows > 3 ? model->rows - 3 : 0;
    } else {
        room = model->rows - HEAD_ROWS - layout->key_rows;
        most = model->still ? count : room / 4 > ALERT_ROWS ? room / 4 : room / 2 < ALERT_ROWS ? room / 2 : ALERT_ROWS;
        layout->alert_rows = count < most ? count : most;
        layout->list_y = HEAD_ROWS + layout->alert_rows;
        layout->list_rows = room - layout->alert_rows;
        if (layout->list_rows >= view->count + DETAIL_ROWS && view->count > 0)
            layout->detail_rows = DETAIL_ROWS;
        layout->list_rows -= layout->detail_rows;
    }
    layout->first = panel_first_line(place, view->count, layout->list_rows);
}

/* --- bars ------------------------------------------------------------------------------------------------ */

/* "A A B A", as many as stand in `most` columns. */
static void
letters_text(const struct fleet_view *view, int most, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (int i = 0; i < view->total && 2 * i + 2 < most; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%c", i ? " " : "", view->letters[i]);
    if (2 * view->total >= most)
        snprintf(out + used, size - used, " ..");
}

static void
draw_title(const struct area *area, const struct fleet_view *view, const struct fleet_model *model)
{
    char text[FLEET_TEXT_MAX + 2 * FLEET_NODES_MAX], letters[2 * FLEET_NODES_MAX + 8], time[FORMAT_MAX], span[FORMAT_MAX];
    int x, end;

    letters_text(view, area->cols - (area->cols < 60 ? 28 : 48), letters, sizeof(letters));
    area_fill(area, 0, 0, area->cols, STYLE_BAR, ' ');
    end = area_text_right(area, area->cols - 1, 0, STYLE_BAR, format_time(model->wall_ms, time)) - 1;
    x = area->cols >= 60 ? area_text(area, 1, 0, STYLE_BAR, "LATTICE ") : 1;
    if (model->frozen) {
        snprintf(text, sizeof(text), _("FROZEN %s"), format_span((int64_t)(model->now_ms - model->frozen_ms), span));
        x = area_text_cut(area, x, 0, end - x, STYLE_GAUGE_HOT, text) + 1;
    }
    if (area->cols < 60)
        snprintf(text, sizeof(text), _("%d of %d live  %s"), view->live, view->total, letters);
    else
        snprintf(text, sizeof(text), NP_("%d node, %d live  %s  %d of %d on root A", "%d nodes, %d live  %s  %d of %d on root A", (unsigned)view->total),
                 view->total, view->live, letters, view->agree, view->total);
    area_text_cut(area, x, 0, end - x, STYLE_BAR, text);
}

/* The rule over the alerts: how many, and what the filter leaves. */
static void
draw_rule(const struct area *area, const struct fleet_view *view, const struct fleet_model *model, const struct caps *caps, int count)
{
    char text[FORMAT_MAX], one[8], all[8];
    int x, end = area->cols - 2;

    area_fill(area, 0, 0, area->cols, STYLE_FRAME, caps->charset->rule);
    x = area_printf(area, 1, 0, STYLE_COLUMN, " %s ", count > 0 ? format_noun((uint64_t)count, "alert", text) : _("no alerts")) + 1;
    if (count > 0 && area->cols >= 72 && !model->still) {
        snprintf(text, sizeof(text), _("%s ack  %s all"), key_name(keymap_key(&model->settings.keymap, ACTION_ACKNOWLEDGE, 0), one),
                 key_name(keymap_key(&model->settings.keymap, ACTION_ACKNOWLEDGE_ALL, 0), all));
        end = area_text_right(area, end, 0, STYLE_IDLE, text) - 1;
    }
    if (model->filter[0]) {
        char filter[FLEET_TEXT_MAX];

        snprintf(filter, sizeof(filter), _(" /%s  %d of %d "), model->filter, view->count, view->total);
        area_text_cut(area, x, 0, end - x, STYLE_MATCH, filter);
    }
}

static void
draw_alerts(const struct area *area, const struct fleet_alert *alerts, int count)
{
    char text[FLEET_TEXT_MAX];

    for (int i = 0; i < count && i < area->rows; i++) {
        const struct fleet_alert *alert = &alerts[i];
        enum style style = alert->seen ? STYLE_TEXT : alert->alarm ? STYLE_ALARM : STYLE_ATTENTION;

        if (i + 1 == area->rows && count > area->rows)
            snprintf(text, sizeof(text), NP_("and %d more", "and %d more", (unsigned)(count - i)), count - i);
        else
            fleet_alert_text(alert, text);
        area_printf(area, 1, i, style, "[%c]", alert->seen ? '-' : alert->alarm ? 'X' : '!');
        area_text_cut(area, 5, i, area->cols - 6, style, text);
    }
}

static const char *
asked_name(const struct fleet_view *view, const struct fleet_model *model)
{
    for (int i = 0; i < view->count; i++)
        if (view->rows[i].index == model->asked)
            return view->rows[i].name;
    return _("this node");
}

/* An answer that ends above row `end`, over as many rows as it takes. */
static void
draw_message(const struct area *screen, int end, const struct fleet_model *model)
{
    size_t at[MESSAGE_ROWS_MAX + 1] = { 0 };
    int rows = 0, style = model->message_bad ? STYLE_ATTENTION : STYLE_HEAD;
    char part[sizeof(model->message)];

    while (rows < MESSAGE_ROWS_MAX && model->message[at[rows]]) {
        at[rows + 1] = at[rows] + text_fitting(model->message + at[rows], screen->cols - 2, screen->canvas->unicode);
        rows++;
    }
    for (int i = 0; i < rows; i++) {
        area_fill(screen, 0, end - rows + i, screen->cols, style, ' ');
        snprintf(part, sizeof(part), "%.*s", (int)(at[i + 1] - at[i]), model->message + at[i]);
        area_text_cut(screen, 1, end - rows + i, screen->cols - 2, style, part);
    }
}

/* What the way to a node asks, above its prompt. */
static void
draw_asked(const struct area *screen, int key_rows, const struct fleet_model *model, const struct caps *caps)
{
    int end = screen->rows - key_rows, rows = question_rows(&model->question, screen->cols, end > 2 ? end - 2 : end);
    struct area part = area_sub(screen, 0, end - rows, screen->cols, rows);

    question_draw(&model->question, caps, &part);
}

/* Keys; in the last row an open question, above it (or there) an answer. */
static void
draw_keys(const struct area *screen, int rows, const struct fleet_view *view, const struct fleet_model *model)
{
    struct area bar = area_sub(screen, 0, screen->rows - rows, screen->cols, rows);
    struct area last = area_sub(screen, 0, screen->rows - 1, screen->cols, 1);
    const struct fleet_row *row = fleet_selected(view, model);
    struct key_hints shown = { .list = hints, .count = sizeof(hints) / sizeof(hints[0]), .keymap = &model->settings.keymap,
                               .control = row && row->node->source.control };
    bool asks = model->prompt.kind != PROMPT_CLOSED;

    key_hints_draw(&bar, &shown);
    if (asks)
        prompt_draw(&model->prompt, asked_name(view, model), &last);
    if (model->message_until_ms > model->now_ms)
        draw_message(screen, asks ? screen->rows - 1 : screen->rows, model);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void
draw_help(const struct fleet_model *model, const struct caps *caps, const struct area *screen, int key_rows)
{
    struct area body = area_sub(screen, 0, 3, screen->cols, screen->rows - 3 - key_rows);

    help_draw_head(screen, 2, caps);
    help_fleet_draw(&body, &model->settings.keymap, model->help_top);
}

/* Too small for columns: the sum, the worst alert, then a node a line. */
static void
draw_tiny(const struct area *screen, const struct fleet_layout *layout, const struct fleet_view *view, const struct fleet_model *model)
{
    struct fleet_alert alerts[FLEET_ALERTS_MAX];
    int count = fleet_alerts(view, model, alerts);
    struct area part = area_sub(screen, 0, layout->list_y, screen->cols, layout->list_rows);
    char text[FLEET_TEXT_MAX], letters[2 * FLEET_NODES_MAX + 8];

    letters_text(view, screen->cols - 8, letters, sizeof(letters));
    area_printf(screen, 0, 0, STYLE_HEAD, "%s%d/%d %s", model->frozen ? _("FROZEN ") : "", view->live, view->total, letters);
    if (count > 0) {
        fleet_alert_text(&alerts[0], text);
        area_printf(screen, 0, 1, alerts[0].alarm ? STYLE_ALARM : STYLE_ATTENTION, "!%d %s", count, text);
    }
    for (int y = 0; y < part.rows && layout->first + y < view->count; y++)
        fleet_list_fact(&part, y, &view->rows[layout->first + y], model);
}

/* Title, alerts, rows, the selected one; or the help below the title. */
static void
draw_whole(const struct area *screen, const struct fleet_layout *layout, const struct fleet_view *view, const struct fleet_model *model,
           const struct caps *caps)
{
    struct fleet_alert alerts[FLEET_ALERTS_MAX];
    int count = fleet_alerts(view, model, alerts);
    struct area part = area_sub(screen, 0, 0, screen->cols, 1);

    draw_title(&part, view, model);
    part = area_sub(screen, 0, 1, screen->cols, 1);
    draw_rule(&part, view, model, caps, count);
    if (model->help) {
        draw_help(model, caps, screen, layout->key_rows);
        return;
    }
    part = area_sub(screen, 0, 2, screen->cols, layout->alert_rows);
    draw_alerts(&part, alerts, count);
    part = area_sub(screen, 0, layout->list_y - 1, screen->cols, 1 + layout->list_rows);
    fleet_list_draw(&part, view, model, layout->first);
    part = area_sub(screen, 0, layout->list_y + layout->list_rows, screen->cols, layout->detail_rows);
    if (layout->detail_rows > 0)
        fleet_list_detail(&part, fleet_selected(view, model), model, caps);
}

void
fleet_draw(const struct fleet_view *view, const struct fleet_model *model, const struct caps *caps, struct canvas *canvas)
{
    struct area screen = area_of(canvas);
    struct fleet_layout layout;

    fleet_layout_compute(&layout, model, view);
    if (layout.tiny)
        draw_tiny(&screen, &layout, view, model);
    else
        draw_whole(&screen, &layout, view, model, caps);
    if (fleet_asks(model))
        draw_asked(&screen, layout.key_rows, model, caps);
    if (layout.key_rows > 0 && (!layout.tiny || screen.rows >= 3))
        draw_keys(&screen, layout.key_rows, view, model);
}
