/*
 * console.c - one node's console on the loop that all screens have (loop.h), and the terminal that it needs.
 */
#include "config.h"

#include "console_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wipe.h"
#include "copy.h"
#include "i18n.h"
#include "render.h"
#include "save.h"
#include "signals.h"
#include "stderr_log.h"
#include "term.h"

/* --- keys ----------------------------------------------------------------------------------------------- */

static void
write_file(struct console *c)
{
    char *text = copy_for_file(&c->model, console_shown(c), term_caps());
    struct lat_msg done = { "" };
    enum lat_err err = LAT_NOMEM;

    lat_msg_set(&done, "%s", lat_err_text(err));
    if (text)
        err = save_text(c->model.prompt.text, text, &done);
    free(text);
    model_say(&c->model, err != LAT_OK, done.text);
}

/* To the view of many nodes, and on from there. */
static void
open_fleet(struct console *c)
{
    struct session *session = c->session;
    const struct source *source = c->source;
    enum console_end end;

    if (session->screen == NULL)
        session->screen = fleet_screen_new(session);
    if (session->screen == NULL) {
        model_say(&c->model, true, lat_err_text(LAT_NOMEM));
        return;
    }
    if (source->ops->focus)
        source->ops->focus(source->arg, false);
    end = fleet_screen_run(session->screen, 0);
    if (source->ops->focus)
        source->ops->focus(source->arg, true);
    if (end != CONSOLE_BACK)
        loop_end(&c->loop, end);
    console_hush(c);
    loop_return(&c->loop);
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
    case EFFECT_ANSWER:
        console_answer(c, effect->yes);
        break;
    case EFFECT_COPY:
        loop_copy(&c->loop, copy_text(&c->model, console_shown(c), term_caps()));
        break;
    case EFFECT_WRITE:
        write_file(c);
        break;
    case EFFECT_MOUSE:
        loop_mouse(&c->loop, c->model.mouse);
        break;
    case EFFECT_STOP:
        loop_end(&c->loop, CONSOLE_QUIT_STOP);
        break;
    case EFFECT_LEAVE:
        loop_end(&c->loop, CONSOLE_QUIT_LEAVE);
        break;
    case EFFECT_REPAINT:
        term_repaint();
        break;
    case EFFECT_SUSPEND:
        loop_suspend(&c->loop);
        break;
    case EFFECT_FLEET:
        if (c->in_fleet)
            loop_end(&c->loop, CONSOLE_BACK);
        else
            open_fleet(c);
        break;
    }
    c->loop.want_frame = true;
}

/* Esc where it closes nothing, in a node that was opened from the fleet. */
static bool
leads_back(const struct console *c, uint32_t key)
{
    const struct model *m = &c->model;

    return c->in_fleet && m->prompt.kind == PROMPT_CLOSED && keymap_action(&m->settings.keymap, key) == ACTION_BACK && !model_has_opened(m);
}

/* The model's clock and screen are the loop's. */
static void
keep_up(struct console *c)
{
    c->model.now_ms = c->loop.now_ms;
    c->model.cols = c->loop.cols;
    c->model.rows = c->loop.rows;
}

static void
on_key(void *arg, const struct key_press *press)
{
    struct console *c = arg;
    struct effect effect;
    int acknowledged = c->model.acks.count;

    keep_up(c);
    if (leads_back(c, press->key)) {
        loop_end(&c->loop, CONSOLE_BACK);
        return;
    }
    if (narrator_key(&c->narrator, &c->model, press))
        return;
    effect = model_key(&c->model, console_shown(c), press);
    if (c->model.embedded)
        console_log_acks(&c->model.acks, acknowledged);
    carry_out(c, &effect);
}

static void
on_interrupt(void *arg)
{
    struct console *c = arg;
    struct effect effect;

    keep_up(c);
    effect = model_interrupt(&c->model);
    carry_out(c, &effect);
}

/* --- news and time -------------------------------------------------------------------------------------- */

static void
on_news(void *arg)
{
    struct console *c = arg;
    uint64_t count;
    ssize_t n = read(c->loop.news_fd, &count, sizeof(count));

    (void)n; /* someone else's EAGAIN changes nothing: the latest snapshot is looked at anyway */
}

static void
apply_settings(struct console *c, const struct settings *settings)
{
    model_configure(&c->model, settings);
    if (c->in_fleet && c->in_fleet->confirm)
        c->model.settings.confirm = CONFIRM_NAME;
    loop_configure(&c->loop, settings);
    loop_mouse(&c->loop, c->model.mouse);
    c->model.refresh_ms = c->loop.refresh_ms;
    privacy_switch(&c->privacy, settings->privacy);
}

static void
follow_settings(struct console *c)
{
    struct settings settings = c->model.settings;
    struct lat_msg first = { "" };

    if (!loop_read_settings(&c->loop.file, c->loop.now_ms, &settings, &first))
        return;
    apply_settings(c, &settings);
    if (first.text[0])
        model_say(&c->model, true, first.text);
}

static void
on_look(void *arg)
{
    struct console *c = arg;

    keep_up(c);
    console_follow_link(c);
    console_take_snapshot(c);
    c->loop.want_frame |= narrator_look(&c->narrator, c->snapshot, &c->model);
    console_take_answer(c);
    console_take_look(c);
    follow_settings(c);
}

static uint64_t
due_ms(void *arg)
{
    const struct console *c = arg;
    uint64_t due = UINT64_MAX;

    if (c->ticket || c->look)
        due = c->loop.now_ms + TICKET_MS;
    if (c->model.message_until_ms > c->loop.now_ms && c->model.message_until_ms < due)
        due = c->model.message_until_ms;
    return due;
}

static void
on_draw(void *arg, struct canvas *canvas)
{
    struct console *c = arg;

    keep_up(c);
    render(&c->model, console_shown(c), term_caps(), canvas);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void
prepare(struct console *c, struct session *o, const struct source *source, const struct fleet_node *in_fleet)
{
    static const struct loop_ops ops = { .key = on_key, .interrupt = on_interrupt, .news = on_news, .look = on_look,
                                         .due_ms = due_ms, .draw = on_draw };

    *c = (struct console){ .session = o, .source = source, .in_fleet = in_fleet };
    model_init(&c->model);
    loop_init(&c->loop, &ops, c, source->ops->wake_fd(source->arg), &o->file);
    apply_settings(c, &o->settings);
    keep_up(c);
    if (o->options->record_path && recorder_open(o->options->record_path, &c->recorder))
        model_say(&c->model, true, _("recording: the file cannot be opened"));
    c->model.embedded = source->embedded;
    c->model.recorded = source->recorded;
    c->model.beside_own = o->holds_node && !source->embedded;
    c->model.control = source->control;
    lat_copy(c->model.via, sizeof(c->model.via), source->via);
    narrator_init(&c->narrator, source, &c->model);
    console_take_snapshot(c);
    if (o->finding.text[0])
        model_say(&c->model, true, o->finding.text);
    console_follow_link(c);
}

static enum console_end
show_node(struct session *o, const struct source *source, const struct fleet_node *in_fleet)
{
    struct console *c = malloc(sizeof(*c));
    enum console_end end;

    if (c == NULL)
        return CONSOLE_FAILED;
    prepare(c, o, source, in_fleet);
    end = loop_run(&c->loop);
    if (end == CONSOLE_HANGUP && o->holds_node && c->model.settings.on_hangup == HANGUP_STOP)
        end = CONSOLE_QUIT_STOP;
    ticket_unref(c->ticket);
    ticket_unref(c->look);
    snapshot_unref(c->snapshot);
    snapshot_unref(c->then);
    recorder_close(c->recorder);
    privacy_free(c->privacy);
    lat_wipe(c, sizeof(*c));
    free(c);
    return end;
}

enum console_end
console_visit(struct session *session, const struct fleet_node *node)
{
    return show_node(session, &node->source, node);
}

static enum console_end
show_fleet(struct session *session)
{
    session->screen = fleet_screen_new(session);
    return session->screen ? fleet_screen_run(session->screen, -1) : CONSOLE_FAILED;
}

enum console_end
console_run_fleet(const struct console_options *options, struct fleet *fleet)
{
    struct session o = { .options = options, .fleet = fleet,
                         .file = { .path = options->config_path, .overrides = options->overrides } };
    enum console_end end = CONSOLE_FAILED;
    enum lat_err err;

    if (signals_open())
        return CONSOLE_FAILED;
    for (int i = 0; i < fleet->count; i++)
        o.holds_node |= fleet->nodes[i].source.embedded;
    loop_read_settings(&o.file, lat_mono_ms(), &o.settings, &o.finding);
    err = term_open(o.settings.ascii, (enum color_mode)o.settings.color);
    if (err == LAT_NOTFOUND)
        end = CONSOLE_NO_TERMINAL;
    if (err == LAT_OK && stderr_log_open() == LAT_OK) {
        end = fleet->single ? show_node(&o, &fleet->nodes[0].source, NULL) : show_fleet(&o);
        fleet_screen_free(o.screen);
        stderr_log_close();
    }
    term_close();
    signals_close();
    return end;
}

enum console_end
console_run(const struct console_options *options, const struct source *source)
{
    struct fleet_node node = { .name = "", .tags = "", .source = *source };
    struct fleet fleet = { .count = 1, .nodes = &node, .single = true };

    return console_run_fleet(options, &fleet);
}
