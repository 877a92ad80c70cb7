#include "config.h"

#include "support/peel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Is this cell one element alone: count of one, the check of its sum, and a number that its sum touches? */
static bool
is_pure(const uint8_t key[SIPHASH_KEY_LEN], const struct sketch_cell *cells, size_t i)
{
    struct sketch_walk walk;

    if (cells[i].count != 1 && cells[i].count != -1)
        return false;
    sketch_walk_begin(&walk, key, cells[i].sum);
    if (walk.check != cells[i].check)
        return false;
    while (walk.cell < i)
        sketch_walk_next(&walk);
    return walk.cell == i;
}

static bool
is_empty(const struct sketch_cell *cell)
{
    static const uint8_t zeros[SKETCH_ELEMENT_LEN];

    return cell->count == 0 && cell->check == 0 && memcmp(cell->sum, zeros, sizeof(zeros)) == 0;
}

static void
keep(struct peel *out, const uint8_t element[SKETCH_ELEMENT_LEN], bool is_plus)
{
    if (out == NULL)
        return;
    assert_true(out->plus_count < PEEL_MAX && out->minus_count < PEEL_MAX);
    memcpy(is_plus ? out->plus[out->plus_count++] : out->minus[out->minus_count++], element,
           SKETCH_ELEMENT_LEN);
}

/* Take out each element that stands alone in some cell; how many. */
static size_t
peel_once(const uint8_t key[SIPHASH_KEY_LEN], struct sketch_cell *cells, size_t count, struct peel *out)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t element[SKETCH_ELEMENT_LEN];
        bool is_plus = cells[i].count > 0;

        if (!is_pure(key, cells, i))
            continue;
        memcpy(element, cells[i].sum, sizeof(element));
        sketch_toggle(cells, count, key, element, is_plus ? -1 : 1);
        keep(out, element, is_plus);
        found++;
    }
    return found;
}

bool
peel_run(const uint8_t key[SIPHASH_KEY_LEN], const struct sketch_cell *cells, size_t count, struct peel *out)
{
    struct sketch_cell *left = malloc(count * sizeof(*left));
    size_t empty = 0;

    assert_non_null(left);
    memcpy(left, cells, count * sizeof(*left));
    for (size_t found = 0, more = 1; more > 0 && found <= 2 * count; found += more)
        more = peel_once(key, left, count, out);
    while (empty < count && is_empty(&left[empty]))
        empty++;
    free(left);
    return empty == count;
}

bool
peel_settles(const uint8_t key[SIPHASH_KEY_LEN], const struct sketch_cell *cells, size_t count)
{
    return peel_run(key, cells, count, NULL);
}
