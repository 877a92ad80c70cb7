/*
 * prompt.h - the bottom row while it asks: force a mode, quit, filter, the node's name, a moment, a file, and what the way to a node
 * elsewhere needs to know (question.h). Pure.
 *
 *              p, h                 q                  /           a question of the link
 *   CLOSED ----------> FORCE ..   QUIT            FILTER          HOST_KEY, SECRET
 *      ^   y, t, any    |      s, l, any |   Enter, Esc |   y, n; Enter; Esc |
 *      +----------------+----------------+--------------+--------------------+
 */
#ifndef LAT_UI_PROMPT_H
#define LAT_UI_PROMPT_H

#include <stddef.h>

#include "canvas.h"
#include "filter.h"
#include "keys.h"

#define PROMPT_TIMED_S 600 /* what `t` forces for */
#define PROMPT_TEXT_MAX 256

enum prompt_kind {
    PROMPT_CLOSED,
    PROMPT_FORCE_P2P,
    PROMPT_FORCE_HTTP,
    PROMPT_QUIT,
    PROMPT_FILTER,
    PROMPT_TIME,
    PROMPT_WRITE,
    PROMPT_NAME,
    PROMPT_HOST_KEY,
    PROMPT_SECRET,
    PROMPT_ADD,
    PROMPT_REMOVE
};

struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_TEXT_MAX]; /* FILTER, NAME, TIME, WRITE, ADD, SECRET: what was typed so far; a secret is wiped by prompt_close */
    enum prompt_kind forcing;   /* NAME: what will be forced */
    bool timed;
    char error[96];             /* FILTER, TIME: why it was refused; "": fine */
    char last[FILTER_TEXT_MAX]; /* FILTER: what Up brings back; "": nothing was looked for yet */
};

enum prompt_answer {
    ANSWER_NONE,   /* still asking */
    ANSWER_NO,     /* closed, nothing to do */
    ANSWER_ALWAYS, /* FORCE: until changed */
    ANSWER_TIMED,  /* FORCE: for PROMPT_TIMED_S */
    ANSWER_STOP,   /* QUIT: stop the node */
    ANSWER_LEAVE,  /* QUIT: the node goes on */
    ANSWER_TEXT,   /* FILTER: text holds a sound filter; NAME, TIME, WRITE, ADD: text holds what was typed; SECRET: also, and it is not "" */
    ANSWER_YES,    /* HOST_KEY: it is the right host; REMOVE: do it */
};

/* text: what FILTER and WRITE begin with, "" otherwise. */
void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text);

/* Close it, whatever it asks, and wipe what was typed. */
void prompt_close(struct prompt *prompt);

/* A key while a prompt is open. Pasted keys only ever reach the texts of FILTER, WRITE, ADD and SECRET; a name has to be typed. */
enum prompt_answer prompt_key(struct prompt *prompt, const struct key_press *press);

/* Draw it over row 0 of the area; node: the name shown. Puts the cursor behind the text of FILTER. */
void prompt_draw(const struct prompt *prompt, const char *node, const struct area *area);

#endif
