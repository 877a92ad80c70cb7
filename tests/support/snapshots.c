#include "config.h"

#include "support/snapshots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_WALL UINT64_C(1773497007000) /* 2026-03-14T14:03:27Z */
#define NOW_MONO UINT64_C(274980000)
#define ROOT "4f1c9a0377be51d00c6e9b14a3d2f8c1906b1d02e5f7a8443c0d9e1f2a3b4c5d"
#define FLAT "aa10c4e20f5b3d718291a0b3c4d5e6f70f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define OTHER "77be0d5112ab34cd56ef7890a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"

static void
put(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}
#define PUT(field, text) put(field, sizeof(field), text)

/* A key by which a node is known over both lungs. */
static void
put_key(char out[SNAPSHOT_HEX_LEN], const char *name)
{
    unsigned sum = 0;

    for (const char *at = name; *at; at++)
        sum = sum * 31 + (unsigned char)*at;
    snprintf(out, SNAPSHOT_HEX_LEN, "%08x%056u", sum, 0u);
}

/* Slots of traffic, the first `gaps` of them not seen; which: another picture for another row. */
static void
put_slots(uint32_t slots[SNAPSHOT_TRAFFIC], int gaps, uint32_t which)
{
    for (int i = gaps; i < SNAPSHOT_TRAFFIC; i++)
        slots[i] = (uint32_t)i % 5 == which % 5 ? 0 : (uint32_t)i * (uint32_t)i * (300 + 70 * which) % 9000;
}

static void
add_source(struct snapshot *s, const char *name, const char *url, uint32_t rtt, int64_t age)
{
    struct snapshot_source *source = &s->sources[s->source_count++];

    PUT(source->name, name);
    PUT(source->url, url);
    put_key(source->public_key, name);
    PUT(source->stand.root, ROOT);
    source->lattice = source->known = source->usable = source->trusted = true;
    source->stand.agreement = AGREE_EQUAL;
    source->rtt_ms = rtt;
    source->ok_age_ms = source->try_age_ms = age;
    source->next_ms = 10000 - age;
    source->stand.differs_ms = source->stand.heal_age_ms = -1;
    source->stand.count = s->state.count;
    source->polls = 1204;
    source->polls_ok = 1200;
    source->polls_failed = 3;
    source->traffic.bytes_in = 250123;
    source->traffic.bytes_out = 180000;
    put_slots(source->traffic.in_5s, 0, s->source_count);
    put_slots(source->traffic.out_5s, 0, s->source_count + 10);
    s->lung.http_sources = s->source_count;
}

static void
add_peer(struct snapshot *s, const char *name, const char *address, int64_t rtt_us, bool outbound)
{
    struct snapshot_peer *peer = &s->peers[s->peer_count++];

    PUT(peer->name, name);
    PUT(peer->id, "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X");
    put_key(peer->public_key, name);
    PUT(peer->address, address);
    PUT(peer->agent, "lattice/0.1.0");
    PUT(peer->stand.root, ROOT);
    peer->connected = peer->live = true;
    peer->outbound = outbound;
    peer->stand.agreement = AGREE_EQUAL;
    peer->rtt_us = rtt_us;
    peer->since_ms = 273000000;
    peer->traffic.bytes_in = 9120044;
    peer->traffic.bytes_out = 8014400;
    put_slots(peer->traffic.in_5s, outbound ? 0 : 5, s->peer_count);
    put_slots(peer->traffic.out_5s, outbound ? 0 : 5, s->peer_count + 10);
    peer->trusted = peer->subscribed = peer->in_mesh = true;
    peer->messages_in = 5522;
    peer->messages_out = 5480;
    peer->exchange_ms = peer->heard_ms = 2400;
    peer->stand.count = s->state.count;
    s->peer_total = s->peer_count;
    s->lung.peers_live = s->lung.peers_connected = s->lung.peers_known = s->peer_count;
}

static void
add_event(struct snapshot *s, int seconds_ago, enum lat_level level, const char *source, const char *text)
{
    struct lat_log_line *line = &s->events[s->event_count++];

    line->seq = ++s->event_total;
    line->wall_ms = NOW_WALL - (uint64_t)seconds_ago * 1000;
    line->level = level;
    PUT(line->source, source);
    PUT(line->text, text);
}

static void
add_alert(struct snapshot *s, const char *code, enum alert_severity severity, int64_t since_ms,
          const char *text)
{
    struct snapshot_alert *alert = &s->alerts[s->alert_count++];

    PUT(alert->code, code);
    PUT(alert->text, text);
    alert->severity = severity;
    alert->since_ms = since_ms;
}

static void
fill_state(struct snapshot *s)
{
    PUT(s->state.root, ROOT);
    PUT(s->state.merkle_root, FLAT);
    s->state.count = 12811;
    s->state.keys = 12804;
    s->state.hlc = NOW_WALL << 16;
    s->state.changes_min = 3;
    s->state.commit_age_ms = 41000;
    s->state.verified_age_ms = 274000000;
    s->state.store_bytes = 9541222;
    for (int i = 0; i < SNAPSHOT_HISTORY; i += 17)
        s->history_keys[i] = 1;
    for (int i = 3; i < SNAPSHOT_HISTORY; i += 10)
        s->history_http[i] = 3;
}

static void
fill_events(struct snapshot *s)
{
    add_event(s, 274000, LAT_NOTICE, "startup", "[STARTUP] [OK] persistence ready: 12,804 entries");
    add_event(s, 273990, LAT_NOTICE, "startup", "[STARTUP] [LUNG] HTTP lung: 3 sources");
    add_event(s, 97, LAT_WARNING, "p2p_heartbeat", "[P2P_HEARTBEAT] [WARN] no peers, 60 s begin");
    add_event(s, 82, LAT_WARNING, "p2p_heartbeat", "[P2P_HEARTBEAT] [TIMER] 45s remaining");
    add_event(s, 42, LAT_WARNING, "http_sync",
              "[HTTP_SYNC] [DIVERGENCE] rio-2 root 77be0d51 differs from 4f1c9a03");
    add_event(s, 21, LAT_INFO, "http_sync", "[HTTP_SYNC] source rio-2 usable again after 3 failures");
    add_event(s, 7, LAT_ERROR, "lattice_p2p",
              "[LATTICE_P2P] listen failed: address in use; retried every 30 s");
}

static void
with_peers(struct snapshot *s)
{
    add_peer(s, "porto-1", "/ip4/10.1.0.11/tcp/9000", 12400, true);
    add_peer(s, "madrid-3", "/ip4/10.1.0.33/tcp/9000", 31200, false);
    s->lung.last_exchange_ms = 2400;
    s->lung.no_peer_ms = -1;
    for (int i = 0; i < SNAPSHOT_HISTORY; i++)
        s->history_p2p[i] = (uint16_t)(i / 8);
}

static void
force(struct snapshot *s, enum lung_policy policy)
{
    s->lung.policy = policy;
    s->lung.reason = LUNG_BY_OPERATOR;
    PUT(s->lung.forced_by, "console");
    s->lung.forced_left_ms = 521000;
    add_alert(s, "M1", ALERT_ATTENTION, s->lung.since_ms,
              policy == LUNG_POLICY_P2P ? "mode forced to P2P by console" : "mode forced to HTTP by console");
}

static void
http_fails(struct snapshot *s)
{
    s->lung.http_usable = false;
    s->lung.http_failures = 4;
    PUT(s->lung.http_error, "connection refused");
    for (uint32_t i = 0; i < s->source_count; i++) {
        PUT(s->sources[i].stand.error, "connection refused");
        s->sources[i].failures = 4;
        s->sources[i].usable = false;
        s->sources[i].stand.agreement = AGREE_UNKNOWN;
    }
}

static void
set_state(struct snapshot *s, enum lung_state state)
{
    s->lung.state = state;
    s->lung.since_ms = 37000;
    switch (state) {
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
        s->lung.fallback_in_ms = state == LUNG_STARTING ? 48300 : 12600;
        add_alert(s, "F1", ALERT_ATTENTION, 47400, "no peers over P2P");
        break;
    case LUNG_P2P:
        with_peers(s);
        break;
    case LUNG_HTTP:
        s->lung.since_ms = 112000;
        add_alert(s, "F1", ALERT_ATTENTION, 172000, "no peers over P2P: HTTP carries");
        break;
    case LUNG_RECOVERING:
        with_peers(s);
        s->lung.recover_in_ms = 6200;
        break;
    case LUNG_ISOLATED:
        http_fails(s);
        s->lung.http_next_ms = 3400;
        add_alert(s, "F3", ALERT_ALARM, 37000,
                  "both lungs down: P2P: no live peer; HTTP: connection refused");
        break;
    case LUNG_FP2P_UP:
        with_peers(s);
        force(s, LUNG_POLICY_P2P);
        break;
    case LUNG_FP2P_DOWN:
        force(s, LUNG_POLICY_P2P);
        add_alert(s, "F1", ALERT_ATTENTION, 37000, "P2P forced and no peers: no fallback while forced");
        break;
    case LUNG_FHTTP_UP:
        force(s, LUNG_POLICY_HTTP);
        s->lung.p2p_running = false;
        break;
    case LUNG_FHTTP_DOWN:
        http_fails(s);
        add_alert(s, "F3", ALERT_ALARM, 37000, "HTTP forced and down: connection refused");
        force(s, LUNG_POLICY_HTTP);
        s->lung.p2p_running = false;
        s->lung.forced_left_ms = -1;
        break;
    case LUNG_STOPPING:
        s->lung.p2p_running = false;
        break;
    }
}

/* Twenty minutes: a start, peers, a gap, a countdown, HTTP, peers again, then what is now. */
static void
fill_timeline(struct snapshot *s)
{
    for (int i = 0; i < SNAPSHOT_TIMELINE; i++) {
        enum lung_state state = i < 3                    ? LUNG_STARTING
                                : i >= 34 && i < 37      ? LUNG_COUNTDOWN
                                : i >= 37 && i < 46      ? LUNG_HTTP
                                : i == SNAPSHOT_TIMELINE - 1 ? s->lung.state
                                                         : LUNG_P2P;

        if (i >= 20 && i < 24)
            continue; /* the node did not run */
        s->timeline_states[i] = (uint16_t)(1u << state);
        s->timeline_peers[i] = state == LUNG_P2P ? 2 : 0;
        s->timeline_differ[i] = i >= 40 && i < 44 ? 1 : 0;
    }
    s->timeline_peers[SNAPSHOT_TIMELINE - 1] = (uint16_t)s->lung.peers_live;
}

struct snapshot *
sample_snapshot(enum lung_state state)
{
    struct snapshot *s = snapshot_new();

    if (s == NULL)
        abort();
    s->schema = SNAPSHOT_SCHEMA;
    s->number = 7;
    s->wall_ms = NOW_WALL;
    s->mono_ms = NOW_MONO;
    s->uptime_ms = 274000000;
    s->trusted_keys = 3;
    PUT(s->version, "0.1.0");
    PUT(s->name, "lisbon-1");
    PUT(s->network, "lattice");
    fill_state(s);
    s->lung.policy = LUNG_POLICY_AUTO;
    s->lung.fallback_after_ms = 60000;
    s->lung.hold_ms = 10000;
    s->lung.p2p_enabled = s->lung.p2p_running = true;
    s->lung.no_peer_ms = 37000;
    s->lung.http_usable = true;
    s->lung.http_age_ms = 8000;
    s->lung.http_next_ms = 2000;
    add_source(s, "porto-1", "http://10.1.0.11:8000", 12, 8000);
    add_source(s, "madrid-3", "http://10.1.0.33:8000", 31, 8100);
    add_source(s, "rio-2", "https://rio-2.lattice.example", 184, 7900);
    fill_events(s);
    set_state(s, state);
    fill_timeline(s);
    return s;
}

static void
add_key(struct snapshot_source *source, const char *name, enum key_difference difference, int ours_ago,
        int theirs_ago)
{
    struct snapshot_key *key = &source->stand.keys[source->stand.key_count++];

    PUT(key->key, name);
    key->difference = difference;
    key->ours_hlc = ours_ago < 0 ? 0 : (NOW_WALL - (uint64_t)ours_ago * 1000) << 16;
    key->theirs_hlc = theirs_ago < 0 ? 0 : (NOW_WALL - (uint64_t)theirs_ago * 1000) << 16;
    key->reason = ours_ago < 0 || theirs_ago < 0 ? WINS_ALONE : WINS_CLOCK;
    if (ours_ago >= 0) {
        PUT(key->ours_author, "6c1f9d02a7e4b853");
        PUT(key->ours_value, "{\"balance\":100,\"by\":\"lisbon-1\"}");
    }
    if (theirs_ago >= 0) {
        PUT(key->theirs_author, "a90e11c377d0e2b8");
        PUT(key->theirs_value, "{\"balance\":140,\"by\":\"rio-2\"}");
    }
    source->stand.key_total = source->stand.key_count;
}

void
sample_diverge(struct snapshot *snapshot)
{
    struct snapshot_source *source = &snapshot->sources[2];

    PUT(source->stand.root, OTHER);
    source->stand.agreement = AGREE_DIFFERS;
    source->stand.differs_ms = 42000;
    source->stand.differs_checks = 4;
    source->stand.count = 12812;
    add_key(source, "acct/settle/0091", KEY_THEIRS_NEWER, 76, 43);
    add_key(source, "acct/settle/0092", KEY_OURS_NEWER, 12, 287);
    add_key(source, "acct/settle/0107", KEY_ONLY_THEIRS, -1, 43);
    source->stand.difference.way = WAY_SKETCH;
    source->stand.difference.estimate = 4;
    source->stand.difference.exact = true;
    source->stand.difference.theirs_newer = source->stand.difference.ours_newer = source->stand.difference.only_theirs = 1;
    memset(source->stand.difference.subtrees, '0', SNAPSHOT_HEX_LEN - 1);
    source->stand.difference.subtrees[19] = '4'; /* 4d */
    source->stand.difference.subtrees[40] = '9'; /* a0, a3 */
    add_alert(snapshot, "D1", ALERT_ATTENTION, 42000, "rio-2 diverges: 3 keys");
}

void
sample_heal(struct snapshot *snapshot)
{
    struct snapshot_source *source = &snapshot->sources[2];

    sample_diverge(snapshot);
    snapshot->alert_count--;
    PUT(source->stand.root, ROOT);
    source->stand.agreement = AGREE_EQUAL;
    source->stand.differs_ms = -1;
    source->stand.heal_age_ms = 9000;
    source->stand.heal_applied = 2;
    source->stand.heal_ours = 1;
    source->stand.heal_bytes = 1240;
    source->stand.heal_ms = 18;
}
