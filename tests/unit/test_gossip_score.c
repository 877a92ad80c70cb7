/* test_gossip_score.c - P1 to P7, their decay, and what the thresholds do. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "p2p/gossip_place.h"
#include "support/gossip_station.h"

/* No parameter but those that a test sets. */
static int
setup(void **state)
{
    static struct station station;
    struct gossip_score_params *p = &station.params.score;

    station_init(&station);
    p->time_weight = p->first_weight = p->mesh_weight = p->failure_weight = p->invalid_weight = 0;
    p->app_weight = p->place_weight = p->behaviour_weight = 0;
    p->topic_cap = 0;
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

static double
score(struct station *s, size_t i)
{
    return station_row(&s->peers[i]).score;
}

static void
bring(struct station *s, size_t from, uint64_t seqno)
{
    struct gossip_message *message = station_message(100, seqno, STATION_TOPIC, "x", 1);

    say_message(&s->peers[from], message);
    gossip_message_unref(message);
}

static void
assert_near(double a, double b)
{
    assert_true(a > b - 1e-6 && a < b + 1e-6);
}

static void
p1_time_in_the_mesh_counts_by_quanta_up_to_its_cap(void **state)
{
    struct station *s = *state;

    s->params.score.time_weight = 0.5;
    s->params.score.time_quantum_ms = 2000;
    s->params.score.time_cap = 4;
    s->params.score.topic_weight = 3;
    begin(s);
    station_crowd(s, 0, 1);
    station_run(s, 5100);
    assert_near(score(s, 0), 3 * 0.5 * 2);
    station_run(s, 60000);
    assert_near(score(s, 0), 3 * 0.5 * 4);
    say_prune(&s->peers[0], STATION_TOPIC, 600);
    assert_near(score(s, 0), 0);
}

static void
p2_the_first_to_bring_valid_messages_earns_and_it_decays(void **state)
{
    struct station *s = *state;

    s->params.score.first_weight = 2;
    s->params.score.first_cap = 3;
    s->params.score.first_decay = 0.5;
    begin(s);
    station_crowd(s, 0, 2);
    for (uint64_t i = 1; i <= 5; i++) {
        bring(s, 0, i);
        bring(s, 1, i);
    }
    assert_near(score(s, 0), 2 * 3);
    assert_near(score(s, 1), 0);
    station_run(s, 1000);
    assert_near(score(s, 0), 2 * 3 * 0.5);
    station_run(s, 60000);
    assert_near(score(s, 0), 0);
}

static void
p3_a_member_of_the_mesh_that_delivers_too_little_pays_and_so_it_does_when_it_leaves(void **state)
{
    struct station *s = *state;

    s->params.score.mesh_weight = -1;
    s->params.score.mesh_threshold = 3;
    s->params.score.mesh_decay = 1;
    s->params.score.mesh_activation_ms = 5000;
    s->params.score.failure_weight = -2;
    s->params.score.failure_decay = 1;
    begin(s);
    station_crowd(s, 0, 3);
    for (uint64_t i = 1; i <= 3; i++) {
        bring(s, 0, i);
        if (i < 3)
            bring(s, 1, i); /* at once: as good as first */
    }
    station_run(s, 4000);
    assert_near(score(s, 2), 0);
    bring(s, 1, 3); /* late */
    station_run(s, 1000);
    for (size_t i = 0; i < 3; i++)
        gossip_set_app_score(s->peers[i].peer, 0); /* add it up now, before the next heartbeat */
    assert_near(score(s, 0), 0);
    assert_near(score(s, 1), -1);
    assert_near(score(s, 2), -9);
    station_run(s, 1000);
    assert_int_equal(station_mesh(s), 1);
    assert_near(score(s, 2), -2 * 9); /* out of the mesh, and what it owed stays */
}

static void
p4_invalid_messages_cost_squared(void **state)
{
    struct station *s = *state;

    s->params.score.invalid_weight = -10;
    s->params.score.invalid_decay = 0.5;
    s->verdict = GOSSIP_REJECT;
    begin(s);
    station_crowd(s, 0, 1);
    bring(s, 0, 1);
    assert_near(score(s, 0), -10);
    bring(s, 0, 2);
    bring(s, 0, 3);
    assert_near(score(s, 0), -90);
    station_run(s, 1000);
    assert_near(score(s, 0), -22.5);
}

static void
p5_is_what_the_owner_says(void **state)
{
    struct station *s = *state;

    s->params.score.app_weight = 4;
    begin(s);
    station_crowd(s, 0, 1);
    gossip_set_app_score(s->peers[0].peer, -2.5);
    assert_near(score(s, 0), -10);
}

static void
p6_too_many_at_one_public_address_pay_and_at_private_ones_they_do_not(void **state)
{
    struct station *s = *state;
    uint8_t place[GOSSIP_PLACE_LEN];
    struct multiaddr address;

    s->params.score.place_weight = -10;
    s->params.score.place_threshold = 2;
    begin(s);
    station_crowd(s, 0, 6);
    assert_near(score(s, 0), 0);
    assert_int_equal(multiaddr_parse("/ip4/8.8.4.4/tcp/1", &address), LAT_OK);
    assert_true(gossip_place(&address, place));
    for (size_t i = 0; i < 4; i++)
        gossip_peer_moved(s->peers[i].peer, false, place);
    assert_near(score(s, 0), -10 * 4);
    assert_near(score(s, 4), 0);
    station_disconnect(&s->peers[3]);
    assert_near(score(s, 0), -10);
    gossip_peer_moved(s->peers[2].peer, false, NULL);
    assert_near(score(s, 0), 0);
}

static void
which_addresses_are_public(void **state)
{
    static const struct {
        const char *address;
        bool is_public;
    } cases[] = {
        { "/ip4/127.0.0.1/tcp/1", false },     { "/ip4/10.1.2.3/tcp/1", false },      { "/ip4/172.16.0.1/tcp/1", false },
        { "/ip4/172.32.0.1/tcp/1", true },     { "/ip4/192.168.1.1/tcp/1", false },   { "/ip4/169.254.1.1/tcp/1", false },
        { "/ip4/100.64.0.1/tcp/1", false },    { "/ip4/100.128.0.1/tcp/1", true },    { "/ip4/8.8.8.8/tcp/1", true },
        { "/ip6/::1/tcp/1", false },           { "/ip6/fe80::1/tcp/1", false },       { "/ip6/fd00::1/tcp/1", false },
        { "/ip6/2a00:1450::1/tcp/1", true },   { "/ip6/::ffff:10.0.0.1/tcp/1", false }, { "/ip6/::ffff:8.8.8.8/tcp/1", true },
        { "/dns4/example.com/tcp/1", false },
    };
    uint8_t place[GOSSIP_PLACE_LEN], other[GOSSIP_PLACE_LEN];
    struct multiaddr address;

    station_start(*state);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(multiaddr_parse(cases[i].address, &address), LAT_OK);
        if (gossip_place(&address, place) != cases[i].is_public)
            fail_msg("%s", cases[i].address);
    }
    assert_int_equal(multiaddr_parse("/ip6/2a00:1450::1/tcp/1", &address), LAT_OK);
    assert_true(gossip_place(&address, place));
    assert_int_equal(multiaddr_parse("/ip6/2a00:1450::ffff/tcp/2", &address), LAT_OK);
    assert_true(gossip_place(&address, other));
    assert_memory_equal(place, other, sizeof(place)); /* one /64 */
}

static void
p7_misbehaviour_costs_beyond_its_threshold(void **state)
{
    struct station *s = *state;

    s->params.score.behaviour_weight = -10;
    s->params.score.behaviour_threshold = 1;
    begin(s);
    station_crowd(s, 0, 1);
    say_prune(&s->peers[0], STATION_TOPIC, 60);
    say_graft(&s->peers[0], STATION_TOPIC); /* twice, for it comes so soon */
    assert_near(score(s, 0), -10);
    say_graft(&s->peers[0], STATION_TOPIC);
    assert_near(score(s, 0), -90);
}

static void
topics_together_give_no_more_than_their_cap(void **state)
{
    struct station *s = *state;

    s->params.score.first_weight = 100;
    s->params.score.topic_cap = 30;
    begin(s);
    station_crowd(s, 0, 1);
    bring(s, 0, 1);
    assert_near(score(s, 0), 30);
}

static void
thresholds_close_one_thing_after_the_other(void **state)
{
    struct station *s = *state;
    const struct gossip_score_params *p = &gossip_defaults.score;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, "x", 1);
    struct gossip_message *another = station_message(100, 6, STATION_TOPIC, "x", 1);
    size_t count;

    s->params.score.app_weight = 1;
    begin(s);
    station_crowd(s, 0, 2);
    gossip_set_app_score(s->peers[0].peer, -1);
    station_run(s, 1000);
    assert_false(station_row(&s->peers[0]).in_mesh); /* below 0: no mesh */
    say_message(&s->peers[1], message);
    station_forget(s);
    say_ids(&s->peers[0], RPC_IWANT, message->id, message->id_len, 1);
    say_ids(&s->peers[0], RPC_IHAVE, another->id, another->id_len, 1);
    station_run(s, 1000);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_IWANT], 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_IHAVE], 1);

    gossip_set_app_score(s->peers[0].peer, p->gossip_threshold - 1);
    station_run(s, 4000);
    station_forget(s);
    say_message(&s->peers[1], another);
    say_ids(&s->peers[0], RPC_IWANT, another->id, another->id_len, 1);
    station_run(s, 1000);
    assert_int_equal(s->peers[0].heard.rpcs, 0);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "x", 1, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 2);

    gossip_set_app_score(s->peers[0].peer, p->publish_threshold - 1);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "x", 1, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 1);
    bring(s, 0, 7);
    assert_int_equal(station_count(s).accepted, 3);

    gossip_set_app_score(s->peers[0].peer, p->graylist_threshold - 1);
    bring(s, 0, 8);
    assert_int_equal(station_count(s).accepted, 3);
    assert_int_equal(station_count(s).graylisted, 1);
    assert_int_equal(gossip_set_direct(s->g, &s->peers[0].id, true), LAT_OK);
    bring(s, 0, 8);
    assert_int_equal(station_count(s).accepted, 4); /* a direct peer is always heard */
    gossip_message_unref(message);
    gossip_message_unref(another);
}

static void
a_bad_score_outlives_the_connection_for_a_while(void **state)
{
    struct station *s = *state;

    s->params.score.invalid_weight = -10;
    s->params.score.invalid_decay = 1;
    s->params.score.retain_ms = 60000;
    s->verdict = GOSSIP_REJECT;
    begin(s);
    station_crowd(s, 0, 1);
    bring(s, 0, 1);
    station_disconnect(&s->peers[0]);
    station_run(s, 30000);
    station_crowd(s, 0, 1);
    assert_near(score(s, 0), -10);
    station_disconnect(&s->peers[0]);
    station_run(s, 61000);
    station_crowd(s, 0, 1);
    assert_near(score(s, 0), 0);
}

static void
an_honest_peer_may_err_once_and_a_forger_is_soon_not_heard(void **state)
{
    struct station *s = *state;
    uint64_t seqno = 1;

    s->params.score = gossip_defaults.score;
    begin(s);
    station_crowd(s, 0, 2);
    for (; seqno <= 50; seqno++)
        bring(s, 0, seqno);
    s->verdict = GOSSIP_REJECT;
    bring(s, 0, seqno++);
    assert_true(score(s, 0) >= 0);
    s->verdict = GOSSIP_FORGED;
    for (int i = 0; i < 100; i++)
        bring(s, 1, seqno++);
    assert_true(station_count(s).forged <= 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(p1_time_in_the_mesh_counts_by_quanta_up_to_its_cap),
        CASE(p2_the_first_to_bring_valid_messages_earns_and_it_decays),
        CASE(p3_a_member_of_the_mesh_that_delivers_too_little_pays_and_so_it_does_when_it_leaves),
        CASE(p4_invalid_messages_cost_squared),
        CASE(p5_is_what_the_owner_says),
        CASE(p6_too_many_at_one_public_address_pay_and_at_private_ones_they_do_not),
        CASE(which_addresses_are_public),
        CASE(p7_misbehaviour_costs_beyond_its_threshold),
        CASE(topics_together_give_no_more_than_their_cap),
        CASE(thresholds_close_one_thing_after_the_other),
        CASE(a_bad_score_outlives_the_connection_for_a_while),
        CASE(an_honest_peer_may_err_once_and_a_forger_is_soon_not_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
