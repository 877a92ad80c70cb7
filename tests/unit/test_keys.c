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
    feed("\033[24;5~\033[?1;2c\033[<3;10;10Mx\033OQy");
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
every_action_has_a_key_and_help(void **state)
{
    (void)state;
    for (int a = 1; a < ACTION_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);
        uint32_t key = keymap_key(keymap_default(), (enum action)a, 0);

        assert_int_not_equal(key, 0);
        assert_int_equal(keymap_action(keymap_default(), key), a);
        assert_non_null(info->help);
    }
    assert_int_equal(keymap_action(keymap_default(), 'W'), ACTION_NONE);
}

static void
no_key_is_bound_twice(void **state)
{
    (void)state;
    for (int a = 1; a < ACTION_COUNT; a++) {
        uint32_t key;

        for (size_t i = 0; (key = keymap_key(keymap_default(), (enum action)a, i)) != 0; i++)
            assert_int_equal(keymap_action(keymap_default(), key), a);
    }
}

static void
a_key_bound_anew_leaves_what_it_did(void **state)
{
    static const uint32_t wanted[] = { 'w', 'p' };
    struct keymap map = *keymap_default();

    (void)state;
    assert_int_equal(keymap_bind(&map, ACTION_ZOOM, wanted, 2), LAT_OK);
    assert_int_equal(keymap_action(&map, 'w'), ACTION_ZOOM);
    assert_int_equal(keymap_action(&map, 'p'), ACTION_ZOOM);
    assert_int_equal(keymap_action(&map, 'z'), ACTION_NONE);
    assert_int_equal(keymap_key(&map, ACTION_FORCE_P2P, 0), 0);
    assert_int_equal(keymap_key(&map, ACTION_ZOOM, 0), 'w');
    assert_int_equal(keymap_bind(&map, ACTION_ZOOM, NULL, 0), LAT_OK);
    assert_int_equal(keymap_action(&map, 'w'), ACTION_NONE);
}

static void
names_of_keys_read_back(void **state)
{
    char buf[8];
    const struct keymap *map = keymap_default();

    (void)state;
    for (size_t i = 0; i < map->count; i++)
        assert_int_equal(key_parse(key_name(map->list[i].key, buf)), map->list[i].key);
    assert_int_equal(key_parse("ctrl-a"), 1);
    assert_int_equal(key_parse("\xc3\xa9"), 0xe9);
    assert_int_equal(key_parse(""), 0);
    assert_int_equal(key_parse("ab"), 0);
    assert_int_equal(key_parse("\x1b"), 0);
}

static void
a_mouse_says_where(void **state)
{
    struct keys in = { 0 };
    struct key_press got;

    (void)state;
    keys_feed(&in, "\033[<0;5;7M\033[<0;5;7m\033[<65;80;24M\033[<35;1;1M\033[<0;0;1M\033[<0;1Mz", 57);
    assert_true(keys_next(&in, false, &got));
    assert_int_equal(got.key, KEYS_MOUSE);
    assert_int_equal(got.mouse, MOUSE_CLICK);
    assert_int_equal(got.x, 4);
    assert_int_equal(got.y, 6);
    assert_true(keys_next(&in, false, &got));
    assert_int_equal(got.mouse, MOUSE_WHEEL_DOWN);
    assert_int_equal(got.x, 79);
    assert_true(keys_next(&in, false, &got)); /* movement, column 0 and a broken report are passed over */
    assert_int_equal(got.key, 'z');
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
        cmocka_unit_test(every_action_has_a_key_and_help),
        cmocka_unit_test(no_key_is_bound_twice),
        cmocka_unit_test(a_key_bound_anew_leaves_what_it_did),
        cmocka_unit_test(names_of_keys_read_back),
        cmocka_unit_test(a_mouse_says_where),
        cmocka_unit_test(keys_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
