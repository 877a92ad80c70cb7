#include "config.h"

#include "http/worker.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_MAX 4

struct worker {
    void (*fn)(void *arg);
    void *arg;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    struct job *first, **last;
    unsigned queued;
    bool stop;
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
};

/* Under the lock. */
static struct job *
take(struct worker *worker)
{
    struct job *job = worker->first;

    if (job == NULL)
        return NULL;
    worker->first = job->next;
    if (worker->first == NULL)
        worker->last = &worker->first;
    worker->queued--;
    return job;
}

static void *
run(void *arg)
{
    struct worker *worker = arg;
    struct job *job;

    pthread_mutex_lock(&worker->lock);
    while (!worker->stop) {
        job = take(worker);
        if (job == NULL) {
            pthread_cond_wait(&worker->changed, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        job->run(job);
        atomic_store_explicit(&job->done, true, memory_order_release); /* from here on it is the caller's */
        worker->fn(worker->arg);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct worker *
worker_new(unsigned threads, void (*fn)(void *arg), void *arg)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        return NULL;
    worker->fn = fn;
    worker->arg = arg;
    worker->last = &worker->first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    while (worker->thread_count < threads && worker->thread_count < THREADS_MAX) {
        if (pthread_create(&worker->threads[worker->thread_count], NULL, run, worker) != 0) {
            worker_free(worker);
            return NULL;
        }
        worker->thread_count++;
    }
    return worker;
}

void
worker_free(struct worker *worker)
{
    struct job *job;

    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    for (unsigned i = 0; i < worker->thread_count; i++)
        pthread_join(worker->threads[i], NULL);
    while ((job = take(worker)) != NULL)
        atomic_store_explicit(&job->done, true, memory_order_release);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
    free(worker);
}

enum lat_err
worker_submit(struct worker *worker, struct job *job)
{
    enum lat_err err = LAT_OK;

    atomic_init(&job->done, false);
    job->next = NULL;
    pthread_mutex_lock(&worker->lock);
    if (worker->queued == WORKER_QUEUE_MAX || worker->stop) {
        err = LAT_BUSY;
    } else {
        *worker->last = job;
        worker->last = &job->next;
        worker->queued++;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return err;
}

bool
job_is_done(struct job *job)
{
    return atomic_load_explicit(&job->done, memory_order_acquire);
}
