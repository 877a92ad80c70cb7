/* test_host_gate.c - a demo's cut: what both sides see of it, and that all goes on when it is lifted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/clock.h"
#include "support/host_side.h"

static size_t
connected(void)
{
    return (size_t)first_row(&a).connected + (size_t)first_row(&b).connected;
}

static void
a_reset_gate_breaks_off_at_once_and_lets_nobody_in_until_it_is_open(void **state)
{
    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    host_set_gate(a.host, HOST_GATE_RESET);
    assert_int_equal(a.downs, 1);
    assert_int_equal(a.reason, SWARM_RESET);
    assert_true(wait_for(&b.downs, 1, 1000));
    assert_int_equal(b.reason, SWARM_RESET);
    run_for(1500); /* b dials again and again */
    assert_int_equal(connected(), 0);
    assert_int_equal(a.ups, 1);
    host_set_gate(a.host, HOST_GATE_OPEN);
    assert_true(wait_for(&a.ups, 2, 5000));
    assert_true(wait_for(&b.ups, 2, 1000));
}

static void
a_dialer_behind_a_reset_gate_is_refused_until_it_is_open(void **state)
{
    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    host_set_gate(b.host, HOST_GATE_RESET);
    assert_true(wait_for(&a.downs, 1, 1000));
    assert_int_equal(a.reason, SWARM_RESET);
    run_for(1500);
    assert_int_equal(connected(), 0);
    assert_string_equal(first_row(&b).why_not, "connection refused");
    host_set_gate(b.host, HOST_GATE_OPEN);
    assert_true(wait_for(&b.ups, 2, 5000));
}

static void
a_dropping_gate_is_noticed_as_silence_after_the_dead_time(void **state)
{
    uint64_t begun = lat_mono_ms();

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 200, 600);
    host_set_gate(a.host, HOST_GATE_DROP);
    assert_true(wait_for(&b.downs, 1, 600 * SLACK));
    assert_true(wait_for(&a.downs, 1, 600 * SLACK));
    assert_true(lat_mono_ms() - begun >= 600);
    assert_true(a.reason == SWARM_SILENT || b.reason == SWARM_SILENT); /* whoever is first ends it for both */
    run_for(1000); /* b connects, and has no answer */
    assert_int_equal(connected(), 0);
    host_set_gate(a.host, HOST_GATE_OPEN);
    assert_true(wait_for(&b.ups, 2, 12000)); /* also by the connection that was waiting */
    assert_true(wait_for(&a.ups, 2, 1000));
}

static void
a_gate_that_drops_for_less_than_the_dead_time_costs_nothing(void **state)
{
    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 500, 20000);
    host_set_gate(a.host, HOST_GATE_DROP);
    run_for(1200);
    host_set_gate(a.host, HOST_GATE_OPEN);
    run_for(1000);
    assert_int_equal(connected(), 2);
    assert_int_equal(a.downs + b.downs, 0);
}

static void
a_host_ends_with_its_gate_shut(void **state)
{
    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    host_set_gate(a.host, HOST_GATE_DROP);
    host_set_gate(b.host, HOST_GATE_RESET);
    run_for(200);
}

#define T(name) cmocka_unit_test_setup_teardown(name, side_setup, side_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_reset_gate_breaks_off_at_once_and_lets_nobody_in_until_it_is_open),
        T(a_dialer_behind_a_reset_gate_is_refused_until_it_is_open),
        T(a_dropping_gate_is_noticed_as_silence_after_the_dead_time),
        T(a_gate_that_drops_for_less_than_the_dead_time_costs_nothing),
        T(a_host_ends_with_its_gate_shut),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
