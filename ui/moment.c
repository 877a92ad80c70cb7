#include "config.h"

#include "moment.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "format.h"

#define DAY_S 86400u

/* Two digits that make a figure below a limit. */
static bool
take_pair(const char **text, unsigned below, unsigned *out)
{
    const char *at = *text;

    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
    *text = at + 2;
    return *out < below;
}

/* "03:12" or "03:12:40" as seconds since midnight. */
static bool
parse_clock(const char *text, unsigned *second)
{
    unsigned h, m, s = 0;

    if (!take_pair(&text, 24, &h) || *text++ != ':' || !take_pair(&text, 60, &m))
        return false;
    if (*text == ':') {
        text++;
        if (!take_pair(&text, 60, &s))
            return false;
    }
    *second = h * 3600 + m * 60 + s;
    return *text == 0;
}

/* "-2h" */
static bool
parse_ago(const char *text, uint64_t *ms)
{
    char figure[8];
    size_t len = strlen(text);
    uint64_t unit, count;

    if (len < 3 || len > sizeof(figure) || text[0] != '-')
        return false;
    switch (text[len - 1]) {
    case 's':
        unit = 1000;
        break;
    case 'm':
        unit = 60000;
        break;
    case 'h':
        unit = 3600000;
        break;
    case 'd':
        unit = 86400000;
        break;
    default:
        return false;
    }
    snprintf(figure, sizeof(figure), "%.*s", (int)(len - 2), text + 1);
    if (lat_parse_u64(figure, 999999, &count))
        return false;
    *ms = count * unit;
    return true;
}

enum lat_err
moment_parse(const char *text, uint64_t now_ms, uint64_t *out_ms)
{
    char clock[FORMAT_MAX];
    unsigned wanted, present;
    uint64_t ago, at;

    if (parse_ago(text, &ago)) {
        if (ago == 0 || ago > now_ms)
            return LAT_MALFORMED;
        *out_ms = now_ms - ago;
        return LAT_OK;
    }
    /* By the same clock that the screen shows, whatever its zone. */
    if (parse_clock(text, &wanted) && parse_clock(format_when(now_ms, 0, clock), &present)) {
        ago = (present + DAY_S - wanted) % DAY_S;
        at = now_ms - now_ms % 1000 - 1000 * ago;
        *out_ms = at + 999; /* to the end of that second */
        return LAT_OK;
    }
    if (lat_time_parse(text, &at) || at >= now_ms)
        return LAT_MALFORMED;
    *out_ms = at;
    return LAT_OK;
}
