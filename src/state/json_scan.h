/*
 * json_scan.h - strict JSON tokens (RFC 8259) of a text in memory, one a call, without recursion and without
 * allocation (but for a number of more than 60 characters). For state/json and state/legacy; others use
 * json.h.
 *
 * Pure; any thread; independent of the locale.
 */
#ifndef LAT_STATE_JSON_SCAN_H
#define LAT_STATE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_SCAN_DEPTH_MAX 66 /* over JSON_DEPTH_MAX: a document and a state may stand around a value */

enum json_type {
    JSON_OBJECT,       /* { */
    JSON_OBJECT_END,   /* } */
    JSON_ARRAY,        /* [ */
    JSON_ARRAY_END,    /* ] */
    JSON_NAME,         /* of a member, with its colon */
    JSON_STRING,
    JSON_INTEGER,      /* no fraction, no exponent */
    JSON_FLOAT,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_END           /* behind the value stands nothing but white space */
};

struct json_token {
    enum json_type type;
    size_t at;    /* byte offset of the token, its quotes included */
    size_t len;
    bool plain;   /* JSON_NAME, JSON_STRING: printable ASCII without escapes: it is its own stored form */
    double value; /* JSON_FLOAT */
};

struct json_scan {
    const char *text; /* borrowed */
    size_t len;
    size_t at;
    unsigned depth;     /* containers that are open */
    unsigned depth_max; /* most */
    bool is_object[JSON_SCAN_DEPTH_MAX];
    int expect;
    struct lat_msg *why;
};

/* depth_max: containers inside each other, at most JSON_SCAN_DEPTH_MAX. why may be NULL. */
void json_scan_init(struct json_scan *scan, const char *text, size_t len, unsigned depth_max,
                    struct lat_msg *why);

/*
 * The next token. LAT_MALFORMED, LAT_LIMIT (depth, digits of an integer), LAT_NOMEM, each with its byte
 * offset in *why; the scan is over then. After JSON_END comes JSON_END again.
 */
LAT_MUST_CHECK enum lat_err json_scan_next(struct json_scan *scan, struct json_token *token);

/* Read on to the end of the text, checking it. Errors as above. */
LAT_MUST_CHECK enum lat_err json_scan_rest(struct json_scan *scan);

/*
 * Read on to the end of the value that `token` began (nothing to do for a scalar): *len is the length of its
 * text from token->at. Errors as above.
 */
LAT_MUST_CHECK enum lat_err json_scan_skip(struct json_scan *scan, const struct json_token *token,
                                           size_t *len);

/*
 * Append the decoded text of a JSON_NAME or JSON_STRING of `text` as UTF-8. LAT_LIMIT, LAT_NOMEM. In json.c.
 */
LAT_MUST_CHECK enum lat_err json_decode_string(const char *text, const struct json_token *token,
                                               struct lat_buf *out);

/*
 * Decode one character of a string's inside from the front of text[0 .. len), len > 0. Returns NULL, or what
 * is wrong with it. Outputs are written on success only.
 */
const char *json_next_char(const char *text, size_t len, size_t *used, uint32_t *code_point);

/* The reverse: a code point as it stands in a string of stored form. Returns its length. In json.c. */
size_t json_char_form(uint32_t code_point, char out[12]);

#endif
