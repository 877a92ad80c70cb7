/* test_swarm.c - several nodes on a virtual network: whom they dial, which connection stays, what strangers can take. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/swarm_world.h"
#include "wire/peer_record.h"

#define T_DEAD 10000
#define REDIAL_MAX 30000

static struct world w;

static int
setup(void **state)
{
    (void)state;
    world_init(&w, 1);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static bool
are_connected(const struct world_node *a, const struct world_node *b)
{
    return world_row(a, b).connected && world_row(b, a).connected;
}

/* Two nodes that know each other, connected by a's dial. */
static void
make_pair(struct world_node **a, struct world_node **b)
{
    *a = world_add(&w, 1, true);
    *b = world_add(&w, 2, true);
    world_introduce(*a, *b);
    world_run(&w, 1000);
    assert_true(are_connected(*a, *b));
    assert_int_equal((*a)->ups, 1);
    assert_int_equal((*b)->ups, 1);
}

/* --- peers ----------------------------------------------------------------------------------------- */

static void
a_known_peer_is_dialed_and_shown(void **state)
{
    struct world_node *a, *b;
    struct swarm_row row;

    (void)state;
    make_pair(&a, &b);
    row = world_row(a, b);
    assert_true(row.outbound && row.configured && !row.live);
    assert_string_equal(row.address, b->address);
    assert_string_equal(row.agent, "lattice/test");
    assert_string_equal(row.why_not, "");
    assert_true(row.has_rtt);
    assert_true(row.rtt_ms >= 20 && row.rtt_ms <= 100);
    assert_true(row.bytes_in > 500 && row.bytes_out > 500);
    row = world_row(b, a);
    assert_false(row.outbound || row.configured);
    assert_string_equal(row.agent, "lattice/test");
    assert_int_equal(world_lines(a, "connected to"), 1);
    assert_int_equal(world_lines(b, "connected to"), 1);
    assert_int_equal(a->identified, 1);
    /* b learned where a listens, and so can dial it. */
    assert_non_null(peers_address_of(peers_find(swarm_peers(b->swarm), &a->identity.peer), a->address));
}

static void
a_peer_that_does_not_answer_says_why_not(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true);

    (void)state;
    b->refuses = true;
    world_introduce(a, b);
    world_run(&w, 500);
    assert_string_equal(world_row(a, b).why_not, "connection refused");
    assert_string_equal(world_row(a, b).address, b->address);
    b->refuses = false;
    b->silent_dials = true;
    world_run(&w, 60000);
    assert_string_equal(world_row(a, b).why_not, "no answer");
    assert_int_equal(world_lines(a, ""), 0); /* single failed dials are for developers */
}

/* --- simultaneous dials ---------------------------------------------------------------------------- */

/* Both dial; b's dial begins `lag` later. Whatever the lag, one connection stays and nobody sees the other go. */
static void
dial_both_ways(uint8_t key_a, uint8_t key_b, uint64_t lag, uint64_t latency_a, uint64_t latency_b)
{
    struct world_node *a, *b, *lower;

    world_init(&w, 1);
    a = world_add(&w, key_a, true);
    b = world_add(&w, key_b, true);
    a->latency_ms = latency_a;
    b->latency_ms = latency_b;
    world_introduce(a, b);
    if (lag == 0)
        world_introduce(b, a);
    w.tick_ms = 0;
    world_run(&w, lag);
    if (lag > 0)
        world_introduce(b, a);
    swarm_tick(b->swarm, w.now_ms);
    world_run(&w, 20000);
    assert_int_equal(world_open_ends(a), 1);
    assert_int_equal(world_open_ends(b), 1);
    assert_true(are_connected(a, b));
    assert_true(world_row(a, b).outbound != world_row(b, a).outbound); /* the same one */
    assert_int_equal(a->downs, 0);
    assert_int_equal(b->downs, 0);
    assert_true(a->ups >= 1 && a->ups <= 2 && b->ups >= 1 && b->ups <= 2);
    if (lag == 0 && latency_a == latency_b) {
        lower = peerid_compare(&a->identity.peer, &b->identity.peer) < 0 ? a : b;
        assert_true(world_row(lower, lower == a ? b : a).outbound);
    }
    world_run(&w, 120000);
    assert_true(world_counts(a).dialed_total <= 1 && world_counts(b).dialed_total <= 1);
    world_fini(&w);
}

static void
of_two_dials_at_once_the_lower_ids_stays(void **state)
{
    (void)state;
    for (uint64_t lag = 0; lag <= 400; lag += 10) {
        dial_both_ways(1, 2, lag, 50, 50);
        dial_both_ways(2, 1, lag, 50, 50);
    }
    for (uint64_t lag = 0; lag <= 600; lag += 30) {
        dial_both_ways(1, 2, lag, 20, 150);
        dial_both_ways(1, 2, lag, 150, 20);
    }
}

static void
a_restarted_peer_takes_the_place_of_its_former_self(void **state)
{
    struct world_node *a, *b;

    (void)state;
    for (int way = 0; way < 2; way++) {
        world_init(&w, 1);
        make_pair(&a, &b);
        world_run(&w, 7000);
        world_restart(way ? a : b, true); /* the power went: nobody was told */
        world_introduce(way ? a : b, way ? b : a);
        world_run(&w, 3000);
        assert_true(are_connected(a, b));
        assert_int_equal((way ? b : a)->downs, 0);
        assert_int_equal((way ? b : a)->ups, 2); /* told again, with the new connection */
        world_run(&w, 20000);
        assert_int_equal(world_open_ends(a), 1);
        assert_int_equal(world_open_ends(b), 1);
        assert_int_equal((way ? b : a)->downs, 0);
        world_fini(&w);
    }
    world_init(&w, 1);
}

static void
a_node_does_not_stay_connected_to_itself(void **state)
{
    struct world_node *a = world_add(&w, 1, true);
    struct multiaddr address;
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(multiaddr_parse(a->full, &address), LAT_OK);
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_CONFLICT);
    assert_int_equal(multiaddr_parse(a->address, &address), LAT_OK);
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_OK);
    world_run(&w, 2000);
    assert_int_equal(a->ups, 0);
    assert_int_equal(a->failed, 1);
    assert_int_equal(world_open_ends(a), 0);
    assert_int_equal(world_counts(a).known, 0);
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
a_silent_peer_is_gone_after_the_dead_time(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    world_run(&w, 30000);
    assert_int_equal(a->downs, 0); /* quiet, but answers pings */
    world_black_hole(&w);
    world_run(&w, T_DEAD - 3000 - 200);
    assert_int_equal(a->downs, 0);
    world_run(&w, 3000 + 400);
    assert_int_equal(a->downs, 1);
    assert_int_equal(b->downs, 1);
    assert_int_equal(a->last_reason, SWARM_SILENT);
    assert_int_equal(world_lines(a, "reason=silent"), 1);
}

static void
our_own_stall_loses_no_peer(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    for (int i = 0; i < 3; i++) {
        a->stopped = b->stopped = true;
        world_run(&w, 30000);
        a->stopped = b->stopped = false;
        swarm_stall(a->swarm, 29900, w.now_ms);
        swarm_stall(b->swarm, 29900, w.now_ms);
        world_run(&w, 5000);
    }
    assert_int_equal(a->downs + b->downs, 0);
    assert_int_equal(world_lines(a, "stood still"), 2); /* in 105 s: once a minute */
    world_black_hole(&w);
    world_run(&w, T_DEAD + 300);
    assert_int_equal(a->downs, 1); /* and the deadlines hold as before */
}

static void
without_the_stall_being_told_the_peers_would_be_lost(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    a->stopped = b->stopped = true;
    world_run(&w, 30000);
    a->stopped = b->stopped = false;
    swarm_tick(a->swarm, w.now_ms);
    assert_int_equal(a->downs, 1);
}

static void
after_sleep_a_peer_must_answer_soon(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    swarm_resume(a->swarm, w.now_ms);
    world_run(&w, 8000);
    assert_int_equal(a->downs, 0);
    world_black_hole(&w);
    swarm_resume(a->swarm, w.now_ms);
    world_run(&w, 2 * 3000 + 200);
    assert_int_equal(a->downs, 1);
}

static void
new_times_hold_for_present_connections_and_a_shorter_deadline_leaves_time_for_a_ping(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    swarm_set_times(a->swarm, 20000, 60000, w.now_ms); /* longer */
    swarm_set_times(b->swarm, 20000, 60000, w.now_ms);
    world_run(&w, 19000);
    swarm_set_times(a->swarm, 500, 2000, w.now_ms); /* 19 s of silence are far over the new T_DEAD */
    world_run(&w, 5000);
    assert_int_equal(a->downs, 0);
    swarm_set_times(a->swarm, 20000, 60000, w.now_ms);
    world_black_hole(&w);
    world_run(&w, 30000);
    assert_int_equal(a->downs, 0);
    swarm_set_times(a->swarm, 500, 2000, w.now_ms);
    world_run(&w, 900);
    assert_int_equal(a->downs, 0);
    world_run(&w, 300);
    assert_int_equal(a->downs, 1);
    assert_int_equal(a->last_reason, SWARM_SILENT);
}

static void
a_changed_network_is_dialed_over_at_once(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true);
    size_t before;

    (void)state;
    b->refuses = true;
    world_introduce(a, b);
    world_run(&w, 300000);
    before = a->dialed;
    world_run(&w, 10);
    if (a->dialed > before)
        before = a->dialed;
    b->refuses = false;
    swarm_netchange(a->swarm, w.now_ms);
    assert_int_equal(a->dialed, before + 1);
    world_run(&w, 200);
    assert_true(are_connected(a, b));
    /* A dial that hangs on the old network is begun anew. */
    b->silent_dials = true;
    a->refuses = true;
    world_black_hole(&w);
    world_run(&w, T_DEAD + 3000);
    assert_int_equal(world_counts(a).dialing, 1);
    b->silent_dials = false;
    swarm_netchange(a->swarm, w.now_ms);
    world_run(&w, 200);
    assert_true(are_connected(a, b));
}

static void
redialling_never_ends(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true);
    uint64_t gap = 0;

    (void)state;
    b->refuses = true;
    world_introduce(a, b);
    world_run(&w, 6 * 3600 * 1000);
    assert_true(a->dialed > 6 * 3600 / 30);
    assert_true(a->dialed < 6 * 3600 / 5);
    for (size_t i = 1; i < a->dialed && i < 4096; i++)
        gap = a->dial_ms[i] - a->dial_ms[i - 1] > gap ? a->dial_ms[i] - a->dial_ms[i - 1] : gap;
    assert_true(gap <= REDIAL_MAX + 200);
    b->refuses = false;
    world_run(&w, REDIAL_MAX + 1000);
    assert_true(are_connected(a, b));
}

static void
after_an_end_the_peer_is_dialed_again(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    world_run(&w, 60000);
    world_restart(b, false);
    world_run(&w, 2000);
    assert_int_equal(a->downs, 1);
    assert_int_equal(a->last_reason, SWARM_CLOSED);
    assert_true(are_connected(a, b));
    assert_int_equal(a->ups, 2);
}

/* --- strangers ------------------------------------------------------------------------------------- */

static void
strangers_hold_at_most_so_many_connections_and_not_for_long(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true);
    char address[64];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof(address), "/ip4/203.0.113.%d/tcp/%d", i % 250, 1000 + i);
        (void)world_stranger(&w, a, address);
        assert_true(world_counts(a).half_open <= SWARM_HALF_OPEN_MAX);
        assert_true(world_open_ends(a) <= SWARM_HALF_OPEN_MAX);
    }
    /* One who can prove who he is comes in all the same. */
    world_introduce(b, a);
    world_run(&w, 1000);
    assert_true(are_connected(a, b));
    world_run(&w, CONN_HANDSHAKE_MS);
    assert_int_equal(world_counts(a).half_open, 0);
    assert_int_equal(world_open_ends(a), 1);
    assert_true(a->line_count < 100);
}

static void
the_busiest_stranger_makes_room(void **state)
{
    struct world_node *a = world_add(&w, 1, true);
    struct world_end *lone, *busy[SWARM_HALF_OPEN_MAX];
    char address[64];

    (void)state;
    lone = world_stranger(&w, a, "/ip4/198.51.100.1/tcp/1");
    for (int i = 0; i < SWARM_HALF_OPEN_MAX; i++) {
        snprintf(address, sizeof(address), "/ip4/203.0.113.%d/tcp/%d", i / 15, 1000 + i);
        busy[i] = world_stranger(&w, a, address);
        assert_non_null(busy[i]);
    }
    assert_int_equal(world_counts(a).half_open, SWARM_HALF_OPEN_MAX);
    assert_non_null(lone->other->link);
    assert_null(busy[0]->other->link); /* the oldest of those with fifteen */
    assert_non_null(busy[1]->other->link);
}

static void
one_address_has_a_share(void **state)
{
    struct world_node *a = world_add(&w, 1, true);
    char address[64];
    int let_in = 0;

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(address, sizeof(address), "/ip4/203.0.113.7/tcp/%d", 1000 + i);
        let_in += world_stranger(&w, a, address) != NULL;
    }
    assert_int_equal(let_in, SWARM_PER_ADDRESS_MAX);
    for (int i = 0; i < 40; i++) {
        snprintf(address, sizeof(address), "/ip6/2001:db8:1:2::%x/tcp/1", i + 1);
        let_in += world_stranger(&w, a, address) != NULL;
    }
    assert_int_equal(let_in, 2 * SWARM_PER_ADDRESS_MAX); /* a /64 is one address */
    for (int i = 0; i < 20; i++) {
        snprintf(address, sizeof(address), "/ip4/127.0.0.1/tcp/%d", 1000 + i);
        let_in += world_stranger(&w, a, address) != NULL;
    }
    assert_int_equal(let_in, 2 * SWARM_PER_ADDRESS_MAX + 20);
    assert_int_equal(world_counts(a).refused_total, 24 + 24);
    assert_int_equal(world_lines(a, "not let in"), 2); /* one line each */
}

static void
a_port_scanner_leaves_one_line(void **state)
{
    struct world_node *a = world_add(&w, 1, true);

    (void)state;
    for (int i = 0; i < 100; i++) {
        world_leave(world_stranger(&w, a, "/ip4/203.0.113.7/tcp/1000"));
        world_run(&w, 100);
    }
    assert_int_equal(a->line_count, 1);
    assert_int_equal(world_open_ends(a), 0);
    assert_int_equal(world_counts(a).half_open, 0);
    assert_int_equal(world_counts(a).known, 0);
    world_run(&w, 60000);
    world_leave(world_stranger(&w, a, "/ip4/203.0.113.7/tcp/1000"));
    world_run(&w, 100);
    assert_int_equal(world_lines(a, "suppressed=99"), 1);
}

static void
one_who_stops_anywhere_in_the_handshake_leaves_one_line(void **state)
{
    static const char hello[] = "\x13/multistream/1.0.0\n\x07/noise\n\x00\x20" "12345678901234567890123456789012";
    struct world_node *a = world_add(&w, 1, true);
    char address[64];
    size_t lines = 0;

    (void)state;
    for (size_t cut = 0; cut < sizeof(hello); cut += 3) {
        struct world_end *stranger;

        snprintf(address, sizeof(address), "/ip4/203.0.113.%zu/tcp/1000", cut);
        stranger = world_stranger(&w, a, address);
        world_say(stranger, hello, cut);
        world_run(&w, CONN_HANDSHAKE_MS - 200);
        assert_int_equal(world_counts(a).half_open, 1);
        assert_int_equal(a->line_count, lines);
        world_run(&w, 400);
        assert_int_equal(world_counts(a).half_open, 0);
        assert_int_equal(a->line_count, ++lines);
        assert_null(stranger->other->link);
        assert_true(stranger->other->ended);
        world_run(&w, 50000); /* so that the limit of lines in all is not met */
    }
    assert_int_equal(world_counts(a).known, 0);
}

static void
garbage_ends_the_connection_at_once(void **state)
{
    struct world_node *a = world_add(&w, 1, true);
    uint8_t garbage[20000];
    uint64_t from = 5;

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct world_end *stranger = world_stranger(&w, a, "/ip4/203.0.113.7/tcp/1000");

        random_fill(&from, garbage, sizeof(garbage));
        garbage[0] = (uint8_t)(i * 5);
        world_say(stranger, garbage, 1 + random_below(&from, sizeof(garbage)));
        world_run(&w, 20);
        world_leave(stranger);
        world_run(&w, 20);
        assert_int_equal(world_open_ends(a), 0);
    }
    assert_int_equal(a->line_count, 1);
}

static void
a_wrong_peer_id_is_one_warning_however_often_it_is_dialed(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true), *c = world_add(&w, 3, true);

    (void)state;
    snprintf(c->address, sizeof(c->address), "/ip4/127.0.0.1/tcp/7"); /* c is not to be found where its address leads */
    memcpy(c->full, b->address, strlen(b->address));
    world_introduce(a, c);
    world_run(&w, 3600000);
    assert_true(a->dialed > 100);
    assert_int_equal(a->ups, 0);
    assert_int_equal(a->line_count, 1);
    assert_true(strstr(a->lines[0], b->address) != NULL);
    assert_true(world_row(a, c).why_not[0] != '\0');
    assert_int_equal(world_open_ends(a) + world_open_ends(b), 0);
    assert_true(b->line_count <= 70); /* it sees one line a minute of the address that dials it */
}

/* --- wishes ---------------------------------------------------------------------------------------- */

static void
a_dial_that_was_asked_for_is_made_once(void **state)
{
    struct world_node *a = world_add(&w, 1, false), *b = world_add(&w, 2, false);
    struct multiaddr address;
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(multiaddr_parse("/ip4/127.0.0.1/udp/1", &address), LAT_OK);
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_MALFORMED);
    assert_int_equal(multiaddr_parse(b->full, &address), LAT_OK);
    b->refuses = true;
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_OK);
    world_run(&w, 60000);
    assert_int_equal(a->failed, 1);
    assert_int_equal(a->dialed, 1);
    b->refuses = false;
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_OK);
    world_run(&w, 1000);
    assert_true(are_connected(a, b));
    assert_int_equal(swarm_dial(a->swarm, &address, w.now_ms, &why), LAT_CONFLICT);
    assert_true(swarm_hangup(a->swarm, &b->identity.peer, w.now_ms));
    world_run(&w, 60000);
    assert_false(swarm_hangup(a->swarm, &b->identity.peer, w.now_ms));
    assert_int_equal(world_open_ends(a) + world_open_ends(b), 0);
    assert_int_equal(a->dialed, 2);
    assert_int_equal(a->downs, 1);
    assert_int_equal(b->downs, 1);
    assert_int_equal(b->last_reason, SWARM_CLOSED);
}

static void
live_peers_are_counted_while_they_are_connected(void **state)
{
    struct world_node *a, *b;

    (void)state;
    make_pair(&a, &b);
    swarm_note_live(a->swarm, &b->identity.peer, true, w.now_ms);
    assert_int_equal(world_counts(a).live, 1);
    assert_true(world_row(a, b).live);
    a->refuses = b->refuses = true;
    world_black_hole(&w);
    world_run(&w, T_DEAD + 200);
    assert_int_equal(world_counts(a).live, 0);
    swarm_note_live(a->swarm, &b->identity.peer, true, w.now_ms); /* too late: it is gone */
    assert_int_equal(world_counts(a).live, 0);
}

static void
what_peers_say_of_themselves_is_told_anew_when_it_changes(void **state)
{
    struct world_node *a, *b;
    struct multiaddr now[2];

    (void)state;
    make_pair(&a, &b);
    assert_int_equal(multiaddr_parse(b->address, &now[0]), LAT_OK);
    swarm_set_listen(b->swarm, now, 1, 5000000, w.now_ms);
    world_run(&w, 500);
    assert_int_equal(a->identified, 1); /* the same */
    assert_int_equal(multiaddr_parse("/ip4/192.0.2.1/tcp/9", &now[1]), LAT_OK);
    swarm_set_listen(b->swarm, now, 2, 5000000, w.now_ms);
    world_run(&w, 500);
    assert_int_equal(a->identified, 2);
    assert_non_null(peers_address_of(peers_find(swarm_peers(a->swarm), &b->identity.peer), "/ip4/192.0.2.1/tcp/9"));
}

static void
a_crowd_fills_up_to_the_limit_and_dials_still_have_room(void **state)
{
    struct world_node *a = world_add(&w, 1, true);
    char address[64];

    (void)state;
    /* Half-open ones make room for each other, so fill with dials that hang and strangers. */
    for (int i = 0; i < SWARM_CONNECTIONS_MAX; i++) {
        struct multiaddr to;
        struct lat_msg why;

        snprintf(address, sizeof(address), "/ip4/192.0.2.1/tcp/%d", 1 + i);
        assert_int_equal(multiaddr_parse(address, &to), LAT_OK);
        assert_int_equal(swarm_dial(a->swarm, &to, w.now_ms, &why), LAT_OK);
        if (i == SWARM_CONNECTIONS_MAX - SWARM_OUTBOUND_RESERVED - 1)
            assert_null(world_stranger(&w, a, "/ip4/198.51.100.1/tcp/1"));
    }
    assert_int_equal(world_counts(a).dialing, SWARM_CONNECTIONS_MAX);
    {
        struct multiaddr to;
        struct lat_msg why;

        assert_int_equal(multiaddr_parse("/ip4/192.0.2.2/tcp/1", &to), LAT_OK);
        assert_int_equal(swarm_dial(a->swarm, &to, w.now_ms, &why), LAT_LIMIT);
    }
}

static size_t
seal(const struct world_node *node, const char *address, uint8_t out[1024])
{
    struct multiaddr parsed;
    struct multiaddr_ref ref;
    struct lat_buf sealed;
    size_t len;

    assert_int_equal(multiaddr_parse(address, &parsed), LAT_OK);
    ref = (struct multiaddr_ref){ parsed.bytes, parsed.len };
    lat_buf_init(&sealed, 1024);
    assert_int_equal(peer_record_seal(node->key, 1, &ref, 1, &sealed), LAT_OK);
    len = sealed.len;
    memcpy(out, sealed.data, len);
    lat_buf_fini(&sealed);
    return len;
}

static void
a_peer_that_another_one_names_by_a_signed_record_is_dialed(void **state)
{
    struct world_node *a = world_add(&w, 1, true), *b = world_add(&w, 2, true), *c = world_add(&w, 3, true);
    uint8_t record[1024];
    size_t len = seal(c, c->address, record);
    const struct conn *by;

    (void)state;
    world_introduce(a, b);
    world_run(&w, 1000);
    by = swarm_conn(a->swarm, &b->identity.peer);
    assert_non_null(by);
    assert_int_equal(swarm_suggest(by, &b->identity.peer, record, len), LAT_AUTH); /* another one's */
    assert_int_equal(swarm_suggest(by, &c->identity.peer, record, len - 1), LAT_MALFORMED);
    assert_int_equal(swarm_suggest(by, &c->identity.peer, record, len), LAT_OK);
    assert_int_equal(peers_find(swarm_peers(a->swarm), &c->identity.peer)->addresses[0]->source, PEERS_EXCHANGED);
    world_run(&w, 1000);
    assert_int_equal(world_counts(a).peers, 2);
    record[len - 1] ^= 1;
    assert_int_equal(swarm_suggest(by, &c->identity.peer, record, len), LAT_AUTH);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_known_peer_is_dialed_and_shown),
        T(a_peer_that_does_not_answer_says_why_not),
        cmocka_unit_test(of_two_dials_at_once_the_lower_ids_stays),
        cmocka_unit_test(a_restarted_peer_takes_the_place_of_its_former_self),
        T(a_node_does_not_stay_connected_to_itself),
        T(a_silent_peer_is_gone_after_the_dead_time),
        T(our_own_stall_loses_no_peer),
        T(without_the_stall_being_told_the_peers_would_be_lost),
        T(after_sleep_a_peer_must_answer_soon),
        T(new_times_hold_for_present_connections_and_a_shorter_deadline_leaves_time_for_a_ping),
        T(a_changed_network_is_dialed_over_at_once),
        T(redialling_never_ends),
        T(after_an_end_the_peer_is_dialed_again),
        T(strangers_hold_at_most_so_many_connections_and_not_for_long),
        T(the_busiest_stranger_makes_room),
        T(one_address_has_a_share),
        T(a_port_scanner_leaves_one_line),
        T(one_who_stops_anywhere_in_the_handshake_leaves_one_line),
        T(garbage_ends_the_connection_at_once),
        T(a_wrong_peer_id_is_one_warning_however_often_it_is_dialed),
        T(a_dial_that_was_asked_for_is_made_once),
        T(live_peers_are_counted_while_they_are_connected),
        T(a_peer_that_another_one_names_by_a_signed_record_is_dialed),
        T(what_peers_say_of_themselves_is_told_anew_when_it_changes),
        T(a_crowd_fills_up_to_the_limit_and_dials_still_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
