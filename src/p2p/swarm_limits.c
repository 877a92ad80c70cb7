/* swarm_limits.c - who may come in. */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "p2p/swarm_parts.h"

/* An IPv4 address in IPv6 form is the IPv4 address. */
static void
place_of_ip6(struct link *link, const struct in6_addr *ip)
{
    if (IN6_IS_ADDR_V4MAPPED(ip)) {
        link->place[0] = 4;
        memcpy(link->place + 1, ip->s6_addr + 12, 4);
        link->loopback = ip->s6_addr[12] == 127;
        return;
    }
    link->place[0] = 6;
    memcpy(link->place + 1, ip->s6_addr, 8); /* one customer has at least a /64 */
    link->loopback = IN6_IS_ADDR_LOOPBACK(ip);
}

enum lat_err
limits_place(struct link *link, const struct multiaddr *address)
{
    struct multiaddr_tcp tcp;
    struct in6_addr ip6;
    struct in_addr ip4;

    memset(link->place, 0, sizeof(link->place));
    if (!multiaddr_is_tcp(address, &tcp))
        return LAT_MALFORMED;
    if (tcp.kind == MULTIADDR_IP4 && inet_pton(AF_INET, tcp.host, &ip4) == 1) {
        link->place[0] = 4;
        memcpy(link->place + 1, &ip4, 4);
        link->loopback = link->place[1] == 127;
    } else if (tcp.kind == MULTIADDR_IP6 && inet_pton(AF_INET6, tcp.host, &ip6) == 1) {
        place_of_ip6(link, &ip6);
    } else {
        return LAT_MALFORMED;
    }
    snprintf(link->remote, sizeof(link->remote), "/%s/%.45s/tcp/%u", tcp.kind == MULTIADDR_IP4 ? "ip4" : "ip6", tcp.host,
             (unsigned)tcp.port);
    return LAT_OK;
}

size_t
limits_links(const struct swarm *swarm)
{
    size_t count = 0;

    for (const struct link *l = swarm->links; l; l = l->next)
        count++;
    return count;
}

static bool
same_place(const struct link *a, const struct link *b)
{
    return memcmp(a->place, b->place, sizeof(a->place)) == 0;
}

static bool
is_half_open(const struct link *link)
{
    return !link->dialer && link->state == LINK_HANDSHAKE;
}

static size_t
count_of_place(const struct swarm *swarm, const struct link *like, bool half_open)
{
    size_t count = 0;

    for (const struct link *l = swarm->links; l; l = l->next)
        count += !l->dialer && same_place(l, like) && (!half_open || is_half_open(l));
    return count;
}

/* The half-open one that has waited longest, of the address that has most of them; not the newcomer. */
static struct link *
find_victim(const struct swarm *swarm, const struct link *newcomer)
{
    struct link *victim = NULL;
    size_t most = 0;

    for (struct link *l = swarm->links; l; l = l->next) {
        size_t count = l != newcomer && is_half_open(l) ? count_of_place(swarm, l, true) : 0;

        if (count > 0 && count >= most) { /* the list has the newest first */
            most = count;
            victim = l;
        }
    }
    return victim;
}

enum lat_err
limits_admit(struct swarm *swarm, const struct link *newcomer, const char **why)
{
    size_t half_open = 0;
    struct link *victim;

    if (limits_links(swarm) > SWARM_CONNECTIONS_MAX - SWARM_OUTBOUND_RESERVED) {
        *why = "too many connections";
        return LAT_LIMIT;
    }
    if (!newcomer->loopback && count_of_place(swarm, newcomer, false) > SWARM_PER_ADDRESS_MAX) {
        *why = "too many connections of this address";
        return LAT_LIMIT;
    }
    for (const struct link *l = swarm->links; l; l = l->next)
        half_open += is_half_open(l);
    if (half_open <= SWARM_HALF_OPEN_MAX)
        return LAT_OK;
    victim = find_victim(swarm, newcomer);
    if (victim)
        link_end(victim, SWARM_CLOSED, "too many connections that do not prove who they are", false);
    return LAT_OK;
}
