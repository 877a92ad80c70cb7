/*
 * sketch.h - the universal sketch of a state: 8,192 cells, of which any first part tells a peer what differs,
 * when few enough records do (a rateless invertible Bloom lookup table in exact integers).
 *
 * Spec: WIRE section 7, STATE section 4 "Tier A". Pure; any thread.
 */
#ifndef LAT_STATE_SKETCH_H
#define LAT_STATE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"
#include "crypto/hash.h"
#include "state/record.h"

#define SKETCH_CELLS 8192
#define SKETCH_ELEMENT_LEN 12
#define SKETCH_CELL_LEN_MAX 25 /* bytes of one cell on the wire */

struct sketch_cell {
    uint8_t sum[SKETCH_ELEMENT_LEN]; /* xor of the elements that touch the cell */
    uint32_t check;                  /* xor of their checks */
    int64_t count;                   /* how many touch it */
};

/* The hash key of a network's sketches. */
void sketch_key(const struct network *network, uint8_t key[SIPHASH_KEY_LEN]);

/* The element of a record: the beginnings of its keyhash and of its leaf. */
void sketch_element(const uint8_t keyhash[32], const uint8_t leaf[32], uint8_t element[SKETCH_ELEMENT_LEN]);

/* The walk of one element over the cells that it touches: 0 first, then ever rarer ones. */
struct sketch_walk {
    uint64_t random;
    uint32_t check; /* of the element */
    size_t cell;    /* touched now; SKETCH_CELLS: past the end */
};

void sketch_walk_begin(struct sketch_walk *walk, const uint8_t key[SIPHASH_KEY_LEN],
                       const uint8_t element[SKETCH_ELEMENT_LEN]);
void sketch_walk_next(struct sketch_walk *walk);

/* Add (change 1) or take away (change -1) an element in the first `count` cells. */
void sketch_toggle(struct sketch_cell *cells, size_t count, const uint8_t key[SIPHASH_KEY_LEN],
                   const uint8_t element[SKETCH_ELEMENT_LEN], int change);

/*
 * Append cells[from .. from + count) as they go on the wire: sum, check, and how far their count is from what
 * is expected among `records` elements. LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err sketch_write(const struct sketch_cell *cells, size_t from, size_t count,
                                         uint64_t records, struct lat_buf *out);

/*
 * Read `count` cells of a state of `records` records, which begin at cell `from`, into cells[0 .. count).
 * LAT_MALFORMED: cut short, or a number that no state has.
 */
LAT_MUST_CHECK enum lat_err sketch_read(struct lat_cursor *in, size_t from, size_t count, uint64_t records,
                                        struct sketch_cell *cells);

/* cells[0 .. count) -= other[0 .. count): what is left is how the two differ. */
void sketch_subtract(struct sketch_cell *cells, const struct sketch_cell *other, size_t count);

/* How many elements two states differ in, estimated from the counts of the difference of their first cells. */
uint64_t sketch_estimate(const struct sketch_cell *difference, size_t count);

/*
 * Name the elements of a difference (theirs minus ours), peeling cells that hold a single one; fn gets each.
 * cells[0 .. count) change. True: nothing is left, those named are all. False: more cells are needed, or
 * somebody made up cells that never settle; those named are right all the same, each has been checked: its check
 * holds, and it touches the cell that it came from. At most 2 * count are named.
 */
typedef void (*sketch_named_fn)(void *arg, const uint8_t element[SKETCH_ELEMENT_LEN], bool theirs);
bool sketch_peel(const uint8_t key[SIPHASH_KEY_LEN], struct sketch_cell *cells, size_t count, sketch_named_fn fn,
                 void *arg);

/* Elements expected to touch a cell of a state of `records` records, rounded down. */
uint64_t sketch_expected(size_t cell, uint64_t records);

#endif
