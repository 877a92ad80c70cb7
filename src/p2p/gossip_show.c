#include "config.h"

#include <string.h>

#include "p2p/gossip_parts.h"

static size_t
list(const struct gossip *g, const char *name, bool mesh, struct peerid *ids, size_t max)
{
    const struct gossip_topic *topic = gossip_topic_find(g, name, strlen(name));
    size_t count = 0;

    for (const struct gossip_member *m = topic ? topic->members : NULL; m; m = m->next_topic) {
        if (mesh ? !m->in_mesh : !m->subscribed)
            continue;
        if (count < max)
            ids[count] = m->peer->id;
        count++;
    }
    return count;
}

size_t
gossip_mesh(const struct gossip *g, const char *topic, struct peerid *ids, size_t max)
{
    return list(g, topic, true, ids, max);
}

size_t
gossip_subscribers(const struct gossip *g, const char *topic, struct peerid *ids, size_t max)
{
    return list(g, topic, false, ids, max);
}

enum lat_err
gossip_peer_show(const struct gossip *g, const struct peerid *id, const char *topic_name, struct gossip_peer_row *out)
{
    struct gossip_peer *peer = gossip_find(g, id);
    const struct gossip_topic *topic = topic_name ? gossip_topic_find(g, topic_name, strlen(topic_name)) : NULL;
    const struct gossip_member *m;

    if (peer == NULL)
        return LAT_NOTFOUND;
    m = topic ? gossip_member_find(topic, peer) : NULL;
    *out = (struct gossip_peer_row){ .id = peer->id,
                                     .version = peer->version,
                                     .open = peer->open,
                                     .outbound = peer->outbound,
                                     .direct = peer->direct,
                                     .subscribed = m && m->subscribed,
                                     .in_mesh = m && m->in_mesh,
                                     .score = gossip_score(peer),
                                     .messages_in = peer->messages_in,
                                     .messages_out = peer->messages_out,
                                     .first = peer->first,
                                     .invalid = peer->invalid,
                                     .dropped = peer->dropped,
                                     .queued_bytes = peer->queue.bytes + peer->queue.urgent_bytes };
    return LAT_OK;
}

size_t
gossip_peers(const struct gossip *g, struct peerid *ids, size_t max)
{
    size_t count = 0;

    for (const struct gossip_peer *peer = g->first_peer; peer; peer = peer->next) {
        if (!peer->connected)
            continue;
        if (count < max)
            ids[count] = peer->id;
        count++;
    }
    return count;
}

void
gossip_count(const struct gossip *g, struct gossip_counters *out)
{
    *out = g->counters;
    out->topics = g->topic_count;
    out->peers = g->peer_count;
    out->remembered = g->remembered;
    out->seen = g->seen.count;
    out->pending = g->pending;
    out->cached = g->cached;
    out->held_bytes = g->held_bytes;
    out->pending_bytes = g->pending_bytes;
    out->cached_bytes = g->cached_bytes;
    out->queued_bytes = g->queued_bytes;
    out->next_seqno = g->seqno;
}
