/*
 * gossip_lazy.c - repair: peers outside the mesh are told by IHAVE what there is, and what is missing is asked for by IWANT; and IDONTWANT, which
 * spares a large copy.
 *
 * A promise is one id, by chance, of those asked of a peer after its IHAVE. Whether it was kept is looked up when its time is over: an id
 * that has been seen by then, whoever sent it, was kept.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/gossip_parts.h"

/* Encoded ids that go into one entry; an RPC takes some such entries. */
#define IDS_MAX (GOSSIP_RPC_JOIN_MAX - 1024)

/* --- IHAVE comes ----------------------------------------------------------------------------------- */

/* What is asked for after one IHAVE. */
struct asking {
    struct gossip_peer *peer;
    struct lat_buf ids;
    size_t count;
    uint64_t chosen; /* the hash of one of them */
};

/* Ids of ours, of another form, seen, or asked for just now are of no interest. */
static bool
is_wanted(struct gossip *g, const uint8_t *id, size_t len, uint64_t hash)
{
    if (len > GOSSIP_ID_MAX || (len > g->self.len && memcmp(id, g->self.bytes, g->self.len) == 0))
        return false;
    return !recent_has(&g->seen, hash) && !recent_has(&g->asked, hash);
}

static void
send_asking(struct asking *a)
{
    if (a->ids.len > 0)
        gossip_queue_ids(a->peer, RPC_IWANT, NULL, &a->ids);
    lat_buf_clear(&a->ids);
}

static void
ask_for(struct asking *a, const uint8_t *id, size_t len, uint64_t hash)
{
    struct gossip *g = a->peer->g;

    if (a->ids.len + fields_bytes_size(len) > IDS_MAX)
        send_asking(a);
    if (rpc_put_id(&a->ids, RPC_IWANT, id, len))
        return;
    recent_add(&g->asked, hash, g->now_ms);
    g->counters.iwant_out++;
    if (gossip_random(g, ++a->count) == 0)
        a->chosen = hash;
}

static void
promise(struct gossip_peer *peer, uint64_t hash)
{
    struct gossip *g = peer->g;
    struct gossip_promise *bigger;

    if (g->promise_count == GOSSIP_PROMISES_MAX)
        return;
    if ((g->promise_count & (g->promise_count - 1)) == 0) {
        bigger = realloc(g->promises, (g->promise_count ? g->promise_count * 2 : 1) * sizeof(*bigger));
        if (bigger == NULL)
            return;
        g->promises = bigger;
    }
    g->promises[g->promise_count++] = (struct gossip_promise){ .hash = hash, .peer = peer->serial,
                                                               .until_ms = g->now_ms + g->params.iwant_followup_ms };
}

void
gossip_on_ihave(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip *g = peer->g;
    const struct gossip_params *p = &g->params;
    struct asking a = { .peer = peer };
    const struct gossip_topic *topic = entry->topic ? gossip_topic_find(g, entry->topic, entry->topic_len) : NULL;
    struct rpc_ids ids;
    const uint8_t *id;
    size_t len;

    if (peer->ihave_messages++ >= p->ihave_messages_max) {
        g->counters.over_caps++;
        return;
    }
    if (topic == NULL || !topic->ours || !peer->open || gossip_score(peer) < p->score.gossip_threshold)
        return;
    lat_buf_init(&a.ids, IDS_MAX);
    rpc_ids_init(&ids, entry);
    while (rpc_ids_next(&ids, &id, &len)) {
        uint64_t hash;

        if (peer->ihave_ids++ >= p->ihave_ids_max) {
            g->counters.over_caps++;
            break;
        }
        g->counters.ihave_in++;
        hash = gossip_hash(g, id, len);
        if (is_wanted(g, id, len, hash))
            ask_for(&a, id, len, hash);
    }
    send_asking(&a);
    lat_buf_fini(&a.ids);
    if (a.count > 0)
        promise(peer, a.chosen);
}

void
gossip_check_promises(struct gossip *g)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->promise_count; i++) {
        struct gossip_promise *p = &g->promises[i];
        struct gossip_peer *peer;

        if (recent_has(&g->seen, p->hash))
            continue;
        if (p->until_ms > g->now_ms) {
            g->promises[kept++] = *p;
            continue;
        }
        peer = gossip_peer_of(g, p->peer);
        if (peer == NULL)
            continue;
        g->counters.broken_promises++;
        gossip_score_behaviour(peer, 1);
    }
    g->promise_count = kept;
}

/* --- IWANT comes ----------------------------------------------------------------------------------- */

/* Count one more time that this peer is sent this message. False: often enough. */
static bool
may_serve(const struct gossip *g, struct gossip_held *held, gossip_serial peer)
{
    struct gossip_served *bigger;

    for (size_t i = 0; i < held->served_count; i++) {
        if (held->served[i].peer == peer)
            return held->served[i].times++ < g->params.iwant_served_max;
    }
    if (held->served_count >= g->params.peers_max)
        return false;
    bigger = realloc(held->served, (held->served_count + 1) * sizeof(*bigger));
    if (bigger == NULL)
        return false;
    held->served = bigger;
    held->served[held->served_count++] = (struct gossip_served){ .peer = peer, .times = 1 };
    return true;
}

void
gossip_on_iwant(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip *g = peer->g;
    struct rpc_ids ids;
    const uint8_t *id;
    size_t len;

    if (gossip_score(peer) < g->params.score.gossip_threshold)
        return;
    rpc_ids_init(&ids, entry);
    while (rpc_ids_next(&ids, &id, &len)) {
        struct gossip_held *held;

        if (peer->iwant_ids++ >= g->params.ihave_ids_max) {
            g->counters.over_caps++;
            break;
        }
        g->counters.iwant_in++;
        held = gossip_held_find(g, gossip_hash(g, id, len));
        if (held == NULL || held->state != HELD_CACHED)
            continue;
        if (!may_serve(g, held, peer->serial))
            g->counters.over_caps++;
        else if (gossip_queue_message(peer, held, false))
            g->counters.iwant_served++;
    }
}

/* --- IHAVE goes ------------------------------------------------------------------------------------ */

static bool
is_to_be_told(struct gossip *g, const struct gossip_member *m)
{
    return m->subscribed && m->peer->open && !m->in_mesh && !m->in_fanout && !m->peer->direct &&
           gossip_score(m->peer) >= g->params.score.gossip_threshold;
}

/* Messages of the topic that are young enough to be told of; the caller frees. */
static struct gossip_held **
collect(struct gossip *g, const struct gossip_topic *topic, size_t *count)
{
    struct gossip_held **all = g->cached > 0 ? malloc(g->cached * sizeof(struct gossip_held *)) : NULL;

    *count = 0;
    if (all == NULL)
        return NULL;
    for (struct gossip_held *h = g->newest; h && g->beat - h->beat < g->params.history_gossip; h = h->older) {
        if (h->message->topic_len == topic->len && memcmp(h->message->topic, topic->name, topic->len) == 0)
            all[(*count)++] = h;
    }
    return all;
}

static void
tell(struct gossip_member *m, struct gossip_held *const *messages, size_t count)
{
    struct lat_buf ids;

    lat_buf_init(&ids, IDS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct gossip_message *message = messages[i]->message;

        if (ids.len + fields_bytes_size(message->id_len) > IDS_MAX) {
            gossip_queue_ids(m->peer, RPC_IHAVE, m->topic, &ids);
            lat_buf_clear(&ids);
        }
        if (rpc_put_id(&ids, RPC_IHAVE, message->id, message->id_len))
            break;
        m->peer->g->counters.ihave_out++;
    }
    if (ids.len > 0)
        gossip_queue_ids(m->peer, RPC_IHAVE, m->topic, &ids);
    lat_buf_fini(&ids);
}

/* To whom: a share of those outside the mesh, at least d_lazy, by chance. */
static size_t
choose_told(struct gossip *g, struct gossip_topic *topic, struct gossip_member ***out)
{
    size_t count = 0, want;

    *out = topic->members ? malloc((g->peer_count + g->remembered) * sizeof(struct gossip_member *)) : NULL;
    for (struct gossip_member *m = topic->members; m && *out; m = m->next_topic) {
        if (is_to_be_told(g, m))
            (*out)[count++] = m;
    }
    want = (size_t)(g->params.gossip_factor * (double)count);
    if (want < g->params.d_lazy)
        want = g->params.d_lazy;
    if (want > count)
        want = count;
    gossip_shuffle(g, (void **)*out, count, want);
    return want;
}

void
gossip_emit(struct gossip *g, struct gossip_topic *topic)
{
    size_t count, most = g->params.ihave_ids_max;
    struct gossip_held **messages = collect(g, topic, &count);
    struct gossip_member **told = NULL;
    size_t told_count = count > 0 ? choose_told(g, topic, &told) : 0;

    for (size_t i = 0; i < told_count; i++) {
        if (count > most)
            gossip_shuffle(g, (void **)messages, count, most); /* others to each, so that all are told of */
        tell(told[i], messages, count > most ? most : count);
    }
    free(told);
    free(messages);
}

/* --- IDONTWANT ------------------------------------------------------------------------------------- */

void
gossip_send_idontwant(struct gossip *g, struct gossip_topic *topic, const struct gossip_held *held)
{
    const struct gossip_message *message = held->message;
    struct lat_buf ids;

    if (message->len < g->params.idontwant_threshold)
        return;
    lat_buf_init(&ids, GOSSIP_ID_MAX + 8);
    if (rpc_put_id(&ids, RPC_IDONTWANT, message->id, message->id_len) == LAT_OK) {
        for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
            if (!m->in_mesh || m->peer->version < GOSSIP_1_2 || m->peer->serial == held->bearers[0])
                continue;
            gossip_queue_ids(m->peer, RPC_IDONTWANT, NULL, &ids);
            g->counters.idontwant_out++;
        }
    }
    lat_buf_fini(&ids);
}

void
gossip_on_idontwant(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip *g = peer->g;
    struct rpc_ids ids;
    const uint8_t *id;
    size_t len;

    if (peer->unwanted == NULL)
        peer->unwanted = calloc(GOSSIP_UNWANTED_MAX, sizeof(uint64_t));
    if (peer->unwanted == NULL)
        return;
    rpc_ids_init(&ids, entry);
    while (rpc_ids_next(&ids, &id, &len)) {
        if (peer->idontwant_ids++ >= g->params.idontwant_ids_max) {
            g->counters.over_caps++;
            break;
        }
        g->counters.idontwant_in++;
        peer->unwanted[peer->unwanted_next++ % GOSSIP_UNWANTED_MAX] = gossip_hash(g, id, len);
        peer->unwanted_ms = g->now_ms;
    }
}

/* Forgotten when none has come for as long as messages are kept: what is forwarded is younger. */
bool
gossip_is_unwanted(const struct gossip_peer *peer, const struct gossip_held *held)
{
    const struct gossip_params *p = &peer->g->params;

    if (peer->unwanted == NULL || held->message->len < p->idontwant_threshold ||
        peer->g->now_ms - peer->unwanted_ms > p->history * p->heartbeat_ms)
        return false;
    for (size_t i = 0; i < GOSSIP_UNWANTED_MAX; i++) {
        if (peer->unwanted[i] == held->hash)
            return true;
    }
    return false;
}
