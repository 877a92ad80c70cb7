/*
 * text.h - bytes as text and back: hex, base58btc, base64, UTF-8, and the one filter that text from outside
 * passes before a log, a message or a terminal.
 *
 * Pure; any thread. Writers of fixed size get it right by the caller's array; all output is terminated.
 */
#ifndef LAT_BASE_TEXT_H
#define LAT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Lower-case hex of len bytes: 2 * len characters and a zero. */
void lat_hex(const uint8_t *in, size_t len, char *out);

/* Exactly 2 * len hex digits of either case, nothing behind them. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err lat_unhex(const char *text, uint8_t *out, size_t len);

/* Base58 (Bitcoin alphabet). in: at most 128 bytes. LAT_LIMIT when out_size (with the zero) is too small. */
LAT_MUST_CHECK enum lat_err lat_base58(const uint8_t *in, size_t len, char *out, size_t out_size);

/* The reverse; text at most 180 characters. LAT_MALFORMED, LAT_LIMIT (out too small). */
LAT_MUST_CHECK enum lat_err lat_unbase58(const char *text, size_t text_len, uint8_t *out, size_t out_size,
                                         size_t *len);

/* Standard base64 with padding (RFC 4648 section 4), appended to out. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err lat_base64(const uint8_t *in, size_t len, struct lat_buf *out);

/* The reverse, canonical form only. LAT_MALFORMED, LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err lat_unbase64(const char *text, size_t text_len, struct lat_buf *out);

/*
 * Decode one code point from the front of in[0 .. len): shortest forms only, no surrogates, at most U+10FFFF.
 * Returns its length in bytes, 1 .. 4, or 0 when the front is no valid UTF-8.
 */
size_t lat_utf8_next(const uint8_t *in, size_t len, uint32_t *code_point);

/* Is all of it valid UTF-8 by the rule above? */
bool lat_utf8_valid(const uint8_t *in, size_t len);

/*
 * Would this code point disturb a terminal or a reader? C0, DEL, C1, bidi controls and isolates, zero-width
 * characters, line and paragraph separators, byte order mark, variation selectors, tags, unassigned planes.
 */
bool lat_is_unsafe(uint32_t code_point);

/*
 * The one filter for text from outside (peers, keys, values, file content, remote errors): appends in[0 .. len)
 * to out with every unsafe code point and every invalid byte replaced by '?', cut to out_size - 1 bytes at
 * a character border, terminated; a cut text ends in "...". Returns out, so that it can stand in a call to lat_log.
 */
const char *lat_escape(const void *in, size_t len, char *out, size_t out_size);

/* lat_escape of a string. */
const char *lat_escape_str(const char *in, char *out, size_t out_size);

/* A decimal number, digits only, at most max. LAT_MALFORMED, LAT_LIMIT. */
LAT_MUST_CHECK enum lat_err lat_parse_u64(const char *text, uint64_t max, uint64_t *value);

/* Seconds with an optional fraction ("0.25", "60") to milliseconds, at most max_ms. LAT_MALFORMED, LAT_LIMIT. */
LAT_MUST_CHECK enum lat_err lat_parse_seconds(const char *text, uint64_t max_ms, uint64_t *ms);

/* Letters, digits, '-', '_' and single dots, at most 253 of them; as lenient as resolvers are. */
bool lat_is_host_name(const char *text);

/* strlcpy: copy, cut, terminate. Cuts at a UTF-8 character border. Returns false when it was cut. */
bool lat_copy(char *out, size_t out_size, const char *in);

#endif
