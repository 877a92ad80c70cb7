/*
 * A pull tokenizer: what may come next is one enum, what is open is one flag a level, so that hostile nesting
 * costs neither stack nor time. Grammar, UTF-8 and surrogates are all checked here; nobody above sees a token
 * that is not JSON.
 */
#include "config.h"

#include "state/json_scan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "state/json.h"
#include "state/json_double.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST_ITEM, /* or the end of the array */
    EXPECT_FIRST_NAME, /* or the end of the object */
    EXPECT_NAME,
    EXPECT_NEXT, /* a comma or the end of what is open */
    EXPECT_END
};

void
json_scan_init(struct json_scan *scan, const char *text, size_t len, unsigned depth_max, struct lat_msg *why)
{
    assert(depth_max <= JSON_SCAN_DEPTH_MAX);
    *scan = (struct json_scan){
        .text = text, .len = len, .depth_max = depth_max, .expect = EXPECT_VALUE, .why = why
    };
}

static enum lat_err
malformed(const struct json_scan *scan, size_t at, const char *what)
{
    if (at >= scan->len)
        lat_msg_set(scan->why, "not JSON: the text ends too soon, at byte %zu", scan->len);
    else
        lat_msg_set(scan->why, "not JSON at byte %zu: %s", at, what);
    return LAT_MALFORMED;
}

static void
skip_space(struct json_scan *scan)
{
    while (scan->at < scan->len && strchr(" \t\r\n", scan->text[scan->at]) && scan->text[scan->at])
        scan->at++;
}

/* The character that comes next, or 0 at the end; a zero byte in the text fits nowhere either. */
static char
peek(const struct json_scan *scan)
{
    return scan->at < scan->len ? scan->text[scan->at] : 0;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- strings ------------------------------------------------------------------------------------- */

static bool
hex4(const char *text, size_t len, uint32_t *value)
{
    *value = 0;
    if (len < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char c = text[i];
        int digit;

        if (is_digit(c))
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

/* \uXXXX, or two of them that make a character beyond U+FFFF. */
static const char *
unicode_escape(const char *text, size_t len, size_t *used, uint32_t *code_point)
{
    uint32_t high, low;

    if (!hex4(text + 2, len - 2, &high))
        return "\\u needs four hex digits";
    if (high < 0xd800 || high > 0xdfff) {
        *code_point = high;
        *used = 6;
        return NULL;
    }
    if (high > 0xdbff || len < 12 || text[6] != '\\' || text[7] != 'u' || !hex4(text + 8, len - 8, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return "a surrogate stands alone";
    *code_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    *used = 12;
    return NULL;
}

static const char *
escape(const char *text, size_t len, size_t *used, uint32_t *code_point)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (len < 2)
        return "the escape is cut off";
    if (text[1] == 'u')
        return unicode_escape(text, len, used, code_point);
    found = text[1] ? strchr(from, text[1]) : NULL;
    if (found == NULL)
        return "unknown escape";
    *code_point = (uint8_t)to[found - from];
    *used = 2;
    return NULL;
}

const char *
json_next_char(const char *text, size_t len, size_t *used, uint32_t *code_point)
{
    size_t n;

    if (text[0] == '\\')
        return escape(text, len, used, code_point);
    if ((uint8_t)text[0] < 0x20)
        return "a control character in a string must be escaped";
    n = lat_utf8_next((const uint8_t *)text, len, code_point);
    if (n == 0)
        return "not UTF-8";
    *used = n;
    return NULL;
}

static enum lat_err
scan_string(struct json_scan *scan, struct json_token *token)
{
    const char *wrong;
    uint32_t code_point;
    size_t used;

    token->plain = true;
    scan->at++;
    for (;;) {
        char c = peek(scan);

        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            scan->at++;
            continue;
        }
        if (c == '"')
            break;
        token->plain = false;
        if (scan->at >= scan->len)
            return malformed(scan, scan->at, "");
        wrong = json_next_char(scan->text + scan->at, scan->len - scan->at, &used, &code_point);
        if (wrong)
            return malformed(scan, scan->at, wrong);
        scan->at += used;
    }
    scan->at++;
    token->len = scan->at - token->at;
    return LAT_OK;
}

/* --- numbers and words --------------------------------------------------------------------------- */

static size_t
skip_digits(struct json_scan *scan)
{
    size_t from = scan->at;

    while (is_digit(peek(scan)))
        scan->at++;
    return scan->at - from;
}

static enum lat_err
read_float(const struct json_scan *scan, struct json_token *token)
{
    enum lat_err err = json_double_read(scan->text + token->at, token->len, &token->value);

    if (err)
        lat_msg_set(scan->why, "number at byte %zu: %s", token->at, lat_err_text(err));
    else if (isinf(token->value))
        return malformed(scan, token->at, "the number is greater than any double");
    return err;
}

static enum lat_err
scan_number(struct json_scan *scan, struct json_token *token)
{
    size_t digits;

    token->type = JSON_INTEGER;
    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0') {
        digits = 1;
        scan->at++;
    } else {
        digits = skip_digits(scan);
    }
    if (digits == 0)
        return malformed(scan, scan->at, "a digit is missing");
    if (peek(scan) == '.') {
        token->type = JSON_FLOAT;
        scan->at++;
        if (skip_digits(scan) == 0)
            return malformed(scan, scan->at, "a digit is missing behind the point");
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        token->type = JSON_FLOAT;
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (skip_digits(scan) == 0)
            return malformed(scan, scan->at, "a digit is missing in the exponent");
    }
    token->len = scan->at - token->at;
    if (token->type == JSON_FLOAT)
        return read_float(scan, token);
    if (digits > JSON_DIGITS_MAX) {
        lat_msg_set(scan->why, "integer at byte %zu has %zu digits, at most %d are taken", token->at, digits,
                    JSON_DIGITS_MAX);
        return LAT_LIMIT;
    }
    return LAT_OK;
}

static enum lat_err
scan_word(struct json_scan *scan, struct json_token *token)
{
    static const struct {
        const char *text;
        enum json_type type;
    } words[] = { { "true", JSON_TRUE }, { "false", JSON_FALSE }, { "null", JSON_NULL } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i].text);

        if (scan->len - scan->at < n || memcmp(scan->text + scan->at, words[i].text, n) != 0)
            continue;
        token->type = words[i].type;
        token->len = n;
        scan->at += n;
        return LAT_OK;
    }
    return malformed(scan, scan->at, "a value must stand here");
}

/* --- structure ----------------------------------------------------------------------------------- */

static void
value_is_over(struct json_scan *scan)
{
    scan->expect = scan->depth > 0 ? EXPECT_NEXT : EXPECT_END;
}

static enum lat_err
open_container(struct json_scan *scan, struct json_token *token, bool is_object)
{
    if (scan->depth == scan->depth_max) {
        lat_msg_set(scan->why, "nested more than %u deep at byte %zu", scan->depth_max, scan->at);
        return LAT_LIMIT;
    }
    scan->is_object[scan->depth++] = is_object;
    scan->expect = is_object ? EXPECT_FIRST_NAME : EXPECT_FIRST_ITEM;
    token->type = is_object ? JSON_OBJECT : JSON_ARRAY;
    token->len = 1;
    scan->at++;
    return LAT_OK;
}

static enum lat_err
close_container(struct json_scan *scan, struct json_token *token)
{
    token->type = scan->is_object[--scan->depth] ? JSON_OBJECT_END : JSON_ARRAY_END;
    token->len = 1;
    scan->at++;
    value_is_over(scan);
    return LAT_OK;
}

static enum lat_err
scan_value(struct json_scan *scan, struct json_token *token)
{
    char c = peek(scan);
    enum lat_err err;

    if (c == '{' || c == '[')
        return open_container(scan, token, c == '{');
    if (c == '"') {
        token->type = JSON_STRING;
        err = scan_string(scan, token);
    } else if (c == '-' || is_digit(c)) {
        err = scan_number(scan, token);
    } else {
        err = scan_word(scan, token);
    }
    if (!err)
        value_is_over(scan);
    return err;
}

static enum lat_err
scan_name(struct json_scan *scan, struct json_token *token)
{
    enum lat_err err;

    if (peek(scan) != '"')
        return malformed(scan, scan->at, "the name of a member must stand here, in quotes");
    token->type = JSON_NAME;
    err = scan_string(scan, token);
    if (err)
        return err;
    skip_space(scan);
    if (peek(scan) != ':')
        return malformed(scan, scan->at, "':' must stand here");
    scan->at++;
    scan->expect = EXPECT_VALUE;
    return LAT_OK;
}

/* Behind an item or member: the end of what is open, or a comma and what must follow it. */
static enum lat_err
scan_next_part(struct json_scan *scan, struct json_token *token)
{
    bool is_object = scan->is_object[scan->depth - 1];
    char c = peek(scan);

    if (c == (is_object ? '}' : ']'))
        return close_container(scan, token);
    if (c != ',')
        return malformed(scan, scan->at,
                         is_object ? "',' or '}' must stand here" : "',' or ']' must stand here");
    scan->at++;
    skip_space(scan);
    token->at = scan->at;
    scan->expect = is_object ? EXPECT_NAME : EXPECT_VALUE;
    return is_object ? scan_name(scan, token) : scan_value(scan, token);
}

enum lat_err
json_scan_next(struct json_scan *scan, struct json_token *token)
{
    skip_space(scan);
    *token = (struct json_token){ .type = JSON_END, .at = scan->at };
    switch ((enum expect)scan->expect) {
    case EXPECT_FIRST_ITEM:
        if (peek(scan) == ']')
            return close_container(scan, token);
        return scan_value(scan, token);
    case EXPECT_VALUE:
        return scan_value(scan, token);
    case EXPECT_FIRST_NAME:
        if (peek(scan) == '}')
            return close_container(scan, token);
        return scan_name(scan, token);
    case EXPECT_NAME:
        return scan_name(scan, token);
    case EXPECT_NEXT:
        return scan_next_part(scan, token);
    case EXPECT_END:
        break;
    }
    return scan->at < scan->len ? malformed(scan, scan->at, "something stands behind the value") : LAT_OK;
}

enum lat_err
json_scan_rest(struct json_scan *scan)
{
    struct json_token token;
    enum lat_err err;

    do
        err = json_scan_next(scan, &token);
    while (!err && token.type != JSON_END);
    return err;
}

enum lat_err
json_scan_skip(struct json_scan *scan, const struct json_token *token, size_t *len)
{
    unsigned outside;
    struct json_token inner;
    enum lat_err err;

    if (token->type == JSON_OBJECT || token->type == JSON_ARRAY) {
        outside = scan->depth - 1;
        do {
            err = json_scan_next(scan, &inner);
            if (err)
                return err;
        } while (scan->depth > outside);
    }
    *len = scan->at - token->at;
    return LAT_OK;
}
