#include "config.h"

#include "repeat.h"

#include <stdio.h>
#include <string.h>

#define CHAR_LEN 3   /* U+0800 .. U+FFFF: all of box drawing and blocks */
#define RUN_MIN 4    /* shorter runs gain nothing */
#define COUNT_MAX 16 /* "ESC [ 999 b" and its zero, with room */

bool
repeat_is_known(const char *rep)
{
    return rep && rep != (const char *)-1 && strcmp(rep, "%p1%c\033[%p2%{1}%-%db") == 0;
}

static bool
is_three_bytes(const char *at, size_t left)
{
    return left >= CHAR_LEN && ((unsigned char)at[0] & 0xf0) == 0xe0;
}

/* How many times the character at the front stands there. */
static size_t
run_length(const char *at, size_t left)
{
    size_t run = 1;

    while (left >= (run + 1) * CHAR_LEN && memcmp(at, at + run * CHAR_LEN, CHAR_LEN) == 0)
        run++;
    return run;
}

size_t
repeat_pack(char *bytes, size_t len)
{
    size_t from = 0, to = 0;

    while (from < len) {
        size_t run = is_three_bytes(bytes + from, len - from) ? run_length(bytes + from, len - from) : 0;
        size_t take = run == 0 ? 1 : run < RUN_MIN ? run * CHAR_LEN : CHAR_LEN;
        char count[COUNT_MAX];

        memmove(bytes + to, bytes + from, take);
        to += take;
        from += run == 0 ? 1 : run * CHAR_LEN;
        if (run >= RUN_MIN) {
            int n = snprintf(count, sizeof(count), "\033[%zub", run - 1);

            memcpy(bytes + to, count, (size_t)n);
            to += (size_t)n;
        }
    }
    return to;
}
