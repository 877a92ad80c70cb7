/*
 * help.h - the help screen: the focused panel first, then every key. Pure.
 */
#ifndef LAT_UI_HELP_H
#define LAT_UI_HELP_H

#include "canvas.h"
#include "model.h"

/* Draw it over the area from line model->help_top on. */
void help_draw(const struct area *area, const struct model *model);

/* The last line that may stand at the top of `rows` rows. */
int help_top_max(const struct model *model, int rows);

#endif
