/*
 * stderr_log.h - standard error while the screen belongs to the console: a pipe whose lines become events, so
 * that a library's stray message does not tear the picture. Console thread.
 */
#ifndef LAT_UI_STDERR_LOG_H
#define LAT_UI_STDERR_LOG_H

#include <stdint.h>

#include "base/err.h"

/* Move standard error into the pipe. The log must not write to standard error itself. LAT_SYS with errno. */
LAT_MUST_CHECK enum lat_err stderr_log_open(void);

/* Log the rest and put standard error back. Safe when not open. */
void stderr_log_close(void);

/* Readable when there is something; -1 when not open. */
int stderr_log_fd(void);

/* Log the lines that have come, at most 20 a second: what is over is counted and left out. */
void stderr_log_read(uint64_t now_ms);

#endif
