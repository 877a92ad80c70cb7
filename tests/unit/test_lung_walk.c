/*
 * A long random walk. Millions of events of all kinds hit the machine at random distances in time; after each
 * one the invariants of the page must hold, and a second machine, made of the page's table read as data and
 * of the page's sentences, must stand in the same place.
 *
 * LUNG_WALK_STEPS and LUNG_WALK_SEED in the environment change length and course.
 */
#include "config.h"

#include "node/lung.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/lung_page.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEPS_DEFAULT 2000000u
#else
#define STEPS_DEFAULT 10000000u
#endif

/* --- the second machine: plain variables, the page's sentences --- */

struct model {
    struct lung_constants k;
    enum lung_state state;
    enum lung_policy policy;
    uint32_t peers;                  /* L */
    bool usable, running, wanted;    /* H, R */
    bool enabled, probed, from_recovery;
    uint64_t entered_ms, zero_ms, recover_ms, p2p_ms;
    bool fallback, hold;             /* armed */
    uint64_t force_ms;               /* 0: not armed */
    uint32_t flaps;
    uint32_t actions;                /* asked of the driver by the last event */
};

static const struct page *
the_page(void)
{
    static struct page page;
    static bool is_read;

    if (!is_read)
        page_read(&page);
    is_read = true;
    return &page;
}

static uint64_t
model_hold(const struct model *m)
{
    uint64_t least = m->k.hold_ms < 500 ? 500 : m->k.hold_ms;
    uint64_t most = m->k.hold_ms > m->k.hold_max_ms ? m->k.hold_ms : m->k.hold_max_ms;
    uint64_t hold;

    if (m->flaps == 0)
        return m->k.hold_ms;
    hold = m->flaps > 20 ? most : least << m->flaps;
    return hold > most ? most : hold;
}

static void
model_on(struct model *m, uint64_t now)
{
    m->wanted = true;
    m->zero_ms = now;
    m->running = m->enabled;
    if (m->enabled)
        m->actions |= LUNG_DO_P2P_ON;
}

static void
model_off(struct model *m)
{
    m->wanted = m->running = m->from_recovery = false;
    m->peers = 0;
}

static void
model_letter(struct model *m, char letter, uint64_t now)
{
    if (letter == 't')
        m->zero_ms = now;
    else if (letter == 'k' || letter == 'c')
        m->fallback = letter == 'k';
    else if (letter == 'r' || letter == 'q')
        m->hold = letter == 'r';
    else if (letter == 'm')
        m->from_recovery = true;
    else if (letter == 'F')
        m->flaps++;
    else if (letter == 'o')
        model_on(m, now);
    else if (letter == 'p' || letter == 'z')
        model_off(m);
    if (letter == 'r')
        m->recover_ms = now;
    if (letter == 'm')
        m->p2p_ms = now;
    if (letter == 'f' && m->from_recovery && now - m->p2p_ms < m->k.stable_ms)
        m->flaps++;
    if (letter == 'f' || letter == 'x')
        m->from_recovery = false;
    if (letter == 's' || letter == 'x' || letter == 'z')
        m->usable = false;
    if (letter == 'w')
        m->probed = false;
    if (letter == 'z') {
        m->fallback = m->hold = false;
        m->force_ms = 0;
    }
    m->actions |= letter == 'o' ? 0 : page_action(letter);
}

/* The cell of an event that has been booked. */
static void
model_cell(struct model *m, enum lung_event_kind kind, uint64_t now)
{
    const struct page_cell *cell = &the_page()->cell[m->state][page_column(kind)];
    const struct page_move *move = m->usable ? &cell->if_usable : &cell->if_not;

    if (!cell->moves)
        return;
    for (const char *at = move->letters; *at != '\0'; at++)
        model_letter(m, *at, now);
    m->state = move->to;
    m->entered_ms = now;
    if (m->state != LUNG_STARTING && m->state != LUNG_COUNTDOWN)
        m->fallback = false; /* it fired, or was disarmed */
}

static void
model_calm(struct model *m, uint64_t now)
{
    if (m->state == LUNG_P2P && now - m->entered_ms >= m->k.calm_ms)
        m->flaps = 0;
}

static void
model_peers(struct model *m, uint32_t live, uint64_t now)
{
    uint32_t before = m->peers;

    if (!m->running)
        return;
    m->peers = live;
    if (before == 0 && live > 0)
        model_cell(m, LUNG_EV_PEER_UP, now);
    if (before > 0 && live == 0)
        model_cell(m, LUNG_EV_LAST_DOWN, now);
}

static void
model_round(struct model *m, bool usable, uint64_t now)
{
    bool before = m->usable;

    if (m->state == LUNG_P2P || m->state == LUNG_STOPPING)
        return;
    if (m->state == LUNG_FP2P_UP || m->state == LUNG_FP2P_DOWN)
        return;
    m->probed = true;
    m->usable = usable;
    if (usable != before)
        model_cell(m, usable ? LUNG_EV_HTTP_UP : LUNG_EV_HTTP_DOWN, now);
}

static void
model_command(struct model *m, enum lung_event_kind kind, uint64_t for_ms, uint64_t now)
{
    if (m->state == LUNG_STOPPING || (kind == LUNG_EV_CMD_P2P && !m->enabled))
        return;
    m->policy = kind == LUNG_EV_CMD_P2P ? LUNG_POLICY_P2P : LUNG_POLICY_AUTO;
    if (kind == LUNG_EV_CMD_HTTP)
        m->policy = LUNG_POLICY_HTTP;
    m->force_ms = for_ms > 0 ? now + for_ms : 0;
    model_cell(m, kind, now);
}

static void
model_tick(struct model *m, uint64_t now)
{
    if (m->force_ms != 0 && now >= m->force_ms)
        model_command(m, LUNG_EV_CMD_AUTO, 0, now);
    if (m->hold && now - m->recover_ms >= model_hold(m))
        model_cell(m, LUNG_EV_HOLD, now);
    if (m->fallback && m->probed && (!m->running || now - m->zero_ms >= m->k.fallback_ms))
        model_cell(m, LUNG_EV_FALLBACK, now);
}

static void
model_start(struct model *m, const struct lung_constants *k, enum lung_policy policy, bool enabled,
            uint64_t now)
{
    static const char *const letters[] = { "okw", "o", "h" };
    static const enum lung_state states[] = { LUNG_STARTING, LUNG_FP2P_DOWN, LUNG_FHTTP_DOWN };

    *m = (struct model){ .k = *k, .state = states[policy], .policy = policy, .enabled = enabled };
    m->entered_ms = m->zero_ms = now;
    for (const char *at = letters[policy]; *at != '\0'; at++)
        model_letter(m, *at, now);
}

/* --- the world: both machines, and a driver that only does what it is told --- */

struct world {
    struct lung l;
    struct model m;
    struct lung_step step;
    uint64_t now;
    uint64_t random;
    /* the driver's view, from actions alone */
    bool http_on;    /* requests may leave the process */
    bool carries;    /* answers are applied */
    bool p2p_on;     /* sockets of the P2P lung may exist */
    bool asked;      /* HTTP has had an outcome since it was last asked to probe */
    uint64_t visits[LUNG_STATE_COUNT];
};

/* xorshift64*: the walk must be the same on every machine. */
static uint32_t
draw(struct world *w)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (uint32_t)((w->random * 0x2545F4914F6CDD1Du) >> 32);
}

static uint32_t
below(struct world *w, uint32_t n)
{
    return draw(w) % n;
}

static void
drive(struct world *w, const struct lung_step *step)
{
    uint32_t a = step->actions;

    if (a & LUNG_DO_HTTP_DISCARD)
        w->carries = false;
    if (a & LUNG_DO_HTTP_OFF)
        w->http_on = w->carries = false;
    if (a & (LUNG_DO_P2P_OFF | LUNG_DO_STOP))
        w->p2p_on = false;
    if (a & LUNG_DO_P2P_ON)
        w->p2p_on = true;
    if (a & (LUNG_DO_HTTP_STANDBY | LUNG_DO_HTTP_WARM | LUNG_DO_HTTP_CARRY | LUNG_DO_ISOLATED))
        w->http_on = true;
    if (a & LUNG_DO_HTTP_WARM)
        w->asked = false;
    if (a & LUNG_DO_HTTP_CARRY)
        w->carries = true;
    if (a & LUNG_DO_STOP)
        w->http_on = w->carries = false;
}

#define MUST(condition)                                                                                     \
    do {                                                                                                    \
        if (!(condition))                                                                                   \
            fail_msg("%s in %s after %s at %llu", #condition, lung_state_name(l->state),                    \
                     lung_state_name(w->step.from), (unsigned long long)w->now);                            \
    } while (0)

static bool
is_one_of(enum lung_state s, enum lung_state a, enum lung_state b)
{
    return s == a || s == b;
}

/* I1 to I5, I7, I9: of a state. */
static void
check_state(const struct world *w)
{
    const struct lung *l = &w->l;
    enum sync_mode mode = lung_sync_mode(l->state);

    MUST(mode != SYNC_P2P || l->peers.live >= 1);                                             /* I1 */
    MUST(mode != SYNC_HTTP || l->usable);                                                     /* I2 */
    MUST(!is_one_of(l->state, LUNG_FP2P_UP, LUNG_FP2P_DOWN) || !w->http_on);                  /* I3 */
    MUST(!is_one_of(l->state, LUNG_FHTTP_UP, LUNG_FHTTP_DOWN) || (!w->p2p_on && l->peers.live == 0)); /* I4 */
    MUST(w->carries == lung_http_sync_enabled(l->state));                                     /* I5 */
    MUST(l->fallback_armed == is_one_of(l->state, LUNG_STARTING, LUNG_COUNTDOWN));            /* I7 */
    MUST(l->hold_armed == (l->state == LUNG_RECOVERING));
    MUST(!l->force_armed || lung_is_forced(l->state));
    MUST(l->peers.live == 0 || l->running);                                                   /* I9 */
    MUST(!l->running || (l->wanted && l->enabled));
    MUST(!l->retry_armed || (l->wanted && !l->running));
    MUST(l->state != LUNG_RECOVERING || l->peers.live >= 1);
    MUST(lung_is_forced(l->state) == (l->policy != LUNG_POLICY_AUTO) || l->state == LUNG_STOPPING);
}

/* I6, I8, I10, I11: of a transition. */
static void
check_step(const struct world *w, const struct lung *before)
{
    const struct lung *l = &w->l;
    bool waited = is_one_of(w->step.from, LUNG_STARTING, LUNG_COUNTDOWN);
    bool carried = before->usable && lung_sync_mode(w->step.from) == SYNC_HTTP;

    MUST(!waited || l->state != LUNG_HTTP || !l->running ||
         w->now - w->m.zero_ms >= l->k.fallback_ms);                                          /* I6 */
    MUST(w->step.from != LUNG_STOPPING);                                                      /* I8 */
    MUST(!carried || !is_one_of(l->state, LUNG_STARTING, LUNG_COUNTDOWN));                    /* I10 */
    MUST(l->state != LUNG_ISOLATED || w->asked);                                              /* I11 */
}

/* After the last call of a turn nothing is overdue. */
static void
check_deadlines(const struct world *w)
{
    const struct lung *l = &w->l;

    MUST(lung_next_deadline(l) > w->now);
    MUST(!l->fallback_armed || !l->probed || (l->running && w->now - l->t_zero_ms < l->k.fallback_ms));
    MUST(!l->hold_armed || w->now - l->t_recover_ms < lung_hold_ms(&l->k, l->flaps));
    MUST(!l->force_armed || w->now < l->force_at_ms);
}

static void
compare(const struct world *w)
{
    const struct lung *l = &w->l;
    const struct model *m = &w->m;

    MUST(l->state == m->state);
    MUST(l->policy == m->policy);
    MUST(l->peers.live == m->peers);
    MUST(l->usable == m->usable);
    MUST(l->running == m->running);
    MUST(l->wanted == m->wanted);
    MUST(l->probed == m->probed);
    MUST(l->fallback_armed == m->fallback);
    MUST(l->hold_armed == m->hold);
    MUST(l->force_armed == (m->force_ms != 0));
    MUST(l->flaps == m->flaps);
    MUST(l->t_zero_ms == m->zero_ms);
    MUST(l->since_ms == m->entered_ms);
    MUST(lung_hold_ms(&l->k, l->flaps) == model_hold(m));
}

/* What a call on the machine brought about, held against the model and the page. */
static void
settle(struct world *w, const struct lung *before, struct lung_step step)
{
    const struct lung *l = &w->l;

    w->step = step;
    MUST(step.moved == (before->state != l->state));
    MUST(step.from == before->state && step.to == l->state);
    MUST((step.actions & ~(uint32_t)LUNG_DO_P2P_RETRY) == w->m.actions);
    drive(w, &step);
    if (step.moved)
        check_step(w, before);
    check_state(w);
    compare(w);
}

static void
begin(struct world *w)
{
    static const enum lung_policy policies[] = { LUNG_POLICY_AUTO, LUNG_POLICY_AUTO, LUNG_POLICY_P2P,
                                                 LUNG_POLICY_HTTP };
    struct lung_constants k = lung_defaults();
    enum lung_policy policy = policies[below(w, 4)];
    bool enabled = policy == LUNG_POLICY_P2P || below(w, 8) != 0;

    w->http_on = w->carries = w->p2p_on = w->asked = false;
    w->step = lung_start(&w->l, &k, policy, enabled, w->now);
    model_start(&w->m, &k, policy, enabled, w->now);
    assert_int_equal(w->step.actions, w->m.actions);
    drive(w, &w->step);
    check_state(w);
    compare(w);
}

/* --- events --- */

static struct lung_step
do_peers(struct world *w)
{
    struct lung_peers peers = { .live = below(w, 3) == 0 ? 0 : below(w, 4), .known = 4 };
    uint32_t live = peers.live;

    model_peers(&w->m, live, w->now);
    return lung_set_peers(&w->l, &peers, LUNG_BY_LAST_PEER_RESET, w->now);
}

static struct lung_step
do_round(struct world *w)
{
    bool usable = below(w, 2) == 0;

    if (w->http_on)
        w->asked = true;
    model_round(&w->m, usable, w->now);
    return lung_round(&w->l, usable, usable ? LUNG_BY_HTTP_OK : LUNG_BY_HTTP_FAILED, w->now);
}

static struct lung_step
do_command(struct world *w)
{
    static const enum lung_event_kind kinds[] = { LUNG_EV_CMD_P2P, LUNG_EV_CMD_HTTP, LUNG_EV_CMD_AUTO,
                                                  LUNG_EV_CMD_AUTO };
    struct lung_event event = { .kind = kinds[below(w, 4)] };

    if (event.kind != LUNG_EV_CMD_AUTO && below(w, 2) == 0)
        event.for_ms = 1000 + below(w, 60000);
    model_command(&w->m, event.kind, event.for_ms, w->now);
    return lung_event(&w->l, &event, w->now);
}

static struct lung_step
do_p2p_up(struct world *w)
{
    struct model *m = &w->m;
    struct lung_step step = { .from = w->l.state, .to = w->l.state };

    if (m->wanted && m->enabled && !m->running) {
        m->running = true;
        m->zero_ms = w->now;
    }
    lung_p2p_up(&w->l, w->now);
    return step;
}

static struct lung_step
do_p2p_down(struct world *w)
{
    if (w->m.wanted && w->m.enabled) {
        model_peers(&w->m, 0, w->now);
        w->m.running = false;
    }
    return lung_p2p_down(&w->l, w->now);
}

static struct lung_step
do_reload(struct world *w)
{
    static const uint64_t fallback[] = { 1000, 5000, 60000, 60000, 180000 };
    static const uint64_t hold[] = { 0, 100, 10000, 10000, 600000 };
    struct lung_step step = { .from = w->l.state, .to = w->l.state };

    w->m.k.fallback_ms = fallback[below(w, 5)];
    w->m.k.hold_ms = hold[below(w, 5)];
    lung_reload(&w->l, &w->m.k);
    return step;
}

/* Any event, whether it can arise or not: those that cannot must be counted and change nothing. */
static struct lung_step
do_stray(struct world *w)
{
    struct lung_event event = { .why = LUNG_BY_HTTP_FAILED, .peers = 1 };
    const struct lung *l = &w->l;
    uint64_t unexpected = l->unexpected_total;
    struct lung_step step;

    switch (below(w, 4)) {
    case 0:
        if (l->running && l->peers.live == 0)
            return do_peers(w); /* it can arise */
        event.kind = LUNG_EV_PEER_UP;
        break;
    case 1:
        if (l->peers.live > 0)
            return do_peers(w);
        event.kind = LUNG_EV_LAST_DOWN;
        break;
    case 2:
        if (l->usable)
            return do_round(w);
        event.kind = LUNG_EV_HTTP_DOWN;
        break;
    default: /* no timer is overdue between turns */
        event.kind = below(w, 2) == 0 ? LUNG_EV_FALLBACK : LUNG_EV_HOLD;
        if (l->fallback_armed || l->hold_armed)
            event.kind = LUNG_EV_FORCE_END;
        break;
    }
    if (event.kind == LUNG_EV_FORCE_END && l->force_armed)
        return do_round(w);
    step = lung_event(&w->l, &event, w->now);
    MUST(l->unexpected_total == unexpected + (l->state != LUNG_STOPPING));
    return step;
}

static struct lung_step
do_stop(struct world *w)
{
    struct lung_event event = { .kind = LUNG_EV_STOP };

    model_cell(&w->m, LUNG_EV_STOP, w->now);
    return lung_event(&w->l, &event, w->now);
}

/* What happens in one turn; peers and rounds most often, as in life. */
static struct lung_step
do_something(struct world *w)
{
    uint32_t n = below(w, 1000);

    if (n < 380)
        return do_peers(w);
    if (n < 760)
        return do_round(w);
    if (n < 860)
        return do_command(w);
    if (n < 890)
        return do_p2p_down(w);
    if (n < 950)
        return do_p2p_up(w);
    if (n < 965)
        return do_reload(w);
    if (n < 998)
        return do_stray(w);
    return do_stop(w);
}

/*
 * Mostly short steps; sometimes to the very deadline or 1 ms before, or past it, now and then past a calm
 * stay.
 */
static uint64_t
some_time(struct world *w)
{
    uint64_t deadline = lung_next_deadline(&w->l);
    uint32_t n = below(w, 100);

    if (n < 5 && deadline != UINT64_MAX)
        return deadline - w->now - below(w, 2);
    if (n < 40)
        return 0;
    if (n < 75)
        return below(w, 1000);
    if (n < 99)
        return below(w, 40000);
    return below(w, 700000);
}

/* One turn of the loop: the last of it is the look at the timers. */
static void
turn(struct world *w)
{
    struct lung before;

    w->now += some_time(w);
    before = w->l;
    model_calm(&w->m, w->now);
    w->m.actions = 0;
    model_tick(&w->m, w->now);
    settle(w, &before, lung_tick(&w->l, w->now)); /* what fell due while nothing happened */
    before = w->l;
    w->m.actions = 0;
    settle(w, &before, do_something(w));
    before = w->l;
    w->m.actions = 0;
    model_tick(&w->m, w->now);
    settle(w, &before, lung_tick(&w->l, w->now));
    check_deadlines(w);
    w->visits[w->l.state]++;
    if (w->l.state == LUNG_STOPPING && below(w, 10) == 0)
        begin(w);
}

static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void
no_walk_leads_out_of_the_invariants(void **state)
{
    static struct world w;
    uint64_t steps = from_environment("LUNG_WALK_STEPS", STEPS_DEFAULT);

    (void)state;
    memset(&w, 0, sizeof(w));
    w.now = 1000;
    w.random = from_environment("LUNG_WALK_SEED", 20260314) | 1;
    begin(&w);
    for (uint64_t i = 0; i < steps; i++)
        turn(&w);
    for (unsigned s = 0; s < LUNG_STATE_COUNT; s++) {
        printf("# %-11s %llu\n", lung_state_name((enum lung_state)s), (unsigned long long)w.visits[s]);
        assert_true(w.visits[s] > steps / 1000); /* the walk sees all of it */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_walk_leads_out_of_the_invariants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
