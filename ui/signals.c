#include "config.h"

#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 512
#define STACK_SIZE (64 * 1024)

static const int noted[] = { SIGWINCH, SIGCONT, SIGTSTP, SIGTERM, SIGINT, SIGHUP };
static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS, SIGTRAP, SIGXCPU };
#define NOTED_COUNT (sizeof(noted) / sizeof(noted[0]))
#define DEADLY_COUNT (sizeof(deadly) / sizeof(deadly[0]))

static int pipe_fds[2] = { -1, -1 };
static struct sigaction old_noted[NOTED_COUNT], old_deadly[DEADLY_COUNT], old_pipe;
static sigset_t old_mask;
static stack_t old_stack;
static char stack[STACK_SIZE];

/* All that the deadly handler needs; written before it can run, read by it alone. */
static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios modes;
    char text[TEXT_MAX];
    size_t len;
    int real_stderr, stderr_pipe;
    const char *chunk;
} rescue = { .real_stderr = -1, .stderr_pipe = -1 };

static void
note(int signo)
{
    int saved = errno;
    char byte = (char)signo;
    ssize_t n = write(pipe_fds[1], &byte, 1);

    (void)n; /* a full pipe already wakes the loop */
    errno = saved;
}

/* write() until it is done or fails; only what a signal handler may call. */
static void
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static void
pass_on_stderr(void)
{
    char text[512];
    ssize_t n;

    /* The loop may have taken the last words off the pipe a moment ago: twice told is better than lost. */
    write_all(rescue.real_stderr, rescue.chunk, strlen(rescue.chunk));
    while ((n = read(rescue.stderr_pipe, text, sizeof(text))) > 0)
        write_all(rescue.real_stderr, text, (size_t)n);
}

static void
die(int signo)
{
    static const char note_text[] = "lattice: died of signal ";
    char number[4] = { (char)('0' + signo / 10), (char)('0' + signo % 10), '\n', 0 };

    if (rescue.armed) {
        rescue.armed = 0;
        write_all(rescue.fd, rescue.text, rescue.len);
        tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
    }
    if (rescue.real_stderr >= 0) {
        dup2(rescue.real_stderr, STDERR_FILENO);
        pass_on_stderr();
    }
    write_all(STDERR_FILENO, note_text, sizeof(note_text) - 1);
    write_all(STDERR_FILENO, number, 3);
    signal(signo, SIG_DFL);
    raise(signo); /* delivered when this handler returns */
}

static enum lat_err
open_pipe(void)
{
    return pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) ? LAT_SYS : LAT_OK;
}

static void
install(const int *signals, size_t count, void (*handler)(int), int flags, struct sigaction *old)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < count; i++)
        sigaction(signals[i], &action, &old[i]);
}

static void
let_through(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < NOTED_COUNT; i++)
        sigaddset(&set, noted[i]);
    for (size_t i = 0; i < DEADLY_COUNT; i++)
        sigaddset(&set, deadly[i]);
    pthread_sigmask(SIG_UNBLOCK, &set, &old_mask);
}

enum lat_err
signals_open(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
    enum lat_err err = open_pipe();

    if (err)
        return err;
    sigaltstack(&own, &old_stack);
    install(noted, NOTED_COUNT, note, SA_RESTART, old_noted);
    install(deadly, DEADLY_COUNT, die, SA_ONSTACK, old_deadly);
    sigaction(SIGPIPE, &ignore, &old_pipe);
    let_through();
    return LAT_OK;
}

void
signals_close(void)
{
    pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
    for (size_t i = 0; i < NOTED_COUNT; i++)
        sigaction(noted[i], &old_noted[i], NULL);
    for (size_t i = 0; i < DEADLY_COUNT; i++)
        sigaction(deadly[i], &old_deadly[i], NULL);
    sigaction(SIGPIPE, &old_pipe, NULL);
    sigaltstack(&old_stack, NULL);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    pipe_fds[0] = pipe_fds[1] = -1;
}

int
signals_fd(void)
{
    return pipe_fds[0];
}

int
signals_next(void)
{
    char byte;

    return read(pipe_fds[0], &byte, 1) == 1 ? byte : 0;
}

void
signals_arm(int fd, const struct termios *modes, const char *text, size_t len)
{
    rescue.armed = 0;
    rescue.fd = fd;
    rescue.modes = *modes;
    rescue.len = len < TEXT_MAX ? len : TEXT_MAX;
    memcpy(rescue.text, text, rescue.len);
    rescue.armed = 1;
}

void
signals_disarm(void)
{
    rescue.armed = 0;
}

void
signals_set_stderr(int real_fd, int pipe_fd, const char *chunk)
{
    rescue.real_stderr = real_fd;
    rescue.stderr_pipe = pipe_fd;
    rescue.chunk = chunk;
}
