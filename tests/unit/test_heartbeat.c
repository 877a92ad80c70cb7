/* What the log says about the lungs, and what it spares the reader. */
#include "config.h"

#include "node/heartbeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define START 1000000u
#define LINES_MAX 256
#define LINE_LEN 800

/* A machine, its observer, and the lines it wrote. The clock is `now`; a look happens every 100 ms. */
struct desk {
    struct lung l;
    struct heartbeat hb;
    struct heartbeat_facts facts;
    struct lung_constants k;
    uint64_t now;
    size_t count;
    enum lat_level level[LINES_MAX];
    char text[LINES_MAX][LINE_LEN];
};

static void
keep(void *arg, enum lat_level level, const char *text)
{
    struct desk *d = arg;

    assert_true(d->count < LINES_MAX);
    assert_true(strlen(text) < LINE_LEN);
    d->level[d->count] = level;
    snprintf(d->text[d->count++], LINE_LEN, "%s", text);
}

static void
open_desk(struct desk *d, enum lung_policy policy, bool p2p_enabled)
{
    memset(d, 0, sizeof(*d));
    d->k = lung_defaults();
    d->now = START;
    d->facts = (struct heartbeat_facts){ .p2p_error = "", .http_error = "", .sources = 1 };
    heartbeat_init(&d->hb, keep, d);
    lung_start(&d->l, &d->k, policy, p2p_enabled, d->now);
}

static void
take(struct desk *d, struct lung_step step)
{
    heartbeat_step(&d->hb, &d->l, &step, &d->facts, d->now);
}

static void
look(struct desk *d)
{
    take(d, lung_tick(&d->l, d->now));
    heartbeat_tick(&d->hb, &d->l, &d->facts, d->now);
}

static void
wait_ms(struct desk *d, uint64_t ms)
{
    for (uint64_t until = d->now + ms; d->now < until;) {
        d->now += 100;
        look(d);
    }
}

static void
set_peers(struct desk *d, uint32_t live)
{
    struct lung_peers peers = { .live = live, .connected = live, .known = live };

    take(d, lung_set_peers(&d->l, &peers, LUNG_BY_LAST_PEER_RESET, d->now));
}

static void
http_answers(struct desk *d, bool good)
{
    d->facts.http_usable = good;
    take(d, lung_round(&d->l, good, good ? LUNG_BY_HTTP_OK : LUNG_BY_HTTP_FAILED, d->now));
}

static void
command(struct desk *d, enum lung_event_kind kind)
{
    struct lung_event event = { .kind = kind };

    take(d, lung_event(&d->l, &event, d->now));
}

static size_t
lines_with(const struct desk *d, const char *part)
{
    size_t found = 0;

    for (size_t i = 0; i < d->count; i++)
        found += strstr(d->text[i], part) != NULL;
    return found;
}

/* This whole line, at this level, was written once. */
static void
expect_line(const struct desk *d, enum lat_level level, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->text[i], text) == 0) {
            assert_int_equal(d->level[i], level);
            found++;
        }
    }
    if (found != 1)
        fail_msg("%zu times instead of once: %s", found, text);
}

/* A machine in P2P with its former lines forgotten. */
static void
open_in_p2p(struct desk *d)
{
    open_desk(d, LUNG_POLICY_AUTO, true);
    heartbeat_start(&d->hb, &d->l, &d->facts, d->now);
    set_peers(d, 1);
    wait_ms(d, 60000);
    d->count = 0;
}

static void
a_lost_peer_counts_down_to_http_in_the_words_of_the_predecessor(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    d.facts.http_usable = true;
    set_peers(&d, 0);
    assert_int_equal(d.count, 2);
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] event=lung from=P2P to=COUNTDOWN reason=last_peer_reset peers_live=0 "
                "no_peer_ms=0 http_usable=1 policy=auto flaps=0 hold_ms=10000");
    expect_line(&d, LAT_WARNING, "[P2P_HEARTBEAT] [WARN] No peers detected, starting 60s timer");
    http_answers(&d, true);
    d.count = 0;
    wait_ms(&d, 14900);
    assert_int_equal(d.count, 0);
    wait_ms(&d, 100);
    assert_int_equal(d.count, 1);
    expect_line(&d, LAT_NOTICE, "[P2P_HEARTBEAT] [TIMER] 45s remaining before HTTP fallback");
    wait_ms(&d, 44900);
    assert_int_equal(d.count, 3);
    expect_line(&d, LAT_NOTICE, "[P2P_HEARTBEAT] [TIMER] 30s remaining before HTTP fallback");
    expect_line(&d, LAT_NOTICE, "[P2P_HEARTBEAT] [TIMER] 15s remaining before HTTP fallback");
    d.count = 0;
    wait_ms(&d, 100);
    assert_int_equal(d.count, 4);
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] event=lung from=COUNTDOWN to=HTTP reason=countdown_over peers_live=0 "
                "no_peer_ms=60000 http_usable=1 policy=auto flaps=0 hold_ms=10000");
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] [ALERT] 60 seconds without peers - Activating HTTP Fallback");
    expect_line(&d, LAT_NOTICE, "[P2P_HEARTBEAT] [LUNG] HTTP Sync Fallback activated");
    expect_line(&d, LAT_NOTICE, "[HTTP_SYNC] Monitoring 1 peer node(s)");
    d.count = 0;
    wait_ms(&d, 600000);
    assert_int_equal(d.count, 0); /* the alarm is not repeated */
}

/* The same lines stand in what was observed of v3.0.3. */
static void
the_lines_that_scripts_look_for_are_those_of_the_predecessor(void **state)
{
    static const char *const lines[] = {
        "[P2P_HEARTBEAT] [WARN] No peers detected, starting 60s timer\n",
        "[P2P_HEARTBEAT] [ALERT] 60 seconds without peers - Activating HTTP Fallback\n",
        "[P2P_HEARTBEAT] [LUNG] HTTP Sync Fallback activated\n",
        "[HTTP_SYNC] Monitoring 1 peer node(s)\n",
        "[STARTUP] P2P disabled, using HTTP Sync only\n",
        "[P2P_HEARTBEAT] Monitor stopped\n",
        "[HTTP_SYNC] Heartbeat stopped\n",
    };
    bool found[sizeof(lines) / sizeof(lines[0])] = { false };
    FILE *file = fopen(VECTOR_DIR "/predecessor/log-lines.txt", "r");
    char line[1024];

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
            found[i] = found[i] || strcmp(line, lines[i]) == 0;
    }
    fclose(file);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_true(found[i]);
}

static void
the_start_says_what_p2p_does_and_the_first_look_that_nobody_is_there(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, true);
    d.facts.sources = 3;
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    assert_int_equal(d.count, 3);
    expect_line(&d, LAT_NOTICE, "[STARTUP] [OK] P2P started");
    expect_line(&d, LAT_NOTICE, "[HTTP_SYNC] Monitoring 3 peer node(s)");
    expect_line(&d, LAT_INFO, "[P2P_HEARTBEAT] Monitoring P2P peer connectivity");
    wait_ms(&d, 4900);
    assert_int_equal(d.count, 3);
    wait_ms(&d, 100);
    expect_line(&d, LAT_WARNING, "[P2P_HEARTBEAT] [WARN] No peers detected, 55s left of the 60s timer");
    wait_ms(&d, 50000);
    assert_int_equal(lines_with(&d, "[TIMER]"), 3);
    assert_int_equal(lines_with(&d, "[WARN]"), 1);
}

static void
without_p2p_no_countdown_is_told(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, false);
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    expect_line(&d, LAT_NOTICE, "[STARTUP] P2P disabled, using HTTP Sync only");
    wait_ms(&d, 8000);
    http_answers(&d, true);
    wait_ms(&d, 100);
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] [ALERT] P2P does not run (disabled) - Activating HTTP Fallback");
    assert_int_equal(lines_with(&d, "reason=p2p_unavailable"), 1);
    assert_int_equal(lines_with(&d, "[TIMER]"), 0);
    assert_int_equal(lines_with(&d, "[WARN]"), 0);
}

static void
a_failing_p2p_lung_is_told_once_until_it_runs_again(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    d.facts.p2p_error = "no socket to be had";
    take(&d, lung_p2p_down(&d.l, d.now));
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] [WARN] No peers detected, no P2P (no socket to be had): asking HTTP now");
    expect_line(&d, LAT_INFO, "[STARTUP] [WARN] P2P failed: no socket to be had");
    expect_line(&d, LAT_INFO, "[P2P_HEARTBEAT] Monitor stopped");
    d.count = 0;
    for (int i = 0; i < 5; i++) {
        wait_ms(&d, 1000);
        take(&d, lung_p2p_down(&d.l, d.now));
    }
    assert_int_equal(d.count, 0);
    lung_p2p_up(&d.l, d.now);
    look(&d);
    expect_line(&d, LAT_INFO, "[STARTUP] [OK] P2P started again");
    assert_int_equal(d.count, 2);
}

static void
a_failure_at_the_start_is_a_warning(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, true);
    d.facts.p2p_error = "key unreadable";
    lung_p2p_down(&d.l, d.now);
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    look(&d);
    expect_line(&d, LAT_WARNING, "[STARTUP] [WARN] P2P failed to start: key unreadable");
    assert_int_equal(d.count, 2);
}

static void
isolation_is_an_error_with_both_reasons_told_once(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    set_peers(&d, 0);
    d.facts.p2p_error = "connection refused";
    d.facts.http_error = "timed out";
    http_answers(&d, false);
    wait_ms(&d, 60000);
    expect_line(&d, LAT_ERROR,
                "[P2P_HEARTBEAT] [ALERT] Both lungs are down: P2P: connection refused; HTTP: timed out");
    expect_line(&d, LAT_ERROR,
                "[P2P_HEARTBEAT] event=lung from=COUNTDOWN to=ISOLATED reason=countdown_over peers_live=0 "
                "no_peer_ms=60000 http_usable=0 policy=auto flaps=0 hold_ms=10000");
    d.count = 0;
    http_answers(&d, false);
    wait_ms(&d, 120000);
    assert_int_equal(d.count, 0);
    http_answers(&d, true);
    assert_int_equal(lines_with(&d, "from=ISOLATED to=HTTP reason=http_ok"), 1);
}

static void
isolation_without_a_source_says_that_none_is_configured(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    d.facts.sources = 0;
    set_peers(&d, 0);
    take(&d, lung_round(&d.l, false, LUNG_BY_NO_SOURCE, d.now));
    wait_ms(&d, 60000);
    expect_line(&d, LAT_ERROR,
                "[P2P_HEARTBEAT] [ALERT] Both lungs are down: P2P: no live peer; HTTP: no source configured");
    assert_int_equal(lines_with(&d, "reason=no_source"), 1);
}

static void
peers_that_return_are_told_and_then_http_goes_to_standby(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    set_peers(&d, 0);
    http_answers(&d, true);
    wait_ms(&d, 60000);
    d.count = 0;
    set_peers(&d, 2);
    expect_line(&d, LAT_NOTICE, "[P2P_HEARTBEAT] [OK] 2 peer(s) found, timer reset");
    assert_int_equal(d.level[0], LAT_NOTICE);
    wait_ms(&d, 10000);
    expect_line(&d, LAT_NOTICE, "[HTTP_SYNC] [LUNG] P2P carries alone, HTTP on standby");
    assert_int_equal(lines_with(&d, "from=RECOVERING to=P2P reason=hold_over"), 1);
}

static void
a_countdown_tells_only_marks_below_its_length_and_each_once(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, true);
    d.k.fallback_ms = 30000;
    lung_reload(&d.l, &d.k);
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    wait_ms(&d, 20000);
    assert_int_equal(lines_with(&d, "[TIMER]"), 1);
    assert_int_equal(lines_with(&d, "[TIMER] 15s"), 1);
    d.k.fallback_ms = 60000; /* 40 s are left again: 30 comes, 15 has been told */
    lung_reload(&d.l, &d.k);
    wait_ms(&d, 35000);
    assert_int_equal(lines_with(&d, "[TIMER] 15s"), 1);
}

static void
a_shortened_countdown_tells_the_lowest_mark_it_passed(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, true);
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    wait_ms(&d, 10000);
    d.k.fallback_ms = 20000;
    lung_reload(&d.l, &d.k);
    look(&d);
    assert_int_equal(lines_with(&d, "[TIMER]"), 1);
    assert_int_equal(lines_with(&d, "[TIMER] 10s remaining"), 1);
}

static void
a_countdown_that_starts_afresh_is_told_afresh(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, LUNG_POLICY_AUTO, true);
    heartbeat_start(&d.hb, &d.l, &d.facts, d.now);
    wait_ms(&d, 40000);
    assert_int_equal(lines_with(&d, "[TIMER]"), 2);
    set_peers(&d, 1);
    set_peers(&d, 0);
    wait_ms(&d, 50000);
    assert_int_equal(lines_with(&d, "[TIMER]"), 5);
    take(&d, lung_p2p_down(&d.l, d.now));
    lung_p2p_up(&d.l, d.now); /* the lung began anew between two looks: the countdown with it */
    wait_ms(&d, 50000);
    assert_int_equal(lines_with(&d, "[TIMER]"), 8);
}

static void
forced_modes_tell_when_http_begins_and_stops(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    command(&d, LUNG_EV_CMD_HTTP);
    expect_line(&d, LAT_NOTICE, "[HTTP_SYNC] Monitoring 1 peer node(s)");
    expect_line(&d, LAT_INFO, "[P2P_HEARTBEAT] Monitor stopped");
    assert_int_equal(lines_with(&d, "[STARTUP]"), 0); /* asked for, not failed */
    command(&d, LUNG_EV_CMD_P2P);
    expect_line(&d, LAT_NOTICE, "[HTTP_SYNC] Heartbeat stopped");
    assert_int_equal(d.level[d.count - 1], LAT_INFO);
    assert_int_equal(lines_with(&d, "to=FP2P_DOWN reason=operator"), 1);
    command(&d, LUNG_EV_STOP);
    assert_int_equal(lines_with(&d, "to=STOPPING reason=shutdown"), 1);
}

/* P2P and COUNTDOWN in turn, every second. */
static void
flap(struct desk *d, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        wait_ms(d, 1000);
        set_peers(d, d->l.peers.live == 0);
    }
}

static void
after_six_transitions_in_a_minute_the_rest_is_summed_up(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    wait_ms(&d, 60000);
    d.count = 0;
    flap(&d, 6);
    assert_int_equal(lines_with(&d, "event=lung from="), 6);
    d.count = 0;
    flap(&d, 20);
    assert_int_equal(d.count, 0);
    wait_ms(&d, 39900); /* a minute after the first that was left out */
    assert_int_equal(lines_with(&d, "suppressed="), 0);
    wait_ms(&d, 1200);
    assert_int_equal(d.count, 1);
    expect_line(&d, LAT_WARNING,
                "[P2P_HEARTBEAT] event=lung suppressed=20 state=P2P peers_live=1 policy=auto flaps=0 "
                "hold_ms=10000");
    assert_int_equal(d.l.transitions_total, 27); /* the counters stay exact */
    wait_ms(&d, 60000);
    set_peers(&d, 0);
    assert_int_equal(lines_with(&d, "event=lung from=P2P to=COUNTDOWN"), 1);
}

static void
isolation_is_told_even_then(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    d.k.fallback_ms = 1000;
    lung_reload(&d.l, &d.k);
    flap(&d, 7);
    assert_int_equal(d.l.state, LUNG_COUNTDOWN);
    http_answers(&d, false);
    d.count = 0;
    wait_ms(&d, 1000);
    assert_int_equal(d.l.state, LUNG_ISOLATED);
    assert_int_equal(lines_with(&d, "to=ISOLATED"), 1);
    assert_int_equal(lines_with(&d, "Both lungs are down"), 1);
}

static void
the_end_sums_up_what_was_left_out(void **state)
{
    struct desk d;

    (void)state;
    open_in_p2p(&d);
    flap(&d, 10);
    d.count = 0;
    command(&d, LUNG_EV_STOP);
    assert_int_equal(lines_with(&d, "suppressed=5 state=STOPPING"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_peer_counts_down_to_http_in_the_words_of_the_predecessor),
        cmocka_unit_test(the_lines_that_scripts_look_for_are_those_of_the_predecessor),
        cmocka_unit_test(the_start_says_what_p2p_does_and_the_first_look_that_nobody_is_there),
        cmocka_unit_test(without_p2p_no_countdown_is_told),
        cmocka_unit_test(a_failing_p2p_lung_is_told_once_until_it_runs_again),
        cmocka_unit_test(a_failure_at_the_start_is_a_warning),
        cmocka_unit_test(isolation_is_an_error_with_both_reasons_told_once),
        cmocka_unit_test(isolation_without_a_source_says_that_none_is_configured),
        cmocka_unit_test(peers_that_return_are_told_and_then_http_goes_to_standby),
        cmocka_unit_test(a_countdown_tells_only_marks_below_its_length_and_each_once),
        cmocka_unit_test(a_shortened_countdown_tells_the_lowest_mark_it_passed),
        cmocka_unit_test(a_countdown_that_starts_afresh_is_told_afresh),
        cmocka_unit_test(forced_modes_tell_when_http_begins_and_stops),
        cmocka_unit_test(after_six_transitions_in_a_minute_the_rest_is_summed_up),
        cmocka_unit_test(isolation_is_told_even_then),
        cmocka_unit_test(the_end_sums_up_what_was_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
