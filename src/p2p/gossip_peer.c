/*
 * gossip_peer.c - peers, and their RPCs entry by entry.
 *
 * A peer that went is remembered for retain_ms, as long as there is something to hold for or against it: score counters, back-offs. Among
 * those remembered the one that went first makes room.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/gossip_parts.h"

/* --- tables ---------------------------------------------------------------------------------------- */

static struct gossip_peer **
id_bucket(struct gossip *g, const struct peerid *id)
{
    return &g->peers[gossip_hash(g, id->bytes, id->len) % GOSSIP_BUCKETS];
}

static struct gossip_peer **
serial_bucket(struct gossip *g, gossip_serial serial)
{
    return &g->by_serial[serial % GOSSIP_BUCKETS];
}

static struct gossip_peer *
find_known(const struct gossip *g, const struct peerid *id)
{
    struct gossip_peer *peer = g->peers[gossip_hash(g, id->bytes, id->len) % GOSSIP_BUCKETS];

    while (peer && peerid_compare(&peer->id, id) != 0)
        peer = peer->next_hash;
    return peer;
}

struct gossip_peer *
gossip_find(const struct gossip *g, const struct peerid *id)
{
    struct gossip_peer *peer = find_known(g, id);

    return peer && peer->connected ? peer : NULL;
}

struct gossip_peer *
gossip_peer_of(const struct gossip *g, gossip_serial serial)
{
    struct gossip_peer *peer = g->by_serial[serial % GOSSIP_BUCKETS];

    while (peer && peer->serial != serial)
        peer = peer->next_serial;
    return peer;
}

static void
link_last(struct gossip *g, struct gossip_peer *peer)
{
    peer->next = NULL;
    peer->prev = g->last_peer;
    if (peer->prev)
        peer->prev->next = peer;
    else
        g->first_peer = peer;
    g->last_peer = peer;
}

static void
unlink_peer(struct gossip *g, struct gossip_peer *peer)
{
    if (peer->prev)
        peer->prev->next = peer->next;
    else
        g->first_peer = peer->next;
    if (peer->next)
        peer->next->prev = peer->prev;
    else
        g->last_peer = peer->prev;
}

static struct gossip_peer *
make_peer(struct gossip *g, const struct peerid *id)
{
    struct gossip_peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL)
        return NULL;
    peer->g = g;
    peer->id = *id;
    peer->serial = ++g->last_serial;
    peer->next_hash = *id_bucket(g, id);
    *id_bucket(g, id) = peer;
    peer->next_serial = *serial_bucket(g, peer->serial);
    *serial_bucket(g, peer->serial) = peer;
    link_last(g, peer);
    g->remembered++;
    return peer;
}

static void
free_peer(struct gossip *g, struct gossip_peer *peer)
{
    struct gossip_peer **at = id_bucket(g, &peer->id);

    while (*at != peer)
        at = &(*at)->next_hash;
    *at = peer->next_hash;
    for (at = serial_bucket(g, peer->serial); *at != peer;)
        at = &(*at)->next_serial;
    *at = peer->next_serial;
    unlink_peer(g, peer);
    free(peer->unwanted);
    free(peer);
    g->remembered--;
}

/* --- memory of those that went --------------------------------------------------------------------- */

/* Let go of what is of no use; force: of all of it. */
static void
release_members(struct gossip_peer *peer, bool force)
{
    struct gossip_member *m, *next;

    for (m = peer->members; m; m = next) {
        next = m->next_peer;
        if (force) {
            m->first = m->mesh = m->failure = m->invalid = 0;
            m->backoff_ms = 0;
        }
        gossip_member_release(m);
    }
}

static void
forget(struct gossip *g, struct gossip_peer *peer)
{
    release_members(peer, true);
    free_peer(g, peer);
}

static void
forget_if_over(struct gossip *g, struct gossip_peer *peer)
{
    release_members(peer, false);
    if (g->now_ms >= peer->forget_ms || (peer->members == NULL && peer->behaviour <= 0))
        forget(g, peer);
}

static void
forget_first(struct gossip *g)
{
    struct gossip_peer *first = NULL;

    for (struct gossip_peer *peer = g->first_peer; peer; peer = peer->next) {
        if (!peer->connected && (first == NULL || peer->forget_ms < first->forget_ms))
            first = peer;
    }
    if (first)
        forget(g, first);
}

void
gossip_peers_heartbeat(struct gossip *g)
{
    struct gossip_peer *peer, *next;

    for (peer = g->first_peer; peer; peer = next) {
        next = peer->next;
        peer->ihave_messages = peer->ihave_ids = peer->iwant_ids = peer->idontwant_ids = 0;
        peer->control_entries = peer->subscriptions = 0;
        if (peer->connected)
            release_members(peer, false);
        else
            forget_if_over(g, peer);
    }
}

void
gossip_peers_free(struct gossip *g)
{
    struct gossip_member *m;
    struct gossip_peer *peer;

    while ((peer = g->first_peer) != NULL) {
        while ((m = peer->members) != NULL) {
            peer->members = m->next_peer;
            free(m);
        }
        gossip_queue_free(peer);
        free_peer(g, peer);
    }
}

/* --- direct peers ---------------------------------------------------------------------------------- */

static struct peerid *
find_direct(const struct gossip *g, const struct peerid *id)
{
    for (size_t i = 0; i < g->direct_count; i++) {
        if (peerid_compare(&g->direct[i], id) == 0)
            return &g->direct[i];
    }
    return NULL;
}

static enum lat_err
add_direct(struct gossip *g, const struct peerid *id)
{
    struct peerid *bigger;

    if (g->direct_count >= g->params.direct_max)
        return LAT_LIMIT;
    bigger = realloc(g->direct, (g->direct_count + 1) * sizeof(*bigger));
    if (bigger == NULL)
        return LAT_NOMEM;
    g->direct = bigger;
    g->direct[g->direct_count++] = *id;
    return LAT_OK;
}

enum lat_err
gossip_set_direct(struct gossip *g, const struct peerid *id, bool direct)
{
    struct peerid *known = find_direct(g, id);
    struct gossip_peer *peer = find_known(g, id);
    enum lat_err err = LAT_OK;

    if (direct && known == NULL)
        err = add_direct(g, id);
    else if (!direct && known)
        *known = g->direct[--g->direct_count];
    if (err || peer == NULL)
        return err;
    peer->direct = direct;
    for (struct gossip_member *m = peer->members; m && direct; m = m->next_peer) {
        if (m->in_mesh)
            gossip_prune(m, g->params.prune_backoff_ms);
    }
    return LAT_OK;
}

/* --- they come and go ------------------------------------------------------------------------------ */

static void
set_place(struct gossip_peer *peer, bool outbound, const uint8_t *place)
{
    peer->outbound = outbound;
    peer->has_place = place != NULL;
    peer->place_peers = 0;
    peer->score_stale = true;
    if (place)
        memcpy(peer->place, place, sizeof(peer->place));
    gossip_score_places(peer->g);
}

enum lat_err
gossip_peer_up(struct gossip *g, const struct peerid *id, bool outbound, const uint8_t *place, void *user, uint64_t now_ms,
               struct gossip_peer **out)
{
    struct gossip_peer *peer = find_known(g, id);

    g->now_ms = now_ms;
    if (peer && peer->connected)
        return LAT_CONFLICT;
    if (g->peer_count >= g->params.peers_max)
        return LAT_LIMIT;
    if (peer == NULL)
        peer = make_peer(g, id);
    if (peer == NULL)
        return LAT_NOMEM;
    unlink_peer(g, peer);
    link_last(g, peer);
    peer->connected = true;
    peer->user = user;
    peer->direct = find_direct(g, id) != NULL;
    peer->messages_in = peer->messages_out = peer->first = peer->invalid = peer->dropped = 0;
    g->remembered--;
    g->peer_count++;
    set_place(peer, outbound, place);
    *out = peer;
    return LAT_OK;
}

void
gossip_peer_moved(struct gossip_peer *peer, bool outbound, const uint8_t *place)
{
    set_place(peer, outbound, place);
}

void
gossip_peer_down(struct gossip_peer *peer, uint64_t now_ms)
{
    struct gossip *g = peer->g;

    g->now_ms = now_ms;
    gossip_peer_lost(peer);
    for (struct gossip_member *m = peer->members; m; m = m->next_peer)
        gossip_set_subscribed(m, false);
    for (struct gossip_member *m = peer->members; m; m = m->next_peer)
        gossip_leave_mesh(m, false); /* of one that never subscribed */
    gossip_queue_free(peer);
    free(peer->unwanted);
    peer->unwanted = NULL;
    peer->connected = false;
    peer->user = NULL;
    peer->app_score = 0;
    peer->forget_ms = now_ms + g->params.score.retain_ms;
    g->peer_count--;
    g->remembered++;
    gossip_score_places(g);
    forget_if_over(g, peer);
    if (g->remembered > g->params.retained_max)
        forget_first(g);
}

void
gossip_peer_opened(struct gossip_peer *peer, enum gossip_version version, uint64_t now_ms)
{
    struct gossip *g = peer->g;

    g->now_ms = now_ms;
    gossip_peer_lost(peer);
    peer->open = true;
    peer->version = version;
    for (struct gossip_topic *topic = g->listed; topic; topic = topic->next_listed) {
        struct gossip_member *m = topic->ours ? gossip_member_enter(topic, peer) : NULL;

        if (m == NULL)
            continue;
        gossip_say_subscriptions(peer);
        if (m->in_mesh)
            gossip_say(m, SAY_GRAFT, 0);
        else if (topic->mesh_count < g->params.d && gossip_may_graft(m))
            gossip_graft(m, true);
    }
}

void
gossip_peer_lost(struct gossip_peer *peer)
{
    for (struct gossip_member *m = peer->members; m; m = m->next_peer) {
        gossip_say(m, SAY_NOTHING, 0);
        m->told = false;
    }
    gossip_queue_clear(peer);
    peer->open = false;
    peer->woken = false;
    peer->subscriptions_due = false;
}

bool
gossip_is_busy(const struct gossip_peer *peer)
{
    const struct gossip_params *p = &peer->g->params;

    return peer->pending >= p->pending_max / 8 || peer->pending_bytes >= p->pending_bytes_max / 8;
}

void *
gossip_peer_user(const struct gossip_peer *peer)
{
    return peer->user;
}

const struct peerid *
gossip_peer_id(const struct gossip_peer *peer)
{
    return &peer->id;
}

/* --- what they say --------------------------------------------------------------------------------- */

static void
on_subscription(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip *g = peer->g;
    struct gossip_topic *topic;
    struct gossip_member *m;

    if (peer->subscriptions++ >= g->params.subscriptions_max) {
        g->counters.over_caps++;
        return;
    }
    if (entry->topic == NULL || entry->topic_len == 0 || entry->topic_len > GOSSIP_TOPIC_MAX ||
        memchr(entry->topic, 0, entry->topic_len))
        return;
    if (entry->kind == RPC_UNSUBSCRIBE) {
        topic = gossip_topic_find(g, entry->topic, entry->topic_len);
        m = topic ? gossip_member_find(topic, peer) : NULL;
        if (m) {
            gossip_set_subscribed(m, false);
            gossip_member_release(m);
        }
        return;
    }
    topic = gossip_topic_enter(g, entry->topic, entry->topic_len);
    m = topic ? gossip_member_enter(topic, peer) : NULL;
    if (m)
        gossip_set_subscribed(m, true);
    else if (topic)
        gossip_topic_release(g, topic);
    g->counters.over_caps += m == NULL;
}

static void
on_entry(void *arg, const struct rpc_entry *entry)
{
    struct gossip_peer *peer = arg;

    switch (entry->kind) {
    case RPC_SUBSCRIBE:
    case RPC_UNSUBSCRIBE:
        on_subscription(peer, entry);
        break;
    case RPC_MESSAGE:
        gossip_on_message(peer, entry->body, entry->body_len);
        break;
    case RPC_IHAVE:
        gossip_on_ihave(peer, entry);
        break;
    case RPC_IWANT:
        gossip_on_iwant(peer, entry);
        break;
    case RPC_GRAFT:
        gossip_on_graft(peer, entry);
        break;
    case RPC_PRUNE:
        gossip_on_prune(peer, entry);
        break;
    case RPC_IDONTWANT:
        gossip_on_idontwant(peer, entry);
        break;
    }
}

enum lat_err
gossip_input(struct gossip_peer *peer, const uint8_t *rpc, size_t len, uint64_t now_ms)
{
    struct gossip *g = peer->g;
    enum lat_err err;

    g->now_ms = now_ms;
    g->counters.rpcs_in++;
    if (!peer->direct && gossip_score(peer) < g->params.score.graylist_threshold) {
        g->counters.graylisted++;
        return LAT_OK;
    }
    err = len > GOSSIP_RPC_MAX ? LAT_LIMIT : rpc_read(rpc, len, on_entry, peer);
    g->counters.malformed += err != LAT_OK;
    return err;
}
