/*
 * node_live.c - who of the peers is live (node/live.h), told to the lung machine, the host and the log; both lungs checked against each other
 * (node/crosscheck.h).
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"
#include "node/node_parts.h"

#define STALL_MS 1000       /* lateness of our own loop that is a STALL */
#define PING_LOOK_MS 1000   /* how often unanswered pings are looked at */

uint64_t
node_now(struct node *node)
{
    uint64_t now = lat_mono_ms();
    uint64_t since = now - node->turn_ms;

    if (node->turn_ms && node->live && since > STALL_MS + NODE_TICK_MS)
        live_stall(node->live, since - NODE_TICK_MS);
    node->turn_ms = now;
    return now;
}

bool
node_live_open(struct node *node)
{
    uint8_t key[16];

    rand_bytes(key, sizeof(key));
    node->live = live_new(&node->config->lung, &node->trust->trust, key);
    return node->live != NULL;
}

void
node_live_close(struct node *node)
{
    live_free(node->live);
    node->live = NULL;
}

void
node_live_reload(struct node *node)
{
    live_reload(node->live, &node->config->lung, &node->trust->trust, node_now(node));
    crosscheck_clear(&node->crosscheck);
    node_live_turn(node);
}

void
node_live_clear(struct node *node)
{
    uint64_t now = node_now(node);
    const struct peerid *peer;

    for (size_t i = 0; (peer = live_peer(node->live, i)) != NULL; i++)
        topic_judge_connected(node->judge, peer, false, now);
    live_clear(node->live);
}

/* --- what follows ------------------------------------------------------------------------------------- */

/* Peers that come and go, strangers among them, must not fill the log. */
bool
node_may_say(struct node *node)
{
    static const struct rate_limit lines = { .per_second = 1, .burst = 50 };

    return rate_take(&node->peer_lines, &lines, 1, node_now(node));
}

static void
say_change(struct node *node, const struct live_change *change, uint64_t now)
{
    char id[PEERID_TEXT_MAX];
    struct live_row row;
    enum lat_level level;

    host_note_live(node->host, &change->peer, change->live);
    peerid_text(&change->peer, id);
    level = node_may_say(node) ? LAT_INFO : LAT_DEBUG;
    if (change->live)
        lat_log(level, "[LATTICE_P2P] [OK] peer %s is live: it carries the state", id);
    else if (live_row(node->live, &change->peer, now, &row))
        lat_log(level, "[LATTICE_P2P] [WARN] peer %s is no longer live: %s", id, row.why_not);
    node->changed = true;
}

static void
tell_machine(struct node *node)
{
    enum lung_reason why = LUNG_BY_LAST_PEER_CLOSED;
    struct lung_peers peers = { 0 };
    struct swarm_counts counts;
    struct lung_step step;

    host_count(node->host, &counts);
    live_count(node->live, counts.known, &peers, &why);
    step = lung_set_peers(&node->lung, &peers, why, uv_now(&node->loop));
    node_lungs_follow(node, &step);
}

void
node_live_turn(struct node *node)
{
    uint64_t now = node_now(node);
    struct live_change change;
    struct peerid peer;

    if (node->host == NULL)
        return;
    live_tick(node->live, now);
    while (live_next_change(node->live, &change))
        say_change(node, &change, now);
    tell_machine(node);
    while (node->host && live_next_ask(node->live, now, &peer))
        node_sync_ask(node, &peer);
}

/* The lungs contradict each other: another look by HTTP tells whether that lasts, at most one a heartbeat. */
static void
look_both_ways(struct node *node, uint64_t now)
{
    uint64_t exchange = node->config->lung.exchange_ms;

    if (crosscheck_wants_look(&node->crosscheck, exchange, now) && now >= node->http.begun_ms + exchange)
        lung_http_hurry(&node->http, uv_now(&node->loop));
}

void
node_live_look(struct node *node)
{
    uint64_t now = node_now(node);
    const struct peerid *peer;
    struct conn_stats stats;

    if (node->host == NULL || now - node->pings_looked_ms < PING_LOOK_MS)
        return;
    node->pings_looked_ms = now;
    look_both_ways(node, now);
    for (size_t i = 0; (peer = live_peer(node->live, i)) != NULL; i++) {
        struct conn *conn = host_conn(node->host, peer);

        if (conn == NULL)
            continue;
        conn_stats(conn, &stats);
        live_unanswered(node->live, peer, stats.unanswered);
    }
}

size_t
node_live_applied(struct node *node, const struct peerid *link, const uint8_t *verdicts, size_t count)
{
    size_t applied = 0;

    for (size_t i = 0; i < count; i++)
        applied += verdicts[i] == VERDICT_APPLIED;
    if (applied > 0)
        live_applied(node->live, link, node_now(node));
    return applied;
}

/* --- both lungs against each other --------------------------------------------------------------------- */

void
node_live_attested(struct node *node, const uint8_t key[32], const struct topic_state *state, uint64_t time_ms)
{
    const struct crosscheck_said said = { .state = *state, .time_ms = time_ms };

    crosscheck_p2p(&node->crosscheck, key, &said, node_now(node));
}

void
node_live_attested_http(struct node *node, const struct recon_status *status)
{
    struct crosscheck_said said = { .state = { .count = status->count, .hlc = status->hlc }, .time_ms = status->time_ms };

    memcpy(said.state.root, status->root, sizeof(said.state.root));
    crosscheck_http(&node->crosscheck, status->key, &said, node_now(node));
}

static void
fill_two_faces(const struct node *node, char *out, size_t size)
{
    const struct crosscheck_entry *entry = crosscheck_alarm(&node->crosscheck, 0, node->config->lung.exchange_ms);
    char key[9], http[9], p2p[9];

    if (entry == NULL)
        return;
    lat_hex(entry->key, 4, key);
    lat_hex(entry->http_root, 4, http);
    lat_hex(entry->p2p_root, 4, p2p);
    snprintf(out, size, "key %s.. shows root %s by HTTP and %s by P2P", key, http, p2p);
}

/* Since a record of our key came that is newer than all of ours, by gossip or in healing; -1: never. */
static int64_t
rollback_age(const struct node *node)
{
    struct store_head head;
    uint64_t last;

    store_head(node->store, &head);
    last = node->rollback_ms > head.own_ahead_mono_ms ? node->rollback_ms : head.own_ahead_mono_ms;
    return last == 0 ? -1 : (int64_t)(lat_mono_ms() - last);
}

void
node_live_fill(const struct node *node, struct snapshot *s)
{
    uint64_t exchange = live_last_exchange(node->live);
    int64_t off = 0;

    s->lung.last_exchange_ms = exchange == 0 ? -1 : s->mono_ms > exchange ? (int64_t)(s->mono_ms - exchange) : 0;
    s->doubts.clock_off_ms = live_clock_is_off(node->live, &off) ? off : 0;
    s->doubts.twin_ms = node->twin_ms == 0 ? -1 : (int64_t)(lat_mono_ms() - node->twin_ms);
    s->doubts.rollback_ms = rollback_age(node);
    fill_two_faces(node, s->doubts.two_faces, sizeof(s->doubts.two_faces));
}
