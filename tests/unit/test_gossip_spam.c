/* test_gossip_spam.c - a spammer for each bound: what one peer can make the router do or hold. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    station_crowd(s, 0, 1);
    station_forget(s);
}

/* count ids of 16 bytes, all different. */
static uint8_t *
make_ids(size_t count, uint32_t first)
{
    uint8_t *ids = calloc(count, 16);

    assert_non_null(ids);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = first + (uint32_t)i;

        memcpy(ids + 16 * i, &number, sizeof(number));
    }
    return ids;
}

static void
of_one_peer_5000_ids_and_10_ihaves_are_looked_at_in_a_heartbeat(void **state)
{
    struct station *s = *state;
    uint8_t *ids = make_ids(30000, 1);

    begin(s);
    say_ids(&s->peers[0], RPC_IHAVE, ids, 16, 20000);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.ids[RPC_IWANT], 5000);
    assert_true(s->peers[0].heard.largest <= GOSSIP_RPC_JOIN_MAX + 1024);
    station_run(s, 1100);
    station_forget(s);
    for (uint32_t i = 0; i < 100; i++)
        say_ids(&s->peers[0], RPC_IHAVE, ids + 16 * (20000 + i), 16, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.ids[RPC_IWANT], 10);
    station_run(s, 1100);
    say_ids(&s->peers[0], RPC_IHAVE, ids + 16 * 25000, 16, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.ids[RPC_IWANT], 11);
    free(ids);
}

static void
who_promises_what_it_does_not_have_is_graylisted(void **state)
{
    struct station *s = *state;
    uint8_t *ids = make_ids(100000, 1);

    begin(s);
    for (size_t i = 0; i < 100; i++) {
        say_ids(&s->peers[0], RPC_IHAVE, ids + 16 * 10 * i, 16, 10);
        station_run(s, 500);
    }
    assert_true(station_row(&s->peers[0]).score < gossip_defaults.score.graylist_threshold);
    assert_true(station_count(s).graylisted > 0);
    free(ids);
}

static void
wants_beyond_5000_a_heartbeat_are_not_looked_at(void **state)
{
    struct station *s = *state;
    uint8_t *ids = make_ids(20000, 1);

    begin(s);
    say_ids(&s->peers[0], RPC_IWANT, ids, 16, 20000);
    say_ids(&s->peers[0], RPC_IWANT, ids, 16, 20000);
    assert_int_equal(station_count(s).iwant_in, 5000);
    assert_int_equal(station_count(s).over_caps, 2);
    free(ids);
}

static void
unwanted_ids_beyond_1000_a_heartbeat_are_not_looked_at(void **state)
{
    struct station *s = *state;
    uint8_t *ids = make_ids(20000, 1);

    begin(s);
    for (int i = 0; i < 3; i++)
        say_ids(&s->peers[0], RPC_IDONTWANT, ids, 16, 20000);
    assert_int_equal(station_count(s).idontwant_in, 1000);
    free(ids);
}

static void
grafts_and_prunes_beyond_256_a_heartbeat_are_not_looked_at(void **state)
{
    struct station *s = *state;

    begin(s);
    for (int i = 0; i < 1000; i++)
        say_graft(&s->peers[0], STATION_TOPIC);
    assert_int_equal(station_count(s).over_caps, 1000 - 256);
    station_hear_all(s);
    assert_true(s->peers[0].heard.rpcs <= 1);
}

static void
a_graft_flood_ends_in_the_graylist(void **state)
{
    struct station *s = *state;

    begin(s);
    say_prune(&s->peers[0], STATION_TOPIC, 60);
    for (int i = 0; i < 20; i++)
        say_graft(&s->peers[0], STATION_TOPIC);
    assert_true(station_row(&s->peers[0]).score < gossip_defaults.score.graylist_threshold);
}

static void
topics_of_one_peer_are_remembered_up_to_128_and_forgotten_with_it(void **state)
{
    struct station *s = *state;
    char topic[32];

    begin(s);
    for (int i = 0; i < 1000; i++) {
        snprintf(topic, sizeof(topic), "topic %d", i);
        say_subscribe(&s->peers[0], topic, true);
    }
    assert_int_equal(gossip_subscribers(s->g, "topic 127", NULL, 0), 1);
    assert_int_equal(gossip_subscribers(s->g, "topic 128", NULL, 0), 0);
    assert_int_equal(gossip_subscribers(s->g, STATION_TOPIC, NULL, 0), 1);
    station_run(s, 1100);
    say_subscribe(&s->peers[0], "topic 0", false);
    say_subscribe(&s->peers[0], "topic 999", true);
    assert_int_equal(gossip_subscribers(s->g, "topic 999", NULL, 0), 1);
}

static void
changes_of_subscription_beyond_1024_a_heartbeat_are_not_looked_at(void **state)
{
    struct station *s = *state;

    begin(s);
    for (int i = 0; i < 5000; i++)
        say_subscribe(&s->peers[0], "weather", i % 2 == 0);
    assert_true(s->events[GOSSIP_SUBSCRIBED] + s->events[GOSSIP_UNSUBSCRIBED] <= 1024);
}

static void
names_of_topics_that_cannot_be_are_passed_over(void **state)
{
    struct station *s = *state;
    uint8_t name[GOSSIP_TOPIC_MAX + 1];
    struct lat_buf rpc;

    begin(s);
    memset(name, 'x', sizeof(name));
    lat_buf_init(&rpc, 4096);
    assert_int_equal(rpc_put_subscription(&rpc, name, sizeof(name), true), LAT_OK);
    assert_int_equal(rpc_put_subscription(&rpc, "", 0, true), LAT_OK);
    assert_int_equal(rpc_put_subscription(&rpc, "a\0b", 3, true), LAT_OK);
    say_rpc(&s->peers[0], &rpc);
    assert_int_equal(s->events[GOSSIP_SUBSCRIBED], 0);
    lat_buf_fini(&rpc);
}

static void
messages_that_wait_for_their_verdict_are_bounded_by_count_and_bytes(void **state)
{
    static uint8_t data[600000];
    struct station *s = *state;
    struct gossip_message *message;

    s->answer = false;
    s->params.pending_max = 10;
    s->params.pending_bytes_max = 1500000;
    begin(s);
    for (uint64_t i = 1; i <= 20; i++) {
        message = station_message(100, i, STATION_TOPIC, "x", 1);
        say_message(&s->peers[0], message);
        gossip_message_unref(message);
    }
    assert_int_equal(station_count(s).pending, 10);
    assert_int_equal(station_count(s).overflowed, 10);
    for (size_t i = 0; i < 10; i++)
        gossip_verdict(s->g, s->pending[i], GOSSIP_IGNORE, s->now_ms);
    message = station_message(100, 20, STATION_TOPIC, "x", 1);
    say_message(&s->peers[0], message); /* it was not marked as seen */
    gossip_message_unref(message);
    assert_int_equal(station_count(s).pending, 1);
    for (uint64_t i = 100; i < 105; i++) {
        message = station_message(100, i, STATION_TOPIC, data, sizeof(data));
        say_message(&s->peers[0], message);
        gossip_message_unref(message);
    }
    assert_true(station_count(s).pending_bytes <= 1500000);
}

static void
what_is_held_is_bounded_however_many_peers_it_waits_for(void **state)
{
    static uint8_t data[100000];
    struct station *s = *state;

    s->params.held_bytes_max = 3000000;
    s->params.cache_bytes_max = 1000000;
    begin(s);
    for (size_t i = 1; i < 10; i++)
        station_connect(s, i, false, true);
    for (uint64_t i = 1; i <= 200; i++) {
        struct gossip_message *message = station_message(100, i, STATION_TOPIC, data, sizeof(data));

        say_message(&s->peers[0], message); /* nobody reads */
        gossip_message_unref(message);
        assert_true(station_count(s).held_bytes <= 3000000);
        assert_true(station_count(s).cached_bytes <= 1000000 + 100000);
    }
    assert_true(station_count(s).overflowed > 0);
    station_hear_all(s);
    station_run(s, 10000);
    assert_int_equal(station_count(s).held_bytes, 0);
    assert_int_equal(station_count(s).queued_bytes, 0);
}

static void
remembered_peers_are_bounded_and_the_first_that_went_makes_room(void **state)
{
    struct station *s = *state;

    s->params.retained_max = 3;
    begin(s);
    station_crowd(s, 1, 5);
    for (size_t i = 0; i < 6; i++) {
        say_prune(&s->peers[i], STATION_TOPIC, 600);
        s->now_ms += 10;
        station_disconnect(&s->peers[i]);
    }
    assert_int_equal(station_count(s).remembered, 3);
    station_connect(s, 0, false, true);
    assert_true(station_row(&s->peers[0]).in_mesh); /* forgotten */
    station_connect(s, 5, false, true);
    assert_false(station_row(&s->peers[5]).in_mesh);
}

static void
peers_beyond_the_limit_are_not_taken(void **state)
{
    struct station *s = *state;
    struct gossip_peer *peer;

    s->params.peers_max = 2;
    begin(s);
    station_crowd(s, 1, 1);
    assert_int_equal(gossip_peer_up(s->g, &s->peers[2].id, false, NULL, NULL, s->now_ms, &peer), LAT_LIMIT);
    assert_int_equal(gossip_peer_up(s->g, &s->peers[1].id, false, NULL, NULL, s->now_ms, &peer), LAT_CONFLICT);
}

static void
no_rpc_at_all_is_refused_and_nothing_of_it_done(void **state)
{
    static const uint8_t broken_behind[] = { 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 'g', 'o', 'o', 'd', 0x1a, 0x05, 0x1a };
    static const uint8_t group[] = { 0x0b, 0x0c };
    struct station *s = *state;
    uint8_t *huge = calloc(1, GOSSIP_RPC_MAX + 1);

    begin(s);
    assert_int_equal(gossip_input(s->peers[0].peer, broken_behind, sizeof(broken_behind), s->now_ms), LAT_MALFORMED);
    assert_int_equal(gossip_input(s->peers[0].peer, group, sizeof(group), s->now_ms), LAT_MALFORMED);
    assert_int_equal(gossip_input(s->peers[0].peer, huge, GOSSIP_RPC_MAX + 1, s->now_ms), LAT_LIMIT);
    assert_int_equal(gossip_input(s->peers[0].peer, huge, 0, s->now_ms), LAT_OK);
    assert_int_equal(gossip_subscribers(s->g, "good", NULL, 0), 0);
    assert_int_equal(station_count(s).malformed, 3);
    free(huge);
}

static void
messages_that_strictsign_refuses_cost_their_bearer(void **state)
{
    struct station *s = *state;
    struct lat_buf rpc;

    begin(s);
    lat_buf_init(&rpc, 1024);
    assert_int_equal(rpc_put_message(&rpc, (const uint8_t *)"\x12\x02hi\x22\x04news", 10), LAT_OK); /* unsigned */
    for (int i = 0; i < 20; i++)
        say_rpc(&s->peers[0], &rpc);
    assert_int_equal(s->checked, 0);
    assert_true(station_row(&s->peers[0]).score < gossip_defaults.score.graylist_threshold);
    assert_true(station_count(s).refused < 10);
    lat_buf_fini(&rpc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(of_one_peer_5000_ids_and_10_ihaves_are_looked_at_in_a_heartbeat),
        CASE(who_promises_what_it_does_not_have_is_graylisted),
        CASE(wants_beyond_5000_a_heartbeat_are_not_looked_at),
        CASE(unwanted_ids_beyond_1000_a_heartbeat_are_not_looked_at),
        CASE(grafts_and_prunes_beyond_256_a_heartbeat_are_not_looked_at),
        CASE(a_graft_flood_ends_in_the_graylist),
        CASE(topics_of_one_peer_are_remembered_up_to_128_and_forgotten_with_it),
        CASE(changes_of_subscription_beyond_1024_a_heartbeat_are_not_looked_at),
        CASE(names_of_topics_that_cannot_be_are_passed_over),
        CASE(messages_that_wait_for_their_verdict_are_bounded_by_count_and_bytes),
        CASE(what_is_held_is_bounded_however_many_peers_it_waits_for),
        CASE(remembered_peers_are_bounded_and_the_first_that_went_makes_room),
        CASE(peers_beyond_the_limit_are_not_taken),
        CASE(no_rpc_at_all_is_refused_and_nothing_of_it_done),
        CASE(messages_that_strictsign_refuses_cost_their_bearer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
