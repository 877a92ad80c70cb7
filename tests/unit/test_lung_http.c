/*
 * When HTTP sources are asked, and what their answers make of H. Times are milliseconds of a made-up clock.
 */
#include "config.h"

#include "node/lung_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MIDDLE 0x80000000u /* a jitter of nothing */

static const struct lung_constants *
defaults(void)
{
    static struct lung_constants k;

    k = lung_defaults();
    return &k;
}

/* As if the machine had made this step. */
static void
enter(struct lung_http *h, enum lung_state state, uint32_t actions, uint64_t now_ms)
{
    struct lung_step step = { .moved = true, .to = state, .actions = actions };

    lung_http_follow(h, defaults(), &step, now_ms, MIDDLE);
}

static void
round_at(struct lung_http *h, uint64_t now_ms, bool good)
{
    lung_http_begin(h, now_ms);
    if (good)
        lung_http_success(h, now_ms);
    lung_http_end(h, defaults(), now_ms, MIDDLE);
}

static void
each_state_has_its_mode(void **state)
{
    static const enum lung_http_mode modes[LUNG_STATE_COUNT] = {
        [LUNG_STARTING] = LUNG_HTTP_WARM,   [LUNG_P2P] = LUNG_HTTP_STANDBY,
        [LUNG_COUNTDOWN] = LUNG_HTTP_WARM,  [LUNG_HTTP] = LUNG_HTTP_CARRY,
        [LUNG_RECOVERING] = LUNG_HTTP_CARRY, [LUNG_ISOLATED] = LUNG_HTTP_SEEK,
        [LUNG_FP2P_UP] = LUNG_HTTP_OFF,     [LUNG_FP2P_DOWN] = LUNG_HTTP_OFF,
        [LUNG_FHTTP_UP] = LUNG_HTTP_CARRY,  [LUNG_FHTTP_DOWN] = LUNG_HTTP_SEEK,
        [LUNG_STOPPING] = LUNG_HTTP_OFF,
    };

    (void)state;
    for (unsigned s = 0; s < LUNG_STATE_COUNT; s++)
        assert_int_equal(lung_http_mode_of((enum lung_state)s), modes[s]);
}

static void
one_failed_round_is_enough_while_nothing_is_carried(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 2);
    enter(&h, LUNG_STARTING, LUNG_DO_HTTP_WARM, 1000);
    assert_true(lung_http_is_due(&h, 1000));
    round_at(&h, 1000, true);
    assert_true(lung_http_is_usable(&h));
    assert_int_equal(lung_http_why(&h), LUNG_BY_HTTP_OK);
    round_at(&h, 11000, false);
    assert_false(lung_http_is_usable(&h));
    assert_int_equal(lung_http_why(&h), LUNG_BY_HTTP_FAILED);
}

static void
carrying_needs_three_failed_rounds_in_a_row(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 0);
    round_at(&h, 0, true);
    round_at(&h, 5000, false);
    round_at(&h, 6000, false);
    assert_true(lung_http_is_usable(&h));
    round_at(&h, 7000, true); /* the count starts again */
    round_at(&h, 8000, false);
    round_at(&h, 9000, false);
    assert_true(lung_http_is_usable(&h));
    round_at(&h, 10000, false);
    assert_false(lung_http_is_usable(&h));
}

static void
carrying_ends_thirty_seconds_after_the_last_success(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 0);
    round_at(&h, 500, true);
    lung_http_begin(&h, 10500); /* hangs */
    assert_int_equal(lung_http_next_deadline(&h, &k), 30500);
    assert_false(lung_http_tick(&h, &k, 30499));
    assert_true(lung_http_tick(&h, &k, 30500));
    assert_false(lung_http_is_usable(&h));
    assert_false(lung_http_tick(&h, &k, 30600)); /* told once */
    k.poll_ms = 20000; /* three poll periods where they are longer */
    lung_http_success(&h, 31000);
    assert_false(lung_http_tick(&h, &k, 90999));
    assert_true(lung_http_tick(&h, &k, 91000));
}

static void
without_a_source_a_round_ends_at_once_and_says_so(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 0);
    enter(&h, LUNG_STARTING, LUNG_DO_HTTP_WARM, 0);
    assert_true(lung_http_is_due(&h, 0)); /* the machine waits for an outcome */
    round_at(&h, 0, false);
    assert_false(lung_http_is_usable(&h));
    assert_int_equal(lung_http_why(&h), LUNG_BY_NO_SOURCE);
    assert_false(lung_http_is_due(&h, 1u << 30)); /* one outcome is enough */
}

static void
each_mode_has_its_period(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_http h;
    struct lung_step step = { .to = LUNG_P2P, .actions = LUNG_DO_HTTP_STANDBY };

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_STARTING, LUNG_DO_HTTP_WARM, 0);
    lung_http_begin(&h, 100);
    assert_false(lung_http_is_due(&h, 100)); /* never two at a time */
    lung_http_success(&h, 400);
    lung_http_end(&h, &k, 400, MIDDLE);
    assert_int_equal(h.due_ms, 10100); /* T_WARM, from the beginning of the round */
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 5000);
    assert_int_equal(h.due_ms, 5000); /* at once */
    round_at(&h, 5000, true);
    assert_int_equal(h.due_ms, 15000); /* T_POLL */
    enter(&h, LUNG_P2P, LUNG_DO_HTTP_STANDBY, 6000);
    assert_int_equal(h.due_ms, 306000); /* T_STANDBY */
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 6100);
    round_at(&h, 6100, false);
    enter(&h, LUNG_P2P, LUNG_DO_HTTP_STANDBY, 6900);
    assert_int_equal(h.due_ms, 6900); /* the last answer failed: what was in its way may be over */
    round_at(&h, 6900, false);
    assert_int_equal(h.due_ms, 306900);
    enter(&h, LUNG_FP2P_UP, LUNG_DO_HTTP_OFF, 7000);
    assert_int_equal(h.due_ms, LUNG_HTTP_NEVER);
    k.standby_ms = 0;
    lung_http_follow(&h, &k, &step, 8000, MIDDLE);
    assert_int_equal(h.due_ms, LUNG_HTTP_NEVER); /* 0 turns standby probes off */
    k.poll_ms = 2000;
    enter(&h, LUNG_COUNTDOWN, LUNG_DO_HTTP_WARM, 9000);
    lung_http_begin(&h, 9000);
    lung_http_end(&h, &k, 9000, MIDDLE);
    assert_int_equal(h.due_ms, 11000); /* T_WARM is T_POLL where that is shorter */
}

static void
a_late_round_is_followed_at_once_not_twice(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 0);
    lung_http_begin(&h, 0);
    lung_http_end(&h, defaults(), 25000, MIDDLE);
    assert_int_equal(h.due_ms, 25000);
}

static void
seeking_backs_off_to_ten_seconds_and_never_beyond(void **state)
{
    static const uint64_t pauses[] = { 1000, 2000, 4000, 8000, 10000, 10000, 10000 };
    struct lung_http h;
    uint64_t now = 50000;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, now);
    enter(&h, LUNG_ISOLATED, LUNG_DO_HTTP_DISCARD | LUNG_DO_ISOLATED, now);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(h.due_ms, now + pauses[i]);
        now = h.due_ms;
        round_at(&h, now, false);
    }
    lung_http_begin(&h, now);
    lung_http_end(&h, defaults(), now, UINT32_MAX);
    assert_int_equal(h.due_ms, now + 10000); /* nor by jitter */
    enter(&h, LUNG_FHTTP_DOWN, LUNG_DO_P2P_OFF | LUNG_DO_HTTP_CARRY, now);
    assert_int_equal(h.due_ms, now); /* an order to carry asks at once */
}

static void
jitter_is_a_fifth_either_way(void **state)
{
    (void)state;
    assert_int_equal(lung_http_jitter(10000, 0), 8000);
    assert_int_equal(lung_http_jitter(10000, MIDDLE), 10000);
    assert_int_equal(lung_http_jitter(10000, UINT32_MAX), 11999);
    assert_int_equal(lung_http_jitter(0, UINT32_MAX), 0);
    assert_int_equal(lung_http_jitter(86400000, UINT32_MAX), 103679999);
}

static void
a_standby_answer_is_shown_but_vouches_for_nothing(void **state)
{
    struct snapshot_lung out;
    struct lung_http h;

    (void)state;
    memset(&out, 0, sizeof(out));
    lung_http_init(&h, 3);
    enter(&h, LUNG_P2P, LUNG_DO_HTTP_STANDBY, 0);
    round_at(&h, 300000, true);
    assert_false(lung_http_is_usable(&h));
    lung_http_fill(&h, 304000, &out);
    assert_true(out.http_usable);
    assert_int_equal(out.http_sources, 3);
    assert_int_equal(out.http_age_ms, 4000);
    assert_int_equal(out.http_next_ms, 296000);
    enter(&h, LUNG_COUNTDOWN, LUNG_DO_HTTP_WARM, 310000);
    assert_false(lung_http_is_usable(&h)); /* only an answer from now on counts */
    lung_http_fill(&h, 310000, &out);
    assert_true(out.http_usable); /* still the last outcome */
    assert_int_equal(out.http_next_ms, 0);
    round_at(&h, 310000, false);
    lung_http_fill(&h, 310000, &out);
    assert_false(out.http_usable);
    assert_int_equal(out.http_failures, 1);
}

static void
a_round_that_was_given_up_changes_nothing(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 0);
    round_at(&h, 0, true);
    lung_http_begin(&h, 10000);
    enter(&h, LUNG_FP2P_DOWN, LUNG_DO_HTTP_DISCARD | LUNG_DO_HTTP_OFF, 10100);
    lung_http_success(&h, 10200);
    lung_http_end(&h, defaults(), 10200, MIDDLE);
    assert_false(lung_http_is_usable(&h));
    assert_int_equal(h.ok_ms, 0);
    assert_int_equal(h.due_ms, LUNG_HTTP_NEVER);
}

static void
a_round_may_outlive_the_countdown_it_began_in(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_STARTING, LUNG_DO_HTTP_WARM, 0);
    lung_http_begin(&h, 0);
    enter(&h, LUNG_P2P, LUNG_DO_HTTP_STANDBY, 100);
    lung_http_success(&h, 200);
    lung_http_end(&h, defaults(), 200, MIDDLE);
    assert_false(lung_http_is_usable(&h));
    assert_true(h.last_good);
    assert_int_equal(h.due_ms, 300000);
}

static void
a_reload_takes_h_anew_from_what_remains(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 2);
    enter(&h, LUNG_HTTP, LUNG_DO_HTTP_CARRY, 0);
    round_at(&h, 0, true);
    assert_false(lung_http_reload(&h, 1, true, 3000)); /* nothing to tell the machine */
    assert_true(lung_http_is_usable(&h));
    assert_true(lung_http_is_due(&h, 3000));
    assert_true(lung_http_reload(&h, 1, false, 3000));
    assert_false(lung_http_is_usable(&h));
    assert_false(lung_http_reload(&h, 2, false, 3000)); /* a first answer is still awaited */
    assert_true(lung_http_reload(&h, 0, false, 3000));
    assert_int_equal(lung_http_why(&h), LUNG_BY_NO_SOURCE);
    assert_false(lung_http_is_due(&h, 3000));
}

static void
a_reload_gives_a_running_round_up_and_begins_anew(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_COUNTDOWN, LUNG_DO_HTTP_WARM, 0);
    lung_http_begin(&h, 0);
    assert_false(lung_http_reload(&h, 1, false, 100));
    assert_true(lung_http_is_due(&h, 100));
    lung_http_end(&h, defaults(), 150, MIDDLE); /* of the round that was given up */
    assert_int_equal(h.failures, 0);
    enter(&h, LUNG_FP2P_DOWN, LUNG_DO_HTTP_OFF, 200);
    assert_false(lung_http_reload(&h, 1, true, 300));
    assert_false(lung_http_is_due(&h, 300));
}

static void
hurry_forgets_the_back_off_but_respects_off(void **state)
{
    struct lung_http h;

    (void)state;
    lung_http_init(&h, 1);
    enter(&h, LUNG_ISOLATED, LUNG_DO_ISOLATED, 0);
    for (uint64_t now = 0; now < 5; now++)
        round_at(&h, now, false);
    lung_http_hurry(&h, 100);
    assert_true(lung_http_is_due(&h, 100));
    round_at(&h, 100, false);
    assert_int_equal(h.due_ms, 1100);
    enter(&h, LUNG_FP2P_DOWN, LUNG_DO_HTTP_OFF, 200);
    lung_http_hurry(&h, 300);
    assert_false(lung_http_is_due(&h, 300));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_mode),
        cmocka_unit_test(one_failed_round_is_enough_while_nothing_is_carried),
        cmocka_unit_test(carrying_needs_three_failed_rounds_in_a_row),
        cmocka_unit_test(carrying_ends_thirty_seconds_after_the_last_success),
        cmocka_unit_test(without_a_source_a_round_ends_at_once_and_says_so),
        cmocka_unit_test(each_mode_has_its_period),
        cmocka_unit_test(a_late_round_is_followed_at_once_not_twice),
        cmocka_unit_test(seeking_backs_off_to_ten_seconds_and_never_beyond),
        cmocka_unit_test(jitter_is_a_fifth_either_way),
        cmocka_unit_test(a_standby_answer_is_shown_but_vouches_for_nothing),
        cmocka_unit_test(a_round_that_was_given_up_changes_nothing),
        cmocka_unit_test(a_round_may_outlive_the_countdown_it_began_in),
        cmocka_unit_test(a_reload_takes_h_anew_from_what_remains),
        cmocka_unit_test(a_reload_gives_a_running_round_up_and_begins_anew),
        cmocka_unit_test(hurry_forgets_the_back_off_but_respects_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
