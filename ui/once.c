/* once.c - the console's picture as text: what console.h calls console_once. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "console.h"
#include "model.h"
#include "plain.h"
#include "privacy.h"
#include "render.h"
#include "settings_file.h"

static void
say_finding(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "lattice: warning: %s\n", text);
}

enum lat_err
console_once(const struct console_options *options, const struct source *source,
             const struct snapshot *snapshot, int cols, int rows, FILE *out)
{
    struct settings_file file = { .path = options->config_path, .overrides = options->overrides };
    struct canvas *canvas;
    struct settings settings;
    struct model model;
    struct caps caps;
    const struct snapshot *masked = NULL;
    struct privacy *privacy = NULL;
    enum lat_err err;

    settings_file_follow(&file, 0, &settings, say_finding, NULL);
    caps = caps_decide(NULL, settings.ascii, COLOR_NEVER, NULL, 0);
    caps_prefer(&caps, THEME_MONO, (enum graph_kind)settings.graph);
    canvas = canvas_new(cols, rows, caps.unicode);
    if (canvas == NULL)
        return LAT_NOMEM;
    model_init(&model);
    model_configure(&model, &settings);
    model.still = true;
    model.cols = canvas->cols;
    model.rows = canvas->rows;
    if (source)
        lat_copy(model.via, sizeof(model.via), source->via);
    if (snapshot)
        model.now_ms = snapshot->mono_ms;
    if (snapshot && settings.privacy) {
        privacy = privacy_new();
        masked = privacy ? privacy_apply(privacy, snapshot) : NULL;
        snapshot = masked; /* without memory for it: "starting", rather than what is to be hidden */
    }
    render(&model, snapshot, &caps, canvas);
    err = plain_write(canvas, out);
    snapshot_unref(masked);
    privacy_free(privacy);
    canvas_free(canvas);
    return err;
}
