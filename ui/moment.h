/*
 * moment.h - a moment of the past as an operator types it. Pure, but for the time zone that format.h has been told.
 */
#ifndef LAT_UI_MOMENT_H
#define LAT_UI_MOMENT_H

#include <stdint.h>

#include "base/err.h"

/*
 * "03:12", "03:12:40": the last time before now that the clock showed it; "-2h", "-30m", "-45s": so long ago; or RFC 3339.
 * now_ms and *out_ms: Unix time. LAT_MALFORMED: none of these, or not before now.
 */
LAT_MUST_CHECK enum lat_err moment_parse(const char *text, uint64_t now_ms, uint64_t *out_ms);

#endif
