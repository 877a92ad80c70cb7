/*
 * alert_list.h - all alerts with their whole texts, over the panels: the alert line has room for the first alone. Pure.
 */
#ifndef LAT_UI_ALERT_LIST_H
#define LAT_UI_ALERT_LIST_H

#include "canvas.h"
#include "caps.h"
#include "model.h"
#include "view/snapshot.h"

/* Over the area, a rule with its title first, from line model->help_top on. snapshot may be NULL. */
void alert_list_draw(const struct area *area, const struct model *model, const struct snapshot *snapshot, const struct caps *caps);

/* The last line that may stand at the top of an area of so many rows. */
int alert_list_top_max(const struct model *model, const struct snapshot *snapshot, int rows);

#endif
