/*
 * exchange.h - where threads meet: the latest snapshot (node to front ends) and the bounded command queue (front
 * ends to node). Locks are held for a pointer swap only, never across I/O, drawing or a callback. Any thread.
 */
#ifndef LAT_VIEW_EXCHANGE_H
#define LAT_VIEW_EXCHANGE_H

#include "base/err.h"
#include "view/command.h"
#include "view/snapshot.h"

#define EXCHANGE_QUEUE_MAX 1024 /* commands waiting */
#define EXCHANGE_WATCHERS_MAX 8

struct exchange;

struct exchange *exchange_new(void); /* NULL: out of memory */
void exchange_free(struct exchange *x); /* after all threads have left */

/* Make this the latest one and wake the watchers. Takes the reference. */
void exchange_publish(struct exchange *x, struct snapshot *snapshot);

/* A new reference to the latest, or NULL before the first. */
const struct snapshot *exchange_latest(struct exchange *x);

/* Wake the watchers without a snapshot: something else that they look at has changed. */
void exchange_wake(struct exchange *x);

/* An eventfd that becomes readable at each publication; read it to clear. -1 with errno. Close with exchange_unwatch. */
int exchange_watch(struct exchange *x);
void exchange_unwatch(struct exchange *x, int fd);

/* Called on the submitting thread after each queued command, to wake the node's loop. Must not block. */
void exchange_on_command(struct exchange *x, void (*fn)(void *arg), void *arg);

/* Queue a command; takes it on success. LAT_BUSY (full), LAT_CLOSED (node stopped): the caller keeps it. */
LAT_MUST_CHECK enum lat_err exchange_submit(struct exchange *x, struct command *command);

/* Node thread: the next command, or NULL. The caller owns it. */
struct command *exchange_take(struct exchange *x);

/* Node thread, at its end: refuse further commands and answer the queued ones with LAT_CLOSED. */
void exchange_close(struct exchange *x);

#endif
