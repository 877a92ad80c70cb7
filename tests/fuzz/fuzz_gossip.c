/*
 * fuzz_gossip.c - a router with three peers is fed arbitrary RPCs. Properties: what is no RPC is refused with nothing done; what it writes for its
 * peers are RPCs again, within their bound; its own bounds hold; an RPC that was taken says the same when its entries are written anew.
 *
 * Input: records of one byte (peer, and whether time goes by), two bytes length (little endian), the RPC.
 */
#include "config.h"

#include <string.h>

#include "base/varint.h"
#include "fuzz.h"
#include "p2p/gossip.h"
#include "wire/rpc.h"

#define PEERS 3
#define RECORDS_MAX 64

struct world {
    struct gossip *g;
    struct gossip_peer *peers[PEERS];
    uint64_t now_ms;
    unsigned checked;
};

/* Every verdict has its turn. */
static void
on_check(void *arg, struct gossip_message *message)
{
    struct world *w = arg;

    gossip_verdict(w->g, message, (enum gossip_verdict)(w->checked++ % 4), w->now_ms);
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    (void)arg;
    (void)peer;
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    (void)arg;
    FUZZ_CHECK(event->topic != NULL && strlen(event->topic) <= GOSSIP_TOPIC_MAX);
}

static enum lat_err
no_signature(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    (void)arg;
    (void)text;
    (void)len;
    return lat_buf_add(signature, "signature", 9);
}

static const struct gossip_ops ops = { .check = on_check, .wake = on_wake, .event = on_event, .sign = no_signature };

/* An inlined key of Ed25519 form. */
static struct peerid
make_id(uint8_t last)
{
    struct peerid id = { .bytes = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 }, .len = 38 };

    id.bytes[37] = last;
    return id;
}

static void
count_entry(void *arg, const struct rpc_entry *entry)
{
    (void)entry;
    ++*(size_t *)arg;
}

/* Write an entry again; ids and topic alone, since what a PRUNE hands out is not written by us. */
static void
write_entry(void *arg, const struct rpc_entry *entry)
{
    struct lat_buf *rpc = arg, control, ids_out;
    const uint8_t *id;
    struct rpc_ids ids;
    size_t len;
    enum lat_err err = LAT_OK;

    lat_buf_init(&control, 4u << 20);
    lat_buf_init(&ids_out, 4u << 20);
    rpc_ids_init(&ids, entry);
    switch (entry->kind) {
    case RPC_SUBSCRIBE:
    case RPC_UNSUBSCRIBE:
        err = rpc_put_subscription(rpc, entry->topic, entry->topic_len, entry->kind == RPC_SUBSCRIBE);
        break;
    case RPC_MESSAGE:
        err = rpc_put_message(rpc, entry->body, entry->body_len);
        break;
    case RPC_GRAFT:
        err = rpc_put_graft(&control, entry->topic, entry->topic_len);
        break;
    case RPC_PRUNE:
        err = rpc_put_prune(&control, entry->topic, entry->topic_len, entry->backoff_s);
        break;
    case RPC_IHAVE:
    case RPC_IWANT:
    case RPC_IDONTWANT:
        while (!err && rpc_ids_next(&ids, &id, &len))
            err = rpc_put_id(&ids_out, entry->kind, id, len);
        if (!err)
            err = rpc_put_ids(&control, entry->kind, entry->topic, entry->topic_len, &ids_out);
        break;
    }
    if (!err && control.len > 0)
        err = rpc_put_control(rpc, &control);
    FUZZ_CHECK(err == LAT_OK);
    lat_buf_fini(&control);
    lat_buf_fini(&ids_out);
}

/* Kinds, topics and numbers of ids, in their order, as one number. */
static void
digest_entry(void *arg, const struct rpc_entry *entry)
{
    uint64_t *digest = arg;
    const uint8_t *id;
    struct rpc_ids ids;
    size_t len;

    *digest = *digest * 31 + (uint64_t)entry->kind;
    for (size_t i = 0; entry->topic && i < entry->topic_len; i++)
        *digest = *digest * 31 + entry->topic[i];
    rpc_ids_init(&ids, entry);
    while (entry->kind != RPC_SUBSCRIBE && entry->kind != RPC_UNSUBSCRIBE && entry->kind != RPC_MESSAGE &&
           entry->kind != RPC_GRAFT && entry->kind != RPC_PRUNE && rpc_ids_next(&ids, &id, &len)) {
        for (size_t i = 0; i < len; i++)
            *digest = *digest * 31 + id[i];
        *digest += 7;
    }
    *digest += entry->kind == RPC_MESSAGE ? entry->body_len : 0;
    *digest += entry->kind == RPC_PRUNE ? entry->backoff_s : 0;
}

static void
check_same_when_written_anew(const uint8_t *rpc, size_t len)
{
    uint64_t before = 0, after = 0;
    struct lat_buf again;

    lat_buf_init(&again, 8u << 20);
    FUZZ_CHECK(rpc_read(rpc, len, digest_entry, &before) == LAT_OK);
    FUZZ_CHECK(rpc_read(rpc, len, write_entry, &again) == LAT_OK);
    FUZZ_CHECK(rpc_read(again.data, again.len, digest_entry, &after) == LAT_OK);
    FUZZ_CHECK(before == after);
    lat_buf_fini(&again);
}

static void
check_bounds(const struct world *w)
{
    struct gossip_counters c;

    gossip_count(w->g, &c);
    FUZZ_CHECK(c.pending == 0 && c.held_bytes <= gossip_defaults.held_bytes_max);
    FUZZ_CHECK(c.peers == PEERS && c.topics == 1);
    FUZZ_CHECK(c.checked == c.accepted + c.ignored + c.rejected + c.forged);
}

/* All that waits for a peer. */
static void
read_output(struct world *w, struct gossip_peer *peer)
{
    struct lat_buf out;
    size_t used, entries = 0;
    uint64_t len;

    lat_buf_init(&out, GOSSIP_RPC_MAX + VARINT_LEN_MAX);
    while (gossip_output(peer, &out, w->now_ms) == LAT_OK) {
        FUZZ_CHECK(varint_decode(out.data, out.len, &len, &used) == LAT_OK);
        FUZZ_CHECK(used + len == out.len && len <= GOSSIP_RPC_MAX);
        FUZZ_CHECK(rpc_read(out.data + used, (size_t)len, count_entry, &entries) == LAT_OK);
        lat_buf_clear(&out);
    }
    lat_buf_fini(&out);
}

static void
begin(struct world *w)
{
    struct gossip_config config = { .self = make_id(200), .first_seqno = 1, .ops = &ops, .arg = w };

    w->now_ms = 1000;
    w->g = gossip_new(&config, w->now_ms);
    FUZZ_CHECK(w->g != NULL && gossip_subscribe(w->g, "t", w->now_ms) == LAT_OK);
    for (uint8_t i = 0; i < PEERS; i++) {
        struct peerid id = make_id(i);

        FUZZ_CHECK(gossip_peer_up(w->g, &id, i == 0, NULL, NULL, w->now_ms, &w->peers[i]) == LAT_OK);
        gossip_peer_opened(w->peers[i], (enum gossip_version)i, w->now_ms);
    }
}

static void
feed(struct world *w, uint8_t how, const uint8_t *rpc, size_t len)
{
    struct gossip_peer *peer = w->peers[how % PEERS];

    struct gossip_counters before, after;
    size_t none = 0;

    gossip_count(w->g, &before);
    if (gossip_input(peer, rpc, len, w->now_ms) == LAT_MALFORMED) {
        FUZZ_CHECK(rpc_read(rpc, len, count_entry, &none) == LAT_MALFORMED);
        gossip_count(w->g, &after);
        FUZZ_CHECK(after.messages_in == before.messages_in && after.ihave_in == before.ihave_in);
    }
    if ((how & 0x80) != 0) {
        w->now_ms += 1000;
        gossip_tick(w->g, w->now_ms);
    }
    if ((how & 0x40) != 0) {
        for (size_t i = 0; i < PEERS; i++)
            read_output(w, w->peers[i]);
    }
    check_bounds(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = { .checked = 0 };
    size_t none = 0;

    begin(&w);
    for (int records = 0; size >= 3 && records < RECORDS_MAX; records++) {
        size_t len = (size_t)data[1] | (size_t)data[2] << 8;
        uint8_t how = data[0];

        data += 3;
        size -= 3;
        if (len > size)
            len = size;
        if (rpc_read(data, len, count_entry, &none) == LAT_OK)
            check_same_when_written_anew(data, len);
        feed(&w, how, data, len);
        data += len;
        size -= len;
    }
    gossip_free(w.g);
    return 0;
}
