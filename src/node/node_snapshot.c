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

/* One column a second: what was applied, what HTTP brought. */
static void
turn_history(struct node *node, uint64_t now, uint64_t applied, uint64_t polls)
{
    uint64_t second = now / 1000;

    for (; node->history_second < second; node->history_second++) {
        memmove(node->applied_of, node->applied_of + 1, sizeof(node->applied_of) - sizeof(node->applied_of[0]));
        memmove(node->polls_of, node->polls_of + 1, sizeof(node->polls_of) - sizeof(node->polls_of[0]));
        node->applied_of[SNAPSHOT_HISTORY - 1] = 0;
        node->polls_of[SNAPSHOT_HISTORY - 1] = 0;
        node->history_applied = applied;
        node->history_polls = polls;
    }
    applied -= node->history_applied;
    polls -= node->history_polls;
    node->applied_of[SNAPSHOT_HISTORY - 1] = (uint16_t)(applied < UINT16_MAX ? applied : UINT16_MAX);
    node->polls_of[SNAPSHOT_HISTORY - 1] = (uint16_t)(polls < UINT16_MAX ? polls : UINT16_MAX);
}

static void
fill_history(struct node *node, struct snapshot *s)
{
    struct store_head head;
    uint64_t polls = 0;

    store_head(node->store, &head);
    for (uint32_t i = 0; i < s->source_count; i++)
        polls += s->sources[i].polls;
    turn_history(node, s->mono_ms, head.applied, polls);
    memcpy(s->history_keys, node->applied_of, sizeof(s->history_keys));
    memcpy(s->history_http, node->polls_of, sizeof(s->history_http));
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
