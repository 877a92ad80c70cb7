/* test_gossip_lazy.c - repair by IHAVE and IWANT, promises, IDONTWANT. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
}

/* Someone outside the mesh and not about to join it. */
static struct station_peer *
outsider(struct station *s, size_t i)
{
    struct station_peer *p = station_connect(s, i, false, true);

    say_prune(p, STATION_TOPIC, 3000);
    return p;
}

static struct gossip_message *
heard_message(struct station *s, struct station_peer *from, uint64_t seqno)
{
    struct gossip_message *message = station_message(100, seqno, STATION_TOPIC, "news", 4);

    (void)s;
    say_message(from, message);
    return message;
}

static void
outsiders_are_told_what_there_is_for_three_heartbeats_and_served_for_five(void **state)
{
    struct station *s = *state;
    struct gossip_message *message;
    struct station_peer *out;

    begin(s);
    station_run(s, 1100); /* the next heartbeat is due in a second */
    out = outsider(s, 0);
    station_connect(s, 1, false, true);
    message = heard_message(s, &s->peers[1], 5);
    station_forget(s);
    station_run(s, 5000);
    assert_int_equal(out->heard.kinds[RPC_IHAVE], 3);
    assert_int_equal(out->heard.ids[RPC_IHAVE], 3);
    assert_memory_equal(out->heard.last_id, message->id, message->id_len);
    assert_int_equal(s->peers[1].heard.kinds[RPC_IHAVE], 0); /* it is in the mesh */
    say_ids(out, RPC_IWANT, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(out->heard.kinds[RPC_MESSAGE], 0); /* five are over */
    gossip_message_unref(message);

    message = heard_message(s, &s->peers[1], 6);
    station_run(s, 4000);
    say_ids(out, RPC_IWANT, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(out->heard.kinds[RPC_MESSAGE], 1);
    gossip_message_unref(message);
}

static void
a_message_is_served_three_times_to_a_peer_and_not_once_more(void **state)
{
    struct station *s = *state;
    struct gossip_message *message;

    begin(s);
    outsider(s, 0);
    outsider(s, 1);
    message = heard_message(s, &s->peers[1], 5);
    for (int i = 0; i < 10; i++)
        say_ids(&s->peers[0], RPC_IWANT, message->id, message->id_len, 1);
    say_ids(&s->peers[1], RPC_IWANT, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 3);
    assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 1);
    gossip_message_unref(message);
}

static void
messages_that_were_not_accepted_are_neither_told_of_nor_served(void **state)
{
    struct station *s = *state;
    struct gossip_message *message;

    begin(s);
    outsider(s, 0);
    station_connect(s, 1, false, true);
    s->verdict = GOSSIP_IGNORE;
    message = heard_message(s, &s->peers[1], 5);
    station_run(s, 1000);
    say_ids(&s->peers[0], RPC_IWANT, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_IHAVE] + s->peers[0].heard.kinds[RPC_MESSAGE], 0);
    gossip_message_unref(message);
}

static void
what_is_missing_is_asked_for_once_and_then_of_another(void **state)
{
    struct station *s = *state;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, "news", 4);

    begin(s);
    outsider(s, 0);
    outsider(s, 1);
    station_forget(s);
    say_ids(&s->peers[0], RPC_IHAVE, message->id, message->id_len, 1);
    say_ids(&s->peers[1], RPC_IHAVE, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.ids[RPC_IWANT], 1);
    assert_int_equal(s->peers[1].heard.ids[RPC_IWANT], 0);
    station_run(s, 4000);
    say_ids(&s->peers[1], RPC_IHAVE, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[1].heard.ids[RPC_IWANT], 1);
    say_message(&s->peers[1], message);
    assert_int_equal(station_count(s).repaired, 1);
    say_ids(&s->peers[0], RPC_IHAVE, message->id, message->id_len, 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.ids[RPC_IWANT], 1); /* it is there now */
    gossip_message_unref(message);
}

static void
our_own_messages_and_ids_of_another_kind_are_not_asked_for(void **state)
{
    struct station *s = *state;
    uint8_t own[PEERID_MAX + GOSSIP_SEQNO_LEN] = { 0 }, hash[GOSSIP_ID_MAX + 1] = { 1 };

    begin(s);
    outsider(s, 0);
    station_forget(s);
    memcpy(own, s->self.peer.bytes, s->self.peer.len);
    say_ids(&s->peers[0], RPC_IHAVE, own, s->self.peer.len + GOSSIP_SEQNO_LEN, 1);
    say_ids(&s->peers[0], RPC_IHAVE, hash, sizeof(hash), 1);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.rpcs, 0);
}

static void
a_promise_that_is_not_kept_costs_and_one_that_another_kept_does_not(void **state)
{
    struct station *s = *state;
    struct gossip_message *kept = station_message(100, 5, STATION_TOPIC, "a", 1);
    struct gossip_message *broken = station_message(100, 6, STATION_TOPIC, "b", 1);

    begin(s);
    outsider(s, 0);
    outsider(s, 1);
    say_ids(&s->peers[0], RPC_IHAVE, kept->id, kept->id_len, 1);
    say_message(&s->peers[1], kept);
    station_run(s, 5000);
    assert_int_equal(station_count(s).broken_promises, 0);
    say_ids(&s->peers[0], RPC_IHAVE, broken->id, broken->id_len, 1);
    station_run(s, 2000);
    assert_int_equal(station_count(s).broken_promises, 0);
    station_run(s, 3000);
    assert_int_equal(station_count(s).broken_promises, 1);
    gossip_message_unref(kept);
    gossip_message_unref(broken);
}

static void
a_large_message_is_announced_to_the_mesh_before_it_is_checked(void **state)
{
    static uint8_t large[2000];
    struct station *s = *state;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, large, sizeof(large));
    struct gossip_message *small = station_message(100, 6, STATION_TOPIC, large, 500);

    s->answer = false;
    begin(s);
    station_connect(s, 0, false, true);
    station_connect(s, 1, false, true);
    station_connect_as(s, 2, false, true, GOSSIP_1_1);
    station_forget(s);
    say_message(&s->peers[0], small);
    say_message(&s->peers[0], message);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.rpcs, 0);
    assert_int_equal(s->peers[1].heard.ids[RPC_IDONTWANT], 1);
    assert_memory_equal(s->peers[1].heard.last_id, message->id, message->id_len);
    assert_int_equal(s->peers[2].heard.rpcs, 0); /* 1.1 does not know it */
    gossip_message_unref(message);
    gossip_message_unref(small);
}

static void
who_does_not_want_a_large_message_is_not_sent_it_even_from_the_queue(void **state)
{
    static uint8_t large[2000];
    struct station *s = *state;
    struct gossip_message *first = station_message(100, 5, STATION_TOPIC, large, sizeof(large));
    struct gossip_message *second = station_message(100, 6, STATION_TOPIC, large, sizeof(large));
    size_t count;

    begin(s);
    station_crowd(s, 0, 3);
    station_forget(s);
    say_ids(&s->peers[1], RPC_IDONTWANT, first->id, first->id_len, 1);
    say_message(&s->peers[0], first);
    say_message(&s->peers[0], second);
    say_ids(&s->peers[1], RPC_IDONTWANT, second->id, second->id_len, 1); /* it waits in the queue */
    station_hear_all(s);
    assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 0);
    assert_int_equal(s->peers[2].heard.kinds[RPC_MESSAGE], 2);
    assert_int_equal(station_count(s).unwanted, 2);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, large, sizeof(large), s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 3);
    gossip_message_unref(first);
    gossip_message_unref(second);
}

static void
candidates_come_from_peers_of_good_standing_alone(void **state)
{
    struct station *s = *state;
    struct lat_buf peers, rpc, prune, control;

    begin(s);
    station_connect(s, 0, false, true);
    lat_buf_init(&peers, 1000);
    lat_buf_init(&prune, 1000);
    lat_buf_init(&control, 1000);
    lat_buf_init(&rpc, 1000);
    assert_int_equal(fields_put_bytes(&peers, 1, s->peers[9].id.bytes, s->peers[9].id.len), LAT_OK);
    assert_int_equal(fields_put_bytes(&peers, 2, "record", 6), LAT_OK);
    assert_int_equal(fields_put_bytes(&prune, 1, STATION_TOPIC, strlen(STATION_TOPIC)), LAT_OK);
    assert_int_equal(fields_put_bytes(&prune, 2, peers.data, peers.len), LAT_OK);
    assert_int_equal(fields_put_bytes(&prune, 2, "\x0a\x03xyz", 5), LAT_OK); /* no peer id */
    assert_int_equal(fields_put_bytes(&control, 4, prune.data, prune.len), LAT_OK);
    assert_int_equal(rpc_put_control(&rpc, &control), LAT_OK);
    say_rpc(&s->peers[0], &rpc);
    assert_int_equal(s->events[GOSSIP_CANDIDATE], 0);
    gossip_set_app_score(s->peers[0].peer, 100);
    say_rpc(&s->peers[0], &rpc);
    assert_int_equal(s->events[GOSSIP_CANDIDATE], 1);
    assert_int_equal(peerid_compare(&s->last_event.candidate, &s->peers[9].id), 0);
    assert_int_equal(s->last_event.record_len, 6);
    lat_buf_fini(&peers);
    lat_buf_fini(&prune);
    lat_buf_fini(&control);
    lat_buf_fini(&rpc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(outsiders_are_told_what_there_is_for_three_heartbeats_and_served_for_five),
        CASE(a_message_is_served_three_times_to_a_peer_and_not_once_more),
        CASE(messages_that_were_not_accepted_are_neither_told_of_nor_served),
        CASE(what_is_missing_is_asked_for_once_and_then_of_another),
        CASE(our_own_messages_and_ids_of_another_kind_are_not_asked_for),
        CASE(a_promise_that_is_not_kept_costs_and_one_that_another_kept_does_not),
        CASE(a_large_message_is_announced_to_the_mesh_before_it_is_checked),
        CASE(who_does_not_want_a_large_message_is_not_sent_it_even_from_the_queue),
        CASE(candidates_come_from_peers_of_good_standing_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
