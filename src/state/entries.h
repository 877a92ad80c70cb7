/*
 * entries.h - the entries of a state that stands as one JSON object (key -> value): a v3.0.3 answer, snapshot
 * or export. Decoded keys, values in stored form, ascending by key as the flat root wants them. Pure; any
 * thread.
 */
#ifndef LAT_STATE_ENTRIES_H
#define LAT_STATE_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/hash.h"
#include "state/store.h"

struct entries {
    struct store_foreign *list; /* ascending by key bytes, no key twice; borrows from bytes */
    size_t count;
    struct lat_buf bytes;
};

/*
 * Parse a JSON object text[0 .. len). Of a key that stands twice the last value counts (as Python does).
 * memory_max bounds what the entries may take. LAT_MALFORMED, LAT_LIMIT, LAT_NOMEM with what and where in
 * *why.
 */
LAT_MUST_CHECK enum lat_err entries_parse(const char *text, size_t len, size_t memory_max,
                                          struct entries *out, struct lat_msg *why);
void entries_fini(struct entries *entries);

/* Their flat root (state/flat_root.h). LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err entries_flat_root(const struct entries *entries, uint8_t out[SHA256_LEN]);

#endif
