/*
 * peel.h - the reading side of a sketch, for tests: find the elements in the difference of two.
 */
#ifndef TESTS_SUPPORT_PEEL_H
#define TESTS_SUPPORT_PEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/sketch.h"

#define PEEL_MAX 4096

struct peel {
    size_t plus_count, minus_count; /* elements that count +1, -1 */
    uint8_t plus[PEEL_MAX][SKETCH_ELEMENT_LEN];
    uint8_t minus[PEEL_MAX][SKETCH_ELEMENT_LEN];
};

/*
 * Peel the first `count` cells of a difference (left as it was): did it settle, so that nothing is left? *out
 * may be NULL.
 */
bool peel_run(const uint8_t key[SIPHASH_KEY_LEN], const struct sketch_cell *cells, size_t count,
              struct peel *out);

/* The same without the elements. */
bool peel_settles(const uint8_t key[SIPHASH_KEY_LEN], const struct sketch_cell *cells, size_t count);

#endif
