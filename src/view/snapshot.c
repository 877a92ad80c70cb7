#include "config.h"

#include "view/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

/* The count stands beside the value, so that readers hold a plain const pointer. */
struct counted {
    atomic_uint references;
    struct snapshot value;
};

static struct counted *
counted_of(const struct snapshot *snapshot)
{
    return (struct counted *)((uintptr_t)snapshot - offsetof(struct counted, value));
}

void
snapshot_stand_clear(struct snapshot_stand *stand)
{
    *stand = (struct snapshot_stand){ .differs_ms = -1, .heal_age_ms = -1 };
}

void
snapshot_traffic_clear(struct snapshot_traffic *traffic)
{
    *traffic = (struct snapshot_traffic){ .bytes_in = 0 };
    for (size_t i = 0; i < SNAPSHOT_TRAFFIC; i++)
        traffic->in_5s[i] = traffic->out_5s[i] = SNAPSHOT_TRAFFIC_GAP;
}

struct snapshot *
snapshot_new(void)
{
    struct counted *counted = calloc(1, sizeof(*counted));
    struct snapshot *s;

    if (counted == NULL)
        return NULL;
    atomic_init(&counted->references, 1);
    s = &counted->value;
    s->schema = SNAPSHOT_SCHEMA;
    s->lung.no_peer_ms = -1;
    s->lung.fallback_in_ms = -1;
    s->lung.recover_in_ms = -1;
    s->lung.forced_left_ms = -1;
    s->lung.last_exchange_ms = -1;
    s->lung.http_age_ms = -1;
    s->lung.http_next_ms = -1;
    s->state.commit_age_ms = -1;
    s->state.verified_age_ms = -1;
    s->state.scrub_age_ms = -1;
    for (size_t i = 0; i < SNAPSHOT_SOURCES_MAX; i++) {
        s->sources[i].ok_age_ms = -1;
        s->sources[i].try_age_ms = -1;
        s->sources[i].next_ms = -1;
        snapshot_traffic_clear(&s->sources[i].traffic);
        snapshot_stand_clear(&s->sources[i].stand);
    }
    for (size_t i = 0; i < SNAPSHOT_PEERS_MAX; i++) {
        s->peers[i].rtt_us = -1;
        s->peers[i].since_ms = -1;
        s->peers[i].exchange_ms = -1;
        s->peers[i].heard_ms = -1;
        snapshot_traffic_clear(&s->peers[i].traffic);
        snapshot_stand_clear(&s->peers[i].stand);
    }
    s->doubts.twin_ms = -1;
    s->doubts.rollback_ms = -1;
    return s;
}

const struct snapshot *
snapshot_ref(const struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&counted_of(snapshot)->references, 1, memory_order_relaxed);
    return snapshot;
}

void
snapshot_unref(const struct snapshot *snapshot)
{
    struct counted *counted;

    if (snapshot == NULL)
        return;
    counted = counted_of(snapshot);
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1)
        free(counted);
}

const char *
agreement_name(enum agreement agreement)
{
    static const char *const names[] = { [AGREE_UNKNOWN] = "unknown", [AGREE_EQUAL] = "equal",
                                         [AGREE_DIFFERS] = "differs", [AGREE_HEALING] = "healing",
                                         [AGREE_HELD] = "held",       [AGREE_BUT] = "equal_but",
                                         [AGREE_INCOMPATIBLE] = "incompatible" };

    return names[agreement];
}

bool
agreement_is_open(enum agreement agreement)
{
    return agreement != AGREE_EQUAL && agreement != AGREE_UNKNOWN && agreement != AGREE_BUT;
}

bool
stand_is_overtaken(const struct snapshot_stand *stand)
{
    return stand->agreement == AGREE_DIFFERS && stand->differs_ms < 0;
}

const char *
key_reason_name(enum key_reason reason)
{
    static const char *const names[] = { [WINS_ALONE] = "alone",
                                         [WINS_NATIVE] = "native",
                                         [WINS_CLOCK] = "clock",
                                         [WINS_AUTHOR] = "author",
                                         [WINS_DIGEST] = "digest" };

    return names[reason];
}

const char *
heal_way_name(enum heal_way way)
{
    static const char *const names[] = { [WAY_NONE] = "none",
                                         [WAY_SKETCH] = "sketch",
                                         [WAY_DESCENT] = "descent",
                                         [WAY_STREAM] = "stream" };

    return names[way];
}

const char *
key_difference_name(enum key_difference difference)
{
    static const char *const names[] = { [KEY_THEIRS_NEWER] = "theirs_newer", [KEY_OURS_NEWER] = "ours_newer",
                                         [KEY_ONLY_THEIRS] = "only_theirs", [KEY_ONLY_OURS] = "only_ours",
                                         [KEY_REFUSED] = "refused" };

    return names[difference];
}

/* Differing for longer than this is an alarm, not just worth a look. */
#define DIVERGENCE_ALARM_MS 60000

static bool
any_source_differs_longer(const struct snapshot *s, int64_t ms)
{
    for (uint32_t i = 0; i < s->source_count; i++) {
        if (s->sources[i].stand.differs_ms > ms)
            return true;
    }
    return false;
}

/* A peer whose key counts. */
static bool
any_peer_differs_longer(const struct snapshot *s, int64_t ms)
{
    for (uint32_t i = 0; i < s->peer_count; i++) {
        if (s->peers[i].connected && s->peers[i].trusted && s->peers[i].stand.differs_ms > ms)
            return true;
    }
    return false;
}

static bool
is_alarm(const struct snapshot *s)
{
    const struct snapshot_lung *lung = &s->lung;

    if (s->doubts.two_faces[0] || s->doubts.twin_ms >= 0 || s->doubts.rollback_ms >= 0)
        return true;

    if (s->state.read_only || s->state.damaged)
        return true;
    if (lung->state == LUNG_ISOLATED || lung->state == LUNG_FHTTP_DOWN)
        return true;
    if (lung->state == LUNG_FP2P_DOWN && lung->no_peer_ms >= lung->fallback_after_ms)
        return true;
    return any_source_differs_longer(s, DIVERGENCE_ALARM_MS) || any_peer_differs_longer(s, DIVERGENCE_ALARM_MS);
}

int
snapshot_condition(const struct snapshot *s)
{
    if (s->summary)
        return s->summary_condition;
    if (is_alarm(s))
        return 2;
    if ((s->lung.state != LUNG_P2P && s->lung.state != LUNG_FP2P_UP) || s->lung.degraded)
        return 1;
    if (any_source_differs_longer(s, -1) || any_peer_differs_longer(s, SNAPSHOT_QUIET_MS) || s->doubts.clock_off_ms != 0 ||
        s->trusted_keys == 0 || s->state.incomplete)
        return 1;
    return 0;
}
