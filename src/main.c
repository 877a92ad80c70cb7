/* main.c - subcommands, and the composition of the parts: configuration, node, console. */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attached.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wipe.h"
#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/demo_child.h"
#include "cli/foreground.h"
#include "cli/options.h"
#include "front.h"
#include "node/configuration_load.h"
#include "node/files.h"
#include "node/node.h"
#include "view/source.h"
#include "wire/peerid.h"

/* --- configuration --------------------------------------------------------------------------------- */

static void
make_request(const struct options *o, struct config_override *overrides, struct config_request *out)
{
    for (size_t i = 0; i < o->override_count; i++)
        overrides[i] = (struct config_override){ o->overrides[i].name, o->overrides[i].value, o->overrides[i].flag };
    *out = (struct config_request){ .overrides = overrides, .override_count = o->override_count, .env_file = o->env_file };
}

/* Warnings are said, errors are counted: all of them are shown, not only the first. */
static int
say_findings(const struct config_findings *found)
{
    for (size_t i = 0; i < found->count; i++)
        fprintf(stderr, "lattice: %s%s\n", found->items[i].error ? "" : "warning: ", found->items[i].text);
    if (found->dropped > 0)
        fprintf(stderr, "lattice: and %zu more\n", found->dropped);
    return found->errors > 0 ? EXIT_CONFIG : EXIT_DONE;
}

static int
load_config(const struct options *o, struct config **out)
{
    struct config_override overrides[OPTIONS_OVERRIDES_MAX];
    struct config_request request;
    struct config_findings found = { 0 };
    enum lat_err err;
    int code;

    make_request(o, overrides, &request);
    err = config_load(&request, out, &found);
    code = say_findings(&found);
    config_findings_fini(&found);
    if (err && code == EXIT_DONE)
        code = cli_fail(EXIT_FAILED, "configuration: %s", lat_err_text(err));
    return code;
}

/* COMMAND_RELOAD, on the node thread. Findings go to the log: there may be no terminal any more. */
static struct config *
reload_config(void *arg, const struct config *present, struct lat_msg *why)
{
    const struct options *o = arg;
    struct config_override overrides[OPTIONS_OVERRIDES_MAX];
    struct config_request request;
    struct config_findings found = { 0 };
    struct config *fresh = NULL;

    make_request(o, overrides, &request);
    request.present = present;
    if (config_load(&request, &fresh, &found))
        lat_msg_set(why, "%s", found.count > 0 ? found.items[0].text : "it cannot be read");
    for (size_t i = 0; i < found.count; i++)
        lat_log(found.items[i].error ? LAT_ERROR : LAT_WARNING, "[STARTUP] [WARN] %s", found.items[i].text);
    config_findings_fini(&found);
    return fresh;
}

/* --- the node in this process ---------------------------------------------------------------------- */

static int
exit_code_of(enum lat_err err)
{
    switch (err) {
    case LAT_BUSY:
        return EXIT_HELD;
    case LAT_CONFLICT:
    case LAT_AUTH:
    case LAT_MALFORMED:
        return EXIT_CONFIG;
    case LAT_FULL:
    case LAT_DAMAGED:
        return EXIT_DISK;
    default:
        return EXIT_FAILED;
    }
}

static int
open_log(const struct config *c, const char *path)
{
    struct lat_log_options options = { .path = path, .json = c->log_json, .level = c->log_level };

    if (lat_log_open(&options))
        return cli_fail(EXIT_DISK, "log '%s': %s", path ? path : "standard error", strerror(errno));
    return EXIT_DONE;
}

static void
log_start(const struct config *c)
{
    lat_log(LAT_NOTICE, "[SHIELD] LATTICE %s - hybrid sync over libp2p and HTTP", PACKAGE_VERSION);
    lat_log(LAT_INFO, "[STARTUP] environment read%s%s, state directory %s", c->env_file ? ", settings from " : "",
            c->env_file ? c->env_file : "", c->state_dir);
}

/* A node that starts, before its console or beside it. */
struct start {
    struct node_options options;
    struct node *node; /* NULL: not yet, or it failed */
    enum lat_err err;
    struct lat_msg why;
    bool beside; /* `thread` starts it */
    pthread_t thread;
};

static void
prepare_start(struct start *s, struct options *o, struct config *c, struct exchange *x, bool demo)
{
    *s = (struct start){ .options = { .config = c, .exchange = x, .version = PACKAGE_VERSION, .demo = demo,
                                      .reload = reload_config, .arg = o } };
}

static void
start_node(struct start *s)
{
    log_start(s->options.config);
    s->err = node_start(&s->options, &s->node, &s->why);
    if (!s->err)
        lat_log(LAT_NOTICE, "[ROCKET] LATTICE READY - hybrid sync active");
}

/* A console without a node has nothing to show: it ends, and the reason is told on the terminal that it has given back. */
static void *
start_beside(void *arg)
{
    struct start *s = arg;

    start_node(s);
    if (s->err)
        kill(getpid(), SIGTERM);
    return NULL;
}

/*
 * Start it while the console paints its first picture ("starting"): a large store takes longer to open than an operator likes to look at
 * nothing. SIGTERM waits until the console, or what comes after it, takes it.
 */
static void
begin_start(struct start *s)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->beside = pthread_create(&s->thread, NULL, start_beside, s) == 0;
    sigaddset(&before, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!s->beside)
        start_node(s);
}

/* Started, or told why not. */
static int
end_start(struct start *s)
{
    if (s->beside)
        pthread_join(s->thread, NULL);
    s->beside = false;
    return s->err ? cli_fail(exit_code_of(s->err), "%s", s->why.text) : EXIT_DONE;
}

/* demo: a node that a demo has started, and speaks to. */
static int
run_node(struct options *o, struct config *c, bool demo)
{
    struct exchange *x = exchange_new();
    struct start start;
    int code = x ? open_log(c, c->log_file) : cli_fail(EXIT_FAILED, "out of memory");

    prepare_start(&start, o, c, x, demo);
    if (code == EXIT_DONE) {
        start_node(&start);
        code = end_start(&start);
    }
    if (code == EXIT_DONE) {
        if (demo)
            demo_child_run(x);
        else
            front_wait_headless(x);
        node_stop(start.node);
    } else {
        config_free(c);
    }
    exchange_free(x);
    return code;
}

/* --- the console ----------------------------------------------------------------------------------- */

/* The log of a node with a console: its screen is no place for it. */
static int
open_console_log(const struct config *c)
{
    char path[4096];

    if (c->log_file)
        return open_log(c, c->log_file);
    if (lat_mkdir_all(c->state_dir, 0700))
        return cli_fail(EXIT_DISK, "state directory '%s': %s", c->state_dir, strerror(errno));
    snprintf(path, sizeof(path), "%s/lattice.log", c->state_dir);
    return open_log(c, path);
}

/* The local node first; others can be set beside it. */
static int
show_console(struct options *o, const struct exchange_source *local, const struct source *source, bool demo)
{
    struct attached *others;
    struct fleet fleet;
    int code = EXIT_DONE;

    if (o->once)
        return front_print_once(source, o);
    others = attached_new(o, &code);
    if (others == NULL)
        return code;
    attached_offer(others, &fleet);
    fleet.nodes[fleet.count++] = (struct fleet_node){ .name = "", .tags = "", .source = *source };
    fleet.single = true;
    code = front_show(o, &fleet, demo ? NULL : local->exchange);
    attached_free(others);
    return code;
}

static int
run_console(struct options *o, struct config *c, struct demo *demo)
{
    struct exchange_source local = { .exchange = exchange_new(), .fd = -1 };
    bool beside = demo == NULL && !o->once && !o->plain && isatty(STDOUT_FILENO);
    struct lat_msg why = { "" };
    struct start start;
    struct source source;
    int code = local.exchange ? open_console_log(c) : cli_fail(EXIT_FAILED, "out of memory");

    if (code == EXIT_DONE && (local.fd = exchange_watch(local.exchange)) < 0)
        code = cli_fail(EXIT_FAILED, "console: %s", strerror(errno));
    if (code == EXIT_DONE && demo && demo_start(demo, &why))
        code = cli_fail(EXIT_FAILED, "%s", why.text);
    prepare_start(&start, o, c, local.exchange, demo != NULL);
    if (code == EXIT_DONE && beside)
        begin_start(&start);
    else if (code == EXIT_DONE) {
        start_node(&start);
        code = end_start(&start);
    }
    if (code == EXIT_DONE) {
        source_of_exchange(&local, &source);
        if (demo)
            demo_tell(demo, local.exchange, &source);
        source.embedded = demo == NULL; /* a demo ends without being asked whether its node may */
        code = show_console(o, &local, &source, demo != NULL);
    }
    if (start.beside && end_start(&start) != EXIT_DONE)
        code = exit_code_of(start.err);
    if (start.node == NULL)
        config_free(c);
    node_stop(start.node);
    exchange_free(local.exchange);
    return code;
}

static int
run_demo(struct options *o)
{
    struct demo *demo = NULL;
    struct config *c = NULL;
    struct lat_msg why = { "" };
    enum lat_err err = demo_prepare(o, &demo, &why);
    int code;

    if (err)
        return cli_fail(err == LAT_MALFORMED || err == LAT_LIMIT ? EXIT_USAGE : EXIT_FAILED, "%s", why.text);
    code = load_config(o, &c);
    if (code == EXIT_DONE)
        code = run_console(o, c, demo);
    demo_free(demo);
    return code;
}

/* --- the other commands ---------------------------------------------------------------------------- */

/*
 * Where the node of this configuration answers: at the socket in its state directory, which no other program can hold as it
 * can the port; unless --api alone says which node is meant.
 */
static void
find_local_node(const struct config *c, struct cli *cli)
{
    bool by_address = options_sets(cli->options, "LATTICE_API_LISTEN") && !options_sets(cli->options, "LATTICE_STATE_DIR");
    struct lat_msg why;

    snprintf(cli->local.base, sizeof(cli->local.base), "http://%s", c->api_listen);
    if (!by_address && api_target_use_socket(&cli->local, c->state_dir))
        return;
    cli->local.token_is_guess = true; /* --api may name another node than that of the state directory */
    if (files_cookie_read(c->state_dir, cli->local.token, &why))
        cli->local.token[0] = '\0'; /* the kernel's word for who we are may be enough */
}

static void
find_identity(const struct config *c, struct cli *cli)
{
    struct lat_msg why = { "" };
    struct key *key = NULL;

    if (files_key_load(c->state_dir, c->has_seed ? c->seed : NULL, &key, &why) == LAT_OK) {
        peerid_of_ed25519(key_public(key), cli->peer_id);
        lat_hex(key_public(key), KEY_PUBLIC_LEN, cli->public_key);
        key_free(key);
    }
}

/* Whose word counts: the configuration's keys, and our own where there is one. */
static void
find_trust(const struct config *c, struct cli *cli)
{
    uint8_t own[KEY_PUBLIC_LEN] = { 0 }; /* signs nothing: no sound key */

    if (cli->public_key[0] && lat_unhex(cli->public_key, own, sizeof(own)))
        memset(own, 0, sizeof(own));
    config_trust(c, own, &cli->trust);
}

/* `id new`: a key where there is none. */
static int
make_identity(const struct config *c)
{
    struct lat_msg why = { "" };
    struct key *key = NULL;
    int fd = -1;
    enum lat_err err = files_lock(c->state_dir, &fd, &why);

    if (!err)
        err = files_key_make(c->state_dir, &key, &why);
    key_free(key);
    files_unlock(fd);
    return err ? cli_fail(exit_code_of(err), "id new: %s", why.text) : EXIT_DONE;
}

static int
run_id(const struct cli *cli)
{
    const struct options *o = cli->options;

    if (o->arg_count > 0 && strcmp(o->args[0], "new") != 0)
        return cli_fail(EXIT_USAGE, "id: 'lattice id', or 'lattice id --new' to make a key");
    return cli_id(cli);
}

/* `--repair` needs the state directory for itself. */
static int
run_verify(const struct cli *cli)
{
    struct lat_msg why = { "" };
    int fd = -1, code;

    if (!cli->options->repair)
        return cli_verify(cli);
    if (files_lock(cli->state_dir, &fd, &why))
        return cli_fail(EXIT_HELD, "verify --repair: %s", why.text);
    code = cli_repair(cli);
    files_unlock(fd);
    return code;
}

static const struct {
    const char *name;
    int (*run)(const struct cli *cli);
} commands[] = {
    { "status", cli_status }, { "switch", cli_switch }, { "get", cli_get },       { "put", cli_put },
    { "del", cli_del },       { "list", cli_list },     { "export", cli_export }, { "import", cli_import },
    { "id", run_id },         { "verify", run_verify }, { "prove-check", cli_prove_check }, { "attach", run_attach },
    { "backup", cli_backup }, { "restore", cli_restore }, { "publish", cli_publish },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int
run_command(size_t index, const struct options *o, const struct config *c)
{
    struct cli cli = { .options = o,
                       .state_dir = c->state_dir,
                       .network = c->network,
                       .store_max = c->store_max,
                       .api_listen = config_text(c, "LATTICE_API_LISTEN"),
                       .p2p_listen = config_text(c, "LATTICE_P2P_LISTEN"),
                       .print_screen = front_print_screen };
    bool asks_for_key = o->new_key || (o->arg_count > 0 && strcmp(o->args[0], "new") == 0);
    bool makes_key = strcmp(commands[index].name, "id") == 0 && asks_for_key;
    int code = makes_key ? make_identity(c) : EXIT_DONE;

    if (code != EXIT_DONE)
        return code;
    find_local_node(c, &cli);
    find_identity(c, &cli);
    find_trust(c, &cli);
    code = commands[index].run(&cli);
    lat_wipe(&cli.local, sizeof(cli.local));
    return code;
}

static int
print_version(void)
{
    printf("lattice %s\n", PACKAGE_VERSION);
    return EXIT_DONE;
}

#define DEMO_NODE "demo-node" /* what a demo starts; not for people, so --help does not name it */

static bool
is_headless(const char *name)
{
    return strcmp(name, "node") == 0 || strcmp(name, DEMO_NODE) == 0;
}

/* A command that runs a node: console, node, demo. */
static int
run_with_node(const char *name, struct options *o)
{
    struct config *c = NULL;
    int code;

    if (strcmp(name, "demo") == 0)
        return run_demo(o);
    if (o->print_config && o->command_given && strcmp(name, "console") == 0)
        return front_print_settings(o);
    code = load_config(o, &c);
    if (code != EXIT_DONE)
        return code;
    if (o->print_config) {
        config_print(c, stdout);
        config_free(c);
        return EXIT_DONE;
    }
    return is_headless(name) ? run_node(o, c, strcmp(name, DEMO_NODE) == 0) : run_console(o, c, NULL);
}

static bool
runs_a_node(const char *name)
{
    return strcmp(name, "console") == 0 || is_headless(name) || strcmp(name, "demo") == 0;
}

/* Does it speak to people on a screen? */
static bool
has_a_face(const char *name)
{
    static const char *const names[] = { "console", "demo", "attach", "status", "replay" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static int
dispatch(const char *name, struct options *o)
{
    struct config *c = NULL;
    char shown[80];
    int code;

    if (has_a_face(name) && (code = front_open_language(o)) != EXIT_DONE)
        return code;
    if (runs_a_node(name)) {
        /* Output that is no terminal gets one picture. */
        o->once = o->once || o->json || (!is_headless(name) && !o->plain && !isatty(STDOUT_FILENO));
        if (!is_headless(name) && !o->once && !o->print_config)
            foreground_split();
        return run_with_node(name, o);
    }
    if (strcmp(name, "replay") == 0) {
        o->once = o->once || (!o->plain && !isatty(STDOUT_FILENO));
        return front_replay(o);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        code = load_config(o, &c);
        if (code != EXIT_DONE)
            return code;
        if (o->print_config)
            config_print(c, stdout);
        else
            code = run_command(i, o, c);
        config_free(c);
        return code;
    }
    return cli_fail(EXIT_USAGE, "command '%s': unknown; see 'lattice --help'", lat_escape_str(name, shown, sizeof(shown)));
}

/* What could not be written is no success. A reader that has seen enough (head) is none of our business. */
static int
check_output(int code)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
    bool lost = ferror(stdout) != 0;

    lost = fflush(stdout) != 0 || lost;
    if (!lost || errno == EPIPE || (poll(&out, 1, 0) == 1 && (out.revents & POLLERR)))
        return code;
    return cli_fail(EXIT_DISK, "standard output cannot be written: the disk is full, or it was closed");
}

int
main(int argc, char **argv)
{
    bool named = argc > 1 && argv[1][0] != '-';
    const char *name = named ? argv[1] : "console";
    struct options o;
    struct lat_msg why = { "" };
    int code;

    (void)setlocale(LC_CTYPE, ""); /* a locale that is not installed: C stays */
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    if (options_parse(argc, argv, named ? 2 : 1, &o, &why))
        return cli_fail(EXIT_USAGE, "%s", why.text);
    o.command_given = named;
    if (options_check_words(name, &o, &why)) {
        code = cli_fail(EXIT_USAGE, "%s", why.text);
    } else if (o.help) {
        options_help(stdout, named ? name : NULL);
        code = EXIT_DONE;
    } else {
        code = o.version ? print_version() : dispatch(name, &o);
    }
    options_fini(&o);
    return check_output(code);
}
