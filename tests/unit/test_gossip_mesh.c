/* test_gossip_mesh.c - whom messages go to at once: subscriptions, grafts, prunes, back-off, heartbeats. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
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

/* Without grafts as peers come, so that heartbeats have something to do. */
static void
crowd_unsubscribed(struct station *s, size_t count, size_t outbound)
{
    for (size_t i = 0; i < count; i++)
        station_connect(s, i, i < outbound, false);
}

static void
the_first_words_on_every_stream_are_our_subscriptions(void **state)
{
    struct station *s = *state;
    struct station_peer *p;

    begin(s);
    assert_int_equal(gossip_subscribe(s->g, "other", s->now_ms), LAT_OK);
    assert_int_equal(gossip_subscribe(s->g, "other", s->now_ms), LAT_CONFLICT);
    p = station_connect(s, 0, false, false);
    assert_int_equal(p->heard.rpcs, 1);
    assert_int_equal(p->heard.kinds[RPC_SUBSCRIBE], 2);
    station_forget(s);
    gossip_peer_lost(p->peer);
    gossip_peer_opened(p->peer, GOSSIP_1_1, s->now_ms);
    station_hear(p);
    assert_int_equal(p->heard.kinds[RPC_SUBSCRIBE], 2);
}

static void
subscriptions_that_do_not_fit_one_rpc_come_in_several(void **state)
{
    struct station *s = *state;
    char topic[GOSSIP_TOPIC_MAX + 1];

    s->params.topics_max = 400;
    station_start(s);
    for (int i = 0; i < 400; i++) {
        snprintf(topic, sizeof(topic), "%0*d", GOSSIP_TOPIC_MAX, i);
        assert_int_equal(gossip_subscribe(s->g, topic, s->now_ms), LAT_OK);
    }
    assert_int_equal(gossip_subscribe(s->g, "one more", s->now_ms), LAT_LIMIT);
    station_connect(s, 0, false, false);
    assert_int_equal(s->peers[0].heard.kinds[RPC_SUBSCRIBE], 400);
    assert_true(s->peers[0].heard.rpcs > 1 && s->peers[0].heard.largest <= GOSSIP_RPC_JOIN_MAX);
}

static void
what_came_and_went_before_the_peer_read_is_never_said(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    station_forget(s);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(gossip_subscribe(s->g, "other", s->now_ms), LAT_OK);
        assert_int_equal(gossip_unsubscribe(s->g, "other", s->now_ms), LAT_OK);
    }
    assert_int_equal(gossip_unsubscribe(s->g, "other", s->now_ms), LAT_NOTFOUND);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_SUBSCRIBE] + s->peers[0].heard.kinds[RPC_UNSUBSCRIBE], 0);
}

static void
peers_are_grafted_as_they_subscribe_and_no_more_than_needed(void **state)
{
    struct station *s = *state;
    size_t grafts = 0;

    begin(s);
    station_crowd(s, 0, 20);
    for (size_t i = 0; i < 20; i++)
        grafts += s->peers[i].heard.kinds[RPC_GRAFT];
    assert_int_equal(grafts, 6);
    assert_int_equal(station_mesh(s), 6);
    assert_int_equal(gossip_subscribers(s->g, STATION_TOPIC, NULL, 0), 20);
}

static void
a_heartbeat_fills_a_mesh_that_has_become_small(void **state)
{
    struct station *s = *state;

    begin(s);
    station_crowd(s, 0, 20);
    for (size_t i = 0; i < 20; i++) {
        if (station_row(&s->peers[i]).in_mesh && station_mesh(s) > 3)
            station_disconnect(&s->peers[i]);
    }
    assert_int_equal(station_mesh(s), 3);
    station_run(s, 1000);
    assert_int_equal(station_mesh(s), 6);
}

static void
a_heartbeat_cuts_a_large_mesh_and_keeps_the_best_and_some_that_we_dialed(void **state)
{
    struct station *s = *state;
    size_t outbound = 0, best = 0;

    begin(s);
    crowd_unsubscribed(s, 20, 3);
    for (size_t i = 0; i < 20; i++) {
        if (i >= 16)
            gossip_set_app_score(s->peers[i].peer, 10);
        s->params.d_high = 12;
        say_graft(&s->peers[19 - i], STATION_TOPIC); /* inbound ones first: they fill it, outbound ones are let in all the same */
    }
    assert_true(station_mesh(s) > 12);
    station_run(s, 1000);
    assert_int_equal(station_mesh(s), 6);
    for (size_t i = 0; i < 20; i++) {
        struct gossip_peer_row row = station_row(&s->peers[i]);

        outbound += row.in_mesh && row.outbound;
        best += row.in_mesh && i >= 16;
        if (!row.in_mesh && i < 3)
            assert_true(s->peers[i].heard.kinds[RPC_PRUNE] <= 1);
    }
    assert_true(outbound >= 2);
    assert_int_equal(best, 4);
}

static void
a_graft_into_a_full_mesh_is_refused_unless_we_dialed(void **state)
{
    struct station *s = *state;

    begin(s);
    crowd_unsubscribed(s, 14, 1);
    for (size_t i = 1; i < 14; i++)
        say_graft(&s->peers[i], STATION_TOPIC);
    assert_int_equal(station_mesh(s), 12);
    say_graft(&s->peers[0], STATION_TOPIC);
    assert_int_equal(station_mesh(s), 13);
    station_hear_all(s);
    assert_int_equal(s->peers[13].heard.kinds[RPC_PRUNE], 1);
    assert_int_equal(s->peers[13].heard.backoff_s, 60);
}

static void
a_mesh_of_strangers_gets_peers_that_we_dialed(void **state)
{
    struct station *s = *state;
    size_t outbound = 0;

    begin(s);
    station_crowd(s, 0, 6);
    for (size_t i = 6; i < 10; i++)
        station_connect(s, i, true, true);
    assert_int_equal(station_mesh(s), 6);
    station_run(s, 1000);
    for (size_t i = 6; i < 10; i++)
        outbound += station_row(&s->peers[i]).in_mesh;
    assert_int_equal(outbound, 2);
}

static void
grafts_and_prunes_of_topics_that_are_not_ours_are_passed_over_in_silence(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, false);
    station_forget(s);
    say_graft(&s->peers[0], "weather");
    say_prune(&s->peers[0], "weather", 60);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.rpcs, 0);
    assert_int_equal(station_count(s).topics, 1);
}

static void
a_prune_is_honoured_for_its_backoff_and_a_heartbeat_more(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    assert_int_equal(station_mesh(s), 1);
    say_prune(&s->peers[0], STATION_TOPIC, 20);
    assert_int_equal(station_mesh(s), 0);
    station_forget(s);
    station_run(s, 20900);
    assert_int_equal(station_mesh(s), 0);
    station_run(s, 1100);
    assert_int_equal(station_mesh(s), 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_GRAFT], 1);
    say_prune(&s->peers[0], STATION_TOPIC, 0); /* says nothing: the default */
    station_run(s, 59000);
    assert_int_equal(station_mesh(s), 0);
    station_run(s, 3000);
    assert_int_equal(station_mesh(s), 1);
}

static void
no_prune_keeps_us_away_for_longer_than_an_hour(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    say_prune(&s->peers[0], STATION_TOPIC, UINT64_MAX / 1000);
    station_run(s, 3600 * 1000 - 2000);
    assert_int_equal(station_mesh(s), 0);
    station_run(s, 5000);
    assert_int_equal(station_mesh(s), 1);
}

static void
backoff_survives_a_reconnect_of_either_kind(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    say_prune(&s->peers[0], STATION_TOPIC, 30);
    station_disconnect(&s->peers[0]);
    station_run(s, 5000);
    station_connect(s, 0, false, true);
    station_run(s, 5000);
    assert_int_equal(station_mesh(s), 0);
    say_graft(&s->peers[0], STATION_TOPIC); /* too early: it asked for 30 s itself */
    assert_int_equal(station_mesh(s), 0);
    assert_int_equal(station_count(s).early_grafts, 1);
}

static void
who_grafts_too_early_is_pruned_again_waits_longer_and_pays(void **state)
{
    struct station *s = *state;
    struct station_peer *p;

    begin(s);
    p = station_connect(s, 0, false, true);
    gossip_set_app_score(p->peer, -1);
    station_run(s, 1000); /* pruned for its score */
    gossip_set_app_score(p->peer, 0);
    assert_int_equal(p->heard.kinds[RPC_PRUNE], 1);
    for (int i = 0; i < 3; i++)
        say_graft(p, STATION_TOPIC);
    station_hear_all(s);
    assert_int_equal(p->heard.kinds[RPC_PRUNE], 2); /* said once for all three: nothing had been read */
    assert_true(station_row(p).score < 0);
    station_run(s, 59000);
    assert_int_equal(station_mesh(s), 0);
}

static void
leaving_a_topic_prunes_with_a_short_backoff(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    station_connect_as(s, 1, false, true, GOSSIP_1_0);
    station_forget(s);
    assert_int_equal(gossip_unsubscribe(s->g, STATION_TOPIC, s->now_ms), LAT_OK);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_UNSUBSCRIBE], 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_PRUNE], 1);
    assert_int_equal(s->peers[0].heard.backoff_s, 10);
    assert_int_equal(s->peers[1].heard.kinds[RPC_PRUNE], 1);
    assert_int_equal(s->peers[1].heard.backoff_s, 0); /* 1.0 knows none */
    assert_int_equal(gossip_subscribe(s->g, STATION_TOPIC, s->now_ms), LAT_OK);
    assert_int_equal(station_mesh(s), 0);
    station_run(s, 12000);
    assert_int_equal(station_mesh(s), 2);
}

static void
a_new_stream_to_a_peer_of_the_mesh_grafts_it_again(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    assert_int_equal(station_mesh(s), 1);
    station_forget(s);
    gossip_peer_opened(s->peers[0].peer, GOSSIP_1_2, s->now_ms);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_SUBSCRIBE], 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_GRAFT], 1);
}

static void
events_say_who_did_what(void **state)
{
    struct station *s = *state;

    begin(s);
    station_connect(s, 0, false, true);
    assert_int_equal(s->events[GOSSIP_SUBSCRIBED], 1);
    assert_int_equal(s->events[GOSSIP_GRAFTED], 1);
    assert_true(s->last_event.by_us);
    say_prune(&s->peers[0], STATION_TOPIC, 5);
    assert_int_equal(s->events[GOSSIP_PRUNED], 1);
    assert_false(s->last_event.by_us);
    say_subscribe(&s->peers[0], STATION_TOPIC, false);
    assert_int_equal(s->events[GOSSIP_UNSUBSCRIBED], 1);
}

static void
a_poor_mesh_gets_better_peers_now_and_then(void **state)
{
    struct station *s = *state;
    size_t better = 0;

    s->params.score.time_weight = 0;
    begin(s);
    station_crowd(s, 0, 6);
    station_crowd(s, 6, 6);
    for (size_t i = 6; i < 12; i++)
        gossip_set_app_score(s->peers[i].peer, 5);
    station_run(s, 58000);
    assert_int_equal(station_mesh(s), 6);
    station_run(s, 4000);
    assert_int_equal(station_mesh(s), 8);
    for (size_t i = 6; i < 12; i++)
        better += station_row(&s->peers[i]).in_mesh;
    assert_int_equal(better, 2);
}

static void
everything_is_forgotten_in_the_end(void **state)
{
    struct station *s = *state;

    begin(s);
    station_crowd(s, 0, 12);
    for (size_t i = 0; i < 12; i++) {
        say_subscribe(&s->peers[i], "weather", true);
        say_prune(&s->peers[i], STATION_TOPIC, 30);
        station_disconnect(&s->peers[i]);
    }
    assert_int_equal(station_count(s).remembered, 12);
    assert_int_equal(station_count(s).peers, 0);
    station_run(s, 31000);
    assert_int_equal(station_count(s).remembered, 0);
    assert_int_equal(gossip_subscribers(s->g, "weather", NULL, 0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(the_first_words_on_every_stream_are_our_subscriptions),
        CASE(subscriptions_that_do_not_fit_one_rpc_come_in_several),
        CASE(what_came_and_went_before_the_peer_read_is_never_said),
        CASE(peers_are_grafted_as_they_subscribe_and_no_more_than_needed),
        CASE(a_heartbeat_fills_a_mesh_that_has_become_small),
        CASE(a_heartbeat_cuts_a_large_mesh_and_keeps_the_best_and_some_that_we_dialed),
        CASE(a_graft_into_a_full_mesh_is_refused_unless_we_dialed),
        CASE(a_mesh_of_strangers_gets_peers_that_we_dialed),
        CASE(grafts_and_prunes_of_topics_that_are_not_ours_are_passed_over_in_silence),
        CASE(a_prune_is_honoured_for_its_backoff_and_a_heartbeat_more),
        CASE(no_prune_keeps_us_away_for_longer_than_an_hour),
        CASE(backoff_survives_a_reconnect_of_either_kind),
        CASE(who_grafts_too_early_is_pruned_again_waits_longer_and_pays),
        CASE(leaving_a_topic_prunes_with_a_short_backoff),
        CASE(a_new_stream_to_a_peer_of_the_mesh_grafts_it_again),
        CASE(events_say_who_did_what),
        CASE(a_poor_mesh_gets_better_peers_now_and_then),
        CASE(everything_is_forgotten_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
