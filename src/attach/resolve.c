#include "config.h"

#include "attach/resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"

#define HOST_MAX 256

/* Two holders, owner and thread; the last one frees. */
struct resolve {
    atomic_int holders;
    atomic_bool done; /* result and list are written before, and not touched by the thread after */
    int fd;
    char host[HOST_MAX], port[8];
    int family, result;
    struct addrinfo *list;
};

static void
drop(struct resolve *r)
{
    if (atomic_fetch_sub(&r->holders, 1) != 1)
        return;
    if (r->list)
        freeaddrinfo(r->list);
    close(r->fd);
    free(r);
}

static void *
look_up(void *arg)
{
    struct resolve *r = arg;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
    const uint64_t one = 1;

    hints.ai_family = r->family == 4 ? AF_INET : r->family == 6 ? AF_INET6 : AF_UNSPEC;
    r->result = getaddrinfo(r->host, r->port, &hints, &r->list);
    if (r->result == EAI_ADDRFAMILY || r->result == EAI_NONAME) { /* loopback alone is no configured address */
        hints.ai_flags = 0;
        r->result = getaddrinfo(r->host, r->port, &hints, &r->list);
    }
    atomic_store(&r->done, true);
    if (write(r->fd, &one, sizeof(one)) < 0)
        atomic_store(&r->done, true); /* the owner looks at each turn as well */
    drop(r);
    return NULL;
}

static int
start_thread(struct resolve *r)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&thread, &attr, look_up, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

enum lat_err
resolve_start(const char *host, uint16_t port, int family, struct resolve **out)
{
    struct resolve *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return LAT_NOMEM;
    atomic_store(&r->holders, 2);
    r->family = family;
    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lat_copy(r->host, sizeof(r->host), host);
    snprintf(r->port, sizeof(r->port), "%u", port);
    if (r->fd < 0 || start_thread(r) != 0) {
        if (r->fd >= 0)
            close(r->fd);
        free(r);
        return LAT_SYS;
    }
    *out = r;
    return LAT_OK;
}

int
resolve_fd(const struct resolve *r)
{
    return r->fd;
}

bool
resolve_done(struct resolve *r, const struct addrinfo **list, const char **why)
{
    if (!atomic_load(&r->done))
        return false;
    *list = r->result == 0 ? r->list : NULL;
    *why = r->result == 0 ? "" : gai_strerror(r->result);
    return true;
}

void
resolve_free(struct resolve *r)
{
    if (r)
        drop(r);
}
