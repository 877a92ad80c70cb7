/*
 * table.h - columns that fit: the least important ones go first when room is short, one takes what is left
 * over. Pure.
 */
#ifndef LAT_UI_TABLE_H
#define LAT_UI_TABLE_H

#include <stdbool.h>

#include "canvas.h"

#define TABLE_COLUMNS_MAX 16

struct table_column {
    const char *title;
    int width;     /* least columns */
    int rank;      /* 0 stays always; the highest goes first */
    int width_max; /* may take up to this when room is left; 0: fixed */
    bool right;    /* figures: flush right */
};

/* Where the columns stand in a given width. */
struct table {
    const struct table_column *columns;
    int count;
    int x[TABLE_COLUMNS_MAX];
    int width[TABLE_COLUMNS_MAX]; /* 0: left out */
};

/* Lay out count columns (at most TABLE_COLUMNS_MAX) from column x on over cols columns, one blank between
 * two. */
void table_fit(struct table *table, const struct table_column *columns, int count, int x, int cols);

void table_draw_heads(const struct table *table, const struct area *area, int y);
void table_draw_cell(const struct table *table, const struct area *area, int column, int y, int style,
                     const char *text);

#endif
