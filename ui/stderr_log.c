#include "config.h"

#include "stderr_log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "signals.h"

#define LINE_BYTES_MAX 256
#define LINES_PER_SECOND 20

/* Zero behind what was read, so that it is a string at every moment: a deadly signal may come at any. */
static char chunk[1024 + 1];
static int pipe_fd = -1, real_fd = -1;
static char line[LINE_BYTES_MAX];
static size_t line_len;
static uint64_t second; /* of the lines counted */
static unsigned logged, left_out;

static void
log_line(uint64_t now_ms)
{
    char text[LINE_BYTES_MAX];

    if (line_len == 0)
        return;
    if (now_ms / 1000 != second) {
        if (left_out > 0)
            lat_log(LAT_WARNING, "[STDERR] %u lines left out", left_out);
        second = now_ms / 1000;
        logged = left_out = 0;
    }
    if (logged < LINES_PER_SECOND) {
        logged++;
        lat_log(LAT_WARNING, "[STDERR] %s", lat_escape(line, line_len, text, sizeof(text)));
    } else
        left_out++;
    line_len = 0;
}

static void
take(const char *bytes, size_t len, uint64_t now_ms)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || line_len == sizeof(line))
            log_line(now_ms);
        if (bytes[i] != '\n')
            line[line_len++] = bytes[i];
    }
}

enum lat_err
stderr_log_open(void)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
        return LAT_SYS;
    real_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (real_fd < 0 || dup2(fds[1], STDERR_FILENO) < 0) {
        close(fds[0]);
        close(fds[1]);
        if (real_fd >= 0)
            close(real_fd);
        real_fd = -1;
        return LAT_SYS;
    }
    close(fds[1]);
    pipe_fd = fds[0];
    line_len = 0;
    memset(chunk, 0, sizeof(chunk));
    signals_set_stderr(real_fd, pipe_fd, chunk);
    return LAT_OK;
}

void
stderr_log_close(void)
{
    if (pipe_fd < 0)
        return;
    signals_set_stderr(-1, -1, NULL);
    dup2(real_fd, STDERR_FILENO);
    close(real_fd);
    stderr_log_read(0);
    log_line(0);
    close(pipe_fd);
    pipe_fd = real_fd = -1;
}

int
stderr_log_fd(void)
{
    return pipe_fd;
}

void
stderr_log_read(uint64_t now_ms)
{
    ssize_t n;

    for (int i = 0; i < 64; i++) {
        n = read(pipe_fd, chunk, sizeof(chunk) - 1);
        if (n <= 0)
            break;
        memset(chunk + n, 0, sizeof(chunk) - (size_t)n);
        take(chunk, (size_t)n, now_ms);
    }
}
