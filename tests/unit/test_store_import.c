#include "config.h"

#include "state/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/temp.h"
#include "support/temp_store.h"

#define T (STORE_NOW_MS - 50000) /* attestations are whole seconds */

static struct key *me, *alice;

static struct store *
fresh(void)
{
    static char dir[512];
    static unsigned n;
    char name[32];
    struct store_options options;

    snprintf(name, sizeof(name), "import%u", n++);
    snprintf(dir, sizeof(dir), "%s", temp_path(name));
    store_clock_set(STORE_NOW_MS);
    options = store_options_for(dir, me);
    return open_store(&options);
}

static struct import_result
import_one(struct store *store, uint8_t source, uint64_t ms, const char *key, const char *value)
{
    const char *pairs[] = { key, value, NULL };

    return import_pairs(store, source, ms, pairs);
}

static void
assert_result(struct import_result result, uint64_t made, uint64_t same, uint64_t differing)
{
    assert_int_equal(result.err, LAT_OK);
    assert_int_equal(result.made, made);
    assert_int_equal(result.same, same);
    assert_int_equal(result.differing, differing);
}

static void
absent_keys_become_imported_records_of_our_key(void **state)
{
    const char *pairs[] = { "a", "1", "b", "{\"x\": 2}", "", "\"no key\"", NULL };
    struct store *store = fresh();
    struct reader *reader;
    struct record record;

    (void)state;
    assert_result(import_pairs(store, 1, T, pairs), 3, 0, 0);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)"a", 1, false, &record), LAT_OK);
    assert_int_equal(record.flags, RECORD_IMPORTED);
    assert_int_equal(record.hlc, HLC_OF_MS(T));
    assert_memory_equal(record.author, key_public(me), 32);
    assert_int_equal(record_verify(store_network(store), &record), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)"", 0, false, &record), LAT_OK);
    reader_end(reader);
    assert_root_is_sound(store);
    store_close(store);
}

static void
an_echo_of_ours_makes_no_record(void **state)
{
    struct store *store = fresh();
    struct store_head before, after;

    (void)state;
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    store_head(store, &before);
    assert_result(import_one(store, 1, T, "k", "1"), 0, 1, 0);
    assert_result(import_one(store, 1, STORE_NOW_MS, "k", "1"), 0, 1, 0);
    store_head(store, &after);
    assert_memory_equal(after.root, before.root, 32);
    assert_int_equal(after.count, 1);
    store_close(store);
}

static void
an_imported_value_never_beats_a_native_one(void **state)
{
    struct store *store = fresh();

    (void)state;
    store_clock_set(STORE_NOW_MS - 90000);
    assert_int_equal(put_value(store, "written", "1").err, LAT_OK);
    assert_int_equal(put_value(store, "deleted", "1").err, LAT_OK);
    assert_int_equal(put_value(store, "deleted", NULL).err, LAT_OK);
    store_clock_set(STORE_NOW_MS);
    assert_result(import_one(store, 1, STORE_NOW_MS, "written", "2"), 0, 0, 1);
    assert_result(import_one(store, 1, STORE_NOW_MS, "deleted", "1"), 0, 0, 1);
    assert_string_equal(value_of(store, "written"), "1");
    assert_null(value_of(store, "deleted"));
    /* a native write over an imported value wins, however old its author's clock is */
    assert_result(import_one(store, 1, STORE_NOW_MS, "k", "1"), 1, 0, 0);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(1000), "k", "2"), VERDICT_APPLIED);
    assert_result(import_one(store, 1, STORE_NOW_MS + 1000, "k", "3"), 0, 0, 1);
    assert_string_equal(value_of(store, "k"), "2");
    store_close(store);
}

static void
a_source_counts_by_what_it_changed_since_it_was_last_seen(void **state)
{
    struct store *store = fresh();

    (void)state;
    assert_result(import_one(store, 1, T, "k", "1"), 1, 0, 0);
    assert_result(import_one(store, 1, T + 1000, "k", "1"), 0, 1, 0);
    assert_result(import_one(store, 1, T + 2000, "k", "2"), 1, 0, 0);
    assert_string_equal(value_of(store, "k"), "2");
    /* a second source that lags shows the old value: news once, then no more */
    assert_result(import_one(store, 2, T + 3000, "k", "1"), 1, 0, 0);
    assert_string_equal(value_of(store, "k"), "1");
    assert_result(import_one(store, 1, T + 4000, "k", "2"), 0, 0, 1);
    assert_result(import_one(store, 2, T + 5000, "k", "1"), 0, 1, 0);
    assert_result(import_one(store, 1, T + 6000, "k", "2"), 0, 0, 1);
    assert_string_equal(value_of(store, "k"), "1");
    assert_root_is_sound(store);
    store_close(store);
}

static void
what_a_source_showed_is_remembered_over_a_restart(void **state)
{
    struct store_options options = store_options_for(temp_path("remembered"), me);
    struct store *store = open_store(&options);

    (void)state;
    assert_result(import_one(store, 1, T, "k", "1"), 1, 0, 0);
    assert_result(import_one(store, 2, T + 1000, "k", "2"), 1, 0, 0);
    store_close(store);
    store = open_store(&options);
    assert_result(import_one(store, 1, T + 2000, "k", "1"), 0, 0, 1);
    assert_string_equal(value_of(store, "k"), "2");
    store_close(store);
}

static void
of_two_sources_in_one_second_the_first_stays(void **state)
{
    struct store *store = fresh();

    (void)state;
    assert_result(import_one(store, 1, T, "k", "1"), 1, 0, 0);
    assert_result(import_one(store, 2, T, "k", "2"), 0, 0, 1); /* one author, one HLC, two contents: never */
    assert_string_equal(value_of(store, "k"), "1");
    assert_result(import_one(store, 2, T - 1000, "k", "3"), 0, 0, 1);
    store_close(store);
}

static void
a_key_that_a_source_lacks_is_no_delete(void **state)
{
    const char *both[] = { "a", "1", "b", "2", NULL };
    const char *none[] = { NULL };
    struct store *store = fresh();

    (void)state;
    assert_result(import_pairs(store, 1, T, both), 2, 0, 0);
    assert_result(import_one(store, 1, T + 1000, "a", "1"), 0, 1, 0);
    assert_result(import_pairs(store, 1, T + 2000, none), 0, 0, 0);
    assert_string_equal(value_of(store, "b"), "2");
    store_close(store);
}

static void
entries_that_can_be_no_record_are_left_and_counted(void **state)
{
    char deep[200];
    const char *pairs[] = { "ok", "1", "\xff", "1", "deep", deep, NULL };
    struct store_foreign reserved = {
        .key = (const uint8_t *)"\0horizon", .key_len = 8, .value = "1", .value_len = 1
    };
    struct store *store = fresh();
    struct store_head head;
    uint8_t source[32] = { 9 };

    (void)state;
    memset(deep, 0, sizeof(deep));
    memset(deep, '[', 70);
    memset(deep + 70, ']', 70);
    assert_result(import_pairs(store, 1, T, pairs), 1, 0, 2);
    assert_int_equal(store_import(store, source, &reserved, 1, T, NULL, NULL), LAT_OK);
    assert_int_equal(put_value(store, "after", "1").err, LAT_OK); /* the import before it is done */
    store_head(store, &head);
    assert_int_equal(head.count, 2);
    store_close(store);
}

static void
an_import_from_the_future_is_refused_whole(void **state)
{
    struct store *store = fresh();
    struct import_result result = import_one(store, 1, STORE_NOW_MS + RECORD_FUTURE_MAX_MS + 1, "k", "1");

    (void)state;
    assert_int_equal(result.err, LAT_LIMIT);
    assert_null(value_of(store, "k"));
    store_clock_set(STORE_NOW_MS + 2);
    assert_result(import_one(store, 1, STORE_NOW_MS + RECORD_FUTURE_MAX_MS + 1, "k", "1"), 1, 0, 0);
    store_close(store);
}

static int
setup(void **state)
{
    me = seed_key(1);
    alice = seed_key(2);
    return temp_make(state);
}

static int
teardown(void **state)
{
    key_free(me);
    key_free(alice);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_keys_become_imported_records_of_our_key),
        cmocka_unit_test(an_echo_of_ours_makes_no_record),
        cmocka_unit_test(an_imported_value_never_beats_a_native_one),
        cmocka_unit_test(a_source_counts_by_what_it_changed_since_it_was_last_seen),
        cmocka_unit_test(what_a_source_showed_is_remembered_over_a_restart),
        cmocka_unit_test(of_two_sources_in_one_second_the_first_stays),
        cmocka_unit_test(a_key_that_a_source_lacks_is_no_delete),
        cmocka_unit_test(entries_that_can_be_no_record_are_left_and_counted),
        cmocka_unit_test(an_import_from_the_future_is_refused_whole),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
