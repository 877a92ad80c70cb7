/*
 * facts.h - the screen that is too small for panels: one fact a line, the most urgent first. Pure.
 */
#ifndef LAT_UI_FACTS_H
#define LAT_UI_FACTS_H

#include "canvas.h"
#include "model.h"
#include "view/snapshot.h"

void facts_draw(const struct area *area, const struct model *model, const struct snapshot *snapshot);

#endif
