/*
 * node_gossip.c - the gossip topic as this node hears it: the router's messages are checked by workers (p2p/host_check: signature, then form,
 * attestation and records), judged here, and what was accepted goes on to live peers, to healing and to the state.
 *
 * The router lives as long as the node's loop, so that scores, back-offs and what was seen outlast a lung that is switched off and on; its
 * streams live as long as a host.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"
#include "node/node_parts.h"

#define OWN_LOOK_MS 1000
#define CHECK_WORKERS 2 /* of libuv's four: names and records to apply want some, too */

/* --- checking, on a worker ---------------------------------------------------------------------------- */

static void *
examine(void *arg, const struct gossip_message *message)
{
    struct node *node = arg;
    const struct network *network = store_network(node->store);
    struct topic_message *topic = malloc(sizeof(*topic));
    struct trust_set *trust;

    if (topic == NULL)
        return NULL;
    if (topic_parse(network, &message->from, message->data, message->data_len, topic)) {
        free(topic);
        return NULL;
    }
    trust = node_trust_ref(node);
    topic_check(network, &trust->trust, topic);
    trust_set_unref(trust);
    return topic;
}

static void
drop_examined(void *found)
{
    if (found == NULL)
        return;
    topic_message_fini(found);
    free(found);
}

/* --- what an accepted message brings -------------------------------------------------------------------- */

/* Records on their way into the state, and the link they came by. */
struct gossiped {
    struct node *node;
    struct peerid link;
};

static void
on_applied(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct gossiped *g = arg;
    struct node *node = g->node;

    (void)err; /* each verdict says so */
    node->gossip_applied += node_live_applied(node, &g->link, verdicts, count);
    free(g);
}

/* Strangers may send events; they may not fill the log. */
static void
tell_event(struct node *node, const struct topic_message *topic)
{
    static const struct rate_limit lines = { .per_second = 1, .burst = 20 };
    char author[PEERID_TEXT_MAX];

    if (!rate_take(&node->event_lines, &lines, 1, node_now(node)))
        return;
    peerid_text(&topic->author, author);
    lat_log(LAT_INFO, "[LATTICE_P2P] received topic=%s intent=%s status=%s from=%s", node->config->p2p_topic, topic->intent,
            topic->status, author);
}

/* What cannot be taken now is fetched by the next comparison of roots. */
static void
apply(struct node *node, const struct topic_message *topic, const struct peerid *link)
{
    struct gossiped *g = malloc(sizeof(*g));

    if (g == NULL)
        return;
    *g = (struct gossiped){ .node = node, .link = *link };
    if (apply_records(node->apply, APPLY_FROM_GOSSIP, topic->records.data, topic->records.len, topic->record_count, on_applied, g))
        free(g);
}

static void
take(struct node *node, const struct topic_message *topic, const struct peerid *link)
{
    switch (topic->type) {
    case TOPIC_ROOT:
        if (topic->has_key)
            node_live_attested(node, topic->key, &topic->state, topic->time_ms);
        node_sync_heard(node, topic);
        break;
    case TOPIC_RECORD:
        apply(node, topic, link);
        break;
    case TOPIC_PROOF_EVENT:
        tell_event(node, topic);
        break;
    case TOPIC_OTHER:
        break;
    }
}

/* Somebody else signs with our key, or our disk was set back: both are told until the node starts again. */
static void
doubt(struct node *node, const struct topic_message *topic, const struct topic_judgement *j)
{
    uint64_t now = node_now(node);

    if (j->own_ahead_hlc) {
        if (node->rollback_ms == 0)
            lat_log(LAT_ERROR, "[STATE] [ALERT] a record of our own key is newer than all we hold: this disk was set back, or another node "
                               "uses our key");
        node->rollback_ms = now;
    }
    if (j->is_own && topic->type == TOPIC_ROOT && !announce_is_ours(&node->announce, topic->time_ms)) {
        if (node->twin_ms == 0)
            lat_log(LAT_ERROR, "[LATTICE_P2P] [ALERT] another node announces with our key: stop one of the two");
        node->twin_ms = now;
    }
}

static enum gossip_verdict
judge(struct node *node, struct gossip_message *message, struct topic_message *topic)
{
    static const enum gossip_verdict verdicts[] = { [TOPIC_ACCEPT] = GOSSIP_ACCEPT,
                                                    [TOPIC_IGNORE] = GOSSIP_IGNORE,
                                                    [TOPIC_REJECT] = GOSSIP_REJECT };
    uint64_t now = node_now(node);
    struct store_head head;
    struct topic_setting setting = { .trust = &node->trust->trust, .wall_ms = lat_wall_ms(), .now_ms = now };
    struct topic_judgement j;

    store_head(node->store, &head);
    setting.own_hlc = head.hlc;
    topic_judge(node->judge, &setting, topic, &message->via, &j);
    live_message(node->live, topic, &j, message->id, message->id_len, &message->via, now);
    doubt(node, topic, &j);
    if (j.is_own && topic->type == TOPIC_ROOT)
        return GOSSIP_IGNORE;
    if (j.verdict == TOPIC_ACCEPT)
        take(node, topic, &message->via);
    else
        lat_log(LAT_DEBUG, "[LATTICE_P2P] %s a %s message: %s", topic_verdict_name(j.verdict), topic_type_name(topic->type), j.why);
    return verdicts[j.verdict];
}

static void
on_checked(void *arg, struct gossip_message *message, enum lat_err result, void *found)
{
    struct node *node = arg;
    enum gossip_verdict verdict = GOSSIP_IGNORE; /* memory ran out */

    if (result == LAT_AUTH || result == LAT_MALFORMED)
        verdict = GOSSIP_FORGED;
    else if (result == LAT_OK && found)
        verdict = judge(node, message, found);
    drop_examined(found);
    gossip_verdict(node->router, message, verdict, node_now(node));
}

static void
on_turned(void *arg)
{
    struct node *node = arg;

    node->changed = true;
    node_p2p_turn(node);
}

static const struct host_check_ops check_ops = {
    .examine = examine, .drop = drop_examined, .checked = on_checked, .turned = on_turned
};

/* --- what the router wants ------------------------------------------------------------------------------- */

static void
on_check(void *arg, struct gossip_message *message)
{
    struct node *node = arg;

    if (node->checks == NULL || host_check_add(node->checks, message))
        gossip_verdict(node->router, message, GOSSIP_IGNORE, node_now(node));
}

/* Forgers cannot make us verify more of these than one a second. */
static void
on_own(void *arg, struct gossip_message *message)
{
    struct node *node = arg;
    uint64_t now = node_now(node);

    if (node->checks == NULL || now - node->own_looked_ms < OWN_LOOK_MS)
        return;
    node->own_looked_ms = now;
    if (host_check_add(node->checks, message))
        lat_log(LAT_DEBUG, "[LATTICE_P2P] a message in our own name was not looked at: out of memory");
}

static void
on_copy(void *arg, const uint8_t *id, size_t id_len, const struct peerid *via)
{
    struct node *node = arg;

    live_copy(node->live, id, id_len, via, node_now(node));
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct node *node = arg;

    if (node->streams)
        gossip_streams_wake(node->streams, peer);
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    struct node *node = arg;
    struct conn *by;

    switch (event->kind) {
    case GOSSIP_SUBSCRIBED:
        if (strcmp(event->topic, node->config->p2p_topic) == 0)
            announce_wish(&node->announce, node_now(node));
        break;
    case GOSSIP_CANDIDATE:
        by = node->host ? host_conn(node->host, &event->peer) : NULL;
        if (by && host_suggest(node->host, by, &event->candidate, event->record, event->record_len))
            lat_log(LAT_DEBUG, "[LATTICE_P2P] a candidate was not taken");
        break;
    case GOSSIP_UNSUBSCRIBED:
    case GOSSIP_GRAFTED:
    case GOSSIP_PRUNED:
        break;
    }
    node->changed = true;
}

static const struct gossip_ops router_ops = {
    .check = on_check, .copy = on_copy, .own = on_own, .wake = on_wake, .event = on_event, .sign = identity_sign
};

static bool
address_of(void *arg, const struct conn *conn, struct multiaddr *out)
{
    (void)arg;
    return swarm_address(conn, out);
}

static const struct gossip_streams_ops streams_ops = { .wake = swarm_wake, .address_of = address_of };

/* --- life ------------------------------------------------------------------------------------------------- */

enum lat_err
node_gossip_open(struct node *node, uint64_t first_seqno)
{
    struct gossip_config config = { .self = node->identity.peer,
                                    .first_seqno = first_seqno,
                                    .ops = &router_ops,
                                    .arg = node,
                                    .sign_arg = &node->identity };
    uint8_t key[16];

    rand_bytes(config.seed, sizeof(config.seed));
    rand_bytes(key, sizeof(key));
    node->router = gossip_new(&config, node_now(node));
    node->checks = host_check_new(&node->loop, CHECK_WORKERS, &check_ops, node);
    node->judge = topic_judge_new(key);
    if (node->router == NULL || node->checks == NULL || node->judge == NULL)
        return LAT_NOMEM;
    return gossip_subscribe(node->router, node->config->p2p_topic, node_now(node));
}

void
node_gossip_quiet(struct node *node)
{
    host_check_close(node->checks);
    node->checks = NULL;
}

void
node_gossip_close(struct node *node)
{
    gossip_free(node->router);
    node->router = NULL;
    topic_judge_free(node->judge);
    node->judge = NULL;
}

bool
node_gossip_attach(struct node *node)
{
    node->streams = gossip_streams_new(GOSSIP_1_2, &streams_ops, node);
    if (node->streams == NULL)
        return false;
    gossip_streams_attach(node->streams, node->router);
    return true;
}

void
node_gossip_detach(struct node *node)
{
    gossip_streams_free(node->streams, node_now(node));
    node->streams = NULL;
}

/* --- what is shown ---------------------------------------------------------------------------------------- */

void
node_gossip_fill(const struct node *node, struct snapshot_gossip *out)
{
    struct gossip_counters c;

    gossip_count(node->router, &c);
    out->subscribers = (uint32_t)gossip_subscribers(node->router, node->config->p2p_topic, NULL, 0);
    out->mesh = (uint32_t)gossip_mesh(node->router, node->config->p2p_topic, NULL, 0);
    out->received = c.checked;
    out->duplicates = c.duplicates;
    out->accepted = c.accepted;
    out->ignored = c.ignored;
    out->rejected = c.rejected + c.forged;
    out->published = c.published;
    out->repaired = c.repaired;
    out->records_applied = node->gossip_applied;
    out->dropped = c.dropped;
}
