/*
 * What was heard, and what of it counts. The message's way to a peer is known only as "it came over this connection", so each
 * message keeps two sets of connections: those that brought it, and those for which it has counted. What did not count when it
 * came (the root was not ours yet, no record had been applied yet) is looked at again when that changes; it then counts from its
 * first arrival on, which is never too long.
 */
#include "config.h"

#include "node/live_parts.h"

#include <string.h>

#include "base/le.h"

#define NOT_FOUND SIZE_MAX

static bool
has(const uint64_t *set, size_t i)
{
    return (set[i / 64] >> (i % 64)) & 1;
}

static void
add(uint64_t *set, size_t i)
{
    set[i / 64] |= UINT64_C(1) << (i % 64);
}

static void
take_out(uint64_t *set, size_t i)
{
    set[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

static size_t
heard_count(const struct live *live)
{
    return live->heard_total < LIVE_MESSAGES_MAX ? (size_t)live->heard_total : LIVE_MESSAGES_MAX;
}

void
live_forget_arrivals(struct live *live, size_t peer)
{
    for (size_t i = 0; i < heard_count(live); i++) {
        take_out(live->heard[i].arrived, peer);
        take_out(live->heard[i].counted, peer);
    }
    for (size_t i = 0; i < LIVE_EARLY_MAX; i++) {
        if (live->early[i].peer == peer)
            live->early[i].peer = NOT_FOUND;
    }
}

/* --- our own state ----------------------------------------------------------------------------------------- */

bool
live_is_ours(const struct live *live, const uint8_t root[32], bool flat, uint64_t now_ms)
{
    if (flat)
        return live->has_own_flat && memcmp(root, live->own_flat, 32) == 0;
    for (size_t i = 0; i < LIVE_OWN_ROOTS_MAX && i < live->own_total; i++) {
        const struct live_own_root *own = &live->own_roots[i];

        if (memcmp(root, own->root, 32) == 0 && (own->left_ms == UINT64_MAX || now_ms < own->left_ms + live->k.exchange_ms))
            return true;
    }
    return false;
}

bool
live_brought(const struct live *live, const struct live_peer *peer, uint64_t now_ms)
{
    return peer->has_applied && lung_elapsed_ms(now_ms, peer->applied_ms) < live_xdead(live, peer);
}

/* --- what counts ------------------------------------------------------------------------------------------- */

static bool
is_young(const struct live *live, const struct live_heard *heard, uint64_t now_ms)
{
    return lung_elapsed_ms(now_ms, heard->first_ms) < lung_xdead_ms(&live->k, 0);
}

/* Does a message that came over this peer's connection prove that it carries state? */
static bool
proves(const struct live *live, const struct live_heard *heard, const struct live_peer *peer, uint64_t now_ms)
{
    if (!live_key_counts(live, heard->has_key, heard->key) || !is_young(live, heard, now_ms))
        return false;
    if (heard->author == peer->hash && !heard->borrowed)
        return true;
    return live_is_ours(live, heard->root, heard->is_flat, now_ms) || live_brought(live, peer, now_ms);
}

/* It came, or is looked at again; it counts once. at_ms: the instant of the exchange. */
static void
count(struct live *live, struct live_heard *heard, size_t i, uint64_t at_ms, uint64_t now_ms)
{
    struct live_peer *peer = &live->peers[i];

    if (!peer->used || has(heard->counted, i) || !proves(live, heard, peer, now_ms))
        return;
    add(heard->counted, i);
    live_exchange(live, peer, heard->has_key, heard->key, at_ms);
}

static void
arrive(struct live *live, struct live_heard *heard, size_t i, uint64_t now_ms)
{
    if (has(heard->arrived, i))
        return;
    add(heard->arrived, i);
    count(live, heard, i, now_ms, now_ms);
}

static void
look_again(struct live *live, struct live_heard *heard, uint64_t now_ms)
{
    for (size_t i = 0; i < live->peer_end; i++) {
        if (has(heard->arrived, i))
            count(live, heard, i, heard->first_ms, now_ms);
    }
}

void
live_recount(struct live *live, struct live_peer *peer)
{
    size_t i = (size_t)(peer - live->peers);

    peer->has_exchange = false;
    for (size_t n = 0; n < heard_count(live); n++) {
        const struct live_heard *heard = &live->heard[n];

        if (has(heard->counted, i) && live_key_counts(live, heard->has_key, heard->key))
            live_exchange(live, peer, heard->has_key, heard->key, heard->first_ms);
    }
}

void
live_own_state(struct live *live, const struct topic_state *state, const uint8_t *flat, uint64_t now_ms)
{
    bool changed = !live->has_own || memcmp(state->root, live->own.root, 32) != 0;
    uint64_t first = lat_get_u64le(state->root);

    live->own = *state;
    live->has_own_flat = flat != NULL;
    if (flat)
        memcpy(live->own_flat, flat, sizeof(live->own_flat));
    if (!changed)
        return;
    if (live->has_own)
        live->own_roots[(live->own_total - 1) % LIVE_OWN_ROOTS_MAX].left_ms = now_ms;
    live->has_own = true;
    memcpy(live->own_roots[live->own_total % LIVE_OWN_ROOTS_MAX].root, state->root, 32);
    live->own_roots[live->own_total++ % LIVE_OWN_ROOTS_MAX].left_ms = UINT64_MAX;
    for (size_t i = 0; i < heard_count(live); i++) {
        if (live->heard_root[i] == first)
            look_again(live, &live->heard[i], now_ms);
    }
    for (size_t i = 0; i < live->peer_end; i++)
        live_compare(live, &live->peers[i], false, now_ms);
}

void
live_applied(struct live *live, const struct peerid *link, uint64_t now_ms)
{
    struct live_peer *peer = live_find(live, link);
    bool brought;

    if (peer == NULL)
        return;
    brought = live_brought(live, peer, now_ms);
    peer->has_applied = true;
    peer->applied_ms = now_ms;
    if (brought)
        return; /* what came since has counted already */
    for (size_t i = 0; i < heard_count(live); i++) {
        if (has(live->heard[i].arrived, (size_t)(peer - live->peers)))
            count(live, &live->heard[i], (size_t)(peer - live->peers), live->heard[i].first_ms, now_ms);
    }
}

/* --- messages ----------------------------------------------------------------------------------------------- */

static size_t
find_heard(const struct live *live, uint64_t id)
{
    for (size_t i = 0; i < heard_count(live); i++) {
        if (live->heard_id[i] == id)
            return i;
    }
    return NOT_FOUND;
}

/* What the author shows of its state, by whatever way it came. */
static void
take_claim(struct live *live, struct live_peer *author, const struct topic_message *m, uint64_t now_ms)
{
    bool is_root = m->type == TOPIC_ROOT;

    if (!is_root && author->has_state && !author->flat_only)
        return; /* it speaks our language; a proof_event beside it tells less */
    author->has_state = true;
    author->flat_only = !is_root;
    author->state = m->state;
    if (!is_root)
        memcpy(author->state.root, m->flat, sizeof(m->flat));
    author->heard_ms = now_ms;
    if (is_root) {
        author->every_ms = m->every_ms;
        memcpy(author->name, m->name, sizeof(author->name));
    }
    if (m->borrowed_key) {
        author->has_key = true;
        memcpy(author->key, m->key, sizeof(author->key));
    }
    live_compare(live, author, true, now_ms);
}

/* What a message tells of its author, if that is connected. */
static void
look_at_author(struct live *live, const struct topic_message *m, const struct topic_judgement *said, const struct peerid *link,
               uint64_t now_ms)
{
    struct live_peer *author = live_find(live, &m->author);

    if (author == NULL)
        return;
    if (said->line == TOPIC_LINE_ATTESTATION || said->line == TOPIC_LINE_BAD_RECORD)
        live_invalid(live, &m->author);
    if (!said->is_claim)
        return;
    if (m->type == TOPIC_ROOT && peerid_compare(link, &m->author) == 0) { /* a relay may have kept it for a while */
        author->has_clock = true;
        author->clock_ms = said->clock_ms;
        author->clock_refused = said->line == TOPIC_LINE_CLOCK;
    }
    if (said->line != TOPIC_LINE_CLOCK)
        take_claim(live, author, m, now_ms);
}

static struct live_heard *
enter_heard(struct live *live, const struct topic_message *m, uint64_t id, uint64_t now_ms)
{
    size_t at = (size_t)(live->heard_total++ % LIVE_MESSAGES_MAX);
    struct live_heard *heard = &live->heard[at];

    *heard = (struct live_heard){ .first_ms = now_ms,
                                  .author = live_hash(live, m->author.bytes, m->author.len),
                                  .borrowed = m->borrowed_key,
                                  .has_key = m->has_key,
                                  .is_flat = m->type == TOPIC_PROOF_EVENT };
    memcpy(heard->key, m->key, sizeof(heard->key));
    memcpy(heard->root, heard->is_flat ? m->flat : m->state.root, sizeof(heard->root));
    live->heard_id[at] = id;
    live->heard_root[at] = lat_get_u64le(heard->root);
    return heard;
}

void
live_message(struct live *live, const struct topic_message *message, const struct topic_judgement *judgement, const uint8_t *id,
             size_t id_len, const struct peerid *link, uint64_t now_ms)
{
    uint64_t hash = live_hash(live, id, id_len);
    struct live_peer *peer = live_find(live, link);
    struct live_heard *heard;

    if (judgement->is_own)
        return;
    look_at_author(live, message, judgement, link, now_ms);
    if (judgement->line != TOPIC_LINE_NONE || !judgement->is_claim || !judgement->trusted || find_heard(live, hash) != NOT_FOUND)
        return;
    heard = enter_heard(live, message, hash, now_ms);
    if (peer)
        arrive(live, heard, (size_t)(peer - live->peers), now_ms);
    for (size_t i = 0; i < LIVE_EARLY_MAX; i++) {
        if (live->early[i].id == hash && live->early[i].peer < live->peer_end)
            arrive(live, heard, live->early[i].peer, now_ms);
    }
}

void
live_copy(struct live *live, const uint8_t *id, size_t id_len, const struct peerid *link, uint64_t now_ms)
{
    uint64_t hash = live_hash(live, id, id_len);
    struct live_peer *peer = live_find(live, link);
    size_t at = find_heard(live, hash);

    if (peer == NULL)
        return;
    if (at != NOT_FOUND) {
        arrive(live, &live->heard[at], (size_t)(peer - live->peers), now_ms);
        return;
    }
    at = (size_t)(live->early_total++ % LIVE_EARLY_MAX);
    live->early[at].id = hash;
    live->early[at].peer = (size_t)(peer - live->peers);
}

/* --- STATUS -------------------------------------------------------------------------------------------------- */

static void
take_status(struct live *live, struct live_peer *peer, const struct live_status *status, uint64_t now_ms)
{
    uint64_t hlc = status->state.hlc;

    if (hlc == 0 && peer->has_state && memcmp(peer->state.root, status->state.root, 32) == 0)
        hlc = peer->state.hlc; /* a request does not tell it, and the root is the same */
    peer->has_state = true;
    peer->flat_only = false;
    peer->state = status->state;
    peer->state.hlc = hlc;
    peer->heard_ms = now_ms;
    if (status->time_ms > 0) {
        peer->has_clock = true;
        peer->clock_ms = (int64_t)status->time_ms - (int64_t)status->wall_ms;
    }
    live_compare(live, peer, true, now_ms);
}

void
live_status(struct live *live, const struct peerid *peer, const struct live_status *status, uint64_t now_ms)
{
    struct live_peer *p = live_find(live, peer);
    const uint8_t *key = status->key;

    if (p == NULL)
        return;
    if (key && p->inlined && memcmp(key, p->key, sizeof(p->key)) != 0) {
        live_invalid(live, peer); /* it shows what another attested */
        return;
    }
    if (key && !p->inlined) {
        p->has_key = true;
        memcpy(p->key, key, sizeof(p->key));
    }
    if (key == NULL && p->inlined)
        key = p->key;
    take_status(live, p, status, now_ms);
    if (!live_key_counts(live, key != NULL, key))
        return;
    if (p->inlined || topic_trusts_nobody(&live->trust) || live_is_ours(live, status->state.root, false, now_ms) ||
        live_brought(live, p, now_ms))
        live_exchange(live, p, key != NULL, key, now_ms);
}
