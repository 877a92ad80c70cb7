#include "config.h"

#include "attach/ssh_match.h"

#include <ctype.h>
#include <string.h>

/* One star at a time: after a mismatch the last one takes a character more. No recursion, no exponential patterns. */
static bool
fits(const char *pattern, size_t len, const char *text, bool fold)
{
    const char *end = pattern + len, *star = NULL, *resume = NULL;

    while (*text) {
        unsigned char want = pattern < end ? (unsigned char)*pattern : 0;

        if (pattern < end && want == '*') {
            star = ++pattern;
            resume = text;
        } else if (pattern < end && (want == '?' || (char)(fold ? tolower(want) : want) == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

bool
ssh_match_pattern(const char *pattern, size_t len, const char *text)
{
    return fits(pattern, len, text, false);
}

enum ssh_match
ssh_match_list(const char *list, size_t len, const char *text)
{
    const char *end = list + len;
    enum ssh_match result = SSH_MATCH_NO;

    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma ? comma : end;
        bool negated = *list == '!';

        if (fits(list + negated, (size_t)(stop - list) - negated, text, true)) {
            if (negated)
                return SSH_MATCH_NEGATED;
            result = SSH_MATCH_YES;
        }
        list = comma ? comma + 1 : end;
    }
    return result;
}
