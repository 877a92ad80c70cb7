/*
 * json.h - a snapshot as JSON and back: the document of GET /api/lattice/snapshot and `lattice status --json`.
 *
 * 64-bit numbers that may pass 2^53 (HLCs) are 16 hex digits; unknown members are ignored, missing ones leave the
 * figure of snapshot_new. Member names are the field names without their unit where the unit is ms: they carry "_s"
 * with a fraction instead ("since_s": 43.1), null for -1. Any thread.
 */
#ifndef LAT_VIEW_JSON_H
#define LAT_VIEW_JSON_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "view/snapshot.h"

/* The whole snapshot. NULL: out of memory. The caller frees with cJSON_Delete. */
cJSON *snapshot_to_json(const struct snapshot *snapshot);

/* The object `lung` of STATE-MACHINE section 9 alone. */
cJSON *snapshot_lung_to_json(const struct snapshot *snapshot);

/* Parse text[0 .. len), at most 1 MiB and 32 levels deep. The result has mono_ms = now_ms and text filtered anew. */
LAT_MUST_CHECK enum lat_err snapshot_from_json(const char *text, size_t len, uint64_t now_ms, struct snapshot **out);

#endif
