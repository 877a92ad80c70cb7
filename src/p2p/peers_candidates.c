/*
 * peers_candidates.c - peers on hearsay. Whoever is on the local network may announce what he likes, and a peer may name any other: so
 * candidates live in places of their own, and the rate at which they take turns is that at which dials fail.
 */
#include "config.h"

#include "p2p/peers.h"
#include "p2p/peers_parts.h"

/* The best source that speaks for a peer. One without an address came by itself. */
static enum peers_source
source_of(const struct peers_entry *peer)
{
    enum peers_source best = peer->address_count > 0 ? PEERS_EXCHANGED : PEERS_IDENTIFIED;

    for (size_t i = 0; i < peer->address_count; i++) {
        if (peer->addresses[i]->source < best)
            best = peer->addresses[i]->source;
    }
    return best;
}

static bool
is_candidate(const struct peers_entry *peer)
{
    return !peer->connected && !peer->was_connected && source_of(peer) >= PEERS_FOUND;
}

static bool
is_spent(const struct peers_address *address)
{
    return !address->in_flight && address->failures >= PEERS_CANDIDATE_TRIES;
}

static bool
has_had_its_turn(const struct peers_entry *peer)
{
    for (size_t i = 0; i < peer->address_count; i++) {
        if (!is_spent(peer->addresses[i]))
            return false;
    }
    return true;
}

/* A place among the candidates of this source, and in the book. */
static bool
make_place(struct peers *peers, enum peers_source source)
{
    size_t count = 0, spent = PEERS_MAX;

    for (size_t i = 0; i < peers->count; i++) {
        if (!is_candidate(peers->entries[i]) || source_of(peers->entries[i]) != source)
            continue;
        count++;
        if (spent == PEERS_MAX && has_had_its_turn(peers->entries[i]))
            spent = i;
    }
    if (count < PEERS_CANDIDATES_MAX && peers->count < PEERS_MAX)
        return true;
    if (spent == PEERS_MAX)
        return false;
    peers_remove_entry(peers, spent);
    return true;
}

/* A place among the addresses that this peer has on hearsay. */
static bool
make_room(struct peers_entry *peer)
{
    size_t count = 0, spent = PEERS_ADDRESSES_MAX;

    for (size_t i = 0; i < peer->address_count; i++) {
        if (peer->addresses[i]->source < PEERS_FOUND)
            continue;
        count++;
        if (is_spent(peer->addresses[i]))
            spent = i;
    }
    if (count < PEERS_CANDIDATE_ADDRESSES && peer->address_count < PEERS_ADDRESSES_MAX)
        return true;
    if (spent == PEERS_ADDRESSES_MAX)
        return false;
    peers_remove_address(peer, spent);
    return true;
}

enum lat_err
peers_suggest(struct peers *peers, const struct peerid *id, const struct multiaddr *address, enum peers_source source)
{
    char text[PEERS_ADDRESS_LEN];
    struct peers_entry *peer;
    bool ip6;
    enum lat_err err = peers_check_address(peers, id, address, text, &ip6);

    if (err)
        return err;
    peer = peers_find(peers, id);
    /* One that another source's places hold moves over to those of the better source, if there is one free. */
    if ((peer == NULL || (is_candidate(peer) && source < source_of(peer))) && !make_place(peers, source))
        return LAT_LIMIT;
    if (peer == NULL)
        peer = peers_enter(peers, id);
    if (peer == NULL)
        return LAT_NOMEM;
    if (peers_has_address(peer, text, source))
        return LAT_OK;
    return make_room(peer) ? peers_append_address(peer, text, ip6, source) : LAT_LIMIT;
}
