/*
 * Shortest decimal text of a double, nearest to it among the shortest, in Python's layout.
 *
 * printf rounds correctly to any number of digits and strtod reads back correctly, so the search is for the
 * least number of digits n at which some decimal reads back. Two facts make it short and right:
 *
 * - A normal double keeps any decimal of DBL_DIG = 15 digits. So whatever decimal of at most 15 digits
 *   reads back, rounding to 15 digits finds it again with zeros behind; below 16 digits nothing else need be
 * tried.
 * - At a power of two the doubles below stand closer than those above. There the nearest decimal may lie
 *   below and miss, while the next one above, though further off, hits. Only that neighbour can help: the gap
 * towards zero is never the wider one.
 *
 * Subnormal doubles keep fewer digits and are searched from one digit on.
 */
#include "config.h"

#include "state/json_double.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/json.h"

#define DIGITS_MAX 17 /* always enough */

/* value = 0.d1d2d3... x 10^(exponent + 1), without sign. */
struct decimal {
    char digits[DIGITS_MAX + 1]; /* d1 not 0; terminated */
    int exponent;
};

static locale_t c_locale;

static void
open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        abort(); /* the C locale needs no file and no memory worth the name */
}

/* Numbers have a point, whatever the program did with setlocale. Returns what to restore. */
static locale_t
enter_c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, open_c_locale);
    return uselocale(c_locale);
}

/* Round to n digits. */
static void
round_to(double value, int n, struct decimal *out)
{
    char text[40];
    char *exponent;

    snprintf(text, sizeof(text), "%.*e", n - 1, value);
    exponent = strchr(text, 'e');
    out->digits[0] = text[0];
    memcpy(out->digits + 1, text + 2, (size_t)n - 1);
    out->digits[n] = 0;
    out->exponent = (int)strtol(exponent + 1, NULL, 10);
}

/* One more in the last place. */
static void
step_up(struct decimal *decimal)
{
    size_t i = strlen(decimal->digits);

    while (i > 0 && decimal->digits[i - 1] == '9')
        decimal->digits[--i] = '0';
    if (i > 0) {
        decimal->digits[i - 1]++;
    } else {
        decimal->digits[0] = '1';
        decimal->exponent++;
    }
}

static bool
reads_back(const struct decimal *decimal, double value)
{
    char text[48];

    snprintf(text, sizeof(text), "%.1s.%se%d", decimal->digits, decimal->digits + 1, decimal->exponent);
    return strtod(text, NULL) == value;
}

static void
find_shortest(double value, struct decimal *out)
{
    int n = value < DBL_MIN ? 1 : DBL_DIG;
    size_t len;

    for (; n < DIGITS_MAX; n++) {
        round_to(value, n, out);
        if (reads_back(out, value))
            break;
        step_up(out);
        if (reads_back(out, value))
            break;
    }
    if (n == DIGITS_MAX)
        round_to(value, n, out);
    for (len = strlen(out->digits); len > 1 && out->digits[len - 1] == '0'; len--)
        out->digits[len - 1] = 0;
}

/* The digits with the point behind the first `whole` of them, zeros where there is no digit. */
static void
lay_out_fixed(const struct decimal *decimal, char *out)
{
    int count = (int)strlen(decimal->digits);
    int whole = decimal->exponent + 1;

    if (whole <= 0) {
        sprintf(out, "0.%.*s%s", -whole, "0000", decimal->digits);
        return;
    }
    sprintf(out, "%.*s%.*s.%s", whole, decimal->digits, whole < count ? 0 : whole - count, "0000000000000000",
            whole < count ? decimal->digits + whole : "0");
}

static void
lay_out(const struct decimal *decimal, char *out)
{
    const char *rest = decimal->digits + 1;

    if (decimal->exponent >= -4 && decimal->exponent < 16) {
        lay_out_fixed(decimal, out);
        return;
    }
    sprintf(out, "%c%s%se%+03d", decimal->digits[0], *rest ? "." : "", rest, decimal->exponent);
}

void
json_double_text(double value, char out[32])
{
    struct decimal decimal;
    locale_t former;

    if (signbit(value))
        *out++ = '-';
    if (value == 0) {
        memcpy(out, "0.0", sizeof("0.0"));
        return;
    }
    former = enter_c_locale();
    find_shortest(fabs(value), &decimal);
    lay_out(&decimal, out);
    uselocale(former);
}

enum lat_err
json_double_read(const char *text, size_t len, double *value)
{
    char few[64];
    char *copy = few; /* strtod needs an end; the text may have none */
    locale_t former;

    if (len >= sizeof(few)) {
        copy = malloc(len + 1);
        if (copy == NULL)
            return LAT_NOMEM;
    }
    memcpy(copy, text, len);
    copy[len] = 0;
    former = enter_c_locale();
    *value = strtod(copy, NULL);
    uselocale(former);
    if (copy != few)
        free(copy);
    return LAT_OK;
}
