/*
 * bench.h - what the measuring programs share: time, series of figures, lines for the table, made-up entries.
 *
 * A program prints what it found as lines of fields between tabs, which tests/bench/table makes a table of:
 *
 *   section, what, unit, ours, rival, the rival's figure, target
 *
 * target: ">=0.8x" and "<=1x" bound ours / the rival's, "<=2500" bounds ours, "" only shows. The rival's
 * figure may be "missing" (not installed here). These programs are not tests: what cannot go on ends with a
 * message.
 */
#ifndef LAT_TESTS_BENCH_H
#define LAT_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic time in seconds. */
double bench_now(void);

/* CPU time of this process in seconds. */
double bench_cpu(void);

/* End with a message. */
_Noreturn void bench_fail(const char *what, const char *why) __attribute__((cold));

/* Figures of one kind, in any order. */
struct series {
    double *values;
    size_t count, room;
};
void series_add(struct series *series, double value);
double series_at(struct series *series, double quantile); /* sorts; 0.5 is the median; NAN when empty */
void series_free(struct series *series);

/* One line; rival NULL: none. */
void bench_line(const char *section, const char *what, const char *unit, double ours, const char *rival,
                double theirs, const char *target);

/* The same where the rival is not installed. */
void bench_line_missing(const char *section, const char *what, const char *unit, double ours,
                        const char *rival, const char *target);

/* Entry number n: text key and value in stored form, as an account of a ledger would have them (about 85
 * bytes). */
#define BENCH_KEY_MAX 40
#define BENCH_VALUE_MAX 160
size_t bench_key(uint64_t n, char out[BENCH_KEY_MAX]);
size_t bench_value(uint64_t n, char out[BENCH_VALUE_MAX]);

/* A number from the environment. */
unsigned bench_setting(const char *name, unsigned otherwise);

#endif
