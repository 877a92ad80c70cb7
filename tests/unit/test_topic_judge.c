/*
 * The lines of the table that need memory: clocks, trust, rates, bounded tables; and what a judgement tells.
 */
#include "config.h"

#include "node/topic_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "support/topic_world.h"

static struct topic_world w;
static const struct trust *later_trust; /* by which records are judged that were checked before */

static int
set_up(void **state)
{
    (void)state;
    topic_world_init(&w);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    topic_world_fini(&w);
    return 0;
}

static enum topic_line
hear_root(int author, int link, uint64_t time_ms)
{
    struct lat_buf text;

    topic_say_root(&w, author, 5, time_ms, &text);
    topic_hear(&w, author, link, lat_buf_str(&text), text.len);
    lat_buf_fini(&text);
    return w.said.line;
}

/* Records of these authors (numbers of people), in one message of person 1. flip: which one's signature is changed; -1: none. */
static enum topic_line
hear_records(const int *authors, size_t n, int flip)
{
    struct lat_buf all, text;

    lat_buf_init(&all, 1u << 20);
    lat_buf_init(&text, 1u << 20);
    for (size_t i = 0; i < n; i++) {
        struct lat_buf record;

        topic_make_record(&w, authors[i], "some key", 9, 1000 + i, &record);
        if (flip == (int)i)
            record.data[record.len - 1] ^= 1;
        assert_int_equal(lat_buf_add(&all, record.data, record.len), LAT_OK);
        lat_buf_fini(&record);
    }
    assert_int_equal(topic_write_record(&w.network, all.data, all.len, n, NULL, &text), LAT_OK);
    topic_message_fini(&w.message);
    assert_int_equal(topic_parse(&w.network, &w.ids[1], text.data, text.len, &w.message), LAT_OK);
    topic_check(&w.network, &w.trust, &w.message);
    w.setting.trust = later_trust ? later_trust : &w.trust;
    topic_judge(w.judge, &w.setting, &w.message, &w.ids[1], &w.said);
    w.setting.trust = &w.trust;
    lat_buf_fini(&all);
    lat_buf_fini(&text);
    return w.said.line;
}

/* --- root ------------------------------------------------------------------------------------------------ */

static void
an_accepted_root_tells_what_it_holds(void **state)
{
    (void)state;
    assert_int_equal(hear_root(1, 2, TOPIC_NOW_MS + 1500), TOPIC_LINE_NONE);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    assert_true(w.said.trusted && w.said.by_trusted && w.said.is_claim && !w.said.is_own);
    assert_int_equal(w.said.clock_ms, 1500);
    assert_int_equal(w.message.state.count, 17);
    assert_int_equal(w.message.every_ms, 5000);
}

static void
a_clock_is_taken_up_to_300_s_from_ours(void **state)
{
    (void)state;
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS - TOPIC_CLOCK_MAX_MS), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS + TOPIC_CLOCK_MAX_MS), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(2, 1, TOPIC_NOW_MS - TOPIC_CLOCK_MAX_MS - 1), TOPIC_LINE_CLOCK);
    assert_string_equal(w.said.why, "its clock is 300 s behind ours");
    assert_int_equal(hear_root(2, 1, TOPIC_NOW_MS + TOPIC_CLOCK_MAX_MS + 1), TOPIC_LINE_CLOCK);
    assert_int_equal(w.said.verdict, TOPIC_IGNORE);
    assert_false(w.said.is_claim);
    topic_judge_connected(w.judge, &w.ids[2], true, 0);
    assert_int_equal(hear_root(2, 1, TOPIC_NOW_MS + TOPIC_CLOCK_MAX_MS + 1), TOPIC_LINE_CLOCK);
    assert_true(w.said.is_claim); /* so that the clock can be told of */
}

static void
the_time_of_an_author_rises(void **state)
{
    (void)state;
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_OLD);
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS - 1), TOPIC_LINE_OLD);
    assert_int_equal(hear_root(2, 1, TOPIC_NOW_MS - 1), TOPIC_LINE_NONE); /* another author */
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS + 1), TOPIC_LINE_NONE);
}

static void
a_stranger_is_shown_only_while_it_is_connected(void **state)
{
    (void)state;
    assert_int_equal(hear_root(3, 1, TOPIC_NOW_MS), TOPIC_LINE_UNTRUSTED);
    assert_false(w.said.is_claim || w.said.trusted);
    topic_judge_connected(w.judge, &w.ids[3], true, 0);
    assert_int_equal(hear_root(3, 1, TOPIC_NOW_MS), TOPIC_LINE_UNTRUSTED);
    assert_true(w.said.is_claim);
    assert_int_equal(hear_root(3, 1, TOPIC_NOW_MS), TOPIC_LINE_OLD); /* what is shown does not go back in time either */
    assert_false(w.said.is_claim);
    topic_judge_connected(w.judge, &w.ids[3], false, 0);
    assert_int_equal(hear_root(3, 1, TOPIC_NOW_MS + 1), TOPIC_LINE_UNTRUSTED);
    assert_false(w.said.is_claim);
}

static void
while_nobody_is_trusted_everyone_counts_whose_attestation_holds(void **state)
{
    struct lat_buf text;

    (void)state;
    trust_init(&w.trust, key_public(w.keys[0]));
    assert_int_equal(hear_root(3, 1, TOPIC_NOW_MS), TOPIC_LINE_NONE);
    assert_true(w.said.trusted && !w.said.by_trusted);
    topic_say_root(&w, 3, 5, TOPIC_NOW_MS + 1, &text);
    topic_hear(&w, 2, 1, lat_buf_str(&text), text.len); /* attested by 3, sent by 2 */
    assert_int_equal(w.said.line, TOPIC_LINE_ATTESTATION);
    assert_int_equal(w.said.verdict, TOPIC_REJECT);
    lat_buf_fini(&text);
}

static void
a_retired_key_attests_nothing(void **state)
{
    (void)state;
    trust_init(&w.trust, key_public(w.keys[0]));
    assert_int_equal(trust_add(&w.trust, key_public(w.keys[1]), 77), LAT_OK);
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_UNTRUSTED);
}

static void
keys_that_changed_after_the_check_make_no_judgement(void **state)
{
    struct lat_buf text;
    struct trust before = w.trust;

    (void)state;
    topic_say_root(&w, 3, 5, TOPIC_NOW_MS, &text);
    assert_int_equal(topic_parse(&w.network, &w.ids[3], text.data, text.len, &w.message), LAT_OK);
    topic_check(&w.network, &before, &w.message);
    assert_int_equal(w.message.attested, TOPIC_RECORD_UNTRUSTED);
    assert_int_equal(trust_add(&w.trust, key_public(w.keys[3]), TRUST_NOT_RETIRED), LAT_OK);
    topic_judge(w.judge, &w.setting, &w.message, &w.ids[3], &w.said);
    assert_int_equal(w.said.line, TOPIC_LINE_UNCHECKED);
    assert_int_equal(w.said.verdict, TOPIC_IGNORE);
    lat_buf_fini(&text);
}

/* Of two authors the one that was trusted no longer is, and the other now is. */
static void
records_whose_authors_changed_places_are_not_handed_on(void **state)
{
    static const int authors[] = { 1, 3 };
    struct trust after;

    (void)state;
    assert_int_equal(hear_records(authors, 2, -1), TOPIC_LINE_NONE);
    trust_init(&after, key_public(w.keys[0]));
    assert_int_equal(trust_add(&after, key_public(w.keys[3]), TRUST_NOT_RETIRED), LAT_OK);
    later_trust = &after;
    assert_int_equal(hear_records(authors, 2, -1), TOPIC_LINE_UNCHECKED);
    later_trust = NULL;
}

static void
our_own_key_is_noticed(void **state)
{
    (void)state;
    assert_int_equal(hear_root(0, 1, TOPIC_NOW_MS), TOPIC_LINE_NONE);
    assert_true(w.said.is_own);
}

/* --- record ----------------------------------------------------------------------------------------------- */

static void
only_good_records_of_trusted_authors_are_handed_on(void **state)
{
    static const int authors[] = { 3, 1, 3, 2, 3 };
    size_t at = 0;

    (void)state;
    assert_int_equal(hear_records(authors, 5, -1), TOPIC_LINE_NONE);
    assert_int_equal(w.message.record_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lat_get_u32le(w.message.records.data + at), w.message.record[i].len);
        assert_int_equal(w.message.record[i].at, at + 4);
        assert_memory_equal(topic_record_author(&w.message, i), key_public(w.keys[i + 1]), 32);
        assert_int_equal(topic_record_hlc(&w.message, i), i == 0 ? 1001 : 1003);
        at += 4 + w.message.record[i].len;
    }
    assert_int_equal(w.message.records.len, at);
}

static void
a_bad_signature_counts_against_trusted_authors_alone(void **state)
{
    static const int authors[] = { 3, 1 }, strangers[] = { 3, 3 };

    (void)state;
    assert_int_equal(hear_records(authors, 2, 1), TOPIC_LINE_BAD_RECORD);
    assert_int_equal(w.said.verdict, TOPIC_REJECT);
    assert_int_equal(hear_records(authors, 2, 0), TOPIC_LINE_NONE); /* a stranger's signature is not looked at */
    assert_int_equal(w.message.record_count, 1);
    assert_int_equal(hear_records(strangers, 2, 0), TOPIC_LINE_NO_RECORD);
    assert_int_equal(w.said.verdict, TOPIC_IGNORE);
}

static void
a_malformed_record_of_anyone_spoils_the_message(void **state)
{
    struct lat_buf all, record, text;

    (void)state;
    lat_buf_init(&text, TOPIC_DATA_MAX);
    topic_make_record(&w, 1, "k", 9, 1, &all);
    topic_make_record(&w, 3, "k", 9, 1, &record);
    record.data[4 + 1] |= 0x80; /* a reserved flag */
    assert_int_equal(lat_buf_add(&all, record.data, record.len), LAT_OK);
    assert_int_equal(topic_write_record(&w.network, all.data, all.len, 2, NULL, &text), LAT_OK);
    topic_hear(&w, 1, 1, lat_buf_str(&text), text.len);
    assert_int_equal(w.said.line, TOPIC_LINE_BAD_RECORD);
    lat_buf_fini(&text);
    lat_buf_fini(&all);
    lat_buf_fini(&record);
}

static void
records_of_a_retired_author_count_below_its_hlc(void **state)
{
    static const int authors[] = { 1, 1, 1 }; /* HLC 1000, 1001, 1002 */

    (void)state;
    trust_init(&w.trust, key_public(w.keys[0]));
    assert_int_equal(trust_add(&w.trust, key_public(w.keys[1]), 1001), LAT_OK);
    assert_int_equal(hear_records(authors, 3, -1), TOPIC_LINE_NONE);
    assert_int_equal(w.message.record_count, 1);
    assert_int_equal(hear_records(authors, 3, 2), TOPIC_LINE_NONE); /* the signature of what does not count */
    assert_int_equal(hear_records(authors, 3, 0), TOPIC_LINE_BAD_RECORD);
}

static void
a_record_of_ours_that_we_do_not_know_is_noticed(void **state)
{
    static const int authors[] = { 0, 1, 0 };

    (void)state;
    w.setting.own_hlc = 1002;
    assert_int_equal(hear_records(authors, 3, -1), TOPIC_LINE_NONE);
    assert_int_equal(w.said.own_ahead_hlc, 0);
    w.setting.own_hlc = 1001;
    assert_int_equal(hear_records(authors, 3, -1), TOPIC_LINE_NONE);
    assert_int_equal(w.said.own_ahead_hlc, 1002);
}

/* --- rates ------------------------------------------------------------------------------------------------- */

static void
an_author_has_five_roots_a_second_after_a_burst_of_ten(void **state)
{
    uint64_t time = TOPIC_NOW_MS;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_AUTHOR_RATE);
    assert_int_equal(w.said.verdict, TOPIC_IGNORE);
    assert_int_equal(hear_root(2, 1, time), TOPIC_LINE_NONE); /* by author, not by link */
    w.setting.now_ms += 199;
    assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_AUTHOR_RATE);
    w.setting.now_ms += 1;
    assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_AUTHOR_RATE);
    w.setting.now_ms += 60000;
    for (int i = 0; i < 10; i++)
        assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_NONE);
    assert_int_equal(hear_root(1, 1, ++time), TOPIC_LINE_AUTHOR_RATE);
}

static enum topic_line
hear_event(const struct peerid *author, int link, size_t len)
{
    static char text[TOPIC_DATA_MAX];
    static const char event[] = "{\"type\":\"proof_event\"}";

    memset(text, ' ', sizeof(text));
    memcpy(text, event, sizeof(event) - 1);
    topic_hear_from(&w, author, link, text, len);
    return w.said.line;
}

static void
a_link_has_twenty_messages_a_second_of_untrusted_authors(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 20; i++) {
        struct peerid author = topic_hashed_id(i); /* another one each time */

        assert_int_equal(hear_event(&author, 1, 100), TOPIC_LINE_NONE);
    }
    assert_int_equal(hear_event(&w.ids[3], 1, 100), TOPIC_LINE_LINK_RATE);
    assert_int_equal(hear_event(&w.ids[3], 2, 100), TOPIC_LINE_NONE); /* another link */
    assert_int_equal(hear_event(&w.ids[2], 1, 100), TOPIC_LINE_NONE); /* a trusted author */
    w.setting.now_ms += 50;
    assert_int_equal(hear_event(&w.ids[3], 1, 100), TOPIC_LINE_NONE);
    assert_int_equal(hear_event(&w.ids[3], 1, 100), TOPIC_LINE_LINK_RATE);
}

static void
a_link_has_64_kib_a_second_of_untrusted_authors(void **state)
{
    (void)state;
    assert_int_equal(hear_event(&w.ids[3], 1, 50000), TOPIC_LINE_NONE);
    assert_int_equal(hear_event(&w.ids[3], 1, 15537), TOPIC_LINE_LINK_RATE);
    assert_int_equal(hear_event(&w.ids[3], 1, 15536), TOPIC_LINE_NONE);
    assert_int_equal(hear_event(&w.ids[3], 1, 22), TOPIC_LINE_LINK_RATE);
    assert_int_equal(hear_event(&w.ids[2], 1, 50000), TOPIC_LINE_NONE);
    w.setting.now_ms += 1000;
    assert_int_equal(hear_event(&w.ids[3], 1, 60000), TOPIC_LINE_NONE);
}

/* --- tables ------------------------------------------------------------------------------------------------ */

static struct peerid
stranger(uint32_t number)
{
    uint8_t bytes[34] = { 0x12, 0x20 };
    struct peerid id;

    lat_put_u32le(bytes + 2, number);
    assert_int_equal(peerid_from_bytes(bytes, sizeof(bytes), &id), LAT_OK);
    return id;
}

static void
the_table_of_authors_forgets_strangers_first_then_the_least_recent(void **state)
{
    struct topic_counts counts;
    struct peerid connected = stranger(1000000);

    (void)state;
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_NONE);
    topic_judge_connected(w.judge, &connected, true, w.setting.now_ms);
    for (uint32_t i = 0; i < 2 * TOPIC_AUTHORS_MAX; i++) {
        struct peerid author = stranger(i);

        w.setting.now_ms += 1000; /* within the rate of the link */
        assert_int_equal(hear_event(&author, 1, 100), TOPIC_LINE_NONE);
    }
    topic_judge_counts(w.judge, &counts);
    assert_int_equal(counts.authors, TOPIC_AUTHORS_MAX);
    assert_int_equal(counts.forgotten, TOPIC_AUTHORS_MAX + 2);
    assert_int_equal(counts.accepted[TOPIC_PROOF_EVENT], 2 * TOPIC_AUTHORS_MAX);
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_OLD); /* the trusted one is remembered, though it is the oldest */
    assert_int_equal(counts.links, 1);
}

static void
trust_that_is_taken_away_leaves_an_authors_place_to_others(void **state)
{
    (void)state;
    assert_int_equal(hear_root(1, 1, TOPIC_NOW_MS), TOPIC_LINE_NONE);
    trust_init(&w.trust, key_public(w.keys[0]));
    topic_judge_set_trust(w.judge, &w.trust);
    for (uint32_t i = 0; i < TOPIC_AUTHORS_MAX; i++) {
        struct peerid author = stranger(i);

        w.setting.now_ms += 1000;
        assert_int_equal(hear_event(&author, 1, 100), TOPIC_LINE_NONE);
    }
    assert_int_equal(hear_root(1, 2, TOPIC_NOW_MS), TOPIC_LINE_NONE); /* nobody knows that it said this before */
}

static void
each_line_is_counted(void **state)
{
    struct topic_counts counts;

    (void)state;
    topic_hear(&w, 1, 1, "{", 1);
    topic_hear(&w, 1, 1, "{\"type\":\"x\"}", 12);
    hear_root(1, 1, TOPIC_NOW_MS);
    hear_root(1, 1, TOPIC_NOW_MS);
    topic_judge_counts(w.judge, &counts);
    assert_int_equal(counts.lines[TOPIC_LINE_FORM], 1);
    assert_int_equal(counts.lines[TOPIC_LINE_UNKNOWN], 1);
    assert_int_equal(counts.lines[TOPIC_LINE_NONE], 1);
    assert_int_equal(counts.lines[TOPIC_LINE_OLD], 1);
    assert_int_equal(counts.accepted[TOPIC_ROOT], 1);
    assert_int_equal(counts.authors, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_accepted_root_tells_what_it_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_is_taken_up_to_300_s_from_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_time_of_an_author_rises, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stranger_is_shown_only_while_it_is_connected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(while_nobody_is_trusted_everyone_counts_whose_attestation_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_retired_key_attests_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_that_changed_after_the_check_make_no_judgement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_whose_authors_changed_places_are_not_handed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(our_own_key_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_good_records_of_trusted_authors_are_handed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_signature_counts_against_trusted_authors_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_malformed_record_of_anyone_spoils_the_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_of_a_retired_author_count_below_its_hlc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_ours_that_we_do_not_know_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_author_has_five_roots_a_second_after_a_burst_of_ten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_has_twenty_messages_a_second_of_untrusted_authors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_has_64_kib_a_second_of_untrusted_authors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_of_authors_forgets_strangers_first_then_the_least_recent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trust_that_is_taken_away_leaves_an_authors_place_to_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_line_is_counted, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
