#include "config.h"

#include "state/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "state/record.h"
#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

static struct key *me, *alice;
static char dir[512];

static struct store_options
fresh_options(void)
{
    static unsigned n;
    char name[32];

    snprintf(name, sizeof(name), "damage%u", n++);
    snprintf(dir, sizeof(dir), "%s", temp_path(name));
    store_clock_set(STORE_NOW_MS);
    return store_options_for(dir, me);
}

static const char *
data_file(void)
{
    static char path[600];

    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    return path;
}

/* Flip one bit of each place in the data file where these bytes stand, `at` bytes into them. How many there
 * were. */
static unsigned
flip(const void *bytes, size_t len, size_t at)
{
    struct lat_buf file;
    unsigned places = 0;
    int fd = open(data_file(), O_RDWR | O_CLOEXEC);

    lat_buf_init(&file, 64 << 20);
    assert_int_equal(lat_file_read(data_file(), &file), LAT_OK);
    assert_true(fd >= 0);
    for (size_t i = 0; i + len <= file.len; i++) {
        uint8_t byte = (uint8_t)(file.data[i + at] ^ 0x10);

        if (memcmp(file.data + i, bytes, len) != 0)
            continue;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(i + at)), 1);
        places++;
    }
    close(fd);
    lat_buf_fini(&file);
    return places;
}

static void
fill(struct store *store, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put_value(store, key, "\"some value\"").err, LAT_OK);
    }
}

/* The record of a key, copied. */
static void
copy_record(struct store *store, const char *key, struct lat_buf *out, struct record *record)
{
    struct reader *reader;

    lat_buf_init(out, RECORD_LEN_MAX + 4);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)key, strlen(key), true, record), LAT_OK);
    assert_int_equal(lat_buf_add(out, record->bytes, record->len), LAT_OK);
    reader_end(reader);
    assert_int_equal(record_parse(store_network(store), out->data, out->len, record, NULL), LAT_OK);
}

static enum lat_err
count_one(void *arg, const struct record *record)
{
    (void)record;
    ++*(uint64_t *)arg;
    return LAT_OK;
}

static void
assert_one_damaged(struct store *store, uint64_t others)
{
    static const uint8_t zeros[32];
    struct reader *reader;
    uint64_t damaged = 0, seen = 0;

    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each(reader, zeros, count_one, &seen, &damaged), LAT_OK);
    assert_int_equal(damaged, 1);
    assert_int_equal(seen, others);
    assert_int_equal(reader_verify(reader, NULL, NULL, &damaged), LAT_OK);
    assert_int_equal(damaged, 1);
    reader_end(reader);
}

/* A record whose bytes were damaged at `at` is never served, keeps its place in the root, and is healed by
 * itself alone or newer. */
static void
check_damage_at(size_t at)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_head before, after;
    struct lat_buf bytes;
    struct record record;

    fill(store, 40);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS), "victim", "\"to be hurt\""),
                     VERDICT_APPLIED);
    copy_record(store, "victim", &bytes, &record);
    store_head(store, &before);
    store_close(store);
    assert_true(flip(bytes.data, bytes.len, at < bytes.len ? at : bytes.len - 1) >= 1);
    store = open_store(&options);
    store_head(store, &after);
    assert_false(after.damaged);
    assert_memory_equal(after.root, before.root, 32);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_string_equal(value_of(store, "k7"), "\"some value\"");
    assert_one_damaged(store, 40);
    /* once more, after the thread has set the bytes aside */
    assert_int_equal(put_value(store, "k0", "1").err, LAT_OK);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS) - 1, "victim", "1"),
                     VERDICT_OURS_WINS);
    assert_int_equal(merge_new(store, alice, RECORD_IMPORTED, HLC_OF_MS(STORE_NOW_MS) + 9, "victim", "1"),
                     VERDICT_OURS_WINS);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS), "victim", "1"),
                     VERDICT_CANNOT_STORE);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(merge_record(store, bytes.data, bytes.len), VERDICT_HAD_IT);
    assert_string_equal(value_of(store, "victim"), "\"to be hurt\"");
    assert_root_is_sound(store);
    lat_buf_fini(&bytes);
    store_close(store);
}

static void
a_damaged_value_is_found_and_healed(void **state)
{
    (void)state;
    check_damage_at(56 + 6 + 3);
}

static void
a_damaged_author_or_key_is_found_and_healed(void **state)
{
    (void)state;
    check_damage_at(30);
    check_damage_at(57);
}

static void
a_damaged_signature_is_found_and_healed(void **state)
{
    (void)state;
    check_damage_at(SIZE_MAX);
}

static void
damaged_lengths_are_found_and_healed(void **state)
{
    (void)state;
    check_damage_at(3);
    check_damage_at(6);
}

static void
a_newer_write_heals_a_damaged_key(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_written written;
    struct lat_buf bytes;
    struct record record;
    struct store_head head;

    (void)state;
    written = put_value(store, "victim", "\"to be hurt\"");
    copy_record(store, "victim", &bytes, &record);
    store_close(store);
    flip(bytes.data, bytes.len, 65);
    store = open_store(&options);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(put_matching(store, "victim", "1", STORE_MATCH_DIGEST, written.digest).err, LAT_DAMAGED);
    assert_int_equal(put_matching(store, "victim", "1", STORE_MATCH_ABSENT, NULL).err, LAT_CONFLICT);
    assert_int_equal(put_value(store, "victim", "2").err, LAT_OK);
    assert_string_equal(value_of(store, "victim"), "2");
    store_head(store, &head);
    assert_int_equal(head.keys, 1);
    assert_root_is_sound(store);
    lat_buf_fini(&bytes);
    store_close(store);
}

static void
a_damaged_leaf_table_stops_the_store_from_serving(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct lat_buf bytes;
    struct record record;
    struct store_head head;
    struct reader *reader;
    uint8_t verdict = 255;

    (void)state;
    fill(store, 40);
    copy_record(store, "k3", &bytes, &record);
    store_close(store);
    assert_true(flip(record.leaf, 32, 5) >= 1);
    store = open_store(&options);
    store_head(store, &head);
    assert_true(head.damaged);
    assert_non_null(strstr(head.error, "lattice verify"));
    assert_int_equal(reader_begin(store, &reader), LAT_DAMAGED);
    assert_int_equal(put_value(store, "k", "1").err, LAT_DAMAGED);
    lat_buf_clear(&bytes);
    add_record(&bytes, alice, 0, 1 << 16, "k", "1");
    assert_int_equal(merge_records(store, &bytes, 1, &verdict), LAT_DAMAGED);
    assert_int_equal(verdict, VERDICT_CANNOT_STORE);
    lat_buf_fini(&bytes);
    store_close(store);
}

static void
a_file_that_is_no_store_is_refused(void **state)
{
    struct store_options options = fresh_options();
    struct lat_msg why = { "" };
    struct store *store = NULL;
    char path[64];

    (void)state;
    assert_int_equal(lat_mkdir_all(dir, 0700), LAT_OK);
    snprintf(path, sizeof(path), "%s/data.mdb", strrchr(dir, '/') + 1);
    temp_write(
        path,
        "this is no store, but it is long enough to be looked at. ........................................"
        "..............................................................................................");
    assert_int_equal(store_open(&options, &store, &why), LAT_DAMAGED);
    assert_null(store);
    assert_non_null(strstr(why.text, "set the folder aside"));
}

static void
a_file_cut_short_is_reported_and_nobody_crashes(void **state)
{
    struct stat st;

    (void)state;
    for (unsigned eighths = 1; eighths < 8; eighths++) {
        struct store_options options = fresh_options();
        struct store *store = open_store(&options);
        struct lat_msg why = { "" };
        struct store_head head = { 0 };
        enum lat_err err;

        fill(store, 150);
        store_close(store);
        store = NULL;
        assert_int_equal(stat(data_file(), &st), 0);
        assert_int_equal(truncate(data_file(), st.st_size / 8 * eighths / 4096 * 4096), 0);
        err = store_open(&options, &store, &why);
        if (!err) {
            struct reader *reader;
            uint64_t damaged = 0;

            store_head(store, &head);
            err = reader_begin(store, &reader);
            if (!err) {
                err = reader_verify(reader, NULL, NULL, &damaged);
                reader_end(reader);
            }
        }
        assert_true(err == LAT_DAMAGED || err == LAT_OK);
        store_close(store);
    }
}

static void
damage_while_the_store_is_open_is_found_at_the_next_read(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct lat_buf bytes;
    struct record record;

    (void)state;
    fill(store, 40);
    assert_int_equal(put_value(store, "victim", "\"to be hurt\"").err, LAT_OK);
    assert_string_equal(value_of(store, "victim"), "\"to be hurt\"");
    copy_record(store, "victim", &bytes, &record);
    flip(bytes.data, bytes.len, 65);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(put_value(store, "k1", "2").err, LAT_OK);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(merge_record(store, bytes.data, bytes.len), VERDICT_HAD_IT);
    assert_string_equal(value_of(store, "victim"), "\"to be hurt\"");
    lat_buf_fini(&bytes);
    store_close(store);
}

/* --- repair ------------------------------------------------------------------------------------------ */

static void
repair_brings_a_damaged_leaf_table_back_to_its_root(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_repaired repaired = { 0 };
    struct lat_msg why = { "" };
    struct lat_buf bytes;
    struct record record;
    struct store_head before, after;

    (void)state;
    fill(store, 40);
    assert_int_equal(put_value(store, "k4", NULL).err, LAT_OK);
    copy_record(store, "k3", &bytes, &record);
    store_head(store, &before);
    store_close(store);
    assert_true(flip(record.leaf, 32, 5) >= 1);
    assert_int_equal(store_repair(&options, NULL, NULL, &repaired, &why), LAT_OK);
    assert_int_equal(repaired.records, 40);
    assert_int_equal(repaired.rows_made, 1);
    assert_int_equal(repaired.set_aside, 0);
    assert_false(repaired.new_root);
    store = open_store(&options);
    store_head(store, &after);
    assert_false(after.damaged);
    assert_memory_equal(after.root, before.root, 32);
    assert_int_equal(after.keys, before.keys);
    assert_int_equal(after.hlc, before.hlc);
    assert_string_equal(value_of(store, "k3"), "\"some value\"");
    lat_buf_fini(&bytes);
    store_close(store);
}

/* The keyhash in `dig` alone, or in `rec` alone, is wrong: each has a row too much and one too few. */
static void
check_repair_of_keyhash(bool of_record)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_repaired repaired = { 0 };
    struct lat_msg why = { "" };
    struct lat_buf bytes, row;
    struct record record;
    struct store_head before, head;

    fill(store, 40);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS), "victim", "1"), VERDICT_APPLIED);
    copy_record(store, "victim", &bytes, &record);
    store_head(store, &before);
    store_close(store);
    lat_buf_init(&row, 4096); /* LMDB keeps a row as its key, then its value */
    assert_int_equal(lat_buf_add(&row, record.keyhash, 32), LAT_OK);
    assert_int_equal(lat_buf_add(&row, of_record ? record.bytes : record.leaf, 32), LAT_OK);
    assert_true(flip(row.data, row.len, 31) >= 1);
    assert_int_equal(store_repair(&options, NULL, NULL, &repaired, &why), LAT_OK);
    assert_int_equal(repaired.set_aside, 0);
    assert_int_equal(repaired.rows_made, of_record ? 0 : 1);
    assert_int_equal(repaired.rows_dropped, of_record ? 0 : 1);
    store = open_store(&options);
    store_head(store, &head);
    assert_false(head.damaged);
    assert_memory_equal(head.root, before.root, 32);
    assert_int_equal(head.keys, before.keys);
    assert_int_equal(merge_record(store, bytes.data, bytes.len), VERDICT_HAD_IT);
    assert_string_equal(value_of(store, "victim"), "1");
    assert_root_is_sound(store);
    lat_buf_fini(&row);
    lat_buf_fini(&bytes);
    store_close(store);
}

static void
repair_puts_rows_under_a_wrong_key_right(void **state)
{
    (void)state;
    check_repair_of_keyhash(false);
    check_repair_of_keyhash(true);
}

static void
repair_sets_damaged_records_aside_and_keeps_the_root(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_repaired repaired = { 0 };
    struct lat_msg why = { "" };
    struct lat_buf bytes;
    struct record record;

    (void)state;
    fill(store, 40);
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS), "victim", "1"), VERDICT_APPLIED);
    copy_record(store, "victim", &bytes, &record);
    store_close(store);
    flip(bytes.data, bytes.len, 40);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(store_repair(&options, NULL, NULL, &repaired, &why), LAT_OK);
        assert_int_equal(repaired.set_aside, again ? 0 : 1);
        assert_int_equal(repaired.rows_dropped + repaired.rows_made, 0);
        assert_false(repaired.new_root);
    }
    store = open_store(&options);
    assert_int_equal(get_err(store, "victim"), LAT_DAMAGED);
    assert_int_equal(merge_record(store, bytes.data, bytes.len), VERDICT_HAD_IT);
    assert_string_equal(value_of(store, "victim"), "1");
    lat_buf_fini(&bytes);
    store_close(store);
}

static enum lat_err
note_lost(void *arg, const uint8_t keyhash[32])
{
    memcpy(arg, keyhash, 32);
    return LAT_OK;
}

/* Look at everything in steps of seven. Returns how many records there were. */
static size_t
scrub_all(struct store *store)
{
    static const uint8_t zeros[32];
    uint8_t from[32] = { 0 };
    size_t done, all = 0;

    do {
        struct reader *reader;

        assert_int_equal(reader_begin(store, &reader), LAT_OK);
        assert_int_equal(reader_scrub(reader, from, 7, from, &done), LAT_OK);
        assert_true(done <= 7);
        all += done;
        reader_end(reader);
    } while (memcmp(from, zeros, 32) != 0);
    return all;
}

/* What the store's thread has done with damage that was reported before. */
static void
wait_for_thread(struct store *store)
{
    assert_int_equal(put_value(store, "k1", "2").err, LAT_OK);
}

static void
a_look_at_everything_finds_damage_and_it_is_listed_until_it_is_healed(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_head head;
    struct reader *reader;
    struct lat_buf bytes;
    struct record record;
    uint8_t lost[32] = { 0 };

    (void)state;
    fill(store, 40);
    assert_int_equal(put_value(store, "victim", "\"to be hurt\"").err, LAT_OK);
    copy_record(store, "victim", &bytes, &record);
    assert_int_equal(scrub_all(store), 41);
    flip(bytes.data, bytes.len, 65);
    assert_int_equal(scrub_all(store), 41);
    wait_for_thread(store);
    store_head(store, &head);
    assert_int_equal(head.lost, 1);
    store_close(store);
    store = open_store(&options);
    store_head(store, &head);
    assert_int_equal(head.lost, 1); /* known from the start */
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each_lost(reader, note_lost, lost), LAT_OK);
    reader_end(reader);
    assert_memory_equal(lost, record.keyhash, 32);
    assert_int_equal(merge_record(store, bytes.data, bytes.len), VERDICT_HAD_IT);
    store_head(store, &head);
    assert_int_equal(head.lost, 0);
    lat_buf_fini(&bytes);
    store_close(store);
}

static void
a_newer_write_ends_the_search_for_a_damaged_record(void **state)
{
    struct store_options options = fresh_options();
    struct store *store = open_store(&options);
    struct store_head head;
    struct lat_buf bytes;
    struct record record;

    (void)state;
    assert_int_equal(put_value(store, "victim", "\"to be hurt\"").err, LAT_OK);
    copy_record(store, "victim", &bytes, &record);
    flip(bytes.data, bytes.len, 65);
    assert_int_equal(scrub_all(store), 1);
    wait_for_thread(store);
    assert_int_equal(put_value(store, "victim", "\"new\"").err, LAT_OK);
    store_head(store, &head);
    assert_int_equal(head.lost, 0);
    lat_buf_fini(&bytes);
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
        cmocka_unit_test(a_damaged_value_is_found_and_healed),
        cmocka_unit_test(a_damaged_author_or_key_is_found_and_healed),
        cmocka_unit_test(a_damaged_signature_is_found_and_healed),
        cmocka_unit_test(damaged_lengths_are_found_and_healed),
        cmocka_unit_test(a_newer_write_heals_a_damaged_key),
        cmocka_unit_test(a_damaged_leaf_table_stops_the_store_from_serving),
        cmocka_unit_test(a_file_that_is_no_store_is_refused),
        cmocka_unit_test(a_file_cut_short_is_reported_and_nobody_crashes),
        cmocka_unit_test(repair_brings_a_damaged_leaf_table_back_to_its_root),
        cmocka_unit_test(repair_puts_rows_under_a_wrong_key_right),
        cmocka_unit_test(repair_sets_damaged_records_aside_and_keeps_the_root),
        cmocka_unit_test(damage_while_the_store_is_open_is_found_at_the_next_read),
        cmocka_unit_test(a_look_at_everything_finds_damage_and_it_is_listed_until_it_is_healed),
        cmocka_unit_test(a_newer_write_ends_the_search_for_a_damaged_record),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
