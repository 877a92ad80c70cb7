/* fleet_list.h - the table of fleet.h: a row a node, and all about the selected one. Pure; console thread. */
#ifndef LAT_UI_FLEET_LIST_H
#define LAT_UI_FLEET_LIST_H

#include "fleet.h"

/* Column heads in row 0, then the rows of the view from `first` on. */
void fleet_list_draw(const struct area *area, const struct fleet_view *view, const struct fleet_model *model, int first);

/* A node as one fact in row y. */
void fleet_list_fact(const struct area *area, int y, const struct fleet_row *row, const struct fleet_model *model);

/* All about one node under a rule, over the area. */
void fleet_list_detail(const struct area *area, const struct fleet_row *row, const struct fleet_model *model, const struct caps *caps);

#endif
