#include "config.h"

#include "event_list.h"

#include <string.h>

#include "base/text.h"
#include "filter.h"

static bool
is_wanted(const struct lat_log_line *line, const struct panel_place *place)
{
    return line->level >= place->least && (place->source[0] == 0 || strcmp(line->source, place->source) == 0);
}

int
event_list(const struct snapshot *snapshot, const struct panel_place *place, int indices[SNAPSHOT_EVENTS_MAX])
{
    struct filter filter;
    bool all = place->filter[0] == 0 || filter_parse(place->filter, &filter, NULL) != LAT_OK;
    int count = 0;

    for (uint32_t i = 0; i < snapshot->event_count && i < SNAPSHOT_EVENTS_MAX; i++)
        if (is_wanted(&snapshot->events[i], place) && (all || filter_passes_event(&filter, &snapshot->events[i])))
            indices[count++] = (int)i;
    return count;
}

int
event_list_index(const struct snapshot *snapshot, const struct panel_place *place)
{
    int indices[SNAPSHOT_EVENTS_MAX];
    int count = event_list(snapshot, place, indices), at = 0;

    if (place->anchor == 0)
        return count > 0 ? count - 1 : 0;
    while (at + 1 < count && snapshot->events[indices[at + 1]].seq <= place->anchor)
        at++;
    return at;
}

uint64_t
event_list_seq(const struct snapshot *snapshot, const struct panel_place *place, int index)
{
    int indices[SNAPSHOT_EVENTS_MAX];
    int count = event_list(snapshot, place, indices);

    return index >= 0 && index < count ? snapshot->events[indices[index]].seq : 0;
}

void
event_list_next_source(const struct snapshot *snapshot, struct panel_place *place)
{
    const char *next = "";

    for (uint32_t i = 0; snapshot && i < snapshot->event_count && i < SNAPSHOT_EVENTS_MAX; i++) {
        const char *source = snapshot->events[i].source;

        if (strcmp(source, place->source) > 0 && (next[0] == 0 || strcmp(source, next) < 0))
            next = source;
    }
    lat_copy(place->source, sizeof(place->source), next);
}
