#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keys.h"
#include "settings_file.h"
#include "support/temp.h"

/* All findings, a line each. */
struct found {
    char text[4096];
};

static void
collect(void *arg, const char *text)
{
    struct found *found = arg;
    size_t used = strlen(found->text);

    snprintf(found->text + used, sizeof(found->text) - used, "%s\n", text);
}

static int
parse(struct settings *settings, const char *text, struct found *found)
{
    found->text[0] = 0;
    return settings_parse(settings, NULL, "console.ini", text, strlen(text), collect, found);
}

static void
each_line_sets_what_it_says(void **state)
{
    struct settings s;
    struct found found;

    (void)state;
    settings_defaults(&s);
    assert_int_equal(parse(&s,
                           "# mine\n\n[console]\ntheme = cvd\n  refresh=0.5\r\nbell = all\nmouse = on\n; more\n"
                           "on_alert = mail -s \"$LATTICE_ALERT_CODE\" ops = here\nlang = pt_BR\n[keys]\nzoom = W Ctrl-W F1\nquit =\n",
                           &found),
                     0);
    assert_string_equal(found.text, "");
    assert_int_equal(s.theme, THEME_CVD);
    assert_int_equal(s.refresh_ms, 500);
    assert_int_equal(s.bell, BELL_ALL);
    assert_true(s.mouse);
    assert_string_equal(s.on_alert, "mail -s \"$LATTICE_ALERT_CODE\" ops = here");
    assert_string_equal(s.lang, "pt_BR");
    assert_int_equal(keymap_action(&s.keymap, 'W'), ACTION_ZOOM);
    assert_int_equal(keymap_action(&s.keymap, KEYS_HELP), ACTION_ZOOM);
    assert_int_equal(keymap_key(&s.keymap, ACTION_QUIT, 0), 0);
}

static void
what_is_wrong_is_named_with_its_line_and_changes_nothing(void **state)
{
    struct settings s;
    struct found found;

    (void)state;
    settings_defaults(&s);
    s.theme = THEME_CONTRAST;
    assert_int_equal(parse(&s, "theme = pink\nsize = 3\njust words\nrefresh = 90\nmouse = maybe\n[keys]\nzoom = ab\nfly = x\nsort = u\n",
                           &found),
                     7);
    assert_non_null(strstr(found.text, "console.ini:1: theme = 'pink': use one of default, cvd, contrast, mono\n"));
    assert_non_null(strstr(found.text, "console.ini:2: 'size'"));
    assert_non_null(strstr(found.text, "console.ini:3: 'just words'"));
    assert_non_null(strstr(found.text, "console.ini:4: refresh = '90': seconds, 0 or 0.2 to 60\n"));
    assert_non_null(strstr(found.text, "console.ini:5: mouse"));
    assert_non_null(strstr(found.text, "console.ini:7: zoom: 'ab'"));
    assert_non_null(strstr(found.text, "console.ini:8: 'fly'"));
    assert_int_equal(s.theme, THEME_CONTRAST);
    assert_int_equal(keymap_action(&s.keymap, 'z'), ACTION_ZOOM);
    assert_int_equal(keymap_action(&s.keymap, 'u'), ACTION_SORT); /* what is right counts */
}

static void
an_action_that_loses_its_last_key_is_named(void **state)
{
    struct settings s;
    struct found found;

    (void)state;
    settings_defaults(&s);
    assert_int_equal(parse(&s, "[keys]\nfreeze = p\n", &found), 1);
    assert_non_null(strstr(found.text, "'p2p' has no key any more"));
    settings_defaults(&s);
    assert_int_equal(parse(&s, "[keys]\nfreeze = p\np2p =\n", &found), 0); /* that is meant */
    settings_defaults(&s);
    assert_int_equal(parse(&s, "[keys]\nfreeze = p\np2p = Space\n", &found), 0); /* or exchanged */
}

/* Read again: a line that is gone counts no more, one that is refused leaves what was. */
static void
a_second_reading_begins_from_the_defaults(void **state)
{
    static const char text[] = "theme = pink\nbell = all\n[keys]\nzoom = ab\n";
    struct settings former, s;
    struct found found = { "" };

    (void)state;
    settings_defaults(&former);
    former.theme = THEME_CONTRAST;
    former.mouse = true;
    assert_int_equal(parse(&former, "[keys]\nzoom = W\n", &found), 0);
    settings_defaults(&s);
    assert_int_equal(settings_parse(&s, &former, "console.ini", text, sizeof(text) - 1, collect, &found), 2);
    assert_int_equal(s.theme, THEME_CONTRAST);
    assert_int_equal(s.bell, BELL_ALL);
    assert_false(s.mouse);
    assert_int_equal(keymap_action(&s.keymap, 'W'), ACTION_ZOOM);
}

static void
hostile_lines_are_reported_without_harm(void **state)
{
    struct settings s;
    struct found found;
    char line[3000];

    (void)state;
    settings_defaults(&s);
    assert_int_equal(parse(&s, "\033]0;x\a = 1\n", &found), 1);
    assert_null(strchr(found.text, '\033'));
    memset(line, 'a', sizeof(line));
    line[sizeof(line) - 1] = 0;
    assert_int_equal(parse(&s, line, &found), 1);
    found.text[0] = 0;
    assert_int_equal(settings_parse(&s, NULL, "f", "a\0b", 3, collect, &found), 1);
    assert_int_equal(parse(&s, "[keys]\nzoom = a b c d e f g h i j k l m n o q r s t u\n", &found), 1);
}

static void
what_is_printed_reads_back_as_the_same(void **state)
{
    struct settings s, again;
    struct found found = { "" };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    settings_defaults(&s);
    assert_int_equal(parse(&s, "theme = mono\nrefresh = 2.5\ntime = local\nlang = en\n[keys]\nzoom = W\ncopy =\n", &found), 0);
    settings_print(&s, out);
    fclose(out);
    settings_defaults(&again);
    assert_int_equal(parse(&again, text, &found), 0);
    assert_string_equal(found.text, "");
    assert_int_equal(again.theme, s.theme);
    assert_int_equal(again.refresh_ms, s.refresh_ms);
    assert_int_equal(again.time, ZONE_LOCAL);
    for (int a = 1; a < ACTION_COUNT; a++)
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(keymap_key(&again.keymap, (enum action)a, i), keymap_key(&s.keymap, (enum action)a, i));
    free(text);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void
a_file_is_read_again_when_it_changes_and_the_command_line_wins(void **state)
{
    char path[512];
    struct settings_file file = { .path = path, .overrides = "bell = off\n" };
    struct found found = { "" };
    struct settings s;

    (void)state;
    snprintf(path, sizeof(path), "%s", temp_path("console.ini"));
    assert_true(settings_file_follow(&file, 1000, &s, collect, &found)); /* not there: the defaults */
    assert_int_equal(s.theme, THEME_DEFAULT);
    assert_int_equal(s.bell, BELL_OFF);
    write_file(path, "theme = mono\nbell = all\n", 0600);
    assert_false(settings_file_follow(&file, 1500, &s, collect, &found)); /* too soon for another look */
    assert_true(settings_file_follow(&file, 2500, &s, collect, &found));
    assert_int_equal(s.theme, THEME_MONO);
    assert_int_equal(s.bell, BELL_OFF);
    assert_false(settings_file_follow(&file, 3600, &s, collect, &found));
    write_file(path, "theme = pale\n", 0600);
    assert_true(settings_file_follow(&file, 4700, &s, collect, &found));
    assert_int_equal(s.theme, THEME_MONO); /* what was refused keeps its former value */
    assert_non_null(strstr(found.text, ":1: theme"));
    found.text[0] = 0;
    write_file(path, "theme = cvd\n# x\n", 0666);
    assert_true(settings_file_follow(&file, 5800, &s, collect, &found));
    assert_int_equal(s.theme, THEME_MONO);
    assert_non_null(strstr(found.text, "nobody else may write"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_sets_what_it_says),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line_and_changes_nothing),
        cmocka_unit_test(an_action_that_loses_its_last_key_is_named),
        cmocka_unit_test(a_second_reading_begins_from_the_defaults),
        cmocka_unit_test(hostile_lines_are_reported_without_harm),
        cmocka_unit_test(what_is_printed_reads_back_as_the_same),
        cmocka_unit_test(a_file_is_read_again_when_it_changes_and_the_command_line_wins),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
