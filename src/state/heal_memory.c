#include "config.h"

#include "state/heal_memory.h"

#include <string.h>

/* Rows whose time is over go. */
static void
drop_old(struct heal_memory *memory, uint64_t now_ms)
{
    for (size_t i = 0; i < memory->count;) {
        if (memory->rows[i].until_ms <= now_ms)
            memory->rows[i] = memory->rows[--memory->count];
        else
            i++;
    }
}

static struct heal_memory_row *
find(struct heal_memory *memory, const void *id, size_t id_len)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (memory->rows[i].id_len == id_len && memcmp(memory->rows[i].id, id, id_len) == 0)
            return &memory->rows[i];
    }
    return NULL;
}

static struct heal_memory_row *
make_room(struct heal_memory *memory)
{
    struct heal_memory_row *first = &memory->rows[0];

    if (memory->count < HEAL_MEMORY_MAX)
        return &memory->rows[memory->count++];
    for (size_t i = 1; i < memory->count; i++) {
        if (memory->rows[i].until_ms < first->until_ms)
            first = &memory->rows[i];
    }
    return first;
}

void
heal_memory_keep(struct heal_memory *memory, const void *id, size_t id_len, const struct heal_peer *p, uint64_t now_ms)
{
    uint64_t least = now_ms + HEAL_PAUSE_MAX_MS;
    struct heal_memory_row *row;

    drop_old(memory, now_ms);
    if (p->fruitless == 0 || id_len > HEAL_MEMORY_ID_MAX)
        return;
    row = find(memory, id, id_len);
    if (row == NULL)
        row = make_room(memory);
    *row = (struct heal_memory_row){ .id_len = (uint8_t)id_len,
                                     .fruitless = p->fruitless,
                                     .pause_until_ms = p->pause_until_ms,
                                     .until_ms = p->pause_until_ms > least ? p->pause_until_ms : least };
    memcpy(row->id, id, id_len);
}

void
heal_memory_recall(struct heal_memory *memory, const void *id, size_t id_len, struct heal_peer *p, uint64_t now_ms)
{
    struct heal_memory_row *row;

    drop_old(memory, now_ms);
    row = find(memory, id, id_len);
    if (row == NULL)
        return;
    p->fruitless = row->fruitless;
    p->pause_until_ms = row->pause_until_ms > now_ms ? row->pause_until_ms : 0;
    *row = memory->rows[--memory->count];
}

void
heal_memory_clear(struct heal_memory *memory)
{
    memory->count = 0;
}
