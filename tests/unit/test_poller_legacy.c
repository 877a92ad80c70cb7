/* Healing from v3.0.3 nodes: whole, signed by a trusted key, fresh, and after three differences in a row;
 * else not at all. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "state/legacy.h"
#include "support/poll_stage.h"

#define STATE "{\"b\": {\"x\": [1, 2.50]}, \"a\": \"\xc3\xa9\"}"

static char document[65536];

static int
open_one(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    stage_open(stage, 1);
    stage->has_flat_root = true; /* of a state that is another one than any of these */
    stage->sites[0].document = document;
    *state = stage;
    return 0;
}

static int
close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void
flat_root_of(const char *state, uint8_t root[32])
{
    struct entries entries;
    struct lat_msg why;

    assert_int_equal(entries_parse(state, strlen(state), 1 << 20, &entries, &why), LAT_OK);
    assert_int_equal(entries_flat_root(&entries, root), LAT_OK);
    entries_fini(&entries);
}

/* What a v3.0.3 node with this state answers. author: whose key signs; -1: unsigned. */
static void
serve(struct stage *stage, const char *state, int author, int64_t age_s)
{
    struct site *site = &stage->sites[0];
    uint64_t now_s = (uint64_t)((int64_t)(lat_wall_ms() / 1000) - age_s);
    char root_hex[65], signature_hex[129] = "";
    uint8_t root[32], signature[64];

    flat_root_of(state, root);
    lat_hex(root, 32, root_hex);
    if (author >= 0) {
        assert_int_equal(legacy_attest_sign(stage->world.keys[author], root, now_s, signature), LAT_OK);
        lat_hex(signature, 64, signature_hex);
    }
    pthread_mutex_lock(&site->lock);
    if (author >= 0)
        snprintf(document, sizeof(document),
                 "{\"success\":true,\"merkle_root\":\"%s\",\"state\":%s,\"state_size\":2,\"timestamp\":%llu,"
                 "\"signature\":\"%s\","
                 "\"signed\":true}",
                 root_hex, state, (unsigned long long)now_s, signature_hex);
    else
        snprintf(document, sizeof(document),
                 "{\"success\":true,\"merkle_root\":\"%s\",\"state\":%s,\"state_size\":2,\"signed\":false}",
                 root_hex, state);
    pthread_mutex_unlock(&site->lock);
}

static void
a_signed_state_is_imported_after_three_differences_in_a_row(void **state)
{
    struct stage *stage = *state;
    struct snapshot_source row;
    uint8_t id[32];
    char url[128];

    serve(stage, STATE, 1, 0);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_DIFFERS);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 1);
    assert_int_equal(stage->imported_count, 2);
    assert_in_range(lat_wall_ms() - stage->imported_ms, 0, 60000);
    snprintf(url, sizeof(url), "%s/base", http_server_url(stage->sites[0].server));
    sha256_of(url, strlen(url), id);
    assert_memory_equal(stage->imported_from, id, 32);
    row = stage_row(stage, 0);
    assert_false(row.lattice);
    assert_true(row.trusted);
    assert_int_equal(row.stand.heal_applied, 2);
    assert_int_equal(row.stand.count, 2);
    for (int i = 0; i < 5; i++)
        stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 1); /* nothing new there */
    flat_root_of(STATE, stage->flat_root);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_EQUAL);
}

static void
answer_500(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 500, "text/plain", NULL, "Internal Server Error", 21);
}

static void
any_other_outcome_starts_the_count_again(void **state)
{
    struct stage *stage = *state;

    serve(stage, STATE, 1, 0);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    stage_round(stage, POLLER_CARRY);
    stage->sites[0].on_summary = answer_500;
    stage_round(stage, POLLER_CARRY);
    stage->sites[0].on_summary = NULL;
    stage_round(stage, POLLER_CARRY);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 0);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 1);
}

static void
unsigned_states_and_those_of_strangers_are_shown_and_never_taken(void **state)
{
    struct stage *stage = *state;
    struct snapshot_lung lung = { 0 };

    poller_set_carrying(stage->poller, true);
    for (int author = -1; author <= 2; author += 3) {
        serve(stage, STATE, author, 0);
        for (int i = 0; i < 5; i++)
            stage_round(stage, POLLER_CARRY);
        assert_true(stage->done_ok);
        assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_HELD);
        assert_non_null(strstr(stage_row(stage, 0).stand.error, "no trusted key has signed its state"));
        poller_fill_lung(stage->poller, lat_mono_ms(), &lung);
        assert_true(lung.http_untrusted);
    }
    assert_int_equal(stage->imports, 0);
}

static void
old_states_and_our_own_signature_do_not_count(void **state)
{
    struct stage *stage = *state;

    poller_set_carrying(stage->poller, true);
    serve(stage, STATE, 1, 4000);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_CARRY);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage_row(stage, 0).stand.error, "s old"));
    serve(stage, STATE, 0, 0);
    stage_round(stage, POLLER_CARRY);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage_row(stage, 0).stand.error, "our own key"));
    assert_int_equal(stage->imports, 0);
}

static void
a_bound_key_is_the_only_one_that_counts(void **state)
{
    struct stage *stage = *state;
    struct poller_config config;

    stage->sources[0].bound = true;
    memcpy(stage->sources[0].key, key_public(stage->world.keys[3]), 32);
    config = stage_config(stage);
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    poller_set_carrying(stage->poller, true);
    serve(stage, STATE, 1, 0);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 0);
    serve(stage, STATE, 3, 0);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 1);
}

static void
a_staged_state_is_imported_when_http_begins_to_carry(void **state)
{
    struct stage *stage = *state;

    serve(stage, STATE, 1, 0);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_PROBE);
    assert_int_equal(stage->imports, 0);
    poller_set_carrying(stage->poller, true);
    poller_apply_staged(stage->poller);
    stage_wait(stage, &stage->imports, 1);
    stage_run(stage, 20);
    assert_int_equal(stage->done, 4); /* without another poll */
}

static void
a_state_staged_too_long_ago_is_dropped(void **state)
{
    struct stage *stage = *state;

    serve(stage, STATE, 1, 299); /* fresh for one more second */
    for (int i = 0; i < 3; i++)
        stage_round(stage, POLLER_PROBE);
    assert_true(stage->done_ok);
    stage_run(stage, 2100);
    poller_set_carrying(stage->poller, true);
    poller_apply_staged(stage->poller);
    stage_run(stage, 50);
    assert_int_equal(stage->imports, 0);
}

static void
while_our_flat_root_is_not_at_hand_nothing_is_concluded(void **state)
{
    struct stage *stage = *state;

    stage->has_flat_root = false;
    serve(stage, STATE, 1, 0);
    poller_set_carrying(stage->poller, true);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_CARRY);
    assert_true(stage->done_ok);
    assert_true(stage->wanted_flat_roots >= 4);
    assert_int_equal(stage->imports, 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_UNKNOWN);
}

static void
a_state_that_is_too_large_to_be_kept_is_left_alone(void **state)
{
    struct stage *stage = *state;
    struct poller_config config = stage_config(stage);

    config.staged_max = 10;
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    serve(stage, STATE, 1, 0);
    poller_set_carrying(stage->poller, true);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->imports, 0);
    config.staged_max = 1 << 20;
    config.state_max = 100; /* not even received */
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    stage_round(stage, POLLER_CARRY);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage_row(stage, 0).stand.error, "answer is over 100 bytes"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_one, close_stage)
    const struct CMUnitTest tests[] = {
        TEST(a_signed_state_is_imported_after_three_differences_in_a_row),
        TEST(any_other_outcome_starts_the_count_again),
        TEST(unsigned_states_and_those_of_strangers_are_shown_and_never_taken),
        TEST(old_states_and_our_own_signature_do_not_count),
        TEST(a_bound_key_is_the_only_one_that_counts),
        TEST(a_staged_state_is_imported_when_http_begins_to_carry),
        TEST(a_state_staged_too_long_ago_is_dropped),
        TEST(while_our_flat_root_is_not_at_hand_nothing_is_concluded),
        TEST(a_state_that_is_too_large_to_be_kept_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
