/*
 * timeline.h - the last twenty minutes of a node, slot by slot: what a snapshot's timeline is made of. Pure; node thread.
 */
#ifndef LAT_NODE_TIMELINE_H
#define LAT_NODE_TIMELINE_H

#include "view/snapshot.h"

struct timeline {
    uint64_t slot; /* of the newest column: wall seconds / SNAPSHOT_SLOT_S; 0: nothing noted yet */
    uint16_t states[SNAPSHOT_TIMELINE], peers[SNAPSHOT_TIMELINE], differ[SNAPSHOT_TIMELINE];
};

/*
 * Note what a snapshot shows in the slot of its wall_ms, and give it the whole timeline. Slots without any note stay
 * gaps. A clock that was set back writes on in the newest slot.
 */
void timeline_fill(struct timeline *timeline, struct snapshot *snapshot);

#endif
