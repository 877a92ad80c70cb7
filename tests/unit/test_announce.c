#include "config.h"

#include "node/announce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "support/random.h"
#include "support/topic_world.h"

#define START 500000
#define WALL 1700000000000
#define HALF (UINT32_MAX / 2) /* a jitter of nearly nothing */

static struct announce a;

static int
set_up(void **state)
{
    (void)state;
    announce_init(&a, 5000, 0, START);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    announce_fini(&a);
    return 0;
}

/* --- roots -------------------------------------------------------------------------------------------------- */

static void
a_root_is_said_at_once_and_then_every_period_with_a_jitter_of_20_percent(void **state)
{
    uint64_t seed = 3, now = START, shortest = UINT64_MAX, longest = 0;

    (void)state;
    assert_true(announce_is_due(&a, START));
    for (int i = 0; i < 2000; i++) {
        uint64_t period;

        announce_root(&a, WALL + now, now, (uint32_t)random_u64(&seed));
        assert_false(announce_is_due(&a, now));
        period = announce_next_deadline(&a) - now;
        assert_in_range(period, 4000, 6000);
        shortest = period < shortest ? period : shortest;
        longest = period > longest ? period : longest;
        now += period;
        assert_false(announce_is_due(&a, now - 1));
        assert_true(announce_is_due(&a, now));
    }
    assert_true(shortest < 4020 && longest > 5980);
}

static void
a_change_is_said_at_once_but_once_a_second_at_most(void **state)
{
    (void)state;
    announce_root(&a, WALL, START, HALF);
    announce_wish(&a, START + 10);
    assert_int_equal(announce_next_deadline(&a), START + 1000);
    announce_wish(&a, START + 700);
    assert_int_equal(announce_next_deadline(&a), START + 1000);
    assert_false(announce_is_due(&a, START + 999));
    assert_true(announce_is_due(&a, START + 1000));
    announce_root(&a, WALL, START + 1000, HALF);
    assert_in_range(announce_next_deadline(&a), START + 5900, START + 6100);
    announce_wish(&a, START + 3000); /* nothing was said for long: at once */
    assert_int_equal(announce_next_deadline(&a), START + 3000);
    announce_wish(&a, START + 3500);
    assert_int_equal(announce_next_deadline(&a), START + 3000);
}

static void
nothing_is_said_while_the_store_is_not_whole(void **state)
{
    (void)state;
    announce_hold(&a, true, START);
    announce_wish(&a, START + 5);
    assert_false(announce_is_due(&a, START + 100000));
    assert_true(announce_next_deadline(&a) == ANNOUNCE_NEVER);
    announce_hold(&a, true, START + 7);
    announce_hold(&a, false, START + 200000);
    assert_true(announce_is_due(&a, START + 200000));
    announce_root(&a, WALL, START + 200000, HALF);
    announce_hold(&a, true, START + 200100);
    announce_hold(&a, false, START + 200200); /* still once a second */
    assert_int_equal(announce_next_deadline(&a), START + 201000);
}

static void
times_rise_even_if_the_clock_steps_back(void **state)
{
    (void)state;
    assert_int_equal(announce_root(&a, WALL, START, HALF), WALL);
    assert_int_equal(announce_root(&a, WALL + 5000, START + 5000, HALF), WALL + 5000);
    assert_int_equal(announce_root(&a, WALL - 3600000, START + 10000, HALF), WALL + 5001);
    assert_int_equal(announce_root(&a, WALL - 3595000, START + 15000, HALF), WALL + 5002);
    assert_int_equal(announce_root(&a, WALL + 5002, START + 20000, HALF), WALL + 5003);
    assert_int_equal(announce_root(&a, WALL + 9000, START + 25000, HALF), WALL + 9000);
}

static void
times_begin_above_those_of_an_earlier_process(void **state)
{
    tear_down(state);
    announce_init(&a, 5000, WALL + 77, START);
    assert_int_equal(announce_root(&a, WALL, START, HALF), WALL + 78);
}

static void
a_new_period_is_told_soon(void **state)
{
    (void)state;
    announce_root(&a, WALL, START, HALF);
    announce_set_period(&a, 5000, START + 2000);
    assert_true(announce_next_deadline(&a) > START + 2000);
    announce_set_period(&a, 200, START + 2000);
    assert_true(announce_is_due(&a, START + 2000));
    announce_root(&a, WALL, START + 2000, HALF);
    assert_in_range(announce_next_deadline(&a), START + 2190, START + 2210);
}

static void
what_we_said_is_known_as_ours(void **state)
{
    (void)state;
    assert_true(announce_is_ours(&a, WALL)); /* we have said nothing yet: an earlier process may have */
    for (uint64_t i = 0; i < 100; i++)
        announce_root(&a, WALL + i * 5000, START + i * 5000, HALF);
    assert_true(announce_is_ours(&a, WALL + 99 * 5000));
    assert_true(announce_is_ours(&a, WALL + 36 * 5000)); /* the oldest that is remembered */
    assert_true(announce_is_ours(&a, WALL + 7)); /* too long ago to tell */
    assert_false(announce_is_ours(&a, WALL + 36 * 5000 + 1));
    assert_false(announce_is_ours(&a, WALL + 99 * 5000 - 1));
    assert_false(announce_is_ours(&a, WALL + 99 * 5000 + 1));
}

/* --- records ------------------------------------------------------------------------------------------------ */

static bool
write_record(size_t len, uint8_t fill, uint64_t now_ms)
{
    static uint8_t record[TOPIC_RECORD_BYTES_MAX + 1];

    memset(record, fill, sizeof(record));
    return announce_record(&a, record, len, now_ms);
}

/* Take one message; returns its records, *bytes without their lengths. */
static size_t
take(size_t *bytes)
{
    struct lat_buf out;
    size_t count, at = 0;

    lat_buf_init(&out, 1u << 20);
    assert_int_equal(announce_take(&a, &out, &count), LAT_OK);
    *bytes = out.len - 4 * count;
    for (size_t i = 0; i < count; i++)
        at += 4 + lat_get_u32le(out.data + at);
    assert_int_equal(at, out.len);
    lat_buf_fini(&out);
    return count;
}

static void
records_leave_in_order_and_together(void **state)
{
    struct lat_buf out;
    size_t count;

    (void)state;
    assert_true(write_record(200, 1, START));
    assert_true(write_record(300, 2, START));
    lat_buf_init(&out, 1u << 20);
    assert_int_equal(announce_take(&a, &out, &count), LAT_OK);
    assert_int_equal(count, 2);
    assert_int_equal(lat_get_u32le(out.data), 200);
    assert_int_equal(out.data[4], 1);
    assert_int_equal(lat_get_u32le(out.data + 204), 300);
    assert_int_equal(out.data[208], 2);
    assert_int_equal(announce_take(&a, &out, &count), LAT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(out.len, 508);
    assert_int_equal(a.records_total, 2);
    lat_buf_fini(&out);
}

static void
a_message_takes_64_records_and_44000_bytes(void **state)
{
    size_t bytes;

    (void)state;
    for (int i = 0; i < 65; i++)
        assert_true(write_record(121, 1, START));
    assert_int_equal(take(&bytes), 64);
    assert_int_equal(take(&bytes), 1);
    assert_true(write_record(22000, 1, START));
    assert_true(write_record(22000, 1, START));
    assert_true(write_record(121, 1, START));
    assert_int_equal(take(&bytes), 2);
    assert_int_equal(bytes, TOPIC_RECORD_BYTES_MAX);
    assert_int_equal(take(&bytes), 1);
    assert_true(write_record(22000, 1, START));
    assert_true(write_record(22001, 1, START));
    assert_int_equal(take(&bytes), 1);
    assert_int_equal(take(&bytes), 1);
    assert_int_equal(take(&bytes), 0);
}

static void
a_record_too_large_for_a_message_is_left_to_the_next_root(void **state)
{
    (void)state;
    assert_false(write_record(TOPIC_RECORD_BYTES_MAX + 1, 1, START));
    assert_true(write_record(TOPIC_RECORD_BYTES_MAX, 1, START));
    assert_int_equal(a.left_out_total, 1);
}

static void
no_more_than_256_records_go_in_a_second(void **state)
{
    size_t bytes, sent = 0, n;

    (void)state;
    for (int i = 0; i < 300; i++)
        write_record(121, 1, START);
    while ((n = take(&bytes)) > 0)
        sent += n;
    assert_int_equal(sent, 256);
    assert_int_equal(a.left_out_total, 44);
    assert_false(write_record(121, 1, START + 3));
    assert_true(write_record(121, 1, START + 4));
    for (int i = 0; i < 300; i++)
        write_record(121, 1, START + 10000);
    assert_int_equal(take(&bytes), 64);
}

static void
no_more_than_256_kib_go_in_a_second(void **state)
{
    size_t bytes, sent = 0;

    (void)state;
    while (write_record(32768, 1, START))
        sent += 32768;
    assert_int_equal(sent, 262144);
    while (take(&bytes) > 0)
        sent -= bytes;
    assert_int_equal(sent, 0);
    assert_false(write_record(32768, 1, START + 124));
    assert_true(write_record(32768, 1, START + 125));
}

static void
records_are_not_gossiped_while_the_store_is_not_whole(void **state)
{
    (void)state;
    announce_hold(&a, true, START);
    assert_false(write_record(121, 1, START));
    announce_hold(&a, false, START);
    assert_true(write_record(121, 1, START));
}

/* What may wait fills a message of at most TOPIC_DATA_MAX bytes, whatever the sizes. */
static void
every_message_of_records_is_within_the_limit(void **state)
{
    struct topic_state said = { .count = UINT64_C(1) << 52, .hlc = UINT64_MAX };
    struct network network;
    uint64_t seed = 9, now = START;

    (void)state;
    assert_int_equal(network_init(&network, "lattice-test"), LAT_OK);
    for (int round = 0; round < 200; round++) {
        struct lat_buf out, text;
        size_t count, most = round % 2 ? 700 : 20000;

        now += 1000;
        for (int i = 0; i < 70; i++)
            write_record(121 + random_below(&seed, most), 1, now);
        lat_buf_init(&out, 1u << 20);
        lat_buf_init(&text, TOPIC_DATA_MAX);
        while (announce_take(&a, &out, &count) == LAT_OK && count > 0) {
            assert_int_equal(topic_write_record(&network, out.data, out.len, count, &said, &text), LAT_OK);
            lat_buf_clear(&out);
            lat_buf_clear(&text);
        }
        lat_buf_fini(&out);
        lat_buf_fini(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_root_is_said_at_once_and_then_every_period_with_a_jitter_of_20_percent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_is_said_at_once_but_once_a_second_at_most, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_said_while_the_store_is_not_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_rise_even_if_the_clock_steps_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_begin_above_those_of_an_earlier_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_period_is_told_soon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_we_said_is_known_as_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_leave_in_order_and_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_takes_64_records_and_44000_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_too_large_for_a_message_is_left_to_the_next_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_than_256_records_go_in_a_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_than_256_kib_go_in_a_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_are_not_gossiped_while_the_store_is_not_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_message_of_records_is_within_the_limit, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
