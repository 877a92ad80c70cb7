/*
 * gossip_queue.c - what waits for a peer, and the RPCs made of it.
 *
 * Subscriptions, grafts and prunes are not queued but looked up when an RPC is made: what is said is the state at that moment, so that churn
 * costs nothing. Behind them come IWANT and IDONTWANT (urgent), messages of our own, forwarded ones, and IHAVE (lazy). An RPC
 * takes messages while it stays below GOSSIP_RPC_JOIN_MAX; a larger one goes alone. Lazy entries go in RPCs of their own, since an
 * RPC should hold one control message.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "p2p/gossip_parts.h"

#define RING_FIRST 16

/* --- rings ----------------------------------------------------------------------------------------- */

static bool
ring_push(struct gossip_ring *ring, void *item)
{
    size_t cap = ring->cap ? ring->cap * 2 : RING_FIRST;
    void **bigger;

    if (ring->count == ring->cap) {
        bigger = malloc(cap * sizeof(*bigger));
        if (bigger == NULL)
            return false;
        for (size_t i = 0; i < ring->count; i++)
            bigger[i] = ring->at[(ring->head + i) & (ring->cap - 1)];
        free(ring->at);
        ring->at = bigger;
        ring->head = 0;
        ring->cap = cap;
    }
    ring->at[(ring->head + ring->count++) & (ring->cap - 1)] = item;
    return true;
}

/* i: below count. */
static void *
ring_peek(const struct gossip_ring *ring, size_t i)
{
    return ring->at[(ring->head + i) & (ring->cap - 1)];
}

static void *
ring_pop(struct gossip_ring *ring)
{
    void *item = ring_peek(ring, 0);

    ring->head = (ring->head + 1) & (ring->cap - 1);
    ring->count--;
    return item;
}

/* --- into the queue -------------------------------------------------------------------------------- */

static void
wake(struct gossip_peer *peer)
{
    if (!peer->open || peer->woken)
        return;
    peer->woken = true;
    peer->g->ops->wake(peer->g->arg, peer);
}

void
gossip_say(struct gossip_member *member, enum gossip_say say, uint64_t backoff_s)
{
    struct gossip_peer *peer = member->peer;

    if (!peer->open)
        return; /* what is in the mesh is said when the stream opens */
    peer->say_count += (say != SAY_NOTHING) - (size_t)(member->say != SAY_NOTHING);
    member->say = say;
    member->prune_backoff_s = backoff_s;
    if (say != SAY_NOTHING)
        wake(peer);
}

void
gossip_say_subscriptions(struct gossip_peer *peer)
{
    peer->subscriptions_due = true;
    wake(peer);
}

static void
charge(struct gossip_peer *peer, size_t bytes)
{
    peer->queue.bytes += bytes;
    peer->g->queued_bytes += bytes;
}

static void
discharge(struct gossip_peer *peer, size_t bytes)
{
    peer->queue.bytes -= bytes;
    peer->g->queued_bytes -= bytes;
}

static void
drop_message(struct gossip_peer *peer, struct gossip_ring *ring)
{
    struct gossip_held *held = ring_pop(ring);

    discharge(peer, held->message->len);
    gossip_held_unref(peer->g, held);
}

static void
drop_lazy(struct gossip_peer *peer)
{
    struct gossip_blob *blob = ring_pop(&peer->queue.lazy);

    discharge(peer, blob->len);
    free(blob);
}

static void
note_drop(struct gossip_peer *peer)
{
    struct gossip_queue *q = &peer->queue;

    peer->g->counters.dropped++;
    peer->dropped++;
    if (!q->full)
        peer->g->counters.slow_peers++;
    q->full = true;
}

/* Drop the oldest of the least until `bytes` more fit. own: for a message of ours, which other messages of ours make room for too. */
static bool
make_room(struct gossip_peer *peer, size_t bytes, bool own)
{
    struct gossip_queue *q = &peer->queue;
    size_t max = peer->g->params.queue_bytes_max;

    while (bytes <= max && q->bytes > max - bytes) {
        if (q->lazy.count > 0)
            drop_lazy(peer);
        else if (q->forward.count > 0)
            drop_message(peer, &q->forward);
        else if (own && q->own.count > 0)
            drop_message(peer, &q->own);
        else
            break;
        note_drop(peer);
    }
    return bytes <= max && q->bytes <= max - bytes;
}

bool
gossip_queue_message(struct gossip_peer *peer, struct gossip_held *held, bool own)
{
    struct gossip_ring *ring = own ? &peer->queue.own : &peer->queue.forward;

    if (!peer->open)
        return false;
    if (!make_room(peer, held->message->len, own) || !ring_push(ring, held)) {
        note_drop(peer);
        return false;
    }
    held->refs++;
    charge(peer, held->message->len);
    wake(peer);
    return true;
}

static struct gossip_blob *
make_blob(struct gossip_peer *peer, enum rpc_kind kind, const struct gossip_topic *topic, const struct lat_buf *ids)
{
    struct lat_buf *entry = &peer->g->control; /* free between two calls of gossip_output */
    struct gossip_blob *blob;

    lat_buf_clear(entry);
    if (rpc_put_ids(entry, kind, topic ? topic->name : NULL, topic ? topic->len : 0, ids))
        return NULL;
    blob = malloc(sizeof(*blob) + entry->len);
    if (blob == NULL)
        return NULL;
    blob->len = entry->len;
    memcpy(blob->bytes, entry->data, entry->len);
    return blob;
}

static bool
put_urgent(struct gossip_peer *peer, struct gossip_blob *blob)
{
    struct gossip_queue *q = &peer->queue;

    if (blob->len > GOSSIP_URGENT_MAX - q->urgent_bytes || !ring_push(&q->urgent, blob))
        return false;
    q->urgent_bytes += blob->len;
    return true;
}

/* Lazy entries make no room for themselves: with a full queue they are of no use. */
static bool
put_lazy(struct gossip_peer *peer, struct gossip_blob *blob)
{
    struct gossip_queue *q = &peer->queue;

    if (blob->len > peer->g->params.queue_bytes_max - q->bytes || !ring_push(&q->lazy, blob))
        return false;
    charge(peer, blob->len);
    return true;
}

void
gossip_queue_ids(struct gossip_peer *peer, enum rpc_kind kind, const struct gossip_topic *topic, const struct lat_buf *ids)
{
    struct gossip_blob *blob = peer->open ? make_blob(peer, kind, topic, ids) : NULL;

    if (blob == NULL)
        return;
    if (kind == RPC_IHAVE ? put_lazy(peer, blob) : put_urgent(peer, blob)) {
        wake(peer);
        return;
    }
    free(blob);
    note_drop(peer);
}

void
gossip_queue_clear(struct gossip_peer *peer)
{
    struct gossip_queue *q = &peer->queue;

    while (q->urgent.count > 0)
        free(ring_pop(&q->urgent));
    q->urgent_bytes = 0;
    while (q->own.count > 0)
        drop_message(peer, &q->own);
    while (q->forward.count > 0)
        drop_message(peer, &q->forward);
    while (q->lazy.count > 0)
        drop_lazy(peer);
    q->full = false;
}

void
gossip_queue_free(struct gossip_peer *peer)
{
    struct gossip_queue *q = &peer->queue;

    gossip_queue_clear(peer);
    free(q->urgent.at);
    free(q->own.at);
    free(q->forward.at);
    free(q->lazy.at);
    *q = (struct gossip_queue){ .bytes = 0 };
}

/* --- out of it ------------------------------------------------------------------------------------- */

bool
gossip_has_output(const struct gossip_peer *peer)
{
    const struct gossip_queue *q = &peer->queue;

    return peer->open && (peer->subscriptions_due || peer->say_count > 0 || q->urgent.count > 0 || q->own.count > 0 ||
                          q->forward.count > 0 || q->lazy.count > 0);
}

static enum lat_err
put_subscriptions(struct gossip_peer *peer, struct lat_buf *rpc)
{
    enum lat_err err = LAT_OK;

    for (struct gossip_member *m = peer->members; m && !err; m = m->next_peer) {
        if (m->topic->ours == m->told)
            continue;
        if (rpc->len + fields_bytes_size(m->topic->len) > GOSSIP_RPC_JOIN_MAX)
            return LAT_OK; /* the rest in the next one */
        err = rpc_put_subscription(rpc, m->topic->name, m->topic->len, m->topic->ours);
        m->told = m->topic->ours;
    }
    if (!err)
        peer->subscriptions_due = false;
    return err;
}

static enum lat_err
put_said(struct gossip_member *m, struct lat_buf *control)
{
    struct gossip_counters *c = &m->peer->g->counters;
    enum gossip_say say = m->say;
    uint64_t backoff_s = m->peer->version == GOSSIP_1_0 ? 0 : m->prune_backoff_s;

    gossip_say(m, SAY_NOTHING, 0);
    if (say == SAY_GRAFT) {
        c->grafts_out++;
        return rpc_put_graft(control, m->topic->name, m->topic->len);
    }
    c->prunes_out++;
    return rpc_put_prune(control, m->topic->name, m->topic->len, backoff_s);
}

/* Grafts and prunes, each behind the subscription that it is about, and what is urgent. */
static enum lat_err
put_control(struct gossip_peer *peer, struct lat_buf *control)
{
    struct gossip_queue *q = &peer->queue;
    enum lat_err err = LAT_OK;

    for (struct gossip_member *m = peer->members; m && !err && peer->say_count > 0; m = m->next_peer) {
        if (m->say == SAY_PRUNE || (m->say == SAY_GRAFT && m->told))
            err = put_said(m, control);
    }
    while (!err && q->urgent.count > 0) {
        struct gossip_blob *blob = ring_peek(&q->urgent, 0);

        if (control->len > 0 && control->len + blob->len > GOSSIP_RPC_JOIN_MAX)
            break;
        err = lat_buf_add(control, blob->bytes, blob->len);
        q->urgent_bytes -= blob->len;
        free(ring_pop(&q->urgent));
    }
    return err;
}

static enum lat_err
put_lazy_control(struct gossip_peer *peer, struct lat_buf *control)
{
    struct gossip_queue *q = &peer->queue;
    enum lat_err err = LAT_OK;

    while (!err && q->lazy.count > 0) {
        const struct gossip_blob *blob = ring_peek(&q->lazy, 0);

        if (control->len > 0 && control->len + blob->len > GOSSIP_RPC_JOIN_MAX)
            break;
        err = lat_buf_add(control, blob->bytes, blob->len);
        drop_lazy(peer);
    }
    return err;
}

/* What stands before the messages. */
static enum lat_err
put_head(struct gossip_peer *peer)
{
    struct gossip *g = peer->g;
    const struct gossip_queue *q = &peer->queue;
    enum lat_err err = LAT_OK;

    lat_buf_clear(&g->head);
    lat_buf_clear(&g->control);
    if (peer->subscriptions_due)
        err = put_subscriptions(peer, &g->head);
    if (!err)
        err = put_control(peer, &g->control);
    if (!err && g->head.len == 0 && g->control.len == 0 && q->own.count == 0 && q->forward.count == 0)
        err = put_lazy_control(peer, &g->control);
    if (!err && g->control.len > 0)
        err = rpc_put_control(&g->head, &g->control);
    return err;
}

/* How many messages go with the head, the first of `own` and then of `forward`; *size: bytes of the whole RPC. */
static size_t
count_messages(const struct gossip_peer *peer, size_t *size)
{
    const struct gossip_queue *q = &peer->queue;
    size_t count = 0;

    while (count < q->own.count + q->forward.count) {
        const struct gossip_held *held = count < q->own.count ? ring_peek(&q->own, count)
                                                              : ring_peek(&q->forward, count - q->own.count);
        size_t more = fields_bytes_size(held->message->len);

        if (*size > 0 && *size + more > GOSSIP_RPC_JOIN_MAX)
            break;
        *size += more;
        count++;
    }
    return count;
}

static enum lat_err
put_message(struct gossip_peer *peer, struct gossip_ring *ring, struct lat_buf *out)
{
    const struct gossip_held *held = ring_peek(ring, 0);
    enum lat_err err = rpc_put_message(out, held->message->bytes, held->message->len);

    drop_message(peer, ring);
    peer->messages_out++;
    peer->g->counters.messages_out++;
    return err;
}

/* Large messages that the peer has got from elsewhere in the meantime. */
static void
skip_unwanted(struct gossip_peer *peer)
{
    struct gossip_ring *ring = &peer->queue.forward;

    while (ring->count > 0 && gossip_is_unwanted(peer, ring_peek(ring, 0))) {
        drop_message(peer, ring);
        peer->g->counters.unwanted++;
    }
}

/* Room for size bytes, so that nothing fails once messages leave the queue. */
static enum lat_err
reserve(struct lat_buf *out, size_t size)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, size, &at);

    if (!err)
        out->len -= size;
    return err;
}

enum lat_err
gossip_output(struct gossip_peer *peer, struct lat_buf *out, uint64_t now_ms)
{
    struct gossip *g = peer->g;
    struct gossip_queue *q = &peer->queue;
    uint8_t length[VARINT_LEN_MAX];
    size_t size, count;
    enum lat_err err;

    g->now_ms = now_ms;
    skip_unwanted(peer);
    err = put_head(peer);
    size = g->head.len;
    count = count_messages(peer, &size);
    if (!err && size == 0) {
        peer->woken = false;
        q->full = false;
        return LAT_NOTFOUND;
    }
    if (!err)
        err = reserve(out, varint_len(size) + size);
    if (!err)
        err = lat_buf_add(out, length, varint_encode(size, length));
    if (!err)
        err = lat_buf_add(out, g->head.data, g->head.len);
    for (; !err && count > 0; count--)
        err = put_message(peer, q->own.count > 0 ? &q->own : &q->forward, out);
    g->counters.rpcs_out += !err;
    return err;
}
