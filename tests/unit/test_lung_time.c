/*
 * The bounds of STATE-MACHINE section 7 that the machine and the HTTP schedule decide, on a made-up clock: a
 * world with peers, one HTTP source that answers or not after a while, and a loop that turns every 100 ms.
 */
#include "config.h"

#include "node/lung.h"
#include "node/lung_http.h"
#include "node/lung_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TURN_MS 100

struct sim {
    struct lung l;
    struct lung_http http;
    struct lung_constants k;
    uint64_t now;
    bool source_up;
    uint64_t answer_ms;   /* an answer takes so long, a failure too */
    uint32_t random;
    bool retried;         /* LUNG_DO_P2P_RETRY was asked for since this was last cleared */
    uint64_t uncarried_ms; /* time in which no lung carried */
};

static uint32_t
draw(struct sim *s)
{
    s->random = s->random * 1664525u + 1013904223u;
    return s->random;
}

static void
follow(struct sim *s, struct lung_step step)
{
    if (step.actions & LUNG_DO_P2P_RETRY)
        s->retried = true;
    lung_http_follow(&s->http, &s->k, &step, s->now, draw(s));
}

static void
tell_round(struct sim *s)
{
    follow(s, lung_round(&s->l, lung_http_is_usable(&s->http), lung_http_why(&s->http), s->now));
}

static void
turn(struct sim *s)
{
    if (s->http.running && s->now - s->http.begun_ms >= s->answer_ms) {
        if (s->source_up)
            lung_http_success(&s->http, s->now);
        lung_http_end(&s->http, &s->k, s->now, draw(s));
        tell_round(s);
    }
    if (lung_http_tick(&s->http, &s->k, s->now))
        tell_round(s);
    follow(s, lung_tick(&s->l, s->now));
    if (lung_http_is_due(&s->http, s->now))
        lung_http_begin(&s->http, s->now);
}

static void
run(struct sim *s, uint64_t ms)
{
    for (uint64_t until = s->now + ms; s->now < until;) {
        s->now += TURN_MS;
        turn(s);
        if (lung_sync_mode(s->l.state) == SYNC_NONE)
            s->uncarried_ms += TURN_MS;
    }
}

/* Turn until this state is reached; how long it took. Fails after limit_ms. */
static uint64_t
run_to(struct sim *s, enum lung_state state, uint64_t limit_ms)
{
    uint64_t from = s->now;

    while (s->l.state != state) {
        if (s->now - from >= limit_ms)
            fail_msg("%s and not %s after %u ms", lung_state_name(s->l.state), lung_state_name(state),
                     (unsigned)limit_ms);
        run(s, TURN_MS);
    }
    return s->now - from;
}

static void
set_peers(struct sim *s, uint32_t live)
{
    struct lung_peers peers = { .live = live, .connected = live, .known = 2 };

    follow(s, lung_set_peers(&s->l, &peers, LUNG_BY_LAST_PEER_RESET, s->now));
}

static void
command(struct sim *s, enum lung_event_kind kind, uint64_t for_ms)
{
    struct lung_event event = { .kind = kind, .for_ms = for_ms };

    follow(s, lung_event(&s->l, &event, s->now));
}

static void
open_sim(struct sim *s, enum lung_policy policy, bool p2p_enabled, const struct lung_constants *k)
{
    bool source_up = s->source_up;
    uint64_t answer_ms = s->answer_ms;

    *s = (struct sim){ .k = *k, .now = 5000, .source_up = source_up, .answer_ms = answer_ms, .random = 1 };
    lung_http_init(&s->http, 1);
    follow(s, lung_start(&s->l, &s->k, policy, p2p_enabled, s->now));
    turn(s);
}

/* A node of default settings that has been in P2P for a minute. */
static void
open_in_p2p(struct sim *s, bool source_up)
{
    struct lung_constants k = lung_defaults();

    *s = (struct sim){ .source_up = source_up, .answer_ms = 200 };
    open_sim(s, LUNG_POLICY_AUTO, true, &k);
    set_peers(s, 2);
    run(s, 60000);
    assert_int_equal(s->l.state, LUNG_P2P);
}

static void
a_reset_of_all_peers_leads_to_http_after_sixty_seconds(void **state)
{
    struct sim s;
    uint64_t took;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    assert_int_equal(s.l.state, LUNG_COUNTDOWN);
    run(&s, 59900);
    assert_int_equal(s.l.state, LUNG_COUNTDOWN);
    took = 59900 + run_to(&s, LUNG_HTTP, 600);
    assert_in_range(took, 60000, 60500);
    assert_int_equal(s.l.reason, LUNG_BY_COUNTDOWN_OVER);
}

static void
the_fallback_comes_not_a_millisecond_early(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung l;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_AUTO, true, 5000);
    lung_round(&l, true, LUNG_BY_HTTP_OK, 5100);
    assert_int_equal(lung_next_deadline(&l), 65000);
    assert_false(lung_tick(&l, 64999).moved);
    assert_true(lung_tick(&l, 65000).moved);
}

static void
no_pattern_of_arrivals_makes_the_fallback_early(void **state)
{
    struct sim s;
    uint64_t alone = 0;

    (void)state;
    open_in_p2p(&s, true);
    for (unsigned i = 0; i < 200000; i++) {
        enum lung_state before = s.l.state;

        if (draw(&s) >> 16 < 300) /* about every 20 s */
            set_peers(&s, s.l.peers.live == 0 ? 1 : 0);
        run(&s, TURN_MS);
        alone = s.l.peers.live == 0 ? alone + TURN_MS : 0;
        if (s.l.state == LUNG_HTTP && (before == LUNG_COUNTDOWN || before == LUNG_STARTING))
            assert_true(alone >= 60000);
    }
    assert_true(s.l.transitions_total > 100);
}

static void
a_connection_that_carries_nothing_does_not_hold_off_the_fallback(void **state)
{
    struct lung_peers idle = { .live = 0, .connected = 1, .known = 1 };
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    for (unsigned i = 0; i < 599; i++) {
        idle.connected = i % 2;
        follow(&s, lung_set_peers(&s.l, &idle, LUNG_BY_LAST_PEER_CLOSED, s.now));
        run(&s, TURN_MS);
    }
    assert_int_equal(s.l.state, LUNG_COUNTDOWN);
    run_to(&s, LUNG_HTTP, 500);
    assert_int_equal(s.l.unexpected_total, 0);
}

static void
a_peer_in_the_last_turn_prevents_the_fallback(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    run(&s, 59900);
    s.now += TURN_MS;
    set_peers(&s, 1);
    turn(&s);
    assert_int_equal(s.l.state, LUNG_P2P);
}

static void
a_short_countdown_waits_for_the_first_answer(void **state)
{
    struct lung_constants k = lung_defaults();
    struct sim s = { .source_up = false, .answer_ms = 10000 };

    (void)state;
    k.fallback_ms = 1000;
    open_sim(&s, LUNG_POLICY_AUTO, true, &k);
    run(&s, 9900);
    assert_int_equal(s.l.state, LUNG_STARTING);
    assert_int_equal(lung_fallback_in_ms(&s.l, s.now), 0);
    assert_in_range(9900 + run_to(&s, LUNG_ISOLATED, 600), 10000, 10500);
}

static void
without_p2p_http_follows_its_first_answer(void **state)
{
    struct lung_constants k = lung_defaults();
    struct sim s = { .source_up = true, .answer_ms = 300 };

    (void)state;
    open_sim(&s, LUNG_POLICY_AUTO, false, &k);
    assert_in_range(run_to(&s, LUNG_HTTP, 600), 300, 400);
    assert_int_equal(s.l.reason, LUNG_BY_P2P_UNAVAILABLE);
    s.source_up = false;
    s.answer_ms = 10000;
    open_sim(&s, LUNG_POLICY_AUTO, false, &k);
    run(&s, 9900);
    assert_int_equal(s.l.state, LUNG_STARTING); /* no alarm before the answer */
    run_to(&s, LUNG_ISOLATED, 600);
    assert_int_equal(s.l.reason, LUNG_BY_P2P_UNAVAILABLE);
}

static void
returning_peers_take_over_without_a_gap(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    run_to(&s, LUNG_HTTP, 61000);
    run(&s, 30000);
    s.uncarried_ms = 0;
    set_peers(&s, 1);
    assert_int_equal(s.l.state, LUNG_RECOVERING);
    assert_in_range(run_to(&s, LUNG_P2P, 10500), 10000, 10100);
    run(&s, 60000);
    assert_int_equal(s.uncarried_ms, 0);
}

static void
a_dying_source_isolates_within_its_limit(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    run_to(&s, LUNG_HTTP, 61000);
    run(&s, 30000);
    s.source_up = false;
    s.answer_ms = 10000; /* hangs */
    assert_in_range(run_to(&s, LUNG_ISOLATED, 40000), 18000, 30100);
}

static void
a_source_that_returns_carries_within_twelve_seconds(void **state)
{
    struct sim s;

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        open_in_p2p(&s, false);
        s.random = i * 7919;
        set_peers(&s, 0);
        run_to(&s, LUNG_ISOLATED, 61000);
        run(&s, 40000 + i * 700);
        s.source_up = true;
        assert_in_range(run_to(&s, LUNG_HTTP, 13000), 0, 12000);
    }
}

static void
peers_that_end_isolation_carry_at_once(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, false);
    set_peers(&s, 0);
    run_to(&s, LUNG_ISOLATED, 61000);
    set_peers(&s, 1);
    assert_int_equal(s.l.state, LUNG_P2P);
}

static void
an_operator_is_obeyed_in_the_same_turn(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    command(&s, LUNG_EV_CMD_HTTP, 0);
    assert_int_equal(s.l.state, LUNG_FHTTP_DOWN);
    run_to(&s, LUNG_FHTTP_UP, 400);
    command(&s, LUNG_EV_CMD_P2P, 0);
    assert_int_equal(s.l.state, LUNG_FP2P_DOWN);
    assert_int_equal(s.http.mode, LUNG_HTTP_OFF);
    assert_false(s.http.running); /* the last request is given up */
    run(&s, 1000000);
    assert_false(s.http.running);
    assert_int_equal(s.l.state, LUNG_FP2P_DOWN);
}

static void
a_timed_forcing_ends_by_itself_and_leaves_no_gap(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    command(&s, LUNG_EV_CMD_HTTP, 30000);
    run(&s, 29900);
    assert_int_equal(s.l.state, LUNG_FHTTP_UP);
    s.uncarried_ms = 0;
    run(&s, 100);
    assert_int_equal(s.l.state, LUNG_HTTP);
    assert_int_equal(s.l.policy, LUNG_POLICY_AUTO);
    assert_int_equal(s.l.reason, LUNG_BY_FORCE_OVER);
    run(&s, 120000);
    assert_int_equal(s.uncarried_ms, 0);
    assert_true(s.l.running);
}

static void
the_end_of_a_lonely_p2p_forcing_needs_one_answer_only(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    command(&s, LUNG_EV_CMD_P2P, 300000);
    set_peers(&s, 0);
    run(&s, 299900);
    assert_int_equal(s.l.state, LUNG_FP2P_DOWN);
    run(&s, 100);
    assert_int_equal(s.l.state, LUNG_COUNTDOWN);
    assert_in_range(run_to(&s, LUNG_HTTP, 600), 100, 400);
}

/* HTTP carries, peers come for good and vanish again during the hold, so many times. */
static void
flap_in_recovery(struct sim *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        set_peers(s, 1);
        run(s, 5000);
        set_peers(s, 0);
        run(s, 5000);
        assert_int_equal(s->l.state, LUNG_HTTP);
    }
}

static void
each_flap_doubles_the_hold_up_to_its_maximum(void **state)
{
    static const uint64_t holds[] = { 10000, 20000, 40000, 80000, 160000, 160000, 160000 };
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    run_to(&s, LUNG_HTTP, 61000);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(s.l.flaps, i);
        assert_int_equal(lung_hold_ms(&s.l.k, s.l.flaps), holds[i]);
        flap_in_recovery(&s, 1);
    }
    set_peers(&s, 1);
    assert_in_range(run_to(&s, LUNG_P2P, 161000), 160000, 160100);
}

static void
unusual_holds_stay_within_their_rules(void **state)
{
    struct lung_constants k = lung_defaults();

    (void)state;
    k.hold_ms = 0;
    assert_int_equal(lung_hold_ms(&k, 0), 0);
    assert_int_equal(lung_hold_ms(&k, 1), 1000);
    assert_int_equal(lung_hold_ms(&k, UINT32_MAX), 160000);
    k.hold_ms = 600000; /* longer than T_HOLD_MAX */
    assert_int_equal(lung_hold_ms(&k, 0), 600000);
    assert_int_equal(lung_hold_ms(&k, 5), 600000);
}

static void
leaving_p2p_soon_after_a_recovery_is_a_flap(void **state)
{
    static const struct {
        uint64_t stay_ms;
        uint32_t flaps;
    } cases[] = { { 119999, 1 }, { 120000, 0 } };
    struct lung_peers none = { 0 }, one = { .live = 1 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct lung_constants k = lung_defaults();
        struct lung l;

        lung_start(&l, &k, LUNG_POLICY_AUTO, true, 0);
        lung_round(&l, true, LUNG_BY_HTTP_OK, 0);
        lung_tick(&l, 60000);
        lung_set_peers(&l, &one, LUNG_BY_PEER_LIVE, 60000);
        lung_tick(&l, 70000);
        assert_int_equal(l.state, LUNG_P2P);
        lung_set_peers(&l, &none, LUNG_BY_LAST_PEER_SILENT, 70000 + cases[i].stay_ms);
        assert_int_equal(l.flaps, cases[i].flaps);
        assert_int_equal(l.reason, LUNG_BY_LAST_PEER_SILENT);
    }
}

static void
ten_calm_minutes_in_p2p_forget_the_flaps(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_peers one = { .live = 1 };
    struct lung l;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_AUTO, true, 0);
    l.flaps = 3;
    lung_set_peers(&l, &one, LUNG_BY_PEER_LIVE, 1000);
    assert_int_equal(lung_next_deadline(&l), 601000);
    lung_tick(&l, 600999);
    assert_int_equal(l.flaps, 3);
    lung_tick(&l, 601000);
    assert_int_equal(l.flaps, 0);
    assert_int_equal(lung_next_deadline(&l), UINT64_MAX);
}

static void
a_reload_fires_what_is_overdue_in_the_same_turn(void **state)
{
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    set_peers(&s, 0);
    run(&s, 30000);
    s.k.fallback_ms = 20000;
    lung_reload(&s.l, &s.k);
    turn(&s);
    assert_int_equal(s.l.state, LUNG_HTTP);
    set_peers(&s, 1);
    run(&s, 3000);
    assert_int_equal(lung_next_deadline(&s.l), s.l.t_recover_ms + 10000);
    s.k.hold_ms = 0;
    lung_reload(&s.l, &s.k);
    turn(&s);
    assert_int_equal(s.l.state, LUNG_P2P);
}

static void
a_failed_p2p_lung_is_tried_again_after_doubling_pauses(void **state)
{
    static const uint64_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
    struct sim s;

    (void)state;
    open_in_p2p(&s, true);
    follow(&s, lung_p2p_down(&s.l, s.now));
    assert_int_equal(s.l.state, LUNG_COUNTDOWN);
    assert_int_equal(s.l.reason, LUNG_BY_P2P_FAILED);
    assert_int_equal(lung_no_peer_ms(&s.l, s.now), -1);
    run_to(&s, LUNG_HTTP, 500); /* nothing to wait for */
    assert_int_equal(s.l.reason, LUNG_BY_P2P_UNAVAILABLE);
    s.now = s.l.retry_at_ms - pauses[0];
    for (unsigned i = 0; i < 7; i++) {
        s.retried = false;
        assert_int_equal(s.l.retry_at_ms, s.now + pauses[i]);
        s.now = s.l.retry_at_ms - 1;
        follow(&s, lung_tick(&s.l, s.now));
        assert_false(s.retried);
        s.now++;
        follow(&s, lung_tick(&s.l, s.now));
        assert_true(s.retried);
        follow(&s, lung_p2p_down(&s.l, s.now));
    }
    lung_p2p_up(&s.l, s.now);
    assert_int_equal(lung_no_peer_ms(&s.l, s.now + 10), 10);
    s.now += 30000; /* it ran well for a while */
    follow(&s, lung_p2p_down(&s.l, s.now));
    assert_int_equal(s.l.retry_at_ms, s.now + 1000);
    command(&s, LUNG_EV_CMD_HTTP, 0);
    assert_false(s.l.retry_armed); /* not in FHTTP_* */
}

static void
a_lung_that_runs_again_starts_the_countdown_afresh(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung l;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_AUTO, true, 0);
    lung_p2p_down(&l, 0);
    assert_int_equal(lung_next_deadline(&l), 1000); /* the first answer is awaited, and the next attempt */
    lung_p2p_up(&l, 50000);
    lung_round(&l, true, LUNG_BY_HTTP_OK, 50000);
    lung_p2p_up(&l, 70000); /* it runs already: no second start */
    assert_false(lung_tick(&l, 109999).moved);
    assert_true(lung_tick(&l, 110000).moved);
}

static void
a_clock_that_lags_behind_fires_nothing(void **state)
{
    struct lung_constants k = lung_defaults();
    struct snapshot_lung shown;
    struct lung l;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_AUTO, true, 5000);
    lung_round(&l, true, LUNG_BY_HTTP_OK, 5000);
    assert_false(lung_tick(&l, 4990).moved);
    lung_fill(&l, 4990, &shown);
    assert_int_equal(shown.since_ms, 0);
    assert_int_equal(shown.no_peer_ms, 0);
}

static void
what_cannot_be_is_counted(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_peers one = { .live = 1 };
    struct lung l;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_HTTP, true, 0);
    lung_set_peers(&l, &one, LUNG_BY_PEER_LIVE, 1);
    lung_p2p_up(&l, 2);
    lung_p2p_down(&l, 3);
    assert_int_equal(l.unexpected_total, 3);
    assert_int_equal(l.peers.live, 0);
    assert_false(l.running || l.retry_armed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_of_all_peers_leads_to_http_after_sixty_seconds),
        cmocka_unit_test(the_fallback_comes_not_a_millisecond_early),
        cmocka_unit_test(no_pattern_of_arrivals_makes_the_fallback_early),
        cmocka_unit_test(a_connection_that_carries_nothing_does_not_hold_off_the_fallback),
        cmocka_unit_test(a_peer_in_the_last_turn_prevents_the_fallback),
        cmocka_unit_test(a_short_countdown_waits_for_the_first_answer),
        cmocka_unit_test(without_p2p_http_follows_its_first_answer),
        cmocka_unit_test(returning_peers_take_over_without_a_gap),
        cmocka_unit_test(a_dying_source_isolates_within_its_limit),
        cmocka_unit_test(a_source_that_returns_carries_within_twelve_seconds),
        cmocka_unit_test(peers_that_end_isolation_carry_at_once),
        cmocka_unit_test(an_operator_is_obeyed_in_the_same_turn),
        cmocka_unit_test(a_timed_forcing_ends_by_itself_and_leaves_no_gap),
        cmocka_unit_test(the_end_of_a_lonely_p2p_forcing_needs_one_answer_only),
        cmocka_unit_test(each_flap_doubles_the_hold_up_to_its_maximum),
        cmocka_unit_test(unusual_holds_stay_within_their_rules),
        cmocka_unit_test(leaving_p2p_soon_after_a_recovery_is_a_flap),
        cmocka_unit_test(ten_calm_minutes_in_p2p_forget_the_flaps),
        cmocka_unit_test(a_reload_fires_what_is_overdue_in_the_same_turn),
        cmocka_unit_test(a_failed_p2p_lung_is_tried_again_after_doubling_pauses),
        cmocka_unit_test(a_lung_that_runs_again_starts_the_countdown_afresh),
        cmocka_unit_test(a_clock_that_lags_behind_fires_nothing),
        cmocka_unit_test(what_cannot_be_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
