/*
 * gossip.c - the router's life, its topics and members, and its time. See gossip_parts.h for the rest.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "p2p/gossip_parts.h"

#define BAD_MAX 4096    /* forged and rejected messages that are known again */
#define ASKED_MAX 16384 /* ids asked for within iwant_followup_ms */

/* --- chance and hashes ----------------------------------------------------------------------------- */

uint64_t
gossip_hash(const struct gossip *g, const void *data, size_t len)
{
    return siphash(g->seed, data, len);
}

uint64_t
gossip_random(struct gossip *g, uint64_t below)
{
    uint64_t drawn = g->drawn++;

    return siphash(g->seed, &drawn, sizeof(drawn)) % below;
}

void
gossip_shuffle(struct gossip *g, void **at, size_t count, size_t want)
{
    for (size_t i = 0; i < want && i + 1 < count; i++) {
        size_t other = i + (size_t)gossip_random(g, count - i);
        void *item = at[i];

        at[i] = at[other];
        at[other] = item;
    }
}

/* --- topics ---------------------------------------------------------------------------------------- */

static struct gossip_topic **
topic_bucket(struct gossip *g, const void *name, size_t len)
{
    return &g->topics[gossip_hash(g, name, len) % GOSSIP_BUCKETS];
}

struct gossip_topic *
gossip_topic_find(const struct gossip *g, const void *name, size_t len)
{
    struct gossip_topic *topic = g->topics[gossip_hash(g, name, len) % GOSSIP_BUCKETS];

    while (topic && (topic->len != len || memcmp(topic->name, name, len) != 0))
        topic = topic->next;
    return topic;
}

struct gossip_topic *
gossip_topic_enter(struct gossip *g, const void *name, size_t len)
{
    struct gossip_topic *topic = gossip_topic_find(g, name, len);
    struct gossip_topic **bucket = topic_bucket(g, name, len);

    if (topic)
        return topic;
    topic = calloc(1, sizeof(*topic) + len + 1);
    if (topic == NULL)
        return NULL;
    topic->len = len;
    memcpy(topic->name, name, len);
    topic->next = *bucket;
    *bucket = topic;
    return topic;
}

void
gossip_topic_release(struct gossip *g, struct gossip_topic *topic)
{
    struct gossip_topic **at = topic_bucket(g, topic->name, topic->len);

    if (topic->ours || topic->listed || topic->members)
        return;
    while (*at != topic)
        at = &(*at)->next;
    *at = topic->next;
    free(topic);
}

void
gossip_topic_list(struct gossip *g, struct gossip_topic *topic)
{
    if (topic->listed)
        return;
    topic->listed = true;
    topic->next_listed = g->listed;
    g->listed = topic;
}

/* --- members --------------------------------------------------------------------------------------- */

struct gossip_member *
gossip_member_find(const struct gossip_topic *topic, const struct gossip_peer *peer)
{
    struct gossip_member *m = peer->members;

    while (m && m->topic != topic)
        m = m->next_peer;
    return m;
}

struct gossip_member *
gossip_member_enter(struct gossip_topic *topic, struct gossip_peer *peer)
{
    struct gossip_member *m = gossip_member_find(topic, peer);

    if (m)
        return m;
    if (!topic->ours && peer->topic_count >= peer->g->params.peer_topics_max)
        return NULL;
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->topic = topic;
    m->peer = peer;
    m->next_peer = peer->members;
    peer->members = m;
    m->next_topic = topic->members;
    if (m->next_topic)
        m->next_topic->prev_topic = m;
    topic->members = m;
    peer->topic_count += !topic->ours;
    return m;
}

/* Is there anything to remember? */
static bool
is_useful(const struct gossip_member *m)
{
    const struct gossip *g = m->peer->g;
    bool scored = m->first > 0 || m->mesh > 0 || m->failure > 0 || m->invalid > 0;

    if (m->peer->connected && (m->topic->ours || m->subscribed || m->told || m->say != SAY_NOTHING))
        return true;
    return m->in_mesh || m->in_fanout || scored || m->backoff_ms > g->now_ms;
}

static void
unlink_member(struct gossip_member *m)
{
    struct gossip_member **at = &m->peer->members;

    while (*at != m)
        at = &(*at)->next_peer;
    *at = m->next_peer;
    if (m->prev_topic)
        m->prev_topic->next_topic = m->next_topic;
    else
        m->topic->members = m->next_topic;
    if (m->next_topic)
        m->next_topic->prev_topic = m->prev_topic;
    m->peer->topic_count -= !m->topic->ours;
}

void
gossip_member_release(struct gossip_member *m)
{
    struct gossip *g = m->peer->g;
    struct gossip_topic *topic = m->topic;

    if (is_useful(m))
        return;
    unlink_member(m);
    free(m);
    gossip_topic_release(g, topic);
}

void
gossip_tell(struct gossip *g, enum gossip_event_kind kind, const struct gossip_member *m, bool by_us)
{
    const struct gossip_event event = { .kind = kind, .peer = m->peer->id, .topic = m->topic->name, .by_us = by_us };

    if (g->ops->event)
        g->ops->event(g->arg, &event);
}

void
gossip_set_subscribed(struct gossip_member *m, bool subscribed)
{
    struct gossip_topic *topic = m->topic;

    if (m->subscribed == subscribed)
        return;
    m->subscribed = subscribed;
    if (subscribed) {
        topic->subscriber_count++;
    } else {
        topic->subscriber_count--;
        gossip_leave_mesh(m, false);
        m->in_fanout = false;
    }
    gossip_tell(m->peer->g, subscribed ? GOSSIP_SUBSCRIBED : GOSSIP_UNSUBSCRIBED, m, false);
    if (subscribed && topic->ours && topic->mesh_count < m->peer->g->params.d && gossip_may_graft(m))
        gossip_graft(m, true);
}

/* --- our subscriptions ----------------------------------------------------------------------------- */

bool
gossip_is_subscribed(const struct gossip *g, const char *name)
{
    const struct gossip_topic *topic = gossip_topic_find(g, name, strlen(name));

    return topic && topic->ours;
}

/* Members count toward a peer's topics only while the topic is not ours. */
static void
set_ours(struct gossip *g, struct gossip_topic *topic, bool ours)
{
    topic->ours = ours;
    g->topic_count += ours ? 1 : (size_t)-1;
    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        m->peer->topic_count += ours ? (size_t)-1 : 1;
        m->peer->score_stale = true;
    }
}

enum lat_err
gossip_subscribe(struct gossip *g, const char *name, uint64_t now_ms)
{
    size_t len = strlen(name);
    struct gossip_topic *topic;

    g->now_ms = now_ms;
    if (len == 0 || len > GOSSIP_TOPIC_MAX)
        return LAT_MALFORMED;
    if (gossip_is_subscribed(g, name))
        return LAT_CONFLICT;
    if (g->topic_count >= g->params.topics_max)
        return LAT_LIMIT;
    topic = gossip_topic_enter(g, name, len);
    if (topic == NULL)
        return LAT_NOMEM;
    set_ours(g, topic, true);
    gossip_topic_list(g, topic);
    for (struct gossip_peer *peer = g->first_peer; peer; peer = peer->next) {
        if (peer->open && gossip_member_enter(topic, peer))
            gossip_say_subscriptions(peer);
    }
    gossip_end_fanout(topic, g->params.d);
    gossip_fill_mesh(topic, g->params.d);
    return LAT_OK;
}

enum lat_err
gossip_unsubscribe(struct gossip *g, const char *name, uint64_t now_ms)
{
    struct gossip_topic *topic = gossip_topic_find(g, name, strlen(name));

    g->now_ms = now_ms;
    if (topic == NULL || !topic->ours)
        return LAT_NOTFOUND;
    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        if (m->in_mesh)
            gossip_prune(m, g->params.unsubscribe_backoff_ms);
        if (m->peer->open)
            gossip_say_subscriptions(m->peer);
    }
    set_ours(g, topic, false);
    return LAT_OK; /* the next heartbeat takes it off the list */
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
topics_heartbeat(struct gossip *g)
{
    for (struct gossip_topic *topic = g->listed; topic; topic = topic->next_listed) {
        if (topic->ours)
            gossip_mesh_heartbeat(g, topic);
        else
            gossip_fanout_heartbeat(g, topic);
        gossip_emit(g, topic);
    }
}

static void
unlist_topics(struct gossip *g)
{
    struct gossip_topic **at = &g->listed, *topic;

    while ((topic = *at) != NULL) {
        if (topic->ours || topic->fanout_until_ms > 0) {
            at = &topic->next_listed;
            continue;
        }
        *at = topic->next_listed;
        topic->listed = false;
        gossip_topic_release(g, topic);
    }
}

static void
heartbeat(struct gossip *g)
{
    gossip_check_promises(g);
    recent_expire(&g->seen, g->now_ms);
    recent_expire(&g->bad, g->now_ms);
    recent_expire(&g->asked, g->now_ms);
    gossip_score_heartbeat(g);
    gossip_peers_heartbeat(g);
    topics_heartbeat(g);
    unlist_topics(g);
    g->beat++;
    gossip_held_shift(g);
}

void
gossip_tick(struct gossip *g, uint64_t now_ms)
{
    g->now_ms = now_ms;
    if (now_ms < g->beat_ms)
        return;
    g->beat_ms += g->params.heartbeat_ms;
    if (g->beat_ms <= now_ms)
        g->beat_ms = now_ms + g->params.heartbeat_ms; /* those that were missed are not made up for */
    heartbeat(g);
}

uint64_t
gossip_due_ms(const struct gossip *g)
{
    return g->beat_ms;
}

/* --- life ------------------------------------------------------------------------------------------ */

struct gossip *
gossip_new(const struct gossip_config *config, uint64_t now_ms)
{
    struct gossip *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return NULL;
    g->params = config->params ? *config->params : gossip_defaults;
    g->ops = config->ops;
    g->arg = config->arg;
    g->sign_arg = config->sign_arg;
    g->self = config->self;
    g->seqno = config->first_seqno;
    memcpy(g->seed, config->seed, sizeof(g->seed));
    g->now_ms = now_ms;
    g->beat_ms = now_ms + g->params.first_heartbeat_ms;
    recent_init(&g->seen, g->params.seen_max, g->params.seen_ttl_ms);
    recent_init(&g->bad, BAD_MAX, g->params.seen_ttl_ms);
    recent_init(&g->asked, ASKED_MAX, g->params.iwant_followup_ms);
    lat_buf_init(&g->head, GOSSIP_RPC_MAX);
    lat_buf_init(&g->control, GOSSIP_RPC_MAX);
    return g;
}

static void
free_topics(struct gossip *g)
{
    for (size_t i = 0; i < GOSSIP_BUCKETS; i++) {
        struct gossip_topic *topic, *next;

        for (topic = g->topics[i]; topic; topic = next) {
            next = topic->next;
            free(topic);
        }
    }
}

void
gossip_free(struct gossip *g)
{
    if (g == NULL)
        return;
    gossip_peers_free(g);
    free_topics(g);
    gossip_held_free_all(g);
    recent_fini(&g->seen);
    recent_fini(&g->bad);
    recent_fini(&g->asked);
    lat_buf_fini(&g->head);
    lat_buf_fini(&g->control);
    free(g->promises);
    free(g->direct);
    free(g);
}
