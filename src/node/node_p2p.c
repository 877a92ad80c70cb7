/*
 * node_p2p.c - the driver of the P2P lung: starts and stops the host (p2p/host.h) as the machine asks, tells the machine who is connected, keeps
 * the address book on disk, and shows peers.
 *
 * A peer that is connected is not live: it has to prove that it carries state, by gossip or by the sync stream, which this version does not
 * speak. So nobody is live, and the rows say "connected, no state".
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/rand.h"
#include "node/node_parts.h"
#include "p2p/ping.h"

#define PEERS_SAVE_MS 60000

static const struct protocol *const protocols[] = { &identify_protocol, &identify_push_protocol, &ping_protocol, NULL };

static void
peers_path(const struct node *node, char out[4096])
{
    snprintf(out, 4096, "%s/peers.json", node->config->state_dir);
}

/* --- what the host tells --------------------------------------------------------------------------- */

/* The machine's counts follow the host's. */
static void
tell_peers(struct node *node)
{
    struct lung_peers peers = { 0 };
    struct swarm_counts counts;
    struct lung_step step;

    host_count(node->host, &counts);
    peers.connected = (uint32_t)counts.peers;
    peers.known = (uint32_t)counts.known;
    step = lung_set_peers(&node->lung, &peers, LUNG_BY_LAST_PEER_CLOSED, uv_now(&node->loop));
    node_lungs_follow(node, &step);
}

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct node *node = arg;
    struct conn_stream *stream;

    (void)id;
    /* The round trip, as every implementation measures it; without a stream to be had the keep-alive's will do. */
    if (ping_open(conn, NULL, NULL, &stream))
        lat_log(LAT_DEBUG, "[LATTICE_P2P] no stream for a ping");
    tell_peers(node);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct node *node = arg;

    (void)id;
    (void)reason;
    tell_peers(node);
}

static void
on_changed(void *arg)
{
    struct node *node = arg;

    node->changed = true;
    node->peers_changed = true;
}

/* NETCHANGE, RESUME: HTTP sources are asked at once too. */
static void
on_network(void *arg)
{
    struct node *node = arg;

    node_lungs_hurry(node);
}

static const struct host_ops host_ops = { .up = on_up, .down = on_down, .network = on_network, .changed = on_changed };

/* --- start and stop -------------------------------------------------------------------------------- */

static enum lat_err
make_static(struct node *node)
{
    uint8_t seed[32];
    enum lat_err err;

    if (node->noise)
        return LAT_OK;
    identity_init(&node->identity, node->key);
    rand_bytes(seed, sizeof(seed));
    err = noise_static_new(seed, node->identity.public_key, sizeof(node->identity.public_key), identity_sign,
                           &node->identity, &node->noise);
    lat_wipe(seed, sizeof(seed));
    return err;
}

static enum lat_err
start_host(struct node *node, const char *remembered, struct lat_msg *why)
{
    const struct config *c = node->config;
    const struct host_options options = { .identity = &node->identity,
                                          .noise = node->noise,
                                          .protocols = protocols,
                                          .early_muxer = true,
                                          .agent = node->agent,
                                          .listen = c->p2p_listen,
                                          .bootstrap = c->p2p_bootstrap,
                                          .remembered = remembered,
                                          .idle_ms = c->lung.idle_ms,
                                          .dead_ms = c->lung.dead_ms,
                                          .redial_min_ms = c->lung.redial_min_ms,
                                          .redial_max_ms = c->lung.redial_max_ms,
                                          .mdns = c->mdns,
                                          .redial = true,
                                          .ops = &host_ops,
                                          .arg = node };

    snprintf(node->agent, sizeof(node->agent), "lattice/%s", node->version);
    return host_new(&node->loop, &options, &node->host, why);
}

void
node_p2p_start(struct node *node)
{
    struct lat_msg why = { "" };
    struct lat_buf remembered;
    char path[4096];
    enum lat_err err = LAT_OK;

    if (node->host || node->host_closing)
        return; /* one that is still letting go is followed by the next (host_is_closed) */
    lat_buf_init(&remembered, PEERS_TEXT_MAX);
    peers_path(node, path);
    if (lat_file_read(path, &remembered))
        lat_buf_clear(&remembered);
    err = make_static(node);
    if (!err)
        err = start_host(node, remembered.len > 0 ? lat_buf_str(&remembered) : NULL, &why);
    lat_buf_fini(&remembered);
    node->p2p_error[0] = '\0';
    if (!err) {
        node_p2p_set_gate(node, node->p2p_gate);
        lung_p2p_up(&node->lung, uv_now(&node->loop));
        return;
    }
    lat_copy(node->p2p_error, sizeof(node->p2p_error), why.text[0] ? why.text : lat_err_text(err));
    node->host = NULL;
    node->p2p_failed = true;
}

/* What is learned of peers outlives the process. */
static void
save_peers(struct node *node)
{
    struct lat_buf text;
    char path[4096];

    lat_buf_init(&text, PEERS_TEXT_MAX);
    peers_path(node, path);
    if (host_peers_text(node->host, &text) || lat_file_write(path, 0600, text.data, text.len))
        lat_log(LAT_WARNING, "[LATTICE_P2P] [WARN] the address book was not saved to peers.json");
    lat_buf_fini(&text);
    node->peers_changed = false;
    node->peers_saved_ms = uv_now(&node->loop);
}

static void
host_is_closed(void *arg)
{
    struct node *node = arg;

    node->host_closing = false;
    if (node->on_p2p_closed)
        node->on_p2p_closed(node);
    else if (node->lung.wanted)
        node_p2p_start(node);
}

void
node_p2p_stop(struct node *node)
{
    struct host *host = node->host;

    if (host == NULL)
        return;
    save_peers(node);
    node->host = NULL;
    node->host_closing = true;
    host_close(host, host_is_closed, node);
}

void
node_p2p_close(struct node *node, void (*fn)(struct node *node))
{
    node_p2p_stop(node);
    if (!node->host_closing) {
        fn(node);
        return;
    }
    node->on_p2p_closed = fn;
}

void
node_p2p_fini(struct node *node)
{
    noise_static_free(node->noise);
}

void
node_p2p_tell_failure(struct node *node)
{
    struct lung_step step;

    if (!node->p2p_failed)
        return;
    node->p2p_failed = false;
    step = lung_p2p_down(&node->lung, uv_now(&node->loop));
    node_lungs_follow(node, &step);
}

void
node_p2p_tick(struct node *node)
{
    uint64_t now = uv_now(&node->loop);

    node_p2p_tell_failure(node); /* of a start that was put off */
    if (node->host && node->peers_changed && now - node->peers_saved_ms >= PEERS_SAVE_MS)
        save_peers(node);
}

void
node_p2p_reload(struct node *node)
{
    const struct config *c = node->config;
    struct lat_msg why = { "" };

    if (node->host && host_reconfigure(node->host, c->p2p_bootstrap, c->lung.idle_ms, c->lung.dead_ms, &why))
        lat_log(LAT_WARNING, "[LATTICE_P2P] [WARN] bootstrap peers stay as they were: %s", why.text);
}

void
node_p2p_set_gate(struct node *node, enum command_gate gate)
{
    static const enum host_gate gates[] = { [GATE_OPEN] = HOST_GATE_OPEN, [GATE_RESET] = HOST_GATE_RESET, [GATE_DROP] = HOST_GATE_DROP };

    node->p2p_gate = gate;
    if (node->host)
        host_set_gate(node->host, gates[gate]);
}

/* --- what is shown --------------------------------------------------------------------------------- */

const char *
node_p2p_error(const struct node *node)
{
    if (node->lung.peers.live > 0)
        return "";
    if (!node->lung.enabled)
        return "disabled by configuration";
    if (!node->lung.wanted)
        return "switched off";
    if (node->p2p_error[0])
        return node->p2p_error;
    if (node->host && host_error(node->host)[0])
        return host_error(node->host);
    return node->lung.peers.connected > 0 ? "peers connected, none brings state" : "no peer found";
}

static void
fill_row(const struct swarm_row *row, uint64_t now, struct snapshot_peer *out)
{
    char text[PEERID_TEXT_MAX];

    peerid_text(&row->id, text);
    lat_copy(out->id, sizeof(out->id), text);
    snprintf(out->name, sizeof(out->name), "..%.8s", strlen(text) > 8 ? text + strlen(text) - 8 : text);
    lat_escape_str(row->address, out->address, sizeof(out->address));
    lat_escape_str(row->agent, out->agent, sizeof(out->agent));
    out->connected = row->connected;
    out->live = row->live;
    out->outbound = row->outbound;
    out->rtt_us = row->has_rtt ? (int64_t)row->rtt_ms * 1000 : -1;
    out->since_ms = row->connected ? (int64_t)(now - row->since_ms) : -1;
    out->bytes_in = row->bytes_in;
    out->bytes_out = row->bytes_out;
    out->agreement = AGREE_UNKNOWN;
    if (row->connected && !row->live)
        lat_copy(out->why_not, sizeof(out->why_not), "connected, no state");
    else if (row->dialing)
        snprintf(out->why_not, sizeof(out->why_not), "dialing: %s", conn_phase_name(row->phase));
    else if (!row->connected)
        lat_escape_str(row->why_not, out->why_not, sizeof(out->why_not));
}

void
node_p2p_fill(const struct node *node, struct snapshot *s)
{
    struct swarm_row *rows;
    size_t total = 0, count, used = 0;

    s->lung.p2p_available = true;
    lat_copy(s->lung.p2p_error, sizeof(s->lung.p2p_error), node_p2p_error(node));
    if (node->host == NULL)
        return;
    for (const char *const *a = host_addresses(node->host); *a && used < sizeof(s->p2p_listen) - 1; a++)
        used += (size_t)snprintf(s->p2p_listen + used, sizeof(s->p2p_listen) - used, "%s%s", used ? "," : "", *a);
    rows = calloc(SNAPSHOT_PEERS_MAX, sizeof(*rows));
    if (rows == NULL)
        return;
    count = host_fill(node->host, rows, SNAPSHOT_PEERS_MAX, &total);
    for (size_t i = 0; i < count; i++)
        fill_row(&rows[i], s->mono_ms, &s->peers[i]);
    s->peer_count = (uint32_t)count;
    s->peer_total = (uint32_t)total;
    free(rows);
}
