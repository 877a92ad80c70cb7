/*
 * memory_view.h - a state in memory for tests of reconciliation: records in a sorted array, the tree folded
 * anew for every question by the definition of WIRE section 1. Slow and plain on purpose.
 */
#ifndef TESTS_SUPPORT_MEMORY_VIEW_H
#define TESTS_SUPPORT_MEMORY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/recon.h"

struct memory_view {
    struct recon_view view; /* what recon_handle takes; root, count and hlc as of the last memory_seal */
    struct record *records; /* ascending by keyhash; each owns its bytes */
    size_t count, cap;
};

/* An empty state. network, key and trust are borrowed. */
void memory_init(struct memory_view *memory, const struct network *network, const struct key *key,
                 const struct trust *trust, uint64_t now_ms);
void memory_fini(struct memory_view *memory);

/* Merge one record (copied) by record_compare: was it applied? Fails the test when it is malformed. */
bool memory_put(struct memory_view *memory, const uint8_t *bytes, size_t len);

/* Root, count and greatest HLC after a row of memory_put. */
void memory_seal(struct memory_view *memory);

#endif
