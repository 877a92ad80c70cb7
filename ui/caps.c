#include "config.h"

#include "caps.h"

#include <langinfo.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

static const struct charset ascii = {
    .rule = '-',
    .rule_focus = '=',
    .vline = '|',
    .vline_focus = '|',
    .corner = { '+', '+', '+', '+' },
    .corner_focus = { '+', '+', '+', '+' },
    .spark = { ' ', '.', ':', '-', '=', '+', '*', '#' },
    .bar_full = '#',
    .bar_empty = '.',
    .block = '#',
};

#define UNICODE_FRAME \
    .rule = 0x2500, \
    .rule_focus = 0x2501, \
    .vline = 0x2502, \
    .vline_focus = 0x2503, \
    .corner = { 0x250c, 0x2510, 0x2514, 0x2518 }, \
    .corner_focus = { 0x250f, 0x2513, 0x2517, 0x251b }, \
    .bar_full = 0x2588, \
    .bar_empty = ' ', \
    .block = 0x2588

static const struct charset unicode = { UNICODE_FRAME, .spark = { ' ', 0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587 } };

/* Sparklines of another kind in the same frames. */
static const struct charset braille = { UNICODE_FRAME, .braille = true };
static const struct charset plain_graphs = { UNICODE_FRAME, .spark = { ' ', '.', ':', '-', '=', '+', '*', '#' } };

const struct charset *
charset_ascii(void)
{
    return &ascii;
}

const struct charset *
charset_unicode(void)
{
    return &unicode;
}

static bool
all_one_column(const uint32_t *chars, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (wcwidth((wchar_t)chars[i]) != 1)
            return false;
    return true;
}

/* Does the width table agree with what the pictures assume? */
static bool
unicode_is_sound(void)
{
    const struct charset *u = &unicode;
    const uint32_t single[] = { u->rule,     u->rule_focus, u->vline, u->vline_focus,
                                u->bar_full, u->bar_empty,  u->block };

    return all_one_column(single, sizeof(single) / sizeof(single[0])) && all_one_column(u->corner, 4) &&
           all_one_column(u->corner_focus, 4) && all_one_column(u->spark, SPARK_LEVELS);
}

/* Terminals whose fonts or decoders cannot be trusted with more than ASCII. */
static bool
term_is_plain(const char *term)
{
    static const char *const plain[] = { "linux", "vt", "dumb", "ansi", "cons25" };

    if (term == NULL)
        return false;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (strncmp(term, plain[i], strlen(plain[i])) == 0)
            return true;
    return false;
}

struct caps
caps_decide(const char *term, bool want_ascii, enum color_mode mode, const char *no_color, int colours)
{
    struct caps caps = { .charset = &ascii };

    if (!want_ascii && !term_is_plain(term) && strcmp(nl_langinfo(CODESET), "UTF-8") == 0 &&
        unicode_is_sound()) {
        caps.unicode = true;
        caps.charset = &unicode;
    }
    if (mode == COLOR_ALWAYS)
        caps.colour = colours > 0;
    else if (mode == COLOR_AUTO)
        caps.colour = colours >= 8 && (no_color == NULL || no_color[0] == 0);
    caps.colours = colours;
    caps.theme = caps.colour ? THEME_DEFAULT : THEME_MONO;
    return caps;
}

void
caps_prefer(struct caps *caps, enum theme theme, enum graph_kind graph)
{
    caps->theme = caps->colour ? theme : THEME_MONO;
    if (!caps->unicode)
        return;
    if (graph == GRAPH_BRAILLE && wcwidth(0x28ff) == 1)
        caps->charset = &braille;
    else if (graph == GRAPH_ASCII)
        caps->charset = &plain_graphs;
    else
        caps->charset = &unicode;
}
