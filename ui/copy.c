#include "config.h"

#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "event_list.h"
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

static void
write_events(const struct snapshot *s, const struct panel_place *place, FILE *out)
{
    int indices[SNAPSHOT_EVENTS_MAX], count = event_list(s, place, indices);
    char time[LAT_TIME_TEXT_LEN];

    for (int i = 0; i < count; i++) {
        const struct lat_log_line *line = &s->events[indices[i]];

        lat_time_text(line->wall_ms, time);
        fprintf(out, "%s %s %s\n", time, lat_level_name(line->level), line->text);
    }
}

char *
copy_for_file(const struct model *model, const struct snapshot *snapshot, const struct caps *caps)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    if (snapshot == NULL || model->focus != PANEL_EVENTS || model->detail)
        return copy_text(model, snapshot, caps);
    out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    write_events(snapshot, &model->places[PANEL_EVENTS], out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* "2026-03-14T14:03:27.120Z" without what a file's name should not have. */
void
copy_file_name(const struct model *model, uint64_t wall_ms, char *out, size_t size)
{
    char time[LAT_TIME_TEXT_LEN], short_time[LAT_TIME_TEXT_LEN];
    size_t used = 0;

    lat_time_text(wall_ms, time);
    for (size_t i = 0; time[i] && time[i] != '.'; i++)
        if (strchr("-:", time[i]) == NULL)
            short_time[used++] = time[i];
    short_time[used] = 0;
    snprintf(out, size, "lattice-%s-%sZ.txt", panel_of(model->focus)->name, short_time);
}
