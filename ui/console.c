/*
 * console.c - the loop: keys, signals, snapshots and time come in; after all of them one frame goes out, at
 * once for a key, at most ten a second for data.
 */
#include "config.h"

#include "console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "keys.h"
#include "model.h"
#include "render.h"
#include "signals.h"
#include "stderr_log.h"
#include "term.h"

#define FRAME_MS 100 /* least time between two frames that only data asks for, whatever the options say */
#define TICKET_MS 50 /* how often an answer is looked for */

enum { FD_TTY, FD_SIGNALS, FD_WAKE, FD_STDERR, FD_COUNT };

struct console {
    const struct source *source;
    struct model model;
    struct keys keys;
    uint64_t keys_since_ms;          /* undecided bytes wait since then */
    const struct snapshot *snapshot; /* on the screen */
    struct ticket *ticket;           /* of the command under way */
    bool want_frame;                 /* a key or a signal: draw at once */
    bool want_data;                  /* a snapshot: draw when the last frame is old enough */
    uint32_t frame_ms;               /* least time between two frames for data */
    bool stalled;                    /* the terminal took nothing; wait until it does */
    uint64_t drawn_ms;
    bool over;
    enum console_end end;
};

static void
finish(struct console *c, enum console_end end)
{
    if (!c->over)
        c->end = end;
    c->over = true;
}

/* --- snapshots and commands ----------------------------------------------------------------------------- */

static void
take_snapshot(struct console *c)
{
    const struct snapshot *latest;

    if (c->model.frozen)
        return;
    latest = c->source->ops->latest(c->source->arg);
    if (latest == NULL)
        return;
    if (c->snapshot && latest == c->snapshot) {
        snapshot_unref(latest);
        return;
    }
    c->want_frame |= c->snapshot == NULL; /* the first figures: nobody waits for the pace of later ones */
    snapshot_unref(c->snapshot);
    c->snapshot = latest;
    model_prune(&c->model, latest);
    c->want_data = true;
}

/* Who asks, for the node's log: user, terminal, and where an SSH session comes from. */
static void
name_operator(char *out, size_t size)
{
    const char *tty = ttyname(STDIN_FILENO), *ssh = getenv("SSH_CONNECTION");
    char from[48] = "", text[160];

    if (tty && strncmp(tty, "/dev/", 5) == 0)
        tty += 5;
    if (ssh && ssh[0])
        snprintf(from, sizeof(from), " from %.*s", (int)strcspn(ssh, " "), ssh);
    snprintf(text, sizeof(text), "console uid %u %.20s%s", (unsigned)getuid(), tty ? tty : "", from);
    lat_escape_str(text, out, size);
}

static void
submit(struct console *c, const struct effect *effect)
{
    struct command *command = command_new(COMMAND_SWITCH);
    struct ticket *ticket = command ? ticket_new(NULL, NULL) : NULL;
    enum lat_err err;

    if (ticket == NULL) {
        command_free(command);
        model_say(&c->model, true, lat_err_text(LAT_NOMEM));
        return;
    }
    name_operator(command->who, sizeof(command->who));
    command->policy = effect->policy;
    command->for_s = effect->for_s;
    command->ticket = ticket;
    err = c->source->ops->submit(c->source->arg, command);
    if (err) {
        command_free(command);
        ticket_unref(ticket);
        model_say(&c->model, true,
                  err == LAT_BUSY ? "the node is busy: try again" : "the node takes no commands");
        return;
    }
    ticket_unref(c->ticket);
    c->ticket = ticket;
    model_say(&c->model, false, "switching ...");
}

static void
take_answer(struct console *c)
{
    const struct reply *reply = c->ticket ? ticket_reply(c->ticket) : NULL;
    char text[sizeof(reply->text) + 64];

    if (reply == NULL)
        return;
    if (reply->text[0])
        lat_copy(text, sizeof(text), reply->text);
    else if (reply->err)
        lat_copy(text, sizeof(text), lat_err_text(reply->err));
    else
        snprintf(text, sizeof(text), "mode %s: %s", lung_policy_name(reply->policy),
                 lung_state_name(reply->state));
    model_say(&c->model, reply->err != LAT_OK || reply->warning, text);
    ticket_unref(c->ticket);
    c->ticket = NULL;
    c->want_frame = true;
}

/* --- keys and signals ----------------------------------------------------------------------------------- */

static void
carry_out(struct console *c, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_NONE:
        break;
    case EFFECT_SWITCH:
        submit(c, effect);
        break;
    case EFFECT_STOP:
        finish(c, CONSOLE_QUIT_STOP);
        break;
    case EFFECT_LEAVE:
        finish(c, CONSOLE_QUIT_LEAVE);
        break;
    case EFFECT_REPAINT:
        term_repaint();
        break;
    case EFFECT_SUSPEND:
        term_suspend();
        break;
    }
    c->want_frame = true;
}

static void
apply_keys(struct console *c, bool late)
{
    struct key_press press;

    while (!c->over && keys_next(&c->keys, late, &press)) {
        struct effect effect = model_key(&c->model, c->snapshot, &press);

        carry_out(c, &effect);
    }
}

/* All that was typed; an end of file is the end of the terminal. */
static void
read_keys(struct console *c)
{
    char bytes[1024];
    ssize_t n = term_read(bytes, sizeof(bytes));

    if (n < 0) {
        finish(c, CONSOLE_HANGUP);
        return;
    }
    if (n == 0)
        return;
    keys_feed(&c->keys, bytes, (size_t)n);
    c->keys_since_ms = c->model.now_ms;
    apply_keys(c, false);
}

static void
resize(struct console *c)
{
    term_size(&c->model.cols, &c->model.rows);
    term_repaint();
    c->want_frame = true;
}

static void
on_signal(struct console *c, int signo)
{
    struct effect effect;

    switch (signo) {
    case SIGWINCH:
        resize(c);
        break;
    case SIGCONT:
        term_resume();
        resize(c);
        break;
    case SIGTSTP:
        term_suspend();
        resize(c);
        break;
    case SIGINT:
        effect = model_interrupt(&c->model);
        carry_out(c, &effect);
        break;
    case SIGTERM:
        finish(c, CONSOLE_SIGTERM);
        break;
    case SIGHUP:
        finish(c, CONSOLE_HANGUP);
        break;
    default:
        break;
    }
}

/* A burst of resizes is one. */
static void
read_signals(struct console *c)
{
    bool resized = false;
    int signo;

    while ((signo = signals_next()) != 0) {
        if (signo != SIGWINCH)
            on_signal(c, signo);
        resized |= signo == SIGWINCH;
    }
    if (resized && !c->over)
        on_signal(c, SIGWINCH);
}

/* --- frames --------------------------------------------------------------------------------------------- */

static void
draw(struct console *c)
{
    const struct caps *caps = term_caps();
    struct canvas *canvas = canvas_new(c->model.cols, c->model.rows, caps->unicode);

    if (canvas == NULL)
        return; /* the next frame may find memory */
    render(&c->model, c->snapshot, caps, canvas);
    c->stalled = !term_draw(canvas, c->model.now_ms);
    canvas_free(canvas);
    if (c->stalled)
        return;
    c->drawn_ms = c->model.now_ms;
    c->want_frame = c->want_data = false;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the loop has to turn again if nothing happens. */
static uint64_t
next_turn(const struct console *c)
{
    const struct model *m = &c->model;
    uint64_t at = c->drawn_ms + m->refresh_ms;

    if (c->stalled)
        at = m->now_ms + m->refresh_ms; /* POLLOUT comes first */
    else if (c->want_data)
        at = earlier(at, c->drawn_ms + c->frame_ms);
    if (keys_undecided(&c->keys))
        at = earlier(at, c->keys_since_ms + KEYS_ESC_DELAY_MS);
    if (c->ticket)
        at = earlier(at, m->now_ms + TICKET_MS);
    if (m->message_until_ms > m->now_ms)
        at = earlier(at, m->message_until_ms);
    return at;
}

static void
draw_if_due(struct console *c)
{
    uint64_t age = c->model.now_ms - c->drawn_ms;

    if (c->want_frame || (c->want_data && age >= c->frame_ms) || age >= c->model.refresh_ms)
        draw(c);
}

static void
drain_wake(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));

    (void)n; /* someone else's EAGAIN changes nothing: the latest snapshot is looked at anyway */
}

static void
turn(struct console *c)
{
    struct pollfd fds[FD_COUNT] = {
        [FD_TTY] = { .fd = term_fd(), .events = POLLIN },
        [FD_SIGNALS] = { .fd = signals_fd(), .events = POLLIN },
        [FD_WAKE] = { .fd = c->source->ops->wake_fd(c->source->arg), .events = POLLIN },
        [FD_STDERR] = { .fd = stderr_log_fd(), .events = POLLIN },
    };
    uint64_t at = next_turn(c), now = lat_mono_ms();

    if (c->stalled || term_is_sending())
        fds[FD_TTY].events |= POLLOUT;
    if (poll(fds, FD_COUNT, at > now ? (int)earlier(at - now, 60000) : 0) < 0 && errno != EINTR) {
        finish(c, CONSOLE_FAILED);
        return;
    }
    c->model.now_ms = lat_mono_ms();
    if (fds[FD_SIGNALS].revents)
        read_signals(c);
    if (!c->over && fds[FD_TTY].revents & (POLLERR | POLLHUP | POLLNVAL))
        finish(c, CONSOLE_HANGUP);
    if (!c->over && fds[FD_TTY].revents & POLLIN)
        read_keys(c);
    if (!c->over && keys_undecided(&c->keys) && c->model.now_ms >= c->keys_since_ms + KEYS_ESC_DELAY_MS)
        apply_keys(c, true);
    if (fds[FD_STDERR].revents)
        stderr_log_read(c->model.now_ms);
    if (fds[FD_WAKE].revents & POLLIN)
        drain_wake(fds[FD_WAKE].fd);
    if (c->over)
        return;
    take_snapshot(c);
    take_answer(c);
    term_flush(c->model.now_ms);
    if (!term_is_sending() && (!c->stalled || fds[FD_TTY].revents & POLLOUT))
        draw_if_due(c);
}

static void
prepare(struct console *c, const struct console_options *options, const struct source *source)
{
    *c = (struct console){ .source = source, .want_frame = true, .frame_ms = FRAME_MS };
    model_init(&c->model);
    if (options->refresh_ms > FRAME_MS)
        c->frame_ms = options->refresh_ms;
    if (c->frame_ms > c->model.refresh_ms)
        c->model.refresh_ms = c->frame_ms;
    c->model.embedded = source->embedded;
    c->model.control = source->control;
    lat_copy(c->model.via, sizeof(c->model.via), source->via);
    c->model.now_ms = lat_mono_ms();
    term_size(&c->model.cols, &c->model.rows);
    take_snapshot(c);
}

static enum console_end
run_on_terminal(const struct console_options *options, const struct source *source)
{
    struct console *c = malloc(sizeof(*c));
    enum console_end end;

    if (c == NULL)
        return CONSOLE_FAILED;
    prepare(c, options, source);
    draw(c);
    while (!c->over)
        turn(c);
    end = c->end;
    ticket_unref(c->ticket);
    snapshot_unref(c->snapshot);
    free(c);
    return end;
}

enum console_end
console_run(const struct console_options *options, const struct source *source)
{
    enum console_end end = CONSOLE_FAILED;
    enum lat_err err;

    if (signals_open())
        return CONSOLE_FAILED;
    err = term_open(options->ascii, options->color);
    if (err == LAT_NOTFOUND)
        end = CONSOLE_NO_TERMINAL;
    if (err == LAT_OK && stderr_log_open() == LAT_OK) {
        end = run_on_terminal(options, source);
        stderr_log_close();
    }
    term_close();
    signals_close();
    return end;
}
