/*
 * question.h - what only the operator can decide about the way to a node elsewhere (view/link.h): is it the right host, and the passphrase
 * of a key. The text stands over the panels, the answer is typed in the bar (prompt.h), or as a line (line_mode.h). Pure; console thread.
 */
#ifndef LAT_UI_QUESTION_H
#define LAT_UI_QUESTION_H

#include "canvas.h"
#include "caps.h"
#include "view/link.h"

#define QUESTION_CALM_MS 500 /* a "y" that comes sooner was meant for something else */
#define QUESTION_TEXT_MAX (LINK_TEXT_MAX + 256)

struct question {
    struct link_status asked;
    bool answered;     /* the link has not taken it up yet */
    uint64_t since_ms; /* it has been on the screen since then; 0: not yet */
};

/* Take over what the link asks now. True: another question than before, or none any more. */
bool question_follow(struct question *question, const struct link_status *link);

/* Does it wait for an answer? */
bool question_stands(const struct question *question);

/* In sentences, without the picture; the fingerprint of a host key is a line of its own. */
const char *question_text(const struct link_status *link, char out[QUESTION_TEXT_MAX]);

/* Rows that it takes at this width, its head included, out of `most`. */
int question_rows(const struct question *question, int cols, int most);

/* Draw it over the whole area; the picture of the key stands beside it where there is room for all of it. */
void question_draw(const struct question *question, const struct caps *caps, const struct area *area);

#endif
