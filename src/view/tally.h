/*
 * tally.h - how many other nodes agree with this one. A node counts once, though it is seen over both lungs: as a peer and as a source, or by
 * several URLs. It is known by the key that it proved in each place (public_key); what has shown none is a node of its own. Pure.
 */
#ifndef LAT_VIEW_TALLY_H
#define LAT_VIEW_TALLY_H

#include "view/snapshot.h"

/*
 * Each node is one of these. differ: healing and held are among them. but: it agrees but for keys that one side refuses. unknown: not compared, or
 * not since our own state changed. Where two ways to a node say different things, the later one counts, and of about the same time the graver one.
 */
struct snapshot_tally {
    int total, same, differ, but, unknown;
};

struct snapshot_tally snapshot_tally(const struct snapshot *snapshot);

#endif
