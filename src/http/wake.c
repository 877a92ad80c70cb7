#include "config.h"

#include "http/wake.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct wake {
    atomic_uint references;
    int fd;
};

struct wake *
wake_new(void)
{
    struct wake *wake = malloc(sizeof(*wake));

    if (wake == NULL)
        return NULL;
    atomic_init(&wake->references, 1);
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd >= 0)
        return wake;
    free(wake);
    return NULL;
}

struct wake *
wake_ref(struct wake *wake)
{
    atomic_fetch_add_explicit(&wake->references, 1, memory_order_relaxed);
    return wake;
}

void
wake_unref(struct wake *wake)
{
    if (wake == NULL || atomic_fetch_sub_explicit(&wake->references, 1, memory_order_acq_rel) != 1)
        return;
    close(wake->fd);
    free(wake);
}

int
wake_fd(const struct wake *wake)
{
    return wake->fd;
}

/* Neither can fail in a way that matters: a full counter is readable, an empty one is clear. */
void
wake_up(struct wake *wake)
{
    const uint64_t one = 1;
    ssize_t n = write(wake->fd, &one, sizeof(one));

    (void)n;
}

void
wake_clear(struct wake *wake)
{
    uint64_t count;
    ssize_t n = read(wake->fd, &count, sizeof(count));

    (void)n;
}
