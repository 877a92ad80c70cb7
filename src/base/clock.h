/*
 * clock.h - the three clocks. Durations are always monotonic; wall time is for display and for HLCs.
 *
 * Pure code takes time as an argument; only the drivers at the rim call these. Any thread.
 */
#ifndef LAT_BASE_CLOCK_H
#define LAT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* CLOCK_MONOTONIC, milliseconds. */
uint64_t lat_mono_ms(void);

/* CLOCK_MONOTONIC, microseconds. */
uint64_t lat_mono_us(void);

/* Unix time, milliseconds. */
uint64_t lat_wall_ms(void);

/* CLOCK_BOOTTIME - CLOCK_MONOTONIC, milliseconds: grows while the machine sleeps. */
uint64_t lat_sleep_ms(void);

/* "2026-03-14T14:03:27.120Z" and its zero. */
#define LAT_TIME_TEXT_LEN 25

/* RFC 3339 in UTC with milliseconds, terminated. */
void lat_time_text(uint64_t unix_ms, char out[LAT_TIME_TEXT_LEN]);

/*
 * RFC 3339 with offset, years 1970 to 9999, to Unix milliseconds. LAT_MALFORMED; LAT_LIMIT: before 1970.
 * Output is written on success only.
 */
LAT_MUST_CHECK enum lat_err lat_time_parse(const char *text, uint64_t *unix_ms);

#endif
