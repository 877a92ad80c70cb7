/*
 * help.h - the help screen: the focused panel first, then every key. Pure.
 */
#ifndef LAT_UI_HELP_H
#define LAT_UI_HELP_H

#include "canvas.h"
#include "caps.h"
#include "model.h"

/* Draw it over the area from line model->help_top on. */
void help_draw(const struct area *area, const struct model *model);

/* The last line that may stand at the top of `rows` rows. */
int help_top_max(const struct model *model, int rows);

/* The same for the view of many nodes: its columns, then its keys, from line `top` on. */
void help_fleet_draw(const struct area *area, const struct keymap *map, int top);
int help_fleet_top_max(const struct keymap *map, int cols, int rows);

/* The rule above a help, in row y, with its title and what closes it. */
void help_draw_head(const struct area *screen, int y, const struct caps *caps);

#endif
