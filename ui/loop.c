#include "config.h"

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wipe.h"
#include "format.h"
#include "signals.h"
#include "stderr_log.h"
#include "term.h"

#define FRAME_MS 100    /* least time between two frames that only data asks for, whatever the options say */
#define REFRESH_MS 1000 /* the picture is drawn at least this often: clock and ages move */

enum { FD_TTY, FD_SIGNALS, FD_NEWS, FD_STDERR, FD_COUNT };

void
loop_end(struct loop *loop, enum console_end end)
{
    if (!loop->over)
        loop->end = end;
    loop->over = true;
}

/* --- the terminal --------------------------------------------------------------------------------------- */

/* After the terminal was another's: its reports are off. */
static void
switch_mouse_again(const struct loop *l)
{
    if (l->mouse)
        term_mouse(true);
}

static void
resize(struct loop *l)
{
    term_size(&l->cols, &l->rows);
    term_repaint();
    l->want_frame = true;
}

void
loop_mouse(struct loop *loop, bool on)
{
    if (loop->mouse != on)
        term_mouse(on);
    loop->mouse = on;
}

void
loop_copy(struct loop *loop, char *text)
{
    if (text == NULL)
        return;
    term_copy_begin(text);
    free(text);
    loop->copying = true;
}

static void
end_copy(struct loop *l)
{
    l->copying = false;
    term_copy_end();
    switch_mouse_again(l);
    l->want_frame = true;
}

void
loop_suspend(struct loop *loop)
{
    term_suspend();
    switch_mouse_again(loop);
    resize(loop);
}

void
loop_return(struct loop *loop)
{
    loop->now_ms = lat_mono_ms();
    term_mouse(loop->mouse);
    resize(loop);
}

/* --- keys and signals ----------------------------------------------------------------------------------- */

static void
apply_keys(struct loop *l, bool late)
{
    struct key_press press;

    while (!l->over && keys_next(&l->keys, late, &press)) {
        if (l->copying)
            end_copy(l);
        else
            l->ops->key(l->arg, &press);
        l->want_frame = true;
    }
}

/* All that was typed; an end of file is the end of the terminal. */
static void
read_keys(struct loop *l)
{
    char bytes[1024];
    ssize_t n = term_read(bytes, sizeof(bytes));

    if (n < 0)
        loop_end(l, CONSOLE_HANGUP);
    if (n <= 0)
        return;
    keys_feed(&l->keys, bytes, (size_t)n);
    l->keys_since_ms = l->now_ms;
    apply_keys(l, false);
    lat_wipe(bytes, sizeof(bytes)); /* a passphrase may have been among them */
}

static void
on_signal(struct loop *l, int signo)
{
    switch (signo) {
    case SIGCONT:
        if (l->copying)
            end_copy(l);
        term_resume();
        switch_mouse_again(l);
        resize(l);
        break;
    case SIGTSTP:
        loop_suspend(l);
        break;
    case SIGINT:
        l->ops->interrupt(l->arg);
        break;
    case SIGTERM:
        loop_end(l, CONSOLE_SIGTERM);
        break;
    case SIGHUP:
        loop_end(l, CONSOLE_HANGUP);
        break;
    default:
        break;
    }
}

/* A burst of resizes is one. */
static void
read_signals(struct loop *l)
{
    bool resized = false;
    int signo;

    while ((signo = signals_next()) != 0) {
        on_signal(l, signo);
        resized |= signo == SIGWINCH;
    }
    if (resized && !l->over)
        resize(l);
}

/* --- console.ini ---------------------------------------------------------------------------------------- */

void
loop_configure(struct loop *loop, const struct settings *settings)
{
    loop->frame_ms = settings->refresh_ms > FRAME_MS ? settings->refresh_ms : FRAME_MS;
    loop->refresh_ms = loop->frame_ms > REFRESH_MS ? loop->frame_ms : REFRESH_MS;
    loop->repaint_ms = settings->repaint_ms;
    format_use_zone(settings->time == ZONE_LOCAL);
    term_prefer((enum theme)settings->theme, (enum graph_kind)settings->graph, settings->sync, settings->repeat);
    loop->want_frame = true;
}

static void
log_finding(void *arg, const char *text)
{
    struct lat_msg *first = arg;

    if (first->text[0] == 0)
        lat_msg_set(first, "%s", text);
    lat_log(LAT_WARNING, "[CONSOLE] %s", text);
}

bool
loop_read_settings(struct settings_file *file, uint64_t now_ms, struct settings *settings, struct lat_msg *finding)
{
    return settings_file_follow(file, now_ms, settings, log_finding, finding);
}

/* --- frames --------------------------------------------------------------------------------------------- */

static void
draw(struct loop *l)
{
    struct canvas *canvas = canvas_new(l->cols, l->rows, term_caps()->unicode);

    if (canvas == NULL)
        return; /* the next frame may find memory */
    l->ops->draw(l->arg, canvas);
    l->stalled = !term_draw(canvas, l->now_ms);
    canvas_free(canvas);
    if (l->stalled)
        return;
    l->drawn_ms = l->now_ms;
    l->want_frame = l->want_data = false;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the loop has to turn again if nothing happens. */
static uint64_t
next_turn(const struct loop *l)
{
    uint64_t at = l->drawn_ms + l->refresh_ms;

    if (l->stalled)
        at = l->now_ms + l->refresh_ms; /* POLLOUT comes first */
    else if (l->want_data)
        at = earlier(at, l->drawn_ms + l->frame_ms);
    if (keys_undecided(&l->keys))
        at = earlier(at, l->keys_since_ms + KEYS_ESC_DELAY_MS);
    return earlier(at, l->ops->due_ms(l->arg));
}

static void
draw_if_due(struct loop *l)
{
    uint64_t age = l->now_ms - l->drawn_ms;

    if (l->copying)
        return;
    if (l->repaint_ms > 0 && l->now_ms - l->painted_ms >= l->repaint_ms) {
        l->painted_ms = l->now_ms;
        term_repaint();
        l->want_frame = true;
    }
    if (l->want_frame || (l->want_data && age >= l->frame_ms) || age >= l->refresh_ms)
        draw(l);
}

/* --- the loop ------------------------------------------------------------------------------------------- */

static void
take_in(struct loop *l, const struct pollfd fds[FD_COUNT])
{
    if (fds[FD_SIGNALS].revents)
        read_signals(l);
    if (!l->over && fds[FD_TTY].revents & (POLLERR | POLLHUP | POLLNVAL))
        loop_end(l, CONSOLE_HANGUP);
    if (!l->over && fds[FD_TTY].revents & POLLIN)
        read_keys(l);
    if (!l->over && keys_undecided(&l->keys) && l->now_ms >= l->keys_since_ms + KEYS_ESC_DELAY_MS)
        apply_keys(l, true);
    if (fds[FD_STDERR].revents)
        stderr_log_read(l->now_ms);
    if (fds[FD_NEWS].revents & POLLIN)
        l->ops->news(l->arg);
}

static void
turn(struct loop *l)
{
    struct pollfd fds[FD_COUNT] = {
        [FD_TTY] = { .fd = term_fd(), .events = POLLIN },
        [FD_SIGNALS] = { .fd = signals_fd(), .events = POLLIN },
        [FD_NEWS] = { .fd = l->news_fd, .events = POLLIN },
        [FD_STDERR] = { .fd = stderr_log_fd(), .events = POLLIN },
    };
    uint64_t at = next_turn(l), now = lat_mono_ms();

    if (l->stalled || term_is_sending())
        fds[FD_TTY].events |= POLLOUT;
    if (poll(fds, FD_COUNT, at > now ? (int)earlier(at - now, 60000) : 0) < 0 && errno != EINTR) {
        loop_end(l, CONSOLE_FAILED);
        return;
    }
    l->now_ms = lat_mono_ms();
    take_in(l, fds);
    if (l->over)
        return;
    l->ops->look(l->arg);
    term_flush(l->now_ms);
    if (!l->over && !term_is_sending() && (!l->stalled || fds[FD_TTY].revents & POLLOUT))
        draw_if_due(l);
}

void
loop_init(struct loop *loop, const struct loop_ops *ops, void *arg, int news_fd, const struct settings_file *file)
{
    *loop = (struct loop){ .ops = ops, .arg = arg, .news_fd = news_fd, .file = *file, .want_frame = true, .now_ms = lat_mono_ms() };
    term_size(&loop->cols, &loop->rows);
}

enum console_end
loop_run(struct loop *loop)
{
    loop->over = false;
    if (loop->want_frame)
        draw(loop);
    while (!loop->over)
        turn(loop);
    return loop->end;
}
