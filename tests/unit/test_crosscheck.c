#include "config.h"

#include "node/crosscheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"

#define HEARTBEAT 5000

static struct crosscheck c;
static const uint8_t key[32] = { 1 };

static int
set_up(void **state)
{
    (void)state;
    crosscheck_clear(&c);
    return 0;
}

/* A state is named by one number, from which its HLC follows; said at the same instant by the author's clock and ours. */
static void
say(bool http, uint8_t root, uint64_t at_ms)
{
    struct crosscheck_said said = { .state = { .hlc = 100u + root, .count = root }, .time_ms = 1700000000000 + at_ms };

    memset(said.state.root, root, 32);
    if (http)
        crosscheck_http(&c, key, &said, at_ms);
    else
        crosscheck_p2p(&c, key, &said, at_ms);
}

static bool
is_alarm(void)
{
    return crosscheck_alarm(&c, 0, HEARTBEAT) != NULL;
}

static void
one_state_by_both_ways_is_fine(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 200000; t += 5000) {
        say(false, 1, t);
        say(true, 1, t + 2500);
    }
    assert_false(is_alarm());
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 300000));
}

static void
two_states_for_longer_than_three_heartbeats_are_an_alarm(void **state)
{
    const struct crosscheck_entry *e;

    (void)state;
    for (uint64_t t = 0; t <= 20000; t += 5000) { /* decided at 5, 10, 15 and 20 s */
        say(false, 1, t);
        say(true, 2, t + 2500);
        assert_false(is_alarm());
    }
    say(false, 1, 25000);
    e = crosscheck_alarm(&c, 0, HEARTBEAT);
    assert_non_null(e);
    assert_memory_equal(e->key, key, 32);
    assert_int_equal(e->http_root[0], 2);
    assert_int_equal(e->p2p_root[0], 1);
    assert_null(crosscheck_alarm(&c, 1, HEARTBEAT));
    say(true, 1, 27500);
    say(false, 1, 30000);
    assert_false(is_alarm()); /* they agree again */
}

static void
one_agreement_in_between_starts_the_time_anew(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 200000; t += 5000) {
        say(false, 1, t);
        say(true, t % 15000 == 0 ? 1 : 2, t + 2500);
        assert_false(is_alarm());
    }
}

static void
a_state_that_moves_on_is_no_contradiction(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 100; i++) {
        say(false, (uint8_t)(2 * i), 5000u * i);
        say(true, (uint8_t)(2 * i + 1), 5000u * i + 2500); /* one that P2P never showed */
        assert_false(is_alarm());
    }
}

static void
a_state_that_moves_on_cannot_hold_an_older_or_a_newer_one(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 10; i++) {
        say(false, (uint8_t)(2 * i + 50), 5000u * i);
        say(true, 3, 5000u * i + 2500); /* stays behind all that P2P shows */
    }
    assert_true(is_alarm());
    crosscheck_clear(&c);
    assert_false(is_alarm());
    for (uint8_t i = 0; i < 10; i++) {
        say(false, i, 5000u * i);
        say(true, 200, 5000u * i + 2500);
    }
    assert_true(is_alarm());
}

static void
statements_of_different_age_are_not_compared(void **state)
{
    (void)state;
    say(true, 1, 1000);
    for (uint64_t t = 10000; t < 200000; t += 5000) /* P2P alone goes on: HTTP's statement lies before all it shows */
        say(false, 2, t);
    assert_false(c.entries[0].contradicts);
    say(true, 2, 201000);
    for (uint64_t t = 211000; t < 300000; t += 10000) /* HTTP alone goes on: P2P may be cut off */
        say(true, 3, t);
    assert_false(c.entries[0].contradicts);
}

static void
what_comes_late_or_twice_is_passed_over(void **state)
{
    (void)state;
    say(false, 1, 5000);
    say(false, 1, 10000);
    say(false, 9, 5000);
    say(true, 1, 7000);
    say(true, 9, 6000);
    say(true, 9, 7000);
    say(false, 1, 15000);
    assert_false(c.entries[0].contradicts);
}

/* In P2P, HTTP is asked every 300 s: a first contradiction asks for another look. */
static void
another_look_is_wished_when_one_would_decide(void **state)
{
    (void)state;
    say(false, 1, 0);
    say(true, 2, 2500);
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 2500));
    say(false, 1, 5000);
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 5000));
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 20000));
    assert_true(crosscheck_wants_look(&c, HEARTBEAT, 20001));
    say(false, 1, 21000);
    say(true, 2, 22000);
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 22001)); /* the answer is there, P2P has still to speak */
    say(false, 1, 26000);
    assert_true(is_alarm());
    assert_false(crosscheck_wants_look(&c, HEARTBEAT, 60000));
}

static void
keys_without_an_http_source_make_room_first(void **state)
{
    struct crosscheck_said said = { .time_ms = 5 };

    (void)state;
    say(true, 1, 5);
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t other[32] = { 2 };

        lat_put_u32le(other + 1, i);
        crosscheck_p2p(&c, other, &said, 10 + i);
    }
    assert_int_equal(c.count, CROSSCHECK_MAX);
    assert_memory_equal(c.entries[0].key, key, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_state_by_both_ways_is_fine, set_up),
        cmocka_unit_test_setup(two_states_for_longer_than_three_heartbeats_are_an_alarm, set_up),
        cmocka_unit_test_setup(one_agreement_in_between_starts_the_time_anew, set_up),
        cmocka_unit_test_setup(a_state_that_moves_on_is_no_contradiction, set_up),
        cmocka_unit_test_setup(a_state_that_moves_on_cannot_hold_an_older_or_a_newer_one, set_up),
        cmocka_unit_test_setup(statements_of_different_age_are_not_compared, set_up),
        cmocka_unit_test_setup(what_comes_late_or_twice_is_passed_over, set_up),
        cmocka_unit_test_setup(another_look_is_wished_when_one_would_decide, set_up),
        cmocka_unit_test_setup(keys_without_an_http_source_make_room_first, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
