#include "config.h"

#include "node/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/alert_words.h"

/* A divergence that lasts longer than this is an alarm; the exit code of `status` follows the same line. */
#define DIVERGENCE_ALARM_MS 60000
#define GOOD_ANSWERS 2 /* in a row, after which a source that failed is well again */

/* Alerts being gathered, each with the subject that tells it from others of its code. */
struct gathering {
    const struct alert_memory *before;
    struct alert_memory now;
    struct snapshot *s;
};

static uint64_t
since_of(const struct gathering *g, const char *code, const char *subject)
{
    for (uint32_t i = 0; i < g->before->count; i++) {
        if (strcmp(g->before->entries[i].code, code) == 0 && strcmp(g->before->entries[i].subject, subject) == 0)
            return g->before->entries[i].since_ms;
    }
    return g->s->mono_ms;
}

/* An alert of this kind about a subject, by which its beginning is found again: an id, a URL; "": the node. NULL: there are too many. */
static struct snapshot_alert *
raise_alert(struct gathering *g, enum alert_kind kind, enum alert_severity severity, const char *subject)
{
    uint32_t at = g->now.count;
    struct snapshot_alert *alert = &g->s->alerts[at];

    if (at == SNAPSHOT_ALERTS_MAX)
        return NULL;
    lat_copy(g->now.entries[at].code, sizeof(g->now.entries[at].code), alert_code(kind));
    lat_copy(g->now.entries[at].subject, sizeof(g->now.entries[at].subject), subject);
    g->now.entries[at].since_ms = since_of(g, alert_code(kind), subject);
    g->now.count++;
    *alert = (struct snapshot_alert){ .kind = kind,
                                      .severity = severity,
                                      .since_ms = (int64_t)(g->s->mono_ms - g->now.entries[at].since_ms) };
    return alert;
}

/* The words, each cut to what leaves room for the others. */
struct said {
    const char *who, *what, *why;
    uint64_t n;
};

static void
say(struct gathering *g, enum alert_kind kind, enum alert_severity severity, const char *subject, const struct said *said)
{
    struct snapshot_alert *alert = raise_alert(g, kind, severity, subject);

    if (alert == NULL)
        return;
    snprintf(alert->who, sizeof(alert->who), "%.40s", said->who ? said->who : "");
    snprintf(alert->what, sizeof(alert->what), "%.60s", said->what ? said->what : "");
    snprintf(alert->why, sizeof(alert->why), "%.140s", said->why ? said->why : "");
    alert->n = said->n;
    alert_write(alert);
}

static void
alert_no_peers(struct gathering *g)
{
    static const enum alert_kind kinds[2][2] = { { ALERT_IS_NO_PEERS, ALERT_IS_HTTP_CARRIES },
                                                 { ALERT_IS_NO_LIVE_PEERS, ALERT_IS_HTTP_CARRIES_LIVE } };
    const struct snapshot_lung *lung = &g->s->lung;

    if (lung->p2p_running)
        say(g, kinds[lung->peers_connected > 0][lung->state == LUNG_HTTP], ALERT_ATTENTION, "", &(struct said){ 0 });
    else
        say(g, ALERT_IS_P2P_OFF, ALERT_ATTENTION, "", &(struct said){ .why = lung->p2p_error[0] ? lung->p2p_error : "no live peer" });
}

static void
lung_alerts(struct gathering *g)
{
    const struct snapshot_lung *lung = &g->s->lung;
    const struct said down = { .what = lung->p2p_error[0] ? lung->p2p_error : "no live peer",
                               .why = lung->http_error[0] ? lung->http_error : "no answer" };
    const struct said mode = { .what = lung->policy == LUNG_POLICY_P2P ? "P2P" : "HTTP", .who = lung->forced_by };

    switch (lung->state) {
    case LUNG_ISOLATED:
        say(g, ALERT_IS_ISOLATED, ALERT_ALARM, "", &down);
        break;
    case LUNG_FHTTP_DOWN:
        say(g, ALERT_IS_HTTP_DOWN, ALERT_ALARM, "", &down);
        break;
    case LUNG_FP2P_DOWN:
        say(g, ALERT_IS_FORCED_ALONE, lung->no_peer_ms >= lung->fallback_after_ms ? ALERT_ALARM : ALERT_ATTENTION, "",
            &(struct said){ 0 });
        break;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
    case LUNG_HTTP:
        alert_no_peers(g);
        break;
    case LUNG_P2P:
    case LUNG_RECOVERING:
    case LUNG_FP2P_UP:
    case LUNG_FHTTP_UP:
    case LUNG_STOPPING:
        break;
    }
    if (lung_is_forced(lung->state))
        say(g, lung->forced_by[0] ? ALERT_IS_FORCED_BY : ALERT_IS_FORCED, ALERT_ATTENTION, "", &mode);
}

/* Another node has another state: what is known of the difference. subject: the way to it. */
static void
alert_difference(struct gathering *g, const struct snapshot_stand *stand, const char *subject, const char *name)
{
    enum alert_severity severity = stand->differs_ms > DIVERGENCE_ALARM_MS ? ALERT_ALARM : ALERT_ATTENTION;
    char theirs[9], ours[9];

    snprintf(theirs, sizeof(theirs), "%.8s", stand->root);
    snprintf(ours, sizeof(ours), "%.8s", g->s->state.root);
    if (stand->agreement == AGREE_HELD || stand->agreement == AGREE_INCOMPATIBLE)
        say(g, ALERT_IS_HELD_BACK, severity, subject, &(struct said){ .who = name, .why = stand->error });
    else if (stand->key_total > 0)
        say(g, ALERT_IS_DIFFERS_KEYS, severity, subject, &(struct said){ .who = name, .n = stand->key_total });
    else
        say(g, ALERT_IS_DIFFERS, severity, subject, &(struct said){ .who = name, .what = theirs, .why = ours });
}

/* Nodes with different trusted keys do not end with one root, whatever is healed. Once a node, by whichever way it is seen. */
static void
alert_trust(struct gathering *g, const struct snapshot_stand *stand, const char *public_key, const char *name)
{
    if (!stand->difference.trust_differs)
        return;
    for (uint32_t i = 0; i < g->now.count; i++)
        if (strcmp(g->now.entries[i].code, "T2") == 0 && strcmp(g->now.entries[i].subject, public_key) == 0)
            return;
    say(g, ALERT_IS_TRUST_DIFFERS, ALERT_ATTENTION, public_key, &(struct said){ .who = name });
}

/* Good answers of a source when it last failed, where that still stands as an alert; UINT64_MAX: it does not. */
static uint64_t
good_when_failing(const struct gathering *g, const char *url)
{
    for (uint32_t i = 0; i < g->before->count; i++)
        if (strcmp(g->before->entries[i].code, "F2") == 0 && strcmp(g->before->entries[i].subject, url) == 0)
            return g->before->entries[i].good;
    return UINT64_MAX;
}

static void
alert_failing(struct gathering *g, const struct snapshot_source *source)
{
    bool fails = source->failures > 0 && !source->usable && source->stand.error[0];
    uint64_t good = fails ? source->polls_ok : good_when_failing(g, source->url);
    uint32_t at = g->now.count;

    if (fails)
        say(g, ALERT_IS_SOURCE_FAILS, ALERT_ATTENTION, source->url, &(struct said){ .who = source->name, .why = source->stand.error });
    else if (good != UINT64_MAX && source->polls_ok - good < GOOD_ANSWERS)
        say(g, ALERT_IS_SOURCE_BACK, ALERT_ATTENTION, source->url, &(struct said){ .who = source->name });
    if (g->now.count > at)
        g->now.entries[at].good = good;
}

static void
source_alerts(struct gathering *g)
{
    for (uint32_t i = 0; i < g->s->source_count; i++) {
        const struct snapshot_source *source = &g->s->sources[i];

        if (source->stand.differs_ms >= SNAPSHOT_QUIET_MS)
            alert_difference(g, &source->stand, source->url, source->name);
        alert_failing(g, source);
        if (source->trusted && source->usable)
            alert_trust(g, &source->stand, source->public_key, source->name);
    }
}

static void
peer_alerts(struct gathering *g)
{
    for (uint32_t i = 0; i < g->s->peer_count; i++) {
        const struct snapshot_peer *peer = &g->s->peers[i];

        if (!peer->connected || !peer->trusted)
            continue;
        if (peer->stand.differs_ms >= SNAPSHOT_QUIET_MS)
            alert_difference(g, &peer->stand, peer->id, peer->name);
        alert_trust(g, &peer->stand, peer->public_key, peer->name);
    }
}

/* What puts this node's own view in question. */
static void
doubt_alerts(struct gathering *g)
{
    const struct snapshot_doubts *doubts = &g->s->doubts;
    int64_t off = doubts->clock_off_ms;

    if (doubts->two_faces[0])
        say(g, ALERT_IS_TWO_FACES, ALERT_ALARM, "", &(struct said){ .why = doubts->two_faces });
    if (doubts->twin_ms >= 0)
        say(g, ALERT_IS_TWIN, ALERT_ALARM, "", &(struct said){ 0 });
    if (doubts->rollback_ms >= 0)
        say(g, ALERT_IS_ROLLBACK, ALERT_ALARM, "", &(struct said){ 0 });
    if (off != 0)
        say(g, off > 0 ? ALERT_IS_CLOCK_BEHIND : ALERT_IS_CLOCK_AHEAD, ALERT_ATTENTION, "",
            &(struct said){ .n = (uint64_t)(off > 0 ? off : -off) / 1000 });
}

static void
state_alerts(struct gathering *g)
{
    const struct snapshot_state *state = &g->s->state;

    if (state->damaged || state->read_only)
        say(g, state->damaged ? ALERT_IS_DAMAGED : ALERT_IS_READ_ONLY, ALERT_ALARM, "", &(struct said){ .why = state->error });
    if (state->lost > 0)
        say(g, ALERT_IS_RECORDS_LOST, ALERT_ALARM, "", &(struct said){ .n = state->lost });
    if (state->held > 0)
        say(g, ALERT_IS_RECORDS_HELD, ALERT_ATTENTION, "", &(struct said){ .n = state->held });
    if (g->s->trusted_keys == 0)
        say(g, ALERT_IS_NO_TRUST, ALERT_ATTENTION, "", &(struct said){ 0 });
    if (g->s->api_error[0])
        say(g, ALERT_IS_API, ALERT_ATTENTION, "", &(struct said){ .why = g->s->api_error });
}

/* Alarms before attention, otherwise in the order in which they were raised. */
static void
sort_alerts(struct snapshot *s)
{
    struct snapshot_alert sorted[SNAPSHOT_ALERTS_MAX];
    uint32_t n = 0;

    for (int severity = ALERT_ALARM; severity >= ALERT_ATTENTION; severity--) {
        for (uint32_t i = 0; i < s->alert_count; i++) {
            if ((int)s->alerts[i].severity == severity)
                sorted[n++] = s->alerts[i];
        }
    }
    // cppcheck-suppress uninitvar ; the first n are set
    memcpy(s->alerts, sorted, n * sizeof(sorted[0]));
}

void
alerts_fill(struct alert_memory *memory, struct snapshot *s)
{
    struct gathering g = { .before = memory, .s = s };

    lung_alerts(&g);
    state_alerts(&g);
    doubt_alerts(&g);
    source_alerts(&g);
    peer_alerts(&g);
    s->alert_count = g.now.count;
    sort_alerts(s);
    *memory = g.now;
}
