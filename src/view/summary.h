/*
 * summary.h - a snapshot in at most 900 bytes: the event `snapshot` of GET /api/lattice/events without detail=full, for consoles that
 * watch many nodes. Any thread.
 */
#ifndef LAT_VIEW_SUMMARY_H
#define LAT_VIEW_SUMMARY_H

#include <cjson/cJSON.h>

#include "view/snapshot.h"

#define SUMMARY_MAX 900

/* As many alerts as fit, the worst first. NULL: out of memory. The caller frees with cJSON_Delete. */
cJSON *summary_to_json(const struct snapshot *snapshot);

/*
 * Parse text[0 .. len): a snapshot with `summary` set, whose lists are empty but for the alerts. What is missing stays as snapshot_new
 * leaves it; what is not known is passed over. mono_ms = now_ms. LAT_MALFORMED, LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err summary_from_json(const char *text, size_t len, uint64_t now_ms, struct snapshot **out);

#endif
