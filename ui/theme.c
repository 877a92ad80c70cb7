#include "config.h"

#include "theme.h"

enum { RED = 1, GREEN = 2, YELLOW = 3, BLUE = 4, CYAN = 6, WHITE = 7, OWN = -1 };

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

struct theme_look
theme_look(int style, bool colour)
{
    enum style meaning = STYLE_MEANING(style);
    struct theme_look look = colour ? colour_looks[meaning] : mono_looks[meaning];

    /* A selected row is one reverse band: what is reverse by itself keeps being told by its bold word. */
    if (style & STYLE_SELECTED) {
        look.attributes |= THEME_REVERSE;
        look.foreground = OWN;
        look.background = OWN;
    }
    return look;
}
