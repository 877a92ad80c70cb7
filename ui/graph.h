/*
 * graph.h - small pictures made of characters: sparkline, gauge, big digits. Pure.
 */
#ifndef LAT_UI_GRAPH_H
#define LAT_UI_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "canvas.h"
#include "caps.h"

/*
 * A sparkline of the per-second counts history[0 .. count), newest last, in cols columns. Columns stand for
 * spans of the clock (now_s is the second of the newest count), so that the picture moves one column a span
 * instead of shimmering each second.
 */
void graph_spark(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
                 const uint16_t *history, size_t count, uint64_t now_s);

/*
 * The figures of slots[0 .. count), newest last, a column each (two a column in braille), at the left of cols columns, which are to be as many;
 * UINT32_MAX is a gap and left blank, while zero is the lowest mark. A full column is the greatest of them, or GRAPH_SLOTS_LEAST.
 */
#define GRAPH_SLOTS_LEAST 1000
void graph_slots(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
                 const uint32_t *slots, size_t count);

/*
 * [#####.....] over cols columns, brackets included; value 0 .. max. More than nothing is never drawn empty.
 */
void graph_gauge(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
                 uint64_t value, uint64_t max);

/*
 * Digits, ':' and blanks as large as the area allows, at most 3 times the 5 x 5 raster, centred. Returns the
 * rows used, or 0 when the area is too small for any (nothing is drawn then).
 */
int graph_digits(const struct area *area, int style, const struct charset *set, const char *text);

#endif
