/*
 * prompt.h - the bottom row while it asks: force a mode, quit, filter, the node's name, a moment, a file. Pure.
 *
 *              p, h                 q                  /
 *   CLOSED ----------> FORCE ..   QUIT            FILTER
 *      ^   y, t, any    |      s, l, any |   Enter, Esc |
 *      +----------------+----------------+--------------+
 */
#ifndef LAT_UI_PROMPT_H
#define LAT_UI_PROMPT_H

#include <stddef.h>

#include "canvas.h"
#include "filter.h"
#include "keys.h"

#define PROMPT_TIMED_S 600 /* what `t` forces for */
#define PROMPT_TEXT_MAX 256

enum prompt_kind { PROMPT_CLOSED, PROMPT_FORCE_P2P, PROMPT_FORCE_HTTP, PROMPT_QUIT, PROMPT_FILTER, PROMPT_TIME, PROMPT_WRITE, PROMPT_NAME };

struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_TEXT_MAX]; /* FILTER, NAME, TIME, WRITE: what was typed so far */
    enum prompt_kind forcing;   /* NAME: what will be forced */
    bool timed;
    char error[64];             /* FILTER: why it was refused; "": fine */
};

enum prompt_answer {
    ANSWER_NONE,   /* still asking */
    ANSWER_NO,     /* closed, nothing to do */
    ANSWER_ALWAYS, /* FORCE: until changed */
    ANSWER_TIMED,  /* FORCE: for PROMPT_TIMED_S */
    ANSWER_STOP,   /* QUIT: stop the node */
    ANSWER_LEAVE,  /* QUIT: the node goes on */
    ANSWER_TEXT,   /* FILTER: text holds a sound filter; NAME, TIME, WRITE: text holds what was typed */
};

/* text: what FILTER and WRITE begin with, "" otherwise. */
void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text);

/* A key while a prompt is open. Pasted keys only ever reach the text of FILTER and WRITE; a name has to be typed. */
enum prompt_answer prompt_key(struct prompt *prompt, const struct key_press *press);

/* Draw it over row 0 of the area; node: the name shown. Puts the cursor behind the text of FILTER. */
void prompt_draw(const struct prompt *prompt, const char *node, const struct area *area);

#endif
