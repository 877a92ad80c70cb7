/*
 * tally.h - how many other nodes agree with this one. A node counts once, though it is seen over both lungs: as a peer and as a source, or by
 * several URLs. It is known by the key that it proved in each place (public_key); what has shown none is a node of its own. Pure.
 */
#ifndef LAT_VIEW_TALLY_H
#define LAT_VIEW_TALLY_H

#include "view/snapshot.h"

/*
 * differ: by at least one of the ways to it, though it agrees by another; healing and held count as differing. same: agrees by one, and by none
 * differs. What agrees but for settled keys is in neither.
 */
struct snapshot_tally {
    int total, same, differ, unknown;
};

struct snapshot_tally snapshot_tally(const struct snapshot *snapshot);

#endif
