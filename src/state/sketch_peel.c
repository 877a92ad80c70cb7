/*
 * What two sketches differ in. A cell of the difference that holds a single element names it; with that one taken
 * out of all the cells it touches, others come to hold a single one.
 */
#include "config.h"

#include "state/sketch.h"

#include <string.h>

#include "base/le.h"
#include "base/varint.h"

#define COUNT_MAX ((int64_t)1 << 48) /* of a cell: no state comes near */

enum lat_err
sketch_read(struct lat_cursor *in, size_t from, size_t count, uint64_t records, struct sketch_cell *cells)
{
    for (size_t i = 0; i < count; i++) {
        int64_t off;

        lat_take_copy(in, cells[i].sum, SKETCH_ELEMENT_LEN);
        cells[i].check = lat_take_u32le(in);
        off = varint_unzigzag(lat_take_varint(in));
        cells[i].count = off + (int64_t)sketch_expected(from + i, records);
        if (in->bad || records >= (uint64_t)COUNT_MAX || off < -COUNT_MAX || off > COUNT_MAX)
            return LAT_MALFORMED;
    }
    return LAT_OK;
}

void
sketch_subtract(struct sketch_cell *cells, const struct sketch_cell *other, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < SKETCH_ELEMENT_LEN; k++)
            cells[i].sum[k] ^= other[i].sum[k];
        cells[i].check ^= other[i].check;
        cells[i].count -= other[i].count;
    }
}

uint64_t
sketch_estimate(const struct sketch_cell *difference, size_t count)
{
    double first = count > 0 ? (double)difference[0].count : 0, spread = 0, weight = 0, estimate;

    for (size_t i = 1; i < count; i++) {
        double rho = 2.0 / (double)(i + 2), off = (double)difference[i].count - first * rho;

        spread += off * off;
        weight += rho * (1 - rho);
    }
    estimate = weight > 0 ? spread / weight : 0;
    if (first < 0)
        first = -first;
    return (uint64_t)(estimate > first ? estimate : first);
}

/* --- peeling ------------------------------------------------------------------------------------------- */

struct peeling {
    const uint8_t *key;
    struct sketch_cell *cells;
    size_t count;
    uint16_t waiting[SKETCH_CELLS]; /* cells to be looked at (again) */
    size_t waiting_count;
    bool waits[SKETCH_CELLS];
};

static void
look_later(struct peeling *p, size_t cell)
{
    if (p->waits[cell])
        return;
    p->waits[cell] = true;
    p->waiting[p->waiting_count++] = (uint16_t)cell;
}

/* Does this cell hold one element, and does that one belong there? */
static bool
names_one(const struct peeling *p, size_t i)
{
    const struct sketch_cell *cell = &p->cells[i];
    struct sketch_walk walk;

    if (cell->count != 1 && cell->count != -1)
        return false;
    sketch_walk_begin(&walk, p->key, cell->sum);
    if (walk.check != cell->check)
        return false;
    while (walk.cell < i)
        sketch_walk_next(&walk);
    return walk.cell == i;
}

/* Take an element out of every cell that it touches. */
static void
take_out(struct peeling *p, const uint8_t element[SKETCH_ELEMENT_LEN], int change)
{
    struct sketch_walk walk;

    sketch_toggle(p->cells, p->count, p->key, element, change);
    sketch_walk_begin(&walk, p->key, element);
    for (; walk.cell < p->count; sketch_walk_next(&walk))
        look_later(p, walk.cell);
}

static bool
is_empty(const struct sketch_cell *cell)
{
    static const uint8_t zeros[SKETCH_ELEMENT_LEN];

    return cell->count == 0 && cell->check == 0 && memcmp(cell->sum, zeros, sizeof(zeros)) == 0;
}

bool
sketch_peel(const uint8_t key[SIPHASH_KEY_LEN], struct sketch_cell *cells, size_t count, sketch_named_fn fn, void *arg)
{
    struct peeling p = { .key = key, .cells = cells, .count = count };
    size_t named = 0, empty = 0;

    for (size_t i = count; i-- > 0;)
        look_later(&p, i);
    while (p.waiting_count > 0 && named < 2 * count) {
        size_t i = p.waiting[--p.waiting_count];
        uint8_t element[SKETCH_ELEMENT_LEN];
        bool theirs = cells[i].count > 0;

        p.waits[i] = false;
        if (!names_one(&p, i))
            continue;
        memcpy(element, cells[i].sum, sizeof(element));
        take_out(&p, element, theirs ? -1 : 1);
        fn(arg, element, theirs);
        named++;
    }
    while (empty < count && is_empty(&cells[empty]))
        empty++;
    return empty == count;
}
