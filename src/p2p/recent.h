/*
 * recent.h - which numbers came lately: a set that forgets by age and, when it is full, its oldest. Numbers are keyed hashes of what
 * strangers send. Grows with use, 48 bytes a number at the most. Pure; one thread.
 */
#ifndef LAT_P2P_RECENT_H
#define LAT_P2P_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recent_slot {
    uint64_t number; /* 0: free */
    uint64_t ms;     /* when it came */
};

struct recent {
    size_t max;      /* numbers */
    uint64_t ttl_ms;
    size_t count;
    struct recent_slot *table; /* open addressing; twice as large as the ring */
    struct recent_slot *ring;  /* in the order they came; those taken out in between too */
    size_t cap;                /* of the ring, a power of two; 0: nothing allocated */
    size_t head, used;
};

/* max: a power of two. */
void recent_init(struct recent *r, size_t max, uint64_t ttl_ms);
void recent_fini(struct recent *r);

/* False: it was there already, and keeps its time. Out of memory: an older one makes room, or it is not kept. */
bool recent_add(struct recent *r, uint64_t number, uint64_t now_ms);
bool recent_has(const struct recent *r, uint64_t number);
void recent_remove(struct recent *r, uint64_t number);

/* Forget what is older than ttl_ms. */
void recent_expire(struct recent *r, uint64_t now_ms);

#endif
