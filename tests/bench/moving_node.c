/*
 * moving_node.c - a node for consoles to attach to: answers GET /api/lattice/snapshot with figures of its own
 * making, until its standard input ends.
 *
 *   moving_node moving    eight peers, all of whose figures change every second; a log line every two
 *   moving_node still     a countdown: only that and the clock change
 *   moving_node hanging   answers five times like "moving", then takes requests and says nothing
 *
 * Prints its URL.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "support/http_server.h"
#include "support/snapshots.h"
#include "view/json.h"

#define PEERS 8
#define LOG_EVERY_S 2
#define ANSWERS_BEFORE_HANGING 5

struct moving_node {
    bool moves, hangs;
    uint64_t started_ms;
    unsigned answers;
};

/* A figure that looks like chance and is the same in every run. */
static uint32_t
chance(uint64_t second, uint32_t of)
{
    uint64_t mixed = (second * 31 + of + 1) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)((mixed ^ (mixed >> 29)) >> 16);
}

/* What each carried in the slots that are over: a column further every slot. */
static void
move_slots(struct snapshot *s, uint64_t slot)
{
    for (uint32_t i = 0; i < PEERS; i++)
        for (uint32_t at = 0; at < SNAPSHOT_TRAFFIC; at++) {
            s->peers[i].traffic.in_5s[at] = chance(slot + at, i + 700) % 20000;
            s->peers[i].traffic.out_5s[at] = chance(slot + at, i + 800) % 20000;
        }
}

static void
move_peers(struct snapshot *s, uint64_t second)
{
    for (uint32_t i = 0; i < PEERS; i++) {
        struct snapshot_peer *peer = &s->peers[i];

        *peer = s->peers[0];
        snprintf(peer->name, sizeof(peer->name), "peer-%u", (unsigned)(i + 1));
        snprintf(peer->address, sizeof(peer->address), "/ip4/10.1.0.%u/tcp/9000", (unsigned)(i + 11));
        peer->rtt_us = 5000 + chance(second, i) % 190000;
        peer->traffic.bytes_in += second * 2000 + chance(second, i + 100) % 2000;
        peer->traffic.bytes_out += second * 1500 + chance(second, i + 200) % 1500;
    }
    s->peer_count = s->peer_total = PEERS;
    move_slots(s, second / SNAPSHOT_TRAFFIC_S);
    s->lung.peers_live = s->lung.peers_connected = s->lung.peers_known = PEERS;
    for (size_t i = 0; i < SNAPSHOT_HISTORY; i++)
        s->history_p2p[i] = (uint16_t)(8 + chance(second + i, 300) % 48);
}

static void
move_sources(struct snapshot *s, uint64_t second)
{
    for (uint32_t i = 0; i < s->source_count; i++) {
        struct snapshot_source *source = &s->sources[i];

        source->ok_age_ms = source->try_age_ms = (int64_t)((second + i) % 10) * 1000;
        source->next_ms = 10000 - source->ok_age_ms;
        source->polls += second / 10;
    }
    s->lung.http_age_ms = s->sources[0].ok_age_ms;
    s->lung.http_next_ms = s->sources[0].next_ms;
}

/* One line every LOG_EVERY_S behind those of the sample. */
static void
log_lines(struct snapshot *s, uint64_t second)
{
    uint64_t lines = second / LOG_EVERY_S;
    uint64_t kept = lines < 40 ? lines : 40;

    for (uint64_t i = lines - kept; i < lines; i++) {
        struct lat_log_line *line = &s->events[s->event_count++];

        line->seq = s->event_total + i + 1;
        line->wall_ms = s->wall_ms - (second - (i + 1) * LOG_EVERY_S) * 1000;
        line->level = LAT_INFO;
        snprintf(line->source, sizeof(line->source), "lattice_p2p");
        snprintf(line->text, sizeof(line->text), "[LATTICE_P2P] round %u: 8 peers, %u B out, %u B in",
                 (unsigned)(5000 + i), (unsigned)(chance(i, 400) % 4000), (unsigned)(chance(i, 500) % 4000));
    }
    s->event_total += lines;
}

/* What happened stays where it was in time; nothing new happens. */
static void
stand_still(struct snapshot *s, int64_t age)
{
    s->lung.fallback_in_ms = 60000 - age % 60000;
    s->lung.no_peer_ms = age % 60000;
    s->lung.since_ms += age;
    s->lung.http_age_ms += age;
    s->state.commit_age_ms += age;
    for (uint32_t i = 0; i < s->alert_count; i++)
        s->alerts[i].since_ms += age;
    for (uint32_t i = 0; i < s->source_count; i++)
        s->sources[i].ok_age_ms += age;
    memset(s->history_keys, 0, sizeof(s->history_keys));
    memset(s->history_http, 0, sizeof(s->history_http));
    memset(s->history_p2p, 0, sizeof(s->history_p2p));
}

static struct snapshot *
make_snapshot(const struct moving_node *node)
{
    struct snapshot *s = sample_snapshot(node->moves ? LUNG_P2P : LUNG_COUNTDOWN);
    uint64_t age = lat_mono_ms() - node->started_ms, second = age / 1000, now = lat_wall_ms();

    for (uint32_t i = 0; i < s->event_count; i++)
        s->events[i].wall_ms += now - s->wall_ms - age;
    s->wall_ms = now;
    s->uptime_ms += (int64_t)age;
    s->number = node->answers + 1;
    if (node->moves) {
        s->state.changes_min = 40 + chance(second, 600) % 20;
        s->state.keys += second;
        s->state.commit_age_ms = 300;
        move_peers(s, second);
        move_sources(s, second);
        log_lines(s, second);
    } else
        stand_still(s, (int64_t)age);
    return s;
}

/* The next picture as JSON; the caller frees. */
static char *
next_text(struct moving_node *node)
{
    struct snapshot *s = make_snapshot(node);
    cJSON *json = snapshot_to_json(s);
    char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;

    if (text == NULL)
        bench_fail("snapshot", "out of memory");
    node->answers++;
    cJSON_Delete(json);
    snapshot_unref(s);
    return text;
}

static void
hang(struct http_exchange *x)
{
    while (http_wait(x, 1000))
        ;
}

/* A picture a second, as a node sends them, until the client goes or it is time to hang. */
static void
stream(struct moving_node *node, struct http_exchange *x)
{
    bool here = http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");

    x->close = true;
    while (here) {
        char *text, head[64];

        if (node->hangs && node->answers >= ANSWERS_BEFORE_HANGING) {
            hang(x);
            return;
        }
        text = next_text(node);
        snprintf(head, sizeof(head), "event: snapshot\nid: %llu\ndata: ", (unsigned long long)node->answers);
        here = http_send_text(x, head) && http_send_text(x, text) && http_send_text(x, "\n\n") && http_wait(x, 1000);
        cJSON_free(text);
    }
}

static void
answer(void *arg, struct http_exchange *x)
{
    struct moving_node *node = arg;
    char *text;

    if (strncmp(x->path, "/api/lattice/events", strlen("/api/lattice/events")) == 0) {
        stream(node, x);
        return;
    }
    if (node->hangs && node->answers >= ANSWERS_BEFORE_HANGING) {
        hang(x);
        return;
    }
    text = next_text(node);
    http_reply(x, 200, "application/json", NULL, text, strlen(text));
    cJSON_free(text);
}

int
main(int argc, char **argv)
{
    struct moving_node node = { .started_ms = lat_mono_ms() };
    struct http_server *server;
    char byte;

    if (argc != 2)
        bench_fail("usage", "moving_node moving|still|hanging");
    node.hangs = strcmp(argv[1], "hanging") == 0;
    node.moves = node.hangs || strcmp(argv[1], "moving") == 0;
    server = http_server_start(answer, &node);
    printf("%s\n", http_server_url(server));
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    http_server_stop(server);
    return 0;
}
