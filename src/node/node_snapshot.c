/* node_snapshot.c - the picture of the node that front ends see. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "node/lung_show.h"
#include "node/node_parts.h"

static void
fill_identity(const struct node *node, struct snapshot *s)
{
    struct server_status status;

    lat_copy(s->version, sizeof(s->version), node->version);
    lat_escape_str(node->config->node_name, s->name, sizeof(s->name));
    lat_escape_str(node->config->network, s->network, sizeof(s->network));
    lat_escape_str(node->config->p2p_topic, s->topic, sizeof(s->topic));
    lat_escape_str(node->config->state_dir, s->state_dir, sizeof(s->state_dir));
    lat_copy(s->peer_id, sizeof(s->peer_id), node->peer_id);
    lat_hex(key_public(node->key), KEY_PUBLIC_LEN, s->public_key);
    server_status(node->server, &status);
    lat_copy(s->api_address, sizeof(s->api_address), status.address);
    lat_copy(s->api_error, sizeof(s->api_error), status.error);
    s->pid = getpid();
    s->uptime_ms = (int64_t)(s->mono_ms - node->started_ms);
    s->trusted_keys = (uint32_t)node->trust->trust.count;
    s->demo = node->demo;
}

static void
fill_state(struct node *node, struct snapshot *s)
{
    struct snapshot_state *state = &s->state;
    struct store_head head;
    uint8_t flat[32];

    store_head(node->store, &head);
    lat_hex(head.root, sizeof(head.root), state->root);
    if (statedocs_flat_root(node->docs, head.root, flat))
        lat_hex(flat, sizeof(flat), state->merkle_root);
    state->count = head.count;
    state->keys = head.keys;
    state->hlc = head.hlc;
    state->commit_age_ms = head.commit_mono_ms ? (int64_t)(s->mono_ms - head.commit_mono_ms) : -1;
    state->verified_age_ms = head.verified_mono_ms ? (int64_t)(s->mono_ms - head.verified_mono_ms) : -1;
    state->store_bytes = head.file_bytes;
    state->incomplete = head.incomplete;
    state->read_only = head.read_only;
    state->damaged = head.damaged;
    state->held = head.held;
    state->lost = head.lost;
    node_scrub_fill(node, &head, s);
    lat_escape_str(head.error, state->error, sizeof(state->error));
}

/* One column a second further: the newest one is empty. */
static void
shift(uint16_t column[SNAPSHOT_HISTORY])
{
    memmove(column, column + 1, (SNAPSHOT_HISTORY - 1) * sizeof(column[0]));
    column[SNAPSHOT_HISTORY - 1] = 0;
}

static void
set_newest(uint16_t column[SNAPSHOT_HISTORY], uint64_t value)
{
    column[SNAPSHOT_HISTORY - 1] = (uint16_t)(value < UINT16_MAX ? value : UINT16_MAX);
}

/* What was applied, what HTTP brought, what gossip brought, in each of the last seconds. */
static void
turn_history(struct node *node, uint64_t now, const struct node_totals *totals)
{
    uint64_t second = now / 1000;

    for (; node->history_second < second; node->history_second++) {
        shift(node->applied_of);
        shift(node->polls_of);
        shift(node->messages_of);
        node->history_totals = *totals;
    }
    set_newest(node->applied_of, totals->applied - node->history_totals.applied);
    set_newest(node->polls_of, totals->polls - node->history_totals.polls);
    set_newest(node->messages_of, totals->messages - node->history_totals.messages);
}

static void
fill_history(struct node *node, struct snapshot *s)
{
    struct node_totals totals = { .messages = s->gossip.accepted };
    struct store_head head;

    store_head(node->store, &head);
    totals.applied = head.applied;
    for (uint32_t i = 0; i < s->source_count; i++)
        totals.polls += s->sources[i].polls;
    turn_history(node, s->mono_ms, &totals);
    memcpy(s->history_keys, node->applied_of, sizeof(s->history_keys));
    memcpy(s->history_http, node->polls_of, sizeof(s->history_http));
    memcpy(s->history_p2p, node->messages_of, sizeof(s->history_p2p));
    for (size_t i = 0; i < SNAPSHOT_HISTORY; i++)
        s->state.changes_min += s->history_keys[i];
}

static void
build(struct node *node, struct snapshot *s)
{
    s->number = ++node->number;
    s->wall_ms = lat_wall_ms();
    s->mono_ms = uv_now(&node->loop);
    fill_identity(node, s);
    fill_state(node, s);
    lung_fill(&node->lung, s->mono_ms, &s->lung);
    lung_http_fill(&node->http, s->mono_ms, &s->lung);
    lat_copy(s->lung.forced_by, sizeof(s->lung.forced_by), lung_is_forced(s->lung.state) ? node->forced_by : "");
    node_p2p_fill(node, s);
    s->source_count = (uint32_t)poller_fill(node->poller, s->mono_ms, s->sources, SNAPSHOT_SOURCES_MAX);
    for (uint32_t i = 0; i < s->source_count; i++)
        s->sources[i].next_ms = s->lung.http_next_ms; /* all are asked in one round */
    poller_fill_lung(node->poller, s->mono_ms, &s->lung);
    fill_history(node, s);
    traffic_fill(&node->traffic, s);
    timeline_fill(&node->timeline, s);
    s->event_count = (uint32_t)lat_log_recent(s->events, SNAPSHOT_EVENTS_MAX, &s->event_total);
    alerts_fill(&node->alerts, s);
}

void
node_snapshot_publish_now(struct node *node)
{
    struct snapshot *s = snapshot_new();

    if (s == NULL)
        return; /* out of memory: the former picture ages, which every screen shows */
    build(node, s);
    node->published_ms = s->mono_ms;
    node->changed = false;
    node_history_note(node, s);
    exchange_publish(node->exchange, s);
}

void
node_snapshot_publish(struct node *node)
{
    uint64_t age = uv_now(&node->loop) - node->published_ms;

    if (age >= (node->changed ? NODE_PUBLISH_MS : NODE_PUBLISH_MAX_MS))
        node_snapshot_publish_now(node);
}
