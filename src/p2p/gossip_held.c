/*
 * gossip_held.c - messages that are held. A message stands in the table by the hash of its id while its verdict is awaited and then, if it was
 * accepted, for `history` heartbeats, so that IWANT finds it; queues hold it beyond that. Its bytes count once, however many peers' queues it
 * is in. When the cache or the whole is over its bound the oldest cached messages go first.
 */
#include "config.h"

#include <stdlib.h>

#include "p2p/gossip_parts.h"

#define BUCKETS_FIRST 256

static size_t
cost_of(const struct gossip_held *held)
{
    return sizeof(*held) + sizeof(*held->message) + held->message->len;
}

static struct gossip_held **
bucket_of(const struct gossip *g, uint64_t hash)
{
    return &g->held[hash & (g->held_buckets - 1)];
}

struct gossip_held *
gossip_held_find(const struct gossip *g, uint64_t hash)
{
    struct gossip_held *held = g->held_count > 0 ? *bucket_of(g, hash) : NULL;

    while (held && held->hash != hash)
        held = held->next_hash;
    return held;
}

static void
destroy(struct gossip_held *held)
{
    gossip_message_unref(held->message);
    free(held->served);
    free(held);
}

void
gossip_held_unref(struct gossip *g, struct gossip_held *held)
{
    if (--held->refs > 0)
        return;
    g->held_bytes -= cost_of(held);
    destroy(held);
}

/* --- the table ------------------------------------------------------------------------------------- */

/* More buckets when there are more messages; without memory for them chains grow longer. */
static bool
make_buckets(struct gossip *g)
{
    size_t count = g->held_buckets ? g->held_buckets * 2 : BUCKETS_FIRST;
    struct gossip_held **old = g->held, *held, *next;
    size_t old_count = g->held_buckets;

    if (g->held_count < g->held_buckets)
        return true;
    g->held = calloc(count, sizeof(struct gossip_held *));
    if (g->held == NULL) {
        g->held = old;
        return old != NULL;
    }
    g->held_buckets = count;
    for (size_t i = 0; i < old_count; i++) {
        for (held = old[i]; held; held = next) {
            next = held->next_hash;
            held->next_hash = *bucket_of(g, held->hash);
            *bucket_of(g, held->hash) = held;
        }
    }
    free(old);
    return true;
}

static void
uncache(struct gossip *g, struct gossip_held *held)
{
    if (held->newer)
        held->newer->older = held->older;
    else
        g->newest = held->older;
    if (held->older)
        held->older->newer = held->newer;
    else
        g->oldest = held->newer;
    held->newer = held->older = NULL;
    g->cached--;
    g->cached_bytes -= cost_of(held);
}

/* One more, or one less, message that waits for its verdict. */
static void
count_pending(struct gossip *g, const struct gossip_held *held, bool more)
{
    struct gossip_peer *peer = held->bearer_count > 0 ? gossip_peer_of(g, held->bearers[0]) : NULL;
    size_t one = more ? 1 : (size_t)-1;
    size_t bytes = more ? held->message->len : (size_t)0 - held->message->len;

    g->pending += one;
    g->pending_bytes += bytes;
    if (peer) {
        peer->pending += one;
        peer->pending_bytes += bytes;
    }
}

void
gossip_held_take(struct gossip *g, struct gossip_held *held)
{
    struct gossip_held **at = bucket_of(g, held->hash);

    while (*at != held)
        at = &(*at)->next_hash;
    *at = held->next_hash;
    g->held_count--;
    if (held->state == HELD_CACHED) {
        uncache(g, held);
    } else {
        count_pending(g, held, false);
    }
    held->state = HELD_LOOSE;
    gossip_held_unref(g, held);
}

struct gossip_held *
gossip_held_new(struct gossip *g, struct gossip_message *message, uint64_t hash)
{
    struct gossip_held *held = make_buckets(g) ? calloc(1, sizeof(*held)) : NULL;

    if (held == NULL) {
        gossip_message_unref(message);
        return NULL;
    }
    *held = (struct gossip_held){ .message = message, .hash = hash, .state = HELD_LOOSE, .refs = 1 };
    while (g->oldest && g->held_bytes + cost_of(held) > g->params.held_bytes_max)
        gossip_held_take(g, g->oldest);
    g->held_bytes += cost_of(held);
    if (g->held_bytes > g->params.held_bytes_max) {
        gossip_held_unref(g, held);
        return NULL;
    }
    return held;
}

static void
enter(struct gossip *g, struct gossip_held *held)
{
    held->next_hash = *bucket_of(g, held->hash);
    *bucket_of(g, held->hash) = held;
    held->refs++;
    g->held_count++;
}

void
gossip_held_put(struct gossip *g, struct gossip_held *held)
{
    enter(g, held);
    held->state = HELD_PENDING;
    count_pending(g, held, true);
}

/* --- the cache ------------------------------------------------------------------------------------- */

void
gossip_held_cache(struct gossip *g, struct gossip_held *held)
{
    if (held->state == HELD_PENDING) {
        count_pending(g, held, false);
    } else {
        enter(g, held);
    }
    held->state = HELD_CACHED;
    held->beat = g->beat;
    held->accepted_ms = g->now_ms;
    held->older = g->newest;
    held->newer = NULL;
    if (held->older)
        held->older->newer = held;
    else
        g->oldest = held;
    g->newest = held;
    g->cached++;
    g->cached_bytes += cost_of(held);
    while (g->cached_bytes > g->params.cache_bytes_max && g->oldest != held)
        gossip_held_take(g, g->oldest);
}

void
gossip_held_shift(struct gossip *g)
{
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the oldest is CACHED, so that it leaves the list before it is freed
    while (g->oldest && g->beat - g->oldest->beat >= g->params.history)
        gossip_held_take(g, g->oldest);
}

void
gossip_held_free_all(struct gossip *g)
{
    struct gossip_held *held, *next;

    for (size_t i = 0; i < g->held_buckets; i++) {
        for (held = g->held[i]; held; held = next) {
            next = held->next_hash;
            destroy(held); /* queues are gone: the table's is the last reference */
        }
    }
    free(g->held);
}
