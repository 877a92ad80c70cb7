#include "config.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define BASE58_IN_MAX 128
#define BASE58_TEXT_MAX 180
#define HOST_NAME_LEN_MAX 253
#define REPLACEMENT '?'

static const char base58_digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- hex --- */

void
lat_hex(const uint8_t *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = 0;
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum lat_err
lat_unhex(const char *text, uint8_t *out, size_t len)
{
    if (strnlen(text, 2 * len + 1) != 2 * len)
        return LAT_MALFORMED;
    /* Look at all of it before writing: outputs stay untouched on errors. */
    for (size_t i = 0; i < 2 * len; i++) {
        if (hex_value(text[i]) < 0)
            return LAT_MALFORMED;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((unsigned)hex_value(text[2 * i]) << 4 | (unsigned)hex_value(text[2 * i + 1]));
    return LAT_OK;
}

/* --- base58: repeated division of the whole number; fine for the 38 bytes of a peer id --- */

/* number = number * from + digit, in base `to`, least digit first; returns the new count of digits. */
static size_t
multiply_add(uint8_t *number, size_t count, unsigned from, unsigned digit, unsigned to)
{
    unsigned carry = digit;

    for (size_t i = 0; i < count; i++) {
        carry += number[i] * from;
        number[i] = (uint8_t)(carry % to);
        carry /= to;
    }
    for (; carry > 0; carry /= to)
        number[count++] = (uint8_t)(carry % to);
    return count;
}

enum lat_err
lat_base58(const uint8_t *in, size_t len, char *out, size_t out_size)
{
    uint8_t number[BASE58_TEXT_MAX];
    size_t zeros = 0, count = 0;

    if (len > BASE58_IN_MAX)
        return LAT_LIMIT;
    while (zeros < len && in[zeros] == 0)
        zeros++;
    for (size_t i = zeros; i < len; i++)
        count = multiply_add(number, count, 256, in[i], 58);
    if (zeros + count >= out_size)
        return LAT_LIMIT;
    memset(out, base58_digits[0], zeros);
    for (size_t i = 0; i < count; i++)
        out[zeros + i] = base58_digits[number[count - 1 - i]];
    out[zeros + count] = 0;
    return LAT_OK;
}

enum lat_err
lat_unbase58(const char *text, size_t text_len, uint8_t *out, size_t out_size, size_t *len)
{
    uint8_t number[BASE58_TEXT_MAX];
    size_t zeros = 0, count = 0;

    if (text_len > BASE58_TEXT_MAX)
        return LAT_MALFORMED;
    while (zeros < text_len && text[zeros] == base58_digits[0])
        zeros++;
    for (size_t i = zeros; i < text_len; i++) {
        const char *at = text[i] ? strchr(base58_digits, text[i]) : NULL;

        if (at == NULL)
            return LAT_MALFORMED;
        count = multiply_add(number, count, 58, (unsigned)(at - base58_digits), 256);
    }
    if (zeros + count > out_size)
        return LAT_LIMIT;
    memset(out, 0, zeros);
    for (size_t i = 0; i < count; i++)
        out[zeros + i] = number[count - 1 - i];
    *len = zeros + count;
    return LAT_OK;
}

/* --- base64 --- */

enum lat_err
lat_base64(const uint8_t *in, size_t len, struct lat_buf *out)
{
    uint8_t *at;
    enum lat_err err;

    if (len > SIZE_MAX / 4 * 3 - 3)
        return LAT_LIMIT;
    err = lat_buf_extend(out, (len + 2) / 3 * 4, &at);
    if (err)
        return err;
    for (size_t i = 0; i < len; i += 3, at += 4) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;

        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        at[0] = (uint8_t)base64_digits[group >> 18];
        at[1] = (uint8_t)base64_digits[group >> 12 & 63];
        at[2] = (uint8_t)(left > 1 ? base64_digits[group >> 6 & 63] : '=');
        at[3] = (uint8_t)(left > 2 ? base64_digits[group & 63] : '=');
    }
    return LAT_OK;
}

static int
base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Four characters, of which the last `pad` are '=': the group, or -1 when it is not canonical. */
static int32_t
base64_group(const char *text, size_t pad)
{
    int32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - pad ? base64_value(text[i]) : 0;

        if (value < 0)
            return -1;
        group = group << 6 | value;
    }
    /* Bits that the padding cuts off are zero, else two texts would stand for the same bytes. */
    if ((pad == 1 && (group & 0xff)) || (pad == 2 && (group & 0xffff)))
        return -1;
    return group;
}

enum lat_err
lat_unbase64(const char *text, size_t text_len, struct lat_buf *out)
{
    size_t pad = 0, len, before = out->len;
    uint8_t *at;
    enum lat_err err;

    if (text_len % 4 != 0)
        return LAT_MALFORMED;
    while (pad < 2 && pad < text_len && text[text_len - 1 - pad] == '=')
        pad++;
    len = text_len / 4 * 3 - pad;
    err = lat_buf_extend(out, len, &at);
    if (err)
        return err;
    for (size_t i = 0; i < text_len; i += 4) {
        size_t group_pad = i + 4 == text_len ? pad : 0;
        int32_t group = base64_group(text + i, group_pad);

        if (group < 0) {
            out->len = before;
            return LAT_MALFORMED;
        }
        for (size_t k = 0; k < 3 - group_pad; k++)
            *at++ = (uint8_t)(group >> (16 - 8 * k));
    }
    return LAT_OK;
}

/* --- UTF-8 --- */

size_t
lat_utf8_next(const uint8_t *in, size_t len, uint32_t *code_point)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t c;
    size_t n;

    if (len == 0)
        return 0;
    if (in[0] < 0x80) {
        *code_point = in[0];
        return 1;
    }
    if (in[0] < 0xc2 || in[0] > 0xf4)
        return 0;
    n = in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
    if (len < n)
        return 0;
    c = in[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (in[i] & 0x3fu);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code_point = c;
    return n;
}

bool
lat_utf8_valid(const uint8_t *in, size_t len)
{
    uint32_t c;

    for (size_t i = 0; i < len;) {
        size_t n = lat_utf8_next(in + i, len - i, &c);

        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* --- the filter for text from outside --- */

bool
lat_is_unsafe(uint32_t code_point)
{
    /* Ascending. What draws nothing, moves the cursor, or turns the direction of the text around it. */
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },       /* C0 */
        { 0x7f, 0x9f },       /* DEL, C1 */
        { 0xad, 0xad },       /* soft hyphen */
        { 0x34f, 0x34f },     /* combining grapheme joiner */
        { 0x61c, 0x61c },     /* Arabic letter mark */
        { 0x115f, 0x1160 },   /* Hangul fillers */
        { 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
        { 0x180b, 0x180f },   /* Mongolian variation selectors and vowel separator */
        { 0x200b, 0x200f },   /* zero-width, direction marks */
        { 0x2028, 0x202e },   /* line and paragraph separators, bidi embeddings */
        { 0x2060, 0x206f },   /* word joiner, invisible operators, isolates, deprecated controls */
        { 0x3164, 0x3164 },   /* Hangul filler */
        { 0xd800, 0xdfff },   /* surrogates */
        { 0xfdd0, 0xfdef },   /* no characters */
        { 0xfe00, 0xfe0f },   /* variation selectors */
        { 0xfeff, 0xfeff },   /* byte order mark */
        { 0xffa0, 0xffa0 },   /* half-width Hangul filler */
        { 0xfff0, 0xfffb },   /* unassigned, interlinear annotations */
        { 0xfffe, 0xffff },   /* no characters */
        { 0x1bca0, 0x1bca3 }, /* shorthand format controls */
        { 0x1d173, 0x1d17a }, /* musical format controls */
        { 0x1fffe, 0x1ffff },    { 0x2fffe, 0x2ffff }, { 0x3fffe, 0x3ffff }, /* no characters */
        { 0x40000, UINT32_MAX }, /* unassigned planes, tags, variation selectors, private planes */
    };
    size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (code_point > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return code_point >= ranges[low].first;
}

const char *
lat_escape(const void *in, size_t len, char *out, size_t out_size)
{
    static const char dots[] = "...";
    const uint8_t *bytes = in;
    size_t used = 0, room_for_dots = 0; /* greatest border that leaves room for the dots */

    if (out_size == 0)
        return out;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = lat_utf8_next(bytes + i, len - i, &c);
        bool bad = n == 0 || lat_is_unsafe(c);
        size_t take = n == 0 ? 1 : n, put = bad ? 1 : n;

        if (used + put >= out_size) {
            used = room_for_dots;
            put = out_size > sizeof(dots) ? sizeof(dots) - 1 : out_size - 1 - used;
            memcpy(out + used, dots, put);
            used += put;
            break;
        }
        if (bad)
            out[used] = REPLACEMENT;
        else
            memcpy(out + used, bytes + i, n);
        i += take;
        used += put;
        if (used + sizeof(dots) <= out_size)
            room_for_dots = used;
    }
    out[used] = 0;
    return out;
}

const char *
lat_escape_str(const char *in, char *out, size_t out_size)
{
    return lat_escape(in, strlen(in), out, out_size);
}

/* --- numbers --- */

/* Digits at the front of *text, at most max; *text moves behind them. */
static enum lat_err
parse_digits(const char **text, uint64_t max, uint64_t *value)
{
    const char *at = *text;
    uint64_t sum = 0;
    bool over = false;

    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (sum > (UINT64_MAX - digit) / 10)
            over = true;
        else
            sum = sum * 10 + digit;
    }
    if (at == *text)
        return LAT_MALFORMED;
    *text = at;
    *value = over || sum > max ? UINT64_MAX : sum;
    return over || sum > max ? LAT_LIMIT : LAT_OK;
}

enum lat_err
lat_parse_u64(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t number;
    enum lat_err err = parse_digits(&text, max, &number);

    if (err == LAT_MALFORMED || *text != 0)
        return LAT_MALFORMED;
    if (!err)
        *value = number;
    return err;
}

enum lat_err
lat_parse_seconds(const char *text, uint64_t max_ms, uint64_t *ms)
{
    uint64_t seconds, thousandths = 0, unit = 1000;
    enum lat_err err = parse_digits(&text, UINT64_MAX / 1000 - 1, &seconds);

    if (err == LAT_MALFORMED)
        return err;
    if (*text == '.') {
        if (*++text < '0' || *text > '9')
            return LAT_MALFORMED;
        for (; *text >= '0' && *text <= '9'; text++) {
            unit /= 10; /* digits below a millisecond are read and dropped */
            thousandths += (uint64_t)(*text - '0') * unit;
        }
    }
    if (*text != 0)
        return LAT_MALFORMED;
    if (err || seconds * 1000 + thousandths > max_ms)
        return LAT_LIMIT;
    *ms = seconds * 1000 + thousandths;
    return LAT_OK;
}

bool
lat_is_host_name(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > HOST_NAME_LEN_MAX || text[0] == '.' || text[0] == '-' || strstr(text, "..") != NULL)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
            return false;
    }
    return true;
}

bool
lat_copy(char *out, size_t out_size, const char *in)
{
    size_t len = strlen(in), keep = len;

    if (out_size == 0)
        return len == 0;
    if (keep >= out_size) {
        keep = out_size - 1;
        while (keep > 0 && ((uint8_t)in[keep] & 0xc0) == 0x80)
            keep--;
    }
    memcpy(out, in, keep);
    out[keep] = 0;
    return keep == len;
}
