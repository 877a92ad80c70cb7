#include "config.h"

#include "bench/bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
seconds_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
bench_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double
bench_cpu(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void
bench_fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* --- series ---------------------------------------------------------------------------------------- */

void
series_add(struct series *series, double value)
{
    if (series->count == series->room) {
        series->room = series->room ? series->room * 2 : 64;
        series->values = reallocarray(series->values, series->room, sizeof(*series->values));
        if (series->values == NULL)
            bench_fail("figures", "out of memory");
    }
    series->values[series->count++] = value;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
series_at(struct series *series, double quantile)
{
    size_t at;

    if (series->count == 0)
        return NAN;
    qsort(series->values, series->count, sizeof(*series->values), compare);
    at = (size_t)(quantile * (double)(series->count - 1) + 0.5);
    return series->values[at];
}

void
series_free(struct series *series)
{
    free(series->values);
    *series = (struct series){ 0 };
}

/* --- lines ----------------------------------------------------------------------------------------- */

void
bench_line(const char *section, const char *what, const char *unit, double ours, const char *rival,
           double theirs, const char *target)
{
    printf("%s\t%s\t%s\t%.6g\t", section, what, unit, ours);
    if (rival != NULL)
        printf("%s\t%.6g\t%s\n", rival, theirs, target);
    else
        printf("\t\t%s\n", target);
    fflush(stdout);
}

void
bench_line_missing(const char *section, const char *what, const char *unit, double ours, const char *rival,
                   const char *target)
{
    printf("%s\t%s\t%s\t%.6g\t%s\tmissing\t%s\n", section, what, unit, ours, rival, target);
    fflush(stdout);
}

/* --- entries --------------------------------------------------------------------------------------- */

/* One step of splitmix64: keys come in no order, as those of a store by hash do. */
static uint64_t
scramble(uint64_t n)
{
    n += UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ (n >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ (n >> 27)) * UINT64_C(0x94d049bb133111eb);
    return n ^ (n >> 31);
}

size_t
bench_key(uint64_t n, char out[BENCH_KEY_MAX])
{
    return (size_t)snprintf(out, BENCH_KEY_MAX, "acct/%016" PRIx64, scramble(n));
}

size_t
bench_value(uint64_t n, char out[BENCH_VALUE_MAX])
{
    uint64_t mixed = scramble(~n);

    return (size_t)snprintf(out, BENCH_VALUE_MAX,
                            "{\"balance\": %" PRIu64 ".%" PRIu64 ", \"owner\": \"party-%04" PRIu64
                            "\", \"seq\": %" PRIu64 "}",
                            mixed % 1000000, mixed / 1000000 % 9 + 1, mixed / 100000000 % 10000, n);
}

unsigned
bench_setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}
