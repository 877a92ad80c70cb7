#include "config.h"

#include "node/heartbeat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "node/lung_show.h"

#define TEXT_MAX 768 /* two errors of a snapshot and the words around them */
#define NO_COUNTDOWN (-1)

static const int64_t marks_ms[] = { 15000, 30000, 45000 }; /* the lowest first: see tell_timer */

void
heartbeat_init(struct heartbeat *hb, heartbeat_fn write, void *arg)
{
    *hb = (struct heartbeat){ .write = write, .arg = arg, .countdown_left_ms = NO_COUNTDOWN };
}

static void say(struct heartbeat *hb, enum lat_level level, const char *fmt, ...) LAT_PRINTF(3, 4);

static void
say(struct heartbeat *hb, enum lat_level level, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    hb->write(hb->arg, level, text);
}

static const char *
either(const char *text, const char *otherwise)
{
    return text[0] != '\0' ? text : otherwise;
}

static int64_t
seconds_up(int64_t ms)
{
    return (ms + 999) / 1000;
}

/* --- the P2P lung itself --- */

/*
 * Say when it begins or ceases to run. Failed attempts to start it again are silent: the first failure was
 * told.
 */
static void
watch_p2p(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts)
{
    if (l->running && !hb->monitoring) {
        if (hb->failed)
            say(hb, LAT_INFO, "[STARTUP] [OK] P2P started again");
        say(hb, LAT_INFO, "[P2P_HEARTBEAT] Monitoring P2P peer connectivity");
        hb->failed = false;
    } else if (!l->running && hb->monitoring) {
        if (l->wanted)
            say(hb, LAT_INFO, "[STARTUP] [WARN] P2P failed: %s", either(facts->p2p_error, "no reason known"));
        say(hb, LAT_INFO, "[P2P_HEARTBEAT] Monitor stopped");
        hb->failed = l->wanted;
    }
    hb->monitoring = l->running;
}

/* --- the countdown --- */

static void
tell_nobody(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts, uint64_t now_ms)
{
    int64_t whole = (int64_t)l->k.fallback_ms;
    int64_t left = lung_fallback_in_ms(l, now_ms);

    if (!l->running)
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [WARN] No peers detected, no P2P (%s): asking HTTP now",
            either(facts->p2p_error, "disabled"));
    else if (left == whole)
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [WARN] No peers detected, starting %" PRId64 "s timer",
            seconds_up(whole));
    else
        say(hb, LAT_WARNING,
            "[P2P_HEARTBEAT] [WARN] No peers detected, %" PRId64 "s left of the %" PRId64 "s timer",
            seconds_up(left), seconds_up(whole));
}

/*
 * A mark is told when the remaining time first drops to it. Where one look passes several (a reload that
 * shortens the countdown, a loop that came late), only the lowest is told: the others are past.
 */
static void
tell_timer(struct heartbeat *hb, const struct lung *l, int64_t left_ms)
{
    for (unsigned i = 0; i < sizeof(marks_ms) / sizeof(marks_ms[0]); i++) {
        if (marks_ms[i] >= (int64_t)l->k.fallback_ms || left_ms > marks_ms[i])
            continue;
        if (hb->countdown_left_ms > marks_ms[i])
            say(hb, LAT_NOTICE, "[P2P_HEARTBEAT] [TIMER] %" PRId64 "s remaining before HTTP fallback",
                seconds_up(left_ms));
        break;
    }
}

static void
watch_countdown(struct heartbeat *hb, const struct lung *l, uint64_t now_ms)
{
    int64_t left = l->running ? lung_fallback_in_ms(l, now_ms) : NO_COUNTDOWN;

    if (left < 0) {
        hb->countdown_left_ms = NO_COUNTDOWN;
        return;
    }
    if (hb->countdown_left_ms < 0 || hb->countdown_zero_ms != l->t_zero_ms) {
        hb->countdown_zero_ms = l->t_zero_ms;
        hb->countdown_left_ms = left;
    } else if (left < hb->countdown_left_ms) {
        if (left > 0)
            tell_timer(hb, l, left);
        hb->countdown_left_ms = left;
    }
}

/*
 * The monitor's first look, one period after the start. A countdown that is over by then has its own lines.
 */
static void
watch_start(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts, uint64_t now_ms)
{
    if (l->state != LUNG_STARTING || hb->warned || !l->running)
        return;
    if (lung_elapsed_ms(now_ms, l->since_ms) < l->k.exchange_ms)
        return;
    hb->warned = true;
    tell_nobody(hb, l, facts, now_ms);
}

/* --- transitions --- */

static enum lat_level
level_of(enum lung_state to)
{
    switch (to) {
    case LUNG_COUNTDOWN:
    case LUNG_HTTP:
    case LUNG_FP2P_DOWN:
    case LUNG_FHTTP_DOWN:
        return LAT_WARNING;
    case LUNG_ISOLATED:
        return LAT_ERROR;
    case LUNG_STARTING:
    case LUNG_P2P:
    case LUNG_RECOVERING:
    case LUNG_FP2P_UP:
    case LUNG_FHTTP_UP:
    case LUNG_STOPPING:
        break;
    }
    return LAT_NOTICE;
}

static void
tell_event(struct heartbeat *hb, const struct lung *l, const struct lung_step *step,
           const struct heartbeat_facts *facts, uint64_t now_ms)
{
    int64_t no_peer_ms = lung_no_peer_ms(l, now_ms);

    say(hb, level_of(step->to),
        "[P2P_HEARTBEAT] event=lung from=%s to=%s reason=%s peers_live=%" PRIu32 " no_peer_ms=%" PRId64
        " http_usable=%d policy=%s flaps=%" PRIu32 " hold_ms=%" PRIu64,
        lung_state_name(step->from), lung_state_name(step->to), lung_reason_name(step->reason), l->peers.live,
        no_peer_ms < 0 ? 0 : no_peer_ms, facts->http_usable, lung_policy_name(l->policy), l->flaps,
        lung_hold_ms(&l->k, l->flaps));
}

static void
tell_monitoring(struct heartbeat *hb, const struct heartbeat_facts *facts)
{
    if (facts->sources > 0)
        say(hb, LAT_NOTICE, "[HTTP_SYNC] Monitoring %" PRIu32 " peer node(s)", facts->sources);
    else
        say(hb, LAT_WARNING, "[HTTP_SYNC] No peer nodes configured");
}

static void
tell_http(struct heartbeat *hb, const struct lung *l, const struct lung_step *step,
          const struct heartbeat_facts *facts, uint64_t now_ms)
{
    if (step->from == LUNG_FHTTP_UP)
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [ALERT] No peers as the forced mode ends - HTTP goes on");
    else if (step->from == LUNG_RECOVERING)
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [ALERT] Peers lost again - HTTP goes on");
    else if (step->from == LUNG_ISOLATED)
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [ALERT] No peers, HTTP answers - Activating HTTP Fallback");
    else if (l->running)
        say(hb, LAT_WARNING,
            "[P2P_HEARTBEAT] [ALERT] %" PRId64 " seconds without peers - Activating HTTP Fallback",
            lung_no_peer_ms(l, now_ms) / 1000);
    else
        say(hb, LAT_WARNING, "[P2P_HEARTBEAT] [ALERT] P2P does not run (%s) - Activating HTTP Fallback",
            either(facts->p2p_error, "disabled"));
    say(hb, LAT_NOTICE, "[P2P_HEARTBEAT] [LUNG] HTTP Sync Fallback activated");
    tell_monitoring(hb, facts);
}

static void
tell_isolated(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts)
{
    say(hb, LAT_ERROR, "[P2P_HEARTBEAT] [ALERT] Both lungs are down: P2P: %s; HTTP: %s",
        either(facts->p2p_error, l->enabled ? "no live peer" : "disabled"),
        either(facts->http_error, l->no_source ? "no source configured" : "no source answers"));
}

static void
tell_standby(struct heartbeat *hb, const struct lung_step *step)
{
    if (step->reason == LUNG_BY_HOLD_OVER)
        say(hb, LAT_NOTICE, "[HTTP_SYNC] [LUNG] P2P carries alone, HTTP on standby");
    else
        say(hb, LAT_NOTICE, "[HTTP_SYNC] [LUNG] HTTP failed while peers are back, on standby");
}

static bool
is_http_forced(enum lung_state state)
{
    return state == LUNG_FHTTP_UP || state == LUNG_FHTTP_DOWN;
}

/* HTTP was asked in `from`, and is not in `to`. */
static bool
ends_http(const struct lung_step *step)
{
    bool off_before = step->from == LUNG_FP2P_UP || step->from == LUNG_FP2P_DOWN;
    bool off_after = step->to == LUNG_FP2P_UP || step->to == LUNG_FP2P_DOWN || step->to == LUNG_STOPPING;

    return off_after && !off_before;
}

/* The tagged lines that belong to a transition. */
static void
tell_story(struct heartbeat *hb, const struct lung *l, const struct lung_step *step,
           const struct heartbeat_facts *facts, uint64_t now_ms)
{
    if (step->reason == LUNG_BY_PEER_LIVE)
        say(hb, LAT_NOTICE, "[P2P_HEARTBEAT] [OK] %" PRIu32 " peer(s) found, timer reset", l->peers.live);
    else if (step->to == LUNG_COUNTDOWN)
        tell_nobody(hb, l, facts, now_ms);
    else if (step->to == LUNG_HTTP)
        tell_http(hb, l, step, facts, now_ms);
    else if (step->to == LUNG_ISOLATED)
        tell_isolated(hb, l, facts);
    else if (step->from == LUNG_RECOVERING && step->to == LUNG_P2P)
        tell_standby(hb, step);
    else if (is_http_forced(step->to) && !is_http_forced(step->from))
        tell_monitoring(hb, facts);
    else if (ends_http(step))
        say(hb, LAT_NOTICE, "[HTTP_SYNC] Heartbeat stopped");
}

/* Book a transition; true when as many as may be told came before it within the window. */
static bool
is_one_too_many(struct heartbeat *hb, uint64_t now_ms)
{
    uint64_t *oldest = &hb->moved_ms[hb->moves % HEARTBEAT_BURST];
    bool many = hb->moves >= HEARTBEAT_BURST && lung_elapsed_ms(now_ms, *oldest) < HEARTBEAT_WINDOW_MS;

    *oldest = now_ms;
    hb->moves++;
    return many;
}

static void
sum_up(struct heartbeat *hb, const struct lung *l, uint64_t now_ms)
{
    say(hb, LAT_WARNING,
        "[P2P_HEARTBEAT] event=lung suppressed=%" PRIu64 " state=%s peers_live=%" PRIu32
        " policy=%s flaps=%" PRIu32 " hold_ms=%" PRIu64,
        hb->suppressed, lung_state_name(l->state), l->peers.live, lung_policy_name(l->policy), l->flaps,
        lung_hold_ms(&l->k, l->flaps));
    hb->suppressed = 0;
    hb->summary_ms = now_ms + HEARTBEAT_WINDOW_MS;
}

void
heartbeat_start(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts,
                uint64_t now_ms)
{
    if (!l->enabled)
        say(hb, LAT_NOTICE, "[STARTUP] P2P disabled, using HTTP Sync only");
    else if (!l->wanted)
        say(hb, LAT_NOTICE, "[STARTUP] P2P held back, mode http is configured");
    else if (l->running)
        say(hb, LAT_NOTICE, "[STARTUP] [OK] P2P started");
    else
        say(hb, LAT_WARNING, "[STARTUP] [WARN] P2P failed to start: %s",
            either(facts->p2p_error, "no reason known"));
    hb->failed = l->enabled && l->wanted && !l->running;
    if (l->policy != LUNG_POLICY_P2P)
        tell_monitoring(hb, facts);
    watch_p2p(hb, l, facts);
    watch_countdown(hb, l, now_ms);
}

void
heartbeat_step(struct heartbeat *hb, const struct lung *l, const struct lung_step *step,
               const struct heartbeat_facts *facts, uint64_t now_ms)
{
    if (!step->moved)
        return;
    if (is_one_too_many(hb, now_ms) && step->to != LUNG_ISOLATED) {
        if (hb->suppressed == 0)
            hb->summary_ms = now_ms + HEARTBEAT_WINDOW_MS;
        hb->suppressed++;
    } else {
        tell_event(hb, l, step, facts, now_ms);
        tell_story(hb, l, step, facts, now_ms);
    }
    if (step->to == LUNG_STOPPING && hb->suppressed > 0)
        sum_up(hb, l, now_ms); /* there is no later look */
    watch_p2p(hb, l, facts);
    watch_countdown(hb, l, now_ms);
}

void
heartbeat_tick(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts,
               uint64_t now_ms)
{
    watch_p2p(hb, l, facts);
    watch_start(hb, l, facts, now_ms);
    watch_countdown(hb, l, now_ms);
    if (hb->suppressed > 0 && now_ms >= hb->summary_ms)
        sum_up(hb, l, now_ms);
}
