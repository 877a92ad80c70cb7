#include "config.h"

#include "view/tally.h"

#include <string.h>

#define WAYS_MAX (SNAPSHOT_PEERS_MAX + SNAPSHOT_SOURCES_MAX)

/* A row of the snapshot: one of the ways to a node. */
struct way {
    const char *key;
    enum agreement agreement;
    int64_t age_ms; /* of the answer that it rests on */
};

static struct way
way_of(const char *key, const struct snapshot_stand *stand, int64_t age_ms)
{
    return (struct way){ .key = key, .age_ms = age_ms < 0 ? INT64_MAX : age_ms,
                         .agreement = stand_is_overtaken(stand) ? AGREE_UNKNOWN : stand->agreement };
}

static int
list_ways(const struct snapshot *s, struct way ways[WAYS_MAX])
{
    int count = 0;

    for (uint32_t i = 0; i < s->peer_count && i < SNAPSHOT_PEERS_MAX; i++)
        ways[count++] = way_of(s->peers[i].public_key, &s->peers[i].stand, s->peers[i].heard_ms);
    for (uint32_t i = 0; i < s->source_count && i < SNAPSHOT_SOURCES_MAX; i++)
        ways[count++] = way_of(s->sources[i].public_key, &s->sources[i].stand, s->sources[i].ok_age_ms);
    return count;
}

/* Of two verdicts of about the same time: a difference, then agreement, then agreement with a but. */
static struct way
graver(const struct way *a, const struct way *b)
{
    if (agreement_is_open(a->agreement) || agreement_is_open(b->agreement))
        return agreement_is_open(a->agreement) ? *a : *b;
    return a->agreement == AGREE_EQUAL ? *a : *b;
}

/* What two ways to one node say together: on standby one of them was asked minutes ago, and the later word counts. */
static struct way
both(const struct way *a, const struct way *b)
{
    if (a->agreement == AGREE_UNKNOWN || b->agreement == AGREE_UNKNOWN)
        return a->agreement == AGREE_UNKNOWN ? *b : *a;
    if (a->age_ms < b->age_ms && b->age_ms - a->age_ms > SNAPSHOT_QUIET_MS)
        return *a;
    if (b->age_ms < a->age_ms && a->age_ms - b->age_ms > SNAPSHOT_QUIET_MS)
        return *b;
    return graver(a, b);
}

/* Join a way to the one before it that leads to the same node. False: there is none. */
static bool
join(struct way *nodes, int count, const struct way *way)
{
    for (int i = 0; way->key[0] && i < count; i++)
        if (strcmp(nodes[i].key, way->key) == 0) {
            nodes[i] = both(&nodes[i], way);
            return true;
        }
    return false;
}

struct snapshot_tally
snapshot_tally(const struct snapshot *s)
{
    struct way ways[WAYS_MAX];
    struct snapshot_tally tally = { .total = 0 };
    int count = list_ways(s, ways);

    for (int i = 0; i < count; i++)
        if (!join(ways, tally.total, &ways[i]))
            ways[tally.total++] = ways[i];
    for (int i = 0; i < tally.total; i++) {
        tally.same += ways[i].agreement == AGREE_EQUAL;
        tally.differ += agreement_is_open(ways[i].agreement);
        tally.but += ways[i].agreement == AGREE_BUT;
        tally.unknown += ways[i].agreement == AGREE_UNKNOWN;
    }
    return tally;
}
