/*
 * demo_data.h - the entries that the demo's nodes begin with: records of all of them, the same in each store.
 */
#ifndef LAT_CLI_DEMO_DATA_H
#define LAT_CLI_DEMO_DATA_H

#include <stddef.h>

#include "base/err.h"
#include "crypto/key.h"

#define DEMO_ENTRIES 300

/* Make DEMO_ENTRIES records, authors in turn, and put them into a new store in each state directory. Errors of the store, with *why. */
LAT_MUST_CHECK enum lat_err demo_fill(const char *network, const char *const *dirs, struct key *const *keys, size_t count,
                                      struct lat_msg *why);

#endif
