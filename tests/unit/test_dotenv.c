#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dotenv.h"

/* What a file of one assignment to A gives; the expected values are those of python-dotenv 1.2. */
static const struct {
    const char *text, *value;
} values[] = {
    { "A=b", "b" },
    { "A=b # c\n", "b" },
    { "A=b#c\n", "b#c" },
    { "A= #c\n", "#c" },
    { "A=\tx\t#c\n", "x" },
    { "A=a b  c  \n", "a b  c" },
    { "  export  A = 1 \n", "1" },
    { "A==1\n", "=1" },
    { "A=\n", "" },
    { "A=''\n", "" },
    { "A='x' # c\n", "x" },
    { "A='a\\'b\\\\c\\n'\n", "a'b\\c\\n" },
    { "A=\"a\\nb\\\"\\t\\z\\\\\"\n", "a\nb\"\t\\z\\" },
    { "A=\"C:\\dir\\\"\n", "C:\\dir\\" },
    { "A='one\r\ntwo'\r\n", "one\r\ntwo" },
    { "'A'=1\n", "1" },
    { "A=1\r\n\r\n", "1" },
    { "A=1\r", "1" },
    { "\xef\xbb\xbf"
      "A=1\n",
      "1" },
    { "# A=0\n\n#\nA=1#\n", "1#" },
    { "A=1\nA=2\nB=A\n", "2" },
    { "B=x\nA=${B}-${B}\n", "x-x" },
    { "B=x\nA='${B}'\n", "x" },
    { "A=${NOPE:-d}|${NOPE}|${NOPE:-}\n", "d||" },
    { "B=\nA=${B:-d}\n", "" },
    { "A=${HOME}/x\n", "/home/op/x" },
    { "HOME=/mine\nA=${HOME}\n", "/mine" },
    { "A=${B\n", "${B" },
    { "A=${B:d} $B $\n", "${B:d} $B $" },
    { "A=a\nA=${A}${A}\n", "aa" },
    { "A=x\\ny\n", "x\\ny" },
    { "A=gr\xc3\xbc\xc3\x9f\n", "gr\xc3\xbc\xc3\x9f" },
};

static const char *
home_only(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "HOME") == 0 ? "/home/op" : NULL;
}

static enum lat_err
parse(const char *text, struct dotenv *env, struct lat_msg *why)
{
    return dotenv_parse(text, strlen(text), home_only, NULL, env, why);
}

static void
values_are_read_as_python_dotenv_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct dotenv env;
        const struct dotenv_entry *entry;

        assert_int_equal(parse(values[i].text, &env, NULL), LAT_OK);
        entry = dotenv_find(&env, "A");
        assert_non_null(entry);
        assert_string_equal(entry->value, values[i].value);
        dotenv_fini(&env);
    }
}

static void
entries_keep_their_order_and_lines(void **state)
{
    struct dotenv env;

    (void)state;
    assert_int_equal(parse("# one\r\nA='x\n\ny'\n\nB\nA=2", &env, NULL), LAT_OK);
    assert_int_equal(env.count, 3);
    assert_string_equal(env.entries[0].name, "A");
    assert_int_equal(env.entries[0].line, 2);
    assert_string_equal(env.entries[1].name, "B");
    assert_null(env.entries[1].value);
    assert_int_equal(env.entries[1].line, 6);
    assert_int_equal(dotenv_find(&env, "A")->line, 7);
    assert_null(dotenv_find(&env, "C"));
    dotenv_fini(&env);
    assert_int_equal(env.count, 0);
}

static void
what_cannot_be_read_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *line;
    } bad[] = {
        { "A=1\n=x\n", "line 2: " },
        { "A B=1\n", "line 1: " },
        { "\n\nA='x'y\n", "line 3: " },
        { "A=\"x\nB=1\n", "line 1: " },
        { "A=1\rB='x\nC=2\n", "line 2: " },
        { "'A=1\n'", "line 1: " },
        { "A=1\n'", "line 2: " },
        { "A=1\nexport ", "line 2: " },
        { "export =1\n", "line 1: " },
        { "A=1\nB=\xff\n", "line 2: " },
        { "A=1\r\nB=2\r\nC\xc2\xa0=3\n", "line 3: " },
        { "A\"=1\n", "line 1: " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lat_msg why = { "" };
        struct dotenv env = { .count = 7 };

        assert_int_equal(parse(bad[i].text, &env, &why), LAT_MALFORMED);
        assert_memory_equal(why.text, bad[i].line, strlen(bad[i].line));
        assert_int_equal(env.count, 7); /* outputs untouched on error */
    }
}

static void
a_zero_byte_is_refused(void **state)
{
    struct lat_msg why = { "" };
    struct dotenv env;

    (void)state;
    assert_int_equal(dotenv_parse("A=1\nB=\0", 7, NULL, NULL, &env, &why), LAT_MALFORMED);
    assert_memory_equal(why.text, "line 2: ", 8);
}

static void
sizes_are_limited(void **state)
{
    size_t len = DOTENV_SIZE_MAX + 1;
    char *text = malloc(len);
    struct lat_msg why = { "" };
    struct dotenv env;

    (void)state;
    assert_non_null(text);
    memset(text, '#', len);
    assert_int_equal(dotenv_parse(text, len, NULL, NULL, &env, &why), LAT_LIMIT);
    assert_non_null(strstr(why.text, "too large"));
    assert_int_equal(dotenv_parse(text, len - 1, NULL, NULL, &env, &why), LAT_OK);
    dotenv_fini(&env);
    for (size_t i = 0; i + 1 < 2 * (DOTENV_ENTRIES_MAX + 1); i += 2)
        memcpy(text + i, "A\n", 2);
    assert_int_equal(dotenv_parse(text, 2 * (DOTENV_ENTRIES_MAX + 1), NULL, NULL, &env, &why), LAT_LIMIT);
    assert_int_equal(dotenv_parse(text, 2 * DOTENV_ENTRIES_MAX, NULL, NULL, &env, &why), LAT_OK);
    dotenv_fini(&env);
    free(text);
}

static void
doubling_by_references_ends_at_a_limit(void **state)
{
    char text[4096] = "A=0123456789abcdef\n";
    struct dotenv env;

    (void)state;
    for (int i = 0; i < 40; i++)
        strcat(text, "A=${A}${A}\n");
    assert_int_equal(parse(text, &env, NULL), LAT_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_as_python_dotenv_does),
        cmocka_unit_test(entries_keep_their_order_and_lines),
        cmocka_unit_test(what_cannot_be_read_is_named_with_its_line),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(doubling_by_references_ends_at_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
