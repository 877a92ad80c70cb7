/*
 * gossip_route.c - messages: arrival, verdict, forwarding, publishing.
 *
 * An id enters the seen cache before the message is checked, so that copies that arrive meanwhile cost nothing. When the check shows it forged the
 * id leaves the cache and the bytes' own hash enters `bad`: the same forgery is known again, and the true message may still come.
 */
#include "config.h"

#include <string.h>

#include "p2p/gossip_parts.h"

/* --- arrival --------------------------------------------------------------------------------------- */

/* One more peer that brought it. */
static void
add_bearer(struct gossip_held *held, gossip_serial peer)
{
    for (size_t i = 0; i < held->bearer_count; i++) {
        if (held->bearers[i] == peer)
            return;
    }
    if (held->bearer_count < GOSSIP_BEARERS_MAX)
        held->bearers[held->bearer_count++] = peer;
}

static struct gossip_member *
member_for(const struct gossip *g, const struct gossip_topic *topic, gossip_serial serial)
{
    const struct gossip_peer *peer = gossip_peer_of(g, serial);

    return peer ? gossip_member_find(topic, peer) : NULL;
}

/* P4, of a peer that need not be subscribed. */
static void
blame(struct gossip_topic *topic, struct gossip_peer *peer)
{
    struct gossip_member *m = gossip_member_enter(topic, peer);

    if (m)
        gossip_score_invalid(m);
}

/* A further copy: from a mesh peer while it is being checked, or soon after, it counts as delivered. */
static void
on_duplicate(struct gossip_peer *peer, const struct gossip_topic *topic, const struct gossip_message *message, uint64_t hash)
{
    struct gossip *g = peer->g;
    struct gossip_held *held = gossip_held_find(g, hash);
    struct gossip_member *m;

    g->counters.duplicates++;
    if (g->ops->copy)
        g->ops->copy(g->arg, message->id, message->id_len, &peer->id);
    if (held == NULL || held->message->len != message->len || memcmp(held->message->bytes, message->bytes, message->len) != 0)
        return;
    if (held->state == HELD_PENDING) {
        add_bearer(held, peer->serial);
        return;
    }
    m = gossip_member_find(topic, peer);
    if (m && g->now_ms - held->accepted_ms <= g->params.score.mesh_window_ms)
        gossip_score_delivered(m);
}

/* Room among the messages that wait for their verdict? */
static bool
may_pend(const struct gossip *g, size_t len)
{
    const struct gossip_params *p = &g->params;

    return g->pending < p->pending_max && len <= p->pending_bytes_max && g->pending_bytes <= p->pending_bytes_max - len;
}

/* Takes the message. */
static void
submit(struct gossip_peer *peer, struct gossip_topic *topic, struct gossip_message *message, uint64_t hash)
{
    struct gossip *g = peer->g;
    struct gossip_held *held = NULL;

    if (may_pend(g, message->len))
        held = gossip_held_new(g, message, hash);
    else
        gossip_message_unref(message);
    if (held == NULL) {
        g->counters.overflowed++;
        return;
    }
    recent_add(&g->seen, hash, g->now_ms);
    message->via = peer->id;
    message->received_ms = g->now_ms;
    add_bearer(held, peer->serial);
    gossip_held_put(g, held);
    gossip_send_idontwant(g, topic, held);
    g->counters.checked++;
    g->ops->check(g->arg, message);
    gossip_held_unref(g, held);
}

static bool
is_known_bad(struct gossip *g, const struct gossip_message *message)
{
    return g->bad.count > 0 && recent_has(&g->bad, gossip_hash(g, message->bytes, message->len));
}

void
gossip_on_message(struct gossip_peer *peer, const uint8_t *in, size_t len)
{
    struct gossip *g = peer->g;
    struct gossip_message *message;
    struct gossip_topic *topic;
    uint64_t hash;
    enum lat_err err = gossip_message_read(in, len, &message);

    g->counters.messages_in++;
    peer->messages_in++;
    if (err) {
        g->counters.refused++;
        if (err != LAT_NOMEM)
            gossip_score_behaviour(peer, 1); /* its topic, for P4, cannot be relied on */
        return;
    }
    topic = gossip_topic_find(g, message->topic, message->topic_len);
    hash = gossip_hash(g, message->id, message->id_len);
    if (topic == NULL || !topic->ours) {
        g->counters.foreign++;
    } else if (peerid_compare(&message->from, &g->self) == 0) {
        g->counters.foreign++;
        if (g->ops->own && !recent_has(&g->seen, hash))
            g->ops->own(g->arg, message);
    } else if (is_known_bad(g, message)) {
        g->counters.duplicates++;
        blame(topic, peer);
    } else if (recent_has(&g->seen, hash)) {
        on_duplicate(peer, topic, message, hash);
    } else {
        submit(peer, topic, message, hash);
        return;
    }
    gossip_message_unref(message);
}

/* --- verdict --------------------------------------------------------------------------------------- */

static bool
brought(const struct gossip_held *held, gossip_serial peer)
{
    for (size_t i = 0; i < held->bearer_count; i++) {
        if (held->bearers[i] == peer)
            return true;
    }
    return false;
}

static void
forward(struct gossip *g, const struct gossip_topic *topic, struct gossip_held *held)
{
    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        struct gossip_peer *peer = m->peer;

        if (!m->in_mesh && !(peer->direct && m->subscribed && peer->open))
            continue;
        if (brought(held, peer->serial) || peerid_compare(&peer->id, &held->message->from) == 0)
            continue;
        if (gossip_is_unwanted(peer, held))
            g->counters.unwanted++;
        else
            (void)gossip_queue_message(peer, held, false); /* what is dropped is counted */
    }
}

static void
accept(struct gossip *g, struct gossip_topic *topic, struct gossip_held *held)
{
    g->counters.accepted++;
    if (recent_has(&g->asked, held->hash))
        g->counters.repaired++;
    gossip_held_cache(g, held);
    for (size_t i = 0; topic && i < held->bearer_count; i++) {
        struct gossip_member *m = member_for(g, topic, held->bearers[i]);

        if (m && i == 0)
            gossip_score_first(m);
        else if (m)
            gossip_score_delivered(m);
    }
    if (topic)
        forward(g, topic, held);
}

static void
refuse(struct gossip *g, struct gossip_topic *topic, struct gossip_held *held, bool forged)
{
    const struct gossip_message *message = held->message;

    recent_add(&g->bad, gossip_hash(g, message->bytes, message->len), g->now_ms);
    if (forged)
        recent_remove(&g->seen, held->hash);
    for (size_t i = 0; topic && i < held->bearer_count; i++) {
        struct gossip_peer *peer = gossip_peer_of(g, held->bearers[i]);

        if (peer)
            blame(topic, peer);
    }
    gossip_held_take(g, held);
}

void
gossip_verdict(struct gossip *g, struct gossip_message *message, enum gossip_verdict verdict, uint64_t now_ms)
{
    struct gossip_held *held = gossip_held_find(g, gossip_hash(g, message->id, message->id_len));
    struct gossip_topic *topic = gossip_topic_find(g, message->topic, message->topic_len);

    g->now_ms = now_ms;
    if (held == NULL || held->message != message || held->state != HELD_PENDING)
        return;
    switch (verdict) {
    case GOSSIP_ACCEPT:
        accept(g, topic && topic->ours ? topic : NULL, held);
        break;
    case GOSSIP_IGNORE:
        g->counters.ignored++;
        gossip_held_take(g, held);
        break;
    case GOSSIP_REJECT:
        g->counters.rejected++;
        refuse(g, topic, held, false);
        break;
    case GOSSIP_FORGED:
        g->counters.forged++;
        refuse(g, topic, held, true);
        break;
    }
}

/* --- our own --------------------------------------------------------------------------------------- */

/* To everybody: as configured, and while mesh or fanout are too small to be relied on. */
static bool
is_flooded(const struct gossip *g, const struct gossip_topic *topic)
{
    size_t count = 0;

    if (g->params.flood_publish)
        return true;
    for (const struct gossip_member *m = topic->members; m; m = m->next_topic)
        count += topic->ours ? m->in_mesh : m->in_fanout;
    return count < g->params.d;
}

static size_t
send_own(struct gossip *g, struct gossip_topic *topic, struct gossip_held *held, struct peerid *recipients, size_t max)
{
    bool flood = is_flooded(g, topic);
    size_t count = 0;

    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        bool near = topic->ours ? m->in_mesh : m->in_fanout;

        if (!gossip_may_publish(m) || (!flood && !near && !m->peer->direct))
            continue;
        if (!gossip_queue_message(m->peer, held, true))
            continue;
        if (recipients && count < max)
            recipients[count] = m->peer->id;
        count++;
    }
    return count;
}

static struct gossip_topic *
topic_to_publish(struct gossip *g, const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= GOSSIP_TOPIC_MAX ? gossip_topic_enter(g, name, len) : NULL;
}

enum lat_err
gossip_publish(struct gossip *g, const char *name, const void *data, size_t len, uint64_t now_ms, struct peerid *recipients,
               size_t max, size_t *count)
{
    struct gossip_topic *topic = topic_to_publish(g, name);
    struct gossip_message *message = NULL;
    struct gossip_held *held = NULL;
    enum lat_err err;

    g->now_ms = now_ms;
    if (topic == NULL)
        return *name == '\0' || strlen(name) > GOSSIP_TOPIC_MAX ? LAT_MALFORMED : LAT_NOMEM;
    err = gossip_message_make(&g->self, g->seqno, name, data, len, g->ops->sign, g->sign_arg, &message);
    if (!err) {
        message->received_ms = now_ms;
        held = gossip_held_new(g, message, gossip_hash(g, message->id, message->id_len));
        err = held ? LAT_OK : LAT_LIMIT;
    }
    if (!err) {
        g->seqno++;
        g->counters.published++;
        recent_add(&g->seen, held->hash, now_ms);
        if (!topic->ours && !g->params.flood_publish)
            gossip_use_fanout(g, topic);
        gossip_held_cache(g, held);
        *count = send_own(g, topic, held, recipients, max);
        gossip_held_unref(g, held);
    }
    gossip_topic_release(g, topic);
    return err;
}
