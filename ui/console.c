/*
 * console.c - the loop: keys, signals, snapshots and time come in; after all of them one frame goes out, at
 * once for a key, at most ten a second for data.
 */
#include "config.h"

#include "console_parts.h"

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
#include "copy.h"
#include "format.h"
#include "render.h"
#include "signals.h"
#include "stderr_log.h"
#include "term.h"

#define FRAME_MS 100 /* least time between two frames that only data asks for, whatever the options say */
#define REFRESH_MS 1000 /* the picture is drawn at least this often: clock and ages move */
#define TICKET_MS 20 /* how often an answer is looked for */

enum { FD_TTY, FD_SIGNALS, FD_WAKE, FD_STDERR, FD_COUNT };

static void
finish(struct console *c, enum console_end end)
{
    if (end == CONSOLE_HANGUP && c->model.embedded && c->model.settings.on_hangup == HANGUP_STOP)
        end = CONSOLE_QUIT_STOP;
    if (!c->over)
        c->end = end;
    c->over = true;
}

/* --- keys and signals ----------------------------------------------------------------------------------- */

static void
begin_copy(struct console *c)
{
    char *text = copy_text(&c->model, console_shown(c), term_caps());

    if (text == NULL)
        return;
    term_copy_begin(text);
    free(text);
    c->copying = true;
}

static void
end_copy(struct console *c)
{
    c->copying = false;
    term_copy_end();
    c->want_frame = true;
}

/* After the terminal was another's: its reports are off. */
static void
switch_mouse_again(const struct console *c)
{
    if (c->model.mouse)
        term_mouse(true);
}

static void
carry_out(struct console *c, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_NONE:
        break;
    case EFFECT_SWITCH:
        console_switch(c, effect);
        break;
    case EFFECT_LOOK:
        console_look_back(c, effect->look, effect->at_ms);
        break;
    case EFFECT_NOW:
        console_back_to_now(c);
        break;
    case EFFECT_COPY:
        begin_copy(c);
        break;
    case EFFECT_MOUSE:
        term_mouse(c->model.mouse);
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
        switch_mouse_again(c);
        break;
    }
    c->want_frame = true;
}

/* `o`, and Esc where it closes nothing: back to the fleet. */
static bool
leads_back(const struct console *c, uint32_t key)
{
    const struct model *m = &c->model;

    if (!c->in_fleet || m->prompt.kind != PROMPT_CLOSED)
        return false;
    return key == 'o' || (key == KEYS_ESC && !m->help && !m->detail && !m->zoomed && !m->frozen && !m->past &&
                          m->places[m->focus].filter[0] == 0);
}

static void
apply_keys(struct console *c, bool late)
{
    struct key_press press;
    int acknowledged;

    while (!c->over && keys_next(&c->keys, late, &press)) {
        struct effect effect;

        if (c->copying) {
            end_copy(c);
            switch_mouse_again(c);
            continue;
        }
        if (leads_back(c, press.key)) {
            finish(c, CONSOLE_BACK);
            continue;
        }
        if (narrator_key(&c->narrator, &c->model, &press)) {
            c->want_frame = true;
            continue;
        }
        acknowledged = c->model.ack_count;
        effect = model_key(&c->model, console_shown(c), &press);
        console_log_acknowledged(c, acknowledged);
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
        if (c->copying)
            end_copy(c);
        term_resume();
        switch_mouse_again(c);
        resize(c);
        break;
    case SIGTSTP:
        term_suspend();
        switch_mouse_again(c);
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
    render(&c->model, console_shown(c), caps, canvas);
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
    if (c->ticket || c->look)
        at = earlier(at, m->now_ms + TICKET_MS);
    if (m->message_until_ms > m->now_ms)
        at = earlier(at, m->message_until_ms);
    return at;
}

static void
draw_if_due(struct console *c)
{
    uint64_t age = c->model.now_ms - c->drawn_ms, repaint_ms = c->model.settings.repaint_ms;

    if (c->copying)
        return;
    if (repaint_ms > 0 && c->model.now_ms - c->painted_ms >= repaint_ms) {
        c->painted_ms = c->model.now_ms;
        term_repaint();
        c->want_frame = true;
    }
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

/* --- console.ini ---------------------------------------------------------------------------------------- */

static void
log_finding(void *arg, const char *text)
{
    struct lat_msg *first = arg;

    if (first->text[0] == 0)
        lat_msg_set(first, "%s", text);
    lat_log(LAT_WARNING, "[CONSOLE] %s", text);
}

static void
apply_settings(struct console *c, const struct settings *settings)
{
    bool mouse = c->model.mouse;

    model_configure(&c->model, settings);
    if (c->in_fleet && c->in_fleet->confirm)
        c->model.settings.confirm = CONFIRM_NAME;
    c->frame_ms = settings->refresh_ms > FRAME_MS ? settings->refresh_ms : FRAME_MS;
    c->model.refresh_ms = c->frame_ms > REFRESH_MS ? c->frame_ms : REFRESH_MS;
    format_use_zone(settings->time == ZONE_LOCAL);
    term_prefer((enum theme)settings->theme, (enum graph_kind)settings->graph, settings->sync, settings->repeat);
    if (c->model.mouse != mouse)
        term_mouse(c->model.mouse);
    if (settings->privacy && c->privacy == NULL)
        c->privacy = privacy_new();
    if (!settings->privacy) {
        privacy_free(c->privacy);
        c->privacy = NULL;
    }
    c->want_frame = true;
}

static void
follow_settings(struct console *c)
{
    struct settings settings = c->model.settings;
    struct lat_msg first = { "" };

    if (!settings_file_follow(&c->file, c->model.now_ms, &settings, log_finding, &first))
        return;
    apply_settings(c, &settings);
    if (first.text[0])
        model_say(&c->model, true, first.text);
}

/* --- the loop ------------------------------------------------------------------------------------------- */

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
    console_follow_link(c);
    console_take_snapshot(c);
    c->want_frame |= narrator_look(&c->narrator, c->snapshot, &c->model);
    console_take_answer(c);
    console_take_look(c);
    follow_settings(c);
    term_flush(c->model.now_ms);
    if (!term_is_sending() && (!c->stalled || fds[FD_TTY].revents & POLLOUT))
        draw_if_due(c);
}

static void
prepare(struct console *c, const struct console_options *options, const struct source *source,
        const struct settings *settings, const struct settings_file *file, const struct fleet_node *in_fleet)
{
    *c = (struct console){ .source = source, .in_fleet = in_fleet, .want_frame = true, .file = *file };
    model_init(&c->model);
    apply_settings(c, settings);
    if (options->record_path && recorder_open(options->record_path, &c->recorder))
        model_say(&c->model, true, "recording: the file cannot be opened");
    c->model.embedded = source->embedded;
    c->model.control = source->control;
    lat_copy(c->model.via, sizeof(c->model.via), source->via);
    c->model.now_ms = lat_mono_ms();
    narrator_init(&c->narrator, source, &c->model);
    term_size(&c->model.cols, &c->model.rows);
    console_take_snapshot(c);
}

/* What the terminal was opened with. */
struct opened {
    const struct console_options *options;
    struct settings settings;
    struct settings_file file;
    struct lat_msg finding;
};

static enum console_end
show_node(const struct opened *o, const struct source *source, const struct fleet_node *in_fleet)
{
    struct console *c = malloc(sizeof(*c));
    enum console_end end;

    if (c == NULL)
        return CONSOLE_FAILED;
    prepare(c, o->options, source, &o->settings, &o->file, in_fleet);
    if (o->finding.text[0])
        model_say(&c->model, true, o->finding.text);
    console_follow_link(c);
    draw(c);
    while (!c->over)
        turn(c);
    end = c->end;
    ticket_unref(c->ticket);
    ticket_unref(c->look);
    snapshot_unref(c->snapshot);
    snapshot_unref(c->then);
    recorder_close(c->recorder);
    privacy_free(c->privacy);
    free(c);
    return end;
}

static enum console_end
visit_node(void *arg, const struct fleet_node *node)
{
    return show_node(arg, &node->source, node);
}

/* One node, or many. */
static enum console_end
run(const struct console_options *options, const struct source *source, const struct fleet *fleet)
{
    struct opened o = { .options = options, .file = { .path = options->config_path, .overrides = options->overrides } };
    enum console_end end = CONSOLE_FAILED;
    enum lat_err err;

    if (signals_open())
        return CONSOLE_FAILED;
    settings_file_follow(&o.file, lat_mono_ms(), &o.settings, log_finding, &o.finding);
    err = term_open(o.settings.ascii, (enum color_mode)o.settings.color);
    if (err == LAT_NOTFOUND)
        end = CONSOLE_NO_TERMINAL;
    if (err == LAT_OK && stderr_log_open() == LAT_OK) {
        end = source ? show_node(&o, source, NULL) : fleet_run(fleet, visit_node, &o);
        stderr_log_close();
    }
    term_close();
    signals_close();
    return end;
}

enum console_end
console_run(const struct console_options *options, const struct source *source)
{
    return run(options, source, NULL);
}

enum console_end
console_run_fleet(const struct console_options *options, const struct fleet *fleet)
{
    return run(options, NULL, fleet);
}
