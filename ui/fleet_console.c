/* fleet_console.c - the loop of the fleet view: keys, signals and news of all nodes come in, one frame goes out. */
#include "config.h"

#include "fleet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "keys.h"
#include "signals.h"
#include "stderr_log.h"
#include "term.h"

#define FRAME_MS 200    /* least time between two frames that only news ask for */
#define REFRESH_MS 1000 /* ages move */

enum { FD_TTY, FD_SIGNALS, FD_NEWS, FD_STDERR, FD_COUNT };

struct loop {
    const struct fleet *fleet;
    fleet_visit_fn visit;
    void *arg;
    int news; /* epoll over the wake descriptors of all sources; -1: looked at once a second */
    struct fleet_model model;
    struct fleet_view view;
    struct keys keys;
    uint64_t keys_since_ms, drawn_ms;
    bool want_frame, want_news, over;
    enum console_end end;
    const struct snapshot *snapshots[FLEET_NODES_MAX];
    struct link_status links[FLEET_NODES_MAX];
};

static void
finish(struct loop *l, enum console_end end)
{
    if (!l->over)
        l->end = end;
    l->over = true;
}

/* --- news ----------------------------------------------------------------------------------------------- */

static void
open_news(struct loop *l)
{
    l->news = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < l->fleet->count && l->news >= 0; i++) {
        const struct source *source = &l->fleet->nodes[i].source;
        struct epoll_event event = { .events = EPOLLIN, .data.fd = source->ops->wake_fd(source->arg) };

        (void)epoll_ctl(l->news, EPOLL_CTL_ADD, event.data.fd, &event);
    }
}

static void
drain_news(struct loop *l)
{
    struct epoll_event events[FLEET_NODES_MAX];
    int count = epoll_wait(l->news, events, FLEET_NODES_MAX, 0);
    uint64_t value;

    for (int i = 0; i < count; i++)
        l->want_news |= read(events[i].data.fd, &value, sizeof(value)) > 0;
}

static void
look(struct loop *l)
{
    l->model.wall_ms = lat_wall_ms();
    for (int i = 0; i < l->fleet->count; i++) {
        const struct source *source = &l->fleet->nodes[i].source;

        snapshot_unref(l->snapshots[i]);
        l->snapshots[i] = source->ops->latest(source->arg);
        if (source->ops->link)
            source->ops->link(source->arg, &l->links[i]);
        else
            l->links[i].state = LINK_LIVE;
    }
    fleet_look(l->fleet, l->snapshots, l->links, &l->model, &l->view);
}

static void
draw(struct loop *l)
{
    const struct caps *caps = term_caps();
    struct canvas *canvas = canvas_new(l->model.cols, l->model.rows, caps->unicode);

    if (canvas == NULL)
        return;
    look(l);
    fleet_draw(&l->view, &l->model, caps, canvas);
    if (term_draw(canvas, l->model.now_ms)) {
        l->drawn_ms = l->model.now_ms;
        l->want_frame = l->want_news = false;
    }
    canvas_free(canvas);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

static const struct fleet_row *
selected_row(const struct loop *l)
{
    for (int i = 0; i < l->view.count; i++)
        if (l->view.rows[i].index == l->model.selected)
            return &l->view.rows[i];
    return NULL;
}

static void
resize(struct loop *l)
{
    term_size(&l->model.cols, &l->model.rows);
    term_repaint();
    l->want_frame = true;
}

/* Into a node, whole snapshots for it meanwhile. */
static void
visit(struct loop *l, const struct fleet_row *row)
{
    const struct source *source = &row->node->source;
    enum console_end end;

    if (source->ops->focus)
        source->ops->focus(source->arg, true);
    end = l->visit(l->arg, row->node);
    if (source->ops->focus)
        source->ops->focus(source->arg, false);
    if (end != CONSOLE_BACK)
        finish(l, end);
    l->model.now_ms = lat_mono_ms();
    resize(l);
}

static void
answer(struct loop *l, bool yes)
{
    const struct fleet_row *row = selected_row(l);

    if (row && row->node->source.ops->answer)
        row->node->source.ops->answer(row->node->source.arg, row->link.question, yes, row->link.secret ? l->model.secret : NULL);
    l->model.answering = false;
    lat_wipe(l->model.secret, sizeof(l->model.secret));
}

/* A printable ASCII character behind a text, or one less. */
static void
edit(char *text, size_t size, uint32_t key)
{
    size_t len = strlen(text);

    if (key == KEYS_RUBOUT && len > 0)
        text[len - 1] = 0;
    else if (key == KEYS_CTRL_U)
        text[0] = 0;
    else if (key >= ' ' && key < 0x7f && len + 1 < size) {
        text[len] = (char)key;
        text[len + 1] = 0;
    }
}

static void
key_while_answering(struct loop *l, uint32_t key)
{
    const struct fleet_row *row = selected_row(l);

    if (row == NULL || row->link.question == 0)
        l->model.answering = false;
    else if (key == KEYS_ESC || (!row->link.secret && key == 'n'))
        answer(l, false);
    else if (row->link.secret ? key == KEYS_ENTER : key == 'y')
        answer(l, true);
    else if (row->link.secret)
        edit(l->model.secret, sizeof(l->model.secret), key);
}

static void
key_while_typing(struct loop *l, uint32_t key)
{
    if (key == KEYS_ENTER) {
        l->model.typing = false;
    } else if (key == KEYS_ESC) {
        l->model.typing = false;
        l->model.filter[0] = 0;
    } else
        edit(l->model.filter, sizeof(l->model.filter), key);
}

static void
move(struct loop *l, int by)
{
    int at = 0;

    for (int i = 0; i < l->view.count; i++)
        if (l->view.rows[i].index == l->model.selected)
            at = i;
    at += by;
    if (at >= l->view.count)
        at = l->view.count - 1;
    if (at >= 0 && l->view.count > 0)
        l->model.selected = l->view.rows[at].index;
    else if (l->view.count > 0)
        l->model.selected = l->view.rows[0].index;
}

static void
open_selected(struct loop *l)
{
    const struct fleet_row *row = selected_row(l);

    if (row == NULL)
        return;
    if (row->link.question)
        l->model.answering = true;
    else
        visit(l, row);
}

static void
key_command(struct loop *l, uint32_t key)
{
    switch (key) {
    case 'j':
    case KEYS_ARROW_DOWN:
        move(l, 1);
        break;
    case 'k':
    case KEYS_ARROW_UP:
        move(l, -1);
        break;
    case KEYS_PAGE_DOWN:
        move(l, 10);
        break;
    case KEYS_PAGE_UP:
        move(l, -10);
        break;
    case KEYS_ENTER:
        open_selected(l);
        break;
    case '/':
        l->model.typing = true;
        break;
    case KEYS_ESC:
        l->model.filter[0] = 0;
        break;
    case KEYS_CTRL_L:
        term_repaint();
        break;
    case KEYS_CTRL_Z:
        term_suspend();
        break;
    case 'q':
    case KEYS_CTRL_C:
        finish(l, CONSOLE_QUIT_LEAVE);
        break;
    default:
        break;
    }
}

static void
apply_keys(struct loop *l, bool late)
{
    struct key_press press;

    while (!l->over && keys_next(&l->keys, late, &press)) {
        if (l->model.answering)
            key_while_answering(l, press.key);
        else if (l->model.typing)
            key_while_typing(l, press.key);
        else
            key_command(l, press.key);
        l->want_frame = true;
    }
}

static void
read_keys(struct loop *l)
{
    char bytes[1024];
    ssize_t n = term_read(bytes, sizeof(bytes));

    if (n < 0)
        finish(l, CONSOLE_HANGUP);
    if (n <= 0)
        return;
    keys_feed(&l->keys, bytes, (size_t)n);
    l->keys_since_ms = l->model.now_ms;
    apply_keys(l, false);
    lat_wipe(bytes, sizeof(bytes)); /* a passphrase may have been among them */
}

static void
read_signals(struct loop *l)
{
    int signo;

    while ((signo = signals_next()) != 0) {
        if (signo == SIGTSTP)
            term_suspend();
        if (signo == SIGCONT)
            term_resume();
        if (signo == SIGWINCH || signo == SIGTSTP || signo == SIGCONT)
            resize(l);
        if (signo == SIGTERM || signo == SIGINT)
            finish(l, signo == SIGTERM ? CONSOLE_SIGTERM : CONSOLE_QUIT_LEAVE);
        if (signo == SIGHUP)
            finish(l, CONSOLE_HANGUP);
    }
}

/* --- the loop ------------------------------------------------------------------------------------------- */

static int
sleep_ms(const struct loop *l)
{
    uint64_t now = lat_mono_ms(), at = l->drawn_ms + (l->want_news ? FRAME_MS : REFRESH_MS);

    if (keys_undecided(&l->keys) && l->keys_since_ms + KEYS_ESC_DELAY_MS < at)
        at = l->keys_since_ms + KEYS_ESC_DELAY_MS;
    return at > now ? (int)(at - now) : 0;
}

static void
turn(struct loop *l)
{
    struct pollfd fds[FD_COUNT] = {
        [FD_TTY] = { .fd = term_fd(), .events = POLLIN },
        [FD_SIGNALS] = { .fd = signals_fd(), .events = POLLIN },
        [FD_NEWS] = { .fd = l->want_news ? -1 : l->news, .events = POLLIN },
        [FD_STDERR] = { .fd = stderr_log_fd(), .events = POLLIN },
    };
    uint64_t age;

    if (term_is_sending())
        fds[FD_TTY].events |= POLLOUT;
    if (poll(fds, FD_COUNT, sleep_ms(l)) < 0 && errno != EINTR) {
        finish(l, CONSOLE_FAILED);
        return;
    }
    l->model.now_ms = lat_mono_ms();
    if (fds[FD_SIGNALS].revents)
        read_signals(l);
    if (!l->over && fds[FD_TTY].revents & (POLLERR | POLLHUP | POLLNVAL))
        finish(l, CONSOLE_HANGUP);
    if (!l->over && fds[FD_TTY].revents & POLLIN)
        read_keys(l);
    if (!l->over && keys_undecided(&l->keys) && l->model.now_ms >= l->keys_since_ms + KEYS_ESC_DELAY_MS)
        apply_keys(l, true);
    if (fds[FD_STDERR].revents)
        stderr_log_read(l->model.now_ms);
    if (fds[FD_NEWS].revents)
        drain_news(l);
    term_flush(l->model.now_ms);
    age = l->model.now_ms - l->drawn_ms;
    if (!l->over && !term_is_sending() && (l->want_frame || age >= REFRESH_MS || (l->want_news && age >= FRAME_MS)))
        draw(l);
}

enum console_end
fleet_run(const struct fleet *fleet, fleet_visit_fn visit_node, void *arg)
{
    struct loop *l = calloc(1, sizeof(*l));
    enum console_end end;

    if (l == NULL)
        return CONSOLE_FAILED;
    l->fleet = fleet;
    l->visit = visit_node;
    l->arg = arg;
    open_news(l);
    l->model.now_ms = lat_mono_ms();
    term_size(&l->model.cols, &l->model.rows);
    draw(l);
    while (!l->over)
        turn(l);
    end = l->end;
    for (int i = 0; i < fleet->count; i++)
        snapshot_unref(l->snapshots[i]);
    if (l->news >= 0)
        close(l->news);
    lat_wipe(l, sizeof(*l));
    free(l);
    return end;
}
