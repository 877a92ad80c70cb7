/*
 * node_p2p.c - the driver of the P2P lung: starts and stops the host (p2p/host.h) with gossip and the sync stream on it as the machine asks, hands on
 * who comes and goes, and keeps the address book on disk. What peers prove is judged by node_live.c, what they say heard by
 * node_gossip.c and node_sync.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/rand.h"
#include "node/node_parts.h"
#include "p2p/ping.h"

#define PEERS_SAVE_MS 60000

static void
peers_path(const struct node *node, char out[4096])
{
    snprintf(out, 4096, "%s/peers.json", node->config->state_dir);
}

/* --- what the host tells --------------------------------------------------------------------------- */

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct node *node = arg;
    uint64_t now = node_now(node);
    struct conn_stream *stream;

    /* The round trip, as every implementation measures it; without a stream to be had the keep-alive's will do. */
    if (ping_open(conn, NULL, NULL, &stream))
        lat_log(LAT_DEBUG, "[LATTICE_P2P] no stream for a ping");
    live_up(node->live, id, now);
    topic_judge_connected(node->judge, id, true, now);
    node_sync_up(node, id);
    gossip_streams_up(node->streams, id, conn, now);
    node_live_turn(node);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct node *node = arg;
    uint64_t now = node_now(node);

    gossip_streams_down(node->streams, id, now);
    node_sync_down(node, id);
    topic_judge_connected(node->judge, id, false, now);
    live_down(node->live, id, reason);
    node_live_turn(node);
}

static void
on_changed(void *arg)
{
    struct node *node = arg;

    node->changed = true;
    node->peers_changed = true;
}

static const struct host_ops host_ops = { .up = on_up, .down = on_down, .changed = on_changed };

/* --- start and stop -------------------------------------------------------------------------------- */

static enum lat_err
make_static(struct node *node)
{
    uint8_t seed[32];
    enum lat_err err;

    if (node->noise)
        return LAT_OK;
    rand_bytes(seed, sizeof(seed));
    err = noise_static_new(seed, node->identity.public_key, sizeof(node->identity.public_key), identity_sign,
                           &node->identity, &node->noise);
    lat_wipe(seed, sizeof(seed));
    return err;
}

/* What this host serves. False: out of memory. */
static bool
open_protocols(struct node *node)
{
    const struct protocol *const *gossip;
    size_t count = 0, served = 0;

    node->sync = sync_new(node_answer, node);
    if (node->sync == NULL || !node_gossip_attach(node))
        return false;
    node->protocols[count++] = &identify_protocol;
    node->protocols[count++] = &identify_push_protocol;
    node->protocols[count++] = &ping_protocol;
    node->protocols[count++] = sync_protocol(node->sync);
    gossip = gossip_streams_protocols(node->streams, &served);
    for (size_t i = 0; i < served && count < NODE_PROTOCOLS_MAX; i++)
        node->protocols[count++] = gossip[i];
    node->protocols[count] = NULL;
    return true;
}

/* After the last connection. */
static void
close_protocols(struct node *node)
{
    node_gossip_detach(node);
    sync_free(node->sync);
    node->sync = NULL;
}

static enum lat_err
start_host(struct node *node, const char *remembered, struct lat_msg *why)
{
    const struct config *c = node->config;
    const struct host_options options = { .identity = &node->identity,
                                          .noise = node->noise,
                                          .protocols = node->protocols,
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
    if (!open_protocols(node))
        return LAT_NOMEM;
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
    close_protocols(node);
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
}

static void
host_is_closed(void *arg)
{
    struct node *node = arg;

    node->host_closing = false;
    close_protocols(node);
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
    node_memory_save(node);
    node_sync_clear(node);
    node_live_clear(node);
    apply_discard(node->apply, APPLY_FROM_P2P);
    apply_discard(node->apply, APPLY_FROM_GOSSIP);
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

enum lat_err
node_p2p_open(struct node *node)
{
    struct node_memory memory;

    identity_init(&node->identity, node->key);
    pthread_mutex_init(&node->outbox.lock, NULL);
    node->has_outbox = true;
    node_memory_load(node, &memory);
    if (memory.time_ms > lat_wall_ms() + TOPIC_CLOCK_MAX_MS)
        memory.time_ms = 0; /* the clock stood far ahead then: nobody has taken such a time */
    announce_init(&node->announce, node->config->lung.exchange_ms, memory.time_ms, node_now(node));
    if (!node_live_open(node))
        return LAT_NOMEM;
    return node_gossip_open(node, memory.seqno);
}

void
node_p2p_fini(struct node *node)
{
    node_gossip_close(node);
    node_live_close(node);
    announce_fini(&node->announce);
    noise_static_free(node->noise);
    if (node->has_outbox)
        pthread_mutex_destroy(&node->outbox.lock);
}

void
node_p2p_flush(struct node *node)
{
    if (node->host == NULL)
        return;
    gossip_streams_flush(node->streams, node_now(node));
    host_send(node->host);
}

void
node_p2p_turn(struct node *node)
{
    node_announce_turn(node);
    node_live_turn(node);
    node_sync_turn(node);
    node_p2p_flush(node);
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

/* Why the peer that would be dialed next is not there: what "no peer" comes from. */
static void
look_at_dials(struct node *node)
{
    struct swarm_row row;
    size_t total;

    node->dial_error[0] = '\0';
    if (node->host == NULL || host_fill(node->host, &row, 1, &total) == 0 || row.connected)
        return;
    if (row.why_not[0])
        lat_escape_str(row.why_not, node->dial_error, sizeof(node->dial_error));
}

/* Every minute: the book where it has changed; the numbers that gossip must not use twice in any case. */
static void
save(struct node *node)
{
    if (node->peers_changed)
        save_peers(node);
    node_memory_save(node);
    node->peers_saved_ms = uv_now(&node->loop);
}

void
node_p2p_tick(struct node *node)
{
    uint64_t now = uv_now(&node->loop);

    node_p2p_tell_failure(node); /* of a start that was put off */
    node_live_look(node);
    if (node->lung.peers.connected == 0)
        look_at_dials(node);
    if (node->streams && node->host)
        gossip_streams_tick(node->streams, node_now(node));
    node_p2p_turn(node);
    if (node->host && now - node->peers_saved_ms >= PEERS_SAVE_MS)
        save(node);
}

void
node_p2p_reload(struct node *node)
{
    const struct config *c = node->config;
    struct lat_msg why = { "" };

    announce_set_period(&node->announce, c->lung.exchange_ms, node_now(node));
    topic_judge_set_trust(node->judge, &node->trust->trust);
    node_sync_hurry(node);
    node_live_reload(node);
    if (node->host && host_reconfigure(node->host, c->p2p_bootstrap, c->lung.idle_ms, c->lung.dead_ms, &why))
        lat_log(LAT_WARNING, "[LATTICE_P2P] [WARN] bootstrap peers stay as they were: %s", why.text);
}

/* Both lungs are tried at once; without the P2P one HTTP alone. */
void
node_network_changed(void *arg, enum hostwatch_event event)
{
    struct node *node = arg;

    if (node->closing)
        return;
    if (node->host && event == HOSTWATCH_SLEPT)
        host_resume(node->host);
    else if (node->host)
        host_netchange(node->host);
    node_lungs_hurry(node);
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
    if (node->lung.peers.connected > 0)
        return "peers connected, none brings state";
    return node->dial_error[0] ? node->dial_error : "no peer found";
}

void
node_p2p_fill(const struct node *node, struct snapshot *s)
{
    size_t used = 0;

    s->lung.p2p_available = true;
    lat_copy(s->lung.p2p_error, sizeof(s->lung.p2p_error), node_p2p_error(node));
    node_gossip_fill(node, &s->gossip); /* its counters outlast a lung that is switched off */
    node_live_fill(node, s);
    if (node->host == NULL)
        return;
    for (const char *const *a = host_addresses(node->host); *a && used < sizeof(s->p2p_listen) - 1; a++)
        used += (size_t)snprintf(s->p2p_listen + used, sizeof(s->p2p_listen) - used, "%s%s", used ? "," : "", *a);
    node_peers_fill(node, s);
}
