/*
 * heal_memory.h - the back-off of peers that have gone: one that comes back is not healed from sooner than if it had stayed. A row lasts
 * as long as its pause, and HEAL_PAUSE_MAX_MS at least, so that coming and going does not start the count of fruitless sessions anew.
 *
 * Bounded: HEAL_MEMORY_MAX rows, the one that ends first makes room. Pure; instants are monotonic milliseconds; one thread at a time.
 *
 * Spec: STATE section 1 ("Limits": back-off per peer).
 */
#ifndef LAT_STATE_HEAL_MEMORY_H
#define LAT_STATE_HEAL_MEMORY_H

#include "state/heal_peer.h"

#define HEAL_MEMORY_MAX 256
#define HEAL_MEMORY_ID_MAX 64 /* bytes of a peer's id; a longer one is not remembered */

struct heal_memory_row {
    uint8_t id[HEAL_MEMORY_ID_MAX];
    uint8_t id_len;
    uint32_t fruitless;
    uint64_t pause_until_ms; /* 0: not paused */
    uint64_t until_ms;       /* the row lasts so long */
};

/* Zeroed at the start. */
struct heal_memory {
    struct heal_memory_row rows[HEAL_MEMORY_MAX];
    size_t count;
};

/* The peer goes. Nothing is kept of one whose last session brought something. */
void heal_memory_keep(struct heal_memory *memory, const void *id, size_t id_len, const struct heal_peer *p, uint64_t now_ms);

/* It is back: what was kept of it goes into p, which is fresh. */
void heal_memory_recall(struct heal_memory *memory, const void *id, size_t id_len, struct heal_peer *p, uint64_t now_ms);

/* The operator, or a new network, wants all of them tried. */
void heal_memory_clear(struct heal_memory *memory);

#endif
