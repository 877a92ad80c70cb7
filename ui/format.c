#include "config.h"

#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "i18n.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE INT64_C(60)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)

static const char *
none(char out[FORMAT_MAX], const char *word)
{
    snprintf(out, FORMAT_MAX, "%s", word);
    return out;
}

static const char *
span_seconds(int64_t s, char out[FORMAT_MAX])
{
    if (s < HOUR)
        snprintf(out, FORMAT_MAX, "%02" PRId64 ":%02" PRId64, s / MINUTE, s % MINUTE);
    else if (s < DAY)
        snprintf(out, FORMAT_MAX, "%" PRId64 "h%02" PRId64, s / HOUR, s % HOUR / MINUTE);
    else if (s < 1000 * DAY)
        snprintf(out, FORMAT_MAX, "%" PRId64 "d%02" PRId64 "h", s / DAY, s % DAY / HOUR);
    else
        snprintf(out, FORMAT_MAX, "%" PRId64 "d", s / DAY);
    return out;
}

const char *
format_span(int64_t ms, char out[FORMAT_MAX])
{
    return ms < 0 ? none(out, "-") : span_seconds(ms / SECOND_MS, out);
}

const char *
format_clock_span(int64_t ms, char out[FORMAT_MAX])
{
    int64_t s = ms / SECOND_MS;

    if (ms < 0)
        return none(out, "-");
    if (s >= 100 * HOUR)
        return span_seconds(s, out);
    snprintf(out, FORMAT_MAX, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, s / HOUR, s % HOUR / MINUTE,
             s % MINUTE);
    return out;
}

static int64_t
round_up(int64_t ms)
{
    return ms / SECOND_MS + (ms % SECOND_MS != 0);
}

const char *
format_left(int64_t ms, char out[FORMAT_MAX])
{
    if (ms < 0)
        return none(out, "-");
    snprintf(out, FORMAT_MAX, "%" PRId64 " s", round_up(ms));
    return out;
}

const char *
format_left_clock(int64_t ms, char out[FORMAT_MAX])
{
    return ms < 0 ? none(out, "-") : span_seconds(round_up(ms), out);
}

const char *
format_uptime(int64_t ms, char out[FORMAT_MAX])
{
    int64_t s = ms / SECOND_MS;

    if (ms < 0)
        return none(out, "-");
    if (s < MINUTE)
        return none(out, "<1m");
    if (s >= HOUR)
        return span_seconds(s, out);
    snprintf(out, FORMAT_MAX, "%" PRId64 "m", s / MINUTE);
    return out;
}

static bool local_zone;

void
format_use_zone(bool local)
{
    local_zone = local;
}

/* Seconds since midnight, here or in UTC. */
static uint64_t
second_of_day(uint64_t wall_ms)
{
    time_t at = (time_t)(wall_ms / 1000);
    struct tm here;

    if (local_zone && localtime_r(&at, &here))
        return (uint64_t)here.tm_hour * 3600 + (uint64_t)here.tm_min * 60 + (uint64_t)here.tm_sec;
    return wall_ms / 1000 % (uint64_t)DAY;
}

static const char *
time_of_day(uint64_t wall_ms, const char *zone, char out[FORMAT_MAX])
{
    uint64_t s = second_of_day(wall_ms);

    snprintf(out, FORMAT_MAX, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "%s", s / 3600, s % 3600 / 60, s % 60,
             zone);
    return out;
}

const char *
format_when(uint64_t wall_ms, int64_t age_ms, char out[FORMAT_MAX])
{
    if (age_ms < 0)
        return none(out, "never");
    if (age_ms >= DAY * SECOND_MS || (uint64_t)age_ms > wall_ms)
        return format_span(age_ms, out);
    return time_of_day(wall_ms - (uint64_t)age_ms, "", out);
}

const char *
format_time(uint64_t wall_ms, char out[FORMAT_MAX])
{
    return time_of_day(wall_ms, local_zone ? "" : "Z", out);
}

const char *
format_count(uint64_t count, char out[FORMAT_MAX])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = 0;
    return out;
}

const char *
format_bytes(uint64_t bytes, char out[FORMAT_MAX])
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(out, FORMAT_MAX, "%" PRIu64 " B", bytes);
        return out;
    }
    for (value /= 1024; value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    /* Tenths by integers: printf's decimal point follows the locale. */
    if (value < 99.95) {
        unsigned tenths = (unsigned)(value * 10 + 0.5);

        snprintf(out, FORMAT_MAX, "%u.%u %s", tenths / 10, tenths % 10, units[unit]);
    } else
        snprintf(out, FORMAT_MAX, "%u %s", (unsigned)(value + 0.5), units[unit]);
    return out;
}

/* The nouns that are counted. */
static const char *
noun_for(uint64_t count, const char *noun)
{
    unsigned long n = count < 1000000 ? (unsigned long)count : (unsigned long)(count % 1000000 + 1000000);

    if (strcmp(noun, "peer") == 0)
        return NP_("peer", "peers", n);
    if (strcmp(noun, "source") == 0)
        return NP_("source", "sources", n);
    if (strcmp(noun, "key") == 0)
        return NP_("key", "keys", n);
    if (strcmp(noun, "record") == 0)
        return NP_("record", "records", n);
    if (strcmp(noun, "alert") == 0)
        return NP_("alert", "alerts", n);
    return NP_("line", "lines", n);
}

const char *
format_noun(uint64_t count, const char *noun, char out[FORMAT_MAX])
{
    char figure[FORMAT_MAX];

    snprintf(out, FORMAT_MAX, "%s %.10s", format_count(count, figure), noun_for(count, noun));
    return out;
}
