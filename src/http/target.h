/* target.h - the parts of a request's target: percent-decoding and query parameters. Pure; any thread. */
#ifndef LAT_HTTP_TARGET_H
#define LAT_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Decode %XX of a path, appended to out. LAT_MALFORMED: a '%' without two hex digits. LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err target_decode(const char *text, size_t len, struct lat_buf *out);

/*
 * The value of a query parameter, decoded into out (cleared first) as forms write it: '+' is a blank, a '%'
 * without two hex digits stands for itself. Of a name that stands twice the last counts. LAT_NOTFOUND,
 * LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err target_parameter(const char *query, const char *name, struct lat_buf *out);

/* Does the query have this parameter, whatever its value? */
bool target_has(const char *query, const char *name);

#endif
