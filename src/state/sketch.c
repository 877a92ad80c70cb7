/*
 * An element touches cell i with probability 1 / (1 + i/2), so cell 0 sums up everything and far cells ever
 * less: however many elements two sketches differ in, some first part of their difference has cells that hold
 * just one. Where an element goes next is drawn by inverting that distribution: from cell i and a number u in
 * 1 .. 2^32 to the smallest n with (n+1)(n+2) >= (i+1)(i+2) 2^32 / u. The published form takes a square root
 * in floating point; libraries round that differently, and one cell of difference spoils the sketch, so here
 * it is a search among integers.
 */
#include "config.h"

#include "state/sketch.h"

#include <string.h>

#include "base/le.h"
#include "base/varint.h"

void
sketch_key(const struct network *network, uint8_t key[SIPHASH_KEY_LEN])
{
    static const char domain[] = "lattice/sketch/1"; /* with its zero */
    const struct hash_part parts[] = { { domain, sizeof(domain) }, { network->id, sizeof(network->id) } };
    uint8_t hash[SHA256_LEN];

    sha256_parts(parts, 2, hash);
    memcpy(key, hash, SIPHASH_KEY_LEN);
}

void
sketch_element(const uint8_t keyhash[32], const uint8_t leaf[32], uint8_t element[SKETCH_ELEMENT_LEN])
{
    memcpy(element, keyhash, SKETCH_ELEMENT_LEN / 2);
    memcpy(element + SKETCH_ELEMENT_LEN / 2, leaf, SKETCH_ELEMENT_LEN / 2);
}

static uint64_t
splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

void
sketch_walk_begin(struct sketch_walk *walk, const uint8_t key[SIPHASH_KEY_LEN],
                  const uint8_t element[SKETCH_ELEMENT_LEN])
{
    uint64_t hash = siphash(key, element, SKETCH_ELEMENT_LEN);

    *walk = (struct sketch_walk){ .random = hash, .check = (uint32_t)hash };
}

/* (n+1)(n+2); below 2^27 for every cell, so that 2^32 times it fits 64 bits. */
static uint64_t
area(size_t n)
{
    return ((uint64_t)n + 1) * ((uint64_t)n + 2);
}

void
sketch_walk_next(struct sketch_walk *walk)
{
    uint64_t u = 1 + (splitmix64(&walk->random) >> 32);
    /* area(n) * u >= area(i) * 2^32, u divided away and rounded up: the same condition in whole numbers. */
    uint64_t least = ((area(walk->cell) << 32) + u - 1) / u;
    size_t low = walk->cell + 1, high = SKETCH_CELLS;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (area(middle) >= least)
            high = middle;
        else
            low = middle + 1;
    }
    walk->cell = low;
}

void
sketch_toggle(struct sketch_cell *cells, size_t count, const uint8_t key[SIPHASH_KEY_LEN],
              const uint8_t element[SKETCH_ELEMENT_LEN], int change)
{
    struct sketch_walk walk;

    sketch_walk_begin(&walk, key, element);
    for (; walk.cell < count; sketch_walk_next(&walk)) {
        struct sketch_cell *cell = &cells[walk.cell];

        for (size_t i = 0; i < SKETCH_ELEMENT_LEN; i++)
            cell->sum[i] ^= element[i];
        cell->check ^= walk.check;
        cell->count += change;
    }
}

uint64_t
sketch_expected(size_t cell, uint64_t records)
{
    return 2 * records / ((uint64_t)cell + 2);
}

enum lat_err
sketch_write(const struct sketch_cell *cells, size_t from, size_t count, uint64_t records,
             struct lat_buf *out)
{
    for (size_t i = from; i < from + count; i++) {
        uint8_t bytes[SKETCH_CELL_LEN_MAX], *at = bytes;
        enum lat_err err;

        at = lat_put_bytes(at, cells[i].sum, SKETCH_ELEMENT_LEN);
        at = lat_put_u32le(at, cells[i].check);
        at += varint_encode(varint_zigzag(cells[i].count - (int64_t)sketch_expected(i, records)), at);
        err = lat_buf_add(out, bytes, (size_t)(at - bytes));
        if (err)
            return err;
    }
    return LAT_OK;
}
