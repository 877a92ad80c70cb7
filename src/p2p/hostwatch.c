#include "config.h"

#include "p2p/hostwatch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define MESSAGES_MAX 16384
#define LOOK_MS 1000

struct hostwatch {
    uv_timer_t tick;
    uv_poll_t netlink;
    int fd;
    size_t handles; /* open or closing */
    void (*fn)(void *arg, enum hostwatch_event event);
    void *arg;
    uint64_t due_ms;     /* when a change is to be told; 0: nothing has changed */
    uint64_t told_ms;    /* when one last was; 0: never */
    uint64_t sleep_ms;   /* lat_sleep_ms at the last look */
    uint64_t looked_ms;
};

/* --- rtnetlink -------------------------------------------------------------------------------------- */

static int
open_netlink(void)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                   .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                                RTMGRP_IPV6_ROUTE };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)(void *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Routes of the kernel's caches and of single neighbours come and go all the time. */
static bool
is_route_of_note(const struct nlmsghdr *message)
{
    const struct rtmsg *route = NLMSG_DATA(message);

    return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*route)) && (route->rtm_flags & RTM_F_CLONED) == 0 &&
           (route->rtm_table == RT_TABLE_MAIN || route->rtm_table == RT_TABLE_LOCAL);
}

static bool
is_change(const struct nlmsghdr *message)
{
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return true;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return is_route_of_note(message);
    default:
        return false;
    }
}

/* All that waits. True: something has changed; when messages were lost, too. */
static bool
read_messages(int fd)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[MESSAGES_MAX];
    bool changed = false;
    ssize_t len;

    for (;;) {
        len = recv(fd, bytes, sizeof(bytes), 0);
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return changed || (len < 0 && errno == ENOBUFS);
        for (const struct nlmsghdr *m = (void *)bytes; NLMSG_OK(m, (size_t)len); m = NLMSG_NEXT(m, len))
            changed = changed || is_change(m);
    }
}

static void on_tick(uv_timer_t *timer);

static void
on_readable(uv_poll_t *handle, int status, int events)
{
    struct hostwatch *watch = handle->data;

    (void)events;
    if (status < 0 || !read_messages(watch->fd) || watch->due_ms > 0)
        return;
    watch->due_ms = lat_mono_ms() + HOSTWATCH_DEBOUNCE_MS;
    (void)uv_timer_start(&watch->tick, on_tick, HOSTWATCH_DEBOUNCE_MS, LOOK_MS);
}

static void
open_watch(struct hostwatch *watch)
{
    watch->fd = open_netlink();
    if (watch->fd >= 0 && uv_poll_init(watch->tick.loop, &watch->netlink, watch->fd) == 0) {
        watch->netlink.data = watch;
        watch->handles++;
        (void)uv_poll_start(&watch->netlink, UV_READABLE, on_readable);
        return;
    }
    lat_log(LAT_WARNING, "[STARTUP] [WARN] changes of the network cannot be watched: %s", strerror(errno));
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
}

/* --- time ------------------------------------------------------------------------------------------- */

static void
on_tick(uv_timer_t *timer)
{
    struct hostwatch *watch = timer->data;
    uint64_t now_ms = lat_mono_ms(), sleep_ms;

    if (watch->due_ms > 0 && now_ms >= watch->due_ms && (watch->told_ms == 0 || now_ms - watch->told_ms >= HOSTWATCH_GAP_MS)) {
        watch->due_ms = 0;
        watch->told_ms = now_ms;
        watch->fn(watch->arg, HOSTWATCH_CHANGED);
    }
    if (now_ms - watch->looked_ms < LOOK_MS)
        return;
    watch->looked_ms = now_ms;
    sleep_ms = lat_sleep_ms();
    if (sleep_ms > watch->sleep_ms + HOSTWATCH_SLEEP_MS)
        watch->fn(watch->arg, HOSTWATCH_SLEPT);
    watch->sleep_ms = sleep_ms;
}

/* --- life ------------------------------------------------------------------------------------------- */

struct hostwatch *
hostwatch_new(uv_loop_t *loop, void (*fn)(void *arg, enum hostwatch_event event), void *arg)
{
    struct hostwatch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL || uv_timer_init(loop, &watch->tick) != 0) {
        free(watch);
        return NULL;
    }
    watch->tick.data = watch;
    watch->handles = 1;
    watch->fn = fn;
    watch->arg = arg;
    watch->sleep_ms = lat_sleep_ms();
    watch->looked_ms = lat_mono_ms();
    (void)uv_timer_start(&watch->tick, on_tick, LOOK_MS, LOOK_MS);
    open_watch(watch);
    return watch;
}

static void
on_closed(uv_handle_t *handle)
{
    struct hostwatch *watch = handle->data;

    if (--watch->handles > 0)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch);
}

void
hostwatch_close(struct hostwatch *watch)
{
    if (watch == NULL)
        return;
    if (watch->fd >= 0)
        uv_close((uv_handle_t *)&watch->netlink, on_closed);
    uv_close((uv_handle_t *)&watch->tick, on_closed);
}
