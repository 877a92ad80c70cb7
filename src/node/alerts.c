#include "config.h"

#include "node/alerts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A divergence that lasts longer than this is an alarm; the exit code of `status` follows the same line. */
#define DIVERGENCE_ALARM_MS 60000

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

/* Names of the alert's place and weight; a struct, so that calls read as one line. */
struct alert_kind {
    const char *code;
    const char *subject;
    enum alert_severity severity;
};

static void LAT_PRINTF(3, 4)
raise_alert(struct gathering *g, const struct alert_kind *kind, const char *fmt, ...)
{
    uint32_t at = g->now.count;
    struct snapshot_alert *alert = &g->s->alerts[at];
    va_list args;

    if (at == SNAPSHOT_ALERTS_MAX)
        return;
    lat_copy(g->now.entries[at].code, sizeof(g->now.entries[at].code), kind->code);
    lat_copy(g->now.entries[at].subject, sizeof(g->now.entries[at].subject), kind->subject);
    g->now.entries[at].since_ms = since_of(g, kind->code, kind->subject);
    g->now.count++;
    lat_copy(alert->code, sizeof(alert->code), kind->code);
    alert->severity = kind->severity;
    alert->since_ms = (int64_t)(g->s->mono_ms - g->now.entries[at].since_ms);
    va_start(args, fmt);
    vsnprintf(alert->text, sizeof(alert->text), fmt, args);
    va_end(args);
}

static void
lung_alerts(struct gathering *g)
{
    const struct snapshot_lung *lung = &g->s->lung;
    const char *p2p = lung->p2p_error[0] ? lung->p2p_error : "no live peer";
    const char *http = lung->http_error[0] ? lung->http_error : "no answer";

    switch (lung->state) {
    case LUNG_ISOLATED:
        raise_alert(g, &(struct alert_kind){ "F3", "", ALERT_ALARM }, "both lungs down: P2P: %.60s; HTTP: %.80s", p2p, http);
        break;
    case LUNG_FHTTP_DOWN:
        raise_alert(g, &(struct alert_kind){ "F3", "", ALERT_ALARM }, "HTTP forced and down: %.100s", http);
        break;
    case LUNG_FP2P_DOWN:
        raise_alert(g, &(struct alert_kind){ "F1", "", lung->no_peer_ms >= lung->fallback_after_ms ? ALERT_ALARM : ALERT_ATTENTION },
                    "P2P forced and no peers: no fallback while forced");
        break;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
    case LUNG_HTTP:
        if (lung->p2p_running)
            raise_alert(g, &(struct alert_kind){ "F1", "", ALERT_ATTENTION }, "no %speers over P2P%s",
                        lung->peers_connected > 0 ? "live " : "", lung->state == LUNG_HTTP ? ": HTTP carries" : "");
        else
            raise_alert(g, &(struct alert_kind){ "F1", "", ALERT_ATTENTION }, "P2P does not run: %.100s", p2p);
        break;
    case LUNG_P2P:
    case LUNG_RECOVERING:
    case LUNG_FP2P_UP:
    case LUNG_FHTTP_UP:
    case LUNG_STOPPING:
        break;
    }
    if (lung_is_forced(lung->state))
        raise_alert(g, &(struct alert_kind){ "M1", "", ALERT_ATTENTION }, "mode forced to %s%s%.60s",
                    lung->policy == LUNG_POLICY_P2P ? "P2P" : "HTTP", lung->forced_by[0] ? " by " : "", lung->forced_by);
}

static void
source_alerts(struct gathering *g)
{
    for (uint32_t i = 0; i < g->s->source_count; i++) {
        const struct snapshot_source *source = &g->s->sources[i];
        struct alert_kind differs = { "D1", source->url,
                                      source->stand.differs_ms > DIVERGENCE_ALARM_MS ? ALERT_ALARM : ALERT_ATTENTION };

        if (source->stand.differs_ms >= 0 &&
            (source->stand.agreement == AGREE_HELD || source->stand.agreement == AGREE_INCOMPATIBLE))
            raise_alert(g, &differs, "%.40s differs, nothing is taken: %.80s", source->name, source->stand.error);
        else if (source->stand.differs_ms >= 0 && source->stand.key_total > 0)
            raise_alert(g, &differs, "%.40s diverges: %u key%s", source->name, source->stand.key_total,
                        source->stand.key_total == 1 ? "" : "s");
        else if (source->stand.differs_ms >= 0)
            raise_alert(g, &differs, "%.40s diverges: root %.8s, ours %.8s", source->name, source->stand.root, g->s->state.root);
        if (source->failures > 0 && !source->usable && source->stand.error[0])
            raise_alert(g, &(struct alert_kind){ "F2", source->url, ALERT_ATTENTION }, "HTTP %.40s: %.100s", source->name,
                        source->stand.error);
    }
}

static void
peer_alerts(struct gathering *g)
{
    for (uint32_t i = 0; i < g->s->peer_count; i++) {
        const struct snapshot_peer *peer = &g->s->peers[i];
        struct alert_kind differs = { "D1", peer->id,
                                      peer->stand.differs_ms > DIVERGENCE_ALARM_MS ? ALERT_ALARM : ALERT_ATTENTION };

        if (!peer->connected || !peer->trusted || peer->stand.differs_ms < SNAPSHOT_QUIET_MS)
            continue;
        if (peer->stand.agreement == AGREE_HELD)
            raise_alert(g, &differs, "%.40s differs, nothing is taken: %.80s", peer->name, peer->stand.error);
        else
            raise_alert(g, &differs, "%.40s diverges: root %.8s, ours %.8s", peer->name, peer->stand.root, g->s->state.root);
    }
}

/* What puts this node's own view in question. */
static void
doubt_alerts(struct gathering *g)
{
    const struct snapshot_doubts *doubts = &g->s->doubts;

    if (doubts->two_faces[0])
        raise_alert(g, &(struct alert_kind){ "X1", "", ALERT_ALARM }, "two faces: %.140s", doubts->two_faces);
    if (doubts->twin_ms >= 0)
        raise_alert(g, &(struct alert_kind){ "X2", "", ALERT_ALARM }, "another node announces with our key: stop one of the two");
    if (doubts->rollback_ms >= 0)
        raise_alert(g, &(struct alert_kind){ "X3", "", ALERT_ALARM },
                    "a record of our key is newer than all we held: disk set back, or our key is used twice");
    if (doubts->clock_off_ms != 0)
        raise_alert(g, &(struct alert_kind){ "X4", "", ALERT_ATTENTION }, "our clock is %lld s %s that of most peers",
                    (long long)(doubts->clock_off_ms > 0 ? doubts->clock_off_ms : -doubts->clock_off_ms) / 1000,
                    doubts->clock_off_ms > 0 ? "behind" : "ahead of");
}

static void
state_alerts(struct gathering *g)
{
    const struct snapshot_state *state = &g->s->state;

    if (state->damaged || state->read_only)
        raise_alert(g, &(struct alert_kind){ "K1", "", ALERT_ALARM }, "store %s: %.120s",
                    state->damaged ? "damaged" : "takes no writes", state->error);
    if (state->lost > 0)
        raise_alert(g, &(struct alert_kind){ "K2", "", ALERT_ALARM }, "%llu stored record%s damaged; asked of other nodes",
                    (unsigned long long)state->lost, state->lost == 1 ? " is" : "s are");
    if (state->held > 0)
        raise_alert(g, &(struct alert_kind){ "H1", "", ALERT_ATTENTION }, "%llu records from the future are held",
                    (unsigned long long)state->held);
    if (g->s->trusted_keys == 0)
        raise_alert(g, &(struct alert_kind){ "T1", "", ALERT_ATTENTION },
                    "no trusted keys: watching only, nothing foreign is accepted");
    if (g->s->api_error[0])
        raise_alert(g, &(struct alert_kind){ "A1", "", ALERT_ATTENTION }, "API: %.140s", g->s->api_error);
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
