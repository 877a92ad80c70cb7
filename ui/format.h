/*
 * format.h - figures as an operator reads them, each in a known number of columns so that nothing jumps.
 * Pure; any thread. All output is terminated and cut to the buffer.
 */
#ifndef LAT_UI_FORMAT_H
#define LAT_UI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX 32 /* enough for each of these */

/* Times of day in the local time zone from now on, or in UTC (as at the start). Console thread, before it draws. */
void format_use_zone(bool local);

/* "00:42", from an hour "3h07", from a day "3d04h"; at most 6 columns up to 999 days. Negative: "-". */
const char *format_span(int64_t ms, char out[FORMAT_MAX]);

/* "00:01:52"; from 100 hours as format_span. Negative: "-". */
const char *format_clock_span(int64_t ms, char out[FORMAT_MAX]);

/* Whole seconds still to go, rounded up: 22.1 s left is "23 s" until it is 22.0. Negative: "-". */
const char *format_left(int64_t ms, char out[FORMAT_MAX]);

/* "00:23", the same rounding. */
const char *format_left_clock(int64_t ms, char out[FORMAT_MAX]);

/* Minutes and more: "<1m", "12m", "3h07", "3d04h". */
const char *format_uptime(int64_t ms, char out[FORMAT_MAX]);

/* The time of day "14:03:27" (UTC) of what happened age_ms before wall_ms; over a day ago: "3d04h"; negative:
 * "never". */
const char *format_when(uint64_t wall_ms, int64_t age_ms, char out[FORMAT_MAX]);

/* "14:03:27Z". */
const char *format_time(uint64_t wall_ms, char out[FORMAT_MAX]);

/* "12,804". */
const char *format_count(uint64_t count, char out[FORMAT_MAX]);

/* "812 B", "1.2 KiB", "9.1 MiB": at most 8 columns. */
const char *format_bytes(uint64_t bytes, char out[FORMAT_MAX]);

/* "1 peer", "2 peers": the figure with its noun, in the language at hand: peer, source, key, record, alert or line. */
const char *format_noun(uint64_t count, const char *noun, char out[FORMAT_MAX]);

#endif
