#include "config.h"

#include "attach/ssh_words.h"

#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

/* The keyword ends at a blank or '='. */
static const char *
skip_equals(const char *at, const char *end, bool *equals)
{
    while (at < end && is_blank(*at))
        at++;
    if (at == end || *at != '=' || *equals)
        return at;
    *equals = true;
    for (at++; at < end && is_blank(*at); at++)
        ;
    return at;
}

/* A backslash keeps a quote, a backslash, or a blank outside quotes from meaning anything. */
static bool
is_escape(const char *at, const char *end, char quote)
{
    return *at == '\\' && at + 1 < end &&
           (at[1] == '"' || at[1] == '\'' || at[1] == '\\' || (quote == 0 && at[1] == ' '));
}

/* One word from *at on; writes it at *to. LAT_MALFORMED: the quote stays open. */
static enum lat_err
take_word(const char **at, const char *end, bool keyword, char **to)
{
    char quote = 0;

    for (; *at < end; (*at)++) {
        char c = **at;

        if (is_escape(*at, end, quote)) {
            (*at)++;
            *(*to)++ = **at;
        } else if (quote == 0 && (is_blank(c) || (keyword && c == '='))) {
            break;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote != 0 && c == quote) {
            quote = 0;
        } else {
            *(*to)++ = c;
        }
    }
    *(*to)++ = 0;
    return quote ? LAT_MALFORMED : LAT_OK;
}

enum lat_err
ssh_words_split(const char *line, size_t len, struct ssh_words *out)
{
    const char *at = line, *end = line + len;
    char *to = out->text;
    enum lat_err err;

    out->count = 0;
    out->equals = false;
    if (len >= sizeof(out->text) / 2) /* each word takes its bytes and a zero */
        return LAT_LIMIT;
    if (memchr(line, 0, len))
        return LAT_MALFORMED;
    while (at < end && is_blank(*at))
        at++;
    while (at < end && *at != '#') {
        if (out->count == SSH_WORDS_MAX)
            return LAT_LIMIT;
        out->words[out->count++] = to;
        err = take_word(&at, end, out->count == 1, &to);
        if (err)
            return err;
        if (out->count == 1)
            at = skip_equals(at, end, &out->equals);
        while (at < end && is_blank(*at))
            at++;
    }
    return LAT_OK;
}
