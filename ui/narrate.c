#include "config.h"

#include "narrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n.h"

/* --- the story goes on ------------------------------------------------------------------------------ */

/* The language of the sentences: what the operator has set, or the locale's. */
static const char *
language(const struct model *model)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    if (model->settings.lang[0])
        return model->settings.lang;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value && value[0])
            return value;
    }
    return "en";
}

/* A new step may point at something; afterwards the picture is the operator's. */
static void
show(struct model *model, enum story_show what)
{
    switch (what) {
    case STORY_SHOW_NOTHING:
        return;
    case STORY_SHOW_ALL:
        model->zoomed = false;
        return;
    case STORY_SHOW_COUNTDOWN:
        model->focus = PANEL_FALLBACK;
        break;
    case STORY_SHOW_DIVERGENCE:
        model->focus = PANEL_DIVERGENCE;
        break;
    }
    model->zoomed = true;
    model->detail = false;
}

void
narrator_init(struct narrator *narrator, const struct source *source, struct model *model)
{
    *narrator = (struct narrator){ .source = source };
    if (source->story == NULL)
        return;
    narrator->face.caption = "";
    model->story = &narrator->face;
    model->captions = true;
}

bool
narrator_look(struct narrator *narrator, const struct snapshot *snapshot, struct model *model)
{
    const struct source *source = narrator->source;
    bool fresh;

    if (source->story == NULL)
        return false;
    source->story->look(source->story_arg, snapshot, language(model), model->now_ms, &narrator->face);
    fresh = narrator->face.turn != narrator->turn;
    narrator->turn = narrator->face.turn;
    if (fresh)
        show(model, narrator->face.show);
    return fresh;
}

bool
narrator_key(const struct narrator *narrator, const struct model *model, const struct key_press *press)
{
    const struct source *source = narrator->source;
    enum story_wish wish;

    if (source->story == NULL || model->prompt.kind != PROMPT_CLOSED || press->pasted)
        return false;
    if (press->key == ' ')
        wish = STORY_PAUSE;
    else if (press->key == '.')
        wish = STORY_STEP;
    else if (press->key == 'r')
        wish = STORY_RESTART;
    else
        return false;
    source->story->wish(source->story_arg, wish, model->now_ms);
    return true;
}

/* --- its sentence ----------------------------------------------------------------------------------- */

/* Bytes of text that fit into so many columns, whole words if there are any. */
static size_t
fitting(const char *text, int cols, bool unicode)
{
    char piece[STORY_CAPTION_MAX];
    size_t best = 0, len = strlen(text);

    if (text_width(text, unicode) <= cols)
        return len;
    for (size_t i = 1; i < len && i < sizeof(piece); i++) {
        if (text[i] != ' ')
            continue;
        memcpy(piece, text, i);
        piece[i] = '\0';
        if (text_width(piece, unicode) > cols)
            break;
        best = i;
    }
    return best > 0 ? best : len;
}

void
narrator_draw(const struct area *area, const struct story_face *face)
{
    const char *keys = _("Space pause  . step  r restart");
    char first[STORY_CAPTION_MAX], front[32];
    int x, hint = area->cols - 1 - text_width(keys, area->canvas->unicode);
    size_t len;

    snprintf(front, sizeof(front), "%s%s%u/%u", face->paused ? _("PAUSED") : face->over ? _("END") : "",
             face->paused || face->over ? " " : "", face->step, face->steps);
    x = area_text(area, 1, 0, face->paused || face->over ? STYLE_GAUGE_HOT : STYLE_COLUMN, front) + 1;
    len = fitting(face->caption, area->cols - x - 1, area->canvas->unicode);
    len = len < sizeof(first) ? len : sizeof(first) - 1;
    memcpy(first, face->caption, len);
    first[len] = '\0';
    area_text_cut(area, x, 0, area->cols - x - 1, STYLE_HEAD, first);
    while (face->caption[len] == ' ')
        len++;
    x = area_text_cut(area, x, 1, area->cols - x - 1, STYLE_HEAD, face->caption + len);
    if (hint > x + 1)
        area_text(area, hint, 1, STYLE_COLUMN, keys);
}
