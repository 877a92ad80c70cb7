/* test_gossip_route.c - messages through the router: arrival, verdict, forwarding, publishing. */
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

static void
a_message_goes_to_all_subscribers_and_says_to_how_many(void **state)
{
    struct station *s = *state;
    struct peerid ids[2];
    size_t count = 0;

    begin(s);
    station_connect(s, 0, false, true);
    station_connect(s, 1, false, true);
    station_connect(s, 2, false, false);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "hello", 5, s->now_ms, ids, 2, &count), LAT_OK);
    assert_int_equal(count, 2);
    assert_true(peerid_compare(&ids[0], &s->peers[0].id) == 0 || peerid_compare(&ids[1], &s->peers[0].id) == 0);
    station_hear_all(s);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 1);
    assert_memory_equal(s->peers[0].heard.last_data, "hello", 5);
    assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 1);
    assert_int_equal(s->peers[2].heard.kinds[RPC_MESSAGE], 0);
    assert_int_equal(s->checked, 0); /* our own does not come back */
    assert_int_equal(station_count(s).next_seqno, 1001);
}

static void
with_nobody_there_a_message_goes_to_nobody_and_that_is_no_error(void **state)
{
    struct station *s = *state;
    size_t count = 7;

    begin(s);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "hello", 5, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(gossip_publish(s->g, "", "hello", 5, s->now_ms, NULL, 0, &count), LAT_MALFORMED);
}

static void
an_accepted_message_is_forwarded_to_the_mesh_but_not_back_nor_to_its_author(void **state)
{
    struct station *s = *state;
    struct gossip_message *message = station_message(2, 5, STATION_TOPIC, "x", 1); /* its author is peer 1 */

    begin(s);
    station_crowd(s, 0, 4);
    station_run(s, 1500);
    assert_int_equal(station_mesh(s), 4);
    say_message(&s->peers[0], message);
    station_hear_all(s);
    assert_int_equal(s->checked, 1);
    assert_int_equal(s->peers[0].heard.kinds[RPC_MESSAGE], 0);
    assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 0);
    assert_int_equal(s->peers[2].heard.kinds[RPC_MESSAGE], 1);
    assert_int_equal(s->peers[3].heard.kinds[RPC_MESSAGE], 1);
    gossip_message_unref(message);
}

static void
copies_are_told_with_the_peer_that_brought_them(void **state)
{
    struct station *s = *state;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, "x", 1);

    begin(s);
    station_crowd(s, 0, 2);
    say_message(&s->peers[0], message);
    assert_int_equal(s->copies, 0);
    say_message(&s->peers[1], message);
    assert_int_equal(s->checked, 1);
    assert_int_equal(s->copies, 1);
    assert_int_equal(peerid_compare(&s->last_copy, &s->peers[1].id), 0);
    gossip_message_unref(message);
}

static void
nothing_is_forwarded_before_the_verdict_and_only_what_is_accepted(void **state)
{
    static const enum gossip_verdict verdicts[] = { GOSSIP_IGNORE, GOSSIP_REJECT, GOSSIP_FORGED, GOSSIP_ACCEPT };
    struct station *s = *state;

    s->answer = false;
    begin(s);
    station_crowd(s, 0, 3);
    station_run(s, 1500);
    for (size_t i = 0; i < 4; i++) {
        struct gossip_message *message = station_message(100, 5 + i, STATION_TOPIC, "x", 1);

        say_message(&s->peers[0], message);
        station_hear_all(s);
        assert_int_equal(s->pending_count, i + 1);
        assert_int_equal(station_count(s).pending, 1);
        assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], 0);
        gossip_verdict(s->g, s->pending[i], verdicts[i], s->now_ms);
        assert_int_equal(station_count(s).pending, 0);
        station_hear_all(s);
        assert_int_equal(s->peers[1].heard.kinds[RPC_MESSAGE], verdicts[i] == GOSSIP_ACCEPT);
        gossip_message_unref(message);
    }
    assert_int_equal(station_count(s).cached, 1);
    assert_int_equal(station_row(&s->peers[0]).invalid, 2);
}

static void
copies_are_put_to_check_once_whenever_they_come(void **state)
{
    struct station *s = *state;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, "x", 1);

    s->answer = false;
    begin(s);
    station_crowd(s, 0, 3);
    say_message(&s->peers[0], message);
    say_message(&s->peers[1], message);
    assert_int_equal(s->checked, 1);
    gossip_verdict(s->g, s->pending[0], GOSSIP_ACCEPT, s->now_ms);
    say_message(&s->peers[2], message);
    station_run(s, 60000);
    say_message(&s->peers[2], message);
    assert_int_equal(s->checked, 1);
    assert_int_equal(station_count(s).duplicates, 3);
    station_run(s, 61000);
    say_message(&s->peers[2], message);
    assert_int_equal(s->checked, 2); /* older than the cache remembers */
    gossip_message_unref(message);
}

/* Someone who sees a message first could else keep it out by a forgery under its id. */
static void
a_forgery_is_known_again_and_does_not_keep_the_true_message_out(void **state)
{
    struct station *s = *state;
    struct gossip_message *real = station_message(100, 5, STATION_TOPIC, "true", 4);
    struct gossip_message *forged = station_message(100, 5, STATION_TOPIC, "lies", 4);

    begin(s);
    station_crowd(s, 0, 3);
    s->verdict = GOSSIP_FORGED;
    say_message(&s->peers[0], forged);
    assert_int_equal(s->checked, 1);
    say_message(&s->peers[0], forged);
    assert_int_equal(s->checked, 1);
    assert_int_equal(station_row(&s->peers[0]).invalid, 2);
    s->verdict = GOSSIP_ACCEPT;
    say_message(&s->peers[1], real);
    assert_int_equal(s->checked, 2);
    assert_int_equal(station_count(s).accepted, 1);
    gossip_message_unref(real);
    gossip_message_unref(forged);
}

static void
all_who_brought_a_rejected_message_pay_and_the_bearer_of_another_does_not(void **state)
{
    struct station *s = *state;
    struct gossip_message *bad = station_message(100, 5, STATION_TOPIC, "bad", 3);
    struct gossip_message *good = station_message(100, 5, STATION_TOPIC, "good", 4);

    s->answer = false;
    begin(s);
    station_crowd(s, 0, 3);
    say_message(&s->peers[0], bad);
    say_message(&s->peers[1], bad);
    say_message(&s->peers[2], good);
    gossip_verdict(s->g, s->pending[0], GOSSIP_REJECT, s->now_ms);
    assert_int_equal(station_row(&s->peers[0]).invalid, 1);
    assert_int_equal(station_row(&s->peers[1]).invalid, 1);
    assert_int_equal(station_row(&s->peers[2]).invalid, 0);
    say_message(&s->peers[2], bad);
    assert_int_equal(station_row(&s->peers[2]).invalid, 1);
    gossip_message_unref(bad);
    gossip_message_unref(good);
}

static void
topics_of_others_and_messages_in_our_own_name_are_passed_over(void **state)
{
    struct station *s = *state;
    struct gossip_message *other = station_message(100, 5, "weather", "x", 1);
    struct gossip_message *own = station_message(200, 5, STATION_TOPIC, "x", 1);

    begin(s);
    station_crowd(s, 0, 1);
    say_message(&s->peers[0], other);
    say_message(&s->peers[0], own);
    assert_int_equal(s->checked, 0);
    assert_int_equal(station_count(s).foreign, 2);
    assert_int_equal(s->own, 1); /* which this router has not sent: the owner may look */
    assert_true(station_row(&s->peers[0]).score >= 0);
    gossip_message_unref(other);
    gossip_message_unref(own);
}

static void
without_flooding_a_small_mesh_still_means_everybody(void **state)
{
    struct station *s = *state;
    size_t count = 0;

    s->params.flood_publish = false;
    begin(s);
    station_crowd(s, 0, 5);
    for (size_t i = 0; i < 3; i++)
        say_prune(&s->peers[i], STATION_TOPIC, 60);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "a", 1, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 5);
}

static void
without_flooding_a_full_mesh_is_enough_and_so_is_the_fanout(void **state)
{
    struct station *s = *state;
    size_t count = 0;

    s->params.flood_publish = false;
    begin(s);
    station_crowd(s, 0, 20);
    station_run(s, 1500);
    assert_int_equal(station_mesh(s), 6);
    for (size_t i = 0; i < 20; i++)
        say_subscribe(&s->peers[i], "weather", true);
    for (size_t i = 0; i < 8; i++)
        say_graft(&s->peers[i], STATION_TOPIC);
    assert_true(station_mesh(s) >= 8 && station_mesh(s) < 20);
    assert_int_equal(gossip_publish(s->g, STATION_TOPIC, "a", 1, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, station_mesh(s));
    assert_int_equal(gossip_publish(s->g, "weather", "a", 1, s->now_ms, NULL, 0, &count), LAT_OK);
    assert_int_equal(count, 6);
    station_run(s, 61000);
    assert_int_equal(station_count(s).topics, 1);
}

static void
a_direct_peer_gets_everything_and_is_in_no_mesh(void **state)
{
    struct station *s = *state;
    struct gossip_message *message = station_message(100, 5, STATION_TOPIC, "x", 1);

    begin(s);
    assert_int_equal(gossip_set_direct(s->g, &s->peers[7].id, true), LAT_OK);
    station_connect(s, 7, true, true);
    station_crowd(s, 0, 2);
    station_run(s, 1500);
    assert_int_equal(station_mesh(s), 2);
    say_graft(&s->peers[7], STATION_TOPIC);
    station_hear_all(s);
    assert_int_equal(s->peers[7].heard.kinds[RPC_PRUNE], 1);
    say_message(&s->peers[0], message);
    station_hear_all(s);
    assert_int_equal(s->peers[7].heard.kinds[RPC_MESSAGE], 1);
    gossip_message_unref(message);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(a_message_goes_to_all_subscribers_and_says_to_how_many),
        CASE(with_nobody_there_a_message_goes_to_nobody_and_that_is_no_error),
        CASE(an_accepted_message_is_forwarded_to_the_mesh_but_not_back_nor_to_its_author),
        CASE(copies_are_told_with_the_peer_that_brought_them),
        CASE(nothing_is_forwarded_before_the_verdict_and_only_what_is_accepted),
        CASE(copies_are_put_to_check_once_whenever_they_come),
        CASE(a_forgery_is_known_again_and_does_not_keep_the_true_message_out),
        CASE(all_who_brought_a_rejected_message_pay_and_the_bearer_of_another_does_not),
        CASE(topics_of_others_and_messages_in_our_own_name_are_passed_over),
        CASE(without_flooding_a_small_mesh_still_means_everybody),
        CASE(without_flooding_a_full_mesh_is_enough_and_so_is_the_fanout),
        CASE(a_direct_peer_gets_everything_and_is_in_no_mesh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
