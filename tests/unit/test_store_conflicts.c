/* Lost writes and contradictions: noted once, the newest first, over a restart; nothing that is in order is noted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/temp.h"
#include "support/temp_store.h"

#define NOW HLC_OF_MS(STORE_NOW_MS)

struct fixture {
    struct key *us, *other;
    struct store *store;
    const char *dir;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store_options options;

    assert_non_null(f);
    assert_int_equal(temp_make(state), 0);
    f->dir = temp_path("store");
    f->us = seed_key(1);
    f->other = seed_key(2);
    options = store_options_for(f->dir, f->us);
    f->store = open_store(&options);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    key_free(f->us);
    key_free(f->other);
    free(f);
    temp_remove(NULL);
    return 0;
}

struct seen {
    struct store_conflict last;
    char keys[4][16], value[32];
    size_t count;
};

static enum lat_err
see(void *arg, const struct store_conflict *conflict)
{
    struct seen *seen = arg;

    if (seen->count == 0) {
        seen->last = *conflict;
        snprintf(seen->value, sizeof(seen->value), "%.*s", (int)conflict->value_len, (const char *)conflict->value);
    }
    if (seen->count < 4)
        snprintf(seen->keys[seen->count], 16, "%.*s", (int)conflict->key_len, (const char *)conflict->key);
    seen->count++;
    return LAT_OK;
}

static struct seen
conflicts(struct store *store, uint64_t *total)
{
    struct seen seen = { .count = 0 };
    struct reader *reader;

    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_each_conflict(reader, see, &seen, total), LAT_OK);
    reader_end(reader);
    return seen;
}

static void
writes_that_know_of_each_other_are_no_conflict(void **state)
{
    struct fixture *f = *state;
    uint64_t total;

    put_value(f->store, "a", "1");
    put_value(f->store, "a", "2");
    put_value(f->store, "a", NULL);
    put_value(f->store, "a", "3");
    assert_int_equal(merge_new(f->store, f->other, 0, NOW, "b", "1"), VERDICT_APPLIED);
    assert_int_equal(conflicts(f->store, &total).count, 0);
    assert_int_equal(total, 0);
}

static void
of_two_writes_that_do_not_the_lost_one_is_kept_once(void **state)
{
    struct fixture *f = *state;
    struct store_options options = store_options_for(f->dir, f->us);
    struct seen seen;
    uint64_t total;

    put_value(f->store, "a", "\"ours\"");
    assert_int_equal(merge_new(f->store, f->other, 0, NOW + (1u << 20), "a", "\"theirs\""), VERDICT_APPLIED);
    for (int i = 0; i < 3; i++) /* one that loses, again and again */
        assert_int_equal(merge_new(f->store, f->us, 0, NOW - 5, "a", "\"late\""), VERDICT_OURS_WINS);
    store_close(f->store);
    f->store = open_store(&options);
    seen = conflicts(f->store, &total);
    assert_int_equal(total, 2);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.value, "\"late\"");
    assert_string_equal(seen.keys[1], "a");
    assert_false(seen.last.equivocation);
    assert_memory_equal(seen.last.loser_author, key_public(f->us), 32);
    assert_memory_equal(seen.last.winner_author, key_public(f->other), 32);
}

static void
an_author_that_says_two_things_at_once_is_evidence(void **state)
{
    struct fixture *f = *state;
    struct seen seen;
    uint64_t total;
    enum store_verdict first = merge_new(f->store, f->other, 0, NOW, "a", "1");
    enum store_verdict second = merge_new(f->store, f->other, 0, NOW, "a", "2");

    assert_int_equal(first, VERDICT_APPLIED);
    assert_true(second == VERDICT_APPLIED || second == VERDICT_OURS_WINS);
    seen = conflicts(f->store, &total);
    assert_int_equal(total, 1);
    assert_true(seen.last.equivocation);
    assert_int_equal(seen.last.winner_hlc, seen.last.loser_hlc);
    assert_memory_not_equal(seen.last.winner_digest, seen.last.loser_digest, 32);
}

static void
the_last_thousand_are_kept(void **state)
{
    struct fixture *f = *state;
    struct lat_buf list;
    uint8_t *verdicts = calloc(2600, 1);
    struct seen seen;
    uint64_t total;
    char key[16];

    lat_buf_init(&list, 8u << 20);
    for (int i = 0; i < 1300; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        add_record(&list, f->other, 0, NOW, key, "1");
        add_record(&list, f->us, 0, NOW - 1, key, "2");
    }
    assert_int_equal(merge_records(f->store, &list, 2600, verdicts), LAT_OK);
    seen = conflicts(f->store, &total);
    assert_int_equal(total, 1300);
    assert_int_equal(seen.count, STORE_CONFLICTS_MAX);
    assert_string_equal(seen.keys[0], "k1299");
    free(verdicts);
    lat_buf_fini(&list);
}

/* So many contradictions of one author, on keys with this letter. */
static void
contradict(struct fixture *f, const struct key *author, char letter, int count)
{
    uint8_t *verdicts = calloc((size_t)count, 2);
    struct lat_buf list;
    char key[16];

    lat_buf_init(&list, 8u << 20);
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "%c%d", letter, i);
        add_record(&list, author, 0, NOW, key, "1");
        add_record(&list, author, 0, NOW, key, "2");
    }
    assert_int_equal(merge_records(f->store, &list, 2 * (size_t)count, verdicts), LAT_OK);
    free(verdicts);
    lat_buf_fini(&list);
}

struct tally {
    size_t of_us, of_other, lost;
    char newest[16];
    const uint8_t *us;
};

static enum lat_err
count_one(void *arg, const struct store_conflict *c)
{
    struct tally *tally = arg;

    if (tally->of_us + tally->of_other + tally->lost == 0)
        snprintf(tally->newest, sizeof(tally->newest), "%.*s", (int)c->key_len, (const char *)c->key);
    if (!c->equivocation)
        tally->lost++;
    else if (memcmp(c->loser_author, tally->us, 32) == 0)
        tally->of_us++;
    else
        tally->of_other++;
    return LAT_OK;
}

static struct tally
count_all(struct fixture *f, uint64_t *total)
{
    struct tally tally = { .us = key_public(f->us) };
    struct reader *reader;

    assert_int_equal(reader_begin(f->store, &reader), LAT_OK);
    assert_int_equal(reader_each_conflict(reader, count_one, &tally, total), LAT_OK);
    reader_end(reader);
    return tally;
}

static void
no_author_pushes_out_what_speaks_against_another_one(void **state)
{
    struct fixture *f = *state;
    struct store_options options = store_options_for(f->dir, f->us);
    struct tally tally;
    uint64_t total;

    contradict(f, f->us, 'u', 3);
    contradict(f, f->other, 'o', STORE_CONFLICTS_MAX + 50);
    tally = count_all(f, &total);
    assert_int_equal(total, STORE_CONFLICTS_MAX + 53);
    assert_int_equal(tally.of_us, 3);
    assert_int_equal(tally.of_other, STORE_EVIDENCE_MAX);
    assert_string_equal(tally.newest, "o1049");
    store_close(f->store);
    f->store = open_store(&options); /* what the rows hold is found again */
    contradict(f, f->other, 'p', 7);
    tally = count_all(f, &total);
    assert_int_equal(total, STORE_CONFLICTS_MAX + 60);
    assert_int_equal(tally.of_us, 3);
    assert_int_equal(tally.of_other, STORE_EVIDENCE_MAX);
    assert_string_equal(tally.newest, "p6");
}

static void
a_record_of_our_own_that_is_newer_than_all_of_ours_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct store_head head;

    put_value(f->store, "a", "1");
    assert_int_equal(merge_new(f->store, f->us, 0, NOW - 1, "b", "1"), VERDICT_APPLIED);
    assert_int_equal(merge_new(f->store, f->other, 0, NOW + (1u << 21), "c", "1"), VERDICT_APPLIED);
    store_head(f->store, &head);
    assert_int_equal(head.own_ahead_mono_ms, 0);
    assert_int_equal(merge_new(f->store, f->us, 0, NOW + (1u << 22), "d", "1"), VERDICT_APPLIED);
    store_head(f->store, &head);
    assert_true(head.own_ahead_mono_ms > 0);
    assert_int_equal(head.hlc, NOW + (1u << 22)); /* our next write comes after it */
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(writes_that_know_of_each_other_are_no_conflict),
        T(of_two_writes_that_do_not_the_lost_one_is_kept_once),
        T(an_author_that_says_two_things_at_once_is_evidence),
        T(the_last_thousand_are_kept),
        T(no_author_pushes_out_what_speaks_against_another_one),
        T(a_record_of_our_own_that_is_newer_than_all_of_ours_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
