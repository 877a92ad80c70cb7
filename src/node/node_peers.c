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
fill_stand(const struct heal_peer *h, const uint8_t own_root[32], const struct live_row *row, uint64_t now, struct snapshot_stand *out)
{
    static const enum agreement agreements[] = { [LIVE_UNKNOWN] = AGREE_UNKNOWN,
                                                 [LIVE_EQUAL] = AGREE_EQUAL,
                                                 [LIVE_DIFFERS] = AGREE_DIFFERS };
    const struct heal_seen seen = {
        .agreement = agreements[row->agreement],
        .root = row->has_state ? row->state.root : NULL,
        .count = row->state.count,
        .differs_ms = row->agreement == LIVE_DIFFERS ? age(now, row->agreement_ms) : -1,
        .differs_checks = row->checks,
        .error = "",
    };

    heal_rows_fill(h, own_root, &seen, now, out);
}

static void
fill_live(const struct live_row *row, uint64_t now, struct snapshot_peer *out)
{
    out->live = row->live;
    out->trusted = row->trusted;
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
    uint8_t key[32];

    peerid_text(&row->id, text);
    lat_copy(out->id, sizeof(out->id), text);
    snprintf(out->name, sizeof(out->name), "..%.8s", strlen(text) > 8 ? text + strlen(text) - 8 : text);
    if (peerid_inlined_ed25519(&row->id, key) == LAT_OK)
        lat_hex(key, sizeof(key), out->public_key);
    lat_escape_str(row->address, out->address, sizeof(out->address));
    lat_escape_str(row->agent, out->agent, sizeof(out->agent));
    out->connected = row->connected;
    out->outbound = row->outbound;
    out->rtt_us = row->has_rtt ? (int64_t)row->rtt_ms * 1000 : -1;
    out->since_ms = row->connected ? (int64_t)(now - row->since_ms) : -1;
    out->traffic.bytes_in = row->bytes_in;
    out->traffic.bytes_out = row->bytes_out;
    if (row->dialing)
        snprintf(out->why_not, sizeof(out->why_not), "dialing: %s", conn_phase_name(row->phase));
    else if (!row->connected)
        lat_escape_str(row->why_not, out->why_not, sizeof(out->why_not));
}

/* It is back and has shown nothing yet: what it told before stands in, its root among it, which agrees with nothing. */
static void
add_last(const struct node *node, const struct peerid *id, struct live_row *live)
{
    struct live_row last;

    if (!live_last(node->live, id, &last))
        return;
    last.live = live->live;
    last.trusted = live->trusted;
    memcpy(last.why_not, live->why_not, sizeof(last.why_not));
    *live = last;
}

/* Root and count as it showed them last; no verdict rests on them. */
static void
fill_last(const struct live_row *last, struct snapshot_stand *out)
{
    if (!last->has_state)
        return;
    lat_hex(last->state.root, sizeof(last->state.root), out->root);
    out->count = last->state.count;
}

static void
fill_row(const struct node *node, const struct swarm_row *row, uint64_t now, struct snapshot_peer *out)
{
    struct gossip_peer_row gossip;
    struct live_row live = { 0 };

    fill_connection(row, now, out);
    if (!row->connected || !live_row(node->live, &row->id, now, &live)) {
        (void)live_last(node->live, &row->id, &live);
        lat_copy(live.why_not, sizeof(live.why_not), out->why_not);
    } else if (live.heard_ms == 0) {
        add_last(node, &row->id, &live);
    }
    fill_live(&live, now, out);
    if (!row->connected) {
        fill_last(&live, &out->stand);
        return;
    }
    fill_stand(node_sync_peer(node, &row->id), node->own_root, &live, now, &out->stand);
    if (gossip_peer_show(node->router, &row->id, node->config->p2p_topic, &gossip) == LAT_OK)
        fill_gossip(&gossip, out);
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
