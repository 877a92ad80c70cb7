/*
 * host_net.c - the machine's own network: addresses, routes and links as rtnetlink tells of them. What exactly has changed does not matter: the
 * kernel's messages are read only to know that something has, and not merely been confirmed.
 */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "p2p/host_parts.h"

#define MESSAGES_MAX 16384

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

static void
on_readable(uv_poll_t *handle, int status, int events)
{
    struct host *host = handle->data;
    uint64_t now_ms = host_now(host);

    (void)events;
    if (status < 0 || !read_messages(host->netlink_fd) || host->netchange_ms > 0)
        return;
    host->netchange_ms = now_ms + HOST_DEBOUNCE_MS;
}

void
host_net_open(struct host *host)
{
    host->netlink_fd = open_netlink();
    if (host->netlink_fd < 0 || uv_poll_init(host->loop, &host->netlink, host->netlink_fd) != 0) {
        host_log(host, LAT_WARNING, "[STARTUP] [WARN] P2P: changes of the network cannot be watched: %s", strerror(errno));
        host_net_close(host);
        return;
    }
    host->netlink.data = host;
    host->watching = true;
    host_hold(host);
    (void)uv_poll_start(&host->netlink, UV_READABLE, on_readable);
}

static void
on_closed(uv_handle_t *handle)
{
    host_release(handle->data);
}

void
host_net_close(struct host *host)
{
    if (host->watching)
        uv_close((uv_handle_t *)&host->netlink, on_closed);
    host->watching = false;
    if (host->netlink_fd >= 0)
        close(host->netlink_fd);
    host->netlink_fd = -1;
}
