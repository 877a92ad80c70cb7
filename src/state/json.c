/* Strings of stored form, and walks over objects. Stored form itself is made in json_form.c. */
#include "config.h"

#include "state/json.h"

#include <string.h>

#include "base/text.h"
#include "state/json_scan.h"

#define WALK_DEPTH_MAX (JSON_DEPTH_MAX + 2) /* a document, the state in it, a value of the state */

size_t
json_char_form(uint32_t c, char out[12])
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *found = c > 0 && c < 0x80 ? strchr(from, (int)c) : NULL;
    size_t n = 0;

    if (found) {
        out[n++] = '\\';
        out[n++] = to[found - from];
        return n;
    }
    if (c >= 0x20 && c < 0x7f) {
        out[n++] = (char)c;
        return n;
    }
    if (c >= 0x10000) {
        n = json_char_form(0xd800 + ((c - 0x10000) >> 10), out);
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    out[n++] = '\\';
    out[n++] = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        out[n++] = hex[c >> shift & 15];
    return n;
}

/* Append a code point, not a surrogate, as UTF-8. */
static enum lat_err
add_utf8(struct lat_buf *out, uint32_t c)
{
    uint8_t bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

    for (size_t i = n - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (uint8_t)(lead[n] | c);
    return lat_buf_add(out, bytes, n);
}

enum lat_err
json_decode_string(const char *text, const struct json_token *token, struct lat_buf *out)
{
    const char *at = text + token->at + 1;
    const char *end = text + token->at + token->len - 1;
    enum lat_err err = LAT_OK;

    if (token->plain)
        return lat_buf_add(out, at, (size_t)(end - at));
    while (!err && at < end) {
        uint32_t code_point = 0;
        size_t used = 1;

        if (json_next_char(at, (size_t)(end - at), &used, &code_point))
            return LAT_MALFORMED; /* the scanner has checked this text */
        err = add_utf8(out, code_point);
        at += used;
    }
    return err;
}

/* One pass over an object whose text was checked. */
static enum lat_err
walk_members(struct json_scan *scan, struct lat_buf *key, json_member_fn fn, void *arg)
{
    struct json_token token;
    size_t len = 0;
    enum lat_err err = json_scan_next(scan, &token); /* the brace */

    while (!err) {
        err = json_scan_next(scan, &token);
        if (err || token.type == JSON_OBJECT_END)
            break;
        lat_buf_clear(key);
        err = json_decode_string(scan->text, &token, key);
        if (!err)
            err = json_scan_next(scan, &token);
        if (!err)
            err = json_scan_skip(scan, &token, &len);
        if (!err)
            err = fn(arg, key->len ? key->data : (const uint8_t *)"", key->len, scan->text + token.at, len);
    }
    return err;
}

enum lat_err
json_each_member(const char *text, size_t len, json_member_fn fn, void *arg, struct lat_msg *why)
{
    struct json_scan scan;
    struct json_token token;
    struct lat_buf key;
    enum lat_err err;

    json_scan_init(&scan, text, len, WALK_DEPTH_MAX, why);
    err = json_scan_next(&scan, &token);
    if (!err && token.type != JSON_OBJECT) {
        lat_msg_set(why, "not a JSON object");
        err = LAT_MALFORMED;
    }
    if (!err)
        err = json_scan_rest(&scan);
    if (err)
        return err;
    lat_buf_init(&key, len);
    json_scan_init(&scan, text, len, WALK_DEPTH_MAX, NULL);
    err = walk_members(&scan, &key, fn, arg);
    lat_buf_fini(&key);
    return err;
}

enum lat_err
json_add_string(struct lat_buf *out, const uint8_t *utf8, size_t len)
{
    size_t before = out->len;
    enum lat_err err = lat_buf_add_u8(out, '"');

    while (!err && len > 0) {
        char form[12];
        uint32_t code_point;
        size_t used = lat_utf8_next(utf8, len, &code_point);

        if (used == 0)
            err = LAT_MALFORMED;
        else
            err = lat_buf_add(out, form, json_char_form(code_point, form));
        utf8 += used;
        len -= used;
    }
    if (!err)
        err = lat_buf_add_u8(out, '"');
    if (err)
        out->len = before;
    return err;
}
