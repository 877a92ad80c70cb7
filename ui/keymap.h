/*
 * keymap.h - which key does what, as tables: key bar, help and the console itself read the same ones. Pure.
 */
#ifndef LAT_UI_KEYMAP_H
#define LAT_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action {
    ACTION_NONE,
    ACTION_FORCE_P2P,
    ACTION_FORCE_HTTP,
    ACTION_AUTO,
    ACTION_NEXT_PANEL,
    ACTION_PREVIOUS_PANEL,
    ACTION_GO_PANEL, /* the digit says which */
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_FILTER,
    ACTION_ZOOM,
    ACTION_FREEZE,
    ACTION_ACKNOWLEDGE,
    ACTION_ACKNOWLEDGE_ALL,
    ACTION_HELP,
    ACTION_BACK,
    ACTION_REPAINT,
    ACTION_SUSPEND,
    ACTION_QUIT,
    ACTION_INTERRUPT,
    ACTION_COUNT
};

struct action_info {
    const char *caption; /* in the key bar; NULL: not shown there */
    int rank;            /* in the key bar, 1 stays longest */
    bool control;        /* changes the node: hidden where that is not allowed */
    const char *help;    /* one line for the help screen */
};

const struct action_info *action_info(enum action action);

/* ACTION_NONE: the key is not bound. */
enum action keymap_action(uint32_t key);

/* The i-th key bound to an action, 0 behind the last one. */
uint32_t keymap_key(enum action action, size_t i);

#endif
