/*
 * canvas.h - a grid of cells in memory: what a screen shows, before any terminal is asked.
 *
 * A cell holds one code point, a style by meaning (theme.h turns it into attributes) and a width. Drawing
 * goes through an area, a clipping rectangle of a canvas with its own origin: whatever lies outside is
 * dropped, so that panels need no size checks. Text is UTF-8; every code point that would disturb a terminal
 * becomes the replacement character, a wide character takes two cells and is never cut in half.
 *
 * Pure but for the width table of the locale (LC_CTYPE). One thread at a time.
 */
#ifndef LAT_UI_CANVAS_H
#define LAT_UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CANVAS_SIDE_MAX 1000 /* columns or rows; a terminal that claims more is drawn to this size */

/* What a cell means. Order is that of the table in theme.c. */
enum style {
    STYLE_TEXT,
    STYLE_BAR,    /* title bar */
    STYLE_FRAME,  /* rules and borders */
    STYLE_HEAD,   /* panel title */
    STYLE_COLUMN, /* column heads, labels of figures */
    STYLE_KEY,    /* a key in the key bar */
    STYLE_GOOD,
    STYLE_IDLE,
    STYLE_FALLBACK, /* HTTP carries */
    STYLE_ATTENTION,
    STYLE_ALARM,
    STYLE_UNKNOWN, /* never heard of, or stale */
    STYLE_MATCH,   /* what the filter looks for */
    STYLE_GAUGE,
    STYLE_GAUGE_HOT, /* the last seconds */
    STYLE_PROMPT,    /* the bar that asks */
    STYLE_COUNT
};
#define STYLE_SELECTED 0x80 /* added to a style: the row under the selection */
#define STYLE_MEANING(value) ((enum style)((value) & 0x7f))

struct cell {
    uint32_t ch;   /* code point; ' ' for the right half of a wide one */
    uint8_t style; /* enum style, perhaps with STYLE_SELECTED */
    uint8_t width; /* 1 or 2; 0: right half of a wide one */
};

struct canvas {
    struct cell *cells; /* rows * cols, row by row */
    int cols, rows;
    bool unicode;           /* false: letters of Latin-1 lose their accents, all else but ASCII becomes '?' */
    int cursor_x, cursor_y; /* where the terminal's cursor is wanted; -1: hidden */
};

/* A blank canvas; sizes are brought into 1 .. CANVAS_SIDE_MAX. NULL: out of memory. */
struct canvas *canvas_new(int cols, int rows, bool unicode);
void canvas_free(struct canvas *canvas);

/* The cell at (x, y), which must lie inside. Borrow. */
const struct cell *canvas_cell(const struct canvas *canvas, int x, int y);

/* One row as UTF-8 without the blanks at its end, appended to out. out_size: at least 4 * cols + 1. */
void canvas_row_text(const struct canvas *canvas, int y, char *out, size_t out_size);
#define CANVAS_ROW_TEXT_MAX (4 * CANVAS_SIDE_MAX + 1)

/* A rectangle of a canvas; coordinates inside it start at 0. */
struct area {
    struct canvas *canvas;
    int x, y, cols, rows;
};

struct area area_of(struct canvas *canvas);
/* The part of `outer` at (x, y); cut to it, possibly empty. */
struct area area_sub(const struct area *outer, int x, int y, int cols, int rows);

/* One code point, cols times to the right. Only for characters of our own (caps.h). */
void area_fill(const struct area *area, int x, int y, int cols, int style, uint32_t ch);

/* UTF-8 text from (x, y); returns the column after it, which may lie outside when the text was clipped. */
int area_text(const struct area *area, int x, int y, int style, const char *text);
int area_printf(const struct area *area, int x, int y, int style, const char *fmt, ...) LAT_PRINTF(5, 6);

/* At most cols columns, the last one '~' when something was cut off. Returns the column after it. */
int area_text_cut(const struct area *area, int x, int y, int cols, int style, const char *text);

/* Text that ends before column x_end. Returns its first column. */
int area_text_right(const struct area *area, int x_end, int y, int style, const char *text);

/* Give all cells of a row this style; with STYLE_SELECTED alone: add the selection and keep the meaning. */
void area_restyle_row(const struct area *area, int y, int style);

/* Mark every occurrence of an ASCII-case-folded word in the area. */
void area_highlight(const struct area *area, const char *word);

/* A code point as UTF-8, not terminated; returns its bytes. */
size_t text_put_utf8(uint32_t ch, char out[4]);

/* Columns that a text takes. */
int text_width(const char *text, bool unicode);

/* How many bytes of a text fit into cols columns: up to a blank where one stands in the last third; at least one
 * character, 0 only for "". */
size_t text_fitting(const char *text, int cols, bool unicode);

#endif
