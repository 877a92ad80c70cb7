/*
 * ring.h - a bounded queue of bytes: written at one end, taken at the other, nothing moves in between. Grows by doubling up to its maximum,
 * so that a queue that is hardly used costs little. For buffers that are drained while they are filled; else base/buf.h.
 *
 * One thread at a time.
 */
#ifndef LAT_BASE_RING_H
#define LAT_BASE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
    uint8_t *data; /* NULL while nothing was ever written */
    size_t cap;    /* bytes allocated: a power of two, or 0 */
    size_t at;     /* of the first byte, below cap */
    size_t len;    /* bytes that wait */
    size_t max;    /* bytes that may: a power of two */
};

/* max: a power of two, at least 64. Allocates nothing. */
void ring_init(struct ring *ring, size_t max);

/* Release the storage; the ring is empty and usable again. */
void ring_fini(struct ring *ring);

/* Append all of it, or nothing: 0 when it does not fit in max, or memory is out. Returns the bytes appended. */
size_t ring_write(struct ring *ring, const void *data, size_t len);

/* Take the first len bytes, at most ring->len, to out. */
void ring_take(struct ring *ring, void *out, size_t len);

#endif
