#include "config.h"

#include "http/target.h"

#include <string.h>

#include "base/text.h"

/* The byte of "%XX" at text[0 .. len), or -1. */
static int
escaped_byte(const char *text, size_t len)
{
    uint8_t byte;
    char digits[3];

    if (len < 3 || text[0] != '%')
        return -1;
    digits[0] = text[1];
    digits[1] = text[2];
    digits[2] = 0;
    return lat_unhex(digits, &byte, 1) ? -1 : byte;
}

enum lat_err
target_decode(const char *text, size_t len, struct lat_buf *out)
{
    enum lat_err err = LAT_OK;
    int byte;

    for (size_t i = 0; i < len && !err; i++) {
        if (text[i] != '%') {
            err = lat_buf_add_u8(out, (uint8_t)text[i]);
            continue;
        }
        byte = escaped_byte(text + i, len - i);
        if (byte < 0)
            return LAT_MALFORMED;
        err = lat_buf_add_u8(out, (uint8_t)byte);
        i += 2;
    }
    return err;
}

/* As forms do it: nothing is malformed. */
static enum lat_err
decode_form(const char *text, size_t len, struct lat_buf *out)
{
    enum lat_err err = LAT_OK;
    int byte;

    for (size_t i = 0; i < len && !err; i++) {
        byte = escaped_byte(text + i, len - i);
        if (byte >= 0)
            i += 2;
        else
            byte = text[i] == '+' ? ' ' : (unsigned char)text[i];
        err = lat_buf_add_u8(out, (uint8_t)byte);
    }
    return err;
}

/*
 * Does the raw name text[0 .. len) decode to name? Names here are plain letters; escapes in them are not
 * looked at.
 */
static int
is_named(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(text, name, len) == 0;
}

enum lat_err
target_parameter(const char *query, const char *name, struct lat_buf *out)
{
    enum lat_err err = LAT_NOTFOUND;
    size_t pair, key;

    lat_buf_clear(out);
    for (; *query != 0; query += pair + (query[pair] == '&')) {
        pair = strcspn(query, "&");
        key = strcspn(query, "=&");
        if (!is_named(query, key, name))
            continue;
        lat_buf_clear(out);
        err = key == pair ? LAT_OK : decode_form(query + key + 1, pair - key - 1, out);
        if (err)
            return err;
    }
    return err;
}

bool
target_has(const char *query, const char *name)
{
    struct lat_buf value;
    enum lat_err err;

    lat_buf_init(&value, 64);
    err = target_parameter(query, name, &value);
    lat_buf_fini(&value);
    return err != LAT_NOTFOUND;
}
