#include "config.h"

#include "layout.h"

#include <stddef.h>

#define TINY_COLS 40
#define TINY_ROWS 10
#define PAIR_COLS 72 /* lungs and state side by side from here on */
#define WIDE_COLS 120
#define WIDE_ROWS 36
#define BARS_ROWS 24      /* from here on there is height for more than one row of keys: ... */
#define TWO_BARS_COLS 120 /* ... three hold them all; from here on two do, ... */
#define ONE_BAR_COLS 240  /* ... and from here on one */
#define TOP_ROWS 2  /* title and alert line */
#define LUNG_ROWS 2 /* one line a lung */
#define STATE_COLS 32
#define TIMELINE_ROWS 10 /* border, seven rows, axis */
#define LIST_MIN 3   /* a header and two lines */
#define PEER_HEADS 2 /* header and column heads */

int
layout_key_rows(const struct model *model)
{
    if (model->rows < BARS_ROWS || model->cols >= ONE_BAR_COLS)
        return 1;
    return model->cols >= TWO_BARS_COLS ? 2 : 3;
}

/* Rows below the panels: caption and key bar. */
static int
bar_rows(const struct model *model)
{
    return layout_key_rows(model) + model_caption_rows(model);
}

static struct layout_slot *
add(struct layout *layout, enum panel_id id, int x, int y, int cols, int rows)
{
    struct layout_slot *slot = &layout->slots[layout->count++];

    *slot = (struct layout_slot){ .id = id, .x = x, .y = y, .cols = cols, .rows = rows, .header = true };
    return slot;
}

static int
at_least(int value, int least)
{
    return value < least ? least : value;
}

static int
at_most(int value, int most)
{
    return value > most ? most : value;
}

static int
node_count(const struct snapshot *snapshot)
{
    return snapshot ? (int)(snapshot->peer_count + snapshot->source_count) : 0;
}

static bool
is_list(enum panel_id id)
{
    return id == PANEL_PEERS || id == PANEL_DIVERGENCE || id == PANEL_EVENTS || id == PANEL_TIMELINE;
}

/* Peers, divergence and events in what is left below the lungs. */
static void
place_lists(struct layout *layout, const struct model *model, const struct snapshot *snapshot, int y,
            int rows)
{
    int nodes = PEER_HEADS + at_least(node_count(snapshot), 3), second, cols = model->cols;
    enum panel_id only = is_list(model->focus) ? model->focus : PANEL_PEERS;

    if (rows >= 4 * LIST_MIN) {
        nodes = at_most(nodes, rows / 2);
        second = (rows - nodes + 1) / 2; /* what differs before what was said */
        add(layout, PANEL_PEERS, 0, y, cols, nodes);
        add(layout, PANEL_DIVERGENCE, 0, y + nodes, cols, second);
        /* The timeline takes the place of the events while it has the focus. */
        add(layout, model->focus == PANEL_TIMELINE ? PANEL_TIMELINE : PANEL_EVENTS, 0, y + nodes + second, cols,
            rows - nodes - second);
    } else if (rows >= 2 * LIST_MIN + 1 && only != PANEL_EVENTS && only != PANEL_TIMELINE) {
        nodes = at_most(nodes, rows - LIST_MIN);
        add(layout, PANEL_PEERS, 0, y, cols, nodes);
        add(layout, PANEL_DIVERGENCE, 0, y + nodes, cols, rows - nodes);
    } else if (rows >= 2)
        add(layout, only, 0, y, cols, rows);
}

/* One column: returns nothing, rows that are left over go to the lists. */
static void
place_plain(struct layout *layout, const struct model *model, const struct snapshot *snapshot)
{
    int y = TOP_ROWS, rows = model->rows - TOP_ROWS - bar_rows(model), cols = model->cols;
    int header = rows >= 10 ? 1 : 0;

    if (cols >= PAIR_COLS) {
        add(layout, PANEL_LUNGS, 0, y, cols - STATE_COLS, LUNG_ROWS + header)->header = header;
        add(layout, PANEL_STATE, cols - STATE_COLS, y, STATE_COLS, LUNG_ROWS + header)->header = header;
    } else
        add(layout, PANEL_LUNGS, 0, y, cols, LUNG_ROWS + header)->header = header;
    y += LUNG_ROWS + header;
    add(layout, PANEL_FALLBACK, 0, y, cols, 2)->header = false;
    y += 2;
    if (cols < PAIR_COLS && (rows >= 20 || model->focus == PANEL_STATE)) {
        add(layout, PANEL_STATE, 0, y, cols, LUNG_ROWS + 1);
        y += LUNG_ROWS + 1;
    }
    place_lists(layout, model, snapshot, y, model->rows - bar_rows(model) - y);
}

static void
place_wide(struct layout *layout, const struct model *model, const struct snapshot *snapshot)
{
    int cols = model->cols, rows = model->rows - TOP_ROWS - bar_rows(model), y = TOP_ROWS;
    int third = cols / 3, half = cols / 2, top = 9, lines;
    int nodes = at_most(at_least(node_count(snapshot), 3) + 9, rows * 2 / 5); /* border, heads, details */

    add(layout, PANEL_LUNGS, 0, y, third, top);
    add(layout, PANEL_FALLBACK, third, y, cols - 2 * third, top);
    add(layout, PANEL_STATE, cols - third, y, third, top);
    y += top;
    add(layout, PANEL_PEERS, 0, y, cols, nodes);
    y += nodes;
    rows = model->rows - bar_rows(model) - y;
    add(layout, PANEL_DIVERGENCE, 0, y, half, rows);
    lines = rows >= TIMELINE_ROWS + 2 * LIST_MIN ? TIMELINE_ROWS : 0;
    if (lines > 0)
        add(layout, PANEL_TIMELINE, half, y, cols - half, lines);
    else if (model->focus == PANEL_TIMELINE)
        lines = rows;
    if (lines == rows)
        add(layout, PANEL_TIMELINE, half, y, cols - half, rows);
    else
        add(layout, PANEL_EVENTS, half, y + lines, cols - half, rows - lines);
    for (int i = 0; i < layout->count; i++)
        layout->slots[i].boxed = true;
}

void
layout_compute(struct layout *layout, const struct model *model, const struct snapshot *snapshot)
{
    *layout = (struct layout){ .count = 0 };
    if (model->cols < TINY_COLS || model->rows < TINY_ROWS)
        layout->tiny = true;
    else if (model->zoomed || model->detail)
        add(layout, model->focus, 0, TOP_ROWS, model->cols, model->rows - TOP_ROWS - bar_rows(model));
    else if (model->cols >= WIDE_COLS && model->rows >= WIDE_ROWS)
        place_wide(layout, model, snapshot);
    else
        place_plain(layout, model, snapshot);
}

const struct layout_slot *
layout_find(const struct layout *layout, enum panel_id id)
{
    for (int i = 0; i < layout->count; i++)
        if (layout->slots[i].id == id)
            return &layout->slots[i];
    return NULL;
}

int
layout_page(const struct layout *layout, enum panel_id id)
{
    const struct layout_slot *slot = layout_find(layout, id);
    int rows = 1;

    if (slot)
        rows = slot->rows - (slot->boxed ? 2 : slot->header) - (id == PANEL_PEERS);
    return at_least(rows, 1);
}
