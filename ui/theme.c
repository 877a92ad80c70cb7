#include "config.h"

#include "theme.h"

enum { RED = 1, GREEN = 2, YELLOW = 3, BLUE = 4, CYAN = 6, WHITE = 7, OWN = -1 };

/* Of the cube of 256. */
enum { SKY = 33, CRIMSON = 160, ORANGE = 208 };

static const struct theme_look colour_looks[STYLE_COUNT] = {
    [STYLE_TEXT] = { 0, OWN, OWN },
    [STYLE_BAR] = { THEME_REVERSE, OWN, OWN },
    [STYLE_FRAME] = { 0, CYAN, OWN },
    [STYLE_HEAD] = { THEME_BOLD, OWN, OWN },
    [STYLE_COLUMN] = { 0, CYAN, OWN },
    [STYLE_KEY] = { THEME_BOLD, OWN, OWN },
    [STYLE_GOOD] = { 0, GREEN, OWN },
    [STYLE_IDLE] = { 0, OWN, OWN },
    [STYLE_FALLBACK] = { THEME_BOLD, WHITE, BLUE },
    [STYLE_ATTENTION] = { THEME_BOLD, YELLOW, OWN },
    [STYLE_ALARM] = { THEME_BOLD, WHITE, RED },
    [STYLE_UNKNOWN] = { THEME_UNDERLINE, CYAN, OWN },
    [STYLE_MATCH] = { THEME_BOLD | THEME_UNDERLINE, YELLOW, OWN },
    [STYLE_GAUGE] = { 0, YELLOW, OWN },
    [STYLE_GAUGE_HOT] = { THEME_REVERSE | THEME_BOLD, YELLOW, OWN },
    [STYLE_PROMPT] = { THEME_REVERSE | THEME_BOLD, OWN, OWN },
};

static const struct theme_look mono_looks[STYLE_COUNT] = {
    [STYLE_TEXT] = { 0, OWN, OWN },
    [STYLE_BAR] = { THEME_REVERSE, OWN, OWN },
    [STYLE_FRAME] = { 0, OWN, OWN },
    [STYLE_HEAD] = { THEME_BOLD, OWN, OWN },
    [STYLE_COLUMN] = { 0, OWN, OWN },
    [STYLE_KEY] = { THEME_BOLD, OWN, OWN },
    [STYLE_GOOD] = { 0, OWN, OWN },
    [STYLE_IDLE] = { 0, OWN, OWN },
    [STYLE_FALLBACK] = { THEME_BOLD, OWN, OWN },
    [STYLE_ATTENTION] = { THEME_BOLD, OWN, OWN },
    [STYLE_ALARM] = { THEME_REVERSE, OWN, OWN },
    [STYLE_UNKNOWN] = { THEME_UNDERLINE, OWN, OWN },
    [STYLE_MATCH] = { THEME_BOLD | THEME_UNDERLINE, OWN, OWN },
    [STYLE_GAUGE] = { 0, OWN, OWN },
    [STYLE_GAUGE_HOT] = { THEME_REVERSE, OWN, OWN },
    [STYLE_PROMPT] = { THEME_REVERSE, OWN, OWN },
};

static const struct theme_look cvd_looks[STYLE_COUNT] = {
    [STYLE_TEXT] = { 0, OWN, OWN },
    [STYLE_BAR] = { THEME_REVERSE, OWN, OWN },
    [STYLE_FRAME] = { 0, CYAN, OWN },
    [STYLE_HEAD] = { THEME_BOLD, OWN, OWN },
    [STYLE_COLUMN] = { 0, CYAN, OWN },
    [STYLE_KEY] = { THEME_BOLD, OWN, OWN },
    [STYLE_GOOD] = { 0, SKY, OWN },
    [STYLE_IDLE] = { 0, OWN, OWN },
    [STYLE_FALLBACK] = { THEME_BOLD, WHITE, BLUE },
    [STYLE_ATTENTION] = { THEME_BOLD, ORANGE, OWN },
    [STYLE_ALARM] = { THEME_BOLD, WHITE, CRIMSON },
    [STYLE_UNKNOWN] = { THEME_UNDERLINE, CYAN, OWN },
    [STYLE_MATCH] = { THEME_BOLD | THEME_UNDERLINE, ORANGE, OWN },
    [STYLE_GAUGE] = { 0, ORANGE, OWN },
    [STYLE_GAUGE_HOT] = { THEME_REVERSE | THEME_BOLD, ORANGE, OWN },
    [STYLE_PROMPT] = { THEME_REVERSE | THEME_BOLD, OWN, OWN },
};

static const struct theme_look contrast_looks[STYLE_COUNT] = {
    [STYLE_TEXT] = { 0, OWN, OWN },
    [STYLE_BAR] = { THEME_REVERSE | THEME_BOLD, OWN, OWN },
    [STYLE_FRAME] = { 0, OWN, OWN },
    [STYLE_HEAD] = { THEME_BOLD | THEME_UNDERLINE, OWN, OWN },
    [STYLE_COLUMN] = { THEME_BOLD, OWN, OWN },
    [STYLE_KEY] = { THEME_BOLD | THEME_UNDERLINE, OWN, OWN },
    [STYLE_GOOD] = { THEME_BOLD, GREEN, OWN },
    [STYLE_IDLE] = { 0, OWN, OWN },
    [STYLE_FALLBACK] = { THEME_BOLD, WHITE, BLUE },
    [STYLE_ATTENTION] = { THEME_BOLD | THEME_REVERSE, YELLOW, OWN },
    [STYLE_ALARM] = { THEME_BOLD, WHITE, RED },
    [STYLE_UNKNOWN] = { THEME_UNDERLINE | THEME_BOLD, CYAN, OWN },
    [STYLE_MATCH] = { THEME_BOLD | THEME_UNDERLINE, YELLOW, OWN },
    [STYLE_GAUGE] = { THEME_BOLD, OWN, OWN },
    [STYLE_GAUGE_HOT] = { THEME_REVERSE | THEME_BOLD, YELLOW, OWN },
    [STYLE_PROMPT] = { THEME_REVERSE | THEME_BOLD, OWN, OWN },
};

static const struct theme_look *const tables[THEME_COUNT] = {
    [THEME_DEFAULT] = colour_looks,
    [THEME_CVD] = cvd_looks,
    [THEME_CONTRAST] = contrast_looks,
    [THEME_MONO] = mono_looks,
};

/* The nearest of the first eight. */
static int
of_eight(int colour)
{
    switch (colour) {
    case SKY:
        return CYAN;
    case CRIMSON:
        return RED;
    case ORANGE:
        return YELLOW;
    default:
        return colour;
    }
}

struct theme_look
theme_look(int style, enum theme theme, int colours)
{
    struct theme_look look = tables[theme][STYLE_MEANING(style)];

    if (colours < 256) {
        look.foreground = of_eight(look.foreground);
        look.background = of_eight(look.background);
    }
    /* A selected row is one reverse band: what is reverse by itself keeps being told by its bold word. */
    if (style & STYLE_SELECTED) {
        look.attributes |= THEME_REVERSE;
        look.foreground = OWN;
        look.background = OWN;
    }
    return look;
}

const char *
theme_name(enum theme theme)
{
    static const char *const names[] = { "default", "cvd", "contrast", "mono" };

    return names[theme];
}
