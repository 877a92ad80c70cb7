/*
 * narrate.h - the story of a demo on the screen: its keys, its sentence, and what it wants to be seen. Console thread.
 */
#ifndef LAT_UI_NARRATE_H
#define LAT_UI_NARRATE_H

#include "keys.h"
#include "model.h"
#include "view/source.h"

struct narrator {
    const struct source *source;
    struct story_face face; /* model->story points here */
    unsigned turn;          /* of the step that is being shown */
};

/* Nothing where the source tells no story. */
void narrator_init(struct narrator *narrator, const struct source *source, struct model *model);

/* Let the story go on by this snapshot (NULL before the first). True: the picture is another. */
bool narrator_look(struct narrator *narrator, const struct snapshot *snapshot, struct model *model);

/* Space, '.', 'r'. True: that was for the story, and not while a question is being asked. */
bool narrator_key(const struct narrator *narrator, const struct model *model, const struct key_press *press);

/* The sentence, over two rows of the area (model_caption_rows); how far it is at its front, its keys at the end. Pure. */
void narrator_draw(const struct area *area, const struct story_face *face);

#endif
