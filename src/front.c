/* front.c - the faces of a node: screen, sentences, one picture, a recording; and the node that has lost its own. */
#include "config.h"

#include "front.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cast.h"
#include "cli/cli.h"
#include "cli/foreground.h"
#include "cli/replay.h"
#include "i18n.h"
#include "line_mode.h"
#include "render.h"
#include "settings_file.h"

static void
ask_reload(struct exchange *x)
{
    struct command *command = command_new(COMMAND_RELOAD);

    if (command && exchange_submit(x, command))
        command_free(command);
}

/* Without a console: SIGTERM and SIGINT end the node, SIGHUP reads the configuration again. */
void
front_wait_headless(struct exchange *x)
{
    sigset_t signals;
    int signo = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    while (sigwait(&signals, &signo) == 0 && signo == SIGHUP)
        ask_reload(x);
    lat_log(LAT_NOTICE, "[STARTUP] %s: the node stops", strsignal(signo));
}

/* What the console is told: where console.ini is, and the command line as lines of the same form. */
struct console_wishes {
    struct console_options options;
    char path[4096];
    char overrides[512];
};

static void
fill_console_options(const struct options *o, struct console_wishes *out)
{
    static const char *const colors[] = { [OPTION_COLOR_AUTO] = "auto",
                                          [OPTION_COLOR_ALWAYS] = "always",
                                          [OPTION_COLOR_NEVER] = "never" };
    size_t size = sizeof(out->overrides), used = 0;

    settings_file_path(out->path);
    out->overrides[0] = 0;
    if (o->ascii)
        used += (size_t)snprintf(out->overrides + used, size - used, "ascii = on\n");
    if (o->privacy)
        used += (size_t)snprintf(out->overrides + used, size - used, "privacy = on\n");
    if (o->color_given)
        used += (size_t)snprintf(out->overrides + used, size - used, "color = %s\n", colors[o->color]);
    if (o->refresh_ms > 0)
        used += (size_t)snprintf(out->overrides + used, size - used, "refresh = %g\n", o->refresh_ms / 1000.0);
    if (o->graph)
        used += (size_t)snprintf(out->overrides + used, size - used, "graph = %.16s\n", o->graph);
    if (o->lang)
        snprintf(out->overrides + used, size - used, "lang = %.16s\n", o->lang);
    out->options = (struct console_options){ .config_path = out->path[0] ? out->path : NULL,
                                             .overrides = out->overrides,
                                             .record_path = o->record };
}

/* What console.ini and the command line say together; `say` is told their mistakes. */
static void
read_settings(const struct options *o, settings_finding_fn say, void *arg, struct settings *settings)
{
    struct console_wishes wishes;
    struct settings_file file = { .path = NULL };

    fill_console_options(o, &wishes);
    file.path = wishes.options.config_path;
    file.overrides = wishes.overrides;
    settings_file_follow(&file, 0, settings, say, arg);
}

/* A flag is there to be obeyed: one that cannot be is refused; a file's mistake is told where the rest is used. */
static void
note_flag(void *arg, const char *text)
{
    struct lat_msg *wrong = arg;

    if (strncmp(text, "command line:", 13) == 0 && strrchr(text, ':') && wrong->text[0] == 0)
        lat_msg_set(wrong, "--%s", text + 13 + strcspn(text + 13, " ") + 1);
}

int
front_open_language(const struct options *o)
{
    struct settings settings;
    struct lat_msg wrong = { "" };

    read_settings(o, note_flag, &wrong, &settings);
    if (wrong.text[0])
        return cli_fail(EXIT_USAGE, "%s", wrong.text);
    i18n_open(settings.lang, LOCALEDIR);
    return EXIT_DONE;
}

/* A console.ini with mistakes still says what it says right. */
static void
say_setting(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "lattice: warning: %s\n", text);
}

static void
print_screen(FILE *out, const struct snapshot *snapshot, const struct source *source, const struct options *o)
{
    struct console_wishes wishes;

    fill_console_options(o, &wishes);
    /* What cannot be written is noticed at the end, with all other output. */
    if (console_once(&wishes.options, source, snapshot, o->columns, o->rows, out) == LAT_NOMEM)
        cli_fail(EXIT_FAILED, "screen: out of memory");
}

void
front_print_screen(FILE *out, const struct snapshot *snapshot, const struct options *o)
{
    print_screen(out, snapshot, NULL, o);
}

/* Known peers have had their moment to connect, and those that did have shown where they stand; a difference just seen is being closed. */
static bool
peers_are_known(const struct snapshot *s)
{
    if (s->lung.state == LUNG_STARTING && s->lung.p2p_running && s->lung.peers_known > 0)
        return false;
    for (uint32_t i = 0; i < s->peer_count; i++) {
        const struct snapshot_peer *peer = &s->peers[i];

        if (peer->connected && (peer->heard_ms < 0 || (peer->stand.differs_ms >= 0 && peer->stand.differs_ms <= SNAPSHOT_QUIET_MS)))
            return false;
    }
    return true;
}

/* Have peers and HTTP sources been asked? Then the picture has what there is to know. */
static bool
is_complete(const struct snapshot *s)
{
    if (s == NULL || !peers_are_known(s))
        return false;
    for (uint32_t i = 0; i < s->source_count; i++) {
        if (!s->sources[i].known && s->sources[i].failures == 0)
            return false;
    }
    return true;
}

#define ONCE_WAIT_MS 3000

int
front_print_once(const struct source *source, const struct options *o)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    uint64_t until = lat_mono_ms() + ONCE_WAIT_MS;
    const struct snapshot *s = source->ops->latest(source->arg);
    int code;

    while (!is_complete(s) && lat_mono_ms() < until) {
        snapshot_unref(s);
        nanosleep(&pause, NULL);
        s = source->ops->latest(source->arg);
    }
    if (s == NULL)
        return cli_fail(EXIT_NO_ANSWER, "no answer from the node at %s", source->via);
    code = snapshot_condition(s);
    if (o->json)
        code = cli_print_snapshot(s) == EXIT_DONE ? code : EXIT_FAILED;
    else
        print_screen(stdout, s, source, o);
    snapshot_unref(s);
    return code;
}

/* The node goes on without a terminal until a signal ends it. */
static void
go_on_headless(struct exchange *x, const char *why)
{
    lat_log(LAT_NOTICE, "[STARTUP] %s: the node goes on without a console, pid %ld", why, (long)getpid());
    foreground_leave();
    front_wait_headless(x);
}

/* The screen, or sentences where they are asked for and where no cursor can be placed. */
static enum console_end
run_face(const struct console_options *options, struct fleet *fleet, bool plain)
{
    enum console_end end = plain ? CONSOLE_NO_TERMINAL : console_run_fleet(options, fleet);

    return end == CONSOLE_NO_TERMINAL && fleet->single ? line_mode_run(options, &fleet->nodes[0].source) : end;
}

/* Nobody looks at the nodes beside our own any more. */
static void
drop_added(struct fleet *fleet)
{
    while (fleet->single && fleet->count > 1 && fleet->ops)
        fleet->ops->drop(fleet->arg, &fleet->nodes[--fleet->count]);
}

int
front_show(const struct options *o, struct fleet *fleet, struct exchange *x)
{
    struct console_wishes wishes;
    enum console_end end;

    fill_console_options(o, &wishes);
    end = run_face(&wishes.options, fleet, o->plain);
    drop_added(fleet);
    switch (end) {
    case CONSOLE_QUIT_LEAVE:
        if (x) {
            printf("The node goes on, pid %ld. Look at it with 'lattice status', end it with 'kill %ld'.\n", (long)getpid(),
                   (long)getpid());
            fflush(stdout);
            go_on_headless(x, "console left");
        }
        return EXIT_DONE;
    case CONSOLE_HANGUP:
        if (x)
            go_on_headless(x, "console lost");
        return EXIT_DONE;
    case CONSOLE_QUIT_STOP:
    case CONSOLE_SIGTERM:
    case CONSOLE_BACK:
        return EXIT_DONE;
    case CONSOLE_NO_TERMINAL: /* line mode, of one node, needs none */
        return cli_fail(EXIT_FAILED, "the fleet view needs a terminal that can place a cursor; use 'lattice status'");
    case CONSOLE_FAILED:
        return cli_fail(EXIT_FAILED, "console: out of memory or descriptors");
    }
    return EXIT_FAILED;
}

/* `console --print-config`: a console.ini with what holds now. */
int
front_print_settings(const struct options *o)
{
    struct settings settings;

    read_settings(o, say_setting, NULL, &settings);
    settings_print(&settings, stdout);
    return EXIT_DONE;
}

/* A recording on its way into a cast. */
struct casting {
    FILE *out;
    const struct options *o;
    struct settings settings;
    struct caps caps;
    double speed;
    uint64_t begun_ms; /* wall time of the first picture; 0: none yet */
    bool failed;
};

static bool
cast_picture(void *arg, const struct snapshot *s)
{
    struct casting *c = arg;
    struct canvas *canvas = canvas_new(c->o->columns, c->o->rows, c->caps.unicode);
    struct model model;

    if (c->begun_ms == 0) {
        c->begun_ms = s->wall_ms;
        cast_begin(c->out, c->o->columns, c->o->rows, s->wall_ms);
    }
    model_init(&model);
    model_configure(&model, &c->settings);
    model.still = true;
    model.cols = c->o->columns;
    model.rows = c->o->rows;
    model.now_ms = s->mono_ms;
    if (canvas)
        render(&model, s, &c->caps, canvas);
    c->failed = canvas == NULL ||
                cast_frame(c->out, canvas, c->caps.theme,
                           s->wall_ms > c->begun_ms ? (uint64_t)((double)(s->wall_ms - c->begun_ms) / c->speed) : 0);
    canvas_free(canvas);
    return !c->failed;
}

/* `replay FILE --cast OUT`: in colour, whatever this terminal has. */
static int
write_cast(const struct options *o, double speed)
{
    struct casting c = { .o = o, .speed = speed, .out = fopen(o->cast, "we") };
    struct console_wishes wishes;
    struct settings_file file = { .path = NULL };
    struct lat_msg why = { "" };
    bool lost;

    if (c.out == NULL)
        return cli_fail(EXIT_DISK, "--cast: '%s': %s", o->cast, strerror(errno));
    fill_console_options(o, &wishes);
    file.path = wishes.options.config_path;
    file.overrides = wishes.overrides;
    settings_file_follow(&file, 0, &c.settings, say_setting, NULL);
    c.caps = caps_decide("xterm-256color", c.settings.ascii, COLOR_ALWAYS, NULL, 256);
    caps_prefer(&c.caps, (enum theme)c.settings.theme, (enum graph_kind)c.settings.graph);
    if (replay_each(o->args[0], cast_picture, &c, &why))
        c.failed = true;
    lost = ferror(c.out) != 0;
    lost = fclose(c.out) != 0 || lost;
    if (lost)
        return cli_fail(EXIT_DISK, "--cast: '%s': %s", o->cast, strerror(errno));
    return c.failed ? cli_fail(EXIT_FAILED, "%s", why.text[0] ? why.text : "replay: out of memory") : EXIT_DONE;
}

int
front_replay(const struct options *o)
{
    struct replay *replay = NULL;
    struct lat_msg why = { "" };
    struct fleet_node node = { .name = "", .tags = "" };
    struct fleet fleet = { .count = 1, .nodes = &node, .single = true };
    double speed = 1;
    char *end = NULL;
    int code;

    if (o->arg_count < 1)
        return cli_fail(EXIT_USAGE, "replay: which file? 'lattice --record FILE' writes one");
    if (o->speed)
        speed = strtod(o->speed, &end);
    if ((end && *end) || !(speed >= 0.01 && speed <= REPLAY_SPEED_MAX))
        return cli_fail(EXIT_USAGE, "--speed: a figure from 0.01 to %d", REPLAY_SPEED_MAX);
    if (o->cast)
        return write_cast(o, speed);
    if (replay_start(o->args[0], speed, &replay, &why))
        return cli_fail(EXIT_FAILED, "%s", why.text);
    replay_face(replay, &node.source);
    code = o->once || o->json ? front_print_once(&node.source, o) : front_show(o, &fleet, NULL);
    replay_stop(replay);
    return code;
}
