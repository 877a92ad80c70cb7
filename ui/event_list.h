/*
 * event_list.h - the event list behind its filter, with a selection that stays on its line while new ones
 * arrive. Pure.
 */
#ifndef LAT_UI_EVENT_LIST_H
#define LAT_UI_EVENT_LIST_H

#include "model.h"
#include "view/snapshot.h"

/* The lines that pass filter, level and source of the place, oldest first, as indices into snapshot->events. Returns the count. */
int event_list(const struct snapshot *snapshot, const struct panel_place *place, int indices[SNAPSHOT_EVENTS_MAX]);

/* Where the selection is in that list: the newest line while it follows; 0 when the list is empty. */
int event_list_index(const struct snapshot *snapshot, const struct panel_place *place);

/* Sequence number of the index-th line of that list; 0: there is none. */
uint64_t event_list_seq(const struct snapshot *snapshot, const struct panel_place *place, int index);

/* Show the next one of the sources that the lines have, in the order of their names; all of them after the last. */
void event_list_next_source(const struct snapshot *snapshot, struct panel_place *place);

#endif
