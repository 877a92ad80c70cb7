/*
 * host_mdns.c - the sockets of mDNS: one for each interface and address family, which hears what that interface hears and nothing else.
 *
 * A socket is bound to the group's address, so that it takes no unicast from another program on port 5353 (there may be one, with
 * SO_REUSEADDR as here); IP_MULTICAST_ALL off, so that it hears only the interface on which it joined. Interfaces are read again
 * whenever our addresses or the machine's network may have changed.
 */
#include "config.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/rand.h"
#include "p2p/host_parts.h"
#include "p2p/mdns.h"

#define CHANNELS_MAX 32
#define TTL_MAX 255 /* RFC 6762 section 11 */

/* One socket and its machine. */
struct channel {
    uv_udp_t udp;
    struct host *host;
    char interface[IF_NAMESIZE];
    unsigned index;
    int family;
    struct mdns machine;
    bool wanted; /* mark and sweep */
};

struct host_mdns {
    struct peerid own;
    char label[MDNS_LABEL_LEN + 1];
    struct channel *channels[CHANNELS_MAX];
    size_t count;
    uint8_t packet[MDNS_PACKET_MAX];
};

/* --- one socket ------------------------------------------------------------------------------------ */

static socklen_t
group_address(int family, unsigned index, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)(void *)out;

    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        (void)uv_ip4_addr(MDNS_IP4, MDNS_PORT, (struct sockaddr_in *)(void *)out);
        return sizeof(struct sockaddr_in);
    }
    (void)uv_ip6_addr(MDNS_IP6, MDNS_PORT, ip6);
    ip6->sin6_scope_id = index;
    return sizeof(*ip6);
}

static bool
set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool
join_ip4(int fd, unsigned index)
{
    struct ip_mreqn group = { .imr_ifindex = (int)index };
    struct sockaddr_in address;

    (void)uv_ip4_addr(MDNS_IP4, 0, &address);
    group.imr_multiaddr = address.sin_addr;
    return set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) && set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, TTL_MAX) &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
           setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
}

static bool
join_ip6(int fd, unsigned index)
{
    struct ipv6_mreq group = { .ipv6mr_interface = index };
    struct sockaddr_in6 address;

    (void)uv_ip6_addr(MDNS_IP6, 0, &address);
    group.ipv6mr_multiaddr = address.sin6_addr;
    return set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, TTL_MAX) && set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index) &&
           setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
}

/* -1 with errno. */
static int
open_socket(int family, unsigned index)
{
    struct sockaddr_storage group;
    socklen_t len = group_address(family, index, &group);
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

    if (fd < 0)
        return -1;
    if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) && (family == AF_INET ? join_ip4(fd, index) : join_ip6(fd, index)) &&
        bind(fd, (struct sockaddr *)(void *)&group, len) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* --- what comes and goes --------------------------------------------------------------------------- */

static bool
endpoint_of(const struct sockaddr *address, struct mdns_endpoint *out)
{
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)address;
    bool is_ip4 = address->sa_family == AF_INET;

    if (!is_ip4 && address->sa_family != AF_INET6)
        return false;
    *out = (struct mdns_endpoint){ .ip_len = is_ip4 ? 4 : 16, .port = ntohs(is_ip4 ? ip4->sin_port : ip6->sin6_port) };
    memcpy(out->ip, is_ip4 ? (const void *)&ip4->sin_addr : (const void *)&ip6->sin6_addr, out->ip_len);
    return true;
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct channel *channel = handle->data;

    (void)suggested;
    *out = uv_buf_init((char *)channel->host->mdns->packet, MDNS_PACKET_MAX);
}

static void
on_packet(uv_udp_t *udp, ssize_t len, const uv_buf_t *buffer, const struct sockaddr *from, unsigned flags)
{
    struct channel *channel = udp->data;
    struct host *host = channel->host;
    uint64_t now_ms = host_now(host);
    struct mdns_endpoint endpoint;

    if (len <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) || host->swarm == NULL || !endpoint_of(from, &endpoint))
        return;
    mdns_input(&channel->machine, &endpoint, (const uint8_t *)buffer->base, (size_t)len, now_ms);
    host_flush_all(host);
}

/* What a full socket, or a network that has just gone, does not take is lost: there is a next time. */
static void
on_send(void *arg, const struct mdns_endpoint *to, const uint8_t *data, size_t len)
{
    struct channel *channel = arg;
    struct sockaddr_storage address;
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    struct sockaddr_in *ip4 = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)(void *)&address;

    (void)group_address(channel->family, channel->index, &address);
    if (to && channel->family == AF_INET) {
        memcpy(&ip4->sin_addr, to->ip, sizeof(ip4->sin_addr));
        ip4->sin_port = htons(to->port);
    } else if (to) {
        memcpy(&ip6->sin6_addr, to->ip, sizeof(ip6->sin6_addr));
        ip6->sin6_port = htons(to->port);
    }
    (void)uv_udp_try_send(&channel->udp, &piece, 1, (struct sockaddr *)(void *)&address);
}

static void
on_found(void *arg, const struct peerid *id, const struct multiaddr *address)
{
    struct channel *channel = arg;
    struct host *host = channel->host;
    struct peers *book = swarm_peers(host->swarm);
    bool is_new = peers_find(book, id) == NULL;
    char text[PEERID_TEXT_MAX];

    if (peers_suggest(book, id, address, PEERS_FOUND) || !is_new)
        return;
    peerid_text(id, text);
    host_log(host, LAT_DEBUG, "[P2P] mDNS on %s: found %s", channel->interface, text);
    host->ops->changed(host->arg);
}

static const struct mdns_ops ops = { .send = on_send, .found = on_found };

/* --- life of a socket ------------------------------------------------------------------------------ */

static void
on_closed(uv_handle_t *handle)
{
    struct channel *channel = handle->data;
    struct host *host = channel->host;

    free(channel);
    host_release(host);
}

static bool
start_channel(struct channel *channel)
{
    struct mdns_config config = { .own = channel->host->mdns->own, .random = rand_bytes, .ops = &ops, .arg = channel };
    int fd = open_socket(channel->family, channel->index);

    if (fd < 0 || uv_udp_init(channel->host->loop, &channel->udp) != 0) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    channel->udp.data = channel;
    host_hold(channel->host);
    lat_copy(config.label, sizeof(config.label), channel->host->mdns->label);
    mdns_init(&channel->machine, &config);
    if (uv_udp_open(&channel->udp, fd) == 0)
        return uv_udp_recv_start(&channel->udp, on_room, on_packet) == 0;
    close(fd);
    return false;
}

/* NULL: said why. */
static struct channel *
open_channel(struct host *host, const char *interface, int family)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL || host->mdns->count == CHANNELS_MAX) {
        free(channel);
        return NULL;
    }
    channel->host = host;
    channel->family = family;
    channel->index = if_nametoindex(interface);
    lat_copy(channel->interface, sizeof(channel->interface), interface);
    if (!start_channel(channel)) {
        host_log(host, LAT_DEBUG, "[P2P] mDNS is not to be had on %s: %s", interface, strerror(errno));
        if (channel->udp.data)
            uv_close((uv_handle_t *)&channel->udp, on_closed);
        else
            free(channel);
        return NULL;
    }
    host->mdns->channels[host->mdns->count++] = channel;
    host_log(host, LAT_INFO, "[P2P] mDNS on %s (%s)", interface, family == AF_INET ? "IPv4" : "IPv6");
    return channel;
}

static void
close_channel(struct host_mdns *mdns, size_t i)
{
    uv_close((uv_handle_t *)&mdns->channels[i]->udp, on_closed);
    mdns->channels[i] = mdns->channels[--mdns->count];
}

/* --- the machine's interfaces ---------------------------------------------------------------------- */

/* Both families of one interface: its networks, and where we listen on it. */
struct place {
    struct mdns_net nets[MDNS_NETS_MAX];
    size_t net_count;
    struct multiaddr addresses[MDNS_ADDRESSES_MAX];
    size_t address_count;
    bool has_ip4, has_ip6;
};

static unsigned
prefix_of(const struct sockaddr *mask, size_t ip_len)
{
    struct mdns_endpoint bits;
    unsigned prefix = 0;

    if (mask == NULL || !endpoint_of(mask, &bits))
        return (unsigned)(8 * ip_len);
    while (prefix < 8 * ip_len && (bits.ip[prefix / 8] & (0x80 >> prefix % 8)))
        prefix++;
    return prefix;
}

static void
note_net(struct place *place, const struct ifaddrs *at, const struct mdns_endpoint *ip)
{
    struct mdns_net *net;

    if (place->net_count == MDNS_NETS_MAX)
        return;
    net = &place->nets[place->net_count++];
    *net = (struct mdns_net){ .ip_len = ip->ip_len, .prefix = prefix_of(at->ifa_netmask, ip->ip_len) };
    memcpy(net->ip, ip->ip, ip->ip_len);
}

/* Do we listen at this address of an interface, and on which ports? */
static void
note_listeners(const struct host *host, struct place *place, const struct mdns_endpoint *ip)
{
    bool is_ip4 = ip->ip_len == 4;

    for (size_t i = 0; i < host->listener_count && place->address_count < MDNS_ADDRESSES_MAX; i++) {
        struct multiaddr bound;
        struct multiaddr_tcp tcp;
        struct sockaddr_storage at;
        struct mdns_endpoint own;
        static const uint8_t any[16];

        if (!host->listeners[i].listening || multiaddr_parse(host->listeners[i].text, &bound) || !multiaddr_is_tcp(&bound, &tcp) ||
            host_sockaddr(&tcp, &at) || !endpoint_of((struct sockaddr *)(void *)&at, &own))
            continue;
        if (own.ip_len != ip->ip_len || (memcmp(own.ip, any, own.ip_len) != 0 && memcmp(own.ip, ip->ip, own.ip_len) != 0))
            continue;
        multiaddr_of_tcp(ip->ip, is_ip4 ? 4 : 16, tcp.port, &place->addresses[place->address_count++]);
    }
}

/*
 * Loopback counts only for those who listen there and nowhere else: elsewhere "any" does not mean it. It has no route for IPv6 multicast
 * in Linux, so that what is said there goes by IPv4, addresses of IPv6 too.
 */
static bool
is_bound_to_loopback(const struct host *host)
{
    for (size_t i = 0; i < host->listener_count; i++) {
        if (host->listeners[i].listening &&
            (strncmp(host->listeners[i].text, "/ip4/127.", 9) == 0 || strncmp(host->listeners[i].text, "/ip6/::1/", 9) == 0))
            return true;
    }
    return false;
}

static bool
is_of_use(const struct host *host, const struct ifaddrs *at)
{
    if (at->ifa_addr == NULL || (at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_POINTOPOINT))
        return false;
    return (at->ifa_flags & IFF_LOOPBACK) ? is_bound_to_loopback(host) : (at->ifa_flags & IFF_MULTICAST) != 0;
}

static void
look_at(const struct host *host, const struct ifaddrs *list, const char *interface, struct place *place)
{
    struct mdns_endpoint ip;

    *place = (struct place){ .net_count = 0 };
    for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
        if (strcmp(at->ifa_name, interface) != 0 || !is_of_use(host, at) || !endpoint_of(at->ifa_addr, &ip))
            continue;
        place->has_ip4 = place->has_ip4 || ip.ip_len == 4;
        place->has_ip6 = place->has_ip6 || ip.ip_len == 16;
        note_net(place, at, &ip);
        if (ip.ip_len == 4 || ip.ip[0] != 0xfe || (ip.ip[1] & 0xc0) != 0x80) /* a link-local address cannot be dialed by others */
            note_listeners(host, place, &ip);
    }
}

/*
 * Send by this interface, from its address: without being told, the kernel takes one that has a scope beyond the host, and 0.0.0.0 on
 * loopback. IPv6 finds the right one by itself.
 */
static void
set_source(struct channel *channel, const struct place *place)
{
    struct ip_mreqn from = { .imr_ifindex = (int)channel->index };
    uv_os_fd_t fd;

    if (channel->family != AF_INET || uv_fileno((uv_handle_t *)&channel->udp, &fd) != 0)
        return;
    for (size_t i = place->net_count; i-- > 0;) {
        if (place->nets[i].ip_len == 4)
            memcpy(&from.imr_address, place->nets[i].ip, 4);
    }
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof(from));
}

static void
keep_channel(struct host *host, const char *interface, int family, const struct place *place, uint64_t now_ms)
{
    struct host_mdns *mdns = host->mdns;
    struct channel *channel = NULL;

    for (size_t i = 0; i < mdns->count; i++) {
        struct channel *c = mdns->channels[i];

        if (c->family == family && strcmp(c->interface, interface) == 0 && c->index == if_nametoindex(interface))
            channel = c;
    }
    if (channel && channel->wanted)
        return; /* seen by another address */
    if (channel == NULL)
        channel = open_channel(host, interface, family);
    if (channel == NULL)
        return;
    channel->wanted = true;
    set_source(channel, place);
    mdns_set_network(&channel->machine, place->nets, place->net_count, place->addresses, place->address_count, now_ms);
}

void
host_mdns_refresh(struct host *host, bool anew, uint64_t now_ms)
{
    struct host_mdns *mdns = host->mdns;
    struct ifaddrs *list = NULL;

    if (mdns == NULL || getifaddrs(&list) != 0)
        return;
    for (size_t i = 0; i < mdns->count; i++)
        mdns->channels[i]->wanted = false;
    for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
        struct place place;

        if (!is_of_use(host, at))
            continue;
        look_at(host, list, at->ifa_name, &place);
        if (place.has_ip4)
            keep_channel(host, at->ifa_name, AF_INET, &place, now_ms);
        if (place.has_ip6)
            keep_channel(host, at->ifa_name, AF_INET6, &place, now_ms);
    }
    freeifaddrs(list);
    for (size_t i = mdns->count; i-- > 0;) {
        if (!mdns->channels[i]->wanted)
            close_channel(mdns, i);
        else if (anew)
            mdns_begin_anew(&mdns->channels[i]->machine, now_ms);
    }
}

/* --- life ------------------------------------------------------------------------------------------ */

enum lat_err
host_mdns_open(struct host *host, const struct peerid *own)
{
    host->mdns = calloc(1, sizeof(*host->mdns));
    if (host->mdns == NULL)
        return LAT_NOMEM;
    host->mdns->own = *own;
    mdns_label(rand_bytes, host->mdns->label);
    host_mdns_refresh(host, false, host->turn_ms);
    if (host->mdns->count == 0)
        host_log(host, LAT_INFO, "[P2P] mDNS: no network interface to be used yet");
    return LAT_OK;
}

void
host_mdns_tick(struct host *host, uint64_t now_ms)
{
    for (size_t i = 0; host->mdns && i < host->mdns->count; i++)
        mdns_tick(&host->mdns->channels[i]->machine, now_ms);
}

void
host_mdns_close(struct host *host)
{
    while (host->mdns && host->mdns->count > 0)
        close_channel(host->mdns, 0);
}
