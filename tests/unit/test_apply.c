/* How records of others enter the state: what is refused, what is not asked of the store, and in which thread
 * the answer comes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/le.h"
#include "node/apply.h"
#include "support/temp.h"
#include "support/temp_store.h"

enum { OWN = 1, FRIEND = 2, STRANGER = 3, RETIRED = 4 };

#define EARLIER HLC_OF_MS(STORE_NOW_MS - 1000)
#define RETIRED_AT HLC_OF_MS(STORE_NOW_MS - 500)
#define LATER HLC_OF_MS(STORE_NOW_MS)

struct fixture {
    struct key *keys[5];
    struct store *store;
    uv_loop_t loop;
    struct apply *apply;
    pthread_t thread;
    struct lat_buf batch;
    size_t batch_count;
    /* the last answer */
    int answers;
    enum lat_err err;
    uint8_t verdicts[8192];
    size_t count;
    uint64_t made, same;
};

static int
setup(void **state)
{
    static int number;
    struct fixture *f = calloc(1, sizeof(*f));
    char dir[32];
    struct store_options options;
    struct trust trust;
    struct trust_set *set;

    for (uint8_t i = 1; i < 5; i++)
        f->keys[i] = seed_key(i);
    trust_init(&trust, key_public(f->keys[OWN]));
    assert_int_equal(trust_add(&trust, key_public(f->keys[FRIEND]), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust_add(&trust, key_public(f->keys[RETIRED]), RETIRED_AT), LAT_OK);
    snprintf(dir, sizeof(dir), "store%d", number++);
    options = store_options_for(temp_path(dir), f->keys[OWN]);
    f->store = open_store(&options);
    f->thread = pthread_self();
    uv_loop_init(&f->loop);
    set = trust_set_new(&trust);
    assert_int_equal(apply_new(&f->loop, f->store, set, &f->apply), LAT_OK);
    trust_set_unref(set);
    lat_buf_init(&f->batch, 8 << 20);
    *state = f;
    return 0;
}

static void
on_closed(void *arg)
{
    ((struct fixture *)arg)->apply = NULL;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    if (f->apply)
        apply_close(f->apply, on_closed, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_null(f->apply);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    store_close(f->store);
    for (int i = 1; i < 5; i++)
        key_free(f->keys[i]);
    lat_buf_fini(&f->batch);
    free(f);
    return 0;
}

static void
add(struct fixture *f, int author, const char *key, const char *value, uint64_t hlc)
{
    add_record(&f->batch, f->keys[author], 0, hlc, key, value);
    f->batch_count++;
}

static void
add_bytes(struct fixture *f, const void *bytes, size_t len)
{
    uint8_t size[4];

    lat_put_u32le(size, (uint32_t)len);
    assert_int_equal(lat_buf_add(&f->batch, size, 4), LAT_OK);
    assert_int_equal(lat_buf_add(&f->batch, bytes, len), LAT_OK);
    f->batch_count++;
}

static void
on_merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct fixture *f = arg;

    assert_true(pthread_equal(pthread_self(), f->thread));
    f->answers++;
    f->err = err;
    f->count = count;
    assert_true(count <= sizeof(f->verdicts));
    if (count > 0)
        memcpy(f->verdicts, verdicts, count);
}

static void
wait_for_answers(struct fixture *f, int answers)
{
    while (f->answers < answers)
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* Apply the batch, wait, begin a new one. */
static void
apply_batch(struct fixture *f)
{
    f->answers = 0;
    assert_int_equal(
        apply_records(f->apply, APPLY_FROM_HTTP, f->batch.data, f->batch.len, f->batch_count, on_merged, f),
        LAT_OK);
    assert_int_equal(f->answers, 0);
    wait_for_answers(f, 1);
    assert_int_equal(f->count, f->batch_count);
    lat_buf_clear(&f->batch);
    f->batch_count = 0;
}

static void
each_record_gets_its_verdict_in_its_place(void **state)
{
    struct fixture *f = *state;

    merge_new(f->store, f->keys[FRIEND], 0, LATER, "held before", "1");
    add(f, FRIEND, "a", "1", EARLIER);
    add(f, STRANGER, "b", "1", EARLIER);
    add(f, OWN, "c", "1", EARLIER);
    add(f, FRIEND, "held before", "0", EARLIER); /* ours is newer */
    add_bytes(f, "\1nonsense", 9);
    add(f, FRIEND, "held before", "1", LATER); /* the very same */
    add_bytes(f, "\2a later version", 16);
    add_bytes(f, "", 0);
    add(f, RETIRED, "d", "1", EARLIER);
    add(f, RETIRED, "e", "1", RETIRED_AT);
    add(f, FRIEND, "f", "1", HLC_OF_MS(STORE_NOW_MS + RECORD_FUTURE_MAX_MS + 1));
    apply_batch(f);
    assert_int_equal(f->err, LAT_OK);
    assert_int_equal(f->verdicts[0], VERDICT_APPLIED);
    assert_int_equal(f->verdicts[1], VERDICT_NOT_TRUSTED);
    assert_int_equal(f->verdicts[2], VERDICT_APPLIED);
    assert_int_equal(f->verdicts[3], VERDICT_OURS_WINS);
    assert_int_equal(f->verdicts[4], VERDICT_MALFORMED);
    assert_int_equal(f->verdicts[5], VERDICT_HAD_IT);
    assert_int_equal(f->verdicts[6], VERDICT_VERSION);
    assert_int_equal(f->verdicts[7], VERDICT_MALFORMED);
    assert_int_equal(f->verdicts[8], VERDICT_APPLIED);
    assert_int_equal(f->verdicts[9], VERDICT_NOT_TRUSTED);
    assert_int_equal(f->verdicts[10], VERDICT_HELD);
    assert_string_equal(value_of(f->store, "a"), "1");
    assert_null(value_of(f->store, "b"));
    assert_string_equal(value_of(f->store, "held before"), "1");
}

static void
no_bit_of_a_record_can_be_changed(void **state)
{
    struct fixture *f = *state;
    struct lat_buf record;

    lat_buf_init(&record, 4096);
    add_record(&record, f->keys[FRIEND], 0, EARLIER, "key", "{\"a\": 1}");
    for (size_t i = 4; i < record.len; i++) {
        record.data[i] ^= 4;
        add_bytes(f, record.data + 4, record.len - 4);
        record.data[i] ^= 4;
    }
    apply_batch(f);
    for (size_t i = 0; i < f->count; i++)
        if (f->verdicts[i] == VERDICT_APPLIED || f->verdicts[i] == VERDICT_HAD_IT)
            fail_msg("a record with a changed bit in byte %zu was accepted", i);
    assert_null(value_of(f->store, "key"));
    add_bytes(f, record.data + 4, record.len - 4);
    apply_batch(f);
    assert_int_equal(f->verdicts[0], VERDICT_APPLIED);
    lat_buf_fini(&record);
}

static void
what_is_superfluous_is_not_verified(void **state)
{
    struct fixture *f = *state;
    struct lat_buf record;

    lat_buf_init(&record, 4096);
    add_record(&record, f->keys[FRIEND], 0, LATER, "key", "1");
    add_bytes(f, record.data + 4, record.len - 4);
    apply_batch(f);
    record.data[record.len - 1] ^= 1; /* the signature is no part of what the record says */
    add_bytes(f, record.data + 4, record.len - 4);
    apply_batch(f);
    assert_int_equal(f->verdicts[0], VERDICT_HAD_IT);
    lat_buf_fini(&record);
}

static void
of_two_records_of_a_key_in_one_batch_the_newer_stays(void **state)
{
    struct fixture *f = *state;

    add(f, FRIEND, "key", "2", LATER);
    add(f, FRIEND, "key", "1", EARLIER);
    apply_batch(f);
    assert_int_equal(f->verdicts[0], VERDICT_APPLIED);
    assert_int_equal(f->verdicts[1], VERDICT_OURS_WINS);
    assert_string_equal(value_of(f->store, "key"), "2");
}

static void
a_new_trust_set_counts_from_the_next_call_on(void **state)
{
    struct fixture *f = *state;
    struct trust fresh;
    struct trust_set *set;

    trust_init(&fresh, key_public(f->keys[OWN]));
    assert_int_equal(trust_add(&fresh, key_public(f->keys[STRANGER]), TRUST_NOT_RETIRED), LAT_OK);
    set = trust_set_new(&fresh);
    apply_set_trust(f->apply, set);
    trust_set_unref(set);
    add(f, FRIEND, "a", "1", EARLIER);
    add(f, STRANGER, "b", "1", EARLIER);
    apply_batch(f);
    assert_int_equal(f->verdicts[0], VERDICT_NOT_TRUSTED);
    assert_int_equal(f->verdicts[1], VERDICT_APPLIED);
}

/* topic_check did it, so that nothing is verified twice. */
static void
signatures_of_what_gossip_brought_are_not_checked_again(void **state)
{
    struct fixture *f = *state;

    add(f, FRIEND, "a", "1", EARLIER);
    f->batch.data[f->batch.len - 1] ^= 1;
    assert_int_equal(apply_records(f->apply, APPLY_FROM_GOSSIP, f->batch.data, f->batch.len, 1, on_merged, f), LAT_OK);
    wait_for_answers(f, 1);
    assert_int_equal(f->verdicts[0], VERDICT_APPLIED);
}

static void
what_is_discarded_does_not_reach_the_store(void **state)
{
    struct fixture *f = *state;

    add(f, FRIEND, "a", "1", EARLIER);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_HTTP, f->batch.data, f->batch.len, 1, on_merged, f),
                     LAT_OK);
    apply_discard(f->apply, APPLY_FROM_P2P); /* not its own */
    apply_discard(f->apply, APPLY_FROM_HTTP);
    wait_for_answers(f, 1);
    assert_int_equal(f->err, LAT_CLOSED);
    assert_int_equal(f->count, 0);
    assert_null(value_of(f->store, "a"));
    assert_int_equal(apply_records(f->apply, APPLY_FROM_HTTP, f->batch.data, f->batch.len, 1, on_merged, f),
                     LAT_OK);
    apply_discard(f->apply, APPLY_FROM_P2P);
    wait_for_answers(f, 2);
    assert_int_equal(f->verdicts[0], VERDICT_APPLIED);
}

static void
lengths_that_do_not_fit_are_refused_before_anything_is_read(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[8] = { 0 };

    add(f, FRIEND, "a", "1", EARLIER);
    assert_int_equal(
        apply_records(f->apply, APPLY_FROM_API, f->batch.data, f->batch.len - 1, 1, on_merged, f),
        LAT_MALFORMED);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_API, f->batch.data, f->batch.len, 2, on_merged, f),
                     LAT_MALFORMED);
    lat_put_u32le(bytes, UINT32_MAX);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_API, bytes, sizeof(bytes), 1, on_merged, f),
                     LAT_MALFORMED);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_API, bytes, 3, 1, on_merged, f), LAT_MALFORMED);
    assert_int_equal(f->answers, 0);
}

static void
an_empty_batch_is_answered(void **state)
{
    struct fixture *f = *state;

    apply_batch(f);
    assert_int_equal(f->err, LAT_OK);
}

static void
too_much_at_once_is_put_off(void **state)
{
    struct fixture *f = *state;
    const size_t large = 9u << 20;
    uint8_t *bytes = calloc(1, large);
    int queued = 0;

    assert_non_null(bytes);
    lat_put_u32le(bytes, (uint32_t)(large - 4));
    bytes[4] = 1; /* a record's version */
    while (apply_records(f->apply, APPLY_FROM_P2P, bytes, large, 1, on_merged, f) == LAT_OK)
        queued++;
    assert_int_equal(queued, APPLY_WAITING_MAX / large);
    wait_for_answers(f, queued);
    assert_int_equal(f->verdicts[0], VERDICT_MALFORMED);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_P2P, bytes, large, 1, on_merged, f), LAT_OK);
    wait_for_answers(f, queued + 1);
    free(bytes);
}

static void
on_imported(void *arg, enum lat_err err, uint64_t made, uint64_t same, uint64_t differing)
{
    struct fixture *f = arg;

    assert_true(pthread_equal(pthread_self(), f->thread));
    assert_int_equal(differing, 0);
    f->answers++;
    f->err = err;
    f->made = made;
    f->same = same;
}

static void
an_import_is_answered_on_the_loop(void **state)
{
    struct fixture *f = *state;
    const struct store_foreign entries[2] = { { (const uint8_t *)"a", 1, "1", 1 },
                                              { (const uint8_t *)"b", 1, "2", 1 } };
    const uint8_t source[32] = { 7 };

    put_value(f->store, "b", "2");
    assert_int_equal(apply_import(f->apply, source, entries, 2, STORE_NOW_MS, on_imported, f), LAT_OK);
    wait_for_answers(f, 1);
    assert_int_equal(f->err, LAT_OK);
    assert_int_equal(f->made, 1);
    assert_int_equal(f->same, 1);
    assert_string_equal(value_of(f->store, "a"), "1");
}

static void
closing_answers_what_is_owed_and_takes_no_more(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        add(f, FRIEND, "a", "1", EARLIER);
        assert_int_equal(apply_records(f->apply, APPLY_FROM_P2P, f->batch.data, f->batch.len, f->batch_count,
                                       on_merged, f),
                         LAT_OK);
    }
    apply_close(f->apply, on_closed, f);
    assert_int_equal(apply_records(f->apply, APPLY_FROM_P2P, NULL, 0, 0, on_merged, f), LAT_CLOSED);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->answers, 20);
    assert_null(f->apply);
}

static void
many_batches_at_once_end_in_one_sound_state(void **state)
{
    struct fixture *f = *state;
    struct store_head head;
    char key[16];

    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key%d", i % 500);
        add(f, FRIEND, key, i < 500 ? "1" : "2", i < 500 ? EARLIER : LATER);
        if (i % 50 < 49)
            continue;
        assert_int_equal(apply_records(f->apply, APPLY_FROM_HTTP, f->batch.data, f->batch.len, f->batch_count,
                                       on_merged, f),
                         LAT_OK);
        lat_buf_clear(&f->batch);
        f->batch_count = 0;
    }
    wait_for_answers(f, 20);
    store_head(f->store, &head);
    assert_int_equal(head.count, 500);
    assert_string_equal(value_of(f->store, "key0"), "2");
    assert_string_equal(value_of(f->store, "key499"), "2");
    assert_root_is_sound(f->store);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_record_gets_its_verdict_in_its_place),
        TEST(no_bit_of_a_record_can_be_changed),
        TEST(what_is_superfluous_is_not_verified),
        TEST(of_two_records_of_a_key_in_one_batch_the_newer_stays),
        TEST(a_new_trust_set_counts_from_the_next_call_on),
        TEST(signatures_of_what_gossip_brought_are_not_checked_again),
        TEST(what_is_discarded_does_not_reach_the_store),
        TEST(lengths_that_do_not_fit_are_refused_before_anything_is_read),
        TEST(an_empty_batch_is_answered),
        TEST(too_much_at_once_is_put_off),
        TEST(an_import_is_answered_on_the_loop),
        TEST(closing_answers_what_is_owed_and_takes_no_more),
        TEST(many_batches_at_once_end_in_one_sound_state),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
