/*
 * pty.h - this test program, run a second time, or another one behind a pseudo-terminal with a terminal emulator at
 * the other end: keys go in, screens come out.
 */
#ifndef LAT_TESTS_PTY_H
#define LAT_TESTS_PTY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

#define PTY_WAIT_MS 5000 /* longest wait for anything */

struct pty_options {
    const char *term;    /* TERM; NULL: xterm-256color */
    const char *locale;  /* LC_ALL; NULL: C.UTF-8 */
    const char *args[4]; /* of the program, after "child"; ends with NULL */
    const char *const *command; /* another program and its arguments, ends with NULL; NULL: this one */
    int cols, rows;      /* 0: 80 x 24 */
    bool no_control;     /* the terminal is not the controlling one: closing it sends no signal */
};

struct pty {
    pid_t pid;
    int master; /* -1: closed */
    int result; /* what the child writes to descriptor 3 */
    int cols, rows;
    VTerm *vt;
    VTermScreen *screen;
    bool alternate, cursor_visible;
    int mouse; /* VTERM_PROP_MOUSE_NONE or what was asked for */
    uint64_t bytes; /* that came from the child */
    void (*on_read)(void *arg, size_t len); /* called for each read of its output; NULL: nobody */
    void *on_read_arg;
    struct termios before;
    bool exited;
    int status;       /* of waitpid */
    char report[512]; /* what came from descriptor 3, once the child has ended */
};

void pty_start(struct pty *pty, const struct pty_options *options);

/* Ends the child if it still runs. */
void pty_stop(struct pty *pty);

/* Take what the child sends for so long. */
void pty_pump(struct pty *pty, int ms);

/* Until the text stands somewhere on the screen; fails the test with the screen when it does not come. */
void pty_expect(struct pty *pty, const char *text);

/* Is it there now? */
bool pty_shows(struct pty *pty, const char *text);

void pty_type(struct pty *pty, const char *keys);
void pty_resize(struct pty *pty, int cols, int rows);

/* Until the child has ended; fills status and report. */
void pty_expect_exit(struct pty *pty);

/* Until the child has stopped (SIGSTOP). */
void pty_expect_stop(struct pty *pty);

/* Modes as before, alternate screen left, cursor visible. */
void pty_assert_clean(struct pty *pty);

/* One row without blanks at its end. Static storage. */
const char *pty_row(struct pty *pty, int row);

#endif
