/*
 * keymap.h - which key does what: key bar, help and the console itself read the same table.
 *
 * The actions are fixed; the keys can be bound anew (settings.h). A key does one thing at most. Pure.
 */
#ifndef LAT_UI_KEYMAP_H
#define LAT_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

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
    ACTION_NEXT_MATCH,
    ACTION_PREVIOUS_MATCH,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_LEVEL,
    ACTION_DETAIL,
    ACTION_ZOOM,
    ACTION_FREEZE,
    ACTION_ACKNOWLEDGE,
    ACTION_ACKNOWLEDGE_ALL,
    ACTION_ALERTS,
    ACTION_HELP,
    ACTION_BACK,
    ACTION_COPY,
    ACTION_WRITE,
    ACTION_MOUSE,
    ACTION_CAPTIONS,
    ACTION_EARLIER,
    ACTION_LATER,
    ACTION_EARLIER_CHANGE,
    ACTION_LATER_CHANGE,
    ACTION_GO_TIME,
    ACTION_NOW,
    ACTION_FLEET,
    ACTION_ADD,
    ACTION_REMOVE,
    ACTION_RETRY,
    ACTION_REPAINT,
    ACTION_SUSPEND,
    ACTION_QUIT,
    ACTION_INTERRUPT,
    ACTION_COUNT
};

struct action_info {
    const char *name;    /* in console.ini */
    bool control;        /* changes the node: hidden where that is not allowed */
    const char *help;    /* one line for the help screen */
};

const struct action_info *action_info(enum action action);

/* Where a key does something: in the console of one node, in the view of many. */
enum keymap_place { KEYMAP_NODE, KEYMAP_FLEET };
bool action_works(enum action action, enum keymap_place place);

/* By how many lines an action moves in a list of so many, a page of them on the screen; 0: it does not move. */
int action_step(enum action action, int count, int page);

/* The same for what is scrolled: the new first line, 0 to max. */
int action_scroll(enum action action, int top, int max, int page);

/* The action of this name in console.ini; ACTION_NONE: there is none. */
enum action action_parse(const char *name);

#define KEYMAP_MAX 128

struct keymap {
    struct {
        uint32_t key;
        enum action action;
    } list[KEYMAP_MAX]; /* of one action: the first is shown in the key bar */
    size_t count;
};

/* The bindings of a console that nobody has configured. */
const struct keymap *keymap_default(void);

/* ACTION_NONE: the key is not bound. */
enum action keymap_action(const struct keymap *map, uint32_t key);

/* The i-th key bound to an action, 0 behind the last one. */
uint32_t keymap_key(const struct keymap *map, enum action action, size_t i);

/*
 * Give an action these keys and no others; a key that did something else does this from now on. count may be 0.
 * LAT_LIMIT: the table is full, nothing was changed.
 */
LAT_MUST_CHECK enum lat_err keymap_bind(struct keymap *map, enum action action, const uint32_t *keys, size_t count);

#endif
