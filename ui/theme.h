/*
 * theme.h - styles by meaning, turned into terminal attributes.
 *
 * Two tables: colour and mono. Colour never carries a meaning alone: the mono attributes stay on in the
 * colour table wherever they tell something, and words and glyphs tell it again. No black foreground, no blue
 * on the default background, nothing told by dim. Pure.
 */
#ifndef LAT_UI_THEME_H
#define LAT_UI_THEME_H

#include <stdbool.h>

#include "canvas.h"

enum theme_attribute { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4 };

struct theme_look {
    unsigned attributes; /* enum theme_attribute */
    int foreground;      /* ANSI colour 0 .. 7; -1: the terminal's own */
    int background;
};

/* The look of a cell's style, STYLE_SELECTED included. */
struct theme_look theme_look(int style, bool colour);

#endif
