/*
 * wait.h - waiting for a condition with a limit on the monotonic clock, which no one sets back or forth. Any
 * thread.
 */
#ifndef LAT_BASE_WAIT_H
#define LAT_BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* A condition whose timed waits run on CLOCK_MONOTONIC. */
void lat_cond_init(pthread_cond_t *cond);

/* The moment in ms milliseconds, for pthread_cond_timedwait of such a condition. */
struct timespec lat_deadline(uint64_t ms);

#endif
