/* Reading fields from bytes: little-endian, and the first field that does not fit spoils the rest. */
#include "config.h"

#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"

static void
fields_come_in_order_and_little_endian(void **state)
{
    uint8_t bytes[32], *at = bytes;
    struct lat_cursor c;

    (void)state;
    *at++ = 0x11;
    at = lat_put_u16le(at, 0x2233);
    at = lat_put_u32le(at, 0x44556677);
    at = lat_put_u64le(at, 0x8899aabbccddeeff);
    at = lat_put_bytes(at, "\xac\x02xyz", 5);
    assert_int_equal(bytes[1], 0x33);
    assert_int_equal(bytes[7], 0xff);
    lat_cursor_init(&c, bytes, (size_t)(at - bytes));
    assert_int_equal(lat_take_u8(&c), 0x11);
    assert_int_equal(lat_take_u16le(&c), 0x2233);
    assert_int_equal(lat_take_u32le(&c), 0x44556677);
    assert_true(lat_take_u64le(&c) == 0x8899aabbccddeeff);
    assert_int_equal(lat_take_varint(&c), 300);
    assert_false(lat_cursor_is_done(&c));
    assert_memory_equal(lat_take(&c, 3), "xyz", 3);
    assert_true(lat_cursor_is_done(&c));
}

static void
a_field_that_does_not_fit_spoils_the_rest(void **state)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    uint8_t copy[2] = { 9, 9 };
    struct lat_cursor c;

    (void)state;
    lat_cursor_init(&c, bytes, sizeof(bytes));
    assert_int_equal(lat_take_u32le(&c), 0);
    assert_true(c.bad);
    assert_int_equal(lat_take_u8(&c), 0);
    assert_int_equal(lat_take_varint(&c), 0);
    assert_null(lat_take(&c, 0));
    lat_take_copy(&c, copy, sizeof(copy));
    assert_int_equal(copy[0] | copy[1], 0);
    assert_false(lat_cursor_is_done(&c));
}

static void
a_length_near_the_end_of_numbers_is_refused(void **state)
{
    static const uint8_t bytes[] = { 1 };
    struct lat_cursor c;

    (void)state;
    lat_cursor_init(&c, bytes, sizeof(bytes));
    assert_null(lat_take(&c, SIZE_MAX));
    assert_true(c.bad);
}

static void
nothing_at_all_is_done_at_once(void **state)
{
    struct lat_cursor c;

    (void)state;
    lat_cursor_init(&c, NULL, 0);
    assert_non_null(lat_take(&c, 0));
    assert_true(lat_cursor_is_done(&c));
    assert_int_equal(lat_take_varint(&c), 0);
    assert_true(c.bad);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_in_order_and_little_endian),
        cmocka_unit_test(a_field_that_does_not_fit_spoils_the_rest),
        cmocka_unit_test(a_length_near_the_end_of_numbers_is_refused),
        cmocka_unit_test(nothing_at_all_is_done_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
