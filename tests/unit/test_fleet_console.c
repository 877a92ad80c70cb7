/* The loop of the view of many nodes on a pseudo-terminal: a new alarm of any node rings once, and the operator's command gets its name. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "console.h"
#include "support/fake_node.h"
#include "support/pty.h"
#include "support/temp.h"

#define TURN 10 /* the second node is isolated from this snapshot on */

static struct fake_node east, west;

static void
fall_alone(unsigned turn)
{
    if (turn == TURN)
        west.state = LUNG_ISOLATED;
}

static int
child(void)
{
    struct console_options options = { .config_path = getenv("CONSOLE_INI") };
    struct lat_log_options log = { .path = "/dev/null", .level = LAT_WARNING };
    struct fleet_node nodes[2] = { { .name = "east", .tags = "" }, { .name = "west", .tags = "" } };
    struct fleet fleet = { .count = 2, .nodes = nodes };
    enum console_end end;

    setlocale(LC_CTYPE, "");
    if (lat_log_open(&log))
        return 1;
    fake_node_start(&east, LUNG_P2P, 100, NULL);
    fake_node_start(&west, LUNG_P2P, 100, fall_alone);
    nodes[0].source = east.source;
    nodes[1].source = west.source;
    nodes[0].source.embedded = nodes[1].source.embedded = false;
    end = console_run_fleet(&options, &fleet);
    fake_node_stop(&east);
    fake_node_stop(&west);
    dprintf(3, "end=%d", (int)end);
    return 0;
}

/* All that the command has written; "" before it ran. */
static const char *
heard(void)
{
    static char text[512];
    FILE *in = fopen(temp_path("heard"), "r");
    size_t len = in ? fread(text, 1, sizeof(text) - 1, in) : 0;

    if (in)
        fclose(in);
    text[len] = 0;
    return text;
}

static void
a_new_alarm_of_any_node_rings_once_with_its_name(void **state)
{
    char ini[700], path[512];
    struct pty pty;

    (void)state;
    snprintf(path, sizeof(path), "%s", temp_path("console.ini"));
    snprintf(ini, sizeof(ini), "on_alert = echo \"$LATTICE_ALERT_CODE $LATTICE_ALERT_NODE\" >> %s\n[keys]\nhelp = H\n", temp_path("heard"));
    temp_write("console.ini", ini);
    setenv("CONSOLE_INI", path, 1);
    pty_start(&pty, &(struct pty_options){ .args = { "x" } });
    pty_expect(&pty, "2 nodes, 2 live");
    pty_expect(&pty, "H help");
    pty_expect(&pty, "ISOLATED");
    for (int i = 0; i < 50 && heard()[0] == 0; i++)
        pty_pump(&pty, 100);
    pty_pump(&pty, 1000);
    assert_string_equal(heard(), "F3 west\n");
    pty_type(&pty, "H");
    pty_expect(&pty, "HELP");
    pty_type(&pty, "H");
    pty_type(&pty, "c");
    pty_pump(&pty, 300);
    assert_false(pty.alternate);
    pty_type(&pty, " ");
    pty_expect(&pty, "H help");
    pty_type(&pty, "q");
    pty_expect_exit(&pty);
    assert_non_null(strstr(pty.report, "end=1")); /* CONSOLE_QUIT_LEAVE */
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_alarm_of_any_node_rings_once_with_its_name),
    };

    if (argc > 1 && strcmp(argv[1], "child") == 0)
        return child();
    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
