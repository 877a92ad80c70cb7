/* Tokens, stored form and doubles; the vectors of whole states stand in test_flat_root.c. */
#include "config.h"

#include "state/json.h"
#include "state/json_pick.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/vectors.h"

#define ROOM ((size_t)4 * 1024 * 1024)

static enum lat_err
store(const char *text, size_t len, struct lat_buf *out)
{
    lat_buf_init(out, ROOM);
    return json_store_form(text, len, out, NULL);
}

static void
assert_stored(const char *text, const char *form)
{
    struct lat_buf out;

    assert_int_equal(store(text, strlen(text), &out), LAT_OK);
    assert_string_equal(lat_buf_str(&out), form);
    assert_int_equal(json_check_stored_form(form, strlen(form), NULL), LAT_OK);
    assert_int_equal(json_check_stored_form(text, strlen(text), NULL),
                     strcmp(text, form) ? LAT_MALFORMED : LAT_OK);
    lat_buf_fini(&out);
}

static void
assert_refused(const char *text, enum lat_err expected, const char *reason)
{
    struct lat_buf out;
    struct lat_msg why = { "" };

    lat_buf_init(&out, ROOM);
    assert_int_equal(lat_buf_add(&out, "before", 6), LAT_OK);
    assert_int_equal(json_store_form(text, strlen(text), &out, &why), expected);
    assert_non_null(strstr(why.text, reason));
    assert_int_equal(out.len, 6);
    assert_int_equal(json_check_stored_form(text, strlen(text), NULL), expected);
    lat_buf_fini(&out);
}

static double
double_of_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void
doubles_have_the_text_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("state/flat-root.json");
    const cJSON *pair;

    (void)state;
    cJSON_ArrayForEach(pair, vectors_member(vectors, "floats")) {
        const char *expected = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
        char text[32];

        json_double_text(
            double_of_bits(vectors_hex_number(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)))), text);
        assert_string_equal(text, expected);
        assert_stored(text, expected);
    }
    assert_int_equal(cJSON_GetArraySize(vectors_member(vectors, "floats")), 850);
    cJSON_Delete(vectors);
}

static size_t
digit_count(const char *text)
{
    const char *digits = text + strspn(text, "-0.");
    size_t count = 0, zeros = 0;

    for (; *digits && *digits != 'e'; digits++) {
        if (*digits == '.')
            continue;
        zeros = *digits == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

/* One digit less does not read back. (Where the neighbour of the nearest would: the vectors.) */
static void
assert_no_shorter_text(double value, size_t digits)
{
    char text[40];

    if (digits < 2)
        return;
    snprintf(text, sizeof(text), "%.*e", (int)digits - 2, value);
    assert_true(strtod(text, NULL) != value);
}

static void
random_doubles_read_back_and_are_shortest(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = random_u64(&seed) >> (i % 4 ? 0 : random_below(&seed, 63));
        double value = double_of_bits(bits);
        char text[32];

        if (!isfinite(value))
            continue;
        json_double_text(value, text);
        assert_true(strtod(text, NULL) == value);
        assert_int_equal(signbit(strtod(text, NULL)) != 0, signbit(value) != 0);
        if (value != 0)
            assert_no_shorter_text(value, digit_count(text));
    }
}

static void
numbers_do_not_depend_on_the_locale(void **state)
{
    static const char *const with_comma[] = { "de_DE.UTF-8", "de_DE.utf8", "pt_BR.UTF-8", "fr_FR.UTF-8",
                                              "de_DE" };
    bool found = false;
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(with_comma) / sizeof(with_comma[0]) && !found; i++)
        found = setlocale(LC_ALL, with_comma[i]) != NULL;
    if (!found) {
        puts("no locale with a decimal comma on this machine");
        skip();
    }
    json_double_text(-1234.5e-100, text);
    assert_string_equal(text, "-1.2345e-97");
    assert_stored("[1.50, 25e-1]", "[1.5, 2.5]");
    setlocale(LC_ALL, "C");
}

static void
what_is_stored_has_the_layout_of_python(void **state)
{
    (void)state;
    assert_stored(" \t\r\n{ \"b\" :1,\"a\":[ ], \"c\":{ } , \"d\":[1 ,2]} ",
                  "{\"b\": 1, \"a\": [], \"c\": {}, \"d\": [1, 2]}");
    assert_stored("\"\\/\\u0041\x7f\\u00E9\xc3\xa9\\uD83D\\uDE00\xf0\x9f\x98\x80\\n\"",
                  "\"/A\\u007f\\u00e9\\u00e9\\ud83d\\ude00\\ud83d\\ude00\\n\"");
    assert_stored("\"\x7f\"", "\"\\u007f\"");
    assert_stored("\"\\u0000\\u0008\\u000b\\u000C\\\"\\\\\"", "\"\\u0000\\b\\u000b\\f\\\"\\\\\"");
    assert_stored("[-0, 0, -0.0, 1E2, 10e0, 1e16, 1e-5, 1e-400]",
                  "[0, 0, -0.0, 100.0, 10.0, 1e+16, 1e-05, 0.0]");
    assert_stored("123456789012345678901234567890", "123456789012345678901234567890");
    assert_stored("true", "true");
    assert_stored("[false,null]", "[false, null]");
}

static void
of_a_member_that_stands_twice_the_last_value_stays_at_the_first_place(void **state)
{
    (void)state;
    assert_stored("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\": 3, \"b\": 2}");
    assert_stored("{\"a\":1,\"\\u0061\":[{\"x\":1,\"x\":2}],\"c\":{}}", "{\"a\": [{\"x\": 2}], \"c\": {}}");
    assert_stored("[{\"a\":{\"b\":1},\"c\":0,\"a\":{\"d\":1,\"d\":{\"e\":5},\"f\":6}},{\"a\":7}]",
                  "[{\"a\": {\"d\": {\"e\": 5}, \"f\": 6}, \"c\": 0}, {\"a\": 7}]");
    assert_stored("{\"\":1,\"\":2,\"\":3}", "{\"\": 3}");
    assert_stored("{\"a\\u0000b\":1,\"a\\u0000c\":2}", "{\"a\\u0000b\": 1, \"a\\u0000c\": 2}");
}

static void
the_check_says_where_a_text_leaves_stored_form(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        { "{\"a\":1}", "byte 4" },
        { "1e16", "byte 0" },
        { "[1, 2] ", "byte 6" },
        { "\"\\u00E9\"", "byte 1" },
        { "[0, {\"a\": 1, \"a\": 1}]", "a member stands twice in the object at byte 4" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lat_msg why;

        assert_int_equal(json_check_stored_form(cases[i].text, strlen(cases[i].text), &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, cases[i].reason));
    }
}

static void
errors_say_what_and_where(void **state)
{
    (void)state;
    assert_refused("", LAT_MALFORMED, "ends too soon");
    assert_refused("[1,", LAT_MALFORMED, "ends too soon, at byte 3");
    assert_refused("{\"a\" 1}", LAT_MALFORMED, "byte 5: ':'");
    assert_refused("{\"a\":1,}", LAT_MALFORMED, "byte 7: the name");
    assert_refused("[1 2]", LAT_MALFORMED, "byte 3: ',' or ']'");
    assert_refused("[1}", LAT_MALFORMED, "byte 2: ',' or ']'");
    assert_refused("nul", LAT_MALFORMED, "byte 0: a value");
    assert_refused("1 1", LAT_MALFORMED, "byte 2: something");
    assert_refused("]", LAT_MALFORMED, "byte 0: a value");
    assert_refused("\"\\ud800\"", LAT_MALFORMED, "byte 1: a surrogate");
    assert_refused("\"\\ude00\\ud83d\"", LAT_MALFORMED, "byte 1: a surrogate");
    assert_refused("\"\\ud83d\\ud83d\"", LAT_MALFORMED, "byte 1: a surrogate");
    assert_refused("\"\\ud83d\\u0041\"", LAT_MALFORMED, "byte 1: a surrogate");
    assert_refused("\"\\u00G0\"", LAT_MALFORMED, "byte 1: \\u needs");
    assert_refused("\"\\u00g0\"", LAT_MALFORMED, "byte 1: \\u needs");
    assert_refused("\"a\xc3(\"", LAT_MALFORMED, "byte 2: not UTF-8");
    assert_refused("\"\xed\xa0\x80\"", LAT_MALFORMED, "byte 1: not UTF-8");
    assert_refused("\"\n\"", LAT_MALFORMED, "byte 1: a control character");
    assert_refused("\"\\x\"", LAT_MALFORMED, "byte 1: unknown escape");
    assert_refused("[1e400]", LAT_MALFORMED, "byte 1: the number is greater");
    assert_refused("\xef\xbb\xbf{}", LAT_MALFORMED, "byte 0");
    assert_int_equal(json_check_stored_form("[1\0]", 4, NULL), LAT_MALFORMED);
    assert_int_equal(json_check_stored_form("\"\0\"", 3, NULL), LAT_MALFORMED);
}

static void
nesting_ends_at_64_and_integers_at_4300_digits(void **state)
{
    char text[JSON_DIGITS_MAX + 3];

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = 0;
    assert_stored(text, text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[2 * JSON_DEPTH_MAX + 2] = 0;
    assert_refused(text, LAT_LIMIT, "64 deep at byte 64");

    memset(text, '7', sizeof(text));
    text[0] = '-';
    text[JSON_DIGITS_MAX + 1] = 0;
    assert_stored(text, text);
    text[0] = '7';
    assert_refused(text, LAT_LIMIT, "4301 digits");
}

static void
a_result_over_the_room_given_is_refused_whole(void **state)
{
    struct lat_buf out;
    struct lat_msg why;

    (void)state;
    lat_buf_init(&out, 9);
    assert_int_equal(json_store_form("[1,2,30]", 8, &out, &why), LAT_LIMIT);
    assert_non_null(strstr(why.text, "10 bytes, at most 9"));
    assert_int_equal(out.len, 0);
    /* What counts is the result, not the way to it. */
    assert_int_equal(json_store_form("{\"a\":\"123456789\",\"a\":12}", 24, &out, &why), LAT_OK);
    assert_string_equal(lat_buf_str(&out), "{\"a\": 12}");
    lat_buf_fini(&out);
}

/* A value of random shape with few names, so that many stand twice; white space and escapes at random. */
static void
add_random_value(struct lat_buf *out, uint64_t *seed, int depth)
{
    static const char *const scalars[] = { "null", "true", "false", "0", "-0", "-12", "1.50", "1e5", "2E-7",
                                           "0.1", "\"\"",
                                           "\"a/\\/\xc3\xa9\\u00e9\"",
                                           "\"\\ud83d\\ude00\\n\x7f\"" };
    static const char *const names[] = { "\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "\"\xc3\xa9\"" };
    static const char *const spaces[] = { "", "", " ", "\n\t" };
    size_t kind = random_below(seed, 5);
    size_t parts = random_below(seed, 6);

    if (depth == 0 || kind < 2) {
        assert_int_equal(lat_buf_printf(out, "%s", scalars[random_below(seed, 13)]), LAT_OK);
        return;
    }
    assert_int_equal(lat_buf_add_u8(out, kind == 2 ? '[' : '{'), LAT_OK);
    for (size_t i = 0; i < parts; i++) {
        assert_int_equal(lat_buf_printf(out, "%s%s", i ? "," : "", spaces[random_below(seed, 4)]), LAT_OK);
        if (kind != 2)
            assert_int_equal(
                lat_buf_printf(out, "%s%s:", names[random_below(seed, 5)], spaces[random_below(seed, 4)]),
                LAT_OK);
        add_random_value(out, seed, depth - 1);
    }
    assert_int_equal(lat_buf_add_u8(out, kind == 2 ? ']' : '}'), LAT_OK);
}

static void
storing_twice_changes_nothing(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct lat_buf text, once, twice;

        lat_buf_init(&text, ROOM);
        add_random_value(&text, &seed, 5);
        assert_int_equal(store((const char *)text.data, text.len, &once), LAT_OK);
        assert_int_equal(store((const char *)once.data, once.len, &twice), LAT_OK);
        assert_int_equal(once.len, twice.len);
        assert_memory_equal(once.data, twice.data, once.len);
        assert_int_equal(json_check_stored_form((const char *)once.data, once.len, NULL), LAT_OK);
        lat_buf_fini(&text);
        lat_buf_fini(&once);
        lat_buf_fini(&twice);
    }
}

/* Were either of these quadratic, they would run for minutes. */
static void
hostile_members_take_no_hostile_time(void **state)
{
    struct lat_buf text, out;

    (void)state;
    lat_buf_init(&text, ROOM);
    assert_int_equal(lat_buf_add_u8(&text, '{'), LAT_OK);
    for (int i = 0; i < 300000; i++)
        assert_int_equal(lat_buf_printf(&text, "%s\"%d\":1", i ? "," : "", i % 150000), LAT_OK);
    assert_int_equal(lat_buf_add_u8(&text, '}'), LAT_OK);
    assert_int_equal(store((const char *)text.data, text.len, &out), LAT_OK);
    assert_int_equal(json_check_stored_form((const char *)out.data, out.len, NULL), LAT_OK);
    lat_buf_fini(&out);

    lat_buf_clear(&text);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        assert_int_equal(lat_buf_printf(&text, "{\"a\":0,\"a\":"), LAT_OK);
    assert_int_equal(lat_buf_printf(&text, "\"%100000s\"", "x"), LAT_OK);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        assert_int_equal(lat_buf_add_u8(&text, '}'), LAT_OK);
    assert_int_equal(store((const char *)text.data, text.len, &out), LAT_OK);
    assert_int_equal(json_check_stored_form((const char *)out.data, out.len, NULL), LAT_OK);
    lat_buf_fini(&out);
    lat_buf_fini(&text);
}

struct seen {
    struct lat_buf text;
    size_t left; /* members until the walk is stopped */
};

static enum lat_err
see_member(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    struct seen *seen = arg;

    if (seen->left-- == 0)
        return LAT_CLOSED;
    assert_int_equal(lat_buf_add(&seen->text, key, key_len), LAT_OK);
    assert_int_equal(lat_buf_add_u8(&seen->text, '='), LAT_OK);
    assert_int_equal(lat_buf_add(&seen->text, value, value_len), LAT_OK);
    return lat_buf_add_u8(&seen->text, ';');
}

static void
members_are_walked_in_order_with_decoded_names_and_raw_values(void **state)
{
    static const char text[] =
        " {\"\\u00e9\" : [1 , {\"x\":2}] ,\"\":-0,\"a\\ud83d\\ude00\": \"v\" , \"\":{ } } ";
    struct seen seen = { .left = 9 };

    (void)state;
    lat_buf_init(&seen.text, ROOM);
    assert_int_equal(json_each_member(text, strlen(text), see_member, &seen, NULL), LAT_OK);
    assert_string_equal(lat_buf_str(&seen.text),
                        "\xc3\xa9=[1 , {\"x\":2}];=-0;a\xf0\x9f\x98\x80=\"v\";={ };");
    lat_buf_clear(&seen.text);
    seen.left = 1;
    assert_int_equal(json_each_member(text, strlen(text), see_member, &seen, NULL), LAT_CLOSED);
    assert_string_equal(lat_buf_str(&seen.text), "\xc3\xa9=[1 , {\"x\":2}];");
    lat_buf_fini(&seen.text);
}

static void
no_member_is_walked_of_a_text_that_is_wrong_at_its_end(void **state)
{
    static const char *const wrong[] = {
        "{\"a\":1,\"b\":tru}", "{\"a\":1}}", "[\"a\"]", "1", "", "{\"a\":1"
    };
    struct seen seen = { .left = 0 }; /* a call would end with LAT_CLOSED */
    struct lat_msg why;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(json_each_member(wrong[i], strlen(wrong[i]), see_member, &seen, &why),
                         LAT_MALFORMED);
}

static void
text_is_added_as_a_string_in_stored_form(void **state)
{
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 64);
    assert_int_equal(json_add_string(&out, (const uint8_t *)"a\0\"\xc3\xa9\xf0\x9f\x98\x80", 9), LAT_OK);
    assert_string_equal(lat_buf_str(&out), "\"a\\u0000\\\"\\u00e9\\ud83d\\ude00\"");
    assert_int_equal(json_check_stored_form((const char *)out.data, out.len, NULL), LAT_OK);
    lat_buf_clear(&out);
    assert_int_equal(json_add_string(&out, (const uint8_t *)"a\xff", 2), LAT_MALFORMED);
    assert_int_equal(
        json_add_string(&out, (const uint8_t *)"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01", 11),
        LAT_LIMIT);
    assert_int_equal(out.len, 0);
    lat_buf_fini(&out);
}

static enum lat_err
unique(const char *text, const char *form)
{
    struct lat_msg why = { "" };
    struct lat_buf out;
    enum lat_err err;

    lat_buf_init(&out, 4096);
    err = json_unique_form(text, strlen(text), &out, &why);
    if (err)
        assert_int_equal(out.len, 0);
    else
        assert_string_equal(lat_buf_str(&out), form);
    assert_true((why.text[0] != '\0') == (err != LAT_OK));
    lat_buf_fini(&out);
    return err;
}

static void
the_unique_form_is_the_stored_one_of_texts_without_a_member_twice(void **state)
{
    (void)state;
    assert_int_equal(unique("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}", "{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 1}]}"), LAT_OK);
    assert_int_equal(unique("{\"a\":1,\"a\":1}", NULL), LAT_MALFORMED);
    assert_int_equal(unique("{\"a\":1,\"b\":2,\"\\u0061\":1}", NULL), LAT_MALFORMED); /* spelled differently */
    assert_int_equal(unique("[[{\"x\":{\"a\":1,\"a\":1}}]]", NULL), LAT_MALFORMED);   /* deep down */
}

static void
members_are_picked_by_name_as_raw_text(void **state)
{
    static const char *const names[] = { "hex", "number", "text", "none" };
    static const char text[] = "{\"text\": \"a\\u0000\\u00e9\", \"more\": 1, \"n\\u0075mber\": 9007199254740991, \"hex\": \"00ff\"}";
    struct json_raw raw[4];
    struct lat_buf out;
    uint8_t bytes[2];
    uint64_t number;

    (void)state;
    assert_int_equal(json_pick(text, sizeof(text) - 1, names, 4, raw, NULL), LAT_OK);
    assert_int_equal(json_raw_hex(&raw[0], bytes, 2), LAT_OK);
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(json_raw_hex(&raw[0], bytes, 1), LAT_MALFORMED);
    assert_int_equal(json_raw_hex(&raw[1], bytes, 2), LAT_MALFORMED);
    assert_int_equal(json_raw_number(&raw[1], JSON_NUMBER_MAX, &number), LAT_OK);
    assert_true(number == JSON_NUMBER_MAX);
    assert_int_equal(json_raw_number(&raw[1], JSON_NUMBER_MAX - 1, &number), LAT_MALFORMED);
    assert_int_equal(json_raw_number(&raw[0], JSON_NUMBER_MAX, &number), LAT_MALFORMED);
    lat_buf_init(&out, 10);
    assert_int_equal(json_raw_text(&raw[2], &out), LAT_OK);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "a\0\xc3\xa9", 4);
    assert_int_equal(json_raw_text(&raw[1], &out), LAT_MALFORMED);
    assert_true(raw[3].len == 0 && !json_raw_is_string(&raw[3]) && !json_raw_is(&raw[3], "null"));
    assert_int_equal(json_raw_number(&raw[3], 9, &number), LAT_MALFORMED);
    assert_int_equal(json_raw_text(&raw[3], &out), LAT_MALFORMED);
    lat_buf_fini(&out);
}

static void
a_member_that_is_picked_may_stand_once_others_twice(void **state)
{
    static const char *const names[] = { "a" };
    struct lat_msg why = { "" };
    struct json_raw raw;

    (void)state;
    assert_int_equal(json_pick("{\"b\":1,\"b\":2,\"a\":3}", 19, names, 1, &raw, &why), LAT_OK);
    assert_true(json_raw_is(&raw, "3"));
    assert_int_equal(json_pick("{\"a\":1,\"a\":2}", 13, names, 1, &raw, &why), LAT_MALFORMED);
    assert_string_equal(why.text, "\"a\" stands twice in the document");
    assert_int_equal(json_pick("[1]", 3, names, 1, &raw, &why), LAT_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_have_the_text_of_the_vectors),
        cmocka_unit_test(random_doubles_read_back_and_are_shortest),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(what_is_stored_has_the_layout_of_python),
        cmocka_unit_test(of_a_member_that_stands_twice_the_last_value_stays_at_the_first_place),
        cmocka_unit_test(the_check_says_where_a_text_leaves_stored_form),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(nesting_ends_at_64_and_integers_at_4300_digits),
        cmocka_unit_test(a_result_over_the_room_given_is_refused_whole),
        cmocka_unit_test(storing_twice_changes_nothing),
        cmocka_unit_test(hostile_members_take_no_hostile_time),
        cmocka_unit_test(members_are_walked_in_order_with_decoded_names_and_raw_values),
        cmocka_unit_test(no_member_is_walked_of_a_text_that_is_wrong_at_its_end),
        cmocka_unit_test(text_is_added_as_a_string_in_stored_form),
        cmocka_unit_test(the_unique_form_is_the_stored_one_of_texts_without_a_member_twice),
        cmocka_unit_test(members_are_picked_by_name_as_raw_text),
        cmocka_unit_test(a_member_that_is_picked_may_stand_once_others_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
