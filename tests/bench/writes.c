/*
 * writes.c - runs a program and notes each write it makes to its terminal: a line "seconds bytes" in a file.
 *
 *   writes LOG PROGRAM [ARGUMENTS]
 *
 * By ptrace, all threads and children included. The program is slower for it: nothing else is measured
 * meanwhile.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define THREADS_MAX 256
#define OPTIONS                                                                                              \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |                \
     PTRACE_O_EXITKILL)

/* What each thread is in the middle of. */
struct thread {
    pid_t tid; /* 0: free */
    bool writing;
    int fd;
};

static struct thread threads[THREADS_MAX];
static FILE *out;

static struct thread *
thread_of(pid_t tid)
{
    struct thread *unused = NULL;

    for (size_t i = 0; i < THREADS_MAX; i++) {
        if (threads[i].tid == tid)
            return &threads[i];
        if (threads[i].tid == 0 && unused == NULL)
            unused = &threads[i];
    }
    if (unused == NULL)
        bench_fail("writes", "too many threads");
    *unused = (struct thread){ .tid = tid };
    return unused;
}

static bool
is_terminal(pid_t tid, int fd)
{
    char path[64], target[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, fd);
    n = readlink(path, target, sizeof(target));
    return n > 9 && memcmp(target, "/dev/pts/", 9) == 0;
}

static void
on_syscall(struct thread *thread)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        thread->writing = info.entry.nr == SYS_write || info.entry.nr == SYS_writev;
        thread->fd = (int)info.entry.args[0];
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread->writing) {
        thread->writing = false;
        if (info.exit.rval > 0 && is_terminal(thread->tid, thread->fd)) {
            fprintf(out, "%.6f %lld\n", bench_now(), (long long)info.exit.rval);
            fflush(out);
        }
    }
}

/* Until the program has ended; its exit code. */
static int
watch(pid_t program)
{
    int status, signo;
    pid_t tid;

    while ((tid = waitpid(-1, &status, __WALL)) > 0) {
        struct thread *thread = thread_of(tid);

        if (!WIFSTOPPED(status)) {
            thread->tid = 0;
            if (tid == program)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
            continue;
        }
        signo = WSTOPSIG(status);
        if (signo == SYSCALL_STOP)
            on_syscall(thread);
        if (signo == SYSCALL_STOP || signo == SIGTRAP || signo == SIGSTOP)
            signo = 0;
        ptrace(PTRACE_SYSCALL, tid, NULL, signo);
    }
    return 1;
}

int
main(int argc, char **argv)
{
    int status;
    pid_t pid;

    if (argc < 3)
        bench_fail("usage", "writes LOG PROGRAM [ARGUMENTS]");
    out = fopen(argv[1], "we");
    if (out == NULL)
        bench_fail(argv[1], strerror(errno));
    pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(126);
        raise(SIGSTOP);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, NULL, OPTIONS) || ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
        bench_fail("writes", "this system lets nobody trace");
    return watch(pid);
}
