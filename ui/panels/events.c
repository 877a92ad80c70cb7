/* events.c - the newest lines of the log, oldest first; it follows unless the operator scrolls. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event_list.h"
#include "format.h"
#include "i18n.h"
#include "panel.h"

#define TIME_X 1
#define LEVEL_X 10
#define SOURCE_X 16
#define SOURCE_COLS 13 /* "p2p_heartbeat" */
#define SOURCE_MIN_COLS 72

static const struct {
    const char *word;
    enum style style;
} levels[] = {
    [LAT_DEBUG] = { N_("DEBUG"), STYLE_IDLE },  [LAT_INFO] = { N_("INFO"), STYLE_TEXT },
    [LAT_NOTICE] = { N_("NOTE"), STYLE_TEXT },  [LAT_WARNING] = { N_("WARN"), STYLE_ATTENTION },
    [LAT_ERROR] = { N_("ERROR"), STYLE_ALARM },
};

/* The first tag of a text is its source and stands in a column of its own. */
static const char *
without_tag(const char *text)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;

    return end && end[1] == ' ' ? end + 2 : text;
}

static void
draw_event(const struct area *area, int y, const struct lat_log_line *line)
{
    int text_x = area->cols >= SOURCE_MIN_COLS ? SOURCE_X + SOURCE_COLS + 1 : SOURCE_X;
    char time[FORMAT_MAX];

    area_text(area, TIME_X, y, STYLE_TEXT, format_when(line->wall_ms, 0, time));
    area_text(area, LEVEL_X, y, levels[line->level].style, _(levels[line->level].word));
    if (text_x > SOURCE_X)
        area_text_cut(area, SOURCE_X, y, SOURCE_COLS, STYLE_TEXT, line->source);
    area_text_cut(area, text_x, y, area->cols - text_x - 1, STYLE_TEXT, without_tag(line->text));
}

/* Name and value of " name=value" at the end of a text, in the order in which they stand; false: none is left. */
static bool
next_field(const char **at, char name[32], char value[200])
{
    const char *sign = strchr(*at, '='), *start = sign;
    size_t len;

    if (sign == NULL)
        return false;
    while (start > *at && start[-1] != ' ')
        start--;
    len = strcspn(sign + 1, " ");
    snprintf(name, 32, "%.*s", (int)(sign - start), start);
    snprintf(value, 200, "%.*s", (int)len, sign + 1);
    *at = sign + 1 + len;
    return true;
}

static void
events_detail(const struct panel_view *view, const struct area *area)
{
    const struct snapshot *s = view->snapshot;
    int indices[SNAPSHOT_EVENTS_MAX], y = 0;
    int count = event_list(s, panel_place(view), indices);
    const struct lat_log_line *line;
    char text[64], value[200], name[32];
    const char *at;

    if (count == 0)
        return;
    line = &s->events[indices[event_list_index(s, panel_place(view))]];
    y = panel_fact(area, y, _("time"), format_when(line->wall_ms, 0, text));
    y = panel_fact(area, y, _("level"), _(levels[line->level].word));
    y = panel_fact(area, y, _("source"), line->source);
    snprintf(text, sizeof(text), "%" PRIu64, line->seq);
    y = panel_fact(area, y, _("number"), text);
    y = panel_fact_long(area, y, _("text"), line->text) + 1;
    at = line->text;
    while (next_field(&at, name, value) && y < area->rows)
        y = panel_fact(area, y, name, value);
}

static void
draw_words(const struct panel_view *view, const struct area *area)
{
    struct filter filter;

    if (filter_parse(panel_place(view)->filter, &filter, NULL))
        return;
    for (int i = 0; i < filter.word_count; i++)
        area_highlight(area, filter.words[i]);
}

static void
events_draw(const struct panel_view *view, const struct area *area)
{
    const struct snapshot *s = view->snapshot;
    const struct panel_place *place = panel_place(view);
    int indices[SNAPSHOT_EVENTS_MAX];
    int count = event_list(s, place, indices), selected = event_list_index(s, place);
    int page = area->rows;
    int first =
        place->anchor == 0 ? (count > page ? count - page : 0) : panel_first_line(selected, count, page);

    if (count == 0)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_TEXT,
                      place->filter[0] || place->source[0] || place->least > LAT_DEBUG ? _("no kept event matches the filter (Esc clears it)")
                                       : _("no events yet"));
    for (int i = 0; i < page && first + i < count; i++) {
        draw_event(area, i, &s->events[indices[first + i]]);
        if (view->focused && place->anchor != 0 && first + i == selected)
            panel_mark_selected(view, area, i);
    }
    draw_words(view, area);
}

static int
events_count(const struct panel_view *view)
{
    int indices[SNAPSHOT_EVENTS_MAX];

    return event_list(view->snapshot, panel_place(view), indices);
}

static void
events_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    const struct panel_place *place = panel_place(view);
    char all[FORMAT_MAX], total[FORMAT_MAX + 16], narrow[64] = "";
    int count = events_count(view), below = count - 1 - event_list_index(view->snapshot, place);

    format_noun(view->snapshot->event_total, "line", all);
    if (place->least > LAT_DEBUG || place->source[0] || place->filter[0])
        snprintf(total, sizeof(total), _("%d of %s"), count, all);
    else
        snprintf(total, sizeof(total), "%s", all);
    if (place->least > LAT_DEBUG || place->source[0])
        snprintf(narrow, sizeof(narrow), "level>=%s source:%s  ", lat_level_name(place->least),
                 place->source[0] ? place->source : _("all"));
    if (place->anchor == 0 && model_is_stale(view->model, view->snapshot))
        snprintf(out, PANEL_NOTE_MAX, "%s%s", narrow, total);
    else if (place->anchor == 0)
        snprintf(out, PANEL_NOTE_MAX, _("%s%s  following"), narrow, total);
    else
        snprintf(out, PANEL_NOTE_MAX, _("%s%s  %d newer below"), narrow, total, below);
}

static const char *const events_help[] = {
    N_("The log of this node, newest last. It follows until a line is selected;"), N_("G or End follows again."),
    N_("Filter: words that must all occur, level>=warning, level=error,"),         N_("source:http_sync."),
    N_("f: least level shown; s: one source after the other, then all of them."),
    N_("Enter shows the whole text of one line, field by field."),
    N_("w writes every line that passes the filter into a file."), NULL,
};

const struct panel events_panel = { .name = "events",
                                    .title = N_("EVENTS"),
                                    .draw = events_draw,
                                    .note = events_note,
                                    .count = events_count,
                                    .detail = events_detail,
                                    .help = events_help };
