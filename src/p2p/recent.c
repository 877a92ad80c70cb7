/*
 * recent.c - a table to find numbers by, and a ring that says which is the oldest. A number that was taken out stays in the ring until its turn;
 * that it is another than one of the same value that came again is told by the time.
 */
#include "config.h"

#include "p2p/recent.h"

#include <stdlib.h>

#define CAP_FIRST 64

void
recent_init(struct recent *r, size_t max, uint64_t ttl_ms)
{
    *r = (struct recent){ .max = max, .ttl_ms = ttl_ms };
}

void
recent_fini(struct recent *r)
{
    free(r->table);
    free(r->ring);
    recent_init(r, r->max, r->ttl_ms);
}

/* Slots that a number may stand in. */
static size_t
mask_of(const struct recent *r)
{
    return r->cap * 2 - 1;
}

/* Where it stands, or the free slot where it would. */
static struct recent_slot *
find(const struct recent *r, uint64_t number)
{
    size_t i = (size_t)number & mask_of(r);

    while (r->table[i].number != 0 && r->table[i].number != number)
        i = (i + 1) & mask_of(r);
    return &r->table[i];
}

/* Free a slot and move those behind it up, so that no search stops too early. */
static void
free_slot(struct recent *r, const struct recent_slot *slot)
{
    size_t hole = (size_t)(slot - r->table);
    size_t i = hole;

    for (;;) {
        r->table[hole].number = 0;
        do {
            i = (i + 1) & mask_of(r);
            if (r->table[i].number == 0)
                return;
            /* May it move: does its own place not lie between the hole and where it stands? */
        } while (((i - ((size_t)r->table[i].number & mask_of(r))) & mask_of(r)) < ((i - hole) & mask_of(r)));
        r->table[hole] = r->table[i];
        hole = i;
    }
}

static void
drop_oldest(struct recent *r)
{
    struct recent_slot oldest = r->ring[r->head];
    struct recent_slot *slot = find(r, oldest.number);

    r->head = (r->head + 1) & (r->cap - 1);
    r->used--;
    if (slot->number != 0 && slot->ms == oldest.ms) {
        free_slot(r, slot);
        r->count--;
    }
}

static bool
grow(struct recent *r)
{
    size_t cap = r->cap ? r->cap * 2 : (r->max < CAP_FIRST ? r->max : CAP_FIRST);
    struct recent_slot *table, *ring;
    struct recent old = *r;

    if (cap > r->max)
        return false;
    table = calloc(cap * 2, sizeof(*table));
    ring = calloc(cap, sizeof(*ring));
    if (table == NULL || ring == NULL) {
        free(table);
        free(ring);
        return false;
    }
    for (size_t i = 0; i < old.used; i++)
        ring[i] = old.ring[(old.head + i) & (old.cap - 1)];
    r->table = table;
    r->ring = ring;
    r->cap = cap;
    r->head = 0;
    for (size_t i = 0; i < 2 * old.cap; i++) {
        if (old.table[i].number != 0)
            *find(r, old.table[i].number) = old.table[i];
    }
    free(old.table);
    free(old.ring);
    return true;
}

static uint64_t
fold(uint64_t number)
{
    return number ? number : 1; /* 0 is a free slot */
}

bool
recent_add(struct recent *r, uint64_t number, uint64_t now_ms)
{
    struct recent_slot *slot;

    number = fold(number);
    if (r->cap > 0 && find(r, number)->number != 0)
        return false;
    if (r->used == r->cap && !grow(r)) {
        if (r->cap == 0)
            return true;
        drop_oldest(r);
    }
    slot = find(r, number);
    *slot = (struct recent_slot){ .number = number, .ms = now_ms };
    r->ring[(r->head + r->used) & (r->cap - 1)] = *slot;
    r->used++;
    r->count++;
    return true;
}

bool
recent_has(const struct recent *r, uint64_t number)
{
    return r->count > 0 && find(r, fold(number))->number != 0;
}

void
recent_remove(struct recent *r, uint64_t number)
{
    struct recent_slot *slot;

    if (r->count == 0)
        return;
    slot = find(r, fold(number));
    if (slot->number != 0) {
        free_slot(r, slot);
        r->count--;
    }
}

void
recent_expire(struct recent *r, uint64_t now_ms)
{
    while (r->used > 0 && now_ms - r->ring[r->head].ms >= r->ttl_ms)
        drop_oldest(r);
}
