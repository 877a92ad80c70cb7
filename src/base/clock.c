#include "config.h"

#include "base/clock.h"

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
