/*
 * worker.h - a few threads for work that would hold up the API's loop: answers to sync messages, which may
 * read a million leaves or sign. The queue is bounded; a job belongs to the worker from worker_submit until
 * it is done.
 */
#ifndef LAT_HTTP_WORKER_H
#define LAT_HTTP_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

#define WORKER_QUEUE_MAX 64

struct worker;

/* Stands first in the caller's own struct. */
struct job {
    void (*run)(struct job *job); /* on a worker thread */
    atomic_bool done;             /* set after run, or when the worker ends before it ran */
    struct job *next;
};

/*
 * fn(arg) is called on the worker thread after each job; it must not block. NULL: out of memory or threads.
 */
struct worker *worker_new(unsigned threads, void (*fn)(void *arg), void *arg);

/* Finish the jobs that run, mark the queued ones done without running them, join. NULL is fine. */
void worker_free(struct worker *worker);

/* LAT_BUSY: the queue is full; the caller keeps the job. */
LAT_MUST_CHECK enum lat_err worker_submit(struct worker *worker, struct job *job);

bool job_is_done(struct job *job);

#endif
