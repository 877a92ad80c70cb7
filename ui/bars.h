/*
 * bars.h - the rows around the panels: title, alert line, caption, key bar. Each draws over row 0 of its
 * area. Pure.
 */
#ifndef LAT_UI_BARS_H
#define LAT_UI_BARS_H

#include "canvas.h"
#include "model.h"
#include "view/snapshot.h"

/* snapshot may be NULL: "starting". */
void bar_title(const struct area *area, const struct model *model, const struct snapshot *snapshot);
void bar_alerts(const struct area *area, const struct model *model, const struct snapshot *snapshot);

/* One sentence on what is going on, for those who do not know the words of the panels. */
void bar_caption(const struct area *area, const struct model *model, const struct snapshot *snapshot);

/* Live bindings over all rows of the area, or, in its last one, the open prompt or the answer to the last command. */
void bar_keys(const struct area *area, const struct model *model, const struct snapshot *snapshot);

#endif
