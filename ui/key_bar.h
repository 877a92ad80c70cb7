/*
 * key_bar.h - the live bindings at the bottom of the screen: each key with a word for what it does, as many as there is room for.
 * Pure.
 */
#ifndef LAT_UI_KEY_BAR_H
#define LAT_UI_KEY_BAR_H

#include "canvas.h"
#include "keymap.h"
#include "model.h"

#define KEY_HINT_ACTIONS 6

/* Where a caption stands: hints that say one thing each give way to one for all of them where they do not fit. */
enum hint_form { HINT_ALWAYS, HINT_ROOMY, HINT_TIGHT };

/* One caption, for the first key of each of its actions. */
struct key_hint {
    const char *caption; /* N_: translated when drawn */
    int rank;            /* where not all fit, 1 stays longest */
    enum hint_form form;
    enum action actions[KEY_HINT_ACTIONS]; /* up to ACTION_NONE; an action without a key is passed over */
};

/* What a set of hints is drawn with. */
struct key_hints {
    const struct key_hint *list;
    int count;
    const struct keymap *keymap;
    bool control;       /* hints of actions that change the node are shown */
    enum action hidden; /* this one is not: its key means something else now; ACTION_NONE: all are */
};

/* Over all rows of the area. */
void key_hints_draw(const struct area *area, const struct key_hints *hints);

/* The hints of one node's console. */
void key_bar_draw(const struct area *area, const struct model *model);

#endif
