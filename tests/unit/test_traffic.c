/* Bytes of each peer and source in the last twelve slots: what was seen, and gaps where nobody looked. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "node/traffic.h"

#define GAP SNAPSHOT_TRAFFIC_GAP
#define START 1000000 /* a slot begins here */

struct fixture {
    struct traffic traffic;
    struct snapshot_traffic seen; /* of the peer, as shown last */
};

static int
setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int
teardown(void **state)
{
    free(*state);
    return 0;
}

/* The one peer has these counters at a time; not connected: it is only known. */
static void
look(struct fixture *f, uint64_t now_ms, uint64_t in, uint64_t out, bool connected)
{
    struct snapshot *s = snapshot_new();

    s->mono_ms = now_ms;
    s->peer_count = 1;
    snprintf(s->peers[0].id, sizeof(s->peers[0].id), "peer");
    s->peers[0].connected = connected;
    s->peers[0].traffic.bytes_in = in;
    s->peers[0].traffic.bytes_out = out;
    traffic_fill(&f->traffic, s);
    f->seen = s->peers[0].traffic;
    snapshot_unref(s);
}

/* Each second from `from` to `to`, 100 bytes in and 10 out a second, from these counters on. */
static uint64_t
run(struct fixture *f, uint64_t from, uint64_t to, uint64_t in)
{
    for (uint64_t now = from; now <= to; now += 1000, in += 100)
        look(f, now, in, in / 10, true);
    return in;
}

static void
assert_slots(const uint32_t slots[SNAPSHOT_TRAFFIC], const uint32_t wanted[SNAPSHOT_TRAFFIC])
{
    for (int i = 0; i < SNAPSHOT_TRAFFIC; i++)
        assert_int_equal(slots[i], wanted[i]);
}

static void
what_was_before_the_connection_is_a_gap(void **state)
{
    struct fixture *f = *state;

    run(f, START + 2500, START + 17500, 7000); /* three slots begin meanwhile, two of them end */
    assert_int_equal(f->seen.bytes_in, 8500);
    assert_slots(f->seen.in_5s, (uint32_t[]){ GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, 500, 500 });
    assert_slots(f->seen.out_5s, (uint32_t[]){ GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, GAP, 50, 50 });
}

static void
a_slot_counts_when_it_is_over(void **state)
{
    struct fixture *f = *state;
    uint64_t in = run(f, START + 500, START + 9500, 0);

    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 1], GAP); /* the first slot was not seen whole, the second is not over */
    run(f, START + 10500, START + 10500, in + 7);
    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 1], 500);
    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 2], GAP);
}

static void
silence_is_zero_and_no_gap(void **state)
{
    struct fixture *f = *state;

    for (uint64_t now = START + 500; now < START + 80000; now += 1000)
        look(f, now, 123, 45, true);
    assert_slots(f->seen.in_5s, (uint32_t[SNAPSHOT_TRAFFIC]){ 0 });
    assert_slots(f->seen.out_5s, (uint32_t[SNAPSHOT_TRAFFIC]){ 0 });
}

static void
a_peer_that_was_away_has_a_gap_and_a_new_counter(void **state)
{
    struct fixture *f = *state;

    run(f, START + 500, START + 14500, 0);
    for (uint64_t now = START + 15500; now < START + 25000; now += 1000)
        look(f, now, 0, 0, false);
    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 1], GAP);
    run(f, START + 25500, START + 35500, 0);
    assert_slots(f->seen.in_5s, (uint32_t[]){ GAP, GAP, GAP, GAP, GAP, GAP, 500, GAP, GAP, GAP, GAP, 500 });
}

static void
a_counter_that_begins_anew_counts_from_nothing(void **state)
{
    struct fixture *f = *state;

    run(f, START + 500, START + 6500, 5000);
    run(f, START + 7500, START + 10500, 60); /* lower than before: another connection, within a second */
    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 1], 100 + 100 + 60 + 100 + 100);
}

static void
a_node_that_was_stopped_has_gaps_for_that_time(void **state)
{
    struct fixture *f = *state;

    run(f, START + 500, START + 11500, 0);
    run(f, START + 41500, START + 50500, 9000);
    assert_slots(f->seen.in_5s, (uint32_t[]){ GAP, GAP, GAP, 500, GAP, GAP, GAP, GAP, GAP, GAP, GAP, 500 });
    run(f, START + 999500, START + 999500, 9000);
    assert_int_equal(f->seen.in_5s[0], GAP);
}

static void
figures_that_are_too_large_stay_figures(void **state)
{
    struct fixture *f = *state;

    look(f, START + 4500, 0, 0, true);
    look(f, START + 5500, 0, 0, true);
    look(f, START + 7500, UINT64_MAX, UINT64_MAX, true);
    look(f, START + 10000, UINT64_MAX, UINT64_MAX, true);
    assert_int_equal(f->seen.in_5s[SNAPSHOT_TRAFFIC - 1], GAP - 1);
}

static void
more_peers_than_places_lose_the_oldest(void **state)
{
    struct fixture *f = *state;
    struct snapshot *s = snapshot_new();

    for (unsigned turn = 0; turn < 3; turn++) {
        s->mono_ms = START + 1000 * turn;
        s->peer_count = SNAPSHOT_PEERS_MAX;
        for (unsigned i = 0; i < SNAPSHOT_PEERS_MAX; i++) {
            snprintf(s->peers[i].id, sizeof(s->peers[i].id), "peer %u of %u", i, turn);
            s->peers[i].connected = true;
        }
        traffic_fill(&f->traffic, s);
    }
    assert_int_equal(f->traffic.count, TRAFFIC_ROWS_MAX);
    for (size_t i = 0; i < TRAFFIC_ROWS_MAX; i++)
        assert_true(f->traffic.rows[i].noted_ms > START);
    snapshot_unref(s);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_was_before_the_connection_is_a_gap),
        T(a_slot_counts_when_it_is_over),
        T(silence_is_zero_and_no_gap),
        T(a_peer_that_was_away_has_a_gap_and_a_new_counter),
        T(a_counter_that_begins_anew_counts_from_nothing),
        T(a_node_that_was_stopped_has_gaps_for_that_time),
        T(figures_that_are_too_large_stay_figures),
        T(more_peers_than_places_lose_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
