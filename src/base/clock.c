#include "config.h"

#include "base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static uint64_t
read_us(clockid_t id)
{
    struct timespec ts = { 0 };

    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
lat_mono_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t
lat_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

uint64_t
lat_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

uint64_t
lat_sleep_ms(void)
{
    uint64_t boot = read_us(CLOCK_BOOTTIME);
    uint64_t mono = read_us(CLOCK_MONOTONIC);

    return boot > mono ? (boot - mono) / 1000 : 0;
}

void
lat_time_text(uint64_t unix_ms, char out[LAT_TIME_TEXT_LEN])
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm = { 0 };
    size_t len;

    gmtime_r(&seconds, &tm);
    len = strftime(out, LAT_TIME_TEXT_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, LAT_TIME_TEXT_LEN - len, ".%03uZ", (unsigned)(unix_ms % 1000));
}

/* --- reading a time --- */

/* Exactly `digits` digits at *at, then the character `then` (0: none wanted). *at moves behind. */
static bool
take_number(const char **at, int digits, char then, int *value)
{
    *value = 0;
    for (; digits > 0; digits--, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *value = *value * 10 + (**at - '0');
    }
    if (then == 0)
        return true;
    return *(*at)++ == then || (then == 'T' && (*at)[-1] == 't');
}

/* ".25" -> 250; what is finer than a millisecond is dropped. */
static bool
take_fraction(const char **at, int *ms)
{
    int unit = 100;

    *ms = 0;
    if (**at != '.')
        return true;
    if (!isdigit((unsigned char)*++*at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
        *ms += (**at - '0') * unit;
    return true;
}

/* "Z" or "+01:30": seconds to take away. Nothing behind it. */
static bool
take_offset(const char **at, int *seconds)
{
    int hours, minutes, sign = **at == '-' ? -1 : 1;

    *seconds = 0;
    if (**at == 'Z' || **at == 'z')
        return *++*at == 0;
    if (**at != '+' && **at != '-')
        return false;
    ++*at;
    if (!take_number(at, 2, ':', &hours) || !take_number(at, 2, 0, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return **at == 0;
}

/* Days from 1970-01-01 in the Gregorian calendar, years counted from March so that the leap day comes last.
 */
static int64_t
days_since_1970(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int
days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

enum lat_err
lat_time_parse(const char *text, uint64_t *unix_ms)
{
    const char *at = text;
    int year, month, day, hour, minute, second, ms, offset;
    int64_t seconds;
    bool ok = take_number(&at, 4, '-', &year) && take_number(&at, 2, '-', &month) &&
              take_number(&at, 2, 'T', &day) && take_number(&at, 2, ':', &hour) &&
              take_number(&at, 2, ':', &minute) && take_number(&at, 2, 0, &second) &&
              take_fraction(&at, &ms) && take_offset(&at, &offset);

    if (!ok || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return LAT_MALFORMED;
    seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    if (seconds < 0)
        return LAT_LIMIT;
    *unix_ms = (uint64_t)seconds * 1000 + (uint64_t)ms;
    return LAT_OK;
}
