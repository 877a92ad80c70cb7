/*
 * timeline.c - the last twenty minutes, a column a slot of the clock: live peers, which lung carried, countdowns,
 * alarms, and how many had another root. A slot in which nothing was seen (the node did not run) is blank in all rows.
 */
#include "config.h"

#include <stdio.h>

#include "format.h"
#include "i18n.h"
#include "panel.h"

#define GRID_X 10
#define BIT(state) (1u << (state))

#define P2P_CARRIES (BIT(LUNG_P2P) | BIT(LUNG_RECOVERING) | BIT(LUNG_FP2P_UP))
#define HTTP_CARRIES (BIT(LUNG_HTTP) | BIT(LUNG_RECOVERING) | BIT(LUNG_FHTTP_UP))
#define COUNTS (BIT(LUNG_STARTING) | BIT(LUNG_COUNTDOWN))
#define NOBODY (BIT(LUNG_ISOLATED) | BIT(LUNG_FP2P_DOWN) | BIT(LUNG_FHTTP_DOWN))

/* A row: its label and what it shows of a slot; ' ' nothing. */
struct row {
    const char *label;
    char (*mark)(const struct snapshot *s, int slot);
    enum style style;
};

static char
digit(unsigned figure)
{
    return figure > 9 ? '+' : (char)('0' + figure);
}

static char
peers_mark(const struct snapshot *s, int slot)
{
    return digit(s->timeline_peers[slot]);
}

static char
p2p_mark(const struct snapshot *s, int slot)
{
    return s->timeline_states[slot] & P2P_CARRIES ? 'P' : ' ';
}

static char
http_mark(const struct snapshot *s, int slot)
{
    return s->timeline_states[slot] & HTTP_CARRIES ? 'H' : ' ';
}

static char
count_mark(const struct snapshot *s, int slot)
{
    return s->timeline_states[slot] & COUNTS ? '.' : ' ';
}

static char
alarm_mark(const struct snapshot *s, int slot)
{
    return s->timeline_states[slot] & NOBODY ? 'X' : ' ';
}

static char
same_mark(const struct snapshot *s, int slot)
{
    return s->timeline_differ[slot] == 0 ? 'A' : ' ';
}

static char
other_mark(const struct snapshot *s, int slot)
{
    return s->timeline_differ[slot] > 0 ? digit(s->timeline_differ[slot]) : ' ';
}

static const struct row rows[] = {
    { N_("peers"), peers_mark, STYLE_TEXT },   { "P2P", p2p_mark, STYLE_GOOD },
    { "HTTP", http_mark, STYLE_FALLBACK }, { N_("count"), count_mark, STYLE_ATTENTION },
    { N_("alarm"), alarm_mark, STYLE_ALARM },  { N_("same"), same_mark, STYLE_GOOD },
    { N_("other"), other_mark, STYLE_ATTENTION },
};
#define ROW_COUNT ((int)(sizeof(rows) / sizeof(rows[0])))

static void
draw_row(const struct panel_view *view, const struct area *area, int y, const struct row *row, int cols)
{
    const struct snapshot *s = view->snapshot;

    area_text(area, 1, y, STYLE_COLUMN, _(row->label));
    area_fill(area, GRID_X - 1, y, 1, STYLE_FRAME, view->caps->charset->vline);
    for (int slot = SNAPSHOT_TIMELINE - cols; slot < SNAPSHOT_TIMELINE; slot++) {
        char mark = s->timeline_states[slot] ? row->mark(s, slot) : ' ';

        if (mark != ' ')
            area_fill(area, GRID_X + slot - (SNAPSHOT_TIMELINE - cols), y, 1, row->style, (uint32_t)mark);
    }
}

/* Times of day (UTC) at both ends: the same clock as everywhere on the screen. */
static void
draw_axis(const struct panel_view *view, const struct area *area, int y, int cols)
{
    uint64_t newest = view->snapshot->wall_ms / 1000 / SNAPSHOT_SLOT_S, oldest = newest - (uint64_t)(cols - 1);
    char text[FORMAT_MAX];

    area_text(area, GRID_X, y, STYLE_COLUMN, format_when(oldest * SNAPSHOT_SLOT_S * 1000, 0, text));
    if (cols >= 24)
        area_text_right(area, GRID_X + cols, y, STYLE_COLUMN, format_when(newest * SNAPSHOT_SLOT_S * 1000, 0, text));
}

/* The newest slots that fit: 1 .. SNAPSHOT_TIMELINE. */
static int
columns_of(const struct area *area)
{
    int cols = area->cols - GRID_X - 1;

    return cols < 1 ? 1 : cols > SNAPSHOT_TIMELINE ? SNAPSHOT_TIMELINE : cols;
}

static void
timeline_draw(const struct panel_view *view, const struct area *area)
{
    int cols = columns_of(area), shown = area->rows < ROW_COUNT ? area->rows : ROW_COUNT;

    for (int i = 0; i < shown; i++) /* where there is no room for all, peers and lungs stay */
        draw_row(view, area, i, &rows[i], cols);
    if (area->rows > ROW_COUNT)
        draw_axis(view, area, ROW_COUNT, cols);
}

static void
timeline_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    (void)view;
    snprintf(out, PANEL_NOTE_MAX, _("%d min, one column = %d s"), SNAPSHOT_TIMELINE * SNAPSHOT_SLOT_S / 60, SNAPSHOT_SLOT_S);
}

static const char *const timeline_help[] = {
    N_("Each column is a slot of the clock; the newest one is at the right."),
    N_("peers   least number of live peers in it (+: over nine)"),
    N_("P2P     P   the peer-to-peer lung carried at some time in it"),
    N_("HTTP    H   HTTP carried at some time in it"),
    N_("count   .   a countdown ran: nobody carried yet"),
    N_("alarm   X   nobody carried: both lungs down, or a forced one"),
    N_("same    A   all who were heard had our root"),
    N_("other   how many had another root at one time"),
    N_("A blank column is a gap: the node did not run, so nothing is known."),
    NULL,
};

const struct panel timeline_panel = { .name = "timeline",
                                      .title = N_("TIMELINE"),
                                      .draw = timeline_draw,
                                      .note = timeline_note,
                                      .help = timeline_help };
