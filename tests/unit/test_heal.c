/* The healing session as a machine: two states in memory, the source's answers by recon_handle, some of them
 * bent. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "state/heal.h"
#include "state/store.h"
#include "support/sync_world.h"

#define T0 1000 /* the monotonic clock when a test begins */

/* What the view of a state in memory does, for a test that puts itself before it. */
static enum lat_err (*memory_get)(void *arg, const uint8_t keyhash[32], struct record *out);

static const uint8_t salt[HEAL_SALT_LEN] = "a salt of 16 by";

struct fixture {
    struct sync_world world;
    struct memory_view here, there;
    struct heal heal;
    uint64_t now_ms;
    uint64_t ms_a_message; /* that an answer takes */
    size_t batches;
    bool there_read_only;
    uint8_t verdict; /* of every record; 255: what world_apply says */
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    world_init(&f->world);
    memory_init(&f->here, &f->world.network, f->world.keys[0], &f->world.trust, WORLD_NOW_MS);
    memory_init(&f->there, &f->world.network, f->world.keys[1], &f->world.trust, WORLD_NOW_MS);
    heal_init(&f->heal);
    f->now_ms = T0;
    f->verdict = 255;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    heal_fini(&f->heal);
    memory_fini(&f->here);
    memory_fini(&f->there);
    world_fini(&f->world);
    free(f);
    return 0;
}

static struct recon_status
status_of(const struct fixture *f)
{
    const struct memory_view *memory = &f->there;
    struct recon_status status = { .count = memory->view.count,
                                   .hlc = memory->view.hlc,
                                   .read_only = f->there_read_only };

    memcpy(status.root, memory->view.root, 32);
    return status;
}

static void
start(struct fixture *f)
{
    struct recon_status status = status_of(f);

    heal_start(&f->heal, &status, &f->here.view, salt, f->now_ms);
}

/* The source answers what heal_ask asked; the answer is taken. */
static enum lat_err
exchange(struct fixture *f, const struct lat_buf *request)
{
    struct lat_buf reply;
    enum lat_err err;

    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    world_serve(&f->world, &f->there, &f->there.view, request->data, request->len, &reply);
    f->now_ms += f->ms_a_message;
    err = heal_take(&f->heal, &f->here.view, reply.data, reply.len, f->now_ms);
    lat_buf_fini(&reply);
    return err;
}

/* Carry the machine one state on. */
static void
step(struct fixture *f)
{
    struct recon_status status = status_of(f);
    struct lat_buf request;
    uint8_t verdicts[16384];

    switch (f->heal.state) {
    case HEAL_ASK:
        lat_buf_init(&request, RECON_MESSAGE_MAX);
        assert_int_equal(heal_ask(&f->heal, &f->here.view, f->now_ms, &request), LAT_OK);
        if (f->heal.state == HEAL_WAIT)
            assert_int_equal(exchange(f, &request), LAT_OK);
        lat_buf_fini(&request);
        break;
    case HEAL_APPLY:
        f->batches++;
        heal_batch_sent(&f->heal);
        break;
    case HEAL_VERDICTS:
        world_apply(&f->world, &f->here, f->heal.batch.data, f->heal.batch_count, verdicts);
        if (f->verdict != 255)
            memset(verdicts, f->verdict, f->heal.batch_count);
        heal_verdicts(&f->heal, verdicts, f->heal.batch_count, f->now_ms);
        break;
    case HEAL_COMPARE:
        heal_compare(&f->heal, &status, &f->here.view, f->now_ms);
        break;
    case HEAL_WAIT:
    case HEAL_OVER:
        fail_msg("nothing to carry in state %d", f->heal.state);
    }
}

static enum heal_end
run(struct fixture *f)
{
    start(f);
    while (f->heal.state != HEAL_OVER)
        step(f);
    return f->heal.end;
}

static const struct heal_key *
named(const struct heal *heal, const char *key)
{
    for (uint32_t i = 0; i < heal->key_count; i++)
        if (strcmp(heal->keys[i].key, key) == 0)
            return &heal->keys[i];
    fail_msg("no key %s among those that differ", key);
    return NULL;
}

static void
an_empty_node_takes_everything_and_is_equal(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 500, 30);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->heal.applied, 500);
    assert_int_equal(f->heal.same, 0);
    assert_int_equal(f->heal.key_total, 500);
    assert_int_equal(f->heal.key_count, HEAL_KEYS_MAX);
    assert_int_equal(heal_percent(&f->heal), 100);
    assert_true(heal_had_progress(&f->heal));
    assert_memory_equal(f->here.view.root, f->there.view.root, 32);
}

static void
only_what_differs_is_handed_on(void **state)
{
    struct fixture *f = *state;
    const uint64_t later = HLC_OF_MS(WORLD_NOW_MS), earlier = HLC_OF_MS(WORLD_NOW_MS - 5);

    world_fill(&f->world, &f->there, 1, "key", 300, 30);
    world_fill(&f->world, &f->here, 1, "key", 300, 30);
    world_put(&f->world, &f->there, 1, "a", "1", later);
    world_put(&f->world, &f->there, 1, "b", NULL, later);
    world_put(&f->world, &f->here, 0, "b", "2", earlier);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->heal.tier, HEAL_TIER_SKETCH);
    assert_int_equal(f->heal.same, 0);
    assert_int_equal(f->heal.applied, 2);
    assert_int_equal(f->heal.key_total, 2);
    assert_int_equal(f->heal.messages, 2); /* cells, and the records */
    assert_int_equal(named(&f->heal, "a")->difference, HEAL_KEY_ONLY_THEIRS);
    assert_int_equal(named(&f->heal, "b")->difference, HEAL_KEY_THEIRS_NEWER);
    assert_int_equal(named(&f->heal, "b")->ours.hlc, earlier);
    assert_int_equal(named(&f->heal, "b")->theirs.hlc, later);
}

/* Ten keys on both sides, one newer here, one only here. */
static void
ours_is_ahead(struct fixture *f)
{
    const uint64_t later = HLC_OF_MS(WORLD_NOW_MS), earlier = HLC_OF_MS(WORLD_NOW_MS - 5);

    world_fill(&f->world, &f->there, 1, "key", 20, 30);
    world_fill(&f->world, &f->here, 1, "key", 20, 30);
    world_put(&f->world, &f->there, 1, "b", "1", earlier);
    world_put(&f->world, &f->here, 0, "b", "2", later);
    world_put(&f->world, &f->here, 0, "c", "3", later);
}

static void
what_we_have_newer_or_alone_is_given(void **state)
{
    struct fixture *f = *state;

    ours_is_ahead(f);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->batches, 0);
    assert_int_equal(f->heal.ours, 1);
    assert_int_equal(f->heal.given_taken, 2);
    assert_int_equal(named(&f->heal, "b")->difference, HEAL_KEY_OURS_NEWER);
    assert_int_equal(named(&f->heal, "c")->difference, HEAL_KEY_ONLY_OURS);
    assert_true(heal_had_progress(&f->heal));
    assert_memory_equal(f->here.view.root, f->there.view.root, 32);
}

static void
a_node_that_cannot_store_is_given_nothing(void **state)
{
    struct fixture *f = *state;

    ours_is_ahead(f);
    f->there_read_only = true;
    assert_int_equal(run(f), HEAL_ALL_TAKEN);
    assert_int_equal(f->heal.given, 0);
    assert_int_equal(f->heal.ours, 1);
    assert_int_equal(f->heal.only_ours, 1);
    assert_non_null(strstr(f->heal.why.text, "it cannot store now"));
}

static void
keys_are_named_without_what_disturbs_a_terminal(void **state)
{
    struct fixture *f = *state;

    world_put(&f->world, &f->there, 1, "a\x1b]0;owned\x07", "1", HLC_OF_MS(WORLD_NOW_MS));
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_string_equal(f->heal.keys[0].key, "a?]0;owned?");
}

static void
a_pass_broken_off_goes_on_at_its_key(void **state)
{
    struct fixture *f = *state;
    uint64_t seen;

    world_fill(&f->world, &f->there, 1, "key", 40, 100000);
    start(f);
    while (f->heal.messages < 3)
        step(f);
    heal_fail(&f->heal, "connection lost", f->now_ms);
    assert_int_equal(f->heal.end, HEAL_FAILED);
    assert_true(heal_had_progress(&f->heal));
    seen = f->heal.seen;
    assert_true(seen > 5 && seen < 20);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->heal.seen, 40); /* none twice */
    assert_int_equal(f->heal.applied, 40);
}

static void
a_session_ends_after_half_a_minute_and_the_next_goes_on(void **state)
{
    struct fixture *f = *state;

    f->ms_a_message = 9000;
    world_fill(&f->world, &f->there, 1, "key", 50, 100000);
    assert_int_equal(run(f), HEAL_BUDGET);
    assert_non_null(strstr(f->heal.why.text, "30 s"));
    assert_true(heal_had_progress(&f->heal));
    assert_true(heal_percent(&f->heal) > 20 && heal_percent(&f->heal) < 100);
    assert_int_equal(run(f), HEAL_BUDGET);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->heal.applied, 50);
}

static void
a_request_that_is_cut_off_by_the_end_of_the_session_is_no_failure(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 40, 100000);
    start(f);
    while (f->heal.messages < 2)
        step(f);
    heal_fail(&f->heal, "no whole answer", T0 + HEAL_MS_MAX);
    assert_int_equal(f->heal.end, HEAL_BUDGET);
    assert_int_equal(run(f), HEAL_EQUAL);
}

static void
a_slow_source_is_asked_for_less_and_then_for_more_again(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 100, 10000);
    heal_slow_down(&f->heal);
    assert_int_equal(f->heal.most_bytes, HEAL_RANGE_BYTES / 4);
    heal_slow_down(&f->heal);
    heal_slow_down(&f->heal);
    heal_slow_down(&f->heal);
    assert_int_equal(f->heal.most_bytes, HEAL_RANGE_BYTES_MIN);
    start(f); /* a new pass remembers it */
    step(f);
    assert_true(f->heal.bytes < HEAL_RANGE_BYTES_MIN + 1000);
    while (f->heal.state != HEAL_OVER)
        step(f);
    assert_int_equal(f->heal.end, HEAL_EQUAL);
    assert_int_equal(f->heal.most_bytes, HEAL_RANGE_BYTES);
}

static void
a_session_ends_at_64_mib(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 90, 900000);
    world_fill(&f->world, &f->here, 1, "key", 60, 900000);
    assert_int_equal(run(f), HEAL_BUDGET); /* what is the same is of use too: it has been checked */
    assert_true(f->heal.bytes <= HEAL_BYTES_MAX);
    assert_true(f->heal.bytes > HEAL_BYTES_MAX - 2 * RECON_MESSAGE_MAX);
    assert_int_equal(run(f), HEAL_EQUAL);
}

static void
records_of_strangers_are_refused_and_named(void **state)
{
    struct fixture *f = *state;
    char text[160];

    world_fill(&f->world, &f->there, 1, "key", 10, 30);
    world_put(&f->world, &f->there, 2, "theirs", "1", HLC_OF_MS(WORLD_NOW_MS));
    world_put(&f->world, &f->there, 1, "tomorrow", "1", HLC_OF_MS(WORLD_NOW_MS + 86400000));
    assert_int_equal(run(f), HEAL_BUT);
    assert_int_equal(f->heal.applied, 10);
    assert_int_equal(f->heal.refused, 2);
    assert_int_equal(named(&f->heal, "theirs")->difference, HEAL_KEY_REFUSED);
    heal_refused_text(&f->heal, text, sizeof(text));
    assert_string_equal(
        text,
        "2 of its records refused: 1 of authors not trusted here (first ed4928c6..), 1 ahead of our clock");
    assert_string_equal(f->heal.why.text, "agrees but for 2: 1 of author ed4928c6.. not trusted here, 1 ahead of the clock");
    assert_int_equal(run(f), HEAL_BUT); /* without a message */
    assert_int_equal(f->heal.messages, 0);
}

static void
bad_signatures_end_a_session(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 10, 30);
    for (size_t i = 0; i < 3; i++) /* the signature is no part of the root */
        ((uint8_t *)(uintptr_t)f->there.records[i].signature)[5] ^= 1;
    assert_int_equal(run(f), HEAL_FAILED);
    assert_string_equal(f->heal.why.text, "sends records with bad signatures");
    assert_int_equal(f->heal.bad_signatures, 3);
}

static void
four_mib_of_refused_records_end_a_session(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 12, 500000);
    f->verdict = VERDICT_MALFORMED;
    assert_int_equal(run(f), HEAL_STALLED);
    assert_true(f->heal.bytes < 6u << 20);
    assert_false(heal_had_progress(&f->heal));
    assert_non_null(strstr(f->heal.why.text, "malformed"));
}

static void
a_root_that_moves_asks_for_another_pass(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 40, 100000);
    start(f);
    while (f->heal.messages < 5)
        step(f);
    world_fill(&f->world, &f->there, 1, "late", 20, 30); /* some of them before the place where the stream is */
    while (f->heal.state != HEAL_OVER)
        step(f);
    assert_int_equal(f->heal.end, HEAL_MOVED);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_true(f->heal.applied >= 1 && f->heal.applied < 20);
}

/* Compare against a status that the source cannot have. */
static enum heal_end
run_with_lie(struct fixture *f, uint64_t count)
{
    struct recon_status lie = status_of(f);

    memset(lie.root, 0xaa, 32);
    lie.count = count;
    memcpy(f->there.view.root, lie.root, 32);
    f->there.view.count = count;
    heal_start(&f->heal, &lie, &f->here.view, salt, f->now_ms);
    while (f->heal.state != HEAL_OVER) {
        if (f->heal.state == HEAL_COMPARE)
            heal_compare(&f->heal, &lie, &f->here.view, f->now_ms);
        else
            step(f);
    }
    return f->heal.end;
}

static void
a_count_that_is_not_delivered_is_a_lie(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 10, 30);
    world_fill(&f->world, &f->here, 1, "key", 10, 30);
    assert_int_equal(run_with_lie(f, 22), HEAL_LIED);
    assert_string_equal(f->heal.why.text, "announces 22 records and shows 10");
    assert_false(heal_had_progress(&f->heal));
}

/* Two records of ours cannot be read; their leaves, and so the root, stand. */
static enum lat_err
get_but_lost(void *arg, const uint8_t keyhash[32], struct record *out)
{
    enum lat_err err = memory_get(arg, keyhash, out);

    return !err && (out->key[out->key_len - 1] == '3' || out->key[out->key_len - 1] == '5') ? LAT_DAMAGED : err;
}

static enum lat_err
list_lost(void *arg, recon_lost_fn fn, void *fn_arg)
{
    const struct memory_view *memory = arg;
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < memory->count && !err; i++) {
        struct record record;

        if (get_but_lost(arg, memory->records[i].keyhash, &record) == LAT_DAMAGED)
            err = fn(fn_arg, memory->records[i].keyhash);
    }
    return err;
}

static void
damaged_records_are_asked_for_though_the_roots_are_equal(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->here, 1, "k", 10, 20);
    world_fill(&f->world, &f->there, 1, "k", 10, 20);
    assert_memory_equal(f->here.view.root, f->there.view.root, 32);
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->batches, 0); /* nothing is lost, nothing is asked */
    memory_get = f->here.view.get;
    f->here.view.get = get_but_lost;
    f->here.view.each_lost = list_lost;
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->batches, 1);
    assert_int_equal(f->heal.session_useful, 2); /* these two, of which nothing is new */
    assert_int_equal(f->heal.refused, 0);
    assert_true(f->heal.messages <= 2);
}

static void
our_own_records_under_another_root_are_a_lie(void **state)
{
    struct fixture *f = *state;

    world_fill(&f->world, &f->there, 1, "key", 10, 30);
    world_fill(&f->world, &f->here, 1, "key", 10, 30);
    assert_int_equal(run_with_lie(f, 10), HEAL_LIED);
    assert_string_equal(f->heal.why.text, "shows the records that we have, under another root");
}

static void
a_full_store_of_ours_drops_the_pass(void **state)
{
    struct fixture *f = *state;
    const uint8_t verdicts[2] = { VERDICT_APPLIED, VERDICT_CANNOT_STORE };

    world_fill(&f->world, &f->there, 1, "key", 2, 30);
    start(f);
    step(f);
    step(f);
    heal_verdicts(&f->heal, verdicts, 2, f->now_ms);
    assert_int_equal(f->heal.end, HEAL_FAILED);
    assert_string_equal(f->heal.why.text, "our store takes no records now");
    assert_int_equal(run(f), HEAL_EQUAL);
    assert_int_equal(f->heal.seen, 2); /* from the first key again */
}

/* Any byte of an answer changed: refused, or a session that goes on; nothing else. */
static void
bent_answers_end_the_session_or_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct lat_buf request, reply;

    world_fill(&f->world, &f->there, 1, "key", 3, 30);
    lat_buf_init(&request, 1000);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    start(f);
    assert_int_equal(heal_ask(&f->heal, &f->here.view, f->now_ms, &request), LAT_OK);
    assert_int_equal(recon_handle(&f->there.view, request.data, request.len, NULL, 0, &reply), LAT_OK);
    for (size_t i = 0; i < reply.len; i++) {
        reply.data[i] ^= (uint8_t)(1 + i % 255);
        f->heal.state = HEAL_WAIT;
        if (heal_take(&f->heal, &f->here.view, reply.data, reply.len - i % 2, f->now_ms))
            assert_int_equal(f->heal.end, HEAL_FAILED);
        heal_fail(&f->heal, "next", f->now_ms);
        reply.data[i] ^= (uint8_t)(1 + i % 255);
    }
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

static void
an_error_message_ends_the_session_with_its_words(void **state)
{
    struct fixture *f = *state;
    struct lat_buf request, reply;

    lat_buf_init(&request, 1000);
    lat_buf_init(&reply, 1000);
    world_fill(&f->world, &f->there, 1, "key", 3, 30);
    start(f);
    assert_int_equal(heal_ask(&f->heal, &f->here.view, f->now_ms, &request), LAT_OK);
    assert_int_equal(recon_error_message(&f->world.network, RECON_E_BUSY, 1500, "try\nlater", &reply),
                     LAT_OK);
    assert_int_equal(heal_take(&f->heal, &f->here.view, reply.data, reply.len, f->now_ms), LAT_CLOSED);
    assert_int_equal(f->heal.end, HEAL_FAILED);
    assert_non_null(strstr(f->heal.why.text, "try?later"));
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

/* A state of ours with 300,000 leaves, none of which can be read. */
struct crowd {
    size_t visits;
};

static enum lat_err
crowd_leaves(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg)
{
    struct crowd *crowd = arg;
    uint8_t keyhash[32] = { 0 }, leaf[32] = { 1 };
    enum lat_err err = LAT_OK;

    for (uint32_t i = 0; i < 300000 && !err; i++) {
        uint32_t place = i * 14000;

        keyhash[0] = (uint8_t)(place >> 24);
        keyhash[1] = (uint8_t)(place >> 16);
        keyhash[2] = (uint8_t)(place >> 8);
        keyhash[3] = (uint8_t)place;
        if (memcmp(keyhash, from, 32) < 0)
            continue;
        crowd->visits++;
        err = fn(fn_arg, keyhash, leaf, 1);
    }
    return err;
}

static enum lat_err
crowd_get(void *arg, const uint8_t keyhash[32], struct record *out)
{
    (void)arg;
    (void)keyhash;
    (void)out;
    return LAT_NOTFOUND;
}

static void
a_few_records_among_very_many_of_ours_cost_little(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = { 0 };
    struct recon_view own = f->here.view;

    own.arg = &crowd;
    own.get = crowd_get;
    own.each_leaf = crowd_leaves;
    world_fill(&f->world, &f->there, 1, "key", 40, 30);
    f->here.view = own;
    f->there_read_only = true;
    start(f);
    while (f->heal.seen < 40) {
        crowd.visits = 0;
        if (f->heal.state == HEAL_VERDICTS) {
            uint8_t verdicts[40] = { VERDICT_APPLIED };

            heal_verdicts(&f->heal, verdicts, f->heal.batch_count, f->now_ms);
        } else {
            step(f);
        }
        assert_true(crowd.visits <= HEAL_VISITS_MAX + 40);
    }
    assert_int_equal(f->heal.only_ours + f->heal.applied > 40, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_node_takes_everything_and_is_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_differs_is_handed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_we_have_newer_or_alone_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_cannot_store_is_given_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_named_without_what_disturbs_a_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pass_broken_off_goes_on_at_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_ends_after_half_a_minute_and_the_next_goes_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_request_that_is_cut_off_by_the_end_of_the_session_is_no_failure,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_source_is_asked_for_less_and_then_for_more_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_session_ends_at_64_mib, setup, teardown),
        cmocka_unit_test_setup_teardown(records_of_strangers_are_refused_and_named, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_signatures_end_a_session, setup, teardown),
        cmocka_unit_test_setup_teardown(four_mib_of_refused_records_end_a_session, setup, teardown),
        cmocka_unit_test_setup_teardown(a_root_that_moves_asks_for_another_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(a_count_that_is_not_delivered_is_a_lie, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_records_are_asked_for_though_the_roots_are_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(our_own_records_under_another_root_are_a_lie, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_store_of_ours_drops_the_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(bent_answers_end_the_session_or_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_message_ends_the_session_with_its_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_few_records_among_very_many_of_ours_cost_little, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
