#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keymap.h"
#include "keys.h"

static struct keys keys;
static struct key_press press;

static int
forget(void **state)
{
    (void)state;
    memset(&keys, 0, sizeof(keys));
    return 0;
}

static void
feed(const char *bytes)
{
    keys_feed(&keys, bytes, strlen(bytes));
}

static uint32_t
next(bool late)
{
    return keys_next(&keys, late, &press) ? press.key : 0;
}

static void
sequences_of_all_terminals_are_the_same_keys(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t key;
    } cases[] = {
        { "\033[A", KEYS_ARROW_UP },   { "\033OA", KEYS_ARROW_UP }, { "\033[1;5B", KEYS_ARROW_DOWN },
        { "\033[H", KEYS_TO_HOME },    { "\033[1~", KEYS_TO_HOME }, { "\033[7~", KEYS_TO_HOME },
        { "\033OF", KEYS_TO_END },     { "\033[4~", KEYS_TO_END },  { "\033[5~", KEYS_PAGE_UP },
        { "\033[6~", KEYS_PAGE_DOWN }, { "\033[Z", KEYS_BACK_TAB }, { "\033OP", KEYS_HELP },
        { "\033[[A", KEYS_HELP },      { "\033[11~", KEYS_HELP },   { "\t", KEYS_TAB },
        { "\r", KEYS_ENTER },          { "\n", KEYS_ENTER },        { "\b", KEYS_RUBOUT },
        { "\177", KEYS_RUBOUT },       { "\xc3\xa9", 0xe9 },        { "\xf0\x9f\x8c\xb1", 0x1f331 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        forget(state);
        feed(cases[i].bytes);
        assert_int_equal(next(false), cases[i].key);
        assert_int_equal(next(true), 0);
    }
}

static void
a_sequence_may_come_byte_by_byte(void **state)
{
    (void)state;
    feed("\033");
    assert_int_equal(next(false), 0);
    assert_true(keys_undecided(&keys));
    feed("[");
    assert_int_equal(next(false), 0);
    feed("6");
    assert_int_equal(next(false), 0);
    feed("~");
    assert_int_equal(next(false), KEYS_PAGE_DOWN);
    assert_false(keys_undecided(&keys));
}

static void
a_lone_escape_is_decided_by_time(void **state)
{
    (void)state;
    feed("\033");
    assert_int_equal(next(false), 0);
    assert_int_equal(next(true), KEYS_ESC);
    feed("\033q"); /* typed fast */
    assert_int_equal(next(false), KEYS_ESC);
    assert_int_equal(next(false), 'q');
}

static void
unknown_sequences_are_swallowed_whole(void **state)
{
    (void)state;
    feed("\033[24;5~\033[?1;2c\033[<0;10;10Mx\033OQy");
    assert_int_equal(next(false), 'x');
    assert_int_equal(next(false), 'y');
    assert_int_equal(next(true), 0);
}

static void
noise_does_not_hang_or_run_over(void **state)
{
    char noise[8192];
    int count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * 37 + i / 7);
    keys_feed(&keys, noise, sizeof(noise));
    while (keys_next(&keys, true, &press))
        assert_true(++count < 8192);
    assert_false(keys_undecided(&keys));
    feed("\033[111111111111111111111111111111111111111111111111");
    while (keys_next(&keys, false, &press))
        continue;
    feed("~");
    while (keys_next(&keys, true, &press))
        continue;
    feed("q");
    assert_int_equal(next(false), 'q');
}

static void
pasted_text_is_marked(void **state)
{
    (void)state;
    feed("a\033[200~h\033[201~b");
    assert_int_equal(next(false), 'a');
    assert_false(press.pasted);
    assert_int_equal(next(false), 'h');
    assert_true(press.pasted);
    assert_int_equal(next(false), 'b');
    assert_false(press.pasted);
}

static void
every_action_has_a_key_and_help_and_every_caption_a_rank_of_its_own(void **state)
{
    int ranks[ACTION_COUNT + 1] = { 0 };

    (void)state;
    for (int a = 1; a < ACTION_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);
        uint32_t key = keymap_key((enum action)a, 0);

        assert_int_not_equal(key, 0);
        assert_int_equal(keymap_action(key), a);
        assert_non_null(info->help);
        if (info->caption) {
            assert_in_range(info->rank, 1, ACTION_COUNT);
            assert_int_equal(ranks[info->rank]++, 0);
        }
    }
    assert_int_equal(keymap_action('w'), ACTION_NONE);
}

static void
no_key_is_bound_twice(void **state)
{
    (void)state;
    for (int a = 1; a < ACTION_COUNT; a++) {
        uint32_t key;

        for (size_t i = 0; (key = keymap_key((enum action)a, i)) != 0; i++)
            assert_int_equal(keymap_action(key), a);
    }
}

static void
keys_have_names(void **state)
{
    char buf[8];

    (void)state;
    assert_string_equal(key_name('p', buf), "p");
    assert_string_equal(key_name(' ', buf), "Space");
    assert_string_equal(key_name(KEYS_CTRL_L, buf), "Ctrl-L");
    assert_string_equal(key_name(KEYS_BACK_TAB, buf), "Shift-Tab");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sequences_of_all_terminals_are_the_same_keys, forget),
        cmocka_unit_test_setup(a_sequence_may_come_byte_by_byte, forget),
        cmocka_unit_test_setup(a_lone_escape_is_decided_by_time, forget),
        cmocka_unit_test_setup(unknown_sequences_are_swallowed_whole, forget),
        cmocka_unit_test_setup(noise_does_not_hang_or_run_over, forget),
        cmocka_unit_test_setup(pasted_text_is_marked, forget),
        cmocka_unit_test(every_action_has_a_key_and_help_and_every_caption_a_rank_of_its_own),
        cmocka_unit_test(no_key_is_bound_twice),
        cmocka_unit_test(keys_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
