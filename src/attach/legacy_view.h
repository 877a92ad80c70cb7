/*
 * legacy_view.h - a v3.0.3 node as a snapshot, as far as its answers go: what it does not say stays as snapshot_new leaves it.
 *
 * Spec: COMPAT-v3.0.3 sections 2.6 and 2.9. Pure; any thread.
 */
#ifndef LAT_ATTACH_LEGACY_VIEW_H
#define LAT_ATTACH_LEGACY_VIEW_H

#include "view/snapshot.h"

/*
 * status: the answer of /api/lattice/p2p/status. root: that of /api/persistence/merkle-root, or of /api/lattice/state; NULL: none. name: how
 * the node is called here, for it has no name. LAT_MALFORMED (status is none), LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err legacy_snapshot(const char *status, size_t status_len, const char *root, size_t root_len, const char *name,
                                            uint64_t now_ms, struct snapshot **out);

#endif
