/*
 * json_double.h - doubles as JSON text and back, exact in both directions. For state/json; json_double_text,
 * which others may want, stands in json.h. Pure; any thread; independent of the locale.
 */
#ifndef LAT_STATE_JSON_DOUBLE_H
#define LAT_STATE_JSON_DOUBLE_H

#include <stddef.h>

#include "base/err.h"

/*
 * The double nearest to a JSON number text[0 .. len), whose grammar was checked; an infinity where it is
 * greater than all. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err json_double_read(const char *text, size_t len, double *value);

#endif
