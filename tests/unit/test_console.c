/*
 * The console on a terminal: this program runs itself as "child" behind a pseudo-terminal, with a node that
 * is not real, and looks at the screen through a terminal emulator.
 *
 * By hand: build/tests/unit/test_console child STARTING
 */
#include "config.h"

#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "console.h"
#include "support/fake_node.h"
#include "support/pty.h"
#include "term.h"

/* curses keeps a record of a terminal type that it does not know. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__tsan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:new_prescr\n";
}

const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}

/* What a signal does to the terminal is under test here, so ThreadSanitizer must leave it to the console. */
const char *
__tsan_default_options(void)
{
    return "handle_segv=0";
}

/* --- the child ------------------------------------------------------------------------------------------ */

static void
crash_in_another_thread(unsigned turn)
{
    if (turn == 5) {
        fprintf(stderr, "last words\n");
        pthread_kill(pthread_self(), SIGSEGV);
    }
}

static void
litter_stderr(unsigned turn)
{
    if (turn == 3)
        fprintf(stderr, "a stray \033[31mline\n");
}

static int
child(int argc, char **argv)
{
    struct console_options options = { .config_path = getenv("CONSOLE_INI") };
    struct lat_log_options log = { .path = "/dev/null", .level = LAT_WARNING };
    enum lung_state state = LUNG_COUNTDOWN;
    const char *extra = argc > 3 ? argv[3] : "";
    struct fake_node node;
    enum console_end end;
    struct term_stats stats;
    unsigned period = strcmp(extra, "fast") == 0 ? 20 : strcmp(extra, "steady") == 0 ? 1000 : 100;

    setlocale(LC_CTYPE, "");
    if (argc > 2 && lung_state_parse(argv[2], &state))
        return 64;
    if (lat_log_open(&log))
        return 1;
    fake_node_start(&node, state, period,
                    strcmp(extra, "crash") == 0    ? crash_in_another_thread
                    : strcmp(extra, "litter") == 0 ? litter_stderr
                                                   : NULL);
    node.source.control = strcmp(extra, "readonly") != 0;
    node.source.embedded = node.source.control;
    end = console_run(&options, &node.source);
    fake_node_stop(&node);
    stats = term_stats();
    dprintf(3, "end=%d frames=%llu writes=%llu bytes=%llu stalls=%llu", (int)end,
            (unsigned long long)stats.frames, (unsigned long long)stats.writes,
            (unsigned long long)stats.bytes, (unsigned long long)stats.stalls);
    return 0;
}

/* --- the tests ------------------------------------------------------------------------------------------ */

static const struct pty_options plain_options = { .args = { "COUNTDOWN" } };

static void
start(struct pty *pty, const struct pty_options *options)
{
    pty_start(pty, options);
    pty_expect(pty, "LATTICE");
    pty_expect(pty, "porto-1");
}

static int
report_value(const struct pty *pty, const char *name)
{
    const char *at = strstr(pty->report, name);

    if (at == NULL)
        fail_msg("no %s in \"%s\" (status %x)", name, pty->report, pty->status);
    return atoi(at + strlen(name) + 1);
}

static void
assert_end(struct pty *pty, enum console_end end)
{
    pty_expect_exit(pty);
    assert_int_equal(pty->status, 0);
    assert_int_equal(report_value(pty, "end"), end);
}

static void
it_draws_the_screen_and_leaves_it_clean(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    assert_true(pty.alternate);
    assert_false(pty.cursor_visible);
    pty_expect(&pty, "NO PEERS");
    pty_expect(&pty, "FALLBACK");
    pty_expect(&pty, "q quit");
    pty_type(&pty, "q");
    pty_expect(&pty, "Node is running.");
    pty_type(&pty, "l");
    assert_end(&pty, CONSOLE_QUIT_LEAVE);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
s_in_the_quit_bar_asks_for_the_node_to_be_stopped(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "q");
    pty_expect(&pty, "s stop");
    pty_type(&pty, "s");
    assert_end(&pty, CONSOLE_QUIT_STOP);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
forcing_asks_first_and_t_forces_for_ten_minutes(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "h");
    pty_expect(&pty, "Force HTTP on lisbon-1?");
    pty_type(&pty, "h"); /* the key itself never confirms */
    pty_expect(&pty, "q quit");
    assert_false(pty_shows(&pty, "done"));
    pty_type(&pty, "h");
    pty_expect(&pty, "Force HTTP");
    pty_type(&pty, "t");
    pty_expect(&pty, "done: http for 600 by console uid");
    pty_expect(&pty, "HTTP forced");
    pty_type(&pty, "a");
    pty_expect(&pty, "done: auto for 0");
    pty_expect(&pty, "AUTO: HTTP");
    pty_stop(&pty);
}

static void
a_read_only_console_switches_nothing(void **state)
{
    static const struct pty_options options = { .args = { "COUNTDOWN", "readonly" } };
    struct pty pty;

    (void)state;
    start(&pty, &options);
    pty_type(&pty, "p");
    pty_expect(&pty, "read-only session");
    pty_type(&pty, "q"); /* nothing to ask about */
    assert_end(&pty, CONSOLE_QUIT_LEAVE);
    pty_stop(&pty);
}

static void
pasted_text_is_no_command(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "\033[200~hyq\033[201~?");
    pty_expect(&pty, "HELP");
    assert_false(pty_shows(&pty, "done"));
    pty_stop(&pty);
}

static void
keys_of_the_cursor_block_move_and_esc_closes(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_expect(&pty, ">porto-1");
    pty_type(&pty, "\033[B");
    pty_expect(&pty, ">madrid-3");
    pty_type(&pty, "\033OB");
    pty_expect(&pty, ">rio-2");
    pty_type(&pty, "\033[H");
    pty_expect(&pty, ">porto-1");
    pty_type(&pty, "?");
    pty_expect(&pty, "HELP");
    pty_type(&pty, "\033");
    pty_expect(&pty, "FALLBACK");
    pty_stop(&pty);
}

static void
brackets_show_the_past_and_the_equals_sign_comes_back(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "[");
    pty_expect(&pty, "THEN 13:03:27 (-01:00:0");
    pty_expect(&pty, "AUTO: HTTP");
    pty_type(&pty, "h");
    pty_expect(&pty, "this is the past");
    pty_type(&pty, "{");
    pty_expect(&pty, "nothing earlier is kept");
    pty_type(&pty, "=");
    pty_expect(&pty, "AUTO: NO PEERS");
    assert_false(pty_shows(&pty, "THEN"));
    pty_stop(&pty);
}

static void
a_copy_leaves_the_screen_until_a_key_comes(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "6c");
    for (int i = 0; i < 100 && pty.alternate; i++)
        pty_pump(&pty, 20);
    pty_expect(&pty, "7 lines");
    assert_false(pty.alternate); /* what stands there can be selected and scrolled */
    assert_false(pty_shows(&pty, "q quit"));
    pty_type(&pty, "q"); /* any key: it does nothing else */
    pty_expect(&pty, "q quit");
    assert_true(pty.alternate);
    pty_type(&pty, "\rcq");
    pty_expect(&pty, "SELECTED LINE");
    pty_type(&pty, "\033qs");
    assert_end(&pty, CONSOLE_QUIT_STOP);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

/* The events that pass the filter, whole, into a file that was not there; a second time it is not touched. */
static void
a_panel_is_written_into_a_new_file(void **state)
{
    char path[] = "/tmp/lattice-console-XXXXXX", typed[128], line[512];
    struct pty pty;
    FILE *file;
    int fd = mkstemp(path), lines = 0;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    start(&pty, &plain_options);
    pty_type(&pty, "6/rio\rw");
    pty_expect(&pty, "Write to a new file: lattice-events-");
    snprintf(typed, sizeof(typed), "\x15%s\r", path);
    pty_type(&pty, typed);
    pty_expect(&pty, "2 lines written to");
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        assert_non_null(strstr(line, "rio-2"));
        assert_int_equal(line[4], '-');
        lines++;
    }
    fclose(file);
    assert_int_equal(lines, 2);
    snprintf(typed, sizeof(typed), "w\x15%s\r", path);
    pty_type(&pty, typed);
    pty_expect(&pty, "is there already, nothing was written");
    pty_type(&pty, "w\x15/nowhere/at/all\r");
    pty_expect(&pty, "give another name");
    unlink(path);
    pty_stop(&pty);
}

static void
a_mouse_is_taken_on_request_and_given_back(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    assert_int_equal(pty.mouse, VTERM_PROP_MOUSE_NONE);
    pty_type(&pty, "m");
    pty_expect(&pty, "mouse on");
    pty_pump(&pty, 200);
    assert_int_equal(pty.mouse, VTERM_PROP_MOUSE_CLICK);
    pty_type(&pty, "\033[<0;5;11M");
    pty_expect(&pty, ">madrid-3");
    pty_type(&pty, "\033[<65;5;11M");
    pty_expect(&pty, ">rio-2");
    kill(pty.pid, SIGTERM);
    assert_end(&pty, CONSOLE_SIGTERM);
    assert_int_equal(pty.mouse, VTERM_PROP_MOUSE_NONE);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
write_settings(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void
settings_are_read_again_while_it_runs(void **state)
{
    char path[] = "/tmp/lattice-console-XXXXXX";
    int fd = mkstemp(path);
    struct pty pty;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    write_settings(path, "captions = on\n[keys]\nzoom = w\n");
    setenv("CONSOLE_INI", path, 1);
    start(&pty, &plain_options);
    unsetenv("CONSOLE_INI");
    pty_expect(&pty, "Nobody answers on the peer-to-peer network.");
    pty_expect(&pty, "w zoom");
    write_settings(path, "captions = perhaps\nprivacy = on\n");
    pty_expect(&pty, ":1: captions = 'perhaps'");
    pty_type(&pty, "\r");
    pty_expect(&pty, "url-1"); /* the rest of the file counts */
    unlink(path);
    pty_stop(&pty);
}

static void
a_filter_is_typed_refused_and_shown(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "6/level>=loud\r");
    pty_expect(&pty, "no level");
    assert_true(pty.cursor_visible);
    pty_type(&pty, "\025level>=error\r");
    pty_expect(&pty, "/level>=error");
    assert_false(pty_shows(&pty, "usable again"));
    pty_type(&pty, "\033");
    pty_expect(&pty, "usable again");
    pty_stop(&pty);
}

static void
freezing_holds_the_picture(void **state)
{
    struct pty pty;
    char before[256];

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, " ");
    pty_expect(&pty, "FROZEN 00:00");
    snprintf(before, sizeof(before), "%s", pty_row(&pty, 6));
    pty_expect(&pty, "FROZEN 00:01");
    assert_string_equal(pty_row(&pty, 6), before);
    pty_type(&pty, " ");
    pty_expect(&pty, "[embedded]");
    pty_stop(&pty);
}

static void
every_signal_leaves_a_clean_terminal(void **state)
{
    static const struct {
        int signo;
        bool deadly;
        enum console_end end;
    } cases[] = {
        { SIGTERM, false, CONSOLE_SIGTERM },
        { SIGHUP, false, CONSOLE_HANGUP },
        { SIGQUIT, true, 0 },
        { SIGSEGV, true, 0 },
        { SIGABRT, true, 0 },
        { SIGBUS, true, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pty pty;

        start(&pty, &plain_options);
        kill(pty.pid, cases[i].signo);
        if (cases[i].deadly) {
            pty_expect_exit(&pty);
            assert_true(WIFSIGNALED(pty.status));
            assert_int_equal(WTERMSIG(pty.status), cases[i].signo);
            assert_true(pty_shows(&pty, "died of signal"));
        } else
            assert_end(&pty, cases[i].end);
        pty_assert_clean(&pty);
        pty_stop(&pty);
    }
}

static void
an_interrupt_asks_and_a_second_one_stops(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "\003");
    pty_expect(&pty, "Node is running.");
    kill(pty.pid, SIGINT);
    assert_end(&pty, CONSOLE_QUIT_STOP);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
a_crash_in_another_thread_leaves_a_clean_terminal_and_its_last_words(void **state)
{
    static const struct pty_options options = { .args = { "COUNTDOWN", "crash" } };
    struct pty pty;

    (void)state;
    pty_start(&pty, &options);
    pty_expect_exit(&pty);
    assert_true(WIFSIGNALED(pty.status));
    pty_assert_clean(&pty);
    assert_true(pty_shows(&pty, "last words"));
    pty_stop(&pty);
}

static void
ctrl_z_gives_the_terminal_back_and_fg_paints_anew(void **state)
{
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    pty_type(&pty, "\032");
    pty_expect_stop(&pty);
    pty_assert_clean(&pty);
    kill(pty.pid, SIGCONT);
    pty_pump(&pty, 300);
    assert_true(pty.alternate);
    pty_expect(&pty, "porto-1");
    pty_type(&pty, "ql");
    assert_end(&pty, CONSOLE_QUIT_LEAVE);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

static void
a_stop_from_outside_is_repaired_when_continued(void **state)
{
    struct pty pty;
    struct termios cooked;

    (void)state;
    start(&pty, &plain_options);
    kill(pty.pid, SIGSTOP);
    pty_expect_stop(&pty);
    cooked = pty.before; /* what a shell does meanwhile */
    assert_int_equal(tcsetattr(pty.master, TCSANOW, &cooked), 0);
    kill(pty.pid, SIGCONT);
    pty_pump(&pty, 300);
    pty_type(&pty, "?"); /* without a line end: read at once in raw mode only */
    pty_expect(&pty, "HELP");
    pty_stop(&pty);
}

static void
a_lost_link_ends_the_console(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pty_options options = { .args = { "COUNTDOWN" }, .no_control = i == 1 };
        struct pty pty;
        uint64_t then;

        start(&pty, &options);
        then = lat_mono_ms();
        close(pty.master);
        pty.master = -1;
        assert_end(&pty, CONSOLE_HANGUP);
        assert_true(lat_mono_ms() - then < 1000);
        pty_stop(&pty);
    }
}

static void
stray_lines_on_standard_error_do_not_tear_the_screen(void **state)
{
    static const struct pty_options options = { .args = { "COUNTDOWN", "litter" } };
    struct pty pty;

    (void)state;
    start(&pty, &options);
    pty_pump(&pty, 700);
    assert_false(pty_shows(&pty, "stray"));
    assert_true(pty_shows(&pty, "porto-1"));
    pty_stop(&pty);
}

static void
every_terminal_type_shows_the_same_words(void **state)
{
    static const char *const terms[] = { "xterm-256color", "screen-256color", "linux", "vt100", "vt220" };
    static const char *const locales[] = { "C.UTF-8", "C" };

    (void)state;
    for (size_t t = 0; t < sizeof(terms) / sizeof(terms[0]); t++)
        for (size_t l = 0; l < 2; l++) {
            struct pty_options options = { .term = terms[t], .locale = locales[l], .args = { "ISOLATED" } };
            struct pty pty;

            start(&pty, &options);
            pty_expect(&pty, "X ISOLATED");
            pty_expect(&pty, "connection refused");
            pty_expect(&pty, "q quit");
            pty_type(&pty, "qs");
            assert_end(&pty, CONSOLE_QUIT_STOP);
            pty_assert_clean(&pty);
            pty_stop(&pty);
        }
}

static void
a_terminal_without_a_cursor_address_is_refused_untouched(void **state)
{
    static const char *const terms[] = { "dumb", "no-such-terminal", "" };

    (void)state;
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        struct pty_options options = { .term = terms[i], .args = { "COUNTDOWN" } };
        struct pty pty;

        pty_start(&pty, &options);
        assert_end(&pty, CONSOLE_NO_TERMINAL);
        pty_assert_clean(&pty);
        assert_int_equal(pty.bytes, 0);
        pty_stop(&pty);
    }
}

static void
sizes_change_without_harm(void **state)
{
    static const int sizes[][2] = { { 1, 1 },    { 500, 200 }, { 40, 10 }, { 39, 9 },
                                    { 160, 48 }, { 2, 60 },    { 200, 3 } };
    unsigned seed = 7;
    struct pty pty;

    (void)state;
    start(&pty, &plain_options);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        pty_resize(&pty, sizes[i][0], sizes[i][1]);
        pty_pump(&pty, 60);
    }
    for (int i = 0; i < 60; i++) { /* a storm */
        seed = seed * 1103515245 + 12345;
        pty_resize(&pty, 1 + (int)(seed >> 16) % 200, 1 + (int)(seed >> 8) % 80);
        pty_pump(&pty, 3);
    }
    pty_resize(&pty, 80, 24);
    pty_expect(&pty, "PEERS AND SOURCES");
    pty_expect(&pty, "q quit");
    assert_null(strstr(pty_row(&pty, 23), "quit quit"));
    pty_type(&pty, "qs");
    assert_end(&pty, CONSOLE_QUIT_STOP);
    pty_stop(&pty);
}

static void
each_frame_is_one_write_and_data_makes_at_most_ten_a_second(void **state)
{
    static const struct pty_options options = { .args = { "COUNTDOWN", "fast" } };
    struct pty pty;
    uint64_t then;
    int frames, seconds;

    (void)state;
    then = lat_mono_ms();
    start(&pty, &options);
    pty_pump(&pty, 2000);
    pty_type(&pty, "qs");
    assert_end(&pty, CONSOLE_QUIT_STOP);
    seconds = (int)((lat_mono_ms() - then) / 1000) + 1;
    frames = report_value(&pty, "frames");
    assert_int_equal(report_value(&pty, "writes"), frames);
    assert_in_range(frames, 8, 10 * seconds + 4);
    pty_stop(&pty);
}

static void
a_quiet_screen_costs_few_bytes(void **state)
{
    static const struct pty_options options = { .args = { "COUNTDOWN", "steady" } };
    struct pty pty;
    uint64_t first;

    (void)state;
    start(&pty, &options);
    pty_pump(&pty, 1200); /* the first frame may have come before the first snapshot */
    first = pty.bytes;
    pty_pump(&pty, 3000);
    print_message("first paint %llu bytes, then %llu bytes a second\n", (unsigned long long)first,
                  (unsigned long long)(pty.bytes - first) / 3);
    assert_in_range((pty.bytes - first) / 3, 1, 150);
    pty_stop(&pty);
}

static void
a_stalled_terminal_loses_frames_and_nothing_else(void **state)
{
    static const struct pty_options options = { .args = { "P2P", "fast" } };
    struct pty pty;

    (void)state;
    start(&pty, &options);
    for (int i = 0; i < 300; i++) { /* nobody reads: repaints fill the pipe of the pseudo-terminal */
        ssize_t n = write(pty.master, "\f", 1);

        (void)n;
        usleep(5000);
    }
    usleep(2500000); /* the half-sent frame is given up */
    pty_expect(&pty, "PEERS AND SOURCES");
    pty_type(&pty, "?");
    pty_expect(&pty, "HELP");
    pty_type(&pty, "\033qs");
    assert_end(&pty, CONSOLE_QUIT_STOP);
    assert_true(report_value(&pty, "stalls") > 0);
    pty_assert_clean(&pty);
    pty_stop(&pty);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_draws_the_screen_and_leaves_it_clean),
        cmocka_unit_test(s_in_the_quit_bar_asks_for_the_node_to_be_stopped),
        cmocka_unit_test(forcing_asks_first_and_t_forces_for_ten_minutes),
        cmocka_unit_test(a_read_only_console_switches_nothing),
        cmocka_unit_test(pasted_text_is_no_command),
        cmocka_unit_test(keys_of_the_cursor_block_move_and_esc_closes),
        cmocka_unit_test(brackets_show_the_past_and_the_equals_sign_comes_back),
        cmocka_unit_test(a_copy_leaves_the_screen_until_a_key_comes),
        cmocka_unit_test(a_panel_is_written_into_a_new_file),
        cmocka_unit_test(a_mouse_is_taken_on_request_and_given_back),
        cmocka_unit_test(settings_are_read_again_while_it_runs),
        cmocka_unit_test(a_filter_is_typed_refused_and_shown),
        cmocka_unit_test(freezing_holds_the_picture),
        cmocka_unit_test(every_signal_leaves_a_clean_terminal),
        cmocka_unit_test(an_interrupt_asks_and_a_second_one_stops),
        cmocka_unit_test(a_crash_in_another_thread_leaves_a_clean_terminal_and_its_last_words),
        cmocka_unit_test(ctrl_z_gives_the_terminal_back_and_fg_paints_anew),
        cmocka_unit_test(a_stop_from_outside_is_repaired_when_continued),
        cmocka_unit_test(a_lost_link_ends_the_console),
        cmocka_unit_test(stray_lines_on_standard_error_do_not_tear_the_screen),
        cmocka_unit_test(every_terminal_type_shows_the_same_words),
        cmocka_unit_test(a_terminal_without_a_cursor_address_is_refused_untouched),
        cmocka_unit_test(sizes_change_without_harm),
        cmocka_unit_test(each_frame_is_one_write_and_data_makes_at_most_ten_a_second),
        cmocka_unit_test(a_quiet_screen_costs_few_bytes),
        cmocka_unit_test(a_stalled_terminal_loses_frames_and_nothing_else),
    };

    if (argc > 1 && strcmp(argv[1], "child") == 0)
        return child(argc, argv);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
