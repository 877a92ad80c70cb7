#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/varint.h"
#include "support/gossip_station.h"
#include "wire/fields.h"

/* --- what the router tells ------------------------------------------------------------------------- */

static void
on_check(void *arg, struct gossip_message *message)
{
    struct station *s = arg;

    s->checked++;
    if (s->answer)
        gossip_verdict(s->g, message, s->verdict, s->now_ms);
    else if (s->pending_count < 64)
        s->pending[s->pending_count++] = gossip_message_ref(message);
}

static void
on_copy(void *arg, const uint8_t *id, size_t id_len, const struct peerid *via)
{
    struct station *s = arg;

    (void)id;
    assert_true(id_len > GOSSIP_SEQNO_LEN);
    s->copies++;
    s->last_copy = *via;
}

static void
on_own(void *arg, struct gossip_message *message)
{
    struct station *s = arg;

    (void)message;
    s->own++;
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct station_peer *p = gossip_peer_user(peer);

    (void)arg;
    p->wakes++;
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    struct station *s = arg;

    s->events[event->kind]++;
    s->last_event = *event;
}

static const struct gossip_ops ops = {
    .check = on_check, .copy = on_copy, .own = on_own, .wake = on_wake, .event = on_event, .sign = identity_sign
};

static void
make_key(uint8_t byte, struct key **key, struct identity *identity)
{
    uint8_t seed[KEY_SEED_LEN];

    memset(seed, byte, sizeof(seed));
    assert_int_equal(key_from_seed(seed, key), LAT_OK);
    identity_init(identity, *key);
}

void
station_init(struct station *s)
{
    *s = (struct station){ .params = gossip_defaults, .now_ms = 1000000, .answer = true, .verdict = GOSSIP_ACCEPT };
    make_key(200, &s->key, &s->self);
    for (size_t i = 0; i < STATION_PEERS_MAX; i++) {
        struct identity identity;
        struct key *key;

        make_key((uint8_t)(1 + i), &key, &identity);
        s->peers[i] = (struct station_peer){ .station = s, .id = identity.peer };
        key_free(key);
    }
}

void
station_start(struct station *s)
{
    const struct gossip_config config = { .params = &s->params, .self = s->self.peer, .first_seqno = 1000, .seed = "station",
                                          .ops = &ops, .arg = s, .sign_arg = &s->self };

    s->g = gossip_new(&config, s->now_ms);
    assert_non_null(s->g);
}

void
station_fini(struct station *s)
{
    for (size_t i = 0; i < s->pending_count; i++)
        gossip_message_unref(s->pending[i]);
    gossip_free(s->g);
    key_free(s->key);
}

void
station_run(struct station *s, uint64_t ms)
{
    uint64_t end = s->now_ms + ms;

    while (s->now_ms < end) {
        s->now_ms += s->now_ms + 100 < end ? 100 : end - s->now_ms;
        gossip_tick(s->g, s->now_ms);
        station_hear_all(s);
    }
}

/* --- peers ----------------------------------------------------------------------------------------- */

struct station_peer *
station_connect_as(struct station *s, size_t i, bool outbound, bool subscribe, enum gossip_version version)
{
    struct station_peer *p = &s->peers[i];

    assert_int_equal(gossip_peer_up(s->g, &p->id, outbound, NULL, p, s->now_ms, &p->peer), LAT_OK);
    gossip_peer_opened(p->peer, version, s->now_ms);
    if (subscribe)
        say_subscribe(p, STATION_TOPIC, true);
    station_hear(p);
    return p;
}

struct station_peer *
station_connect(struct station *s, size_t i, bool outbound, bool subscribe)
{
    return station_connect_as(s, i, outbound, subscribe, GOSSIP_1_2);
}

void
station_disconnect(struct station_peer *p)
{
    gossip_peer_down(p->peer, p->station->now_ms);
    p->peer = NULL;
}

void
station_crowd(struct station *s, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        station_connect(s, i, false, true);
}

static void
hear_entry(void *arg, const struct rpc_entry *entry)
{
    struct heard *heard = arg;
    struct gossip_message *message;
    const uint8_t *id;
    struct rpc_ids ids;
    size_t len;

    heard->kinds[entry->kind]++;
    if (entry->kind == RPC_PRUNE)
        heard->backoff_s = entry->has_backoff ? entry->backoff_s : 0;
    if (entry->kind == RPC_MESSAGE) {
        assert_int_equal(gossip_message_read(entry->body, entry->body_len, &message), LAT_OK);
        heard->last_data_len = message->data_len;
        if (message->data_len > 0)
            memcpy(heard->last_data, message->data, message->data_len < 64 ? message->data_len : 64);
        gossip_message_unref(message);
    }
    if (entry->kind != RPC_IHAVE && entry->kind != RPC_IWANT && entry->kind != RPC_IDONTWANT)
        return;
    rpc_ids_init(&ids, entry);
    while (rpc_ids_next(&ids, &id, &len)) {
        heard->ids[entry->kind]++;
        heard->last_id_len = len;
        memcpy(heard->last_id, id, len < 64 ? len : 64);
    }
}

void
station_hear(struct station_peer *p)
{
    struct lat_buf out;
    uint64_t len;
    size_t used;
    enum lat_err err;

    lat_buf_init(&out, GOSSIP_RPC_MAX + VARINT_LEN_MAX);
    while (p->peer && (err = gossip_output(p->peer, &out, p->station->now_ms)) != LAT_NOTFOUND) {
        assert_int_equal(err, LAT_OK);
        assert_int_equal(varint_decode(out.data, out.len, &len, &used), LAT_OK);
        assert_int_equal(out.len, used + len);
        assert_int_equal(rpc_read(out.data + used, (size_t)len, hear_entry, &p->heard), LAT_OK);
        p->heard.rpcs++;
        if (len > p->heard.largest)
            p->heard.largest = (size_t)len;
        lat_buf_clear(&out);
    }
    lat_buf_fini(&out);
}

void
station_hear_all(struct station *s)
{
    for (size_t i = 0; i < STATION_PEERS_MAX; i++)
        station_hear(&s->peers[i]);
}

void
station_forget(struct station *s)
{
    for (size_t i = 0; i < STATION_PEERS_MAX; i++)
        s->peers[i].heard = (struct heard){ 0 };
    memset(s->events, 0, sizeof(s->events));
}

/* --- what they say --------------------------------------------------------------------------------- */

void
say_rpc(struct station_peer *p, const struct lat_buf *rpc)
{
    assert_int_equal(gossip_input(p->peer, rpc->data, rpc->len, p->station->now_ms), LAT_OK);
}

void
say_subscribe(struct station_peer *p, const char *topic, bool on)
{
    struct lat_buf rpc;

    lat_buf_init(&rpc, 1024);
    assert_int_equal(rpc_put_subscription(&rpc, topic, strlen(topic), on), LAT_OK);
    say_rpc(p, &rpc);
    lat_buf_fini(&rpc);
}

static void
say_control(struct station_peer *p, struct lat_buf *control)
{
    struct lat_buf rpc;

    lat_buf_init(&rpc, 4u * 1024 * 1024);
    assert_int_equal(rpc_put_control(&rpc, control), LAT_OK);
    say_rpc(p, &rpc);
    lat_buf_fini(&rpc);
    lat_buf_fini(control);
}

void
say_graft(struct station_peer *p, const char *topic)
{
    struct lat_buf control;

    lat_buf_init(&control, 1024);
    assert_int_equal(rpc_put_graft(&control, topic, strlen(topic)), LAT_OK);
    say_control(p, &control);
}

void
say_prune(struct station_peer *p, const char *topic, uint64_t backoff_s)
{
    struct lat_buf control;

    lat_buf_init(&control, 1024);
    assert_int_equal(rpc_put_prune(&control, topic, strlen(topic), backoff_s), LAT_OK);
    say_control(p, &control);
}

void
say_ids(struct station_peer *p, enum rpc_kind kind, const uint8_t *bytes, size_t id_len, size_t count)
{
    struct lat_buf ids, control;

    lat_buf_init(&ids, 4u * 1024 * 1024);
    lat_buf_init(&control, 4u * 1024 * 1024);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rpc_put_id(&ids, kind, bytes + i * id_len, id_len), LAT_OK);
    assert_int_equal(rpc_put_ids(&control, kind, kind == RPC_IHAVE ? STATION_TOPIC : NULL, strlen(STATION_TOPIC), &ids), LAT_OK);
    say_control(p, &control);
    lat_buf_fini(&ids);
}

void
say_message(struct station_peer *p, const struct gossip_message *message)
{
    struct lat_buf rpc;

    lat_buf_init(&rpc, 2 * GOSSIP_RPC_MAX);
    assert_int_equal(rpc_put_message(&rpc, message->bytes, message->len), LAT_OK);
    say_rpc(p, &rpc);
    lat_buf_fini(&rpc);
}

struct gossip_message *
station_message(uint8_t author, uint64_t seqno, const char *topic, const void *data, size_t len)
{
    struct gossip_message *message = NULL;
    struct identity identity;
    struct key *key;

    make_key(author, &key, &identity);
    assert_int_equal(gossip_message_make(&identity.peer, seqno, topic, data, len, identity_sign, &identity, &message), LAT_OK);
    key_free(key);
    return message;
}

/* --- figures --------------------------------------------------------------------------------------- */

struct gossip_counters
station_count(const struct station *s)
{
    struct gossip_counters counters;

    gossip_count(s->g, &counters);
    return counters;
}

struct gossip_peer_row
station_row(const struct station_peer *p)
{
    struct gossip_peer_row row;

    assert_int_equal(gossip_peer_show(p->station->g, &p->id, STATION_TOPIC, &row), LAT_OK);
    return row;
}

size_t
station_mesh(const struct station *s)
{
    return gossip_mesh(s->g, STATION_TOPIC, NULL, 0);
}
