/*
 * etag.h - entity tags (RFC 9110, 8.8.3): the quoted lower-case hex of 32 bytes, alone or in a list. Pure;
 * any thread.
 */
#ifndef LAT_HTTP_ETAG_H
#define LAT_HTTP_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Is the list "*"? */
bool etag_is_any(const char *list);

/* Does the list, or "*", name this tag? weak: a W/ in front is overlooked, as If-None-Match demands. */
bool etag_list_has(const char *list, const uint8_t tag[32], bool weak);

/* A list of exactly one strong tag. LAT_MALFORMED: it is none. */
LAT_MUST_CHECK enum lat_err etag_single(const char *list, uint8_t tag[32]);

/* Is it a list of quoted tags, or "*"? */
bool etag_list_is_sound(const char *list);

#endif
