#include "config.h"

#include "p2p/gossip_place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool
is_public4(const uint8_t ip[4])
{
    if (ip[0] == 0 || ip[0] == 10 || ip[0] == 127)
        return false;
    if ((ip[0] == 100 && (ip[1] & 0xc0) == 64) || (ip[0] == 169 && ip[1] == 254))
        return false;
    return !(ip[0] == 172 && (ip[1] & 0xf0) == 16) && !(ip[0] == 192 && ip[1] == 168);
}

/* Global unicast, 2000::/3. */
static bool
is_public6(const uint8_t ip[16])
{
    return (ip[0] & 0xe0) == 0x20;
}

static bool
place_of_ip4(const uint8_t ip[4], uint8_t place[GOSSIP_PLACE_LEN])
{
    place[0] = 4;
    memcpy(place + 1, ip, 4);
    return is_public4(ip);
}

bool
gossip_place(const struct multiaddr *address, uint8_t place[GOSSIP_PLACE_LEN])
{
    struct multiaddr_tcp tcp;
    struct in6_addr ip6;
    struct in_addr ip4;

    memset(place, 0, GOSSIP_PLACE_LEN);
    if (!multiaddr_is_tcp(address, &tcp))
        return false;
    if (tcp.kind == MULTIADDR_IP4 && inet_pton(AF_INET, tcp.host, &ip4) == 1)
        return place_of_ip4((const uint8_t *)&ip4, place);
    if (tcp.kind != MULTIADDR_IP6 || inet_pton(AF_INET6, tcp.host, &ip6) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&ip6))
        return place_of_ip4(ip6.s6_addr + 12, place);
    place[0] = 6;
    memcpy(place + 1, ip6.s6_addr, 8);
    return is_public6(ip6.s6_addr);
}
