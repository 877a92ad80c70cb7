#include "config.h"

#include "panel.h"

#include <stdio.h>
#include <string.h>

static const struct panel *const panels[PANEL_COUNT] = {
    [PANEL_LUNGS] = &lungs_panel, [PANEL_FALLBACK] = &fallback_panel,     [PANEL_STATE] = &state_panel,
    [PANEL_PEERS] = &peers_panel, [PANEL_DIVERGENCE] = &divergence_panel, [PANEL_EVENTS] = &events_panel,
    [PANEL_TIMELINE] = &timeline_panel,
};

const struct panel *
panel_of(enum panel_id id)
{
    return panels[id];
}

const struct panel_place *
panel_place(const struct panel_view *view)
{
    return &view->model->places[view->id];
}

int
panel_first_line(int selected, int count, int page)
{
    int first = selected - page / 2;

    if (first > count - page)
        first = count - page;
    return first > 0 ? first : 0;
}

void
panel_mark_selected(const struct panel_view *view, const struct area *area, int y)
{
    area_fill(area, 0, y, 1, STYLE_TEXT, '>');
    area_restyle_row(area, y, STYLE_SELECTED);
    if (view->model->settings.cursor && area->cols > 0 && y < area->rows) {
        area->canvas->cursor_x = area->x;
        area->canvas->cursor_y = area->y + y;
    }
}

#define FACT_X 12

int
panel_fact(const struct area *area, int y, const char *label, const char *text)
{
    area_text(area, 1, y, STYLE_COLUMN, label);
    area_text_cut(area, FACT_X, y, area->cols - FACT_X - 1, STYLE_TEXT, text);
    return y + 1;
}

int
panel_fact_long(const struct area *area, int y, const char *label, const char *text)
{
    char part[512];

    area_text(area, 1, y, STYLE_COLUMN, label);
    while (*text && y < area->rows) {
        size_t take = text_fitting(text, area->cols - FACT_X - 1, area->canvas->unicode);

        snprintf(part, sizeof(part), "%.*s", (int)take, text);
        area_text_cut(area, FACT_X, y++, area->cols - FACT_X - 1, STYLE_TEXT, part);
        text += take;
    }
    return y;
}

bool
panel_ages(enum panel_id id)
{
    return id != PANEL_EVENTS;
}
