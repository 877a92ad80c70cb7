/*
 * peers.c - the address book. Entries and addresses are allocated one by one, so that pointers to them stay valid while they are
 * connected or in flight; what is pinned in that way is never evicted.
 *
 * Which address is next: of all that are due the one that has waited longest since it became due; of those that were never tried, so
 * after a restart, the better peer's. So the longest-live peers come first once, and nobody starves.
 */
#include "config.h"

#include "p2p/peers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p/peers_parts.h"

#define FACTOR_AT_EASE 10 /* of redial_max, for peers that nobody configured, while others are live */

struct peers *
peers_new(const struct peers_config *config)
{
    struct peers *peers = calloc(1, sizeof(*peers));

    if (peers)
        peers->config = *config;
    return peers;
}

static void
free_address(struct peers_address *address)
{
    free(address->text);
    free(address);
}

static void
free_entry(struct peers_entry *peer)
{
    for (size_t i = 0; i < peer->address_count; i++)
        free_address(peer->addresses[i]);
    free(peer);
}

void
peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    for (size_t i = 0; i < peers->count; i++)
        free_entry(peers->entries[i]);
    free(peers);
}

/* --- looking up ------------------------------------------------------------------------------------ */

struct peers_entry *
peers_find(const struct peers *peers, const struct peerid *id)
{
    for (size_t i = 0; i < peers->count; i++) {
        if (peerid_compare(&peers->entries[i]->id, id) == 0)
            return peers->entries[i];
    }
    return NULL;
}

struct peers_address *
peers_address_of(const struct peers_entry *peer, const char *text)
{
    for (size_t i = 0; i < peer->address_count; i++) {
        if (strcmp(peer->addresses[i]->text, text) == 0)
            return peer->addresses[i];
    }
    return NULL;
}

size_t
peers_count(const struct peers *peers)
{
    return peers->count;
}

struct peers_entry *
peers_at(const struct peers *peers, size_t i)
{
    return peers->entries[i];
}

size_t
peers_live_count(const struct peers *peers)
{
    return peers->live;
}

bool
peers_is_configured(const struct peers_entry *peer)
{
    for (size_t i = 0; i < peer->address_count; i++) {
        if (peer->addresses[i]->source == PEERS_CONFIGURED)
            return true;
    }
    return false;
}

static uint64_t
total(uint64_t sum, bool now, uint64_t since_ms, uint64_t now_ms)
{
    return now && now_ms > since_ms ? sum + (now_ms - since_ms) : sum;
}

static int
descending(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a > b ? -1 : 1;
}

int
peers_compare(const struct peers_entry *a, const struct peers_entry *b, uint64_t now_ms)
{
    int order = descending(total(a->live_total_ms, a->live, a->live_ms, now_ms),
                           total(b->live_total_ms, b->live, b->live_ms, now_ms));

    if (order == 0)
        order = descending(total(a->connected_total_ms, a->connected, a->up_ms, now_ms),
                           total(b->connected_total_ms, b->connected, b->up_ms, now_ms));
    return order != 0 ? order : peerid_compare(&a->id, &b->id);
}

/* --- making room ----------------------------------------------------------------------------------- */

void
peers_remove_address(struct peers_entry *peer, size_t i)
{
    free_address(peer->addresses[i]);
    peer->addresses[i] = peer->addresses[--peer->address_count];
}

/* The address that fails most, the latest known of several; never a configured one. */
static bool
drop_worst_address(struct peers_entry *peer)
{
    size_t worst = PEERS_ADDRESSES_MAX;

    for (size_t i = 0; i < peer->address_count; i++) {
        const struct peers_address *a = peer->addresses[i];

        if (a->in_flight || a->source == PEERS_CONFIGURED)
            continue;
        if (worst == PEERS_ADDRESSES_MAX || a->failures > peer->addresses[worst]->failures)
            worst = i;
    }
    if (worst == PEERS_ADDRESSES_MAX || peer->addresses[worst]->failures == 0)
        return false; /* nothing is known against any of them: a stranger's words must not push out what may work */
    peers_remove_address(peer, worst);
    return true;
}

static bool
is_pinned(const struct peers_entry *peer)
{
    assert(peer != NULL); /* clang's analyzer cannot see that entries below `count` never are */
    return peer->connected || peer->in_flight > 0 || peers_is_configured(peer);
}

void
peers_remove_entry(struct peers *peers, size_t i)
{
    free_entry(peers->entries[i]);
    peers->entries[i] = peers->entries[--peers->count];
}

/* Forget the peer that was of least use. */
static bool
drop_worst_peer(struct peers *peers)
{
    size_t worst = PEERS_MAX;

    for (size_t i = 0; i < peers->count; i++) {
        if (is_pinned(peers->entries[i]))
            continue;
        if (worst == PEERS_MAX || peers_compare(peers->entries[i], peers->entries[worst], 0) > 0)
            worst = i;
    }
    if (worst == PEERS_MAX)
        return false;
    peers_remove_entry(peers, worst);
    return true;
}

/* --- adding ---------------------------------------------------------------------------------------- */

struct peers_entry *
peers_enter(struct peers *peers, const struct peerid *id)
{
    struct peers_entry *peer = peers_find(peers, id);

    if (peer)
        return peer;
    if (peers->count == PEERS_MAX && !drop_worst_peer(peers))
        return NULL;
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return NULL;
    peer->id = *id;
    peers->entries[peers->count++] = peer;
    return peer;
}

enum lat_err
peers_append_address(struct peers_entry *peer, const char *text, bool ip6, enum peers_source source)
{
    struct peers_address *a = calloc(1, sizeof(*a));

    if (a)
        a->text = strdup(text);
    if (a == NULL || a->text == NULL) {
        free(a);
        return LAT_NOMEM;
    }
    a->ip6 = ip6;
    a->source = source;
    peer->addresses[peer->address_count++] = a;
    return LAT_OK;
}

bool
peers_has_address(struct peers_entry *peer, const char *text, enum peers_source source)
{
    struct peers_address *a = peers_address_of(peer, text);

    if (a == NULL)
        return false;
    a->leaving = false;
    if (source < a->source)
        a->source = source;
    return true;
}

enum lat_err
peers_check_address(const struct peers *peers, const struct peerid *id, const struct multiaddr *address,
                    char text[PEERS_ADDRESS_LEN], bool *ip6)
{
    if (peers_address_text(address, text, ip6))
        return LAT_MALFORMED;
    return peerid_compare(id, &peers->config.own) == 0 ? LAT_CONFLICT : LAT_OK;
}

enum lat_err
peers_add(struct peers *peers, const struct peerid *id, const struct multiaddr *address, enum peers_source source)
{
    char text[PEERS_ADDRESS_LEN];
    struct peers_entry *peer;
    bool ip6;
    enum lat_err err = peers_check_address(peers, id, address, text, &ip6);

    if (err)
        return err;
    peer = peers_enter(peers, id);
    if (peer == NULL)
        return peers->count == PEERS_MAX ? LAT_LIMIT : LAT_NOMEM;
    if (peers_has_address(peer, text, source))
        return LAT_OK;
    if (peer->address_count == PEERS_ADDRESSES_MAX && !drop_worst_address(peer))
        return LAT_LIMIT;
    return peers_append_address(peer, text, ip6, source);
}

enum lat_err
peers_address_text(const struct multiaddr *address, char out[PEERS_ADDRESS_LEN], bool *ip6)
{
    static const char *const names[] = { [MULTIADDR_IP4] = "ip4", [MULTIADDR_IP6] = "ip6", [MULTIADDR_DNS] = "dns",
                                         [MULTIADDR_DNS4] = "dns4", [MULTIADDR_DNS6] = "dns6" };
    struct multiaddr_tcp tcp;

    if (!multiaddr_is_tcp(address, &tcp) || tcp.port == 0)
        return LAT_MALFORMED;
    snprintf(out, PEERS_ADDRESS_LEN, "/%s/%s/tcp/%u", names[tcp.kind], tcp.host, (unsigned)tcp.port);
    if (ip6)
        *ip6 = tcp.kind == MULTIADDR_IP6 || tcp.kind == MULTIADDR_DNS6;
    return LAT_OK;
}

/* --- configuration --------------------------------------------------------------------------------- */

static void
release_address(struct peers_entry *peer, const struct peers_address *address)
{
    size_t i = 0;

    while (peer->addresses[i] != address)
        i++;
    peers_remove_address(peer, i);
}

static void
mark_configured(struct peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        struct peers_entry *peer = peers->entries[i];

        for (size_t k = 0; k < peer->address_count; k++) {
            if (peer->addresses[k]->source != PEERS_CONFIGURED)
                continue;
            peer->addresses[k]->source = PEERS_REMEMBERED;
            peer->addresses[k]->leaving = true;
        }
    }
}

/* A peer that has been left without an address, and is not connected, is forgotten with it. */
static void
drop_leaving(struct peers *peers)
{
    for (size_t i = peers->count; i-- > 0;) {
        struct peers_entry *peer = peers->entries[i];
        size_t before = peer->address_count;

        for (size_t k = peer->address_count; k-- > 0;) {
            if (peer->addresses[k]->leaving && !peer->addresses[k]->in_flight)
                peers_remove_address(peer, k);
        }
        if (peer->address_count == 0 && before > 0 && !is_pinned(peer))
            peers_remove_entry(peers, i);
    }
}

enum lat_err
peers_configure(struct peers *peers, const struct multiaddr *addresses, size_t count, size_t *refused)
{
    struct multiaddr_tcp tcp;
    enum lat_err err = LAT_OK;

    *refused = 0;
    mark_configured(peers);
    for (size_t i = 0; i < count && err != LAT_NOMEM; i++) {
        err = multiaddr_is_tcp(&addresses[i], &tcp) && tcp.has_peer
                  ? peers_add(peers, &tcp.peer, &addresses[i], PEERS_CONFIGURED)
                  : LAT_MALFORMED;
        *refused += err != LAT_OK;
    }
    drop_leaving(peers);
    return err == LAT_NOMEM ? LAT_NOMEM : LAT_OK;
}

/* --- choosing -------------------------------------------------------------------------------------- */

static bool
may_dial(const struct peers *peers, const struct peers_entry *peer, size_t connections, uint64_t now_ms)
{
    if (peer->connected || peer->hold || peer->in_flight >= PEERS_ATTEMPTS_MAX)
        return false;
    if (peer->in_flight > 0 && now_ms - peer->attempt_ms < PEERS_STAGGER_MS)
        return false;
    return peers->live == 0 || connections < PEERS_WANTED || peers_is_configured(peer);
}

/* Of a peer's due addresses: the other family than the last attempt's, then the one that fails least, then the longest due. */
static bool
is_better_address(const struct peers_entry *peer, const struct peers_address *a, const struct peers_address *than)
{
    bool a_turn = a->ip6 != peer->last_ip6;
    bool than_turn = than->ip6 != peer->last_ip6;

    if (peer->in_flight > 0 && a_turn != than_turn)
        return a_turn;
    if (a->failures != than->failures)
        return a->failures < than->failures;
    if (a->due_ms != than->due_ms)
        return a->due_ms < than->due_ms;
    return a->ip6 && !than->ip6;
}

static struct peers_address *
best_address(const struct peers_entry *peer, uint64_t now_ms)
{
    struct peers_address *best = NULL;

    for (size_t i = 0; i < peer->address_count; i++) {
        struct peers_address *a = peer->addresses[i];

        if (a->in_flight || a->due_ms > now_ms)
            continue;
        if (best == NULL || is_better_address(peer, a, best))
            best = a;
    }
    return best;
}

bool
peers_next(struct peers *peers, size_t connections, uint64_t now_ms, struct peers_entry **peer, struct peers_address **address)
{
    struct peers_entry *chosen = NULL;
    struct peers_address *best = NULL;

    if (peers->in_flight >= PEERS_DIALS_MAX)
        return false;
    for (size_t i = 0; i < peers->count; i++) {
        struct peers_entry *p = peers->entries[i];
        struct peers_address *a = may_dial(peers, p, connections, now_ms) ? best_address(p, now_ms) : NULL;

        if (a == NULL)
            continue;
        if (best == NULL || a->due_ms < best->due_ms ||
            (a->due_ms == best->due_ms && peers_compare(p, chosen, now_ms) < 0)) {
            chosen = p;
            best = a;
        }
    }
    if (best == NULL)
        return false;
    best->in_flight = true;
    best->tried_ms = chosen->attempt_ms = now_ms;
    chosen->last_ip6 = best->ip6;
    chosen->in_flight++;
    peers->in_flight++;
    *peer = chosen;
    *address = best;
    return true;
}

/* --- outcomes -------------------------------------------------------------------------------------- */

static uint64_t
random_up_to(const struct peers *peers, uint64_t most)
{
    uint64_t number;

    peers->config.random(&number, sizeof(number));
    return number % (most + 1);
}

/* Full jitter. */
static uint64_t
back_off(const struct peers *peers, const struct peers_address *address)
{
    uint64_t most = peers->config.redial_max_ms;
    uint64_t span = peers->config.redial_min_ms;

    if (peers->live > 0 && address->source != PEERS_CONFIGURED)
        most *= FACTOR_AT_EASE;
    for (uint32_t i = 1; i < address->failures && span < most; i++)
        span *= 2;
    return random_up_to(peers, span < most ? span : most);
}

static void
end_attempt(struct peers *peers, struct peers_entry *peer, struct peers_address *address)
{
    address->in_flight = false;
    peers->in_flight--;
    if (--peer->in_flight == 0)
        peer->hold = false;
}

void
peers_answered(struct peers_entry *peer)
{
    peer->hold = true;
}

bool
peers_failed(struct peers *peers, struct peers_entry *peer, struct peers_address *address, const char *error, uint64_t now_ms)
{
    char shown[PEERS_ERROR_LEN];
    bool is_new;

    end_attempt(peers, peer, address);
    peer->hold = false;
    lat_escape_str(error, shown, sizeof(shown));
    is_new = strcmp(shown, address->error) != 0;
    if (address->leaving) {
        release_address(peer, address);
        return is_new;
    }
    memcpy(address->error, shown, sizeof(shown));
    address->error_ms = now_ms;
    if (address->failures < UINT32_MAX)
        address->failures++;
    address->due_ms = now_ms + back_off(peers, address);
    return is_new;
}

void
peers_dropped(struct peers *peers, struct peers_entry *peer, struct peers_address *address)
{
    end_attempt(peers, peer, address);
    if (address->leaving)
        release_address(peer, address);
}

void
peers_up(struct peers *peers, struct peers_entry *peer, struct peers_address *address, uint64_t now_ms)
{
    if (address) {
        end_attempt(peers, peer, address);
        address->error[0] = '\0';
    }
    if (peer->connected)
        return;
    peer->connected = true;
    peer->up_ms = now_ms;
}

void
peers_down(struct peers *peers, struct peers_entry *peer, struct peers_address *address, const char *why, uint64_t now_ms)
{
    uint64_t lived = now_ms - peer->up_ms;

    peers_set_live(peers, peer, false, now_ms);
    peer->connected = false;
    peer->connected_total_ms += lived;
    peer->last_ms = (int64_t)now_ms;
    peer->was_connected = true;
    lat_escape_str(why, peer->down_error, sizeof(peer->down_error));
    if (address == NULL || address->in_flight)
        return;
    if (lived >= peers->config.redial_max_ms)
        address->failures = 0;
    if (address->failures < UINT32_MAX)
        address->failures++;
    address->due_ms = now_ms + back_off(peers, address);
}

/* Nobody is left: what rested long, because others were live, is due within redial_max. */
static void
wake_resting(struct peers *peers, uint64_t now_ms)
{
    uint64_t latest = now_ms + peers->config.redial_max_ms;

    for (size_t i = 0; i < peers->count; i++) {
        for (size_t k = 0; k < peers->entries[i]->address_count; k++) {
            struct peers_address *a = peers->entries[i]->addresses[k];

            if (a->due_ms > latest)
                a->due_ms = now_ms + random_up_to(peers, peers->config.redial_max_ms);
        }
    }
}

void
peers_set_live(struct peers *peers, struct peers_entry *peer, bool live, uint64_t now_ms)
{
    if (peer->live == live)
        return;
    peer->live = live;
    if (live) {
        peer->live_ms = now_ms;
        peers->live++;
        return;
    }
    peer->live_total_ms += now_ms - peer->live_ms;
    if (--peers->live == 0)
        wake_resting(peers, now_ms);
}

void
peers_forget_backoff(struct peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        for (size_t k = 0; k < peers->entries[i]->address_count; k++) {
            peers->entries[i]->addresses[k]->due_ms = 0;
            peers->entries[i]->addresses[k]->failures = 0;
        }
    }
}
