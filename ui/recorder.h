/*
 * recorder.h - snapshots into a file, a line of JSON each: what `lattice replay` shows again. Console thread.
 */
#ifndef LAT_UI_RECORDER_H
#define LAT_UI_RECORDER_H

#include "base/err.h"
#include "view/snapshot.h"

struct recorder; /* NULL everywhere: nothing is recorded */

/* Append to a file, made with mode 0600. LAT_SYS with errno, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err recorder_open(const char *path, struct recorder **out);

/* LAT_SYS with errno: the file cannot be written any more; close it. */
LAT_MUST_CHECK enum lat_err recorder_take(struct recorder *recorder, const struct snapshot *snapshot);

void recorder_close(struct recorder *recorder);

#endif
