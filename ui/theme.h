/*
 * theme.h - styles by meaning, turned into terminal attributes.
 *
 * Colour never carries a meaning alone: the attributes of the mono table stay on in the others wherever they
 * tell something, and words and glyphs tell it again. No black foreground, no blue on the default background,
 * nothing told by dim. Pure.
 */
#ifndef LAT_UI_THEME_H
#define LAT_UI_THEME_H

#include "canvas.h"

enum theme {
    THEME_DEFAULT,  /* green, yellow, red */
    THEME_CVD,      /* blue and orange: told apart with every kind of colour vision; needs 256 colours to be itself */
    THEME_CONTRAST, /* bold, bright, reverse: for beamers and tired eyes */
    THEME_MONO,     /* attributes alone */
    THEME_COUNT
};

enum theme_attribute { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4 };

struct theme_look {
    unsigned attributes; /* enum theme_attribute */
    int foreground;      /* colour 0 .. 255, under 8 unless the terminal has more; -1: the terminal's own */
    int background;
};

/* The look of a cell's style, STYLE_SELECTED included, on a terminal with so many colours. */
struct theme_look theme_look(int style, enum theme theme, int colours);

/* "default", "cvd", "contrast", "mono". */
const char *theme_name(enum theme theme);

#endif
