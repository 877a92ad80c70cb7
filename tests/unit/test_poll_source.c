/* What follows from a source's answers: belief, agreement, healing now, later or not at all. No network,
 * made-up clocks. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/poll_judge.h"
#include "http/poll_source.h"
#include "support/sync_world.h"

#define WALL WORLD_NOW_MS
#define LAST_YEAR (WALL - UINT64_C(31536000000))

struct fixture {
    struct sync_world world;
    struct poll_source s;
    struct recon_status status;
    struct source_shown shown;
    struct source_own own;
    uint8_t own_root[32], their_root[32];
    struct lat_msg why;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct poller_source config = { .url = "http://user:secret@peer.example:8000/base//" };

    world_init(&f->world);
    assert_int_equal(source_init(&f->s, &config), LAT_OK);
    f->s.kind = SOURCE_LATTICE;
    memset(f->own_root, 1, 32);
    memset(f->their_root, 2, 32);
    f->status.time_ms = WALL;
    memcpy(f->status.key, key_public(f->world.keys[1]), 32);
    memcpy(f->status.root, f->their_root, 32);
    f->shown.trusted = true;
    f->shown.time_ms = WALL;
    memcpy(f->shown.root, f->their_root, 32);
    f->own = (struct source_own){ .root = f->own_root, .hlc = HLC_OF_MS(LAST_YEAR), .trusted_count = 1 };
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    source_fini(&f->s);
    world_fini(&f->world);
    free(f);
    return 0;
}

static enum lat_err
judge(struct fixture *f, uint64_t last_ms)
{
    return source_judge_status(&f->s, &f->status, &f->world.trust, last_ms, WALL, &f->shown, &f->why);
}

/* One good poll that shows `root`. */
static unsigned
poll_shows(struct fixture *f, const uint8_t root[32], uint64_t now)
{
    unsigned changes;

    source_begin(&f->s, now);
    changes = source_succeeded(&f->s, f->s.kind, 3, now);
    memcpy(f->shown.root, root, 32);
    return changes | source_compare(&f->s, &f->shown, &f->own, now);
}

static struct snapshot_source
row_at(const struct fixture *f, uint64_t now)
{
    struct snapshot_source row;

    source_fill(&f->s, f->own.root, now, &row);
    return row;
}

static void
a_change_of_our_own_shows_at_once_and_is_confirmed_by_the_next_look(void **state)
{
    struct fixture *f = *state;
    uint8_t changed[32] = { 7 };

    poll_shows(f, f->own.root, 1000);
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_EQUAL);
    f->own.root = changed;
    assert_int_equal(row_at(f, 1100).stand.agreement, AGREE_DIFFERS);
    assert_int_equal(row_at(f, 1100).stand.differs_ms, -1);
    poll_shows(f, f->shown.root, 2000);
    assert_int_equal(row_at(f, 2000).stand.agreement, AGREE_DIFFERS);
    assert_int_equal(row_at(f, 2000).stand.differs_ms, 0);
    f->own.root = f->shown.root; /* healed from elsewhere */
    assert_int_equal(row_at(f, 2100).stand.agreement, AGREE_EQUAL);
    assert_int_equal(row_at(f, 2100).stand.differs_ms, -1);
    assert_int_equal(row_at(f, 2100).stand.differs_checks, 0);
}

static void
a_url_is_brought_into_one_form_and_shown_without_its_secrets(void **state)
{
    struct fixture *f = *state;
    struct poller_source same = { .url = "http://user:secret@peer.example:8000/base" };
    struct poller_source bound = same;
    struct poll_source other;

    assert_string_equal(f->s.url, same.url);
    assert_string_equal(f->s.shown_url, "http://peer.example:8000/base");
    assert_string_equal(f->s.name, "peer.example:8000");
    assert_true(source_is(&f->s, &same));
    bound.bound = true;
    assert_false(source_is(&f->s, &bound));
    bound.url = "no url";
    assert_int_equal(source_init(&other, &bound), LAT_MALFORMED);
}

static void
a_fresh_status_of_a_trusted_key_is_believed(void **state)
{
    struct fixture *f = *state;

    f->shown.trusted = false;
    assert_int_equal(judge(f, WALL), LAT_OK);
    assert_true(f->shown.trusted);
    memcpy(f->status.key, key_public(f->world.keys[2]), 32);
    assert_int_equal(judge(f, 0), LAT_OK); /* a stranger is shown, and not trusted */
    assert_false(f->shown.trusted);
}

static void
clocks_that_are_off_and_old_attestations_do_not_count(void **state)
{
    struct fixture *f = *state;

    f->status.time_ms = WALL + RECON_CLOCK_MAX_MS;
    assert_int_equal(judge(f, 0), LAT_OK);
    f->status.time_ms = WALL + 3 * 3600000;
    assert_int_equal(judge(f, 0), LAT_TIMEOUT);
    assert_string_equal(f->why.text, "its clock is 3 h ahead of ours: its word is not taken");
    f->status.time_ms = WALL - RECON_CLOCK_MAX_MS - 1;
    assert_int_equal(judge(f, 0), LAT_TIMEOUT);
    assert_string_equal(f->why.text, "its clock is 5 min behind ours: its word is not taken");
    f->status.time_ms = WALL - 10;
    assert_int_equal(judge(f, WALL - 9), LAT_CONFLICT);
    assert_int_equal(judge(f, WALL - 10), LAT_OK);
}

static void
our_own_key_another_than_the_bound_one_and_half_filled_nodes_vouch_for_nothing(void **state)
{
    struct fixture *f = *state;

    memcpy(f->status.key, key_public(f->world.keys[0]), 32);
    assert_int_equal(judge(f, 0), LAT_AUTH);
    assert_non_null(strstr(f->why.text, "our own key"));
    memcpy(f->status.key, key_public(f->world.keys[1]), 32);
    f->s.bound = true;
    memcpy(f->s.bound_key, key_public(f->world.keys[2]), 32);
    assert_int_equal(judge(f, 0), LAT_AUTH);
    assert_non_null(strstr(f->why.text, "bound"));
    memcpy(f->s.bound_key, key_public(f->world.keys[1]), 32);
    assert_int_equal(judge(f, 0), LAT_OK);
    f->status.incomplete = true;
    f->status.count = 12;
    assert_int_equal(judge(f, 0), LAT_AUTH);
    assert_non_null(strstr(f->why.text, "12 records so far"));
}

static void
a_v3_state_is_taken_only_with_a_trusted_fresh_signature(void **state)
{
    struct fixture *f = *state;
    struct legacy_state legacy = { .time_s = WALL / 1000 };
    const struct trust *trust = &f->world.trust;
    const uint8_t *key = key_public(f->world.keys[1]);

    assert_int_equal(source_judge_state(&legacy, LEGACY_ROOT_DIFFERS, key, trust, &f->shown, &f->why),
                     LAT_MALFORMED);
    assert_int_equal(source_judge_state(&legacy, LEGACY_NO_ROOT, key, trust, &f->shown, &f->why),
                     LAT_MALFORMED);
    assert_int_equal(source_judge_state(&legacy, LEGACY_STALE, key, trust, &f->shown, &f->why), LAT_TIMEOUT);
    assert_int_equal(source_judge_state(&legacy, LEGACY_UNSIGNED, key, trust, &f->shown, &f->why), LAT_OK);
    assert_false(f->shown.trusted);
    assert_int_equal(source_judge_state(&legacy, LEGACY_NOT_TRUSTED, key, trust, &f->shown, &f->why), LAT_OK);
    assert_false(f->shown.trusted);
    assert_int_equal(source_judge_state(&legacy, LEGACY_ATTESTED, key, trust, &f->shown, &f->why), LAT_OK);
    assert_true(f->shown.trusted);
    assert_int_equal(source_judge_state(&legacy, LEGACY_ATTESTED, trust->own, trust, &f->shown, &f->why),
                     LAT_AUTH);
}

static void
changes_are_told_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(poll_shows(f, f->own_root, 1000), SOURCE_IS_USABLE);
    assert_int_equal(poll_shows(f, f->own_root, 2000), 0);
    assert_int_equal(poll_shows(f, f->their_root, 3000), SOURCE_IS_DIVERGED);
    assert_int_equal(poll_shows(f, f->their_root, 4000), 0);
    assert_int_equal(source_failed(&f->s, "gone", 0, 5000), SOURCE_IS_FAILING);
    assert_int_equal(source_failed(&f->s, "gone", 0, 6000), 0);
    assert_int_equal(poll_shows(f, f->own_root, 7000), SOURCE_IS_USABLE | SOURCE_IS_EQUAL);
}

static void
one_of_ours_is_due_at_the_first_difference(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->own_root, 1000);
    assert_false(source_is_due(&f->s, 1000));
    poll_shows(f, f->their_root, 2000);
    assert_true(source_is_due(&f->s, 2000));
    assert_int_equal(row_at(f, 2500).stand.agreement, AGREE_DIFFERS);
    assert_int_equal(row_at(f, 2500).stand.differs_ms, 500);
    source_failed(&f->s, "gone", 0, 3000);
    assert_false(source_is_due(&f->s, 3000));
}

static void
a_v3_source_is_due_after_three_differences_in_a_row(void **state)
{
    struct fixture *f = *state;

    f->s.kind = SOURCE_LEGACY;
    poll_shows(f, f->their_root, 1000);
    poll_shows(f, f->their_root, 2000);
    source_failed(&f->s, "any other outcome", 0, 3000);
    poll_shows(f, f->their_root, 4000);
    poll_shows(f, f->their_root, 5000);
    assert_false(source_is_due(&f->s, 5000));
    assert_true(poll_shows(f, f->their_root, 6000) & SOURCE_IS_DUE);
    assert_true(source_is_due(&f->s, 6000));
    poll_shows(f, f->own_root, 7000);
    poll_shows(f, f->their_root, 8000);
    assert_false(source_is_due(&f->s, 8000));
}

static void
without_trust_nothing_is_due_and_the_row_says_why(void **state)
{
    struct fixture *f = *state;

    f->own.trusted_count = 0;
    poll_shows(f, f->their_root, 1000);
    assert_false(source_is_due(&f->s, 1000));
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_HELD);
    assert_non_null(strstr(row_at(f, 1000).stand.error, "no key is trusted here"));
    f->own.trusted_count = 1;
    f->s.kind = SOURCE_LEGACY;
    f->shown.trusted = false;
    for (uint64_t now = 2000; now < 8000; now += 1000)
        poll_shows(f, f->their_root, now);
    assert_false(source_is_due(&f->s, 8000));
    assert_non_null(strstr(row_at(f, 8000).stand.error, "no trusted key has signed its state"));
}

static void
a_root_that_cannot_be_compared_yet_concludes_nothing(void **state)
{
    struct fixture *f = *state;

    f->s.kind = SOURCE_LEGACY;
    f->own.root = NULL;
    poll_shows(f, f->their_root, 1000);
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_UNKNOWN);
    assert_true(row_at(f, 1000).usable);
    assert_int_equal(f->s.streak, 0);
}

/* A session that ends as given, begun and ended by hand. */
static void
session(struct fixture *f, enum heal_end end, uint32_t applied, uint64_t now)
{
    f->s.h.healing = true;
    f->s.h.heal.begun_ms = now - 10;
    f->s.h.heal.ended_ms = now;
    f->s.h.heal.state = HEAL_OVER;
    f->s.h.heal.end = end;
    f->s.h.heal.session_applied = applied;
    memcpy(f->s.h.heal.root, f->their_root, 32);
    source_healed(&f->s, f->own.trust_number, now);
}

static void
three_sessions_without_progress_bring_growing_pauses_that_progress_clears(void **state)
{
    struct fixture *f = *state;
    uint64_t now = 10000;

    assert_int_equal(heal_pause_ms(2), 0);
    assert_int_equal(heal_pause_ms(3), 2000);
    assert_int_equal(heal_pause_ms(4), 4000);
    assert_int_equal(heal_pause_ms(9), 128000);
    assert_int_equal(heal_pause_ms(11), 300000);
    assert_int_equal(heal_pause_ms(4000000), 300000);
    for (int i = 0; i < 3; i++) {
        poll_shows(f, f->their_root, now);
        assert_true(source_is_due(&f->s, now));
        session(f, HEAL_LIED, 0, now);
    }
    assert_int_equal(row_at(f, now).stand.backoff_ms, 2000);
    poll_shows(f, f->their_root, now + 500);
    assert_false(source_is_due(&f->s, now + 1999));
    assert_int_equal(source_due_at(&f->s), now + 2000);
    assert_true(source_is_due(&f->s, now + 2000));
    session(f, HEAL_FAILED, 0, now + 2000);
    assert_int_equal(source_due_at(&f->s), now + 6000); /* by time, without another poll */
    session(f, HEAL_FAILED, 7, now + 6000);
    assert_int_equal(f->s.h.fruitless, 0);
    poll_shows(f, f->their_root, now + 7000);
    assert_true(source_is_due(&f->s, now + 7000));
}

static void
the_operator_can_end_a_pause(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 8; i++) {
        poll_shows(f, f->their_root, 1000);
        session(f, HEAL_STALLED, 0, 1000);
    }
    assert_false(source_is_due(&f->s, 20000));
    heal_peer_forget_pause(&f->s.h);
    assert_true(source_is_due(&f->s, 1000));
}

static void
a_root_from_which_all_is_taken_is_not_asked_again(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->their_root, 1000);
    session(f, HEAL_ALL_TAKEN, 0, 1000);
    poll_shows(f, f->their_root, 2000);
    assert_false(source_is_due(&f->s, 2000));
    assert_int_equal(f->s.h.fruitless, 0);
    f->own_root[0] ^= 1; /* we write: there is still nothing to take there */
    poll_shows(f, f->their_root, 3000);
    assert_false(source_is_due(&f->s, 3000));
    f->own.trust_number++; /* other keys are trusted now */
    poll_shows(f, f->their_root, 4000);
    assert_true(source_is_due(&f->s, 4000));
    f->own.trust_number--;
    f->their_root[0] ^= 1; /* it has something new */
    poll_shows(f, f->their_root, 5000);
    assert_true(source_is_due(&f->s, 5000));
    f->their_root[0] ^= 1;
    poll_shows(f, f->their_root, 1000 + HEAL_PAUSE_MAX_MS);
    assert_true(source_is_due(&f->s, 1000 + HEAL_PAUSE_MAX_MS));
}

static void
records_that_are_not_taken_now_are_asked_for_again(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->their_root, 1000);
    lat_msg_set(&f->s.h.heal.why, "1 of its records refused");
    session(f, HEAL_REFUSED, 0, 1000);
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_HELD);
    assert_string_equal(row_at(f, 1000).stand.error, "1 of its records refused");
    poll_shows(f, f->their_root, 2000);
    assert_true(source_is_due(&f->s, 2000));
}

static void
a_source_that_agrees_but_for_settled_keys_is_shown_as_that_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct settled_key key = { .why = VERDICT_NOT_TRUSTED, .here = true, .keyhash = { 1 }, .theirs = { 2 } };
    uint8_t other[32] = { 9 };

    poll_shows(f, f->their_root, 1000);
    assert_int_equal(settled_put(&f->s.h.heal.settled, &key), LAT_OK);
    memcpy(f->s.h.heal.end_own, f->own_root, 32);
    memcpy(f->s.h.heal.batch_root, f->their_root, 32);
    lat_msg_set(&f->s.h.heal.why, "agrees but for 1");
    session(f, HEAL_BUT, 0, 1000);
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_BUT);
    assert_int_equal(row_at(f, 1000).stand.differs_ms, -1);
    assert_string_equal(row_at(f, 1000).stand.error, "agrees but for 1");
    assert_false(source_is_due(&f->s, 1000));
    f->own.root = other;
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_DIFFERS);
}

static void
a_source_that_is_incompatible_is_left_alone_until_it_is_asked_for(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->their_root, 1000);
    f->s.h.heal.settled.overflow = true;
    session(f, HEAL_INCOMPATIBLE, 0, 1000);
    assert_int_equal(row_at(f, 1000).stand.agreement, AGREE_INCOMPATIBLE);
    poll_shows(f, f->their_root, 2000);
    assert_false(source_is_due(&f->s, 2000));
    heal_peer_forget_pause(&f->s.h);
    poll_shows(f, f->their_root, 3000);
    assert_true(source_is_due(&f->s, 3000));
}

static void
a_session_at_its_budget_goes_on_at_once(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->their_root, 1000);
    session(f, HEAL_BUDGET, 0, 1000);
    assert_true(source_is_due(&f->s, 1000));
    source_given_up(&f->s, 2000);
    assert_false(source_is_due(&f->s, 2000));
}

static void
an_import_ends_the_streak_and_names_what_stands_against_it(void **state)
{
    struct fixture *f = *state;
    struct source_import import = { .made = 5, .same = 90, .differing = 2 };

    f->s.kind = SOURCE_LEGACY;
    for (uint64_t now = 1000; now < 4000; now += 1000)
        poll_shows(f, f->their_root, now);
    f->s.importing = true;
    source_imported(&f->s, &import, 0, 4000);
    assert_int_equal(f->s.streak, 0);
    assert_int_equal(row_at(f, 4000).stand.heal_applied, 5);
    assert_int_equal(row_at(f, 4000).stand.heal_same, 90);
    assert_non_null(strstr(row_at(f, 4000).stand.error, "differs in 2 keys"));
    for (uint64_t now = 5000; now < 9000; now += 1000)
        poll_shows(f, f->their_root, now);
    assert_false(source_is_due(&f->s, 9000)); /* nothing new to import */
    import = (struct source_import){ .err = LAT_READONLY };
    source_imported(&f->s, &import, 0, 9000);
    assert_int_equal(f->s.h.fruitless, 1);
    assert_non_null(strstr(f->s.h.trouble, "could not be imported"));
}

static void
retry_after_is_kept_up_to_a_minute(void **state)
{
    struct fixture *f = *state;
    char why[80];

    source_failed(&f->s, "busy", 3600000, 1000);
    assert_true(source_must_wait(&f->s, 1000, why, sizeof(why)));
    assert_string_equal(why, "asked to be left alone for 60 s more");
    assert_true(source_must_wait(&f->s, 60999, why, sizeof(why)));
    assert_false(source_must_wait(&f->s, 61000, why, sizeof(why)));
    source_failed(&f->s, "gone", 0, 62000);
    assert_false(source_must_wait(&f->s, 62000, why, sizeof(why)));
}

static void
a_source_that_fails_for_a_minute_is_no_longer_known_to_agree(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(row_at(f, 0).stand.agreement, AGREE_UNKNOWN);
    assert_int_equal(row_at(f, 0).ok_age_ms, -1);
    poll_shows(f, f->own_root, 1000);
    source_failed(&f->s, "gone", 0, 2000);
    assert_int_equal(row_at(f, 2000).stand.agreement, AGREE_EQUAL);
    assert_string_equal(row_at(f, 2000).stand.error, "gone");
    assert_int_equal(row_at(f, 62000).stand.agreement, AGREE_UNKNOWN);
    assert_int_equal(row_at(f, 62000).ok_age_ms, 61000);
}

static void
an_older_state_is_stale(void **state)
{
    struct fixture *f = *state;

    f->shown.hlc = HLC_OF_MS(WALL);
    f->own.hlc = HLC_OF_MS(WALL) + 1;
    poll_shows(f, f->their_root, 1000);
    assert_true(f->s.stale);
    f->shown.hlc = HLC_OF_MS(WALL) + 2;
    poll_shows(f, f->their_root, 2000);
    assert_false(f->s.stale);
}

static void
another_program_at_the_same_place_begins_anew(void **state)
{
    struct fixture *f = *state;

    poll_shows(f, f->their_root, 1000);
    assert_true(source_is_due(&f->s, 1000));
    source_succeeded(&f->s, SOURCE_LEGACY, 1, 2000);
    assert_false(source_is_due(&f->s, 2000));
    assert_int_equal(row_at(f, 2000).stand.agreement, AGREE_UNKNOWN);
    assert_string_equal(row_at(f, 2000).stand.root, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_url_is_brought_into_one_form_and_shown_without_its_secrets),
        TEST(a_fresh_status_of_a_trusted_key_is_believed),
        TEST(clocks_that_are_off_and_old_attestations_do_not_count),
        TEST(our_own_key_another_than_the_bound_one_and_half_filled_nodes_vouch_for_nothing),
        TEST(a_v3_state_is_taken_only_with_a_trusted_fresh_signature),
        TEST(changes_are_told_once),
        TEST(one_of_ours_is_due_at_the_first_difference),
        TEST(a_v3_source_is_due_after_three_differences_in_a_row),
        TEST(without_trust_nothing_is_due_and_the_row_says_why),
        TEST(a_root_that_cannot_be_compared_yet_concludes_nothing),
        TEST(three_sessions_without_progress_bring_growing_pauses_that_progress_clears),
        TEST(the_operator_can_end_a_pause),
        TEST(a_root_from_which_all_is_taken_is_not_asked_again),
        TEST(records_that_are_not_taken_now_are_asked_for_again),
        cmocka_unit_test_setup_teardown(a_source_that_agrees_but_for_settled_keys_is_shown_as_that_and_left_alone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_is_incompatible_is_left_alone_until_it_is_asked_for, setup,
                                        teardown),
        TEST(a_session_at_its_budget_goes_on_at_once),
        TEST(an_import_ends_the_streak_and_names_what_stands_against_it),
        TEST(retry_after_is_kept_up_to_a_minute),
        TEST(a_source_that_fails_for_a_minute_is_no_longer_known_to_agree),
        TEST(an_older_state_is_stale),
        TEST(a_change_of_our_own_shows_at_once_and_is_confirmed_by_the_next_look),
        TEST(another_program_at_the_same_place_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
