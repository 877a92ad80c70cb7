#include "config.h"

#include "copy.h"

#include "panel.h"
#include "plain.h"
#include "render.h"

#define FRAME_ROWS 8 /* title, alerts, header, heads, captions, the panel's own extras */

char *
copy_text(const struct model *model, const struct snapshot *snapshot, const struct caps *caps)
{
    struct model alone = *model;
    const struct panel *panel = panel_of(model->focus);
    struct panel_view view = { .snapshot = snapshot, .model = model, .id = model->focus };
    struct canvas *canvas;
    char *text;

    alone.zoomed = true;
    alone.still = true; /* no keys on paper */
    alone.captions = alone.help = false;
    alone.places[model->focus].selected = 0;
    alone.places[model->focus].anchor = model->detail ? model->places[model->focus].anchor : 0;
    if (model->detail)
        alone.places[model->focus].selected = model->places[model->focus].selected;
    if (snapshot && panel->count && panel->count(&view) + FRAME_ROWS > alone.rows)
        alone.rows = panel->count(&view) + FRAME_ROWS;
    canvas = canvas_new(alone.cols, alone.rows, caps->unicode);
    if (canvas == NULL)
        return NULL;
    render(&alone, snapshot, caps, canvas);
    text = plain_text(canvas);
    canvas_free(canvas);
    return text;
}
