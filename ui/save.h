/*
 * save.h - what stands on the screen, into a new file of the operator's. Console thread.
 */
#ifndef LAT_UI_SAVE_H
#define LAT_UI_SAVE_H

#include "base/err.h"

/*
 * Write text into a file that is not there yet, for its owner alone (0600); "~/" is the home directory. *done: what was done, or what
 * hindered it and what to do, as the operator reads it. LAT_CONFLICT: it exists, and nothing was changed. LAT_SYS, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err save_text(const char *path, const char *text, struct lat_msg *done);

#endif
