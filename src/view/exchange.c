#include "config.h"

#include "view/exchange.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct exchange {
    pthread_mutex_t lock;
    struct snapshot *latest;
    struct command *queue[EXCHANGE_QUEUE_MAX]; /* a ring */
    size_t first, count;
    bool closed;
    int watchers[EXCHANGE_WATCHERS_MAX]; /* eventfds; -1: free */
    void (*on_command)(void *arg);
    void *arg;
};

struct exchange *
exchange_new(void)
{
    struct exchange *x = calloc(1, sizeof(*x));

    if (x == NULL)
        return NULL;
    pthread_mutex_init(&x->lock, NULL);
    for (size_t i = 0; i < EXCHANGE_WATCHERS_MAX; i++)
        x->watchers[i] = -1;
    return x;
}

void
exchange_free(struct exchange *x)
{
    if (x == NULL)
        return;
    exchange_close(x);
    snapshot_unref(x->latest);
    for (size_t i = 0; i < EXCHANGE_WATCHERS_MAX; i++) {
        if (x->watchers[i] >= 0)
            close(x->watchers[i]);
    }
    pthread_mutex_destroy(&x->lock);
    free(x);
}

/* Eventfd writes do not block (EFD_NONBLOCK) and so may happen under the lock: a watcher cannot be closed meanwhile. */
static void
wake_watchers(const struct exchange *x)
{
    uint64_t one = 1;

    for (size_t i = 0; i < EXCHANGE_WATCHERS_MAX; i++) {
        if (x->watchers[i] >= 0 && write(x->watchers[i], &one, sizeof(one)) < 0)
            continue; /* EAGAIN: already readable, which is all that is wanted */
    }
}

void
exchange_publish(struct exchange *x, struct snapshot *snapshot)
{
    struct snapshot *former;

    pthread_mutex_lock(&x->lock);
    former = x->latest;
    x->latest = snapshot;
    wake_watchers(x);
    pthread_mutex_unlock(&x->lock);
    snapshot_unref(former);
}

void
exchange_wake(struct exchange *x)
{
    pthread_mutex_lock(&x->lock);
    wake_watchers(x);
    pthread_mutex_unlock(&x->lock);
}

const struct snapshot *
exchange_latest(struct exchange *x)
{
    const struct snapshot *snapshot;

    pthread_mutex_lock(&x->lock);
    snapshot = x->latest ? snapshot_ref(x->latest) : NULL;
    pthread_mutex_unlock(&x->lock);
    return snapshot;
}

int
exchange_watch(struct exchange *x)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return -1;
    pthread_mutex_lock(&x->lock);
    for (size_t i = 0; i < EXCHANGE_WATCHERS_MAX; i++) {
        if (x->watchers[i] < 0) {
            x->watchers[i] = fd;
            pthread_mutex_unlock(&x->lock);
            return fd;
        }
    }
    pthread_mutex_unlock(&x->lock);
    close(fd);
    errno = EMFILE;
    return -1;
}

void
exchange_unwatch(struct exchange *x, int fd)
{
    pthread_mutex_lock(&x->lock);
    for (size_t i = 0; i < EXCHANGE_WATCHERS_MAX; i++) {
        if (x->watchers[i] == fd) {
            close(fd);
            x->watchers[i] = -1;
        }
    }
    pthread_mutex_unlock(&x->lock);
}

void
exchange_on_command(struct exchange *x, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&x->lock);
    x->on_command = fn;
    x->arg = arg;
    pthread_mutex_unlock(&x->lock);
}

enum lat_err
exchange_submit(struct exchange *x, struct command *command)
{
    void (*fn)(void *) = NULL;
    void *arg = NULL;
    enum lat_err err = LAT_OK;

    pthread_mutex_lock(&x->lock);
    if (x->closed) {
        err = LAT_CLOSED;
    } else if (x->count == EXCHANGE_QUEUE_MAX) {
        err = LAT_BUSY;
    } else {
        x->queue[(x->first + x->count++) % EXCHANGE_QUEUE_MAX] = command;
        fn = x->on_command;
        arg = x->arg;
    }
    pthread_mutex_unlock(&x->lock);
    if (fn)
        fn(arg);
    return err;
}

struct command *
exchange_take(struct exchange *x)
{
    struct command *command = NULL;

    pthread_mutex_lock(&x->lock);
    if (x->count > 0) {
        command = x->queue[x->first];
        x->first = (x->first + 1) % EXCHANGE_QUEUE_MAX;
        x->count--;
    }
    pthread_mutex_unlock(&x->lock);
    return command;
}

void
exchange_close(struct exchange *x)
{
    struct command *command;

    pthread_mutex_lock(&x->lock);
    x->closed = true;
    x->on_command = NULL;
    pthread_mutex_unlock(&x->lock);
    while ((command = exchange_take(x)) != NULL)
        command_free(command);
}
