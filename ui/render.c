#include "config.h"

#include "render.h"

#include <stdio.h>
#include <string.h>

#include "alert_list.h"
#include "bars.h"
#include "facts.h"
#include "format.h"
#include "help.h"
#include "i18n.h"
#include "layout.h"
#include "panel.h"
#include "silence.h"

#define TOP_ROWS 2 /* title and alerts */
#define MIN_RULE 4 /* rule characters before and after the texts of a header */

static struct panel_view
view_of(const struct model *model, const struct snapshot *snapshot, const struct caps *caps, enum panel_id id)
{
    return (struct panel_view){ .snapshot = snapshot,
                                .model = model,
                                .caps = caps,
                                .id = id,
                                .focused = model->focus == id,
                                .zoomed = model->zoomed };
}

/* Right part of a header: filter, age, the panel's own note (if `whole`). */
static void
header_note(const struct panel_view *view, bool whole, char *out, size_t size)
{
    const struct panel *panel = panel_of(view->id);
    char note[PANEL_NOTE_MAX] = "", span[FORMAT_MAX], old[FORMAT_MAX + 16] = "",
         filter[FILTER_TEXT_MAX + 16] = "";

    out[0] = 0;
    if (view->snapshot == NULL)
        return;
    if (panel->note && whole)
        panel->note(view, note);
    if (model_is_stale(view->model, view->snapshot))
        snprintf(old, sizeof(old), _("? %s old%s"), format_span(model_age_ms(view->model, view->snapshot), span),
                 note[0] ? "  " : "");
    if (panel_place(view)->filter[0])
        snprintf(filter, sizeof(filter), "/%s  ", panel_place(view)->filter);
    snprintf(out, size, "%s%s%s", filter, old, note);
}

/* "- PEERS ---------- 3 sources -": title and note in one row of rule characters. */
static void
draw_header(const struct panel_view *view, const struct area *area, int x, int cols)
{
    const struct charset *set = view->caps->charset;
    char note[PANEL_NOTE_MAX + 128] = "", title[64];
    int end, at = 0, style = view->focused ? STYLE_HEAD : STYLE_FRAME;

    area_fill(area, x, 0, cols, style, view->focused ? set->rule_focus : set->rule);
    snprintf(title, sizeof(title), view->model->detail ? _(" %s: SELECTED LINE ") : " %s ", _(panel_of(view->id)->title));
    end = area_text_cut(area, x + 1, 0, cols - 2, STYLE_HEAD, title);
    for (int whole = 1; whole >= 0 && at < end + 1; whole--) {
        header_note(view, whole == 1, note, sizeof(note));
        at = x + cols - 3 - text_width(note, area->canvas->unicode);
    }
    if (note[0] == 0 || at < end + 1)
        return; /* no room: the panel says the most important things itself */
    area_fill(area, at, 0, 1, STYLE_COLUMN, ' ');
    at = area_text(area, at + 1, 0, STYLE_COLUMN, note);
    area_fill(area, at, 0, 1, STYLE_COLUMN, ' ');
}

static void
draw_box(const struct panel_view *view, const struct area *area)
{
    const struct charset *set = view->caps->charset;
    const uint32_t *corner = view->focused ? set->corner_focus : set->corner;
    uint32_t rule = view->focused ? set->rule_focus : set->rule,
             side = view->focused ? set->vline_focus : set->vline;
    int style = view->focused ? STYLE_HEAD : STYLE_FRAME, right = area->cols - 1, bottom = area->rows - 1;

    draw_header(view, area, 1, area->cols - 2);
    area_fill(area, 1, bottom, area->cols - 2, style, rule);
    for (int y = 1; y < bottom; y++) {
        area_fill(area, 0, y, 1, style, side);
        area_fill(area, right, y, 1, style, side);
    }
    area_fill(area, 0, 0, 1, style, corner[0]);
    area_fill(area, right, 0, 1, style, corner[1]);
    area_fill(area, 0, bottom, 1, style, corner[2]);
    area_fill(area, right, bottom, 1, style, corner[3]);
}

static bool
is_digit(uint32_t ch)
{
    return ch >= '0' && ch <= '9';
}

/* A word of a row, in cells. */
struct word {
    int begin, end;
    bool figure;   /* "12", "+3", "07:55:05", but not a lone sign */
    bool alone;    /* at least two blanks, or the edge, follow it */
};

/* False: there is none from `x` on. */
static bool
next_word(const struct cell *row, int cols, int x, struct word *out)
{
    while (x < cols && row[x].ch == ' ')
        x++;
    out->begin = x;
    while (x < cols && row[x].ch != ' ')
        x++;
    out->end = x;
    if (out->begin == cols)
        return false;
    out->figure = is_digit(row[out->begin].ch) || (row[out->begin].ch == '+' && x - out->begin > 1 && is_digit(row[out->begin + 1].ch));
    out->alone = x + 1 >= cols || (row[x].ch == ' ' && row[x + 1].ch == ' ');
    return true;
}

/* A '?' behind each figure of a column. A sentence, which is two words and more with single blanks between them, is left as it is. */
static void
mark_figures(const struct area *area, int y)
{
    const struct cell *row = canvas_cell(area->canvas, area->x, area->y + y);
    struct word word;
    int words = 0;

    for (int x = 0; next_word(row, area->cols, x, &word); x = word.end) {
        if (word.figure && word.alone && words < 2 && word.end < area->cols)
            area_fill(area, word.end, y, 1, STYLE_UNKNOWN, '?');
        words = word.alone ? 0 : words + !word.figure;
    }
}

/* Old figures: underlined as unknown, and marked. */
static void
mark_old(const struct area *area)
{
    for (int y = 0; y < area->rows; y++) {
        mark_figures(area, y);
        for (int x = 0; x < area->cols; x++) {
            const struct cell *cell = canvas_cell(area->canvas, area->x + x, area->y + y);

            if (cell->ch != ' ' && cell->width == 1)
                area_fill(area, x, y, 1, STYLE_UNKNOWN, cell->ch);
        }
    }
}

/* There is no picture yet: it may come, or it is told why it does not. */
static void
draw_nothing(const struct panel_view *view, const struct area *body)
{
    char silence[SILENCE_MAX];

    if (silence_text(view->model, NULL, silence))
        area_text_cut(body, 1, 0, body->cols - 2, STYLE_ALARM, silence);
    else
        area_text(body, 1, 0, STYLE_UNKNOWN, _("starting"));
}

static void
draw_panel(const struct panel_view *view, const struct layout_slot *slot, const struct area *screen)
{
    struct area outer = area_sub(screen, slot->x, slot->y, slot->cols, slot->rows), body;

    if (slot->boxed) {
        draw_box(view, &outer);
        body = area_sub(&outer, 1, 1, outer.cols - 2, outer.rows - 2);
    } else {
        if (slot->header)
            draw_header(view, &outer, 0, outer.cols);
        body = area_sub(&outer, 0, slot->header, outer.cols, outer.rows - slot->header);
    }
    if (view->snapshot == NULL) {
        draw_nothing(view, &body);
        return;
    }
    if (view->model->detail && panel_of(view->id)->detail)
        panel_of(view->id)->detail(view, &body);
    else
        panel_of(view->id)->draw(view, &body);
    if (panel_ages(view->id) && model_is_stale(view->model, view->snapshot))
        mark_old(&body);
}

static void
draw_help(const struct model *model, const struct caps *caps, const struct area *screen)
{
    struct area body = area_sub(screen, 0, 3, screen->cols, screen->rows - 3 - layout_key_rows(model) - model_caption_rows(model));

    help_draw_head(screen, 2, caps);
    help_draw(&body, model);
}

static void
draw_alerts(const struct model *model, const struct snapshot *snapshot, const struct caps *caps, const struct area *screen)
{
    struct area body = area_sub(screen, 0, 2, screen->cols, screen->rows - 2 - layout_key_rows(model) - model_caption_rows(model));

    alert_list_draw(&body, model, snapshot, caps);
}

static void
draw_asked(const struct model *model, const struct caps *caps, const struct area *screen)
{
    int end = screen->rows - layout_key_rows(model) - model_caption_rows(model);
    int rows = question_rows(&model->question, screen->cols, end > TOP_ROWS ? end - TOP_ROWS : end);
    struct area part = area_sub(screen, 0, end - rows, screen->cols, rows);

    question_draw(&model->question, caps, &part);
}

void
render(const struct model *model, const struct snapshot *snapshot, const struct caps *caps,
       struct canvas *canvas)
{
    struct area screen = area_of(canvas), bar;
    int keys = layout_key_rows(model);
    struct layout layout;

    layout_compute(&layout, model, snapshot);
    if (layout.tiny) {
        facts_draw(&screen, model, snapshot);
        if (question_stands(&model->question))
            draw_asked(model, caps, &screen);
        return;
    }
    bar = area_sub(&screen, 0, 0, screen.cols, 1);
    bar_title(&bar, model, snapshot);
    bar = area_sub(&screen, 0, 1, screen.cols, 1);
    bar_alerts(&bar, model, snapshot);
    if (model->help)
        draw_help(model, caps, &screen);
    else if (model->alerts)
        draw_alerts(model, snapshot, caps, &screen);
    for (int i = 0; i < layout.count && !model->help && !model->alerts; i++) {
        struct panel_view view = view_of(model, snapshot, caps, layout.slots[i].id);

        draw_panel(&view, &layout.slots[i], &screen);
    }
    if (model->captions) {
        bar = area_sub(&screen, 0, screen.rows - keys - model_caption_rows(model), screen.cols, model_caption_rows(model));
        bar_caption(&bar, model, snapshot);
    }
    if (question_stands(&model->question))
        draw_asked(model, caps, &screen);
    bar = area_sub(&screen, 0, screen.rows - keys, screen.cols, keys);
    bar_keys(&bar, model, snapshot);
}
