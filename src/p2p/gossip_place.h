/*
 * gossip_place.h - where a peer is, for P6: many peers at one public address may be one attacker. Pure; any thread.
 */
#ifndef LAT_P2P_GOSSIP_PLACE_H
#define LAT_P2P_GOSSIP_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "p2p/gossip.h"
#include "wire/multiaddr.h"

/* An IPv4 address, or the /64 of an IPv6 one. False: loopback, private, link-local, shared (RFC 6598), or no IP address: it does not count. */
bool gossip_place(const struct multiaddr *address, uint8_t place[GOSSIP_PLACE_LEN]);

#endif
