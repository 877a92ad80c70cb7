#include "config.h"

#include "question.h"

#include <stdio.h>
#include <string.h>

#include "i18n.h"

#define ART_COLS 19
#define ART_ROWS 11
#define ART_FROM_COLS 72 /* a fingerprint of 50 and the picture stand beside each other from here on */

bool
question_follow(struct question *question, const struct link_status *link)
{
    if (question->asked.question == link->question)
        return false;
    *question = (struct question){ .asked = *link };
    return true;
}

bool
question_stands(const struct question *question)
{
    return question->asked.question != 0 && !question->answered;
}

const char *
question_text(const struct link_status *link, char out[QUESTION_TEXT_MAX])
{
    if (link->secret)
        snprintf(out, QUESTION_TEXT_MAX, _("%sThe key %s needs its passphrase."), link->again ? _("That was not it. ") : "",
                 link->question_subject);
    else
        snprintf(out, QUESTION_TEXT_MAX,
                 _("The host %s is not known. Its %s key has the fingerprint\n%s\nCompare it with what 'ssh-keygen -lvf' says there of its key file."),
                 link->question_subject, link->key.type, link->key.fingerprint);
    return out;
}

/* --- drawing ------------------------------------------------------------------------------------------ */

/* Lay a text out in lines of so many columns, drawn if there is an area. How many lines. */
static int
flow(const struct area *area, const char *text, int cols, bool unicode)
{
    char line[QUESTION_TEXT_MAX], part[QUESTION_TEXT_MAX];
    int y = 0;

    while (*text) {
        size_t len = strcspn(text, "\n"), take;

        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        for (const char *at = line; *at; at += take, y++) {
            take = text_fitting(at, cols, unicode);
            snprintf(part, sizeof(part), "%.*s", (int)take, at);
            if (area)
                area_text(area, 1, y, STYLE_TEXT, part);
        }
        text += len + (text[len] == '\n');
    }
    return y;
}

/* The lines of a picture, one below the other. */
static void
draw_picture(const struct area *area, const char *picture)
{
    char line[ART_COLS + 1];

    for (int y = 0; *picture; y++) {
        size_t len = strcspn(picture, "\n");

        snprintf(line, sizeof(line), "%.*s", (int)len, picture);
        area_text(area, 0, y, STYLE_TEXT, line);
        picture += len + (picture[len] == '\n');
    }
}

static bool
has_picture(const struct question *question, int cols, int rows)
{
    return question->asked.key.randomart[0] && cols >= ART_FROM_COLS && rows > ART_ROWS;
}

static int
text_cols(int cols, bool picture)
{
    return cols - 2 - (picture ? ART_COLS + 1 : 0);
}

int
question_rows(const struct question *question, int cols, int most)
{
    char text[QUESTION_TEXT_MAX];
    bool picture = has_picture(question, cols, most);
    int rows = 1 + flow(NULL, question_text(&question->asked, text), text_cols(cols, picture), false);

    if (picture && rows < 1 + ART_ROWS)
        rows = 1 + ART_ROWS;
    return rows < most ? rows : most;
}

void
question_draw(const struct question *question, const struct caps *caps, const struct area *area)
{
    bool picture = has_picture(question, area->cols, area->rows);
    struct area body = area_sub(area, 0, 1, area->cols, area->rows - 1), side;
    char text[QUESTION_TEXT_MAX];

    for (int y = 0; y < body.rows; y++)
        area_fill(&body, 0, y, body.cols, STYLE_TEXT, ' ');
    area_fill(area, 0, 0, area->cols, STYLE_HEAD, caps->charset->rule_focus);
    area_text(area, 1, 0, STYLE_ATTENTION, _(" THE SSH CONNECTION ASKS "));
    flow(&body, question_text(&question->asked, text), text_cols(body.cols, picture), area->canvas->unicode);
    side = area_sub(&body, body.cols - ART_COLS - 1, 0, ART_COLS, ART_ROWS);
    if (picture)
        draw_picture(&side, question->asked.key.randomart);
}
