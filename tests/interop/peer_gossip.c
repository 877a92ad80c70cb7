/* peer_gossip.c - see peer_gossip.h. A message is accepted when its signature holds; nothing else is asked of it. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "tests/interop/peer_gossip.h"

#define WORKERS 2
#define TICK_MS 100
#define SHOWN_MAX 256 /* bytes of a message that are shown as text */

static uint64_t
now_of(const struct peer_gossip *gossip)
{
    return uv_now(&gossip->peer->loop);
}

void
peer_gossip_flush(struct peer_gossip *gossip)
{
    gossip_streams_flush(gossip->streams, now_of(gossip));
    host_send(gossip->peer->host);
}

/* --- events ---------------------------------------------------------------------------------------- */

static void
say_hex(cJSON *fields, const char *name, const uint8_t *bytes, size_t len)
{
    char text[2 * GOSSIP_ID_MAX + 1];

    lat_hex(bytes, len < GOSSIP_ID_MAX ? len : GOSSIP_ID_MAX, text);
    say_text(fields, name, text);
}

static void
say_message(const struct gossip_message *m)
{
    char topic[GOSSIP_TOPIC_MAX + 1], seqno[24], text[SHOWN_MAX + 1];
    uint8_t digest[SHA256_LEN];
    cJSON *fields = say_fields();

    snprintf(topic, sizeof(topic), "%.*s", (int)m->topic_len, m->topic);
    snprintf(seqno, sizeof(seqno), "%" PRIu64, m->seqno);
    say_text(fields, "topic", topic);
    say_peer(fields, "from", &m->from);
    cJSON_AddBoolToObject(fields, "signed", true);
    say_text(fields, "seqno", seqno);
    say_peer(fields, "via", &m->via);
    say_hex(fields, "id", m->id, m->id_len);
    say_number(fields, "len", (double)m->data_len);
    if (m->data_len <= SHOWN_MAX)
        say_text(fields, "text", lat_escape(m->data, m->data_len, text, sizeof(text)));
    sha256_of(m->data, m->data_len, digest);
    say_hex(fields, "sha256", digest, sizeof(digest));
    say("message", fields);
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    static const char *const names[] = { "subscription", "subscription", "graft", "prune", "candidate" };
    struct peer_gossip *gossip = arg;
    cJSON *fields;

    if (gossip->peer->quiet)
        return;
    fields = say_fields();
    say_peer(fields, "peer", &event->peer);
    say_text(fields, "topic", event->topic);
    if (event->kind == GOSSIP_SUBSCRIBED || event->kind == GOSSIP_UNSUBSCRIBED)
        cJSON_AddBoolToObject(fields, "subscribe", event->kind == GOSSIP_SUBSCRIBED);
    else
        say_text(fields, "dir", event->by_us ? "outbound" : "inbound");
    say(names[event->kind], fields);
}

/* --- messages -------------------------------------------------------------------------------------- */

static void
on_check(void *arg, struct gossip_message *message)
{
    struct peer_gossip *gossip = arg;

    if (host_check_add(gossip->check, message))
        gossip_verdict(gossip->router, message, GOSSIP_IGNORE, now_of(gossip));
}

static void
on_checked(void *arg, struct gossip_message *message, enum lat_err result, void *found)
{
    struct peer_gossip *gossip = arg;

    (void)found;
    gossip_verdict(gossip->router, message, result ? GOSSIP_FORGED : GOSSIP_ACCEPT, now_of(gossip));
    if (result == LAT_OK && !bench_take(gossip, message) && !gossip->peer->quiet)
        say_message(message);
}

static void
on_turned(void *arg)
{
    peer_gossip_flush(arg);
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct peer_gossip *gossip = arg;

    gossip_streams_wake(gossip->streams, peer);
}

static const struct gossip_ops router_ops = { .check = on_check, .wake = on_wake, .event = on_event, .sign = identity_sign };
static const struct gossip_streams_ops streams_ops = { .wake = swarm_wake };
static const struct host_check_ops check_ops = { .checked = on_checked, .turned = on_turned };

/* --- life ------------------------------------------------------------------------------------------ */

struct peer_gossip *
peer_gossip_new(struct peer *peer, enum gossip_version newest, const struct protocol *const *base)
{
    struct peer_gossip *gossip = calloc(1, sizeof(*gossip));
    const struct protocol *const *served;
    size_t count = 0, more;

    if (gossip == NULL)
        return NULL;
    gossip->peer = peer;
    gossip->streams = gossip_streams_new(newest, &streams_ops, gossip);
    gossip->check = host_check_new(&peer->loop, WORKERS, &check_ops, gossip);
    gossip->seen = calloc(PEER_SAMPLES_MAX / 8, 1);
    if (gossip->streams == NULL || gossip->check == NULL || gossip->seen == NULL)
        return NULL; /* the process ends */
    served = gossip_streams_protocols(gossip->streams, &more);
    for (; base[count]; count++)
        gossip->protocols[count] = base[count];
    for (size_t i = 0; i < more; i++)
        gossip->protocols[count++] = served[i];
    return gossip;
}

static void
on_tick(uv_timer_t *timer)
{
    struct peer *peer = timer->data;

    gossip_streams_tick(peer->gossip->streams, uv_now(&peer->loop));
    host_send(peer->host);
}

enum lat_err
peer_gossip_start(struct peer_gossip *gossip)
{
    struct peer *peer = gossip->peer;
    struct gossip_config config = { .self = peer->own.identity.peer, .first_seqno = lat_wall_ms() * 1000000, .ops = &router_ops,
                                    .arg = gossip, .sign_arg = &peer->own.identity };
    enum lat_err err = LAT_OK;

    rand_bytes(config.seed, sizeof(config.seed));
    gossip->router = gossip_new(&config, uv_now(&peer->loop));
    if (gossip->router == NULL)
        return LAT_NOMEM;
    gossip_streams_attach(gossip->streams, gossip->router);
    for (size_t i = 0; i < gossip->topic_count && !err; i++)
        err = gossip_subscribe(gossip->router, gossip->topics[i], uv_now(&peer->loop));
    uv_timer_start(&peer->gossip_tick, on_tick, TICK_MS, TICK_MS);
    return err;
}

void
peer_gossip_up(struct peer_gossip *gossip, const struct peerid *id, struct conn *conn)
{
    gossip_streams_up(gossip->streams, id, conn, now_of(gossip));
}

void
peer_gossip_down(struct peer_gossip *gossip, const struct peerid *id)
{
    gossip_streams_down(gossip->streams, id, now_of(gossip));
}

void
peer_gossip_stop(struct peer_gossip *gossip)
{
    host_check_close(gossip->check);
}

void
peer_gossip_free(struct peer_gossip *gossip)
{
    gossip_streams_free(gossip->streams, now_of(gossip));
    gossip_free(gossip->router);
    free(gossip->latency.us);
    free(gossip->payload);
    free(gossip->seen);
    free(gossip);
}

/* --- commands -------------------------------------------------------------------------------------- */

/* The gossip that commands need, or the command has failed. */
static struct peer_gossip *
need(struct peer *peer)
{
    if (peer->gossip == NULL)
        peer_failed(peer, "gossip is off");
    return peer->gossip;
}

const char *
peer_topic(const struct peer *peer, size_t word)
{
    if (peer->command.count > word)
        return peer->command.words[word];
    return peer->gossip->topic_count > 0 ? peer->gossip->topics[0] : PEER_TOPIC;
}

static void
publish(struct peer *peer, const char *topic, const void *data, size_t len)
{
    struct peer_gossip *gossip = peer->gossip;
    struct peerid recipients[PEER_ROWS_MAX];
    size_t count = 0;
    cJSON *fields, *list;
    char text[PEERID_TEXT_MAX];
    enum lat_err err = gossip_publish(gossip->router, topic, data, len, now_of(gossip), recipients, PEER_ROWS_MAX, &count);

    if (err) {
        peer_failed(peer, lat_err_text(err));
        return;
    }
    peer_gossip_flush(gossip);
    fields = say_fields();
    list = cJSON_AddArrayToObject(fields, "recipients");
    for (size_t i = 0; i < count && i < PEER_ROWS_MAX; i++) {
        peerid_text(&recipients[i], text);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    peer_done(peer, fields);
}

void
run_publish(struct peer *peer, struct conn *conn)
{
    (void)conn;
    if (need(peer))
        publish(peer, peer->gossip->topic_count > 0 ? peer->gossip->topics[0] : PEER_TOPIC, peer->command.words[1],
                strlen(peer->command.words[1]));
}

void
run_publish_hex(struct peer *peer, struct conn *conn)
{
    const char *hex = peer->command.words[1];
    uint8_t bytes[2048];
    size_t len = strlen(hex) / 2;

    (void)conn;
    if (need(peer) == NULL)
        return;
    if (len > sizeof(bytes) || lat_unhex(hex, bytes, len))
        peer_failed(peer, "no hex, or too much of it");
    else
        publish(peer, peer_topic(peer, 2), bytes, len);
}

void
run_publish_size(struct peer *peer, struct conn *conn)
{
    uint8_t *bytes;
    uint64_t size;

    (void)conn;
    if (need(peer) == NULL)
        return;
    if (lat_parse_u64(peer->command.words[1], 4 * GOSSIP_RPC_MAX, &size)) {
        peer_failed(peer, "no such size");
        return;
    }
    bytes = malloc(size + 1);
    if (bytes == NULL) {
        peer_failed(peer, "out of memory");
        return;
    }
    memset(bytes, 'x', size);
    publish(peer, peer_topic(peer, 2), bytes, size);
    free(bytes);
}

static void
subscription(struct peer *peer, enum lat_err (*change)(struct gossip *g, const char *topic, uint64_t now_ms))
{
    enum lat_err err;

    if (need(peer) == NULL)
        return;
    err = change(peer->gossip->router, peer->command.words[1], now_of(peer->gossip));
    peer_gossip_flush(peer->gossip);
    if (err)
        peer_failed(peer, lat_err_text(err));
    else
        peer_done(peer, NULL);
}

void
run_subscribe(struct peer *peer, struct conn *conn)
{
    (void)conn;
    subscription(peer, gossip_subscribe);
}

void
run_unsubscribe(struct peer *peer, struct conn *conn)
{
    (void)conn;
    subscription(peer, gossip_unsubscribe);
}

static void
say_ids(cJSON *fields, const char *name, const struct peerid *ids, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(fields, name);
    char text[PEERID_TEXT_MAX];

    for (size_t i = 0; i < count && i < PEER_ROWS_MAX; i++) {
        peerid_text(&ids[i], text);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
}

void
run_mesh(struct peer *peer, struct conn *conn)
{
    struct peerid ids[PEER_ROWS_MAX];
    struct gossip_counters c;
    const char *topic;
    cJSON *fields;

    (void)conn;
    if (need(peer) == NULL)
        return;
    topic = peer_topic(peer, 1);
    fields = say_fields();
    say_text(fields, "topic", topic);
    say_ids(fields, "subscribers", ids, gossip_subscribers(peer->gossip->router, topic, ids, PEER_ROWS_MAX));
    say_ids(fields, "mesh", ids, gossip_mesh(peer->gossip->router, topic, ids, PEER_ROWS_MAX));
    gossip_count(peer->gossip->router, &c);
    say_number(fields, "duplicates", (double)c.duplicates);
    say_number(fields, "forged", (double)c.forged);
    say_number(fields, "repaired", (double)c.repaired);
    say_number(fields, "dropped", (double)c.dropped);
    peer_done(peer, fields);
}
