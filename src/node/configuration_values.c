#include "config.h"

#include "node/configuration_values.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/key.h"
#include "wire/peerid.h"

#define SHOWN_MAX 80
#define PATH_TEXT_MAX (PATH_MAX - 64) /* with room for the names of files in the state directory */

enum lat_err
config_refuse(struct lat_msg *why, const char *value, const char *fmt, ...)
{
    char shown[SHOWN_MAX], rest[LAT_MSG_MAX - SHOWN_MAX - 3];
    va_list args;

    va_start(args, fmt);
    vsnprintf(rest, sizeof(rest), fmt, args);
    va_end(args);
    lat_msg_set(why, "'%s' %s", lat_escape_str(value, shown, sizeof(shown)), rest);
    return LAT_MALFORMED;
}

bool
config_cut(const char *text, size_t len, char *out, size_t out_size)
{
    if (len >= out_size)
        return false;
    memcpy(out, text, len);
    out[len] = 0;
    return true;
}

/* --- keys and times --- */

enum lat_err
config_read_key(const char *text, uint8_t key[32], struct lat_msg *why)
{
    uint8_t found[32];

    if (lat_unhex(text, found, sizeof(found)) && peerid_ed25519_key(text, found))
        return config_refuse(
            why, text,
            "is neither a public key of 64 hex digits nor a peer id of an Ed25519 key; 'lattice id' "
            "prints both");
    if (!key_public_is_sound(found))
        return config_refuse(
            why, text,
            "is no sound Ed25519 key: anybody could sign with it; copy it again from 'lattice id'");
    memcpy(key, found, sizeof(found));
    return LAT_OK;
}

enum lat_err
config_read_time(const char *text, uint64_t *unix_ms, struct lat_msg *why)
{
    switch (lat_time_parse(text, unix_ms)) {
    case LAT_OK:
        return LAT_OK;
    case LAT_LIMIT:
        return config_refuse(why, text, "is before 1970");
    default:
        return config_refuse(why, text, "is no time; use a form as in 2026-03-14T14:03:27Z");
    }
}

enum lat_err
config_read_retired(const char *text, struct config_key *out, struct lat_msg *why)
{
    const char *sign = strchr(text, '@');
    struct config_key retired;
    uint64_t unix_ms = 0;
    char key[SHOWN_MAX];
    enum lat_err err;

    if (sign == NULL || !config_cut(text, (size_t)(sign - text), key, sizeof(key)))
        return config_refuse(why, text, "is no KEY@TIME; use a form as in 12D3...@2026-03-14T14:03:27Z");
    err = config_read_key(key, retired.key, why);
    if (!err)
        err = config_read_time(sign + 1, &unix_ms, why);
    if (err)
        return err;
    retired.below_hlc = unix_ms << 16; /* an HLC is milliseconds, then a counter of 16 bits */
    *out = retired;
    return LAT_OK;
}

/* --- sizes --- */

enum lat_err
config_read_size(const char *text, uint64_t *bytes, struct lat_msg *why)
{
    static const char units[] = "KMGT";
    char digits[24];
    size_t len = strspn(text, "0123456789");
    const char *unit = text + len + strspn(text + len, " ");
    unsigned shift = 0;
    uint64_t number;

    if (*unit && strchr(units, toupper((unsigned char)*unit)) != NULL) {
        shift = 10 * (unsigned)(strchr(units, toupper((unsigned char)*unit)) - units + 1);
        unit += strcasecmp(unit + 1, "iB") == 0 ? 3 : 1;
    }
    if (*unit || !config_cut(text, len, digits, sizeof(digits)) ||
        lat_parse_u64(digits, UINT64_MAX >> shift, &number))
        return config_refuse(why, text, "is no size; use bytes, or a form as in 64 KiB, 512M or 64 GiB");
    *bytes = number << shift;
    return LAT_OK;
}

/* --- names --- */

static enum lat_err
check_plain_text(const char *text, size_t max, struct lat_msg *why)
{
    size_t len = strlen(text);
    uint32_t c = 0;

    if (len > max)
        return config_refuse(why, text, "is too long; use at most %zu bytes", max);
    for (size_t i = 0; i < len;) {
        size_t n = lat_utf8_next((const uint8_t *)text + i, len - i, &c);

        if (n == 0 || lat_is_unsafe(c))
            return config_refuse(why, text, "has characters that cannot be shown; use plain UTF-8 text");
        i += n;
    }
    return LAT_OK;
}

enum lat_err
config_check_name(const char *text, struct lat_msg *why)
{
    return check_plain_text(text, SNAPSHOT_NAME_MAX - 1, why);
}

enum lat_err
config_check_topic(const char *text, struct lat_msg *why)
{
    return check_plain_text(text, 255, why);
}

enum lat_err
config_check_path(const char *text, struct lat_msg *why)
{
    return strlen(text) < PATH_TEXT_MAX ? LAT_OK : config_refuse(why, text, "is too long for a path");
}
