#include "config.h"

#include "node/live_parts.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

struct live *
live_new(const struct lung_constants *k, const struct trust *trust, const uint8_t siphash_key[16])
{
    struct live *live = calloc(1, sizeof(*live));

    if (live == NULL)
        return NULL;
    live->k = *k;
    live->trust = *trust;
    live->lost_why = LUNG_BY_LAST_PEER_CLOSED;
    memcpy(live->siphash_key, siphash_key, sizeof(live->siphash_key));
    return live;
}

void
live_free(struct live *live)
{
    free(live);
}

uint64_t
live_hash(const struct live *live, const void *data, size_t len)
{
    return siphash(live->siphash_key, data, len);
}

bool
live_key_counts(const struct live *live, bool has_key, const uint8_t *key)
{
    return topic_trusts_nobody(&live->trust) || (has_key && trust_attests(&live->trust, key));
}

uint64_t
live_xdead(const struct live *live, const struct live_peer *peer)
{
    return lung_xdead_ms(&live->k, peer->every_ms);
}

/* --- peers ------------------------------------------------------------------------------------------------ */

struct live_peer *
live_find(struct live *live, const struct peerid *id)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        if (live->peers[i].used && peerid_compare(&live->peers[i].id, id) == 0)
            return &live->peers[i];
    }
    return NULL;
}

static struct live_peer *
free_place(struct live *live)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        if (!live->peers[i].used)
            return &live->peers[i];
    }
    return live->peer_end < LIVE_PEERS_MAX ? &live->peers[live->peer_end++] : NULL;
}

void
live_up(struct live *live, const struct peerid *peer, uint64_t now_ms)
{
    struct live_peer *p = live_find(live, peer);

    if (p == NULL) {
        p = free_place(live);
        if (p == NULL)
            return; /* the swarm holds no more than there are places */
        *p = (struct live_peer){ .used = true, .id = *peer, .hash = live_hash(live, peer->bytes, peer->len), .up_ms = now_ms };
        p->inlined = p->has_key = !peerid_inlined_ed25519(peer, p->key);
        live_recall_name(live, p);
    }
    p->ask_now = true;
    p->unanswered = p->has_applied = false;
    live_forget_arrivals(live, (size_t)(p - live->peers));
}

static enum lung_reason
reason_of(enum swarm_reason reason)
{
    switch (reason) {
    case SWARM_RESET:
        return LUNG_BY_LAST_PEER_RESET;
    case SWARM_CLOSED:
        return LUNG_BY_LAST_PEER_CLOSED;
    case SWARM_SILENT:
        return LUNG_BY_LAST_PEER_SILENT;
    case SWARM_INVALID:
        return LUNG_BY_LAST_PEER_INVALID;
    }
    return LUNG_BY_LAST_PEER_CLOSED;
}

void
live_down(struct live *live, const struct peerid *peer, enum swarm_reason reason)
{
    struct live_peer *p = live_find(live, peer);

    if (p == NULL)
        return;
    if (p->live)
        live->lost_why = reason_of(reason);
    live_remember(live, p);
    live_forget_arrivals(live, (size_t)(p - live->peers));
    *p = (struct live_peer){ .used = false };
}

void
live_clear(struct live *live)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        if (!live->peers[i].used)
            continue;
        live_remember(live, &live->peers[i]);
        live_forget_arrivals(live, i);
        live->peers[i].used = false;
    }
    live->peer_end = 0;
}

void
live_unanswered(struct live *live, const struct peerid *peer, bool unanswered)
{
    struct live_peer *p = live_find(live, peer);

    if (p)
        p->unanswered = unanswered;
}

/* --- exchanges --------------------------------------------------------------------------------------------- */

void
live_exchange(struct live *live, struct live_peer *peer, bool has_key, const uint8_t *key, uint64_t at_ms)
{
    if (peer->has_exchange && peer->exchange_ms > at_ms)
        return;
    peer->has_exchange = true;
    peer->exchange_ms = at_ms;
    peer->by_has_key = has_key;
    if (has_key)
        memcpy(peer->by, key, sizeof(peer->by));
    peer->invalid = peer->clock_refused = false;
    if (at_ms > live->last_exchange_ms)
        live->last_exchange_ms = at_ms;
}

void
live_invalid(struct live *live, const struct peerid *peer)
{
    struct live_peer *p = live_find(live, peer);

    if (p == NULL)
        return;
    p->invalid = true;
    p->has_exchange = false;
}

/* --- time -------------------------------------------------------------------------------------------------- */

/* For how long what was proved still holds; 0: not live. */
static uint64_t
live_left(const struct live *live, const struct live_peer *peer, uint64_t now_ms)
{
    uint64_t passed = lung_elapsed_ms(now_ms, peer->exchange_ms), xdead = live_xdead(live, peer);

    return peer->has_exchange && passed < xdead ? xdead - passed : 0;
}

static void
set_live(struct live *live, struct live_peer *peer, bool is_live)
{
    if (peer->live == is_live)
        return;
    peer->live = is_live;
    peer->why = LUNG_BY_PEER_LIVE;
    if (is_live)
        return;
    peer->why = peer->has_exchange ? LUNG_BY_LAST_PEER_STALE : LUNG_BY_LAST_PEER_INVALID;
    live->lost_why = peer->why;
}

void
live_tick(struct live *live, uint64_t now_ms)
{
    live->now_ms = now_ms;
    for (size_t i = 0; i < live->peer_end; i++) {
        struct live_peer *p = &live->peers[i];

        if (!p->used)
            continue;
        set_live(live, p, live_left(live, p, now_ms) > 0);
        live_compare(live, p, false, now_ms); /* a root that we held a moment ago is no longer ours */
    }
}

bool
live_next_change(struct live *live, struct live_change *out)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        struct live_peer *p = &live->peers[i];

        if (!p->used || p->told == p->live)
            continue;
        p->told = p->live;
        *out = (struct live_change){ .peer = p->id, .live = p->live, .why = p->why };
        return true;
    }
    return false;
}

void
live_count(const struct live *live, size_t known, struct lung_peers *out, enum lung_reason *why)
{
    uint32_t answering = 0;

    *out = (struct lung_peers){ .known = (uint32_t)known };
    for (size_t i = 0; i < live->peer_end; i++) {
        const struct live_peer *p = &live->peers[i];

        if (!p->used)
            continue;
        out->connected++;
        out->live += p->live;
        answering += p->live && !p->unanswered;
    }
    out->unanswered = out->live > 0 && answering == 0;
    *why = live->lost_why;
}

/* When STATUS is due: at once, or when half of T_XDEAD has gone by without an exchange, and since the last time it was asked. */
static uint64_t
ask_due(const struct live *live, const struct live_peer *peer)
{
    uint64_t since = peer->has_exchange && peer->exchange_ms > peer->up_ms ? peer->exchange_ms : peer->up_ms;

    if (peer->ask_now)
        return 0;
    if (peer->asked_ms > since)
        since = peer->asked_ms;
    return since + live_xdead(live, peer) / 2;
}

bool
live_next_ask(struct live *live, uint64_t now_ms, struct peerid *peer)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        struct live_peer *p = &live->peers[i];

        if (!p->used || now_ms < ask_due(live, p))
            continue;
        p->ask_now = false;
        p->asked_ms = now_ms;
        *peer = p->id;
        return true;
    }
    return false;
}

uint64_t
live_next_deadline(const struct live *live)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < live->peer_end; i++) {
        const struct live_peer *p = &live->peers[i];
        uint64_t ask = ask_due(live, p);

        if (!p->used)
            continue;
        if (p->live && p->exchange_ms + live_xdead(live, p) < next)
            next = p->exchange_ms + live_xdead(live, p);
        if (ask < next)
            next = ask;
    }
    return next;
}

void
live_stall(struct live *live, uint64_t late_ms)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        live->peers[i].exchange_ms += late_ms;
        live->peers[i].applied_ms += late_ms;
    }
    for (size_t i = 0; i < LIVE_MESSAGES_MAX; i++)
        live->heard[i].first_ms += late_ms;
}

void
live_hurry(struct live *live)
{
    for (size_t i = 0; i < live->peer_end; i++)
        live->peers[i].ask_now = true;
}

void
live_reload(struct live *live, const struct lung_constants *k, const struct trust *trust, uint64_t now_ms)
{
    live->k = *k;
    live->trust = *trust;
    for (size_t i = 0; i < live->peer_end; i++) {
        struct live_peer *p = &live->peers[i];

        if (!p->used)
            continue;
        if (p->has_exchange && !live_key_counts(live, p->by_has_key, p->by))
            live_recount(live, p);
        if (live_left(live, p, now_ms) == 0)
            p->ask_now = true; /* its key may have become trusted */
    }
    live_tick(live, now_ms);
}
