/* test_gossip_queue.c - what waits for a peer: its order, its bounds, and the RPCs made of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "support/gossip_station.h"

static int
setup(void **state)
{
    static struct station station;

    station_init(&station);
    *state = &station;
    return 0;
}

static int
teardown(void **state)
{
    station_fini(*state);
    return 0;
}

static void
begin(struct station *s)
{
    station_start(s);
    assert_int_equal(gossip_subscribe(s->g, STATION_TOPIC, s->now_ms), LAT_OK);
    station_crowd(s, 0, 2);
    station_forget(s);
}

static size_t
publish(struct station *s, const void *data, size_t len)
{
    size_t count = 0;

    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, data, len, s->now_ms, NULL, 0, &count), LAT_OK);
    return count;
}

static void
bring(struct station *s, uint64_t seqno, const void *data, size_t len)
{
    struct gossip_message *message = station_message(100, seqno, STATION_TOPIC, data, len);

    say_message(&s->peers[0], message);
    gossip_message_unref(message);
}

/* The letters of messages, in the order in which peer 1 would read them; c: an RPC with control in it. */
struct order {
    char letters[32];
    size_t count;
};

static void
note_entry(void *arg, const struct rpc_entry *entry)
{
    struct order *order = arg;
    struct gossip_message *message;

    if (order->count >= sizeof(order->letters) - 1)
        return;
    if (entry->kind != RPC_MESSAGE) {
        order->letters[order->count++] = 'c';
        return;
    }
    assert_int_equal(gossip_message_read(entry->body, entry->body_len, &message), LAT_OK);
    order->letters[order->count++] = (char)message->data[0];
    gossip_message_unref(message);
}

/* Entries of one RPC come in the order of their fields: messages before control. */
static void
read_in_order(struct station *s, struct order *order)
{
    struct lat_buf out;
    uint64_t len;
    size_t used;

    *order = (struct order){ .count = 0 };
    lat_buf_init(&out, GOSSIP_RPC_MAX + VARINT_LEN_MAX);
    while (gossip_output(s->peers[1].peer, &out, s->now_ms) == LAT_OK) {
        assert_int_equal(varint_decode(out.data, out.len, &len, &used), LAT_OK);
        assert_int_equal(rpc_read(out.data + used, (size_t)len, note_entry, order), LAT_OK);
        lat_buf_clear(&out);
    }
    lat_buf_fini(&out);
}

static void
our_own_messages_overtake_forwarded_ones_and_control_overtakes_all(void **state)
{
    static uint8_t large[50000];
    struct station *s = *state;
    struct order order;

    begin(s);
    memset(large, 'f', sizeof(large));
    bring(s, 1, large, sizeof(large));
    bring(s, 2, large, sizeof(large));
    memset(large, 'o', sizeof(large));
    publish(s, large, sizeof(large));
    assert_int_equal(gossip_subscribe(s->g, "other", s->now_ms), LAT_OK);
    read_in_order(s, &order);
    assert_string_equal(order.letters, "cccoff"); /* two IDONTWANT and a subscription go with the first */
}

static void
small_messages_share_an_rpc_and_large_ones_go_alone(void **state)
{
    struct station *s = *state;
    uint8_t *large = calloc(1, GOSSIP_MESSAGE_MAX);
    size_t count;

    begin(s);
    for (int i = 0; i < 1000; i++)
        publish(s, large, 200);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 1000);
    assert_true(s->peers[0].heard.rpcs < 10);
    assert_true(s->peers[0].heard.largest <= GOSSIP_RPC_JOIN_MAX);
    station_forget(s);
    publish(s, large, 900 * 1024);
    publish(s, large, 10);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 2);
    assert_int_equal(s->peers[0].heard.rpcs, 2);
    assert_int_equal(publish(s, large, GOSSIP_MESSAGE_MAX - 200), 2);
    station_hear_all(s);
    assert_true(s->peers[0].heard.largest <= GOSSIP_RPC_MAX);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, large, GOSSIP_MESSAGE_MAX, s->now_ms, NULL, 0, &count), LAT_LIMIT);
    free(large);
}

static void
a_peer_that_does_not_read_keeps_nobody_else_waiting_and_loses_the_oldest(void **state)
{
    static uint8_t data[700];
    struct station *s = *state;
    struct order order;

    s->params.queue_bytes_max = 10000;
    begin(s);
    for (uint64_t i = 0; i < 26; i++) {
        memset(data, (int)('a' + i), sizeof(data));
        bring(s, i + 1, data, sizeof(data));
        assert_true(station_row(&s->peers[1]).queued_bytes <= 10000);
    }
    assert_int_equal(station_count(s).slow_peers, 1);
    assert_int_equal(station_row(&s->peers[1]).dropped, station_count(s).dropped);
    read_in_order(s, &order);
    assert_non_null(strstr(order.letters, "tuvwxyz"));
    assert_null(strchr(order.letters, 'a'));
    assert_int_equal(station_count(s).queued_bytes, 0);
}

static void
own_messages_push_out_forwarded_ones_and_not_the_reverse(void **state)
{
    static uint8_t data[700];
    struct station *s = *state;
    struct order order;

    s->params.queue_bytes_max = 4500;
    begin(s);
    memset(data, 'f', sizeof(data));
    for (uint64_t i = 1; i <= 5; i++)
        bring(s, i, data, sizeof(data));
    memset(data, 'o', sizeof(data));
    for (int i = 0; i < 5; i++)
        assert_int_equal(publish(s, data, sizeof(data)), 2);
    memset(data, 'g', sizeof(data));
    bring(s, 100, data, sizeof(data));
    read_in_order(s, &order);
    assert_string_equal(order.letters, "ooooo");
}

static void
what_is_larger_than_a_queue_goes_to_nobody(void **state)
{
    static uint8_t data[5000];
    struct station *s = *state;

    s->params.queue_bytes_max = 4000;
    begin(s);
    assert_int_equal(publish(s, data, 3000), 2);
    assert_int_equal(publish(s, data, 5000), 0);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 1); /* the first was not dropped in vain */
}

static void
a_lost_stream_drops_what_waited_and_nothing_is_queued_without_one(void **state)
{
    struct station *s = *state;

    begin(s);
    publish(s, "x", 1);
    gossip_peer_lost(s->peers[1].peer);
    assert_false(gossip_has_output(s->peers[1].peer));
    assert_int_equal(publish(s, "y", 1), 1);
    station_hear_all(s);
    assert_int_equal(station_count(s).queued_bytes, 0);
    assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 0);
}

static void
the_owner_is_woken_once_until_it_has_read_all(void **state)
{
    struct station *s = *state;
    size_t before;

    begin(s);
    before = s->peers[0].wakes;
    publish(s, "x", 1);
    publish(s, "y", 1);
    assert_int_equal(s->peers[0].wakes, before + 1);
    assert_true(gossip_has_output(s->peers[0].peer));
    station_hear_all(s);
    publish(s, "z", 1);
    assert_int_equal(s->peers[0].wakes, before + 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(our_own_messages_overtake_forwarded_ones_and_control_overtakes_all),
        CASE(small_messages_share_an_rpc_and_large_ones_go_alone),
        CASE(a_peer_that_does_not_read_keeps_nobody_else_waiting_and_loses_the_oldest),
        CASE(own_messages_push_out_forwarded_ones_and_not_the_reverse),
        CASE(what_is_larger_than_a_queue_goes_to_nobody),
        CASE(a_lost_stream_drops_what_waited_and_nothing_is_queued_without_one),
        CASE(the_owner_is_woken_once_until_it_has_read_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
