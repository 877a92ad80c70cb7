/*
 * layout.h - where the panels stand, computed from the size of the screen and little else, so that nothing
 * moves while figures change.
 *
 *   detail    the selected line of the focused panel has all of the room
 *   tiny      under 40x10: facts, one a line, no panels
 *   plain     one column of panels under rules; lungs and state side by side from 72 columns on
 *   wide      from 120x36 on: boxes side by side
 *
 * Short screens give up events first, then divergence, then the table's room; title, alerts, lungs and gauge
 * stay. Of the lists that do not fit together, the focused one is shown. Pure.
 */
#ifndef LAT_UI_LAYOUT_H
#define LAT_UI_LAYOUT_H

#include <stdbool.h>

#include "model.h"

/* One panel's place; the header row or the box is part of it. */
struct layout_slot {
    enum panel_id id;
    int x, y, cols, rows;
    bool header; /* a rule with the title above the body */
    bool boxed;  /* a border on all sides, the title in its upper edge */
};

struct layout {
    bool tiny;
    int count;
    struct layout_slot slots[PANEL_COUNT];
};

/* Rows of the key bar: as many as hold a caption for each key, where there is height for them. */
int layout_key_rows(const struct model *model);

/* snapshot may be NULL. */
void layout_compute(struct layout *layout, const struct model *model, const struct snapshot *snapshot);

/* The slot of a panel, NULL when it is not on the screen. */
const struct layout_slot *layout_find(const struct layout *layout, enum panel_id id);

/* How many lines a list can show: the step of PgUp and PgDn. At least 1. */
int layout_page(const struct layout *layout, enum panel_id id);

#endif
