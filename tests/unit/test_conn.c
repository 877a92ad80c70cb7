/* test_conn.c - two connections back to back over a pipe that cuts, delays and loses: the whole stack, without sockets or clocks. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/conn.h"
#include "p2p/identify.h"
#include "p2p/perf.h"
#include "p2p/ping.h"
#include "support/conn_pair.h"
#include "support/random.h"

/* One side of a connection. */
struct side {
    struct identify identify;
    bool refuse_up, ask_on_up, ping_on_up;
    size_t ups, pongs, told;
    uint64_t rtt;
    struct identify_info info;
    size_t protocols_said;
    bool perf_ok;
    uint64_t perf_up, perf_down, perf_runs;
};

static const struct protocol *const protocols[] = { &identify_protocol, &identify_push_protocol, &ping_protocol,
                                                    &perf_protocol, NULL };

static bool
on_up(void *arg, struct conn *conn)
{
    struct side *side = arg;
    struct conn_stream *stream;

    side->ups++;
    if (side->ask_on_up)
        assert_int_equal(identify_ask(conn), LAT_OK);
    if (side->ping_on_up)
        assert_int_equal(ping_open(conn, NULL, NULL, &stream), LAT_OK);
    return !side->refuse_up;
}

static void
on_pong(void *arg, struct conn *conn, uint64_t rtt_ms)
{
    struct side *side = arg;

    (void)conn;
    side->pongs++;
    side->rtt = rtt_ms;
}

static const struct conn_ops ops = { .up = on_up, .pong = on_pong };

static void
on_told(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct side *side = arg;

    (void)conn;
    side->told++;
    side->info = *info;
    side->protocols_said = info->protocol_count;
}

static bool
address_of(void *arg, const struct conn *conn, struct multiaddr *out)
{
    (void)arg;
    (void)conn;
    return multiaddr_parse("/ip4/127.0.0.1/tcp/50000", out) == LAT_OK;
}

struct pair {
    struct conn_pair wire; /* a dials */
    struct side a, b;
};

static void
side_init(struct side *side, struct conn_end *end, uint8_t seed_byte, bool dialer)
{
    *side = (struct side){ 0 };
    conn_end_init(end, seed_byte, dialer, protocols);
    side->identify = (struct identify){ .identity = &end->identity, .agent = "lattice/test", .version = "lattice/1.0.0",
                                        .addr_count = 1, .record_seq = 7, .told = on_told, .address_of = address_of,
                                        .arg = side };
    assert_int_equal(multiaddr_parse("/ip4/127.0.0.1/tcp/4001", &side->identify.addrs[0]), LAT_OK);
    end->config.identify = &side->identify;
    end->config.ops = &ops;
    end->config.arg = side;
}

static void
both_init(struct pair *p)
{
    side_init(&p->a, &p->wire.a, 1, true);
    side_init(&p->b, &p->wire.b, 2, false);
}

/* Two others, who have not begun. */
static void
renew(struct pair *p)
{
    conn_pair_fini(&p->wire);
    both_init(p);
}

static int
setup(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));

    p->wire = (struct conn_pair){ .now_ms = 100000, .seed = 1, .piece_max = 1u << 20 };
    both_init(p);
    p->wire.a.check.dialed = &p->wire.b.identity.peer;
    *state = p;
    return 0;
}

static int
teardown(void **state)
{
    struct pair *p = *state;

    conn_pair_fini(&p->wire);
    free(p);
    return 0;
}

static void
begin(struct pair *p)
{
    conn_end_start(&p->wire.a, p->wire.now_ms);
    conn_end_start(&p->wire.b, p->wire.now_ms);
}

static void
settle(struct pair *p)
{
    conn_pair_settle(&p->wire);
}

/* --- opening ------------------------------------------------------------------------------------------- */

static void
both_sides_know_each_other_when_it_is_open(void **state)
{
    struct pair *p = *state;

    begin(p);
    settle(p);
    assert_int_equal(conn_phase(p->wire.a.conn), CONN_OPEN);
    assert_int_equal(conn_phase(p->wire.b.conn), CONN_OPEN);
    assert_int_equal(peerid_compare(conn_remote_id(p->wire.a.conn), &p->wire.b.identity.peer), 0);
    assert_int_equal(peerid_compare(conn_remote_id(p->wire.b.conn), &p->wire.a.identity.peer), 0);
    assert_int_equal(p->a.ups + p->b.ups, 2);
}

static void
the_first_pong_takes_two_round_trips(void **state)
{
    struct pair *p = *state;

    p->a.ping_on_up = p->a.ask_on_up = true;
    begin(p);
    while (p->a.pongs == 0 && conn_pair_carry(&p->wire, &p->wire.a, &p->wire.b))
        (void)conn_pair_carry(&p->wire, &p->wire.b, &p->wire.a);
    assert_int_equal(p->a.pongs, 1);
    assert_int_equal(p->wire.a.flights, 2);
    assert_int_equal(p->wire.b.flights, 2);
    assert_int_equal(p->a.told, 1); /* identify came with it */
}

static void
it_opens_however_the_pipe_cuts_with_and_without_early_muxers(void **state)
{
    struct pair *p = *state;

    for (unsigned mode = 0; mode < 4; mode++) {
        for (size_t piece = 1; piece <= 200; piece = piece * 2 + 1) {
            renew(p);
            p->wire.a.config.early_muxer = (mode & 1) != 0;
            p->wire.b.config.early_muxer = (mode & 2) != 0;
            p->a.ping_on_up = p->b.ping_on_up = p->a.ask_on_up = p->b.ask_on_up = true;
            p->wire.piece_max = piece;
            begin(p);
            settle(p);
            assert_int_equal(p->wire.a.err, LAT_OK);
            assert_int_equal(p->wire.b.err, LAT_OK);
            assert_int_equal(p->a.pongs, 1);
            assert_int_equal(p->b.pongs, 1);
            assert_int_equal(p->a.told, 1);
            assert_int_equal(p->b.told, 1);
        }
    }
}

static void
another_peer_than_the_one_dialed_is_refused_before_anything_is_used(void **state)
{
    struct pair *p = *state;

    p->wire.a.check.dialed = &p->wire.a.identity.peer;
    begin(p);
    settle(p);
    assert_int_equal(p->wire.a.err, LAT_AUTH);
    assert_int_equal(p->a.ups, 0);
    assert_int_equal(p->b.ups, 0);
    assert_int_not_equal(p->wire.a.why.text[0], '\0');
}

static void
any_changed_byte_of_the_handshake_ends_it(void **state)
{
    struct pair *p = *state;
    size_t opened = 0, cases = 0;

    for (size_t at = 0; at < 700; at += 3) {
        renew(p);
        p->a.ping_on_up = true;
        begin(p);
        for (size_t passed = 0, turn = 0; turn < 6; turn++) {
            struct conn_end *from = turn % 2 == 0 ? &p->wire.a : &p->wire.b, *to = turn % 2 == 0 ? &p->wire.b : &p->wire.a;

            conn_end_speak(from, p->wire.now_ms);
            if (at >= passed && at < passed + from->wire.len)
                from->wire.data[at - passed] ^= 0x10;
            passed += from->wire.len;
            if (!to->err)
                to->err = conn_input(to->conn, from->wire.data, from->wire.len, p->wire.now_ms, &to->why);
            lat_buf_clear(&from->wire);
        }
        cases++;
        opened += p->a.pongs > 0 && !p->wire.a.err && !p->wire.b.err;
    }
    /* What lies behind the last byte that was sent changes nothing; everything else does. */
    assert_in_range(cases - opened, 150, cases);
}

static void
a_connection_that_is_not_wanted_is_told_so(void **state)
{
    struct pair *p = *state;

    p->b.refuse_up = true;
    begin(p);
    settle(p);
    assert_int_equal(p->wire.b.err, LAT_LIMIT);
    assert_int_equal(p->wire.a.err, LAT_CLOSED);
}

static void
a_peer_that_stops_in_the_handshake_is_given_up_after_ten_seconds(void **state)
{
    struct pair *p = *state;

    begin(p);
    (void)conn_pair_carry(&p->wire, &p->wire.a, &p->wire.b);
    p->wire.now_ms += CONN_HANDSHAKE_MS - 1;
    assert_int_equal(conn_tick(p->wire.b.conn, p->wire.now_ms, &p->wire.b.why), LAT_OK);
    p->wire.now_ms += 1;
    assert_int_equal(conn_tick(p->wire.b.conn, p->wire.now_ms, &p->wire.b.why), LAT_TIMEOUT);
    assert_non_null(strstr(p->wire.b.why.text, "handshake"));
}

static void
garbage_ends_it_at_once(void **state)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
    struct pair *p = *state;
    uint8_t noise[5000];

    begin(p);
    assert_int_equal(conn_input(p->wire.b.conn, (const uint8_t *)http, sizeof(http) - 1, p->wire.now_ms, &p->wire.b.why), LAT_MALFORMED);
    assert_int_not_equal(p->wire.b.why.text[0], '\0');
    random_fill(&p->wire.seed, noise, sizeof(noise));
    assert_int_not_equal(conn_input(p->wire.a.conn, noise, sizeof(noise), p->wire.now_ms, &p->wire.a.why), LAT_OK);
}

/* --- liveness ------------------------------------------------------------------------------------------ */

static void
silence_is_answered_by_a_ping_and_then_by_the_end(void **state)
{
    struct pair *p = *state;
    struct conn_stats stats;

    begin(p);
    settle(p);
    for (int i = 0; i < 100; i++) { /* pings are answered: nobody dies */
        p->wire.now_ms += 1000;
        assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_OK);
        assert_int_equal(conn_tick(p->wire.b.conn, p->wire.now_ms, &p->wire.b.why), LAT_OK);
        settle(p);
    }
    assert_in_range(p->a.pongs, 20, 60);
    conn_stats(p->wire.a.conn, &stats);
    p->wire.now_ms = stats.last_in_ms + 9999; /* a cut: nothing arrives any more */
    assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_OK);
    p->wire.now_ms += 1;
    assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_TIMEOUT);
    assert_non_null(strstr(p->wire.a.why.text, "silent"));
}

static void
our_own_stall_kills_nobody_and_a_probe_does_after_its_time(void **state)
{
    struct pair *p = *state;

    begin(p);
    settle(p);
    p->wire.now_ms += 30000;
    conn_grace(p->wire.a.conn, 30000);
    assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_OK);
    conn_probe(p->wire.a.conn, 6000, p->wire.now_ms);
    settle(p); /* answered */
    p->wire.now_ms += 7000;
    assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_OK);
    conn_probe(p->wire.a.conn, 6000, p->wire.now_ms);
    p->wire.now_ms += 6000;
    assert_int_equal(conn_tick(p->wire.a.conn, p->wire.now_ms, &p->wire.a.why), LAT_TIMEOUT);
}

/* --- protocols ----------------------------------------------------------------------------------------- */

static void
identify_tells_who_the_other_side_is(void **state)
{
    struct pair *p = *state;

    p->a.ask_on_up = true;
    begin(p);
    settle(p);
    assert_int_equal(p->a.told, 1);
    assert_string_equal(p->a.info.agent, "lattice/test");
    assert_true(p->a.info.signed_record);
    assert_int_equal(p->a.info.addr_count, 1);
    assert_int_equal(p->a.protocols_said, 4);
    assert_false(p->a.info.pushed);
    assert_int_equal(identify_push(p->wire.b.conn), LAT_OK);
    settle(p);
    assert_int_equal(p->a.told, 2);
    assert_true(p->a.info.pushed);
}

static void
on_perf(void *arg, bool ok, uint64_t up, uint64_t down)
{
    struct side *side = arg;

    side->perf_ok = ok;
    side->perf_up += up;
    side->perf_down += down;
    side->perf_runs++;
}

static void
perf_carries_every_byte_both_ways(void **state)
{
    struct pair *p = *state;

    begin(p);
    settle(p);
    p->wire.piece_max = 200000;
    assert_int_equal(perf_open(p->wire.a.conn, 5000000, 3000000, on_perf, &p->a), LAT_OK);
    settle(p);
    assert_true(p->a.perf_ok);
    assert_int_equal(p->a.perf_up, 5000000);
    assert_int_equal(p->a.perf_down, 3000000);
}

static void
a_protocol_that_is_not_spoken_is_refused_and_nothing_else_suffers(void **state)
{
    static const struct protocol *const less[] = { &ping_protocol, NULL };
    struct pair *p = *state;

    p->wire.b.config.protocols = less;
    begin(p);
    settle(p);
    assert_int_equal(perf_open(p->wire.a.conn, 10, 10, on_perf, &p->a), LAT_OK);
    settle(p);
    assert_int_equal(p->a.perf_runs, 1);
    assert_false(p->a.perf_ok);
    assert_int_equal(p->wire.a.err, LAT_OK);
}

static void
ten_thousand_streams_leave_nothing_behind(void **state)
{
    struct pair *p = *state;
    struct conn_stats stats;

    begin(p);
    settle(p);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(perf_open(p->wire.a.conn, 1, 1, on_perf, &p->a), LAT_OK);
        if (i % 4 == 3)
            settle(p);
    }
    assert_int_equal(p->a.perf_runs, 10000);
    assert_int_equal(p->a.perf_down, 10000);
    conn_stats(p->wire.a.conn, &stats);
    assert_int_equal(stats.streams, 0);
    conn_stats(p->wire.b.conn, &stats);
    assert_int_equal(stats.streams, 0);
}

static void
goodbye_lets_what_runs_come_to_its_end(void **state)
{
    struct pair *p = *state;
    struct conn_stream *stream;

    begin(p);
    settle(p);
    conn_goaway(p->wire.b.conn);
    settle(p);
    assert_int_equal(p->wire.a.err, LAT_CLOSED); /* nothing ran */
    assert_int_equal(conn_open_stream(p->wire.a.conn, &ping_protocol, NULL, &stream), LAT_CLOSED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(both_sides_know_each_other_when_it_is_open),
        TEST(the_first_pong_takes_two_round_trips),
        TEST(it_opens_however_the_pipe_cuts_with_and_without_early_muxers),
        TEST(another_peer_than_the_one_dialed_is_refused_before_anything_is_used),
        TEST(any_changed_byte_of_the_handshake_ends_it),
        TEST(a_connection_that_is_not_wanted_is_told_so),
        TEST(a_peer_that_stops_in_the_handshake_is_given_up_after_ten_seconds),
        TEST(garbage_ends_it_at_once),
        TEST(silence_is_answered_by_a_ping_and_then_by_the_end),
        TEST(our_own_stall_kills_nobody_and_a_probe_does_after_its_time),
        TEST(identify_tells_who_the_other_side_is),
        TEST(perf_carries_every_byte_both_ways),
        TEST(a_protocol_that_is_not_spoken_is_refused_and_nothing_else_suffers),
        TEST(ten_thousand_streams_leave_nothing_behind),
        TEST(goodbye_lets_what_runs_come_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
