/*
 * The built program on terminals of several kinds: every bound key is pressed, in every panel, and none of them takes the
 * console or its node down, leaves a torn screen or an unclean terminal. Needs LATTICE in the environment.
 */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keymap.h"
#include "keys.h"
#include "support/pty.h"
#include "support/temp.h"

#define KEY_MS 30

static const char *program;

/* Start the program with a node of its own; config: folder for console.ini. */
static void
start(struct pty *pty, const char *term, const char *locale, const char *config)
{
    static char dir[512];
    const char *command[] = { program, "--state-dir", dir,        "--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0",
                              "--name", "alpha",      NULL };
    const struct pty_options options = { .term = term, .locale = locale, .command = command };

    snprintf(dir, sizeof(dir), "%s", temp_path("node"));
    setenv("XDG_CONFIG_HOME", temp_path(config), 1);
    pty_start(pty, &options);
}

/* What a terminal sends for a key; false: one that ends or suspends the console. */
static bool
bytes_of(uint32_t key, char out[8])
{
    static const struct {
        uint32_t key;
        const char *bytes;
    } sequences[] = {
        { KEYS_ARROW_UP, "\033[A" },  { KEYS_ARROW_DOWN, "\033[B" }, { KEYS_ARROW_RIGHT, "\033[C" },
        { KEYS_ARROW_LEFT, "\033[D" }, { KEYS_PAGE_UP, "\033[5~" },   { KEYS_PAGE_DOWN, "\033[6~" },
        { KEYS_TO_HOME, "\033[H" },   { KEYS_TO_END, "\033[F" },     { KEYS_BACK_TAB, "\033[Z" },
        { KEYS_HELP, "\033OP" },
    };

    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        if (sequences[i].key == key) {
            snprintf(out, 8, "%s", sequences[i].bytes);
            return true;
        }
    snprintf(out, 8, "%c", (int)key);
    return key != 'q' && key != KEYS_CTRL_C && key != KEYS_CTRL_Z;
}

static void
assert_alive(struct pty *pty, const char *after)
{
    if (waitpid(pty->pid, &pty->status, WNOHANG) != 0)
        fail_msg("it has ended after '%s'", after);
}

/* Each key once; questions are answered with no, copies end with any key. */
static void
press_all(struct pty *pty)
{
    const struct keymap *map = keymap_default();
    char bytes[8], name[8];

    for (size_t i = 0; i < map->count; i++) {
        if (!bytes_of(map->list[i].key, bytes))
            continue;
        pty_type(pty, bytes);
        pty_pump(pty, KEY_MS);
        assert_alive(pty, key_name(map->list[i].key, name));
        if (map->list[i].action == ACTION_COPY || map->list[i].action == ACTION_FILTER ||
            map->list[i].action == ACTION_GO_TIME || map->list[i].action == ACTION_WRITE ||
            map->list[i].action == ACTION_FORCE_P2P || map->list[i].action == ACTION_FORCE_HTTP)
            pty_type(pty, "\033");
        pty_pump(pty, KEY_MS);
    }
}

static void
back_to_the_start(struct pty *pty)
{
    for (int i = 0; i < 8; i++) {
        pty_type(pty, "\033");
        pty_pump(pty, 60);
    }
    pty_type(pty, "=");
    pty_expect(pty, "LATTICE");
    pty_expect(pty, "LUNGS");
}

static void
press_every_key_on(const char *term, const char *locale)
{
    struct pty pty;

    start(&pty, term, locale, "none");
    pty_expect(&pty, "alpha");
    pty_expect(&pty, "STARTING");
    press_all(&pty);
    back_to_the_start(&pty);
    pty_resize(&pty, 40, 10);
    pty_pump(&pty, 100);
    press_all(&pty);
    pty_resize(&pty, 160, 48);
    back_to_the_start(&pty);
    pty_type(&pty, "q");
    pty_expect(&pty, "s stop");
    pty_type(&pty, "s");
    pty_expect_exit(&pty);
    assert_int_equal(pty.status, 0);
    assert_int_equal(pty.mouse, VTERM_PROP_MOUSE_NONE);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
every_key_does_no_harm_on_xterm(void **state)
{
    (void)state;
    press_every_key_on("xterm-256color", "C.UTF-8");
}

static void
every_key_does_no_harm_on_screen(void **state)
{
    (void)state;
    press_every_key_on("screen-256color", "C.UTF-8");
}

static void
every_key_does_no_harm_on_the_linux_console(void **state)
{
    (void)state;
    press_every_key_on("linux", "C");
}

static void
every_key_does_no_harm_on_a_vt100(void **state)
{
    (void)state;
    press_every_key_on("vt100", "C");
}

static void
a_dumb_terminal_gets_sentences(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, "dumb", "C", "none");
    pty_expect(&pty, "Node alpha, up");
    assert_false(pty.alternate);
    pty_type(&pty, "help\n");
    pty_expect(&pty, "Say one of:");
    pty_type(&pty, "quit\n");
    pty_expect(&pty, "Say: stop");
    pty_type(&pty, "stop\n");
    pty_expect_exit(&pty);
    assert_int_equal(pty.status, 0);
    pty_stop(&pty);
}

/* The default, that the node goes on, is tested from outside: tests/system/conduct. */
static void
a_lost_link_ends_the_node_where_that_is_wanted(void **state)
{
    struct pty pty;

    (void)state;
    assert_int_equal(mkdir(temp_path("config"), 0700), 0);
    assert_int_equal(mkdir(temp_path("config/lattice"), 0700), 0);
    temp_write("config/lattice/console.ini", "on_hangup = stop\n");
    assert_int_equal(chmod(temp_path("config/lattice/console.ini"), 0600), 0);
    start(&pty, "xterm-256color", "C.UTF-8", "config");
    pty_expect(&pty, "STARTING");
    close(pty.master);
    pty.master = -1;
    pty_expect_exit(&pty);
    assert_true(WIFEXITED(pty.status));
    pty_stop(&pty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_does_no_harm_on_xterm),
        cmocka_unit_test(every_key_does_no_harm_on_screen),
        cmocka_unit_test(every_key_does_no_harm_on_the_linux_console),
        cmocka_unit_test(every_key_does_no_harm_on_a_vt100),
        cmocka_unit_test(a_dumb_terminal_gets_sentences),
        cmocka_unit_test(a_lost_link_ends_the_node_where_that_is_wanted),
    };

    program = getenv("LATTICE");
    if (program == NULL || access(program, X_OK) != 0) {
        printf("skipped: LATTICE does not name the built program\n");
        return 77;
    }
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
