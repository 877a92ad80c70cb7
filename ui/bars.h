/*
 * bars.h - the three rows that are always there: title, alert line, key bar. Each draws over row 0 of its
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

/* Live bindings, or the open prompt, or the answer to the last command. */
void bar_keys(const struct area *area, const struct model *model, const struct snapshot *snapshot);

#endif
