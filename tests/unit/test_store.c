#include "config.h"

#include "state/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"
#include "state/flat_root.h"
#include "state/store_parts.h"
#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

static struct key *me;

/* A new store in a folder of its own for each test. */
static struct store *
fresh(void)
{
    static char dir[512];
    static unsigned n;
    char name[32];
    struct store_options options;

    snprintf(name, sizeof(name), "store%u", n++);
    snprintf(dir, sizeof(dir), "%s", temp_path(name));
    store_clock_set(STORE_NOW_MS);
    options = store_options_for(dir, me);
    return open_store(&options);
}

static void
a_new_store_has_the_root_of_no_records(void **state)
{
    struct store *store = fresh();
    struct store_head head;
    uint8_t expected[32];

    (void)state;
    store_head(store, &head);
    assert_int_equal(
        lat_unhex("5594a376d7ca861bf38377e3d11ba2195542e5c7a3c7a800e6e9d8bf476144af", expected, 32), LAT_OK);
    assert_memory_equal(head.root, expected, 32);
    assert_int_equal(head.count, 0);
    assert_int_equal(head.hlc, 0);
    assert_false(head.damaged || head.read_only || head.incomplete);
    assert_root_is_sound(store);
    store_close(store);
}

static void
a_write_is_read_back_with_the_root_of_its_answer(void **state)
{
    struct store *store = fresh();
    struct store_written written = put_value(store, "k", "{\"a\": 1}");
    struct store_head head;

    (void)state;
    assert_int_equal(written.err, LAT_OK);
    assert_int_equal(written.hlc, HLC_OF_MS(STORE_NOW_MS));
    assert_string_equal(value_of(store, "k"), "{\"a\": 1}");
    assert_null(value_of(store, "other"));
    store_head(store, &head);
    assert_memory_equal(head.root, written.root, 32);
    assert_int_equal(head.count, 1);
    assert_int_equal(head.keys, 1);
    assert_int_equal(head.applied, 1);
    assert_true(head.file_bytes > 0 && head.commit_mono_ms > 0);
    assert_root_is_sound(store);
    store_close(store);
}

static void
a_record_names_its_author_and_what_it_replaced(void **state)
{
    struct store *store = fresh();
    struct store_written first = put_value(store, "k", "1"), second = put_value(store, "k", "2");
    struct reader *reader;
    struct record record;

    (void)state;
    assert_int_equal(second.hlc, first.hlc + 1); /* the clock stands still */
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)"k", 1, false, &record), LAT_OK);
    assert_memory_equal(record.prev, first.digest, 8);
    assert_memory_equal(record.digest, second.digest, 32);
    assert_memory_equal(record.author, key_public(me), 32);
    assert_int_equal(record_verify(store_network(store), &record), LAT_OK);
    reader_end(reader);
    store_close(store);
}

static void
a_closed_store_opens_with_the_same_root_and_clock(void **state)
{
    struct store *store = fresh();
    struct store_options options = store_options_for(temp_path("reopened"), me);
    struct store_head before, after;
    uint8_t tables[32], again[32];

    (void)state;
    store_close(store);
    store = open_store(&options);
    for (unsigned i = 0; i < 300; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put_value(store, key, "true").err, LAT_OK);
    }
    assert_int_equal(put_value(store, "k7", NULL).err, LAT_OK);
    store_head(store, &before);
    table_hash(store, tables);
    store_close(store);
    store_clock_set(STORE_NOW_MS - 20000); /* a clock that was set back */
    store = open_store(&options);
    store_head(store, &after);
    assert_memory_equal(after.root, before.root, 32);
    assert_int_equal(after.count, 300);
    assert_int_equal(after.keys, 299);
    assert_int_equal(after.hlc, before.hlc);
    table_hash(store, again);
    assert_memory_equal(again, tables, 32);
    assert_int_equal(put_value(store, "k", "1").hlc, before.hlc + 1);
    assert_root_is_sound(store);
    store_close(store);
}

static void
preconditions_are_decided_by_what_stands(void **state)
{
    struct store *store = fresh();
    struct store_written first, other;
    uint8_t wrong[32] = { 1 };

    (void)state;
    assert_int_equal(put_matching(store, "k", "1", STORE_MATCH_DIGEST, wrong).err, LAT_CONFLICT);
    first = put_matching(store, "k", "1", STORE_MATCH_ABSENT, NULL);
    assert_int_equal(first.err, LAT_OK);
    assert_int_equal(put_matching(store, "k", "2", STORE_MATCH_ABSENT, NULL).err, LAT_CONFLICT);
    assert_int_equal(put_matching(store, "k", "2", STORE_MATCH_DIGEST, wrong).err, LAT_CONFLICT);
    assert_string_equal(value_of(store, "k"), "1");
    other = put_matching(store, "k", "2", STORE_MATCH_DIGEST, first.digest);
    assert_int_equal(other.err, LAT_OK);
    assert_int_equal(put_matching(store, "k", "3", STORE_MATCH_DIGEST, first.digest).err, LAT_CONFLICT);
    assert_string_equal(value_of(store, "k"), "2");
    assert_int_equal(put_matching(store, "k", NULL, STORE_MATCH_DIGEST, first.digest).err, LAT_CONFLICT);
    assert_int_equal(put_matching(store, "k", NULL, STORE_MATCH_DIGEST, other.digest).err, LAT_OK);
    assert_null(value_of(store, "k"));
    store_close(store);
}

static void
a_delete_leaves_a_tombstone_that_counts_as_absent(void **state)
{
    struct store *store = fresh();
    struct store_head head;
    struct reader *reader;
    struct record record;
    uint64_t count, hlc;
    uint8_t root[32];

    (void)state;
    assert_int_equal(put_value(store, "k", NULL).err, LAT_NOTFOUND);
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    assert_int_equal(put_value(store, "k", NULL).err, LAT_OK);
    assert_int_equal(put_value(store, "k", NULL).err, LAT_NOTFOUND);
    store_head(store, &head);
    assert_int_equal(head.count, 1);
    assert_int_equal(head.keys, 0);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)"k", 1, false, &record), LAT_NOTFOUND);
    assert_int_equal(reader_get(reader, (const uint8_t *)"k", 1, true, &record), LAT_OK);
    assert_int_equal(record.flags, RECORD_TOMBSTONE);
    reader_root(reader, root, &count, &hlc);
    assert_int_equal(count, 1);
    reader_end(reader);
    assert_int_equal(put_matching(store, "k", "2", STORE_MATCH_ABSENT, NULL).err, LAT_OK);
    assert_string_equal(value_of(store, "k"), "2");
    assert_root_is_sound(store);
    store_close(store);
}

static void
bad_keys_and_values_are_refused(void **state)
{
    struct store *store = fresh();
    char *long_key = calloc(1, RECORD_KEY_MAX + 2);
    struct store_written written;

    (void)state;
    memset(long_key, 'k', RECORD_KEY_MAX + 1);
    assert_int_equal(store_write(store, (const uint8_t *)"", 0, (const uint8_t *)"1", 1, STORE_MATCH_ANY,
                                 NULL, NULL, NULL),
                     LAT_MALFORMED);
    assert_int_equal(store_write(store, (const uint8_t *)"\0horizon", 8, (const uint8_t *)"1", 1,
                                 STORE_MATCH_ANY, NULL, NULL, NULL),
                     LAT_MALFORMED);
    assert_int_equal(put_value(store, "\xff", "1").err, LAT_MALFORMED);
    assert_int_equal(put_value(store, long_key, "1").err, LAT_LIMIT);
    long_key[RECORD_KEY_MAX] = 0;
    assert_int_equal(put_value(store, long_key, "1").err, LAT_OK);
    written = put_value(store, "k", "{\"a\":1}"); /* valid JSON, but not in stored form */
    assert_int_equal(written.err, LAT_MALFORMED);
    assert_true(written.text[0] != 0);
    assert_int_equal(put_value(store, "k", "NaN").err, LAT_MALFORMED);
    assert_int_equal(put_value(store, "k", "").err, LAT_MALFORMED);
    assert_null(value_of(store, "k"));
    free(long_key);
    store_close(store);
}

static void
writes_wait_while_the_newest_record_is_far_ahead_of_the_clock(void **state)
{
    struct store *store = fresh();
    struct store_written written;

    (void)state;
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    store_clock_set(STORE_NOW_MS - RECORD_FUTURE_MAX_MS);
    assert_int_equal(put_value(store, "k", "2").err, LAT_OK);
    store_clock_set(STORE_NOW_MS - RECORD_FUTURE_MAX_MS - 1);
    written = put_value(store, "k", "3");
    assert_int_equal(written.err, LAT_READONLY);
    assert_memory_equal(written.text, "clock", 5);
    assert_string_equal(value_of(store, "k"), "2");
    store_clock_set(STORE_NOW_MS);
    assert_int_equal(put_value(store, "k", "3").err, LAT_OK);
    store_close(store);
}

static void
another_network_is_refused_by_name(void **state)
{
    struct store_options options = store_options_for(temp_path("network"), me);
    struct store *store = open_store(&options);
    struct lat_msg why = { "" };

    (void)state;
    store_close(store);
    options.network = "other";
    store = NULL;
    assert_int_equal(store_open(&options, &store, &why), LAT_CONFLICT);
    assert_null(store);
    assert_non_null(strstr(why.text, "\"lattice-test\""));
    assert_non_null(strstr(why.text, "LATTICE_NETWORK"));
    options.network = "";
    assert_int_equal(store_open(&options, &store, &why), LAT_LIMIT);
}

static void
a_store_that_only_reads_writes_nothing_and_finds_nothing_made(void **state)
{
    struct store_options options = store_options_for(temp_path("readonly"), me);
    struct store *store = NULL;
    struct lat_msg why = { "" };
    struct store_head head;
    uint64_t damaged = 7;
    struct reader *reader;

    (void)state;
    options.read_only = true;
    assert_int_equal(store_open(&options, &store, &why), LAT_NOTFOUND);
    options.read_only = false;
    store = open_store(&options);
    for (unsigned i = 0; i < 100; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put_value(store, key, "1").err, LAT_OK);
    }
    store_close(store);
    options.read_only = true;
    store = open_store(&options);
    assert_int_equal(put_value(store, "k", "2").err, LAT_CLOSED);
    assert_string_equal(value_of(store, "k1"), "1");
    store_head(store, &head);
    assert_int_equal(head.keys, 100);
    assert_root_is_sound(store);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_verify(reader, NULL, NULL, &damaged), LAT_OK);
    assert_int_equal(damaged, 0);
    reader_end(reader);
    store_close(store);
}

static void
the_incomplete_mark_survives_a_restart(void **state)
{
    struct store_options options = store_options_for(temp_path("incomplete"), me);
    struct store *store = open_store(&options);
    struct store_head head;

    (void)state;
    store_set_incomplete(store, true);
    store_head(store, &head);
    assert_true(head.incomplete);
    store_close(store);
    store = open_store(&options);
    store_head(store, &head);
    assert_true(head.incomplete);
    store_set_incomplete(store, false);
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    store_head(store, &head);
    assert_false(head.incomplete);
    store_close(store);
    store = open_store(&options);
    store_head(store, &head);
    assert_false(head.incomplete);
    store_close(store);
}

/* --- readers --------------------------------------------------------------------------------------- */

static void
a_reader_sees_one_state_while_others_are_committed(void **state)
{
    struct store *store = fresh();
    struct reader *reader;
    struct record record;
    uint8_t root[32], now[32], zeros[32] = { 0 }, top[32], again[32];
    uint64_t count, hlc, n;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        char key[16];

        snprintf(key, sizeof(key), "a%u", i);
        assert_int_equal(put_value(store, key, "1").err, LAT_OK);
    }
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    reader_root(reader, root, &count, &hlc);
    assert_int_equal(reader_subtree(reader, zeros, 0, &n, top), LAT_OK);
    for (unsigned i = 0; i < 400; i++) {
        char key[16];

        snprintf(key, sizeof(key), "b%u", i);
        assert_int_equal(put_value(store, key, "1").err, LAT_OK);
    }
    reader_root(reader, now, &count, &hlc);
    assert_memory_equal(now, root, 32);
    assert_int_equal(count, 200);
    assert_int_equal(reader_subtree(reader, zeros, 0, &n, again), LAT_OK);
    assert_int_equal(n, 200);
    assert_memory_equal(again, top, 32);
    assert_int_equal(reader_get(reader, (const uint8_t *)"b1", 2, false, &record), LAT_NOTFOUND);
    reader_end(reader);
    assert_string_equal(value_of(store, "b1"), "1");
    assert_root_is_sound(store);
    store_close(store);
}

/* Do the tables and the tree of a reader belong together? */
static void *
compare_root_with_tree(void *arg)
{
    static const uint8_t zeros[32];
    struct store *store = arg;
    struct reader *reader;
    uint8_t root[32], top[32], expected[32];
    uint64_t count, subtree_count, hlc;
    bool fits;

    if (reader_begin(store, &reader) != LAT_OK)
        return NULL;
    reader_root(reader, root, &count, &hlc);
    if (reader_subtree(reader, zeros, 0, &subtree_count, top) != LAT_OK)
        subtree_count = UINT64_MAX;
    tree_root_hash(store_network(store)->id, count, top, expected);
    fits = subtree_count == count && memcmp(root, expected, 32) == 0;
    reader_end(reader);
    return fits ? store : NULL;
}

/* The moment is made long by holding the lock that the thread needs to put the tree in place. */
static void
a_reader_begun_between_a_commit_and_its_tree_has_both_of_one_state(void **state)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    struct store *store = fresh();

    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        uint64_t before = db_last_txn(&store->db);
        pthread_t thread;
        void *fits = NULL;
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        pthread_mutex_lock(&store->view_lock);
        assert_int_equal(store_write(store, (const uint8_t *)key, strlen(key), (const uint8_t *)"1", 1,
                                     STORE_MATCH_ANY, NULL, NULL, NULL),
                         LAT_OK);
        for (unsigned ms = 0; ms < 5000 && db_last_txn(&store->db) == before; ms++)
            nanosleep(&pause, NULL);
        assert_int_equal(pthread_create(&thread, NULL, compare_root_with_tree, store), 0);
        nanosleep(&pause, NULL); /* both wait for the lock now, and either may get it first */
        pthread_mutex_unlock(&store->view_lock);
        pthread_join(thread, &fits);
        assert_non_null(fits);
        assert_int_equal(put_value(store, "between", "1").err,
                         LAT_OK); /* the thread is done with the first */
    }
    store_close(store);
}

static enum lat_err
stop_at_third(void *arg, const struct record *record)
{
    unsigned *seen = arg;

    (void)record;
    return ++*seen == 3 ? LAT_CLOSED : LAT_OK;
}

static enum lat_err
check_order(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    uint8_t *last = arg;

    (void)leaf;
    (void)hlc;
    assert_true(memcmp(last, keyhash, 32) < 0);
    memcpy(last, keyhash, 32);
    return LAT_OK;
}

static void
rows_ascend_from_where_they_are_asked_and_stop_when_told(void **state)
{
    struct store *store = fresh();
    struct reader *reader;
    uint8_t from[32] = { 0 };
    unsigned seen = 0;
    uint64_t below, above;
    uint8_t hash[32];

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put_value(store, key, "1").err, LAT_OK);
    }
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each(reader, from, stop_at_third, &seen, NULL), LAT_CLOSED);
    assert_int_equal(seen, 3);
    assert_int_equal(reader_each_leaf(reader, from, check_order, from), LAT_OK);
    from[0] = 0x80;
    assert_int_equal(reader_subtree(reader, from, 1, &above, hash), LAT_OK);
    from[0] = 0;
    assert_int_equal(reader_subtree(reader, from, 1, &below, hash), LAT_OK);
    assert_int_equal(above + below, 50);
    reader_end(reader);
    store_close(store);
}

static void
the_flat_root_covers_entries_by_key_and_no_tombstones(void **state)
{
    struct store *store = fresh();
    struct flat_root *expected = flat_root_new();
    uint8_t want[32], got[32];
    struct reader *reader;
    uint64_t entries;

    (void)state;
    assert_int_equal(put_value(store, "b", "2").err, LAT_OK);
    assert_int_equal(put_value(store, "a", "1").err, LAT_OK);
    assert_int_equal(put_value(store, "ab", "[3]").err, LAT_OK);
    assert_int_equal(put_value(store, "c", "4").err, LAT_OK);
    assert_int_equal(put_value(store, "c", NULL).err, LAT_OK);
    flat_root_add(expected, (const uint8_t *)"a", 1, "1", 1);
    flat_root_add(expected, (const uint8_t *)"ab", 2, "[3]", 3);
    flat_root_add(expected, (const uint8_t *)"b", 1, "2", 1);
    flat_root_end(expected, want);
    flat_root_free(expected);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_flat_root(reader, got, &entries), LAT_OK);
    reader_end(reader);
    assert_int_equal(entries, 3);
    assert_memory_equal(got, want, 32);
    store_close(store);
}

/* Ascending; more than the first eight bytes behind the common start decide, ends and zero bytes too. */
static void
the_flat_root_takes_keys_in_the_order_of_their_bytes(void **state)
{
    static const struct {
        const char *key;
        size_t len;
    } keys[] = {
        { "acct/", 5 },          { "acct/\0", 6 },        { "acct/\0\0", 7 },      { "acct/00000000", 13 },
        { "acct/00000000\0", 14 }, { "acct/000000001", 14 }, { "acct/000000002", 14 }, { "acct/00000001", 13 },
        { "acct/\xc3\xbc", 7 },
    };
    enum { COUNT = sizeof(keys) / sizeof(keys[0]) };
    struct store *store = fresh();
    struct flat_root *expected = flat_root_new();
    uint8_t want[32], got[32];
    struct reader *reader;
    uint64_t entries;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        flat_root_add(expected, (const uint8_t *)keys[i].key, keys[i].len, "1", 1);
        assert_int_equal(store_write(store, (const uint8_t *)keys[i].key, keys[i].len, (const uint8_t *)"1", 1,
                                     STORE_MATCH_ANY, NULL, NULL, NULL),
                         LAT_OK);
    }
    flat_root_end(expected, want);
    flat_root_free(expected);
    assert_int_equal(put_value(store, "acct/x", "1").err, LAT_OK); /* answered behind all of them */
    assert_int_equal(put_value(store, "acct/x", NULL).err, LAT_OK);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_flat_root(reader, got, &entries), LAT_OK);
    reader_end(reader);
    assert_int_equal(entries, COUNT);
    assert_memory_equal(got, want, 32);
    store_close(store);
}

/* --- many at once ---------------------------------------------------------------------------------- */

enum { WRITERS = 6, WRITES = 60 };

struct race {
    struct store *store;
    unsigned number;
    unsigned won;
};

static void *
write_many(void *arg)
{
    struct race *race = arg;

    for (unsigned i = 0; i < WRITES; i++) {
        char key[32];
        struct store_written written;

        snprintf(key, sizeof(key), "own/%u/%u", race->number, i);
        written = put_value(race->store, key, "1");
        if (written.err != LAT_OK)
            return NULL;
        snprintf(key, sizeof(key), "raced/%u", i);
        written = put_matching(race->store, key, "1", STORE_MATCH_ABSENT, NULL);
        race->won += written.err == LAT_OK;
    }
    return NULL;
}

static void
of_writers_that_race_for_an_absent_key_one_wins(void **state)
{
    struct store *store = fresh();
    struct race races[WRITERS];
    pthread_t threads[WRITERS];
    struct store_head head;
    unsigned won = 0;

    (void)state;
    for (unsigned i = 0; i < WRITERS; i++) {
        races[i] = (struct race){ .store = store, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &races[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        won += races[i].won;
    }
    assert_int_equal(won, WRITES);
    store_head(store, &head);
    assert_int_equal(head.keys, WRITERS * WRITES + WRITES);
    assert_root_is_sound(store);
    store_close(store);
}

static void
count_change(void *arg)
{
    ++*(unsigned *)arg;
}

static void
a_change_of_root_is_told(void **state)
{
    unsigned changes = 0, before;
    struct store_options options = store_options_for(temp_path("told"), me);
    struct store *store;

    (void)state;
    options.on_change = count_change;
    options.arg = &changes;
    store = open_store(&options);
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    before = changes;
    assert_true(before >= 1);
    assert_int_equal(put_value(store, "none", NULL).err, LAT_NOTFOUND); /* changes nothing */
    assert_int_equal(changes, before);
    assert_int_equal(put_value(store, "k", "2").err, LAT_OK);
    assert_int_equal(changes, before + 1);
    store_close(store);
}

static void
count_answer(void *arg, const struct store_written *written)
{
    if (written->err == LAT_OK)
        ++*(unsigned *)arg;
}

static void
closing_commits_what_is_queued(void **state)
{
    struct store_options options = store_options_for(temp_path("closing"), me);
    struct store *store = open_store(&options);
    struct store_head head;
    unsigned answered = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(store_write(store, (const uint8_t *)key, strlen(key), (const uint8_t *)"1", 1,
                                     STORE_MATCH_ANY, NULL, count_answer, &answered),
                         LAT_OK);
    }
    store_close(store);
    assert_int_equal(answered, 2000);
    store = open_store(&options);
    store_head(store, &head);
    assert_int_equal(head.keys, 2000);
    store_close(store);
}

static int
setup(void **state)
{
    me = seed_key(1);
    return temp_make(state);
}

static int
teardown(void **state)
{
    key_free(me);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_store_has_the_root_of_no_records),
        cmocka_unit_test(a_write_is_read_back_with_the_root_of_its_answer),
        cmocka_unit_test(a_record_names_its_author_and_what_it_replaced),
        cmocka_unit_test(a_closed_store_opens_with_the_same_root_and_clock),
        cmocka_unit_test(preconditions_are_decided_by_what_stands),
        cmocka_unit_test(a_delete_leaves_a_tombstone_that_counts_as_absent),
        cmocka_unit_test(bad_keys_and_values_are_refused),
        cmocka_unit_test(writes_wait_while_the_newest_record_is_far_ahead_of_the_clock),
        cmocka_unit_test(another_network_is_refused_by_name),
        cmocka_unit_test(a_store_that_only_reads_writes_nothing_and_finds_nothing_made),
        cmocka_unit_test(the_incomplete_mark_survives_a_restart),
        cmocka_unit_test(a_reader_sees_one_state_while_others_are_committed),
        cmocka_unit_test(a_reader_begun_between_a_commit_and_its_tree_has_both_of_one_state),
        cmocka_unit_test(rows_ascend_from_where_they_are_asked_and_stop_when_told),
        cmocka_unit_test(the_flat_root_covers_entries_by_key_and_no_tombstones),
        cmocka_unit_test(the_flat_root_takes_keys_in_the_order_of_their_bytes),
        cmocka_unit_test(of_writers_that_race_for_an_absent_key_one_wins),
        cmocka_unit_test(a_change_of_root_is_told),
        cmocka_unit_test(closing_commits_what_is_queued),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
