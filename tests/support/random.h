/*
 * random.h - numbers for property tests, the same in every run: splitmix64. A failing case is found again
 * from its seed.
 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* *seed is the state: any start will do. */
static inline uint64_t
random_u64(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* 0 .. below - 1 */
static inline size_t
random_below(uint64_t *seed, size_t below)
{
    return (size_t)(random_u64(seed) % below);
}

static inline void
random_fill(uint64_t *seed, void *out, size_t len)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)random_u64(seed);
}

#endif
