/*
 * json_pick.h - a few members of a JSON object by name, as raw text, and that text as hex or a number. For readers of
 * documents from outside.
 *
 * Pure; any thread.
 */
#ifndef LAT_STATE_JSON_PICK_H
#define LAT_STATE_JSON_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* what every JSON reader keeps exactly */

/* The raw text of a value, borrowed from the document; len 0: the member is absent. */
struct json_raw {
    const char *text;
    size_t len;
};

/*
 * Of the object text[0 .. len), strictly checked: out[i] is the member names[i]. LAT_MALFORMED, also where one of them
 * stands twice; LAT_LIMIT, LAT_NOMEM, each with *why.
 */
LAT_MUST_CHECK enum lat_err json_pick(const char *text, size_t len, const char *const *names, size_t count, struct json_raw *out,
                                      struct lat_msg *why);

/* Is it exactly this text ("null", "true")? */
bool json_raw_is(const struct json_raw *raw, const char *word);

bool json_raw_is_string(const struct json_raw *raw);

/*
 * Append the decoded text of a string, UTF-8, which may hold U+0000. LAT_MALFORMED: no string. LAT_LIMIT (out's), LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err json_raw_text(const struct json_raw *raw, struct lat_buf *out);

/* A string of exactly 2 * len lower-case hex digits, len at most 64. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err json_raw_hex(const struct json_raw *raw, uint8_t *out, size_t len);

/* An integer, 0 .. max. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err json_raw_number(const struct json_raw *raw, uint64_t max, uint64_t *value);

#endif
