/* node_peers.c - the rows of P2P peers in a snapshot: what the host, the live tracker, the router and healing know of each. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/heal_rows.h"
#include "node/node_parts.h"

static int64_t
age(uint64_t now, uint64_t then)
{
    return then == 0 ? -1 : now > then ? (int64_t)(now - then) : 0;
}

static void
fill_heal(const struct heal_peer *h, const uint8_t own_root[32], const uint8_t their_root[32], uint64_t now,
          struct snapshot_peer *out)
{
    size_t but;

    lat_copy(out->error, sizeof(out->error), h->trouble);
    out->healing = h->healing;
    out->backoff_ms = h->pause_until_ms > now ? (int64_t)(h->pause_until_ms - now) : 0;
    heal_rows_difference(h, &out->difference);
    if (out->agreement == AGREE_DIFFERS)
        out->agreement = heal_peer_agrees(h, own_root, their_root, &but) ? AGREE_BUT : heal_rows_open(h, false);
    if (!agreement_is_open(out->agreement))
        out->differs_ms = -1;
    if (!h->healing && !h->healed_once)
        return;
    out->heal_percent = heal_percent(&h->heal);
    out->heal_age_ms = h->healing ? -1 : age(now, h->heal_end_ms);
    out->heal_ms = (uint32_t)(h->healing ? now - h->heal.begun_ms : h->heal_took_ms);
    out->heal_applied = h->heal.applied;
    out->heal_same = h->heal.same;
    out->heal_refused = h->heal.refused;
    out->heal_ours = h->heal.ours;
    out->heal_bytes = h->heal.bytes;
    out->key_total = h->heal.key_total;
    out->key_count = heal_rows_keys(&h->heal, out->keys);
}

static void
fill_live(const struct live_row *row, uint64_t now, struct snapshot_peer *out)
{
    static const enum agreement agreements[] = { [LIVE_UNKNOWN] = AGREE_UNKNOWN,
                                                 [LIVE_EQUAL] = AGREE_EQUAL,
                                                 [LIVE_DIFFERS] = AGREE_DIFFERS };

    out->live = row->live;
    out->trusted = row->trusted;
    out->agreement = agreements[row->agreement];
    if (row->agreement == LIVE_DIFFERS)
        out->differs_ms = age(now, row->agreement_ms);
    out->differs_checks = row->agreement == LIVE_DIFFERS ? row->checks : 0;
    if (row->has_state) {
        lat_hex(row->state.root, sizeof(row->state.root), out->root);
        out->count = row->state.count;
    }
    out->heard_ms = age(now, row->heard_ms);
    out->exchange_ms = age(now, row->exchange_ms);
    out->clock_ms = row->has_clock ? row->clock_ms : 0;
    if (row->name[0])
        lat_copy(out->name, sizeof(out->name), row->name);
    lat_copy(out->why_not, sizeof(out->why_not), row->why_not);
}

static void
fill_gossip(const struct gossip_peer_row *row, struct snapshot_peer *out)
{
    out->subscribed = row->subscribed;
    out->in_mesh = row->in_mesh;
    out->messages_in = row->messages_in;
    out->messages_out = row->messages_out;
    out->score = (int64_t)row->score;
}

static void
fill_connection(const struct swarm_row *row, uint64_t now, struct snapshot_peer *out)
{
    char text[PEERID_TEXT_MAX];

    peerid_text(&row->id, text);
    lat_copy(out->id, sizeof(out->id), text);
    snprintf(out->name, sizeof(out->name), "..%.8s", strlen(text) > 8 ? text + strlen(text) - 8 : text);
    lat_escape_str(row->address, out->address, sizeof(out->address));
    lat_escape_str(row->agent, out->agent, sizeof(out->agent));
    out->connected = row->connected;
    out->outbound = row->outbound;
    out->rtt_us = row->has_rtt ? (int64_t)row->rtt_ms * 1000 : -1;
    out->since_ms = row->connected ? (int64_t)(now - row->since_ms) : -1;
    out->bytes_in = row->bytes_in;
    out->bytes_out = row->bytes_out;
    out->agreement = AGREE_UNKNOWN;
    if (row->dialing)
        snprintf(out->why_not, sizeof(out->why_not), "dialing: %s", conn_phase_name(row->phase));
    else if (!row->connected)
        lat_escape_str(row->why_not, out->why_not, sizeof(out->why_not));
}

static void
fill_row(const struct node *node, const struct swarm_row *row, uint64_t now, struct snapshot_peer *out)
{
    const struct heal_peer *h = node_sync_peer(node, &row->id);
    struct gossip_peer_row gossip;
    struct live_row live = { 0 };

    fill_connection(row, now, out);
    if (!row->connected)
        return;
    if (live_row(node->live, &row->id, now, &live))
        fill_live(&live, now, out);
    if (gossip_peer_show(node->router, &row->id, node->config->p2p_topic, &gossip) == LAT_OK)
        fill_gossip(&gossip, out);
    if (h)
        fill_heal(h, node->own_root, live.state.root, now, out);
}

void
node_peers_fill(const struct node *node, struct snapshot *s)
{
    struct swarm_row *rows = calloc(SNAPSHOT_PEERS_MAX, sizeof(*rows));
    size_t total = 0, count;

    if (rows == NULL)
        return;
    count = host_fill(node->host, rows, SNAPSHOT_PEERS_MAX, &total);
    for (size_t i = 0; i < count; i++)
        fill_row(node, &rows[i], s->mono_ms, &s->peers[i]);
    s->peer_count = (uint32_t)count;
    s->peer_total = (uint32_t)total;
    free(rows);
}
