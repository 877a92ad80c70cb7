/*
 * The grammar of python-dotenv, whose files operators have: one binding a line,
 *
 *     [export] NAME [= value] [# comment]
 *
 * a value being '...' (escapes \\ and \'), "..." (escapes \\ \' \" \a \b \f \n \r \t \v), both over several
 * lines if need be, or bare text up to a blank with '#'. ${NAME} and ${NAME:-default} are replaced in all
 * three, as there. Where python-dotenv skips a line that it cannot read with a warning, this parser stops: a
 * setting that silently does not count is worse than a node that does not start.
 */
#include "config.h"

#include "base/dotenv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"

/* ${NAME} can double a value with each line: all values together end here. */
#define VALUES_MAX (4 * DOTENV_SIZE_MAX)

struct parser {
    const char *at, *end;
    int line;
    dotenv_lookup_fn lookup;
    void *arg;
    struct dotenv env;
    size_t cap;         /* entries allocated */
    size_t values_len;  /* bytes of all values */
    struct lat_buf raw; /* the value being read, quotes and escapes undone */
    struct lat_msg *why;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool
is_newline(char c)
{
    return c == '\n' || c == '\r';
}

static bool
at_end_of_line(const struct parser *p)
{
    return p->at == p->end || is_newline(*p->at);
}

static void
skip_blanks(struct parser *p)
{
    while (p->at < p->end && is_blank(*p->at))
        p->at++;
}

/* Over one LF, CR or CRLF. */
static void
skip_newline(struct parser *p)
{
    if (p->end - p->at >= 2 && p->at[0] == '\r' && p->at[1] == '\n')
        p->at++;
    p->at++;
    p->line++;
}

static void
skip_rest_of_line(struct parser *p)
{
    while (!at_end_of_line(p))
        p->at++;
}

/* Go over from[0 .. at), counting its lines. */
static void
count_lines(struct parser *p, const char *from)
{
    for (; from < p->at; from++) {
        if (*from == '\n' || (*from == '\r' && !(from + 1 < p->end && from[1] == '\n')))
            p->line++;
    }
}

static enum lat_err
complain(struct parser *p, int line, const char *what)
{
    lat_msg_set(p->why, "line %d: %s", line, what);
    return LAT_MALFORMED;
}

/* --- names --- */

static bool
is_name_char(char c)
{
    return c > ' ' && c < 0x7f && c != '=' && c != '#' && c != '"' && c != '\'';
}

static enum lat_err
parse_name(struct parser *p, char **name)
{
    char quote = p->at < p->end && *p->at == '\'' ? '\'' : 0;
    const char *from = quote ? p->at + 1 : p->at;
    const char *to = from;

    while (to < p->end && (quote ? *to != quote && !is_newline(*to) : is_name_char(*to)))
        to++;
    if (to == from || (quote && (to == p->end || *to != quote)))
        return complain(p, p->line, "no name of a variable here; write NAME=value, or # before a comment");
    *name = strndup(from, (size_t)(to - from));
    p->at = to + (quote ? 1 : 0);
    return *name == NULL ? LAT_NOMEM : LAT_OK;
}

/* --- values --- */

/* What a backslash and this character stand for between these quotes; 0: no escape, both stay. */
static char
unescape(char c, char quote)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    const char *at = c ? strchr(from, c) : NULL;

    if (at == NULL || (quote == '\'' && c != '\\' && c != '\''))
        return 0;
    return to[at - from];
}

/*
 * The quote that closes the text from `at`: the first without a backslash before it. Where there is none, the
 * last one with a backslash: the author of "C:\dir\" meant that.
 */
static const char *
closing_quote(const char *at, const char *end, char quote)
{
    const char *escaped = NULL;

    for (; at < end; at++) {
        if (*at == quote)
            return at;
        if (*at == '\\' && at + 1 < end && at[1] == quote)
            escaped = ++at;
    }
    return escaped;
}

static enum lat_err
parse_quoted(struct parser *p)
{
    char quote = *p->at++;
    const char *from = p->at, *close = closing_quote(from, p->end, quote);
    enum lat_err err = LAT_OK;

    if (close == NULL)
        return complain(p, p->line,
                        quote == '"' ? "the \" that opens here is never closed; add the second one"
                                     : "the ' that opens here is never closed; add the second one");
    while (!err && p->at < close) {
        char meant = *p->at == '\\' && p->at + 1 < close ? unescape(p->at[1], quote) : 0;

        err = lat_buf_add_u8(&p->raw, (uint8_t)(meant ? meant : *p->at));
        p->at += meant ? 2 : 1;
    }
    p->at = close + 1;
    count_lines(p, from);
    return err;
}

static enum lat_err
parse_bare(struct parser *p)
{
    const char *from = p->at, *to = p->at;

    skip_rest_of_line(p);
    while (to < p->at && !(is_blank(to[0]) && to + 1 < p->at && to[1] == '#'))
        to++;
    while (to > from && is_blank(to[-1]))
        to--;
    return lat_buf_add(&p->raw, from, (size_t)(to - from));
}

/* --- ${NAME} --- */

/* Value of a name: what the file gave it before, else what the caller knows, else the default. */
static const char *
value_of(const struct parser *p, const char *name, const char *otherwise)
{
    const struct dotenv_entry *entry = dotenv_find(&p->env, name);
    const char *value;

    if (entry != NULL)
        return entry->value != NULL ? entry->value : "";
    value = p->lookup ? p->lookup(p->arg, name) : NULL;
    return value != NULL ? value : otherwise;
}

/* "${NAME}" or "${NAME:-default}" at text: its end, the name and the default cut out in place; NULL: none of
 * them. */
static char *
cut_reference(char *text, char **name, char **otherwise)
{
    static char nothing[] = "";
    char *close, *colon;

    if (text[0] != '$' || text[1] != '{')
        return NULL;
    close = strchr(text, '}');
    if (close == NULL)
        return NULL;
    colon = memchr(text, ':', (size_t)(close - text));
    if (colon != NULL && colon[1] != '-')
        return NULL;
    *name = text + 2;
    *otherwise = colon ? colon + 2 : nothing;
    if (colon != NULL)
        *colon = 0;
    *close = 0;
    return close + 1;
}

/* The raw value with its references replaced: the caller's string. */
static enum lat_err
expand(struct parser *p, char **value)
{
    struct lat_buf out;
    char *at;
    enum lat_err err = LAT_OK;

    if (lat_buf_str(&p->raw) == NULL)
        return LAT_NOMEM;
    lat_buf_init(&out, VALUES_MAX - p->values_len);
    for (at = (char *)p->raw.data; !err && *at;) {
        char *name, *otherwise, *behind = cut_reference(at, &name, &otherwise);

        if (behind == NULL) {
            err = lat_buf_add_u8(&out, (uint8_t)*at++);
        } else {
            const char *text = value_of(p, name, otherwise);

            err = lat_buf_add(&out, text, strlen(text));
            at = behind;
        }
    }
    if (!err && lat_buf_str(&out) == NULL)
        err = LAT_NOMEM;
    if (err) {
        lat_buf_fini(&out);
        return err;
    }
    p->values_len += out.len;
    *value = (char *)out.data;
    return LAT_OK;
}

/* --- bindings --- */

static enum lat_err
parse_value(struct parser *p, char **value)
{
    enum lat_err err = LAT_OK;

    p->at++;
    skip_blanks(p);
    lat_buf_clear(&p->raw);
    if (p->at < p->end && (*p->at == '"' || *p->at == '\''))
        err = parse_quoted(p);
    else
        err = parse_bare(p);
    return err ? err : expand(p, value);
}

/* take name and value */
static enum lat_err
add_entry(struct parser *p, char *name, char *value, int line)
{
    if (p->env.count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 32;
        struct dotenv_entry *grown =
            p->env.count < DOTENV_ENTRIES_MAX ? realloc(p->env.entries, cap * sizeof(*grown)) : NULL;

        if (grown == NULL) {
            free(name);
            free(value);
            return p->env.count < DOTENV_ENTRIES_MAX ? LAT_NOMEM : LAT_LIMIT;
        }
        p->env.entries = grown;
        p->cap = cap;
    }
    p->env.entries[p->env.count++] = (struct dotenv_entry){ name, value, line };
    return LAT_OK;
}

static void
skip_export(struct parser *p)
{
    static const char word[] = "export";
    size_t len = sizeof(word) - 1;

    if ((size_t)(p->end - p->at) <= len || memcmp(p->at, word, len) != 0 || !is_blank(p->at[len]))
        return;
    p->at += len;
    skip_blanks(p);
}

static enum lat_err
parse_binding(struct parser *p)
{
    char *name = NULL, *value = NULL;
    int line = p->line;
    enum lat_err err;

    skip_export(p);
    if (p->at < p->end && *p->at == '#') {
        skip_rest_of_line(p);
        return LAT_OK;
    }
    err = parse_name(p, &name);
    if (err)
        return err;
    skip_blanks(p);
    if (p->at < p->end && *p->at == '=')
        err = parse_value(p, &value);
    skip_blanks(p);
    if (!err && !at_end_of_line(p) && *p->at != '#')
        err = complain(p, line,
                       value ? "text after the closing quote; put the whole value between the quotes"
                             : "a name is followed by =; names have no blanks");
    if (err) {
        free(name);
        free(value);
        return err;
    }
    skip_rest_of_line(p);
    return add_entry(p, name, value, line);
}

/* Bytes that no text file has; the line of the first into p->line. */
static enum lat_err
check_text(struct parser *p)
{
    struct parser at = *p;

    while (at.at < at.end) {
        uint32_t c = 0;
        size_t n = lat_utf8_next((const uint8_t *)at.at, (size_t)(at.end - at.at), &c);

        if (n == 0)
            return complain(p, at.line, "bytes that are no UTF-8; save the file as UTF-8");
        if (c == 0)
            return complain(p, at.line, "a zero byte; this is no text file");
        if (is_newline(*at.at))
            skip_newline(&at);
        else
            at.at += n;
    }
    return LAT_OK;
}

enum lat_err
dotenv_parse(const char *text, size_t len, dotenv_lookup_fn lookup, void *arg, struct dotenv *out,
             struct lat_msg *why)
{
    struct parser p = { .at = text, .end = text + len, .line = 1, .lookup = lookup, .arg = arg, .why = why };
    enum lat_err err = len > DOTENV_SIZE_MAX ? LAT_LIMIT : check_text(&p);

    lat_buf_init(&p.raw, DOTENV_SIZE_MAX);
    if (!err && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        p.at += 3; /* the byte order mark that some editors write */
    while (!err && p.at < p.end) {
        skip_blanks(&p);
        if (!at_end_of_line(&p))
            err = parse_binding(&p);
        else if (p.at < p.end)
            skip_newline(&p);
    }
    lat_buf_fini(&p.raw);
    if (err == LAT_LIMIT)
        lat_msg_set(why, "too large: at most %d bytes, %d assignments and %d bytes of values",
                    DOTENV_SIZE_MAX, DOTENV_ENTRIES_MAX, VALUES_MAX);
    if (err)
        dotenv_fini(&p.env);
    else
        *out = p.env;
    return err;
}

const struct dotenv_entry *
dotenv_find(const struct dotenv *env, const char *name)
{
    for (size_t i = env->count; i-- > 0;) {
        if (strcmp(env->entries[i].name, name) == 0)
            return &env->entries[i];
    }
    return NULL;
}

void
dotenv_fini(struct dotenv *env)
{
    for (size_t i = 0; i < env->count; i++) {
        free(env->entries[i].name);
        if (env->entries[i].value != NULL)
            lat_wipe(env->entries[i].value,
                     strlen(env->entries[i].value)); /* seeds and tokens are among them */
        free(env->entries[i].value);
    }
    free(env->entries);
    *env = (struct dotenv){ 0 };
}
