#include "config.h"

#include "event_list.h"

#include "filter.h"

int
event_list(const struct snapshot *snapshot, const char *filter_text, int indices[SNAPSHOT_EVENTS_MAX])
{
    struct filter filter;
    bool all = filter_text[0] == 0 || filter_parse(filter_text, &filter, NULL) != LAT_OK;
    int count = 0;

    for (uint32_t i = 0; i < snapshot->event_count && i < SNAPSHOT_EVENTS_MAX; i++)
        if (all || filter_passes_event(&filter, &snapshot->events[i]))
            indices[count++] = (int)i;
    return count;
}

int
event_list_index(const struct snapshot *snapshot, const struct panel_place *place)
{
    int indices[SNAPSHOT_EVENTS_MAX];
    int count = event_list(snapshot, place->filter, indices), at = 0;

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
    int count = event_list(snapshot, place->filter, indices);

    return index >= 0 && index < count ? snapshot->events[indices[index]].seq : 0;
}
