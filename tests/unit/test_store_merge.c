#include "config.h"

#include "state/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/le.h"
#include "base/text.h"
#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"
#include "support/vectors.h"

static struct key *me, *alice, *bob;

static struct store_options
fresh_options(void)
{
    static char dirs[8][512];
    static unsigned n;
    char *dir = dirs[n % 8], name[32];

    snprintf(name, sizeof(name), "merge%u", n++);
    snprintf(dir, sizeof(dirs[0]), "%s", temp_path(name));
    store_clock_set(STORE_NOW_MS);
    return store_options_for(dir, me);
}

static struct store *
fresh(void)
{
    struct store_options options = fresh_options();

    return open_store(&options);
}

static uint64_t
at(uint64_t ms)
{
    return HLC_OF_MS(STORE_NOW_MS - 100000 + ms);
}

static void
published_records_give_the_published_roots(void **state)
{
    cJSON *wire = vectors_load("state/wire.json");
    const cJSON *tree, *name, *record;
    struct store *store = fresh();
    struct store_head head;

    (void)state;
    cJSON_ArrayForEach(tree, vectors_member(wire, "trees"))
    {
        uint8_t root[32];

        if (cJSON_GetArraySize(vectors_member(tree, "records")) > 17 || !cJSON_GetObjectItem(tree, "nodes"))
            continue; /* those after it are not a growing row */
        cJSON_ArrayForEach(name, vectors_member(tree, "records")) cJSON_ArrayForEach(
            record,
            vectors_member(wire, "records")) if (!strcmp(vectors_text(record, "name"), name->valuestring))
        {
            size_t len;
            uint8_t *bytes = vectors_bytes(record, "record", &len);
            enum store_verdict verdict = merge_record(store, bytes, len);

            assert_true(verdict == VERDICT_APPLIED || verdict == VERDICT_HAD_IT);
            free(bytes);
        }
        vectors_copy(tree, "root", root, 32);
        store_head(store, &head);
        assert_memory_equal(head.root, root, 32);
        assert_int_equal(head.count, vectors_number(tree, "count"));
        assert_root_is_sound(store);
    }
    assert_int_equal(head.count, 17);
    assert_int_equal(head.keys, 16); /* r02 is a tombstone */
    assert_int_equal(head.hlc, UINT64_C(0x018bcfe5681a0000));
    store_close(store);
    cJSON_Delete(wire);
}

static void
the_winner_stays_whichever_comes_first(void **state)
{
    struct store *store = fresh();

    (void)state;
    assert_int_equal(merge_new(store, alice, 0, at(10), "k", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, at(10), "k", "1"), VERDICT_HAD_IT);
    assert_int_equal(merge_new(store, bob, 0, at(9), "k", "2"), VERDICT_OURS_WINS);
    assert_string_equal(value_of(store, "k"), "1");
    assert_int_equal(merge_new(store, bob, 0, at(11), "k", NULL), VERDICT_APPLIED);
    assert_null(value_of(store, "k"));
    assert_int_equal(merge_new(store, alice, RECORD_IMPORTED, at(5000), "k", "3"), VERDICT_OURS_WINS);
    assert_int_equal(merge_new(store, alice, RECORD_IMPORTED, at(5000), "i", "3"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, at(1), "i", "4"), VERDICT_APPLIED);
    assert_string_equal(value_of(store, "i"), "4");
    assert_root_is_sound(store);
    store_close(store);
}

static void
merged_records_move_the_clock_of_local_writes(void **state)
{
    struct store *store = fresh();

    (void)state;
    assert_int_equal(merge_new(store, alice, 0, HLC_OF_MS(STORE_NOW_MS + 30000), "k", "1"), VERDICT_APPLIED);
    assert_int_equal(put_value(store, "k", "2").hlc, HLC_OF_MS(STORE_NOW_MS + 30000) + 1);
    assert_string_equal(value_of(store, "k"), "2");
    store_close(store);
}

/* --- any order --------------------------------------------------------------------------------------- */

enum { RECORDS = 400, KEYS = 130 };

struct pool {
    struct lat_buf records[RECORDS]; /* each with its length in front */
};

static void
fill_pool(struct pool *pool, uint64_t seed)
{
    const struct key *authors[] = { me, alice, bob };

    for (size_t i = 0; i < RECORDS; i++) {
        char key[16], value[16];
        uint64_t hlc = at(random_below(&seed, 50)) + random_below(&seed, 3); /* ties are wanted */
        uint8_t flags = random_below(&seed, 5) == 0 ? RECORD_IMPORTED : 0;
        bool deleted = random_below(&seed, 6) == 0;

        snprintf(key, sizeof(key), "k%zu", random_below(&seed, KEYS));
        snprintf(value, sizeof(value), "%zu", random_below(&seed, 1000));
        lat_buf_init(&pool->records[i], 4096);
        add_record(&pool->records[i], authors[random_below(&seed, 3)], flags, hlc, key,
                   deleted ? NULL : value);
    }
}

static void
empty_pool(struct pool *pool)
{
    for (size_t i = 0; i < RECORDS; i++)
        lat_buf_fini(&pool->records[i]);
}

/* The winners by record_compare alone. */
static size_t
count_winners(const struct pool *pool, const struct record **winners)
{
    static struct record parsed[RECORDS];
    struct network network;
    size_t count = 0;

    assert_int_equal(network_init(&network, STORE_NETWORK), LAT_OK);
    for (size_t i = 0; i < RECORDS; i++) {
        size_t n = 0;

        assert_int_equal(
            record_parse(&network, pool->records[i].data + 4, pool->records[i].len - 4, &parsed[i], NULL),
            LAT_OK);
        while (n < count && memcmp(winners[n]->keyhash, parsed[i].keyhash, 32) != 0)
            n++;
        if (n == count)
            winners[count++] = &parsed[i];
        else if (record_compare(&parsed[i], winners[n]) > 0)
            winners[n] = &parsed[i];
    }
    return count;
}

static void
assert_holds_winners(struct store *store, const struct pool *pool)
{
    const struct record *winners[RECORDS];
    size_t count = count_winners(pool, winners);
    struct store_head head;
    struct reader *reader;

    store_head(store, &head);
    assert_int_equal(head.count, count);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    for (size_t i = 0; i < count; i++) {
        struct record record;

        assert_int_equal(reader_get_hash(reader, winners[i]->keyhash, &record), LAT_OK);
        assert_memory_equal(record.digest, winners[i]->digest, 32);
    }
    reader_end(reader);
}

static void
merge_shuffled(struct store *store, const struct pool *pool, uint64_t seed)
{
    size_t order[RECORDS];

    for (size_t i = 0; i < RECORDS; i++)
        order[i] = i;
    for (size_t i = RECORDS - 1; i > 0; i--) {
        size_t j = random_below(&seed, i + 1), kept = order[i];

        order[i] = order[j];
        order[j] = kept;
    }
    for (size_t i = 0; i < RECORDS;) {
        size_t n = 1 + random_below(&seed, 60);
        uint8_t verdicts[64];
        struct lat_buf list;

        lat_buf_init(&list, 1 << 20);
        n = n < RECORDS - i ? n : RECORDS - i;
        for (size_t k = 0; k < n; k++)
            assert_int_equal(
                lat_buf_add(&list, pool->records[order[i + k]].data, pool->records[order[i + k]].len),
                LAT_OK);
        assert_int_equal(merge_records(store, &list, n, verdicts), LAT_OK);
        for (size_t k = 0; k < n; k++)
            assert_true(verdicts[k] <= VERDICT_OURS_WINS);
        lat_buf_fini(&list);
        i += n;
    }
}

static void
any_order_of_arrival_ends_in_the_same_tables(void **state)
{
    static struct pool pool;
    uint8_t tables[4][32];
    struct store_head first, head;

    (void)state;
    fill_pool(&pool, 11);
    for (unsigned order = 0; order < 4; order++) {
        struct store *store = fresh();

        merge_shuffled(store, &pool, order + 1);
        merge_shuffled(store, &pool, order + 100); /* once more: nothing new */
        assert_holds_winners(store, &pool);
        assert_root_is_sound(store);
        table_hash(store, tables[order]);
        store_head(store, &head);
        first = order == 0 ? head : first;
        assert_memory_equal(head.root, first.root, 32);
        assert_int_equal(head.keys, first.keys);
        assert_int_equal(head.hlc, first.hlc);
        assert_memory_equal(tables[order], tables[0], 32);
        store_close(store);
    }
    empty_pool(&pool);
}

/* --- refused or held --------------------------------------------------------------------------------- */

static void
one_bad_record_stands_for_itself_alone(void **state)
{
    struct store *store = fresh();
    struct lat_buf list;
    uint8_t verdicts[3], length[4];

    (void)state;
    lat_buf_init(&list, 4096);
    add_record(&list, alice, 0, at(1), "a", "1");
    lat_put_u32le(length, 130);
    assert_int_equal(lat_buf_add(&list, length, 4), LAT_OK);
    for (unsigned i = 0; i < 130; i++)
        assert_int_equal(lat_buf_add_u8(&list, 0xee), LAT_OK);
    add_record(&list, alice, 0, at(1), "b", "2");
    assert_int_equal(merge_records(store, &list, 3, verdicts), LAT_OK);
    assert_int_equal(verdicts[0], VERDICT_APPLIED);
    assert_int_equal(verdicts[1], VERDICT_MALFORMED);
    assert_int_equal(verdicts[2], VERDICT_APPLIED);
    assert_int_equal(merge_records(store, &list, 2, verdicts), LAT_MALFORMED); /* bytes left over */
    assert_int_equal(merge_records(store, &list, 4, verdicts), LAT_MALFORMED); /* bytes lacking */
    lat_buf_fini(&list);
    store_close(store);
}

static uint64_t
held_by(struct store *store)
{
    struct store_head head;

    store_head(store, &head);
    return head.held;
}

/* The thread looks at its clock once a second. */
static bool
becomes_held(struct store *store, uint64_t wanted)
{
    const struct timespec pause = { .tv_nsec = 20000000 };

    for (unsigned i = 0; i < 250 && held_by(store) != wanted; i++)
        nanosleep(&pause, NULL);
    return held_by(store) == wanted;
}

static void
a_record_from_the_future_is_held_until_its_time(void **state)
{
    struct store *store = fresh();
    uint64_t ahead = HLC_OF_MS(STORE_NOW_MS + RECORD_FUTURE_MAX_MS + 1);
    struct store_head head;

    (void)state;
    assert_int_equal(merge_new(store, alice, 0, ahead - HLC_OF_MS(1), "now", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, ahead, "k", "1"), VERDICT_HELD);
    assert_int_equal(merge_new(store, alice, 0, ahead, "k", "1"), VERDICT_HELD);
    assert_int_equal(merge_new(store, bob, 0, ahead + HLC_OF_MS(3600000), "k", "2"), VERDICT_HELD);
    assert_true(becomes_held(store, 2)); /* the one that came twice is held once */
    store_head(store, &head);
    assert_int_equal(head.hlc, ahead - HLC_OF_MS(1)); /* a held record moves no clock */
    assert_null(value_of(store, "k"));
    store_clock_set(STORE_NOW_MS + 1);
    assert_true(becomes_held(store, 1));
    assert_string_equal(value_of(store, "k"), "1");
    store_clock_set(STORE_NOW_MS + 3600001);
    assert_true(becomes_held(store, 0));
    assert_string_equal(value_of(store, "k"), "2");
    assert_root_is_sound(store);
    store_close(store);
}

static void
below_the_horizon_only_keys_that_are_known_take_records(void **state)
{
    uint8_t admins[1][32];
    struct store_options options = fresh_options();
    struct store *store;
    struct store_head head;
    char horizon[32];

    (void)state;
    memcpy(admins[0], key_public(bob), 32);
    options.admins = (const uint8_t(*)[32])admins;
    options.admin_count = 1;
    store = open_store(&options);
    snprintf(horizon, sizeof(horizon), "%llu", (unsigned long long)at(1000));
    assert_int_equal(merge_new(store, alice, 0, at(10), "known", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, at(2000), "!horizon", horizon), VERDICT_NOT_TRUSTED);
    assert_int_equal(merge_new(store, alice, 0, at(20), "old", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, bob, 0, at(2000), "!horizon", horizon), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, at(999), "new", "1"), VERDICT_BELOW_HORIZON);
    assert_int_equal(merge_new(store, alice, 0, at(1000), "new", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(store, alice, 0, at(11), "known", "2"), VERDICT_APPLIED);
    store_head(store, &head);
    assert_int_equal(head.count, 4);
    assert_int_equal(head.keys, 3); /* the reserved key is no entry */
    store_set_incomplete(store, true);
    assert_int_equal(merge_new(store, alice, 0, at(30), "filled", "1"), VERDICT_APPLIED);
    assert_root_is_sound(store);
    store_close(store);
}

static int
setup(void **state)
{
    me = seed_key(1);
    alice = seed_key(2);
    bob = seed_key(3);
    return temp_make(state);
}

static int
teardown(void **state)
{
    key_free(me);
    key_free(alice);
    key_free(bob);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_records_give_the_published_roots),
        cmocka_unit_test(the_winner_stays_whichever_comes_first),
        cmocka_unit_test(merged_records_move_the_clock_of_local_writes),
        cmocka_unit_test(any_order_of_arrival_ends_in_the_same_tables),
        cmocka_unit_test(one_bad_record_stands_for_itself_alone),
        cmocka_unit_test(a_record_from_the_future_is_held_until_its_time),
        cmocka_unit_test(below_the_horizon_only_keys_that_are_known_take_records),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
