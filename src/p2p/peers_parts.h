/*
 * peers_parts.h - the address book's inside, shared by peers.c and peers_candidates.c. For these alone.
 */
#ifndef LAT_P2P_PEERS_PARTS_H
#define LAT_P2P_PEERS_PARTS_H

#include "p2p/peers.h"

struct peers {
    struct peers_config config;
    struct peers_entry *entries[PEERS_MAX];
    size_t count;
    size_t in_flight;
    size_t live;
};

/* Neither pinned nor in flight: the caller has seen to that. The last one takes the place. */
void peers_remove_address(struct peers_entry *peer, size_t i);
void peers_remove_entry(struct peers *peers, size_t i);

/* May this address be kept for that peer: its text. LAT_MALFORMED (none that can be dialed), LAT_CONFLICT (ourselves). */
LAT_MUST_CHECK enum lat_err peers_check_address(const struct peers *peers, const struct peerid *id, const struct multiaddr *address,
                                                char text[PEERS_ADDRESS_LEN], bool *ip6);

/* Is it known? From now on it counts as from the better of both sources. */
bool peers_has_address(struct peers_entry *peer, const char *text, enum peers_source source);

/* There is room, and it is not known. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err peers_append_address(struct peers_entry *peer, const char *text, bool ip6, enum peers_source source);

#endif
