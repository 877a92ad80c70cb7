#include "config.h"

#include "state/json_pick.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "state/json.h"
#include "state/json_scan.h"

#define HEX_MAX 64

struct picking {
    const char *const *names;
    size_t count;
    struct json_raw *out;
    struct lat_msg *why;
};

static enum lat_err
note_member(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    const struct picking *picking = arg;

    for (size_t i = 0; i < picking->count; i++) {
        if (key_len != strlen(picking->names[i]) || memcmp(key, picking->names[i], key_len) != 0)
            continue;
        if (picking->out[i].len > 0) {
            lat_msg_set(picking->why, "\"%s\" stands twice in the document", picking->names[i]);
            return LAT_MALFORMED;
        }
        picking->out[i] = (struct json_raw){ value, value_len };
    }
    return LAT_OK;
}

enum lat_err
json_pick(const char *text, size_t len, const char *const *names, size_t count, struct json_raw *out, struct lat_msg *why)
{
    struct picking picking = { .names = names, .count = count, .out = out, .why = why };

    memset(out, 0, count * sizeof(*out));
    return json_each_member(text, len, note_member, &picking, why);
}

bool
json_raw_is(const struct json_raw *raw, const char *word)
{
    return raw->len == strlen(word) && memcmp(raw->text, word, raw->len) == 0;
}

bool
json_raw_is_string(const struct json_raw *raw)
{
    return raw->len > 0 && raw->text[0] == '"';
}

enum lat_err
json_raw_text(const struct json_raw *raw, struct lat_buf *out)
{
    struct json_token token = { .type = JSON_STRING, .len = raw->len };

    return json_raw_is_string(raw) ? json_decode_string(raw->text, &token, out) : LAT_MALFORMED;
}

enum lat_err
json_raw_hex(const struct json_raw *raw, uint8_t *out, size_t len)
{
    char hex[2 * HEX_MAX + 1];

    assert(len <= HEX_MAX);
    if (raw->len != 2 * len + 2 || raw->text[0] != '"')
        return LAT_MALFORMED;
    memcpy(hex, raw->text + 1, 2 * len);
    hex[2 * len] = 0;
    return strspn(hex, "0123456789abcdef") == 2 * len ? lat_unhex(hex, out, len) : LAT_MALFORMED;
}

enum lat_err
json_raw_number(const struct json_raw *raw, uint64_t max, uint64_t *value)
{
    char digits[21];

    if (raw->len == 0 || raw->len >= sizeof(digits))
        return LAT_MALFORMED;
    memcpy(digits, raw->text, raw->len);
    digits[raw->len] = 0;
    return lat_parse_u64(digits, max, value) ? LAT_MALFORMED : LAT_OK;
}
