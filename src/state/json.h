/*
 * json.h - JSON values of the state as exact text: a strict tokenizer (RFC 8259, UTF-8, no NaN, no member
 * twice where asked, no lone surrogate, limits of WIRE section 2) and the stored form, which is what Python's
 * json.dumps gives for the parsed value (STATE section 7). Values never pass through cJSON or a double-only
 * tree.
 *
 * Pure; no recursion; any thread; independent of the locale.
 */
#ifndef LAT_STATE_JSON_H
#define LAT_STATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 64
#define JSON_DIGITS_MAX 4300 /* of an integer */

/*
 * Bring one JSON value text[0 .. len) into stored form, appended to out (unchanged on error; its max limits
 * the result). Of a member that stands twice the last value counts, at the first position (as Python does).
 * LAT_MALFORMED with what and where (byte offset) in *why, LAT_LIMIT (depth, digits, out full), LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err json_store_form(const char *text, size_t len, struct lat_buf *out,
                                            struct lat_msg *why);

/* The same, but a member that stands twice in one object, however deep, is LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err json_unique_form(const char *text, size_t len, struct lat_buf *out,
                                             struct lat_msg *why);

/*
 * Is text[0 .. len) in stored form already? LAT_MALFORMED when storing it would change it (a member that
 * stands twice included) or it is no JSON, LAT_LIMIT as above, each with what and where in *why; LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err json_check_stored_form(const char *text, size_t len, struct lat_msg *why);

/*
 * One member of a top-level object; key and value borrow during the call. Return non-zero to stop with that
 * code.
 */
typedef enum lat_err (*json_member_fn)(void *arg, const uint8_t *key, size_t key_len, const char *value,
                                       size_t value_len);

/*
 * Walk an object text[0 .. len): for each member, in order, the decoded key (UTF-8) and the raw text of its
 * value. The whole text is checked strictly before the first call. Values may nest one deeper than
 * JSON_DEPTH_MAX, so that a document which holds a whole state can be walked, too. Members that stand twice
 * are all reported. Errors as above, and what fn returned.
 */
LAT_MUST_CHECK enum lat_err json_each_member(const char *text, size_t len, json_member_fn fn, void *arg,
                                             struct lat_msg *why);

/*
 * Append a JSON string (Python's default escapes, with quotes) of UTF-8 bytes. LAT_MALFORMED: not UTF-8.
 * LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err json_add_string(struct lat_buf *out, const uint8_t *utf8, size_t len);

/* Shortest text that reads back as this finite double, in Python's layout; out holds 32 bytes. */
void json_double_text(double value, char out[32]);

#endif
