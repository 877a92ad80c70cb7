/*
 * Cells, elements and the walk over them: the vectors, and that differences settle in as many cells as the
 * page says.
 */
#include "config.h"

#include "state/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "support/peel.h"
#include "support/random.h"
#include "support/vectors.h"

static cJSON *wire;
static struct network network;
static uint8_t key[SIPHASH_KEY_LEN];

static int
load(void **state)
{
    (void)state;
    wire = vectors_load("state/wire.json");
    assert_int_equal(network_init(&network, "lattice-test"), LAT_OK);
    sketch_key(&network, key);
    return 0;
}

static int
unload(void **state)
{
    (void)state;
    cJSON_Delete(wire);
    return 0;
}

static void
the_hash_key_is_that_of_the_vectors(void **state)
{
    uint8_t expected[SIPHASH_KEY_LEN];

    (void)state;
    vectors_copy(vectors_member(wire, "sketch"), "siphash_key", expected, sizeof(expected));
    assert_memory_equal(key, expected, sizeof(key));
}

static const cJSON *
record_named(const char *name)
{
    const cJSON *record;

    cJSON_ArrayForEach(record, vectors_member(wire, "records"))
    {
        if (strcmp(vectors_text(record, "name"), name) == 0)
            return record;
    }
    fail_msg("no record %s", name);
    return NULL;
}

static void
assert_element_is(const cJSON *expected)
{
    const cJSON *record = record_named(vectors_text(expected, "record")), *cell;
    uint8_t keyhash[32], leaf[32], element[SKETCH_ELEMENT_LEN], wanted[SKETCH_ELEMENT_LEN], check[4], got[4];
    struct sketch_walk walk;

    vectors_copy(record, "keyhash", keyhash, 32);
    vectors_copy(record, "leaf", leaf, 32);
    vectors_copy(expected, "element", wanted, sizeof(wanted));
    vectors_copy(expected, "check", check, sizeof(check));
    sketch_element(keyhash, leaf, element);
    assert_memory_equal(element, wanted, sizeof(element));
    assert_true(siphash(key, element, sizeof(element)) ==
                vectors_hex_number(vectors_text(expected, "siphash")));
    sketch_walk_begin(&walk, key, element);
    lat_put_u32le(got, walk.check);
    assert_memory_equal(got, check, 4);
    cJSON_ArrayForEach(cell, vectors_member(expected, "cells_below_8192"))
    {
        assert_int_equal(walk.cell, cell->valueint);
        sketch_walk_next(&walk);
    }
    assert_true(walk.cell >= SKETCH_CELLS);
}

static void
elements_touch_the_cells_of_the_vectors(void **state)
{
    const cJSON *element;

    (void)state;
    cJSON_ArrayForEach(element, vectors_member(vectors_member(wire, "sketch"), "elements"))
        assert_element_is(element);
}

/* The step as WIRE section 7 puts it, tried cell by cell. */
static size_t
next_by_definition(size_t i, uint64_t u)
{
    size_t n = i + 1;

    while (n < SKETCH_CELLS && (n + 1) * (n + 2) * u < ((i + 1) * (i + 2)) << 32)
        n++;
    return n;
}

static uint64_t
draw(uint64_t *seed)
{
    return 1 + (random_u64(seed) >> 32); /* random.h is the same splitmix64, written apart */
}

static void
the_walk_is_that_of_the_definition(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        uint8_t element[SKETCH_ELEMENT_LEN];
        struct sketch_walk walk;
        uint64_t random;

        random_fill(&seed, element, sizeof(element));
        sketch_walk_begin(&walk, key, element);
        random = siphash(key, element, sizeof(element));
        for (size_t cell = 0; cell < SKETCH_CELLS;) {
            assert_int_equal(walk.cell, cell);
            cell = next_by_definition(cell, draw(&random));
            sketch_walk_next(&walk);
        }
        assert_true(walk.cell >= SKETCH_CELLS);
    }
}

static void
adding_and_taking_away_leaves_nothing(void **state)
{
    static const struct sketch_cell empty[64];
    struct sketch_cell cells[64] = { 0 };
    uint8_t elements[50][SKETCH_ELEMENT_LEN];
    uint64_t seed = 6;

    (void)state;
    random_fill(&seed, elements, sizeof(elements));
    for (size_t i = 0; i < 50; i++)
        sketch_toggle(cells, 64, key, elements[i], 1);
    assert_int_equal(cells[0].count, 50);
    for (size_t i = 50; i-- > 0;)
        sketch_toggle(cells, 64, key, elements[i], -1);
    for (size_t i = 0; i < 64; i++) {
        assert_memory_equal(cells[i].sum, empty[i].sum, SKETCH_ELEMENT_LEN);
        assert_int_equal(cells[i].check, 0);
        assert_int_equal(cells[i].count, 0);
    }
}

/*
 * Cells that a difference of d elements needs, on the mean of a few tries (STATE section 4: 3.2, 33, 288 for
 * 2, 20, 200).
 */
static double
mean_cells(size_t d, unsigned tries, uint64_t seed)
{
    size_t sum = 0;

    for (unsigned t = 0; t < tries; t++) {
        struct sketch_cell *cells = calloc(SKETCH_CELLS, sizeof(*cells));
        size_t need = 1;

        assert_non_null(cells);
        for (size_t i = 0; i < d; i++) {
            uint8_t element[SKETCH_ELEMENT_LEN];

            random_fill(&seed, element, sizeof(element));
            sketch_toggle(cells, SKETCH_CELLS, key, element, i % 2 ? 1 : -1);
        }
        while (!peel_settles(key, cells, need))
            need++;
        sum += need;
        free(cells);
    }
    return (double)sum / tries;
}

static void
differences_settle_in_the_cells_that_were_measured(void **state)
{
    double two = mean_cells(2, 200, 7), twenty = mean_cells(20, 60, 8), two_hundred = mean_cells(200, 8, 9);

    (void)state;
    print_message("mean cells for 2, 20, 200 elements: %.1f %.1f %.1f\n", two, twenty, two_hundred);
    assert_true(two > 2.5 && two < 4.0);
    assert_true(twenty > 28 && twenty < 38);
    assert_true(two_hundred > 260 && two_hundred < 320);
}

static void
cells_are_written_against_what_is_expected(void **state)
{
    struct sketch_cell cells[3] = { { .check = 0x04030201, .count = 10 }, { .count = 4 }, { .count = 5 } };
    struct lat_buf out;

    (void)state;
    memset(cells[0].sum, 0xee, SKETCH_ELEMENT_LEN);
    lat_buf_init(&out, 1000);
    /* Of ten records: 10, 6 and 5 are expected. */
    assert_int_equal(sketch_write(cells, 0, 3, 10, &out), LAT_OK);
    assert_int_equal(out.len, 3 * (SKETCH_ELEMENT_LEN + 4 + 1));
    assert_memory_equal(out.data + 11, "\xee\1\2\3\4\0", 6);
    assert_int_equal(out.data[17 + 16], 3); /* -2 */
    assert_int_equal(out.data[17 + 17 + 16], 0);
    lat_buf_fini(&out);
    lat_buf_init(&out, 20);
    assert_int_equal(sketch_write(cells, 0, 3, 10, &out), LAT_LIMIT);
    lat_buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_key_is_that_of_the_vectors),
        cmocka_unit_test(elements_touch_the_cells_of_the_vectors),
        cmocka_unit_test(the_walk_is_that_of_the_definition),
        cmocka_unit_test(adding_and_taking_away_leaves_nothing),
        cmocka_unit_test(differences_settle_in_the_cells_that_were_measured),
        cmocka_unit_test(cells_are_written_against_what_is_expected),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
