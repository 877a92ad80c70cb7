/*
 * fallback.c - the state of the lungs in a word and a line, and the gauge that drains before HTTP takes over.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "graph.h"
#include "i18n.h"
#include "lung_view.h"
#include "panel.h"

#define HOT_MS 15000
#define LABEL_X 1
#define GAUGE_X 10
#define FIGURE_COLS 9 /* " 3600 s " at the right end */
#define DIGITS_MIN_ROWS 7
#define SINCE_COLS 64

/* What the gauge says. */
struct gauge {
    const char *label; /* what happens at its end */
    bool counting;     /* a bar; otherwise `text` stands in it */
    bool hot;
    uint64_t value, max; /* ms */
    char text[96];
    char figure[FORMAT_MAX]; /* right of the bar */
    char digits[FORMAT_MAX]; /* the same, large; "": nothing to enlarge */
};

static void
count_down(struct gauge *gauge, int64_t left_ms, int64_t whole_ms)
{
    gauge->counting = true;
    gauge->value = left_ms > 0 ? (uint64_t)left_ms : 0;
    gauge->max = whole_ms > 0 ? (uint64_t)whole_ms : 1;
    gauge->hot = left_ms <= HOT_MS;
    format_left(left_ms, gauge->figure);
    snprintf(gauge->digits, sizeof(gauge->digits), "%" PRId64, (left_ms + 999) / 1000);
}

static void
say_why_not(struct gauge *gauge, const struct snapshot_lung *lung)
{
    char peers[FORMAT_MAX];
    const char *why = "";

    switch (lung->state) {
    case LUNG_P2P:
        snprintf(gauge->text, sizeof(gauge->text), _("not counting: %s"),
                 format_noun(lung->peers_live, "peer", peers));
        return;
    case LUNG_ISOLATED:
        why = _("not counting: time is up, no HTTP source answers");
        break;
    case LUNG_FP2P_UP:
        why = _("not counting: P2P is forced");
        break;
    case LUNG_FP2P_DOWN:
        why = _("not counting: no fallback while P2P is forced");
        break;
    case LUNG_FHTTP_UP:
    case LUNG_FHTTP_DOWN:
        why = _("not counting: HTTP is forced");
        break;
    case LUNG_STOPPING:
        why = _("not counting: the node is stopping");
        break;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
        why = lung->p2p_running ? _("time is up, waiting for the first HTTP answer") : _("P2P is off, asking HTTP");
        break;
    case LUNG_HTTP:
    case LUNG_RECOVERING:
        break;
    }
    snprintf(gauge->text, sizeof(gauge->text), "%s", why);
}

static struct gauge
gauge_of(const struct snapshot_lung *lung)
{
    struct gauge gauge = { .label = _("FALLBACK") };
    char span[FORMAT_MAX];

    if (lung->state == LUNG_RECOVERING) {
        gauge.label = _("TO P2P");
        count_down(&gauge, lung->recover_in_ms, lung->hold_ms);
        gauge.hot = false;
    } else if ((lung->state == LUNG_STARTING || lung->state == LUNG_COUNTDOWN) && lung->fallback_in_ms > 0) {
        if (lung->http_sources == 0)
            gauge.label = _("CUT OFF"); /* nobody takes over at its end */
        count_down(&gauge, lung->fallback_in_ms, lung->fallback_after_ms);
    } else if (lung->state == LUNG_HTTP) {
        snprintf(gauge.text, sizeof(gauge.text), _("HTTP since %s"), format_clock_span(lung->since_ms, span));
        if (lung->since_ms < INT64_C(3600000))
            format_span(lung->since_ms, gauge.digits);
    } else
        say_why_not(&gauge, lung);
    if (lung->state == LUNG_P2P)
        format_left(lung->fallback_after_ms, gauge.figure);
    return gauge;
}

static void
draw_gauge(const struct panel_view *view, const struct area *area, int y, const struct gauge *gauge)
{
    int cols = area->cols - GAUGE_X - FIGURE_COLS;
    int style = gauge->counting ? STYLE_GAUGE : STYLE_FRAME;
    int text = text_width(gauge->text, area->canvas->unicode);

    area_text(area, LABEL_X, y, STYLE_TEXT, gauge->label);
    if (gauge->counting)
        graph_gauge(area, GAUGE_X, y, cols, style, view->caps->charset, gauge->value, gauge->max);
    else {
        area_fill(area, GAUGE_X, y, 1, STYLE_TEXT, '[');
        area_text_cut(area, GAUGE_X + 1 + (cols - 2 > text ? (cols - 2 - text) / 2 : 0), y, cols - 2,
                      STYLE_TEXT, gauge->text);
        area_fill(area, GAUGE_X + cols - 1, y, 1, STYLE_TEXT, ']');
    }
    area_text_right(area, area->cols - 1, y, STYLE_TEXT, gauge->figure);
    if (gauge->hot) {
        struct area row = area_sub(area, 1, y, area->cols - 2, 1);

        area_restyle_row(&row, 0, STYLE_GAUGE_HOT);
    }
}

static void
draw_label(const struct panel_view *view, const struct area *area, int y)
{
    const struct snapshot *s = view->snapshot;
    char label[LUNG_LABEL_MAX], line[LUNG_LINE_MAX], since[FORMAT_MAX];
    enum style style = lung_style(&s->lung);
    int x = area_printf(area, LABEL_X, y, style, "%c %s", style_glyph(style), lung_label(&s->lung, label));

    /* The moment, not the span: it stands still, and costs no byte a second. */
    if (area->cols >= SINCE_COLS)
        x = area_printf(area, x + 1, y, STYLE_TEXT, _("since %s"), format_when(s->wall_ms, s->lung.since_ms, since));

    area_text_cut(area, x + 2, y, area->cols - x - 3, STYLE_TEXT, lung_line(view->snapshot, &view->model->settings.keymap, line));
}

static void
draw_large(const struct panel_view *view, const struct area *area, const struct gauge *gauge)
{
    struct area middle = area_sub(area, 0, 1, area->cols, area->rows - 2);
    int used = 0;

    draw_label(view, area, 0);
    if (gauge->digits[0])
        used = graph_digits(&middle, gauge->hot ? STYLE_ATTENTION : STYLE_HEAD, view->caps->charset,
                            gauge->digits);
    if (gauge->counting)
        draw_gauge(view, area, area->rows - 1, gauge);
    else {
        int x = (area->cols - text_width(gauge->text, area->canvas->unicode)) / 2;

        area_text_cut(area, x > 1 ? x : 1, used > 0 ? area->rows - 1 : area->rows / 2, area->cols - 2,
                      STYLE_TEXT, gauge->text);
    }
}

static void
fallback_draw(const struct panel_view *view, const struct area *area)
{
    struct gauge gauge = gauge_of(&view->snapshot->lung);

    if (area->rows >= DIGITS_MIN_ROWS) {
        draw_large(view, area, &gauge);
        return;
    }
    draw_label(view, area, 0);
    draw_gauge(view, area, 1, &gauge);
}

static void
fallback_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    char after[FORMAT_MAX];

    snprintf(out, PANEL_NOTE_MAX, _("after %s without peers"),
             format_left(view->snapshot->lung.fallback_after_ms, after));
}

static const char *const fallback_help[] = {
    N_("The first line is the state of the lungs and what comes next:"),
    N_("STARTING, NO PEERS  the countdown runs; at its end HTTP takes over"),
    N_("P2P n               n live peers; ! means fewer than wanted"),
    N_("HTTP                nobody found in time: HTTP carries"),
    N_("HTTP>P2P            peers are back; both carry until P2P has held a while"),
    N_("ISOLATED            no peers, no usable source: nothing keeps us in step"),
    N_("P2P forced          chosen by the operator: no fallback meanwhile"),
    N_("HTTP forced         chosen by the operator: P2P is off meanwhile"),
    N_("The gauge drains with the time left and turns reverse in the last 15 s."),
    NULL,
};

const struct panel fallback_panel = { .name = "fallback",
                                      .title = N_("FALLBACK"),
                                      .draw = fallback_draw,
                                      .note = fallback_note,
                                      .help = fallback_help };
