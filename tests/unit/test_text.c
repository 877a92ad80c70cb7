#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void
hex_comes_back(void **state)
{
    static const uint8_t bytes[] = { 0x00, 0x9f, 0xab, 0xff };
    uint8_t back[4];
    char text[9];

    (void)state;
    lat_hex(bytes, 4, text);
    assert_string_equal(text, "009fabff");
    assert_int_equal(lat_unhex("009FabfF", back, 4), LAT_OK);
    assert_memory_equal(back, bytes, 4);
}

static void
hex_of_another_length_or_with_other_characters_is_refused(void **state)
{
    static const char *const bad[] = { "", "00", "00000", "000", "0g00", "00 0", "0x00", "000\n" };
    uint8_t out[2] = { 7, 7 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(lat_unhex(bad[i], out, 2), LAT_MALFORMED);
    assert_int_equal(out[0], 7); /* outputs untouched on error */
    assert_int_equal(out[1], 7);
}

static void
check_base58(const void *bytes, size_t len, const char *text)
{
    uint8_t back[128];
    char out[200];
    size_t back_len = 0;

    assert_int_equal(lat_base58(bytes, len, out, sizeof(out)), LAT_OK);
    assert_string_equal(out, text);
    assert_int_equal(lat_unbase58(text, strlen(text), back, sizeof(back), &back_len), LAT_OK);
    assert_int_equal(back_len, len);
    assert_memory_equal(back, bytes, len);
}

/* The three examples of draft-msporny-base58, section 5, and zeros. */
static void
base58_gives_the_published_examples(void **state)
{
    (void)state;
    check_base58("Hello World!", 12, "2NEpo7TZRRrLZSi2U");
    check_base58("The quick brown fox jumps over the lazy dog.", 44,
                 "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z");
    check_base58("\x00\x00\x28\x7f\xb4\xcd", 6, "11233QC4");
    check_base58("", 0, "");
    check_base58("\0\0\0", 3, "111");
}

static void
base58_holds_its_limits(void **state)
{
    uint8_t bytes[129], back[128];
    char text[200], longer[200];
    size_t len;

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(lat_base58(bytes, 129, text, sizeof(text)), LAT_LIMIT);
    assert_int_equal(lat_base58(bytes, 128, text, sizeof(text)), LAT_OK);
    assert_int_equal(lat_unbase58(text, strlen(text), back, 128, &len), LAT_OK);
    assert_int_equal(lat_unbase58(text, strlen(text), back, 127, &len), LAT_LIMIT);
    len = strlen(text);
    assert_int_equal(lat_base58(bytes, 128, longer, len + 1), LAT_OK);
    assert_int_equal(lat_base58(bytes, 128, longer, len), LAT_LIMIT);
    memset(longer, 'z', 181);
    assert_int_equal(lat_unbase58(longer, 181, back, sizeof(back), &len), LAT_MALFORMED);
    assert_int_equal(lat_unbase58("0", 1, back, sizeof(back), &len), LAT_MALFORMED);
    assert_int_equal(lat_unbase58("a\0b", 3, back, sizeof(back), &len), LAT_MALFORMED);
}

/* RFC 4648, section 10. */
static void
base64_gives_the_published_examples(void **state)
{
    static const char *const pairs[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "fo", "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" } };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct lat_buf there, back;

        lat_buf_init(&there, 100);
        lat_buf_init(&back, 100);
        assert_int_equal(lat_base64((const uint8_t *)pairs[i][0], strlen(pairs[i][0]), &there), LAT_OK);
        assert_string_equal(lat_buf_str(&there), pairs[i][1]);
        assert_int_equal(lat_unbase64(pairs[i][1], strlen(pairs[i][1]), &back), LAT_OK);
        assert_string_equal(lat_buf_str(&back), pairs[i][0]);
        lat_buf_fini(&there);
        lat_buf_fini(&back);
    }
}

static void
base64_that_is_not_canonical_is_refused(void **state)
{
    static const char *const bad[] = { "Zg",       "Zg=",  "Zh==", "Zm9=",  "Z===", "====",
                                       "Zg==Zg==", "Zm-_", "Zm9 ", "Zm9\n", "=Zm9", "Zg=a" };
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 100);
    assert_int_equal(lat_buf_add_u8(&out, 'x'), LAT_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(lat_unbase64(bad[i], strlen(bad[i]), &out), LAT_MALFORMED);
    assert_string_equal(lat_buf_str(&out), "x"); /* nothing appended */
    lat_buf_fini(&out);
}

static void
base64_respects_the_limit_of_the_buffer(void **state)
{
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 3);
    assert_int_equal(lat_base64((const uint8_t *)"f", 1, &out), LAT_LIMIT);
    assert_int_equal(lat_unbase64("Zm9vYg==", 8, &out), LAT_LIMIT);
    assert_int_equal(lat_unbase64("Zm9v", 4, &out), LAT_OK);
    lat_buf_fini(&out);
}

static bool
utf8(const char *text)
{
    return lat_utf8_valid((const uint8_t *)text, strlen(text));
}

static void
utf8_takes_shortest_forms_of_real_characters_only(void **state)
{
    uint32_t c = 0;

    (void)state;
    assert_true(utf8("a\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    assert_true(utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    assert_true(lat_utf8_valid((const uint8_t *)"\0", 1));
    assert_false(utf8("\x80"));
    assert_false(utf8("\xc0\x80"));
    assert_false(utf8("\xc1\xbf"));
    assert_false(utf8("\xe0\x9f\xbf"));
    assert_false(utf8("\xf0\x8f\xbf\xbf"));
    assert_false(utf8("\xed\xa0\x80")); /* surrogates */
    assert_false(utf8("\xed\xbf\xbf"));
    assert_false(utf8("\xf4\x90\x80\x80")); /* past U+10FFFF */
    assert_false(utf8("\xf5\x80\x80\x80"));
    assert_false(utf8("\xe2\x82"));
    assert_false(utf8("\xe2\x82z"));
    assert_int_equal(lat_utf8_next((const uint8_t *)"\xe2\x82\xac", 3, &c), 3);
    assert_int_equal(c, 0x20ac);
    assert_int_equal(lat_utf8_next((const uint8_t *)"\xe2\x82\xac", 2, &c), 0);
    assert_int_equal(lat_utf8_next(NULL, 0, &c), 0);
}

static void
what_disturbs_a_terminal_is_unsafe(void **state)
{
    static const uint32_t unsafe[] = { 0,       0x1b,    '\n',    '\t',    0x7f,   0x9b,    0xad,
                                       0x61c,   0x200b,  0x200e,  0x2028,  0x202e, 0x2066,  0x2069,
                                       0xfeff,  0xfe0f,  0xfe00,  0xd800,  0xffff, 0x1fffe, 0xe0001,
                                       0xe0020, 0xe01ef, 0x50000, 0x10ffff };
    static const uint32_t safe[] = { ' ',    '~',    0xa0,   0xe9,   0x3b1,  0x5d0,
                                     0x2010, 0x2030, 0x4e00, 0xfffd, 0x1f600 };

    (void)state;
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
        assert_true(lat_is_unsafe(unsafe[i]));
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        assert_false(lat_is_unsafe(safe[i]));
}

static void
escape_leaves_text_and_replaces_the_rest(void **state)
{
    char out[64];

    (void)state;
    assert_string_equal(lat_escape_str("gr\xc3\xbc\xc3\x9f \xe2\x82\xac", out, sizeof(out)),
                        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
    assert_string_equal(lat_escape_str("\x1b]0;x\x07", out, sizeof(out)), "?]0;x?");
    assert_string_equal(lat_escape_str("a\xff\xe2\x82"
                                       "b",
                                       out, sizeof(out)),
                        "a???b");
    assert_string_equal(lat_escape_str("a\xe2\x80\xae"
                                       "b",
                                       out, sizeof(out)),
                        "a?b");
    assert_string_equal(lat_escape("a\0b", 3, out, sizeof(out)), "a?b");
    assert_string_equal(lat_escape(NULL, 0, out, sizeof(out)), "");
}

static void
escape_cuts_at_a_character_and_shows_it(void **state)
{
    char out[8];

    (void)state;
    assert_string_equal(lat_escape_str("1234567", out, sizeof(out)), "1234567");
    assert_string_equal(lat_escape_str("12345678", out, sizeof(out)), "1234...");
    assert_string_equal(lat_escape_str("123\xe2\x82\xac"
                                       "56",
                                       out, sizeof(out)),
                        "123...");
    assert_string_equal(lat_escape_str("1\xe2\x82\xac"
                                       "5678",
                                       out, sizeof(out)),
                        "1\xe2\x82\xac...");
    assert_string_equal(lat_escape_str("12345", out, 4), "...");
    assert_string_equal(lat_escape_str("12345", out, 3), "..");
    assert_string_equal(lat_escape_str("12345", out, 1), "");
}

static void
numbers_are_digits_and_nothing_else(void **state)
{
    static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1.0", "1e3", "\xd9\xa1" };
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(lat_parse_u64(bad[i], UINT64_MAX, &value), LAT_MALFORMED);
    assert_int_equal(lat_parse_u64("65536", 65535, &value), LAT_LIMIT);
    assert_int_equal(lat_parse_u64("18446744073709551616", UINT64_MAX, &value), LAT_LIMIT);
    assert_int_equal(lat_parse_u64("99999999999999999999x", UINT64_MAX, &value), LAT_MALFORMED);
    assert_true(value == 7);
    assert_int_equal(lat_parse_u64("18446744073709551615", UINT64_MAX, &value), LAT_OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(lat_parse_u64("0065535", 65535, &value), LAT_OK);
    assert_true(value == 65535);
}

static void
seconds_may_have_a_fraction(void **state)
{
    static const char *const bad[] = {
        "", ".", "1.", ".5", "1.5s", "-1", "1,5", "1.5.5", "nan", "inf", "1e3"
    };
    uint64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(lat_parse_seconds(bad[i], UINT64_MAX, &ms), LAT_MALFORMED);
    assert_int_equal(lat_parse_seconds("60.001", 60000, &ms), LAT_LIMIT);
    assert_int_equal(lat_parse_seconds("18446744073709551615", UINT64_MAX, &ms), LAT_LIMIT);
    assert_true(ms == 7);
    assert_int_equal(lat_parse_seconds("60", 60000, &ms), LAT_OK);
    assert_true(ms == 60000);
    assert_int_equal(lat_parse_seconds("0.25", 60000, &ms), LAT_OK);
    assert_true(ms == 250);
    assert_int_equal(lat_parse_seconds("1.0079", 60000, &ms), LAT_OK);
    assert_true(ms == 1007);
}

static void
copy_cuts_at_a_character(void **state)
{
    char out[4];

    (void)state;
    assert_true(lat_copy(out, sizeof(out), "abc"));
    assert_string_equal(out, "abc");
    assert_false(lat_copy(out, sizeof(out), "abcd"));
    assert_string_equal(out, "abc");
    assert_false(lat_copy(out, sizeof(out), "a\xe2\x82\xac"));
    assert_string_equal(out, "a");
    assert_false(lat_copy(out, 0, "a"));
}

static void
host_names_are_what_resolvers_take(void **state)
{
    static const char *const bad[] = { "", ".", ".a", "-a", "a..b", "a b", "a/b", "a:1", "k\xc3\xb6ln", "a\n" };
    char longest[255];

    (void)state;
    assert_true(lat_is_host_name("a"));
    assert_true(lat_is_host_name("a_b-c.Example9."));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lat_is_host_name(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[254] = 0;
    assert_false(lat_is_host_name(longest));
    longest[253] = 0;
    assert_true(lat_is_host_name(longest));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_comes_back),
        cmocka_unit_test(hex_of_another_length_or_with_other_characters_is_refused),
        cmocka_unit_test(base58_gives_the_published_examples),
        cmocka_unit_test(base58_holds_its_limits),
        cmocka_unit_test(base64_gives_the_published_examples),
        cmocka_unit_test(base64_that_is_not_canonical_is_refused),
        cmocka_unit_test(base64_respects_the_limit_of_the_buffer),
        cmocka_unit_test(utf8_takes_shortest_forms_of_real_characters_only),
        cmocka_unit_test(what_disturbs_a_terminal_is_unsafe),
        cmocka_unit_test(escape_leaves_text_and_replaces_the_rest),
        cmocka_unit_test(escape_cuts_at_a_character_and_shows_it),
        cmocka_unit_test(numbers_are_digits_and_nothing_else),
        cmocka_unit_test(seconds_may_have_a_fraction),
        cmocka_unit_test(copy_cuts_at_a_character),
        cmocka_unit_test(host_names_are_what_resolvers_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
