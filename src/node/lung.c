/*
 * The machine is the table of lung_table.c and the meaning of its letters. Events come in through lung_event,
 * which first asks whether the event can arise at all, then books what it says (L, H, policy), then looks up
 * the cell of its state. No letter raises an event, so a call makes at most one transition.
 */
#include "config.h"

#include "node/lung.h"

#include <assert.h>
#include <stddef.h>

#include "node/lung_table.h"

static uint64_t
smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* --- timers and guards --- */

static bool
fallback_is_due(const struct lung *l, uint64_t now_ms)
{
    if (!l->fallback_armed || !l->probed)
        return false;
    return !l->running || lung_elapsed_ms(now_ms, l->t_zero_ms) >= l->k.fallback_ms;
}

static bool
hold_is_due(const struct lung *l, uint64_t now_ms)
{
    return l->hold_armed && lung_elapsed_ms(now_ms, l->t_recover_ms) >= lung_hold_ms(&l->k, l->flaps);
}

static bool
force_is_due(const struct lung *l, uint64_t now_ms)
{
    return l->force_armed && now_ms >= l->force_at_ms;
}

/* A calm stay in P2P forgets the flaps. Looked at before anything else happens, so that it needs no event. */
static void
forget_old_flaps(struct lung *l, uint64_t now_ms)
{
    if (l->state == LUNG_P2P && lung_elapsed_ms(now_ms, l->since_ms) >= l->k.calm_ms)
        l->flaps = 0;
}

/* H has a meaning in this state. */
static bool
http_counts(enum lung_state state)
{
    return state != LUNG_P2P && state != LUNG_FP2P_UP && state != LUNG_FP2P_DOWN && state != LUNG_STOPPING;
}

/* Can this arise here? Commands and STOP always can. */
static bool
can_arise(const struct lung *l, enum lung_event_kind kind, uint64_t now_ms)
{
    switch (kind) {
    case LUNG_EV_PEER_UP:
        return l->running && l->peers.live == 0;
    case LUNG_EV_LAST_DOWN:
        return l->peers.live > 0;
    case LUNG_EV_FALLBACK:
        return fallback_is_due(l, now_ms);
    case LUNG_EV_HTTP_UP:
        return http_counts(l->state) && !l->usable;
    case LUNG_EV_HTTP_DOWN:
        return l->usable;
    case LUNG_EV_HOLD:
        return hold_is_due(l, now_ms);
    case LUNG_EV_FORCE_END:
        return force_is_due(l, now_ms);
    case LUNG_EV_CMD_P2P:
    case LUNG_EV_CMD_HTTP:
    case LUNG_EV_CMD_AUTO:
    case LUNG_EV_STOP:
        break;
    }
    return true;
}

/* --- the letters --- */

static void
count_flap(struct lung *l)
{
    if (l->flaps < UINT32_MAX)
        l->flaps++;
    l->flaps_total++;
}

static void
stop_p2p(struct lung *l)
{
    l->wanted = false;
    l->running = false;
    l->retry_armed = false;
    l->peers = (struct lung_peers){ .known = l->peers.known };
    l->from_recovery = false;
}

/* Taken to run from here on; a driver that fails to start it says so in the same turn (lung_p2p_down). */
static uint32_t
start_p2p(struct lung *l, uint64_t now_ms)
{
    l->wanted = true;
    l->t_zero_ms = now_ms;
    if (!l->enabled)
        return 0;
    l->running = true;
    l->running_since_ms = now_ms;
    l->retry_pause_ms = l->k.retry_min_ms;
    return LUNG_DO_P2P_ON;
}

static void
stop_all(struct lung *l)
{
    stop_p2p(l);
    l->usable = false;
    l->fallback_armed = false;
    l->hold_armed = false;
    l->force_armed = false;
}

/* Letters that the driver takes part in. */
static uint32_t
order(struct lung *l, char letter, uint64_t now_ms)
{
    switch (letter) {
    case 'w':
        l->probed = false;
        return LUNG_DO_HTTP_WARM;
    case 's':
        l->usable = false;
        return LUNG_DO_HTTP_STANDBY;
    case 'h':
        return LUNG_DO_HTTP_CARRY;
    case 'a':
        return LUNG_DO_HTTP_DISCARD;
    case 'i':
        return LUNG_DO_ISOLATED;
    case 'x':
        l->usable = false;
        l->from_recovery = false;
        return LUNG_DO_HTTP_OFF;
    case 'p':
        stop_p2p(l);
        return LUNG_DO_P2P_OFF;
    case 'o':
        return start_p2p(l, now_ms);
    case 'z':
        stop_all(l);
        return LUNG_DO_STOP;
    }
    assert(!"a letter of the table");
    return 0;
}

/* Do what the letters say; returns the driver's part. */
static uint32_t
perform(struct lung *l, const char *letters, uint64_t now_ms)
{
    uint32_t actions = 0;

    for (const char *at = letters; *at != '\0'; at++) {
        switch (*at) {
        case ' ':
            break;
        case 't':
            l->t_zero_ms = now_ms;
            break;
        case 'k':
            l->fallback_armed = true; /* for t_zero + T_FALLBACK: see fallback_is_due */
            break;
        case 'c':
            l->fallback_armed = false;
            break;
        case 'r':
            l->t_recover_ms = now_ms;
            l->hold_armed = true;
            break;
        case 'q':
            l->hold_armed = false;
            break;
        case 'm':
            l->t_entered_p2p_ms = now_ms;
            l->from_recovery = true;
            break;
        case 'f':
            if (l->from_recovery && lung_elapsed_ms(now_ms, l->t_entered_p2p_ms) < l->k.stable_ms)
                count_flap(l);
            l->from_recovery = false;
            break;
        case '2': /* f2: out of RECOVERING, from_recovery is never set there */
            count_flap(l);
            break;
        default:
            actions |= order(l, *at, now_ms);
            break;
        }
    }
    return actions;
}

/* --- one event --- */

static struct lung_step
stay(const struct lung *l)
{
    return (struct lung_step){ .from = l->state, .to = l->state, .reason = l->reason };
}

static enum lung_reason
reason_of(const struct lung *l, const struct lung_event *event)
{
    switch (event->kind) {
    case LUNG_EV_PEER_UP:
        return LUNG_BY_PEER_LIVE;
    case LUNG_EV_LAST_DOWN:
    case LUNG_EV_HTTP_DOWN:
        return event->why;
    case LUNG_EV_FALLBACK:
        if (!l->running)
            return LUNG_BY_P2P_UNAVAILABLE;
        return l->no_source ? LUNG_BY_NO_SOURCE : LUNG_BY_COUNTDOWN_OVER;
    case LUNG_EV_HTTP_UP:
        return LUNG_BY_HTTP_OK;
    case LUNG_EV_HOLD:
        return LUNG_BY_HOLD_OVER;
    case LUNG_EV_FORCE_END:
        return LUNG_BY_FORCE_OVER;
    case LUNG_EV_STOP:
        return LUNG_BY_SHUTDOWN;
    case LUNG_EV_CMD_P2P:
    case LUNG_EV_CMD_HTTP:
    case LUNG_EV_CMD_AUTO:
        break;
    }
    return LUNG_BY_OPERATOR;
}

/* Action g, and the policy that a command sets. */
static void
set_policy(struct lung *l, enum lung_policy policy, uint64_t for_ms, uint64_t now_ms)
{
    l->policy = policy;
    l->force_armed = for_ms > 0;
    l->force_at_ms = now_ms + for_ms;
}

/* What an event says about the world, before the table is asked. */
static void
book(struct lung *l, const struct lung_event *event, uint64_t now_ms)
{
    switch (event->kind) {
    case LUNG_EV_PEER_UP:
        l->peers.live = event->peers;
        break;
    case LUNG_EV_LAST_DOWN:
        l->peers.live = 0;
        break;
    case LUNG_EV_HTTP_UP:
    case LUNG_EV_HTTP_DOWN:
        l->usable = event->kind == LUNG_EV_HTTP_UP;
        l->no_source = !l->usable && event->why == LUNG_BY_NO_SOURCE;
        l->probed = true;
        break;
    case LUNG_EV_CMD_P2P:
        set_policy(l, LUNG_POLICY_P2P, event->for_ms, now_ms);
        break;
    case LUNG_EV_CMD_HTTP:
        set_policy(l, LUNG_POLICY_HTTP, event->for_ms, now_ms);
        break;
    case LUNG_EV_CMD_AUTO:
    case LUNG_EV_FORCE_END:
        set_policy(l, LUNG_POLICY_AUTO, 0, now_ms);
        break;
    case LUNG_EV_FALLBACK:
        l->fallback_armed = false;
        break;
    case LUNG_EV_HOLD:
    case LUNG_EV_STOP:
        break;
    }
}

struct lung_step
lung_event(struct lung *l, const struct lung_event *event, uint64_t now_ms)
{
    struct lung_step step = stay(l);
    const struct lung_move *move;

    if (l->state == LUNG_STOPPING)
        return step; /* things end while it drains; that is expected */
    forget_old_flaps(l, now_ms);
    if (!can_arise(l, event->kind, now_ms)) {
        l->unexpected_total++;
        return step;
    }
    if (event->kind == LUNG_EV_CMD_P2P && !l->enabled) {
        step.refused = true;
        return step;
    }
    step.reason = reason_of(l, event);
    book(l, event, now_ms);
    move = lung_table_move(l->state, event->kind, l->usable);
    if (move == NULL) {
        step.reason = l->reason;
        return step;
    }
    step.moved = true;
    step.to = move->to;
    step.actions = perform(l, move->actions, now_ms);
    l->state = move->to;
    l->reason = step.reason;
    l->since_ms = now_ms;
    l->transitions_total++;
    return step;
}

/* --- what drivers tell --- */

struct lung_step
lung_start(struct lung *l, const struct lung_constants *k, enum lung_policy policy, bool p2p_enabled,
           uint64_t now_ms)
{
    const struct lung_move *entry = lung_table_entry(policy);
    struct lung_step step;

    assert(policy != LUNG_POLICY_P2P || p2p_enabled);
    *l = (struct lung){ .k = *k,
                        .state = entry->to,
                        .policy = policy,
                        .reason = LUNG_BY_START,
                        .since_ms = now_ms,
                        .enabled = p2p_enabled,
                        .t_zero_ms = now_ms,
                        .retry_pause_ms = k->retry_min_ms };
    step = stay(l);
    step.actions = perform(l, entry->actions, now_ms);
    return step;
}

struct lung_step
lung_set_peers(struct lung *l, const struct lung_peers *peers, enum lung_reason why, uint64_t now_ms)
{
    struct lung_event event = { .why = why, .peers = peers->live };
    uint32_t before = l->peers.live;

    if (l->state == LUNG_STOPPING || !l->running) {
        if (l->state != LUNG_STOPPING && peers->live > 0)
            l->unexpected_total++; /* peers of a lung that does not run */
        l->peers.known = peers->known;
        return stay(l);
    }
    l->peers = *peers;
    if ((before == 0) == (peers->live == 0))
        return stay(l);
    l->peers.live = before; /* lung_event books the change itself */
    event.kind = before == 0 ? LUNG_EV_PEER_UP : LUNG_EV_LAST_DOWN;
    return lung_event(l, &event, now_ms);
}

struct lung_step
lung_round(struct lung *l, bool usable, enum lung_reason why, uint64_t now_ms)
{
    struct lung_event event = { .kind = usable ? LUNG_EV_HTTP_UP : LUNG_EV_HTTP_DOWN, .why = why };

    if (!http_counts(l->state))
        return stay(l);
    l->probed = true;
    l->no_source = !usable && why == LUNG_BY_NO_SOURCE;
    return usable == l->usable ? stay(l) : lung_event(l, &event, now_ms);
}

void
lung_p2p_up(struct lung *l, uint64_t now_ms)
{
    if (l->running || l->state == LUNG_STOPPING)
        return;
    if (!l->wanted || !l->enabled) {
        l->unexpected_total++;
        return;
    }
    l->running = true;
    l->running_since_ms = now_ms;
    l->retry_armed = false;
    l->t_zero_ms = now_ms;
}

struct lung_step
lung_p2p_down(struct lung *l, uint64_t now_ms)
{
    const struct lung_event last_down = { .kind = LUNG_EV_LAST_DOWN, .why = LUNG_BY_P2P_FAILED };

    if (l->state == LUNG_STOPPING)
        return stay(l);
    if (!l->wanted || !l->enabled) {
        l->unexpected_total++;
        return stay(l);
    }
    if (l->running && lung_elapsed_ms(now_ms, l->running_since_ms) >= l->k.retry_max_ms)
        l->retry_pause_ms = l->k.retry_min_ms; /* it ran well for a while: a new failure, not the old one */
    l->retry_armed = true;
    l->retry_at_ms = now_ms + l->retry_pause_ms;
    l->retry_pause_ms = smaller(2 * l->retry_pause_ms, l->k.retry_max_ms);
    l->running = false;
    l->peers.connected = 0;
    return l->peers.live > 0 ? lung_event(l, &last_down, now_ms) : stay(l);
}

void
lung_reload(struct lung *l, const struct lung_constants *k)
{
    l->k = *k;
}

struct lung_step
lung_tick(struct lung *l, uint64_t now_ms)
{
    struct lung_event event = { .kind = LUNG_EV_FORCE_END };
    struct lung_step step = stay(l);

    forget_old_flaps(l, now_ms);
    /* At most one of them can be due, or become due by another: their states exclude each other. */
    if (force_is_due(l, now_ms)) {
        step = lung_event(l, &event, now_ms);
    } else if (hold_is_due(l, now_ms)) {
        event.kind = LUNG_EV_HOLD;
        step = lung_event(l, &event, now_ms);
    } else if (fallback_is_due(l, now_ms)) {
        event.kind = LUNG_EV_FALLBACK;
        step = lung_event(l, &event, now_ms);
    }
    if (l->retry_armed && now_ms >= l->retry_at_ms) {
        l->retry_armed = false;
        step.actions |= LUNG_DO_P2P_RETRY;
    }
    return step;
}

uint64_t
lung_next_deadline(const struct lung *l)
{
    uint64_t next = UINT64_MAX;

    if (l->force_armed)
        next = smaller(next, l->force_at_ms);
    if (l->hold_armed)
        next = smaller(next, l->t_recover_ms + lung_hold_ms(&l->k, l->flaps));
    if (l->fallback_armed && l->probed)
        next = smaller(next, l->running ? l->t_zero_ms + l->k.fallback_ms : 0);
    if (l->retry_armed)
        next = smaller(next, l->retry_at_ms);
    if (l->state == LUNG_P2P && l->flaps > 0)
        next = smaller(next, l->since_ms + l->k.calm_ms);
    return next;
}
