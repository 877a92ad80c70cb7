/*
 * peer_gossip_bench.c - gossip-bench sends numbered, stamped messages; gossip-report says how many came and how late.
 *
 * Flat out means: as fast as they can be signed and sent, with at most QUEUED_MAX waiting in queues, so that none is dropped.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/interop/peer_gossip.h"

#define QUEUED_MAX (256u * 1024) /* bytes that wait while flat out */
#define PIECE 32                 /* messages between two turns of the loop */

/* CLOCK_MONOTONIC, which all processes of the machine share. */
static uint64_t
stamp_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
put_number(uint8_t *out, uint64_t value, int len)
{
    for (int i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

static uint64_t
take_number(const uint8_t *in, int len)
{
    uint64_t value = 0;

    for (int i = 0; i < len; i++)
        value = value << 8 | in[i];
    return value;
}

/* --- sending --------------------------------------------------------------------------------------- */

static enum lat_err
send_one(struct peer_gossip *gossip)
{
    size_t count;

    memcpy(gossip->payload, "LB", 2);
    put_number(gossip->payload + 2, gossip->sent, 4);
    put_number(gossip->payload + 6, stamp_now(), 8);
    gossip->sent++;
    return gossip_publish(gossip->router, gossip->topic, gossip->payload, gossip->size, uv_now(&gossip->peer->loop), NULL, 0,
                          &count);
}

static size_t
queued(const struct peer_gossip *gossip)
{
    struct gossip_counters counters;

    gossip_count(gossip->router, &counters);
    return counters.queued_bytes;
}

/* How many are due by now. */
static uint64_t
due(const struct peer_gossip *gossip)
{
    uint64_t by_now;

    if (gossip->rate == 0)
        return queued(gossip) < QUEUED_MAX ? PIECE : 0;
    by_now = (lat_mono_us() - gossip->peer->command.began_us) * gossip->rate / 1000000 + 1;
    return by_now > gossip->sent ? by_now - gossip->sent : 0;
}

static void
end_bench(struct peer *peer)
{
    struct peer_gossip *gossip = peer->gossip;
    double secs = (double)(lat_mono_us() - peer->command.began_us) / 1e6;
    cJSON *fields = say_fields();

    uv_timer_stop(&peer->bench);
    uv_idle_stop(&peer->bench_idle);
    say_number(fields, "sent", (double)gossip->sent);
    say_number(fields, "size", (double)gossip->size);
    say_number(fields, "rate", (double)gossip->rate);
    say_number(fields, "secs", secs);
    say_number(fields, "per_s", (double)gossip->sent / secs);
    peer_done(peer, fields);
}

static void
send_due(struct peer *peer)
{
    struct peer_gossip *gossip = peer->gossip;
    enum lat_err err = LAT_OK;

    for (uint64_t left = due(gossip); left > 0 && gossip->sent < gossip->total && !err; left--)
        err = send_one(gossip);
    peer_gossip_flush(gossip);
    if (err) {
        uv_timer_stop(&peer->bench);
        uv_idle_stop(&peer->bench_idle);
        peer_failed(peer, lat_err_text(err));
    } else if (gossip->sent == gossip->total && queued(gossip) == 0) {
        end_bench(peer);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    send_due(timer->data);
}

static void
on_idle(uv_idle_t *idle)
{
    send_due(idle->data);
}

void
run_gossip_bench(struct peer *peer, struct conn *conn)
{
    struct peer_gossip *gossip = peer->gossip;
    char **words = peer->command.words;
    uint64_t total, size, rate;

    (void)conn;
    if (gossip == NULL) {
        peer_failed(peer, "gossip is off");
        return;
    }
    if (lat_parse_u64(words[1], PEER_SAMPLES_MAX, &total) || lat_parse_u64(words[2], GOSSIP_MESSAGE_MAX, &size) ||
        size < BENCH_HEAD_LEN || total == 0 || lat_parse_u64(words[3], 1000000, &rate)) {
        peer_failed(peer, "no such number");
        return;
    }
    free(gossip->payload);
    gossip->payload = calloc(1, size);
    if (gossip->payload == NULL) {
        peer_failed(peer, "out of memory");
        return;
    }
    gossip->total = total;
    gossip->size = size;
    gossip->rate = rate;
    gossip->sent = 0;
    lat_copy(gossip->topic, sizeof(gossip->topic), peer_topic(peer, 4));
    if (rate > 0)
        uv_timer_start(&peer->bench, on_timer, 0, 1);
    else
        uv_idle_start(&peer->bench_idle, on_idle);
}

/* --- receiving ------------------------------------------------------------------------------------- */

bool
bench_take(struct peer_gossip *gossip, const struct gossip_message *message)
{
    uint64_t now_us = lat_mono_us(), sequence, late;

    if (message->data_len < BENCH_HEAD_LEN || memcmp(message->data, "LB", 2) != 0)
        return false;
    late = stamp_now() - take_number(message->data + 6, 8);
    sequence = take_number(message->data + 2, 4);
    if (gossip->received++ == 0)
        gossip->first_us = now_us;
    gossip->last_us = now_us;
    if (sequence < PEER_SAMPLES_MAX && !(gossip->seen[sequence / 8] & 1 << sequence % 8)) {
        gossip->seen[sequence / 8] = (uint8_t)(gossip->seen[sequence / 8] | 1 << sequence % 8);
        gossip->unique++;
    }
    (void)samples_add(&gossip->latency, late / 1000);
    return true;
}

void
run_gossip_reset(struct peer *peer, struct conn *conn)
{
    struct peer_gossip *gossip = peer->gossip;

    (void)conn;
    if (gossip) {
        gossip->received = gossip->unique = 0;
        gossip->latency.count = 0;
        memset(gossip->seen, 0, PEER_SAMPLES_MAX / 8);
    }
    peer_done(peer, NULL);
}

void
run_gossip_report(struct peer *peer, struct conn *conn)
{
    struct peer_gossip *gossip = peer->gossip;
    cJSON *fields = say_fields();
    double secs;

    (void)conn;
    if (gossip && gossip->received > 0) {
        secs = (double)(gossip->last_us - gossip->first_us) / 1e6;
        say_number(fields, "received", (double)gossip->received);
        say_number(fields, "unique", (double)gossip->unique);
        say_number(fields, "secs", secs);
        say_number(fields, "per_s", secs > 0 ? (double)gossip->received / secs : 0);
        cJSON_AddItemToObject(fields, "lat_ms", say_quantiles(&gossip->latency, 1000));
    } else {
        say_number(fields, "received", 0);
        say_number(fields, "unique", 0);
    }
    peer_done(peer, fields);
}
