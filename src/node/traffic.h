/*
 * traffic.h - what went between us and each peer and source in the last minute, slot by slot, from the counters of bytes that a snapshot
 * shows. Pure; node thread.
 *
 * A slot counts once it is over, so that the rows of a picture move every SNAPSHOT_TRAFFIC_S seconds and stand still in between.
 */
#ifndef LAT_NODE_TRAFFIC_H
#define LAT_NODE_TRAFFIC_H

#include "view/snapshot.h"

#define TRAFFIC_ROWS_MAX (SNAPSHOT_PEERS_MAX + SNAPSHOT_SOURCES_MAX)
#define TRAFFIC_LOST_MS 3000 /* not looked at for so long: what it carried meanwhile belongs to no slot */

/* One peer or source. */
struct traffic_row {
    char id[SNAPSHOT_URL_MAX]; /* peer id or URL */
    uint64_t noted_ms;         /* monotonic */
    uint64_t slot;             /* the one that runs: monotonic seconds / SNAPSHOT_TRAFFIC_S */
    bool whole;                /* it has been seen from its beginning */
    uint64_t in, out;          /* of it */
    struct snapshot_traffic last; /* counters as noted last; the slots that are over */
};

/* Zeroed at the start. A row that is not noted any more gives its place to another one. */
struct traffic {
    struct traffic_row rows[TRAFFIC_ROWS_MAX];
    size_t count;
};

/*
 * Note the counters of all connected peers and all sources of a snapshot at its mono_ms, and give these their slots. To be called more often
 * than every TRAFFIC_LOST_MS. A counter that is lower than before is that of a new connection.
 */
void traffic_fill(struct traffic *traffic, struct snapshot *snapshot);

#endif
