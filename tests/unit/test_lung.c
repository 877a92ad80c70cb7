/*
 * The lung machine, cell by cell: every state, event and combination of guards against the page's table,
 * which is read as data (lung_page.h).
 */
#include "config.h"

#include "node/lung.h"
#include "node/lung_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/lung_page.h"

#define NOW 1000000u

struct guards {
    bool usable;  /* H */
    bool running; /* R */
    bool probed;
    bool late;    /* each timer is over its limit, else 1 ms before it */
};

static bool
has_peers(enum lung_state s)
{
    return s == LUNG_P2P || s == LUNG_RECOVERING || s == LUNG_FP2P_UP;
}

static bool
waits(enum lung_state s)
{
    return s == LUNG_STARTING || s == LUNG_COUNTDOWN;
}

static bool
p2p_wanted(enum lung_state s)
{
    return s != LUNG_FHTTP_UP && s != LUNG_FHTTP_DOWN && s != LUNG_STOPPING;
}

/* Can these guards be had in this state? H only waits for its first answer in STARTING and COUNTDOWN. */
static bool
guards_fit(enum lung_state s, const struct guards *g)
{
    if (!waits(s) && g->usable != (s == LUNG_HTTP || s == LUNG_RECOVERING || s == LUNG_FHTTP_UP))
        return false;
    if (g->running && !p2p_wanted(s))
        return false;
    return g->running || !has_peers(s);
}

static enum lung_policy
policy_in(enum lung_state s)
{
    if (s == LUNG_FP2P_UP || s == LUNG_FP2P_DOWN)
        return LUNG_POLICY_P2P;
    return s == LUNG_FHTTP_UP || s == LUNG_FHTTP_DOWN ? LUNG_POLICY_HTTP : LUNG_POLICY_AUTO;
}

/* A machine in this state, as if it had come there in the ordinary way. */
static void
arrange(struct lung *l, enum lung_state s, const struct guards *g)
{
    uint64_t short_of = g->late ? 0 : 1;

    memset(l, 0, sizeof(*l));
    l->k = lung_defaults();
    l->state = s;
    l->policy = policy_in(s);
    l->reason = LUNG_BY_START;
    l->since_ms = NOW - 5000;
    l->peers.live = has_peers(s) ? 2 : 0;
    l->usable = g->usable;
    l->enabled = true;
    l->wanted = p2p_wanted(s);
    l->running = g->running;
    l->probed = g->probed;
    l->fallback_armed = waits(s);
    l->hold_armed = s == LUNG_RECOVERING;
    l->force_armed = lung_is_forced(s);
    l->force_at_ms = NOW + short_of;
    l->t_zero_ms = NOW - l->k.fallback_ms + short_of;
    l->t_recover_ms = NOW - l->k.hold_ms + short_of;
    l->retry_pause_ms = l->k.retry_min_ms;
}

/* Sections 4 and 5: what can be raised here. */
static bool
can_arise(enum lung_state s, const struct guards *g, enum lung_event_kind kind)
{
    switch (kind) {
    case LUNG_EV_PEER_UP:
        return g->running && !has_peers(s);
    case LUNG_EV_LAST_DOWN:
        return has_peers(s);
    case LUNG_EV_FALLBACK:
        return waits(s) && g->probed && (g->late || !g->running);
    case LUNG_EV_HTTP_UP:
        return !g->usable && s != LUNG_P2P && s != LUNG_FP2P_UP && s != LUNG_FP2P_DOWN;
    case LUNG_EV_HTTP_DOWN:
        return g->usable;
    case LUNG_EV_HOLD:
        return s == LUNG_RECOVERING && g->late;
    case LUNG_EV_FORCE_END:
        return lung_is_forced(s) && g->late;
    case LUNG_EV_CMD_P2P:
    case LUNG_EV_CMD_HTTP:
    case LUNG_EV_CMD_AUTO:
    case LUNG_EV_STOP:
        break;
    }
    return true;
}

/* H as the cell sees it: the event itself may have changed it. */
static bool
usable_at_cell(const struct guards *g, enum lung_event_kind kind)
{
    if (kind == LUNG_EV_HTTP_UP || kind == LUNG_EV_HTTP_DOWN)
        return kind == LUNG_EV_HTTP_UP;
    return g->usable;
}

/* What a letter leaves behind in the machine. */
static bool
letter_is_done(const struct lung *l, char letter)
{
    switch (letter) {
    case 't':
        return l->t_zero_ms == NOW;
    case 'k':
        return l->fallback_armed;
    case 'c':
        return !l->fallback_armed;
    case 'r':
        return l->hold_armed && l->t_recover_ms == NOW;
    case 'q':
        return !l->hold_armed;
    case 'm':
        return l->from_recovery && l->t_entered_p2p_ms == NOW;
    case 'f':
        return !l->from_recovery && l->flaps == 0;
    case 'F':
        return l->flaps == 1 && l->flaps_total == 1;
    case 'w':
        return !l->probed;
    case 's':
        return !l->usable;
    case 'x':
        return !l->usable && !l->from_recovery;
    case 'p':
        return !l->wanted && !l->running && l->peers.live == 0 && !l->from_recovery;
    case 'o':
        return l->wanted && l->running && l->t_zero_ms == NOW;
    case 'z':
        return !l->wanted && !l->running && !l->fallback_armed && !l->hold_armed && !l->force_armed;
    case 'h':
    case 'a':
    case 'i':
        return true; /* the driver's alone: seen in the action bits */
    }
    return false;
}

static void
check_move(const struct lung *l, const struct lung_step *step, enum lung_state from,
           const struct page_move *move)
{
    assert_true(step->moved);
    assert_int_equal(step->from, from);
    assert_int_equal(step->to, move->to);
    assert_int_equal(l->state, move->to);
    assert_int_equal(l->since_ms, NOW);
    assert_int_equal(l->reason, step->reason);
    assert_int_equal(step->actions, page_actions(move->letters));
    assert_int_equal(l->transitions_total, 1);
    for (const char *at = move->letters; *at != '\0'; at++) {
        if (!letter_is_done(l, *at))
            fail_msg("action %c is not done", *at);
    }
}

static void
check_cell(const struct page *page, enum lung_state s, const struct guards *g, enum lung_event_kind kind)
{
    const struct page_cell *cell = &page->cell[s][page_column(kind)];
    struct lung_event event = { .kind = kind, .why = LUNG_BY_LAST_PEER_RESET, .peers = 1 };
    struct lung l, before;
    struct lung_step step;

    arrange(&l, s, g);
    memcpy(&before, &l, sizeof(l));
    step = lung_event(&l, &event, NOW);
    assert_false(step.refused);
    if (s == LUNG_STOPPING || !can_arise(s, g, kind)) {
        before.unexpected_total = s != LUNG_STOPPING;
        assert_memory_equal(&l, &before, sizeof(l));
        assert_false(step.moved);
        assert_int_equal(step.actions, 0);
        return;
    }
    assert_int_equal(l.unexpected_total, 0);
    if (cell->moves) {
        check_move(&l, &step, s, usable_at_cell(g, kind) ? &cell->if_usable : &cell->if_not);
        return;
    }
    assert_false(step.moved);
    assert_int_equal(step.actions, 0);
    assert_int_equal(l.state, s);
    assert_int_equal(l.since_ms, before.since_ms);
    assert_int_equal(l.reason, before.reason);
}

static void
every_cell_does_what_the_page_says_for_all_guards(void **state)
{
    struct page page;
    unsigned checked = 0;

    (void)state;
    page_read(&page);
    for (unsigned s = 0; s < LUNG_STATE_COUNT; s++) {
        for (unsigned bits = 0; bits < 16; bits++) {
            struct guards g = { bits & 1, bits & 2, bits & 4, bits & 8 };

            if (!guards_fit((enum lung_state)s, &g))
                continue;
            for (unsigned kind = 0; kind < LUNG_EVENT_COUNT; kind++, checked++)
                check_cell(&page, (enum lung_state)s, &g, (enum lung_event_kind)kind);
        }
    }
    assert_int_equal(checked, 880); /* 80 states with guards, times 11 events */
}

/* Nothing hides behind guards: each cell that moves on the page is reached by some combination above. */
static void
every_moving_cell_can_be_reached(void **state)
{
    struct page page;

    (void)state;
    page_read(&page);
    for (unsigned s = 0; s < LUNG_STATE_COUNT; s++) {
        for (unsigned kind = 0; kind < LUNG_EVENT_COUNT; kind++) {
            bool reached = false;

            for (unsigned bits = 0; bits < 16 && !reached; bits++) {
                struct guards g = { bits & 1, bits & 2, bits & 4, bits & 8 };

                reached = guards_fit((enum lung_state)s, &g) &&
                          can_arise((enum lung_state)s, &g, (enum lung_event_kind)kind);
            }
            if (page.cell[s][page_column((enum lung_event_kind)kind)].moves && kind != LUNG_EV_FORCE_END)
                assert_true(reached);
        }
    }
}

static void
a_command_arms_and_disarms_the_force_timer_in_every_state(void **state)
{
    static const enum lung_event_kind commands[] = { LUNG_EV_CMD_P2P, LUNG_EV_CMD_HTTP, LUNG_EV_CMD_AUTO };
    static const enum lung_policy policies[] = { LUNG_POLICY_P2P, LUNG_POLICY_HTTP, LUNG_POLICY_AUTO };

    (void)state;
    for (unsigned s = 0; s < LUNG_STOPPING; s++) {
        struct guards g = { .running = true };

        g.usable = s == LUNG_HTTP || s == LUNG_RECOVERING || s == LUNG_FHTTP_UP;
        g.running = p2p_wanted((enum lung_state)s);
        for (unsigned i = 0; i < 6; i++) {
            uint64_t for_ms = i % 2 == 0 || i / 2 == 2 ? 0 : 7000;
            struct lung_event event = { .kind = commands[i / 2], .for_ms = for_ms };
            struct lung l;

            arrange(&l, (enum lung_state)s, &g);
            l.force_armed = !l.force_armed;
            lung_event(&l, &event, NOW);
            assert_int_equal(l.policy, policies[i / 2]);
            assert_int_equal(l.force_armed, for_ms > 0);
            if (for_ms > 0)
                assert_int_equal(l.force_at_ms, NOW + 7000);
        }
    }
}

static void
entering_follows_the_policy(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_step step;
    struct lung l;

    (void)state;
    step = lung_start(&l, &k, LUNG_POLICY_AUTO, true, NOW);
    assert_int_equal(l.state, LUNG_STARTING);
    assert_int_equal(step.actions, LUNG_DO_P2P_ON | LUNG_DO_HTTP_WARM);
    assert_true(l.fallback_armed && l.running && !l.usable && !l.probed && !step.moved);

    step = lung_start(&l, &k, LUNG_POLICY_AUTO, false, NOW);
    assert_int_equal(l.state, LUNG_STARTING);
    assert_int_equal(step.actions, LUNG_DO_HTTP_WARM);
    assert_true(l.fallback_armed && !l.running);

    step = lung_start(&l, &k, LUNG_POLICY_P2P, true, NOW);
    assert_int_equal(l.state, LUNG_FP2P_DOWN);
    assert_int_equal(step.actions, LUNG_DO_P2P_ON);

    step = lung_start(&l, &k, LUNG_POLICY_HTTP, true, NOW);
    assert_int_equal(l.state, LUNG_FHTTP_DOWN);
    assert_int_equal(step.actions, LUNG_DO_HTTP_CARRY);
    assert_true(!l.wanted && !l.running);
}

static void
p2p_is_refused_while_configuration_disables_it(void **state)
{
    struct lung_constants k = lung_defaults();
    struct lung_event http = { .kind = LUNG_EV_CMD_HTTP, .for_ms = 5000 };
    struct lung_event p2p = { .kind = LUNG_EV_CMD_P2P };
    struct lung l, before;
    struct lung_step step;

    (void)state;
    lung_start(&l, &k, LUNG_POLICY_AUTO, false, NOW);
    lung_event(&l, &http, NOW);
    memcpy(&before, &l, sizeof(l));
    step = lung_event(&l, &p2p, NOW + 1);
    assert_true(step.refused);
    assert_false(step.moved);
    assert_memory_equal(&l, &before, sizeof(l));
}

static void
the_snapshot_shows_each_timer_only_where_it_runs(void **state)
{
    (void)state;
    for (unsigned s = 0; s < LUNG_STATE_COUNT; s++) {
        struct guards g = { .probed = true };
        struct snapshot_lung out;
        struct lung l;

        g.usable = s == LUNG_HTTP || s == LUNG_RECOVERING || s == LUNG_FHTTP_UP;
        g.running = p2p_wanted((enum lung_state)s);
        arrange(&l, (enum lung_state)s, &g);
        l.peers.known = 3;
        memset(&out, 0, sizeof(out));
        lung_fill(&l, NOW - 4000, &out);
        assert_int_equal(out.state, s);
        assert_int_equal(out.policy, policy_in((enum lung_state)s));
        assert_int_equal(out.fallback_in_ms, waits((enum lung_state)s) ? 4001 : -1);
        assert_int_equal(out.recover_in_ms, s == LUNG_RECOVERING ? 4001 : -1);
        assert_int_equal(out.forced_left_ms, lung_is_forced((enum lung_state)s) ? 4001 : -1);
        assert_int_equal(out.no_peer_ms, g.running && !has_peers((enum lung_state)s) ? 55999 : -1);
        assert_int_equal(out.since_ms, 1000);
        assert_int_equal(out.fallback_after_ms, 60000);
        assert_int_equal(out.hold_ms, 10000);
        assert_int_equal(out.p2p_running, g.running);
        assert_int_equal(out.peers_known, 3);
        assert_false(out.degraded);
    }
}

static void
few_peers_or_unanswered_pings_are_degraded(void **state)
{
    static const struct {
        struct lung_peers peers;
        bool degraded;
    } cases[] = {
        { { .live = 2, .known = 5 }, false },
        { { .live = 1, .known = 5 }, true },
        { { .live = 1, .known = 1 }, false }, /* no more are known */
        { { .live = 3, .known = 5, .unanswered = true }, true },
    };
    struct guards g = { .running = true };
    struct lung l;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        arrange(&l, LUNG_P2P, &g);
        lung_set_peers(&l, &cases[i].peers, LUNG_BY_PEER_LIVE, NOW);
        assert_int_equal(l.state, LUNG_P2P);
        assert_int_equal(lung_is_degraded(&l), cases[i].degraded);
    }
    arrange(&l, LUNG_COUNTDOWN, &g);
    l.peers.known = 5;
    assert_false(lung_is_degraded(&l)); /* an attribute of the states with peers only */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_does_what_the_page_says_for_all_guards),
        cmocka_unit_test(every_moving_cell_can_be_reached),
        cmocka_unit_test(a_command_arms_and_disarms_the_force_timer_in_every_state),
        cmocka_unit_test(entering_follows_the_policy),
        cmocka_unit_test(p2p_is_refused_while_configuration_disables_it),
        cmocka_unit_test(the_snapshot_shows_each_timer_only_where_it_runs),
        cmocka_unit_test(few_peers_or_unanswered_pings_are_degraded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
