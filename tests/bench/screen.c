/*
 * screen.c - what a program on a terminal costs: run behind a pseudo-terminal, with a terminal emulator that
 * reads at once. Prints bare figures; tests/bench/console makes lines of them.
 *
 *   screen steady SECONDS COLSxROWS TEXT PROGRAM...    bytes a second, segments a frame, CPU of its first
 * thread in %, CPU of all in %, private dirty KiB screen paint TIMES COLSxROWS TEXT PROGRAM...       ms from
 * exec until TEXT stands there (median), bytes until then screen keys TIMES COLSxROWS TEXT KEY KEY PROGRAM...
 * ms from a key to the bytes that it brings: median, 99 % screen stall SECONDS COLSxROWS TEXT PROGRAM... stop
 * reading for so long; ms from resuming until TEXT and the present second of UTC stand there
 *
 * TEXT stands on the program's screen once that is complete. KEYs are pressed in turn; each must change the
 * picture.
 */
#include "config.h"

#include <dirent.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "support/pty.h"

#define SEGMENT 1448   /* bytes of a TCP segment on Ethernet */
#define FRAME_GAP 0.02 /* seconds of silence between two frames */
#define WARM_UP_MS 5000
#define QUIET_MS 30 /* before a key, so that what comes is its answer */
#define PATIENCE 10.0
#define CTRL_S "\023"
#define CTRL_Q "\021"

/* What was read of the program. */
struct readings {
    struct pty pty;
    double last; /* when */
    uint64_t bytes, segments, frames;
};

static void
note_read(void *arg, size_t len)
{
    struct readings *r = arg;
    double now = bench_now();

    if (now - r->last > FRAME_GAP)
        r->frames++;
    r->last = now;
    r->bytes += len;
    r->segments += (len + SEGMENT - 1) / SEGMENT;
}

static void
forget_readings(struct readings *r)
{
    r->bytes = r->segments = r->frames = 0;
}

static void
start(struct readings *r, const char *size, char **command)
{
    struct pty_options options = { .command = (const char *const *)command };

    if (sscanf(size, "%dx%d", &options.cols, &options.rows) != 2)
        bench_fail("size", size);
    *r = (struct readings){ .last = 0 };
    pty_start(&r->pty, &options);
    r->pty.on_read = note_read;
    r->pty.on_read_arg = r;
}

/* Take what comes, as soon as it comes; true when something did. */
static bool
wait_for_read(struct readings *r, double seconds)
{
    struct pollfd fd = { .fd = r->pty.master, .events = POLLIN };

    if (poll(&fd, 1, (int)ceil(seconds * 1000)) <= 0)
        return false;
    pty_pump(&r->pty, 0);
    return true;
}

static void
wait_for_text(struct readings *r, const char *text)
{
    double end = bench_now() + PATIENCE;

    while (!pty_shows(&r->pty, text)) {
        if (bench_now() > end) {
            for (int row = 0; row < r->pty.rows; row++)
                fprintf(stderr, "|%s\n", pty_row(&r->pty, row));
            bench_fail("this does not come", text);
        }
        wait_for_read(r, 0.1);
    }
}

/* An orderly end, waited for: whoever holds the terminal's other end has gone. */
static void
end(struct readings *r)
{
    double limit = bench_now() + PATIENCE;
    struct pollfd fd = { .fd = r->pty.master, .events = POLLIN };

    kill(r->pty.pid, SIGTERM);
    while (bench_now() < limit && poll(&fd, 1, 100) >= 0 && (fd.revents & (POLLIN | POLLHUP)) != POLLHUP)
        pty_pump(&r->pty, 0);
    pty_stop(&r->pty);
}

/* --- /proc ---------------------------------------------------------------------------------------------- */

/* Seconds that one thread has been on a CPU. */
static double
cpu_of_thread(pid_t pid, const char *tid)
{
    char path[64];
    double ns = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", (int)pid, tid);
    f = fopen(path, "re");
    if (f != NULL && fscanf(f, "%lf", &ns) != 1)
        ns = 0;
    if (f != NULL)
        fclose(f);
    return ns / 1e9;
}

static double
cpu_of_all(pid_t pid)
{
    char path[64];
    struct dirent *entry;
    double sum = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            sum += cpu_of_thread(pid, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    return sum;
}

static double
cpu_of_first(pid_t pid)
{
    char tid[16];

    snprintf(tid, sizeof(tid), "%d", (int)pid);
    return cpu_of_thread(pid, tid);
}

static unsigned
private_dirty_kib(pid_t pid)
{
    char path[64], line[128];
    unsigned kib = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof(line), f))
        if (sscanf(line, "Private_Dirty: %u", &kib) == 1)
            break;
    if (f != NULL)
        fclose(f);
    return kib;
}

/* --- the measurements ----------------------------------------------------------------------------------- */

static void
steady(double seconds, const char *size, const char *text, char **command)
{
    struct readings r;
    double first, all, then;

    start(&r, size, command);
    wait_for_text(&r, text);
    pty_pump(&r.pty, WARM_UP_MS);
    forget_readings(&r);
    first = cpu_of_first(r.pty.pid);
    all = cpu_of_all(r.pty.pid);
    then = bench_now();
    pty_pump(&r.pty, (int)(seconds * 1000));
    then = bench_now() - then;
    first = cpu_of_first(r.pty.pid) - first;
    all = cpu_of_all(r.pty.pid) - all;
    printf("%.1f %.2f %.3f %.3f %u\n", (double)r.bytes / then,
           (double)r.segments / (double)(r.frames ? r.frames : 1), 100 * first / then, 100 * all / then,
           private_dirty_kib(r.pty.pid));
    end(&r);
}

static void
paint(unsigned times, const char *size, const char *text, char **command)
{
    struct series ms = { 0 }, bytes = { 0 };

    for (unsigned i = 0; i < times; i++) {
        struct readings r;
        double then = bench_now();

        start(&r, size, command);
        wait_for_text(&r, text);
        series_add(&ms, (r.last - then) * 1e3);
        series_add(&bytes, (double)r.bytes);
        end(&r);
    }
    printf("%.2f %.0f\n", series_at(&ms, 0.5), series_at(&bytes, 0.5));
    series_free(&ms);
    series_free(&bytes);
}

/* Until nothing has come for QUIET_MS. */
static void
wait_for_quiet(struct readings *r)
{
    double end = bench_now() + PATIENCE;

    while (wait_for_read(r, QUIET_MS / 1e3))
        if (bench_now() > end)
            bench_fail("keys", "the screen is never quiet");
}

static void
keys(unsigned times, const char *size, const char *text, char **arguments)
{
    struct series ms = { 0 };
    struct readings r;

    start(&r, size, arguments + 2);
    wait_for_text(&r, text);
    pty_pump(&r.pty, WARM_UP_MS);
    for (unsigned i = 0; i < times; i++) {
        double then;

        wait_for_quiet(&r);
        then = bench_now();
        pty_type(&r.pty, arguments[i % 2]);
        if (!wait_for_read(&r, PATIENCE))
            bench_fail("keys", "a key brings nothing");
        series_add(&ms, (r.last - then) * 1e3);
        pty_pump(&r.pty, 10 + (int)(i * 7 % 23)); /* at all moments of the program's second */
    }
    printf("%.3f %.3f\n", series_at(&ms, 0.5), series_at(&ms, 0.99));
    end(&r);
    series_free(&ms);
}

/* The console's clock shows this second, or the one that has just ended. */
static bool
shows_present(struct readings *r)
{
    char clock[2][16];
    time_t now = time(NULL);
    struct tm tm;

    for (int i = 0; i < 2; i++, now--)
        strftime(clock[i], sizeof(clock[i]), "%H:%M:%S", gmtime_r(&now, &tm));
    return pty_shows(&r->pty, clock[0]) || pty_shows(&r->pty, clock[1]);
}

static void
stall(unsigned seconds, const char *size, const char *text, char **command)
{
    struct readings r;
    double then;

    start(&r, size, command);
    wait_for_text(&r, text);
    pty_pump(&r.pty, 1000);
    printf("stalled\n");
    fflush(stdout);
    pty_type(&r.pty, CTRL_S);
    sleep(seconds);
    then = bench_now();
    pty_type(&r.pty, CTRL_Q);
    while (!(pty_shows(&r.pty, text) && shows_present(&r))) {
        if (bench_now() - then > PATIENCE)
            bench_fail("stall", "the picture stays old");
        wait_for_read(&r, 0.1);
    }
    printf("%.1f\n", (bench_now() - then) * 1e3);
    end(&r);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 5 ? argv[1] : "";
    unsigned number = argc > 5 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

    if (strcmp(what, "steady") == 0)
        steady(number, argv[3], argv[4], argv + 5);
    else if (strcmp(what, "paint") == 0)
        paint(number, argv[3], argv[4], argv + 5);
    else if (strcmp(what, "keys") == 0 && argc > 7)
        keys(number, argv[3], argv[4], argv + 5);
    else if (strcmp(what, "stall") == 0)
        stall(number, argv[3], argv[4], argv + 5);
    else
        bench_fail("usage", "screen steady|paint|keys|stall NUMBER COLSxROWS TEXT [KEY KEY] PROGRAM...");
    return 0;
}
