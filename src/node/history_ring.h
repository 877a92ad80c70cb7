/*
 * history_ring.h - the folder `history` of a state directory: a file an hour, a day of seconds, then a week of minutes,
 * never more than HISTORY_BYTES_MAX. When that is too little, the oldest seconds become minutes sooner, then the oldest
 * minutes go. Slots of traffic are kept as coarsely as a sparkline shows them. Everything in the folder may be deleted at any time.
 *
 * history_ring_add is one thread's; history_ring_look may run beside it on another.
 */
#ifndef LAT_NODE_HISTORY_RING_H
#define LAT_NODE_HISTORY_RING_H

#include "node/history.h"
#include "view/snapshot.h"

#define HISTORY_BYTES_MAX (32u << 20)
#define HISTORY_FINE_HOURS 24
#define HISTORY_HOURS (7 * 24)
#define HISTORY_EVENTS 16 /* newest log lines kept with each picture */

struct history_ring {
    char dir[4096];
    uint64_t hour; /* of the open file; 0: none */
    int fd;
    uint64_t bytes; /* of all files */
    size_t bytes_max;
    struct history_writer writer;
};

/* Makes the folder. LAT_SYS with errno. */
LAT_MUST_CHECK enum lat_err history_ring_open(struct history_ring *ring, const char *state_dir);
void history_ring_close(struct history_ring *ring);

/* Append a snapshot, and make room when an hour ends. LAT_SYS with errno, LAT_NOMEM; the ring stays usable. */
LAT_MUST_CHECK enum lat_err history_ring_add(struct history_ring *ring, const struct snapshot *snapshot);

/*
 * The snapshot that a look is for, its mono_ms = now_ms. LAT_NOTFOUND: there is none on that side. LAT_NOMEM,
 * LAT_MALFORMED (the files are damaged there).
 */
LAT_MUST_CHECK enum lat_err history_ring_look(const char *dir, enum look_step step, uint64_t at_ms, uint64_t now_ms,
                                              struct snapshot **out);

#endif
