#include "config.h"

#include "cli/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process that waits for this one; 0: there is none. */
static pid_t waiting;

static volatile sig_atomic_t child_pid;

static void
pass_on(int signo)
{
    int saved = errno;

    kill((pid_t)child_pid, signo);
    errno = saved;
}

static void
handle(int signo, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };

    sigemptyset(&action.sa_mask);
    sigaction(signo, &action, NULL);
}

/* The terminal's signals reach the child by themselves (same process group); kill(1) aims at us and is passed on. */
static void
prepare_to_wait(pid_t child)
{
    child_pid = child;
    handle(SIGINT, SIG_IGN);
    handle(SIGQUIT, SIG_IGN);
    handle(SIGTSTP, SIG_IGN);
    handle(SIGTTIN, SIG_IGN);
    handle(SIGTTOU, SIG_IGN);
    handle(SIGHUP, SIG_IGN);
    handle(SIGTERM, pass_on);
}

static void
die_of(int signo)
{
    handle(signo, SIG_DFL);
    raise(signo);
    // cppcheck-suppress unreachableCode ; not every signal ends a process
    _exit(128 + signo);
}

/* End, stop and continue with the child. */
static void
wait_for_end(pid_t child)
{
    int status;

    for (;;) {
        if (waitpid(child, &status, WUNTRACED) < 0) {
            if (errno == EINTR)
                continue;
            _exit(EXIT_FAILURE);
        }
        if (WIFSTOPPED(status))
            raise(SIGSTOP); /* the shell takes the terminal; SIGCONT reaches both of us */
        else if (WIFEXITED(status))
            _exit(WEXITSTATUS(status));
        else if (WIFSIGNALED(status))
            die_of(WTERMSIG(status));
    }
}

/* The child goes on without us. */
static void
on_leave(int signo)
{
    (void)signo;
    _exit(EXIT_SUCCESS);
}

void
foreground_split(void)
{
    pid_t parent = getpid(), child;

    handle(SIGUSR2, on_leave);
    child = fork();
    if (child > 0) {
        prepare_to_wait(child);
        wait_for_end(child);
    }
    handle(SIGUSR2, SIG_DFL);
    if (child < 0)
        return;
    waiting = parent;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
}

void
foreground_leave(void)
{
    int null;

    if (waiting == 0)
        return;
    prctl(PR_SET_PDEATHSIG, 0);
    setsid();
    null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (null > STDERR_FILENO)
            close(null);
    }
    kill(waiting, SIGUSR2);
    waiting = 0;
}
