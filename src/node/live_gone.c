#include "config.h"

#include "node/live_parts.h"

#include <string.h>

static struct live_gone *
find_gone(struct live *live, const struct peerid *id)
{
    for (size_t i = 0; i < LIVE_GONE_MAX; i++) {
        if (live->gone[i].used && peerid_compare(&live->gone[i].id, id) == 0)
            return &live->gone[i];
    }
    return NULL;
}

/* Is `a` rather to be forgotten than `b`? Strangers before those whose key counts, else who was heard longer ago. */
static bool
goes_first(const struct live *live, const struct live_gone *a, const struct live_gone *b)
{
    bool a_counts = live_key_counts(live, a->has_key, a->key), b_counts = live_key_counts(live, b->has_key, b->key);

    return a_counts != b_counts ? !a_counts : a->heard_ms < b->heard_ms;
}

static struct live_gone *
place_for(struct live *live, const struct peerid *id)
{
    struct live_gone *place = find_gone(live, id);

    for (size_t i = 0; place == NULL && i < LIVE_GONE_MAX; i++) {
        if (!live->gone[i].used)
            place = &live->gone[i];
    }
    if (place)
        return place;
    place = &live->gone[0];
    for (size_t i = 1; i < LIVE_GONE_MAX; i++) {
        if (goes_first(live, &live->gone[i], place))
            place = &live->gone[i];
    }
    return place;
}

void
live_remember(struct live *live, const struct live_peer *peer)
{
    struct live_gone new = { .used = true, .id = peer->id, .has_key = peer->has_key, .flat_only = peer->flat_only,
                             .has_state = peer->has_state, .state = peer->state, .heard_ms = peer->heard_ms,
                             .exchange_ms = peer->has_exchange ? peer->exchange_ms : 0, .has_clock = peer->has_clock,
                             .clock_ms = peer->clock_ms };
    struct live_gone *place;

    if (!peer->used || peer->heard_ms == 0)
        return; /* it has said nothing: what an earlier connection told stands */
    memcpy(new.key, peer->key, sizeof(new.key));
    memcpy(new.name, peer->name, sizeof(new.name));
    place = place_for(live, &peer->id);
    if (!place->used || peerid_compare(&place->id, &peer->id) == 0 || !goes_first(live, &new, place))
        *place = new;
}

void
live_recall_name(struct live *live, struct live_peer *peer)
{
    const struct live_gone *gone = find_gone(live, &peer->id);

    if (gone)
        memcpy(peer->name, gone->name, sizeof(peer->name));
}

bool
live_last(struct live *live, const struct peerid *peer, struct live_row *out)
{
    const struct live_gone *gone = find_gone(live, peer);
    uint8_t key[32] = { 0 };
    bool inlined = !peerid_inlined_ed25519(peer, key);

    *out = (struct live_row){ .trusted = live_key_counts(live, inlined, key) };
    if (gone == NULL)
        return false;
    *out = (struct live_row){ .trusted = live_key_counts(live, gone->has_key, gone->key), .agreement = LIVE_UNKNOWN,
                              .has_state = gone->has_state, .state = gone->state, .flat_only = gone->flat_only,
                              .heard_ms = gone->heard_ms, .exchange_ms = gone->exchange_ms, .has_clock = gone->has_clock,
                              .clock_ms = gone->clock_ms };
    memcpy(out->name, gone->name, sizeof(out->name));
    return true;
}
