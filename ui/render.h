/*
 * render.h - the whole screen as a function of what is known. Pure: same arguments, same cells.
 */
#ifndef LAT_UI_RENDER_H
#define LAT_UI_RENDER_H

#include "canvas.h"
#include "caps.h"
#include "model.h"
#include "view/snapshot.h"

/*
 * Draw into a blank canvas of model->cols x model->rows cells. snapshot NULL: the node has not answered yet,
 * panels say "starting". Sets the canvas's cursor.
 */
void render(const struct model *model, const struct snapshot *snapshot, const struct caps *caps,
            struct canvas *canvas);

#endif
