#include "config.h"

#include "base/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CAP_FIRST 64

void
ring_init(struct ring *ring, size_t max)
{
    assert(max >= CAP_FIRST && (max & (max - 1)) == 0);
    *ring = (struct ring){ .max = max };
}

void
ring_fini(struct ring *ring)
{
    free(ring->data);
    ring_init(ring, ring->max);
}

/* Copy what waits, from the first byte on: up to the end of the storage, then from its front. */
static void
copy_out(const struct ring *ring, uint8_t *out, size_t len)
{
    size_t back = ring->cap - ring->at;
    size_t first = len < back ? len : back;

    memcpy(out, ring->data + ring->at, first);
    memcpy(out + first, ring->data, len - first);
}

static int
grow(struct ring *ring, size_t need)
{
    size_t cap = ring->cap ? ring->cap : CAP_FIRST;
    uint8_t *data;

    while (cap < need)
        cap *= 2;
    data = malloc(cap);
    if (data == NULL)
        return -1;
    if (ring->len > 0)
        copy_out(ring, data, ring->len);
    free(ring->data);
    ring->data = data;
    ring->cap = cap;
    ring->at = 0;
    return 0;
}

size_t
ring_write(struct ring *ring, const void *data, size_t len)
{
    size_t to, back, first;

    if (len == 0 || len > ring->max - ring->len)
        return 0;
    if (ring->len + len > ring->cap && grow(ring, ring->len + len) != 0)
        return 0;
    to = (ring->at + ring->len) & (ring->cap - 1);
    back = ring->cap - to;
    first = len < back ? len : back;
    memcpy(ring->data + to, data, first);
    memcpy(ring->data, (const uint8_t *)data + first, len - first);
    ring->len += len;
    return len;
}

void
ring_take(struct ring *ring, void *out, size_t len)
{
    assert(len <= ring->len);
    if (len == 0)
        return;
    copy_out(ring, out, len);
    ring->at = (ring->at + len) & (ring->cap - 1);
    ring->len -= len;
}
