#include "config.h"

#include "node/timeline.h"

#include <string.h>

#include "view/tally.h"

static void
shift(uint16_t row[SNAPSHOT_TIMELINE], uint64_t by)
{
    size_t drop = by < SNAPSHOT_TIMELINE ? (size_t)by : SNAPSHOT_TIMELINE;

    memmove(row, row + drop, (SNAPSHOT_TIMELINE - drop) * sizeof(row[0]));
    memset(row + SNAPSHOT_TIMELINE - drop, 0, drop * sizeof(row[0]));
}

static void
advance(struct timeline *t, uint64_t slot)
{
    uint64_t by = t->slot == 0 ? SNAPSHOT_TIMELINE : slot - t->slot;

    shift(t->states, by);
    shift(t->peers, by);
    shift(t->differ, by);
    t->slot = slot;
}

void
timeline_fill(struct timeline *t, struct snapshot *s)
{
    const int last = SNAPSHOT_TIMELINE - 1;
    uint16_t peers = s->lung.peers_live < UINT16_MAX ? (uint16_t)s->lung.peers_live : UINT16_MAX;
    uint16_t differ = (uint16_t)snapshot_tally(s).differ;

    if (s->wall_ms / 1000 / SNAPSHOT_SLOT_S > t->slot)
        advance(t, s->wall_ms / 1000 / SNAPSHOT_SLOT_S);
    if (t->states[last] == 0 || peers < t->peers[last])
        t->peers[last] = peers;
    if (differ > t->differ[last])
        t->differ[last] = differ;
    t->states[last] = (uint16_t)(t->states[last] | 1u << s->lung.state);
    memcpy(s->timeline_states, t->states, sizeof(t->states));
    memcpy(s->timeline_peers, t->peers, sizeof(t->peers));
    memcpy(s->timeline_differ, t->differ, sizeof(t->differ));
}
