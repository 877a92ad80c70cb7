/* test_options.c - the command line as users type it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

static enum lat_err
parse(const char *const *words, int count, struct options *out, struct lat_msg *why)
{
    static char *argv[16];

    memcpy(argv, words, (size_t)count * sizeof(argv[0]));
    argv[count] = NULL;
    return options_parse(count, argv, 1, out, why);
}

static void
repeated_flags_are_joined_and_words_may_stand_between_them(void **state)
{
    static const char *const words[] = { "put", "key", "--http-peer", "http://a", "{}", "--http-peer=http://b" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(words, 6, &o, &why), LAT_OK);
    assert_int_equal(o.arg_count, 2);
    assert_string_equal(o.args[0], "key");
    assert_string_equal(o.args[1], "{}");
    assert_int_equal(o.override_count, 1);
    assert_string_equal(o.overrides[0].name, "LATTICE_NODES");
    assert_string_equal(o.overrides[0].value, "http://a,http://b");
    options_fini(&o);
}

static void
a_flag_without_a_value_sets_what_its_row_says(void **state)
{
    static const char *const words[] = { "node", "--no-p2p", "--json", "--color", "never" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(words, 5, &o, &why), LAT_OK);
    assert_string_equal(o.overrides[0].name, "LATTICE_P2P_ENABLED");
    assert_string_equal(o.overrides[0].value, "false");
    assert_true(o.json);
    assert_int_equal(o.color, OPTION_COLOR_NEVER);
    options_fini(&o);
}

static void
what_is_wrong_is_named_and_escaped(void **state)
{
    static const char *const unknown[] = { "node", "--no\x1b[2Jsuch" };
    static const char *const missing[] = { "node", "--api" };
    static const char *const color[] = { "console", "--color", "pink" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(unknown, 2, &o, &why), LAT_MALFORMED);
    assert_null(strchr(why.text, '\x1b'));
    assert_int_equal(parse(missing, 2, &o, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "--api"));
    assert_int_equal(parse(color, 3, &o, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "pink"));
}

static void
of_letters_in_one_word_the_unknown_one_is_named(void **state)
{
    static const char *const letters[] = { "status", "-hxy" };
    static const char *const good[] = { "status", "http://a", "-h" };
    static const char *const value[] = { "status", "--json=yes" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(letters, 2, &o, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "'-x'"));
    assert_int_equal(parse(good, 3, &o, &why), LAT_OK); /* nothing of "-y" is left to be parsed */
    assert_true(o.help && o.arg_count == 1);
    assert_int_equal(parse(value, 2, &o, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "--json"));
}

static void
words_that_a_command_does_not_take_are_refused(void **state)
{
    static const char *const later[] = { "console", "--json", "status" };
    static const char *const get[] = { "get", "key", "http://a", "more\x1b[2J" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(later, 3, &o, &why), LAT_OK);
    assert_int_equal(options_check_words("console", &o, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "'status'"));
    assert_int_equal(options_check_words("status", &o, &why), LAT_OK);
    assert_int_equal(parse(get, 4, &o, &why), LAT_OK);
    assert_int_equal(options_check_words("get", &o, &why), LAT_MALFORMED);
    assert_null(strchr(why.text, '\x1b'));
    assert_int_equal(options_check_words("put", &o, &why), LAT_OK);
}

static void
a_size_is_two_numbers_and_nothing_else(void **state)
{
    static const char *const wrong[] = { "80",      "x24",    "80x",     "0x24",   "80x0",
                                         "1000x24", "80x24z", "80 x 24", "+80x24", "80x24x2" };
    const char *words[] = { "status", "--size", "500x200" };
    struct options o;
    struct lat_msg why;

    (void)state;
    assert_int_equal(parse(words, 3, &o, &why), LAT_OK);
    assert_int_equal(o.columns, 500);
    assert_int_equal(o.rows, 200);
    options_fini(&o);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        words[2] = wrong[i];
        assert_int_equal(parse(words, 3, &o, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, "--size"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeated_flags_are_joined_and_words_may_stand_between_them),
        cmocka_unit_test(a_flag_without_a_value_sets_what_its_row_says),
        cmocka_unit_test(what_is_wrong_is_named_and_escaped),
        cmocka_unit_test(of_letters_in_one_word_the_unknown_one_is_named),
        cmocka_unit_test(words_that_a_command_does_not_take_are_refused),
        cmocka_unit_test(a_size_is_two_numbers_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
