#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void
appending_grows_up_to_the_limit(void **state)
{
    struct lat_buf buf;
    uint8_t *at = NULL;

    (void)state;
    lat_buf_init(&buf, 200);
    assert_null(buf.data);
    for (int i = 0; i < 198; i++)
        assert_int_equal(lat_buf_add_u8(&buf, (uint8_t)i), LAT_OK);
    assert_int_equal(lat_buf_extend(&buf, 3, &at), LAT_LIMIT);
    assert_int_equal(lat_buf_add(&buf, "abc", 3), LAT_LIMIT);
    assert_int_equal(buf.len, 198); /* as it was */
    assert_int_equal(lat_buf_add(&buf, "ab", 2), LAT_OK);
    assert_int_equal(buf.data[197], 197);
    assert_int_equal(buf.data[199], 'b');
    assert_int_equal(lat_buf_add_u8(&buf, 0), LAT_LIMIT);
    assert_int_equal(strlen(lat_buf_str(&buf) + 1), 199); /* the zero behind needs no room in the limit */
    lat_buf_fini(&buf);
}

static void
dropping_keeps_the_rest(void **state)
{
    struct lat_buf buf;

    (void)state;
    lat_buf_init(&buf, 100);
    assert_int_equal(lat_buf_add(&buf, "hello world", 11), LAT_OK);
    lat_buf_drop(&buf, 6);
    assert_string_equal(lat_buf_str(&buf), "world");
    lat_buf_drop(&buf, 5);
    assert_string_equal(lat_buf_str(&buf), "");
    assert_int_equal(lat_buf_add(&buf, NULL, 0), LAT_OK);
    lat_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    lat_buf_fini(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.max, 100); /* usable again */
}

static void
formatted_text_is_whole_or_not_there(void **state)
{
    struct lat_buf buf;

    (void)state;
    lat_buf_init(&buf, 8);
    assert_int_equal(lat_buf_printf(&buf, "%d-%s", 12, "ab"), LAT_OK);
    assert_int_equal(lat_buf_printf(&buf, "%s", "1234"), LAT_LIMIT);
    assert_string_equal(lat_buf_str(&buf), "12-ab");
    assert_int_equal(lat_buf_printf(&buf, "%s", "123"), LAT_OK);
    assert_string_equal(lat_buf_str(&buf), "12-ab123");
    lat_buf_fini(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_grows_up_to_the_limit),
        cmocka_unit_test(dropping_keeps_the_rest),
        cmocka_unit_test(formatted_text_is_whole_or_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
