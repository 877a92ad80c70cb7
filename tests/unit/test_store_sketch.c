/* The sketch that the store keeps: whatever happened to the records, it is that of the leaves which stand. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "state/sketch.h"
#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

struct fixture {
    const char *dir;
    struct key *key;
    struct store *store;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store_options options;

    assert_non_null(f);
    assert_int_equal(temp_make(state), 0);
    f->dir = temp_path("store");
    f->key = seed_key(1);
    options = store_options_for(f->dir, f->key);
    f->store = open_store(&options);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    key_free(f->key);
    free(f);
    temp_remove(NULL);
    return 0;
}

struct gathering {
    struct sketch_cell *cells;
    uint8_t key[SIPHASH_KEY_LEN];
};

static enum lat_err
gather(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct gathering *g = arg;
    uint8_t element[SKETCH_ELEMENT_LEN];

    (void)hlc;
    sketch_element(keyhash, leaf, element);
    sketch_toggle(g->cells, SKETCH_CELLS, g->key, element, 1);
    return LAT_OK;
}

/* The cells of the leaves that stand, made from nothing. */
static struct sketch_cell *
cells_of_leaves(struct store *store)
{
    static const uint8_t zeros[32];
    struct gathering g = { .cells = calloc(SKETCH_CELLS, sizeof(struct sketch_cell)) };
    struct reader *reader;

    assert_non_null(g.cells);
    sketch_key(store_network(store), g.key);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each_leaf(reader, zeros, gather, &g), LAT_OK);
    reader_end(reader);
    return g.cells;
}

/* Cells of the store; waits until they are made. */
static struct sketch_cell *
cells_of_store(struct store *store, const uint8_t root[32], uint8_t of[32], uint64_t *records)
{
    struct sketch_cell *cells = calloc(SKETCH_CELLS, sizeof(*cells));
    int tries = 0;

    assert_non_null(cells);
    while (store_cells(store, root, SKETCH_CELLS, cells, of, records) == LAT_BUSY) {
        assert_true(tries++ < 1000);
        usleep(10000);
    }
    return cells;
}

static void
assert_current(struct store *store)
{
    struct store_head head;
    uint8_t of[32];
    uint64_t records;
    struct sketch_cell *kept, *made;

    store_head(store, &head);
    kept = cells_of_store(store, head.root, of, &records);
    made = cells_of_leaves(store);
    assert_memory_equal(of, head.root, 32);
    assert_int_equal(records, head.count);
    for (size_t i = 0; i < SKETCH_CELLS; i++) {
        assert_memory_equal(kept[i].sum, made[i].sum, SKETCH_ELEMENT_LEN);
        assert_int_equal(kept[i].check, made[i].check);
        assert_int_equal(kept[i].count, made[i].count);
    }
    free(kept);
    free(made);
}

static void
it_follows_every_put_and_delete(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 3;
    char key[32];

    assert_current(f->store);
    for (int i = 0; i < 300; i++) {
        uint64_t n = random_u64(&seed);

        snprintf(key, sizeof(key), "key%u", (unsigned)(n % 40));
        put_value(f->store, key, n & 0x100 ? NULL : "1");
    }
    assert_current(f->store);
}

static void
it_is_made_anew_after_a_start_while_records_come_in(void **state)
{
    struct fixture *f = *state;
    struct store_options options = store_options_for(f->dir, f->key);
    struct lat_buf list;
    uint8_t *verdicts = calloc(9000, 1);
    char key[32];

    lat_buf_init(&list, 16u << 20);
    for (int i = 0; i < 9000; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        add_record(&list, f->key, 0, HLC_OF_MS(STORE_NOW_MS - 1000) + (uint64_t)i, key, "1");
    }
    assert_int_equal(merge_records(f->store, &list, 9000, verdicts), LAT_OK);
    store_close(f->store);
    f->store = open_store(&options);
    for (int i = 0; i < 200; i++) { /* among the slices */
        snprintf(key, sizeof(key), "key%d", i * 61);
        put_value(f->store, key, i % 3 ? "2" : NULL);
    }
    assert_current(f->store);
    free(verdicts);
    lat_buf_fini(&list);
}

static void
roots_that_were_announced_are_kept_for_a_while_and_others_are_not(void **state)
{
    struct fixture *f = *state;
    uint8_t roots[6][32], of[32];
    struct store_head head;
    uint64_t records;

    assert_current(f->store);
    for (size_t i = 0; i < 6; i++) {
        char key[8];

        snprintf(key, sizeof(key), "k%zu", i);
        put_value(f->store, key, "1");
        store_head(f->store, &head);
        memcpy(roots[i], head.root, 32);
        if (i != 3)
            store_announced(f->store, head.root);
    }
    put_value(f->store, "last", "1");
    store_head(f->store, &head);
    for (size_t i = 0; i < 6; i++) {
        bool kept = i != 0 && i != 3; /* 1, 2, 4 and 5 are the last four */

        free(cells_of_store(f->store, roots[i], of, &records));
        assert_memory_equal(of, kept ? roots[i] : head.root, 32);
        assert_int_equal(records, kept ? i + 1 : 7);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_follows_every_put_and_delete, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_made_anew_after_a_start_while_records_come_in, setup, teardown),
        cmocka_unit_test_setup_teardown(roots_that_were_announced_are_kept_for_a_while_and_others_are_not, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
