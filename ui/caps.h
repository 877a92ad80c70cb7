/*
 * caps.h - what a terminal can show: character tier and colours, decided once at start.
 *
 * Two tiers: ASCII, and Unicode with box drawing and eighth blocks. The second one is taken only when the
 * locale is UTF-8, TERM is no console or vt, and the width table gives each of its characters one column.
 * Nothing is lost in the first: every state has its own word and glyph. Pure but for the locale.
 */
#ifndef LAT_UI_CAPS_H
#define LAT_UI_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "theme.h"

#define SPARK_LEVELS 8

/* The characters that pictures are made of. */
struct charset {
    uint32_t rule, rule_focus;   /* panel header */
    uint32_t vline, vline_focus; /* sides of a box */
    uint32_t corner[4];          /* top left, top right, bottom left, bottom right */
    uint32_t corner_focus[4];
    uint32_t spark[SPARK_LEVELS]; /* [0]: nothing */
    uint32_t bar_full, bar_empty;
    uint32_t block; /* big digits */
    bool braille;   /* sparklines of dots, two values and four levels a cell; spark[] is unused */
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum graph_kind { GRAPH_BLOCK, GRAPH_BRAILLE, GRAPH_ASCII };

struct caps {
    bool unicode;
    bool colour; /* false: attributes alone */
    enum theme theme; /* THEME_MONO without colour */
    int colours;      /* of the terminal */
    const struct charset *charset;
};

/* The tiers themselves, for --ascii and for tests. */
const struct charset *charset_ascii(void);
const struct charset *charset_unicode(void);

/*
 * Decide. term: value of TERM or NULL; ascii: asked for; mode: --color; no_color: value of NO_COLOR or NULL;
 * colours: how many the terminal has (0 where there is no terminal).
 */
struct caps caps_decide(const char *term, bool ascii, enum color_mode mode, const char *no_color,
                        int colours);

/* What the operator prefers, as far as the terminal can: a theme where there is colour, braille where there is Unicode. */
void caps_prefer(struct caps *caps, enum theme theme, enum graph_kind graph);

#endif
