/* once.c - the console's picture as text: what console.h calls console_once. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "console.h"
#include "model.h"
#include "plain.h"
#include "render.h"

enum lat_err
console_once(const struct console_options *options, const struct source *source,
             const struct snapshot *snapshot, int cols, int rows, FILE *out)
{
    struct caps caps = caps_decide(NULL, options->ascii, COLOR_NEVER, NULL, 0);
    struct canvas *canvas = canvas_new(cols, rows, caps.unicode);
    struct model model;
    enum lat_err err;

    if (canvas == NULL)
        return LAT_NOMEM;
    model_init(&model);
    model.still = true;
    model.cols = canvas->cols;
    model.rows = canvas->rows;
    if (source)
        lat_copy(model.via, sizeof(model.via), source->via);
    if (snapshot)
        model.now_ms = snapshot->mono_ms;
    render(&model, snapshot, &caps, canvas);
    err = plain_write(canvas, out);
    canvas_free(canvas);
    return err;
}
