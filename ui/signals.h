/*
 * signals.h - signals as bytes in a pipe, and a terminal that is put right when the process dies of one.
 *
 * While open, the handlers of SIGWINCH, SIGCONT, SIGTSTP, SIGTERM, SIGINT and SIGHUP write their number into
 * a pipe that the console's loop reads; SIGPIPE is ignored. The handler of the deadly ones (SIGSEGV, SIGABRT,
 * SIGQUIT ...) writes a string prepared beforehand, sets the terminal's modes back, passes on what was caught
 * of standard error, and dies of the signal; it works from any thread. One instance a process; console
 * thread.
 */
#ifndef LAT_UI_SIGNALS_H
#define LAT_UI_SIGNALS_H

#include <stddef.h>
#include <termios.h>

#include "base/err.h"

/* Install the handlers and let these signals through to this thread. LAT_SYS with errno. */
LAT_MUST_CHECK enum lat_err signals_open(void);

/* The handlers and the mask of before. */
void signals_close(void);

/* Readable when a signal came. */
int signals_fd(void);

/* The next signal's number; 0: no more. */
int signals_next(void);

/* What a deadly signal writes to `fd` and sets there. The text is copied, cut at 512 bytes. */
void signals_arm(int fd, const struct termios *modes, const char *text, size_t len);
void signals_disarm(void);

/*
 * Where standard error really goes, the pipe that stands in for it meanwhile, and the chunk last read from
 * that pipe (a string; borrowed). -1, -1, NULL: it was not moved.
 */
void signals_set_stderr(int real_fd, int pipe_fd, const char *chunk);

#endif
