/* peer_commands.c - what the test peer is told to do, and what it tells of its host. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/interop/peer_gossip.h"

struct verb {
    const char *name;
    size_t words;  /* with its own name */
    bool connects; /* the second word, where there is one, is a peer to be connected to first */
    /* conn: to the target, NULL where there is none. Ends, at once or later, in peer_done or peer_failed. */
    void (*run)(struct peer *peer, struct conn *conn);
};

/* --- who is there ---------------------------------------------------------------------------------- */

static const struct swarm_row *
row_of(struct peer *peer, const struct peerid *id)
{
    size_t total, count = host_fill(peer->host, peer->rows, PEER_ROWS_MAX, &total);

    for (size_t i = 0; i < count; i++) {
        if (peer->rows[i].connected && peerid_compare(&peer->rows[i].id, id) == 0)
            return &peer->rows[i];
    }
    return NULL;
}

/* PEER, or the /p2p/ of an address. LAT_MALFORMED. */
static enum lat_err
target_of(const char *who, struct peerid *out)
{
    struct multiaddr address;
    struct multiaddr_tcp tcp;

    if (who[0] != '/')
        return peerid_parse(who, out);
    if (multiaddr_parse(who, &address) || !multiaddr_is_tcp(&address, &tcp) || !tcp.has_peer)
        return LAT_MALFORMED;
    *out = tcp.peer;
    return LAT_OK;
}

/* --- the end of a command -------------------------------------------------------------------------- */

static void
end_command(struct peer *peer, const char *ev, cJSON *fields)
{
    struct command *command = &peer->command;
    cJSON *line = fields ? fields : say_fields();

    say_text(line, "cmd", command->verb ? command->verb->name : command->words[0]);
    say(ev, line);
    uv_timer_stop(&peer->answer);
    free(command->samples.us);
    *command = (struct command){ .verb = NULL };
    peer_turn(peer);
}

void
peer_done(struct peer *peer, cJSON *fields)
{
    end_command(peer, "ok", fields);
}

void
peer_failed(struct peer *peer, const char *message)
{
    cJSON *fields = say_fields();

    say_text(fields, "message", message);
    end_command(peer, "error", fields);
}

/* --- commands -------------------------------------------------------------------------------------- */

static void
run_dial(struct peer *peer, struct conn *conn)
{
    cJSON *fields = say_fields();

    say_peer(fields, "peer", conn_remote_id(conn));
    say_text(fields, "enc", "/noise");
    say_text(fields, "mux", "/yamux/1.0.0");
    peer_done(peer, fields);
}

static void
run_hangup(struct peer *peer, struct conn *conn)
{
    struct peerid id;

    (void)conn;
    if (target_of(peer->command.words[1], &id) || !host_hangup(peer->host, &id))
        peer_failed(peer, "not connected");
    else
        peer_done(peer, NULL);
}

static void
on_no_answer(uv_timer_t *timer)
{
    peer_failed(timer->data, "no answer");
}

/* Answered by on_identified. */
static void
run_identify(struct peer *peer, struct conn *conn)
{
    enum lat_err err = identify_ask(conn);

    if (err)
        peer_failed(peer, lat_err_text(err));
    else
        uv_timer_start(&peer->answer, on_no_answer, PEER_ANSWER_MS, 0);
}

static void
run_push(struct peer *peer, struct conn *conn)
{
    enum lat_err err = identify_push(conn);

    if (err)
        peer_failed(peer, lat_err_text(err));
    else
        peer_done(peer, NULL);
}

/* Our own, or the peer's by its latest word. */
static void
run_protocols(struct peer *peer, struct conn *conn)
{
    const char *names[CONN_PROTOCOLS_MAX];
    size_t count = 0;
    cJSON *fields;

    if (conn) {
        run_identify(peer, conn);
        return;
    }
    for (; peer->protocols[count]; count++)
        names[count] = peer->protocols[count]->id;
    fields = say_fields();
    say_texts(fields, "protocols", names, count);
    peer_done(peer, fields);
}

static void
run_peers(struct peer *peer, struct conn *conn)
{
    size_t total, count = host_fill(peer->host, peer->rows, PEER_ROWS_MAX, &total);
    cJSON *fields = say_fields(), *list = cJSON_AddArrayToObject(fields, "peers");
    struct swarm_counts counts;

    (void)conn;
    for (size_t i = 0; i < count; i++) {
        char id[PEERID_TEXT_MAX];

        peerid_text(&peer->rows[i].id, id);
        if (peer->rows[i].connected)
            cJSON_AddItemToArray(list, cJSON_CreateString(id));
    }
    host_count(peer->host, &counts);
    say_number(fields, "connections", (double)counts.connections);
    say_number(fields, "half_open", (double)counts.half_open);
    say_number(fields, "dialing", (double)counts.dialing);
    peer_done(peer, fields);
}

/* Of this process, in MiB. */
static double
resident(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (f) {
        if (fscanf(f, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1024 * 1024);
}

static double
seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void
run_mem(struct peer *peer, struct conn *conn)
{
    struct rusage usage = { .ru_maxrss = 0 };
    cJSON *fields = say_fields();

    (void)conn;
    getrusage(RUSAGE_SELF, &usage);
    say_number(fields, "rss_mib", resident());
    say_number(fields, "cpu_user_s", seconds(usage.ru_utime));
    say_number(fields, "cpu_sys_s", seconds(usage.ru_stime));
    peer_done(peer, fields);
}

static void
run_quit(struct peer *peer, struct conn *conn)
{
    (void)conn;
    peer_stop(peer);
}

static const struct verb verbs[] = {
    { "dial", 2, true, run_dial },
    { "hangup", 2, false, run_hangup },
    { "ping", 2, true, run_ping },
    { "identify", 2, true, run_identify },
    { "push", 2, true, run_push },
    { "protocols", 1, true, run_protocols },
    { "peers", 1, false, run_peers },
    { "perf", 4, true, run_perf },
    { "ping-bench", 3, true, run_ping_bench },
    { "stream-bench", 3, true, run_stream_bench },
    { "hs-bench", 4, false, run_hs_bench },
    { "publish", 2, false, run_publish },
    { "publish-hex", 2, false, run_publish_hex },
    { "publish-size", 2, false, run_publish_size },
    { "subscribe", 2, false, run_subscribe },
    { "unsubscribe", 2, false, run_unsubscribe },
    { "mesh", 1, false, run_mesh },
    { "gossip-bench", 4, false, run_gossip_bench },
    { "gossip-reset", 1, false, run_gossip_reset },
    { "gossip-report", 1, false, run_gossip_report },
    { "mem", 1, false, run_mem },
    { "quit", 1, false, run_quit },
};

/* --- running them ---------------------------------------------------------------------------------- */

static void
run(struct peer *peer, struct conn *conn)
{
    const struct peerid target = peer->command.target; /* the command may be over when it returns */

    peer->command.connecting = false;
    peer->command.began_us = lat_mono_us();
    peer->command.verb->run(peer, conn);
    if (conn && host_conn(peer->host, &target) == conn)
        host_flush(peer->host, conn);
}

/* First the connection, then the command. */
static void
connect_and_run(struct peer *peer)
{
    struct command *command = &peer->command;
    struct lat_msg why = { "" };
    struct conn *conn;
    enum lat_err err;

    if (target_of(command->words[1], &command->target)) {
        peer_failed(peer, "neither a peer id nor an address that ends in one");
        return;
    }
    conn = host_conn(peer->host, &command->target);
    if (conn) {
        run(peer, conn);
        return;
    }
    if (command->words[1][0] != '/') {
        peer_failed(peer, "not connected");
        return;
    }
    command->connecting = true;
    err = host_dial(peer->host, command->words[1], &why);
    if (err)
        peer_failed(peer, why.text[0] ? why.text : lat_err_text(err));
}

static void
run_line(struct peer *peer)
{
    struct command *command = &peer->command;
    char *rest = command->text, *word;

    while (command->count < PEER_WORDS_MAX && (word = strtok_r(NULL, " \t\r", &rest)) != NULL)
        command->words[command->count++] = word;
    if (command->count == 0) {
        peer_turn(peer);
        return;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(command->words[0], verbs[i].name) == 0)
            command->verb = &verbs[i];
    }
    if (command->verb == NULL)
        peer_failed(peer, "no such command");
    else if (command->count < command->verb->words)
        peer_failed(peer, "words are missing");
    else if (command->verb->connects && command->count > 1)
        connect_and_run(peer);
    else
        run(peer, NULL);
}

static void
on_turn(uv_timer_t *timer)
{
    struct peer *peer = timer->data;
    const uint8_t *end;
    size_t len;

    if (peer->command.count > 0 || peer->stopping)
        return;
    end = peer->lines.len > 0 ? memchr(peer->lines.data, '\n', peer->lines.len) : NULL;
    if (end == NULL) {
        if (peer->input_ended)
            peer_stop(peer);
        return;
    }
    len = (size_t)(end - peer->lines.data);
    if (len < sizeof(peer->command.text))
        memcpy(peer->command.text, peer->lines.data, len); /* the rest is zeros */
    lat_buf_drop(&peer->lines, len + 1);
    run_line(peer);
}

void
peer_turn(struct peer *peer)
{
    if (!peer->stopping)
        uv_timer_start(&peer->turn, on_turn, 0, 0);
}

/* --- what the host tells --------------------------------------------------------------------------- */

static void
say_connection(struct peer *peer, const struct peerid *id)
{
    const struct swarm_row *row = row_of(peer, id);
    cJSON *fields = say_fields();

    say_peer(fields, "peer", id);
    if (row) {
        say_text(fields, "dir", row->outbound ? "outbound" : "inbound");
        say_text(fields, "addr", row->address);
    }
    say_text(fields, "enc", "/noise");
    say_text(fields, "mux", "/yamux/1.0.0");
    say("connection:open", fields);
}

static void
say_one(const char *ev, const struct peerid *id)
{
    cJSON *fields = say_fields();

    say_peer(fields, "peer", id);
    say(ev, fields);
}

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct peer *peer = arg;

    if (!peer->quiet) {
        say_one("peer:connect", id);
        say_connection(peer, id);
    }
    if (peer->gossip)
        peer_gossip_up(peer->gossip, id, conn);
    if (peer->command.connecting && peerid_compare(id, &peer->command.target) == 0)
        run(peer, conn);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct peer *peer = arg;
    cJSON *fields;

    if (peer->gossip)
        peer_gossip_down(peer->gossip, id);
    if (peer->quiet)
        return;
    say_one("connection:close", id);
    fields = say_fields();
    say_peer(fields, "peer", id);
    say_text(fields, "reason", swarm_reason_name(reason));
    say("peer:disconnect", fields);
}

static void
add_addresses(cJSON *fields, const struct identify_info *info)
{
    cJSON *list = cJSON_AddArrayToObject(fields, "listen");
    char text[MULTIADDR_TEXT_MAX];
    struct multiaddr address;

    for (size_t i = 0; i < info->addr_count; i++) {
        if (multiaddr_from_bytes(info->addrs[i].bytes, info->addrs[i].len, &address) == LAT_OK &&
            multiaddr_text(&address, text, sizeof(text)) == LAT_OK)
            cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    if (info->observed.len > 0 && multiaddr_from_bytes(info->observed.bytes, info->observed.len, &address) == LAT_OK &&
        multiaddr_text(&address, text, sizeof(text)) == LAT_OK)
        say_text(fields, "observed", text);
}

static void
say_identify(const struct peerid *id, const struct identify_info *info)
{
    cJSON *fields = say_fields();

    say_peer(fields, "peer", id);
    if (info->has_agent)
        say_text(fields, "agent", info->agent);
    if (info->has_version)
        say_text(fields, "protocolVersion", info->version);
    if (info->has_protocols)
        say_texts(fields, "protocols", info->protocols, info->protocol_count);
    add_addresses(fields, info);
    cJSON_AddBoolToObject(fields, "signedRecord", info->signed_record);
    cJSON_AddBoolToObject(fields, "pushed", info->pushed);
    say("identify", fields);
}

static void
on_identified(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct peer *peer = arg;
    struct command *command = &peer->command;
    cJSON *fields;

    if (!peer->quiet)
        say_identify(conn_remote_id(conn), info);
    if (!uv_is_active((const uv_handle_t *)&peer->answer) || info->pushed ||
        peerid_compare(conn_remote_id(conn), &command->target) != 0)
        return;
    fields = say_fields();
    if (command->verb->run == run_identify)
        say_text(fields, "agent", info->agent);
    else
        say_texts(fields, "protocols", info->protocols, info->protocol_count);
    peer_done(peer, fields);
}

static void
on_failed(void *arg, const char *address, const char *why)
{
    struct peer *peer = arg;

    (void)address; /* only commands dial, one at a time */
    if (peer->command.connecting)
        peer_failed(peer, why);
}

static void
say_listening(struct peer *peer)
{
    const char *const *addresses = host_addresses(peer->host);
    cJSON *fields = say_fields(), *list;
    char id[PEERID_TEXT_MAX], text[PEERS_ADDRESS_LEN + PEERID_TEXT_MAX];
    const char *names[CONN_PROTOCOLS_MAX];
    size_t count = 0;

    peerid_text(&peer->own.identity.peer, id);
    say_text(fields, "peerId", id);
    list = cJSON_AddArrayToObject(fields, "addrs");
    for (size_t i = 0; addresses[i]; i++) {
        snprintf(text, sizeof(text), "%s/p2p/%s", addresses[i], id);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    say_texts(fields, "topics", peer->gossip ? peer->gossip->topics : NULL, peer->gossip ? peer->gossip->topic_count : 0);
    for (; peer->protocols[count]; count++)
        names[count] = peer->protocols[count]->id;
    say_texts(fields, "protocols", names, count);
    say("listening", fields);
}

static void
on_changed(void *arg)
{
    struct peer *peer = arg;

    if (peer->announced || (peer->listens && host_addresses(peer->host)[0] == NULL))
        return;
    peer->announced = true;
    say_listening(peer);
    peer_turn(peer);
}

static void
on_log(void *arg, enum lat_level level, const char *text)
{
    (void)arg;
    if (level >= LAT_INFO)
        fprintf(stderr, "%s %s\n", lat_level_name(level), text);
}

const struct host_ops peer_host_ops = {
    .up = on_up,
    .down = on_down,
    .identified = on_identified,
    .failed = on_failed,
    .changed = on_changed,
    .log = on_log,
};
