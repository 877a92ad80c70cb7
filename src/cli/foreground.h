/*
 * foreground.h - the process that the shell waits for, so that a node can outlive its console.
 *
 * A process with threads cannot put itself into the background. So the console runs in a child, made before any thread;
 * the first process only waits: it ends as the child ends, stops when the child stops (Ctrl-Z), passes SIGTERM on, and leaves early,
 * giving the shell its prompt back, when the child says that it goes on without a terminal. If the first process is killed, the child
 * gets SIGTERM.
 *
 * Main thread; foreground_split before any other thread exists.
 */
#ifndef LAT_CLI_FOREGROUND_H
#define LAT_CLI_FOREGROUND_H

#include "base/err.h"

/* Returns in the child alone (or, when no process can be made, in the only process). */
void foreground_split(void);

/*
 * In the child: leave the terminal to the shell and go on: standard streams on /dev/null, a session of its own, the first process ends
 * with 0. Does nothing a second time.
 */
void foreground_leave(void);

#endif
