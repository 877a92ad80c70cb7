/* test_fleet_file.c - the nodes of --fleet FILE. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/fleet_file.h"

static struct fleet_entries entries;

static void
each_section_is_a_node(void **state)
{
    static const char text[] = "# nodes\n\n[ porto-1 ]\r\ntarget = ssh://ops@porto-1?api=127.0.0.1:8001\n tags=north, big \nreadonly = yes\nconfirm=on\n"
                               "[here]\n; x\ntarget=local";
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(fleet_file_parse(text, sizeof(text) - 1, &entries, &why), LAT_OK);
    assert_int_equal(entries.count, 2);
    assert_string_equal(entries.list[0].name, "porto-1");
    assert_string_equal(entries.list[0].target, "ssh://ops@porto-1?api=127.0.0.1:8001");
    assert_string_equal(entries.list[0].tags, "north, big");
    assert_true(entries.list[0].readonly);
    assert_true(entries.list[0].confirm);
    assert_false(entries.list[1].readonly);
    assert_false(entries.list[1].confirm);
}

static void
what_cannot_be_read_is_named_by_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "target = x\n", "line 1: before the first" },  { "[a]\nnonsense\n", "line 2: neither" },
        { "[a]\ntarget=x\n[a]\n", "line 3: this name" }, { "[a]\ncolour = red\n", "line 2: known names" },
        { "[a]\nreadonly = perhaps", "line 2: the value is yes or no" }, { "[a\n", "line 1: a section" },
        { "[a]\n", "[a] has no target" },               { "# nothing\n", "no node in it" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lat_msg why = { "" };

        assert_int_equal(fleet_file_parse(cases[i].text, strlen(cases[i].text), &entries, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, cases[i].says));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_section_is_a_node),
        cmocka_unit_test(what_cannot_be_read_is_named_by_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
