#include "config.h"

#include "node/traffic.h"

#include <string.h>

#include "base/text.h"

#define SLOT_MS (1000 * SNAPSHOT_TRAFFIC_S)

static void
shift(uint32_t slots[SNAPSHOT_TRAFFIC], uint32_t newest)
{
    memmove(slots, slots + 1, (SNAPSHOT_TRAFFIC - 1) * sizeof(slots[0]));
    slots[SNAPSHOT_TRAFFIC - 1] = newest;
}

static uint32_t
slot_value(bool whole, uint64_t bytes)
{
    if (!whole)
        return SNAPSHOT_TRAFFIC_GAP;
    return bytes < SNAPSHOT_TRAFFIC_GAP ? (uint32_t)bytes : SNAPSHOT_TRAFFIC_GAP - 1;
}

/* The slot that ran is over, and those between it and the present one went by unseen. */
static void
turn(struct traffic_row *row, uint64_t slot)
{
    for (unsigned i = 0; row->slot < slot && i < SNAPSHOT_TRAFFIC; i++, row->slot++) {
        shift(row->last.in_5s, slot_value(row->whole, row->in));
        shift(row->last.out_5s, slot_value(row->whole, row->out));
        row->whole = false;
    }
    row->slot = slot;
    row->in = row->out = 0;
}

static uint64_t
since(uint64_t counter, uint64_t before)
{
    return counter >= before ? counter - before : counter;
}

static void
note(struct traffic_row *row, struct snapshot_traffic *out, uint64_t now_ms)
{
    uint64_t slot = now_ms / SLOT_MS;
    bool lost = now_ms - row->noted_ms > TRAFFIC_LOST_MS;

    if (lost)
        row->whole = false;
    if (slot > row->slot) {
        turn(row, slot);
        row->whole = !lost;
    }
    row->in += since(out->bytes_in, row->last.bytes_in);
    row->out += since(out->bytes_out, row->last.bytes_out);
    row->last.bytes_in = out->bytes_in;
    row->last.bytes_out = out->bytes_out;
    row->noted_ms = now_ms;
    *out = row->last;
}

/* The row of an id; a new one takes an unused place, else that of the row which was not noted for longest. */
static struct traffic_row *
row_of(struct traffic *t, const char *id, uint64_t now_ms)
{
    struct traffic_row *row = &t->rows[0];

    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->rows[i].id, id) == 0)
            return &t->rows[i];
        if (t->rows[i].noted_ms < row->noted_ms)
            row = &t->rows[i];
    }
    if (t->count < TRAFFIC_ROWS_MAX)
        row = &t->rows[t->count++];
    *row = (struct traffic_row){ .noted_ms = now_ms, .slot = now_ms / SLOT_MS };
    snapshot_traffic_clear(&row->last);
    lat_copy(row->id, sizeof(row->id), id);
    return row;
}

void
traffic_fill(struct traffic *t, struct snapshot *s)
{
    for (uint32_t i = 0; i < s->peer_count; i++)
        if (s->peers[i].connected)
            note(row_of(t, s->peers[i].id, s->mono_ms), &s->peers[i].traffic, s->mono_ms);
    for (uint32_t i = 0; i < s->source_count; i++)
        note(row_of(t, s->sources[i].url, s->mono_ms), &s->sources[i].traffic, s->mono_ms);
}
