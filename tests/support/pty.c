#include "config.h"

#include "support/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static int
on_property(VTermProp property, VTermValue *value, void *user)
{
    struct pty *pty = user;

    if (property == VTERM_PROP_ALTSCREEN)
        pty->alternate = value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE)
        pty->cursor_visible = value->boolean;
    if (property == VTERM_PROP_MOUSE)
        pty->mouse = value->number;
    return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

static void
open_emulator(struct pty *pty)
{
    pty->vt = vterm_new(pty->rows, pty->cols);
    assert_non_null(pty->vt);
    vterm_set_utf8(pty->vt, 1);
    pty->screen = vterm_obtain_screen(pty->vt);
    pty->cursor_visible = true;
    vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
    vterm_screen_enable_altscreen(pty->screen, 1);
    vterm_screen_reset(pty->screen, 1);
}

static void
become_child(const struct pty_options *options, int slave, int result)
{
    static char name[] = "child";
    char *argv[8] = { name, name };
    int n = 2;

    setenv("TERM", options->term ? options->term : "xterm-256color", 1);
    setenv("LC_ALL", options->locale ? options->locale : "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    if (options->no_control)
        setpgid(0, 0);
    else {
        setsid();
        ioctl(slave, TIOCSCTTY, 0);
    }
    dup2(slave, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    dup2(slave, STDERR_FILENO);
    dup2(result, 3);
    for (int fd = 4; fd < 64; fd++)
        close(fd);
    if (options->command) {
        execvp(options->command[0], (char *const *)(uintptr_t)options->command);
        _exit(127);
    }
    for (int i = 0; i < 4 && options->args[i]; i++)
        argv[n++] = (char *)(uintptr_t)options->args[i];
    execv("/proc/self/exe", argv);
    _exit(127);
}

void
pty_start(struct pty *pty, const struct pty_options *options)
{
    int slave, result[2];

    *pty = (struct pty){ .cols = options->cols ? options->cols : 80,
                         .rows = options->rows ? options->rows : 24 };
    struct winsize size = { .ws_col = (unsigned short)pty->cols, .ws_row = (unsigned short)pty->rows };

    assert_int_equal(openpty(&pty->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(pipe(result), 0);
    assert_int_equal(tcgetattr(slave, &pty->before), 0);
    pty->pid = fork();
    assert_true(pty->pid >= 0);
    if (pty->pid == 0)
        become_child(options, slave, result[1]);
    close(slave);
    close(result[1]);
    pty->result = result[0];
    fcntl(pty->master, F_SETFL, O_NONBLOCK);
    open_emulator(pty);
}

static void
take_output(struct pty *pty)
{
    char bytes[65536];
    ssize_t n;

    while (pty->master >= 0 && (n = read(pty->master, bytes, sizeof(bytes))) > 0) {
        if (pty->on_read)
            pty->on_read(pty->on_read_arg, (size_t)n);
        vterm_input_write(pty->vt, bytes, (size_t)n);
        pty->bytes += (uint64_t)n;
    }
}

void
pty_pump(struct pty *pty, int ms)
{
    uint64_t end = lat_mono_ms() + (uint64_t)ms;

    do {
        struct pollfd fd = { .fd = pty->master, .events = POLLIN };
        uint64_t now = lat_mono_ms();

        poll(&fd, 1, end > now ? (int)(end - now) : 0);
        if (fd.revents & POLLHUP && !(fd.revents & POLLIN))
            usleep(2000);
        take_output(pty);
    } while (lat_mono_ms() < end);
}

const char *
pty_row(struct pty *pty, int row)
{
    static char text[4096];
    VTermRect rect = { .start_row = row, .end_row = row + 1, .start_col = 0, .end_col = pty->cols };
    size_t len = vterm_screen_get_text(pty->screen, text, sizeof(text) - 1, rect);

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    text[len] = 0;
    return text;
}

bool
pty_shows(struct pty *pty, const char *text)
{
    for (int row = 0; row < pty->rows; row++)
        if (strstr(pty_row(pty, row), text))
            return true;
    return false;
}

void
pty_expect(struct pty *pty, const char *text)
{
    uint64_t end = lat_mono_ms() + PTY_WAIT_MS;

    while (!pty_shows(pty, text)) {
        if (lat_mono_ms() > end) {
            for (int row = 0; row < pty->rows; row++)
                print_message("|%s\n", pty_row(pty, row));
            fail_msg("\"%s\" does not come", text);
        }
        pty_pump(pty, 20);
    }
}

void
pty_type(struct pty *pty, const char *keys)
{
    assert_int_equal(write(pty->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void
pty_resize(struct pty *pty, int cols, int rows)
{
    struct winsize size = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

    pty->cols = cols;
    pty->rows = rows;
    vterm_set_size(pty->vt, rows, cols);
    assert_int_equal(ioctl(pty->master, TIOCSWINSZ, &size), 0);
}

static void
read_report(struct pty *pty)
{
    size_t used = 0;
    ssize_t n;

    while (used + 1 < sizeof(pty->report) &&
           (n = read(pty->result, pty->report + used, sizeof(pty->report) - 1 - used)) > 0)
        used += (size_t)n;
    pty->report[used] = 0;
}

static void
wait_for(struct pty *pty, int options)
{
    uint64_t end = lat_mono_ms() + PTY_WAIT_MS;
    pid_t pid;

    while ((pid = waitpid(pty->pid, &pty->status, WNOHANG | options)) == 0) {
        if (lat_mono_ms() > end)
            fail_msg("the child goes on for ever");
        if (pty->master >= 0)
            pty_pump(pty, 10);
        else
            usleep(10000);
    }
    assert_int_equal(pid, pty->pid);
}

void
pty_expect_exit(struct pty *pty)
{
    wait_for(pty, 0);
    pty->exited = true;
    read_report(pty);
    if (pty->master >= 0)
        take_output(pty);
}

void
pty_expect_stop(struct pty *pty)
{
    wait_for(pty, WUNTRACED);
    assert_true(WIFSTOPPED(pty->status));
    pty_pump(pty, 20);
}

void
pty_assert_clean(struct pty *pty)
{
    struct termios now;

    assert_int_equal(tcgetattr(pty->master, &now), 0);
    assert_int_equal(now.c_lflag, pty->before.c_lflag);
    assert_int_equal(now.c_iflag, pty->before.c_iflag);
    assert_int_equal(now.c_oflag, pty->before.c_oflag);
    assert_memory_equal(now.c_cc, pty->before.c_cc, sizeof(now.c_cc));
    assert_false(pty->alternate);
    assert_true(pty->cursor_visible);
}

void
pty_stop(struct pty *pty)
{
    if (!pty->exited) {
        kill(pty->pid, SIGKILL);
        waitpid(pty->pid, NULL, 0);
    }
    if (pty->master >= 0)
        close(pty->master);
    close(pty->result);
    vterm_free(pty->vt);
}
