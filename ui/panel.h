/*
 * panel.h - a panel is a table of functions over a snapshot; panels.c lists them. Pure; console thread.
 */
#ifndef LAT_UI_PANEL_H
#define LAT_UI_PANEL_H

#include "canvas.h"
#include "caps.h"
#include "model.h"
#include "view/snapshot.h"

/* All that a panel may look at. */
struct panel_view {
    const struct snapshot *snapshot; /* never NULL: before the first one the frame says "starting" instead */
    const struct model *model;
    const struct caps *caps;
    enum panel_id id;
    bool focused;
    bool zoomed; /* the panel has the whole screen */
    bool boxed;  /* it stands alone in a box, with its own title */
};

#define PANEL_NOTE_MAX 160

struct panel {
    const char *name;  /* stable id */
    const char *title; /* in its header */
    /* Draw the body. The area is blank. */
    void (*draw)(const struct panel_view *view, const struct area *area);
    /* The right part of the header: totals, filter. NULL: none. */
    void (*note)(const struct panel_view *view, char out[PANEL_NOTE_MAX]);
    /* Selectable lines. NULL: the panel has no list. */
    int (*count)(const struct panel_view *view);
    /* Everything about the selected line; its name goes into the header. The area is blank. NULL: zooms instead. */
    void (*detail)(const struct panel_view *view, const struct area *area);
    /* What it shows, column by column; ends with NULL. */
    const char *const *help;
};

const struct panel *panel_of(enum panel_id id);

/* A panel's place; never NULL. */
const struct panel_place *panel_place(const struct panel_view *view);

/* The first of `page` visible lines out of count such that `selected` is about in the middle. */
int panel_first_line(int selected, int count, int page);

/* The selected line of a list, at row y: '>' in front, reverse, and where wanted the terminal's cursor. */
void panel_mark_selected(const struct panel_view *view, const struct area *area, int y);

/* A line of a detail: label, then text from the same column on, cut. Returns the row below. */
int panel_fact(const struct area *area, int y, const char *label, const char *text);

/* The same with a text that is broken into as many rows as it takes. */
int panel_fact_long(const struct area *area, int y, const char *label, const char *text);

/* Figures age: events are history and do not. */
bool panel_ages(enum panel_id id);

extern const struct panel lungs_panel, fallback_panel, state_panel, peers_panel, divergence_panel,
    events_panel, timeline_panel;

#endif
