/* Sentences with places: written in any order, and read again from what was written. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "view/phrase.h"

static const struct phrase_words words = { .word = { "rio-2", "77be0d51", "4f1c9a03", "42" } };

static const char *
written(const char *pattern, char out[64])
{
    phrase_write(pattern, &words, out, 64);
    return out;
}

static void
places_are_filled_wherever_they_stand(void **state)
{
    char out[64];

    (void)state;
    assert_string_equal(written("{who}: root {what}, ours {why}", out), "rio-2: root 77be0d51, ours 4f1c9a03");
    assert_string_equal(written("{why}{n}{who}", out), "4f1c9a0342rio-2");
    assert_string_equal(written("{n} of {n}", out), "42 of 42");
    assert_string_equal(written("", out), "");
    assert_string_equal(written("nothing", out), "nothing");
}

static void
what_is_no_place_stays_as_it_stands(void **state)
{
    char out[64];

    (void)state;
    assert_string_equal(written("{whom} {} {n %s %n 100 % {", out), "{whom} {} {n %s %n 100 % {");
}

static void
a_text_that_is_too_long_is_cut(void **state)
{
    char out[8], one[1];

    (void)state;
    phrase_write("{who} diverges", &words, out, sizeof(out));
    assert_string_equal(out, "rio-2 d");
    phrase_write("{what}", &words, out, sizeof(out));
    assert_string_equal(out, "77be0d5");
    phrase_write("abcde\xc3\xa3\xc3\xa3x", &words, out, sizeof(out)); /* between two characters, and that is the end */
    assert_string_equal(out, "abcde\xc3\xa3");
    phrase_write("{what}", &words, one, sizeof(one));
    assert_string_equal(one, "");
}

static void
a_written_text_gives_its_words_back(void **state)
{
    struct phrase_words found;
    char out[64];

    (void)state;
    assert_true(phrase_read("{who} diverges: root {what}, ours {why}", written("{who} diverges: root {what}, ours {why}", out), &found));
    assert_string_equal(found.word[PHRASE_WHO], "rio-2");
    assert_string_equal(found.word[PHRASE_WHAT], "77be0d51");
    assert_string_equal(found.word[PHRASE_WHY], "4f1c9a03");
    assert_string_equal(found.word[PHRASE_N], "");
    assert_true(phrase_read("{who}: {why}", "http://10.1.0.1:80: a: b", &found)); /* the first word is as short as it can be */
    assert_string_equal(found.word[PHRASE_WHO], "http://10.1.0.1:80");
    assert_string_equal(found.word[PHRASE_WHY], "a: b");
    assert_true(phrase_read("first {who}..)", "first ab..) c..)", &found)); /* what ends the pattern ends the text */
    assert_string_equal(found.word[PHRASE_WHO], "ab..) c");
}

static void
another_text_is_not_read(void **state)
{
    struct phrase_words found = { .word = { "kept" } };
    char longer[2 * PHRASE_WORD_MAX];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    assert_false(phrase_read("no peers", "no peers over P2P", &found));
    assert_false(phrase_read("no peers over P2P", "no peers", &found));
    assert_false(phrase_read("{n} s", "x s", &found));
    assert_false(phrase_read("{n} s", " s", &found));
    assert_false(phrase_read("{n} s", "12x s", &found));
    assert_false(phrase_read("{who} is", "nobody was", &found));
    assert_false(phrase_read("{who}", "", &found));
    assert_false(phrase_read("{who}", longer, &found));
    assert_string_equal(found.word[PHRASE_WHO], "kept");
    assert_true(phrase_read("", "", &found));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_filled_wherever_they_stand), cmocka_unit_test(what_is_no_place_stays_as_it_stands),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),        cmocka_unit_test(a_written_text_gives_its_words_back),
        cmocka_unit_test(another_text_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
