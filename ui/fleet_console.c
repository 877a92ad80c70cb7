/* fleet_console.c - the view of many nodes on the loop that all screens have: news of all of them, alarms, and what keys wish for. */
#include "config.h"

#include "console_parts.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wipe.h"
#include "i18n.h"
#include "plain.h"
#include "term.h"
#include "wish.h"

#define FRAME_MS 200 /* least time between two frames that only news of many nodes ask for */
#define COPY_ROWS 8 /* of a text to be copied: title, rules, heads, blanks */

struct fleet_screen {
    struct session *session;
    struct fleet *fleet;
    struct loop loop;
    struct fleet_model model;
    struct fleet_view view;
    int news; /* epoll over the wake descriptors of all sources; -1: looked at once a second */
    const struct snapshot *snapshots[FLEET_NODES_MAX];
    struct link_status links[FLEET_NODES_MAX];
    struct ticket *ticket; /* of the switch under way */
    struct privacy *privacy;              /* NULL: shown as it is */
    struct alarm alarms[FLEET_NODES_MAX]; /* what rang already at each */
    struct alarm hook;                    /* runs the operator's command for all */
};

/* --- news ----------------------------------------------------------------------------------------------- */

static void
watch(const struct fleet_screen *f, const struct source *source, int op)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = source->ops->wake_fd(source->arg) };

    if (f->news >= 0)
        (void)epoll_ctl(f->news, op, event.data.fd, &event); /* looked at once a second then */
}

static void
on_news(void *arg)
{
    struct fleet_screen *f = arg;
    struct epoll_event events[FLEET_NODES_MAX];
    int count = epoll_wait(f->news, events, FLEET_NODES_MAX, 0);
    uint64_t value;

    for (int i = 0; i < count; i++)
        f->loop.want_data |= read(events[i].data.fd, &value, sizeof(value)) > 0;
}

/* Bell, notification and the operator's command for what is new at a node. */
static void
ring(struct fleet_screen *f, int index)
{
    const struct snapshot *s = f->snapshots[index];
    const struct snapshot_alert *alert = s ? alarm_follow(&f->alarms[index], s) : NULL;
    const struct settings *settings = &f->model.settings;
    const char *name = f->fleet->nodes[index].name;
    char words[WORDS_MAX];

    if (alert == NULL)
        return;
    alarm_run(&f->hook, settings, name[0] ? name : s->name, alert, f->loop.now_ms);
    if (alarm_rings((enum bell)settings->bell, alert))
        term_bell(settings->visible_bell);
    if (settings->notify && alert->severity == ALERT_ALARM)
        term_notify(words_of_alert(alert, words));
}

/* The latest picture of a node, and how the way to it does. False: it is the picture of before. */
static bool
take(struct fleet_screen *f, int index)
{
    const struct source *source = &f->fleet->nodes[index].source;
    const struct snapshot *latest = source->ops->latest(source->arg);
    bool fresh;

    if (source->ops->link)
        source->ops->link(source->arg, &f->links[index]);
    else
        f->links[index] = (struct link_status){ .state = LINK_LIVE };
    if (latest && f->privacy) {
        const struct snapshot *masked = privacy_apply(f->privacy, latest);

        snapshot_unref(latest);
        latest = masked;
    }
    if (f->privacy)
        lat_copy(f->links[index].error, LINK_TEXT_MAX, f->links[index].error[0] ? _("not reached") : "");
    fresh = latest != f->snapshots[index];
    snapshot_unref(f->snapshots[index]);
    f->snapshots[index] = latest;
    return fresh;
}

static void
look(struct fleet_screen *f)
{
    for (int i = 0; i < f->fleet->count; i++) {
        if (take(f, i))
            ring(f, i);
    }
    alarm_run(&f->hook, &f->model.settings, "", NULL, f->loop.now_ms); /* what waits, and the dead */
    f->model.wall_ms = lat_wall_ms();
    fleet_look(f->fleet, f->snapshots, f->links, &f->model, &f->view);
}

/* What is wrong with a node now has been heard elsewhere. */
static void
hush(struct fleet_screen *f, int index)
{
    (void)take(f, index);
    if (f->snapshots[index])
        (void)alarm_follow(&f->alarms[index], f->snapshots[index]);
}

/* --- wishes ---------------------------------------------------------------------------------------------- */

static void
focus(const struct source *source, bool full)
{
    if (source->ops->focus)
        source->ops->focus(source->arg, full);
}

/* Into a node, whole snapshots for it meanwhile. What rang in there does not ring here again. */
static void
visit(struct fleet_screen *f, int index)
{
    const struct fleet_node *node = &f->fleet->nodes[index];
    enum console_end end;

    focus(&node->source, true);
    end = console_visit(f->session, node);
    focus(&node->source, false);
    if (end != CONSOLE_BACK)
        loop_end(&f->loop, end);
    hush(f, index);
    loop_return(&f->loop);
}

static void
add(struct fleet_screen *f)
{
    struct fleet *fleet = f->fleet;
    struct fleet_node node = { .name = "", .tags = "" };
    struct lat_msg why = { "" };
    int at = fleet->count;

    if (fleet->ops->add(fleet->arg, f->model.prompt.text, &node, &why)) {
        fleet_refuse(&f->model, why.text[0] ? why.text : lat_err_text(LAT_NOMEM));
        return;
    }
    fleet->nodes[at] = node;
    fleet->count++;
    f->snapshots[at] = NULL;
    f->links[at] = (struct link_status){ .state = LINK_RESOLVING };
    f->alarms[at] = (struct alarm){ .begun = false };
    f->model.selected = at;
    watch(f, &node.source, EPOLL_CTL_ADD);
}

static void
drop(struct fleet_screen *f, int index)
{
    struct fleet *fleet = f->fleet;
    const struct fleet_node node = fleet->nodes[index];

    watch(f, &node.source, EPOLL_CTL_DEL);
    snapshot_unref(f->snapshots[index]);
    for (int i = index; i + 1 < fleet->count; i++) {
        fleet->nodes[i] = fleet->nodes[i + 1];
        f->snapshots[i] = f->snapshots[i + 1];
        f->links[i] = f->links[i + 1];
        f->alarms[i] = f->alarms[i + 1];
    }
    fleet->count--;
    f->snapshots[fleet->count] = NULL;
    fleet_forget(&f->model, index);
    fleet->ops->drop(fleet->arg, &node);
}

static void
answer(struct fleet_screen *f, int index, bool yes)
{
    const struct source *source = &f->fleet->nodes[index].source;
    const struct link_status *asked = &f->model.question.asked;

    source->ops->answer(source->arg, asked->question, yes, asked->secret && yes ? f->model.prompt.text : NULL);
    prompt_close(&f->model.prompt);
}

static void
switch_mode(struct fleet_screen *f, const struct fleet_effect *effect)
{
    const char *why = wish_switch(&f->fleet->nodes[effect->node].source, effect->policy, effect->for_s, &f->ticket);

    fleet_say(&f->model, why != NULL, why ? why : _("switching ..."));
}

static void
take_answer(struct fleet_screen *f)
{
    char text[WORDS_MAX];
    bool bad;

    if (!wish_answered(&f->ticket, text, &bad))
        return;
    fleet_say(&f->model, bad, text);
    f->loop.want_frame = true;
}

static void
retry(const struct source *source)
{
    if (source->ops->retry)
        source->ops->retry(source->arg);
}

/* The whole view as text: all rows, all alerts. */
static char *
copy(const struct fleet_screen *f)
{
    struct fleet_model *paper = malloc(sizeof(*paper));
    struct fleet_alert alerts[FLEET_ALERTS_MAX];
    struct canvas *canvas = NULL;
    char *text = NULL;

    if (paper) {
        *paper = f->model;
        paper->still = true;
        paper->help = false;
        paper->rows = 2 * f->view.count + 2 * fleet_alerts(&f->view, paper, alerts) + COPY_ROWS;
        canvas = canvas_new(paper->cols, paper->rows, term_caps()->unicode);
    }
    if (canvas) {
        fleet_draw(&f->view, paper, term_caps(), canvas);
        text = plain_text(canvas);
    }
    canvas_free(canvas);
    free(paper);
    return text;
}

static void
carry_out(struct fleet_screen *f, const struct fleet_effect *effect)
{
    switch (effect->wish) {
    case FLEET_NOTHING:
        break;
    case FLEET_OPEN:
        visit(f, effect->node);
        break;
    case FLEET_BACK:
        loop_end(&f->loop, CONSOLE_BACK);
        break;
    case FLEET_ADD:
        add(f);
        break;
    case FLEET_REMOVE:
        drop(f, effect->node);
        break;
    case FLEET_RETRY:
        retry(&f->fleet->nodes[effect->node].source);
        break;
    case FLEET_SWITCH:
        switch_mode(f, effect);
        break;
    case FLEET_ANSWER:
        answer(f, effect->node, effect->yes);
        break;
    case FLEET_COPY:
        loop_copy(&f->loop, copy(f));
        break;
    case FLEET_MOUSE:
        loop_mouse(&f->loop, f->model.mouse);
        break;
    case FLEET_REPAINT:
        term_repaint();
        break;
    case FLEET_SUSPEND:
        loop_suspend(&f->loop);
        break;
    case FLEET_STOP:
        loop_end(&f->loop, CONSOLE_QUIT_STOP);
        break;
    case FLEET_LEAVE:
        loop_end(&f->loop, CONSOLE_QUIT_LEAVE);
        break;
    }
}

/* --- the loop -------------------------------------------------------------------------------------------- */

static void
keep_up(struct fleet_screen *f)
{
    f->model.now_ms = f->loop.now_ms;
    f->model.cols = f->loop.cols;
    f->model.rows = f->loop.rows;
}

/* The one that runs in this process; -1: none. */
static int
own_node(const struct fleet_screen *f)
{
    for (int i = 0; i < f->fleet->count; i++)
        if (f->fleet->nodes[i].source.embedded)
            return i;
    return -1;
}

static void
on_key(void *arg, const struct key_press *press)
{
    struct fleet_screen *f = arg;
    int own = own_node(f), seen = own < 0 ? 0 : f->model.memory[own].acks.count;
    struct fleet_effect effect;

    keep_up(f);
    effect = fleet_key(&f->model, &f->view, press);
    if (own >= 0)
        console_log_acks(&f->model.memory[own].acks, seen);
    carry_out(f, &effect);
    fleet_look(f->fleet, f->snapshots, f->links, &f->model, &f->view); /* another filter, other nodes: for the next key, too */
}

static void
on_interrupt(void *arg)
{
    struct fleet_screen *f = arg;
    struct fleet_effect effect;

    keep_up(f);
    effect = fleet_interrupt(&f->model);
    carry_out(f, &effect);
}

static void
apply_settings(struct fleet_screen *f, const struct settings *settings)
{
    fleet_configure(&f->model, settings);
    loop_configure(&f->loop, settings);
    if (f->loop.frame_ms < FRAME_MS)
        f->loop.frame_ms = FRAME_MS;
    loop_mouse(&f->loop, f->model.mouse);
    privacy_switch(&f->privacy, settings->privacy);
}

static void
on_look(void *arg)
{
    struct fleet_screen *f = arg;
    struct settings settings = f->model.settings;
    struct lat_msg first = { "" };

    keep_up(f);
    take_answer(f);
    if (loop_read_settings(&f->loop.file, f->loop.now_ms, &settings, &first)) {
        apply_settings(f, &settings);
        if (first.text[0])
            fleet_say(&f->model, true, first.text);
    }
}

static uint64_t
due_ms(void *arg)
{
    const struct fleet_screen *f = arg;

    if (f->ticket)
        return f->loop.now_ms + TICKET_MS;
    return f->model.message_until_ms > f->loop.now_ms ? f->model.message_until_ms : UINT64_MAX;
}

static void
on_draw(void *arg, struct canvas *canvas)
{
    struct fleet_screen *f = arg;

    keep_up(f);
    if (f->model.frozen)
        f->model.wall_ms = lat_wall_ms();
    else
        look(f);
    fleet_draw(&f->view, &f->model, term_caps(), canvas);
}

struct fleet_screen *
fleet_screen_new(struct session *session)
{
    static const struct loop_ops ops = { .key = on_key, .interrupt = on_interrupt, .news = on_news, .look = on_look,
                                         .due_ms = due_ms, .draw = on_draw };
    struct fleet_screen *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->session = session;
    f->fleet = session->fleet;
    f->news = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < f->fleet->count; i++)
        watch(f, &f->fleet->nodes[i].source, EPOLL_CTL_ADD);
    fleet_model_init(&f->model);
    f->model.can_change = f->fleet->ops != NULL;
    f->model.holds_node = session->holds_node;
    loop_init(&f->loop, &ops, f, f->news, &session->file);
    apply_settings(f, &session->settings);
    if (!f->fleet->single && session->finding.text[0])
        fleet_say(&f->model, true, session->finding.text);
    return f;
}

void
fleet_screen_free(struct fleet_screen *screen)
{
    if (screen == NULL)
        return;
    for (int i = 0; i < screen->fleet->count; i++)
        snapshot_unref(screen->snapshots[i]);
    privacy_free(screen->privacy);
    ticket_unref(screen->ticket);
    if (screen->news >= 0)
        close(screen->news);
    lat_wipe(screen, sizeof(*screen));
    free(screen);
}

enum console_end
fleet_screen_run(struct fleet_screen *screen, int home)
{
    screen->model.home = home;
    if (home >= 0)
        hush(screen, home); /* what rang in its console */
    loop_return(&screen->loop);
    return loop_run(&screen->loop);
}
