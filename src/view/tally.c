#include "config.h"

#include "view/tally.h"

#include <string.h>

#define WAYS_MAX (SNAPSHOT_PEERS_MAX + SNAPSHOT_SOURCES_MAX)

/* A row of the snapshot: one of the ways to a node. */
struct way {
    const char *key;
    enum agreement agreement;
};

static int
list_ways(const struct snapshot *s, struct way ways[WAYS_MAX])
{
    int count = 0;

    for (uint32_t i = 0; i < s->peer_count && i < SNAPSHOT_PEERS_MAX; i++)
        ways[count++] = (struct way){ s->peers[i].public_key, s->peers[i].stand.agreement };
    for (uint32_t i = 0; i < s->source_count && i < SNAPSHOT_SOURCES_MAX; i++)
        ways[count++] = (struct way){ s->sources[i].public_key, s->sources[i].stand.agreement };
    return count;
}

/* Which of two ways to one node says more about it: a difference, then agreement, then agreement with a but. */
static enum agreement
graver(enum agreement a, enum agreement b)
{
    if (agreement_is_open(a) || agreement_is_open(b))
        return agreement_is_open(a) ? a : b;
    if (a == AGREE_EQUAL || b == AGREE_EQUAL)
        return AGREE_EQUAL;
    return a == AGREE_UNKNOWN ? b : a;
}

/* Join a way to the one before it that leads to the same node. False: there is none. */
static bool
join(struct way *nodes, int count, const struct way *way)
{
    for (int i = 0; way->key[0] && i < count; i++)
        if (strcmp(nodes[i].key, way->key) == 0) {
            nodes[i].agreement = graver(nodes[i].agreement, way->agreement);
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
        tally.unknown += ways[i].agreement == AGREE_UNKNOWN;
    }
    return tally;
}
