/* test_target.c - the parts of a request that are text in a text: escapes, parameters, entity tags, the
 * table's paths. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/etag.h"
#include "http/listen.h"
#include "http/routes.h"
#include "http/target.h"

static void
a_path_is_decoded_byte_by_byte(void **state)
{
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 16);
    assert_int_equal(target_decode("a%2Fb%00+%fF", 12, &out), LAT_OK);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "a/b\0+\xff", 6); /* '+' is itself in a path */
    assert_int_equal(target_decode("%", 1, &out), LAT_MALFORMED);
    assert_int_equal(target_decode("%4", 2, &out), LAT_MALFORMED);
    assert_int_equal(target_decode("%4g", 3, &out), LAT_MALFORMED);
    assert_int_equal(target_decode("%%41", 4, &out), LAT_MALFORMED);
    lat_buf_clear(&out);
    assert_int_equal(target_decode("12345678901234567", 17, &out), LAT_LIMIT);
    lat_buf_fini(&out);
}

/* The value of `mode` in this query as text; NULL: absent. */
static const char *
mode_in(const char *query)
{
    static char text[64];
    struct lat_buf out;
    enum lat_err err;

    lat_buf_init(&out, 32);
    err = target_parameter(query, "mode", &out);
    assert_true(err == LAT_OK || err == LAT_NOTFOUND);
    lat_copy(text, sizeof(text), lat_buf_str(&out));
    lat_buf_fini(&out);
    return err ? NULL : text;
}

static void
a_parameter_is_decoded_as_forms_do_and_the_last_counts(void **state)
{
    struct lat_buf out;

    (void)state;
    assert_null(mode_in(""));
    assert_null(mode_in("x=1&modes=2&xmode=3"));
    assert_string_equal(mode_in("mode=http"), "http");
    assert_string_equal(mode_in("a=1&mode=p2p&mode=http&b"), "http");
    assert_string_equal(mode_in("mode"), "");
    assert_string_equal(mode_in("mode="), "");
    assert_string_equal(mode_in("mode=a+b%20c%2B%zz%"), "a b c+%zz%");
    assert_string_equal(mode_in("mode=a=b"), "a=b");
    assert_string_equal(mode_in("&&mode=x&&"), "x");
    lat_buf_init(&out, 3);
    assert_int_equal(target_parameter("mode=http", "mode", &out), LAT_LIMIT);
    lat_buf_fini(&out);
}

static void
tags_are_found_in_lists(void **state)
{
    uint8_t tag[32], parsed[32];
    char list[300], hex[65];

    (void)state;
    memset(tag, 0xab, sizeof(tag));
    lat_hex(tag, 32, hex);
    assert_true(etag_list_has("*", tag, false));
    snprintf(list, sizeof(list), "\"x\" ,\"%s\"", hex);
    assert_true(etag_list_has(list, tag, false));
    assert_true(etag_list_is_sound(list));
    snprintf(list, sizeof(list), "W/\"%s\"", hex);
    assert_true(etag_list_has(list, tag, true));
    assert_false(etag_list_has(list, tag, false));
    assert_int_equal(etag_single(list, parsed), LAT_MALFORMED);
    snprintf(list, sizeof(list), "\"%s\"", hex);
    assert_int_equal(etag_single(list, parsed), LAT_OK);
    assert_memory_equal(parsed, tag, 32);
    snprintf(list, sizeof(list), "\"%s\", \"%s\"", hex, hex);
    assert_int_equal(etag_single(list, parsed), LAT_MALFORMED);
    list[10] = 0; /* a quote that is never closed */
    assert_false(etag_list_has(list, tag, true));
    assert_false(etag_list_is_sound(list));
    assert_false(etag_list_is_sound(""));
    assert_false(etag_list_is_sound(hex)); /* without quotes */
    assert_false(etag_list_has(hex, tag, true));
}

static void
the_table_finds_paths_whole(void **state)
{
    struct route_match match = routes_find(API_PUT, "/api/lattice/state/a/b", false);

    (void)state;
    assert_non_null(match.route);
    assert_string_equal(match.rest, "a/b");
    assert_int_equal(match.allowed, API_GET | API_HEAD | API_PUT | API_DELETE | API_OPTIONS);
    assert_non_null(routes_find(API_HEAD, "/health", false).route);
    assert_null(routes_find(API_POST, "/health", false).route);
    assert_int_equal(routes_find(API_GET, "/Health", false).allowed, 0);
    assert_int_equal(routes_find(API_GET, "/healthy", false).allowed, 0);
    assert_int_equal(routes_find(API_GET, "", false).allowed, 0);
    assert_true(routes_find(API_GET, "/api/lattice/state/", false).redirect);
    assert_true(routes_find(API_GET, "/livez/", false).redirect);
    assert_false(routes_find(API_GET, "/livez//", false).redirect);
    assert_false(routes_find(API_GET, "//", false).redirect);
    assert_int_equal(routes_find(API_GET, "/api/status", true).allowed, 0);
    assert_non_null(routes_find(API_POST, "/api/lattice/sync", true).route);
    assert_int_equal(routes_method("get"), 0); /* methods are case-sensitive */
}

static void
addresses_are_read_and_shown(void **state)
{
    static const char *const good[] = { "127.0.0.1:0", "[::1]:8000", "localhost:80",
                                        "0.0.0.0:1",   ":8000",      "*:8000" };
    static const char *const bad[] = { "",
                                       "8000",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:65536",
                                       "::1:8000",
                                       "[::1]",
                                       "host.example:80",
                                       "127.0.0.1:80x",
                                       "127.1:80:1",
                                       "[127.0.0.1:80" };
    struct listen_address address;
    struct lat_msg why;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(listen_parse(good[i], &address, &why), LAT_OK);
        assert_int_equal(address.is_loopback, i < 3);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(listen_parse(bad[i], &address, &why), LAT_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded_byte_by_byte),
        cmocka_unit_test(a_parameter_is_decoded_as_forms_do_and_the_last_counts),
        cmocka_unit_test(tags_are_found_in_lists),
        cmocka_unit_test(the_table_finds_paths_whole),
        cmocka_unit_test(addresses_are_read_and_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
