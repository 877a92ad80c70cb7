/*
 * alerts.h - what an operator must know now, derived from a snapshot: pure, so that API, console and `status` name the
 * same conditions. The memory keeps since when each holds.
 *
 * Codes and words: view/alert_words.h. A condition that is gone for one build of a snapshot is cleared, but F2: a source that
 * fails now and then would ring the bell each time, so it has to answer well twice in a row.
 */
#ifndef LAT_NODE_ALERTS_H
#define LAT_NODE_ALERTS_H

#include "view/snapshot.h"

/* Since when the alerts of the last snapshot hold. Zeroed at the start. */
struct alert_memory {
    uint32_t count;
    struct {
        char code[8];
        char subject[SNAPSHOT_URL_MAX]; /* which source; "": the node */
        uint64_t since_ms;
        uint64_t good; /* F2: answers of the source that were good, when it last failed */
    } entries[SNAPSHOT_ALERTS_MAX];
};

/* Fill s->alerts from the rest of s, the worst first, and keep their beginnings in *memory. */
void alerts_fill(struct alert_memory *memory, struct snapshot *s);

#endif
