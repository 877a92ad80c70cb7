#include "config.h"

#include "panel.h"

static const struct panel *const panels[PANEL_COUNT] = {
    [PANEL_LUNGS] = &lungs_panel, [PANEL_FALLBACK] = &fallback_panel,     [PANEL_STATE] = &state_panel,
    [PANEL_PEERS] = &peers_panel, [PANEL_DIVERGENCE] = &divergence_panel, [PANEL_EVENTS] = &events_panel,
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

bool
panel_ages(enum panel_id id)
{
    return id != PANEL_EVENTS;
}
