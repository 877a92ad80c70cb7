#include "config.h"

#include "cli/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const struct command_help command_helps[] = {
    { "console", "", 0, "the console, with a node running in this process (also without a command)" },
    { "node", "", 0, "the node alone, in the foreground, for servers and service managers" },
    { "attach", "[TARGET...]", 64, "the console on running nodes, by default the local one; several: the fleet view" },
    { "demo", "", 0, "real nodes on loopback, the console on the first, and a story that cuts and restores their lungs" },
    { "replay", "FILE", 1, "the console on what --record has written" },
    { "status", "[TARGET...]", 64, "one look: the screen as text, or JSON; exit 0 fine, 1 attention, 2 alarm" },
    { "switch", "p2p|http|auto [TARGET...]", 65, "set the mode; prints requested and effective mode" },
    { "get", "KEY [TARGET]", 2, "print one entry; --proof: with what proves it" },
    { "put", "KEY JSON|- [TARGET]", 3, "write one entry; answers when it is durable" },
    { "del", "KEY [TARGET]", 2, "delete one entry" },
    { "list", "[PREFIX] [TARGET]", 2, "the keys, in order" },
    { "export", "[TARGET]", 1, "the state as one JSON object" },
    { "import", "FILE|- [TARGET]", 2, "write the entries of a JSON object" },
    { "publish", "INTENT STATUS [TARGET]", 3, "send a proof_event, as v3.0.3 does, to the peers on the topic" },
    { "id", "[new]", 1, "peer id, public key, addresses and file places; works without a running node" },
    { "prove-check", "FILE|-", 1, "check what 'get --proof' printed, without a node; exit 4: proven to be absent" },
    { "verify", "", 0, "re-hash the store against its root, beside a running node; --repair without one" },
    { "backup", "FILE", 1, "a consistent copy of all records, beside a running node" },
    { "restore", "FILE [TARGET]", 2, "join a backup into a running node; newer records stay" },
    { NULL, NULL, 0, NULL },
};

/* How an option's value is kept. */
enum keep { KEEP_SETTING, KEEP_FLAG, KEEP_TEXT, KEEP_COLOR, KEEP_SIZE, KEEP_SECONDS };

struct option_row {
    const char *name;
    const char *value;   /* its name in --help; NULL: takes none */
    enum keep keep;
    const char *setting; /* KEEP_SETTING: the configuration name */
    const char *fixed;   /* KEEP_SETTING without a value: what it sets */
    size_t field;        /* KEEP_FLAG, KEEP_TEXT: offset in struct options */
    const char *help;
};

#define SETTING(name, value, setting, help) { name, value, KEEP_SETTING, setting, NULL, 0, help }
#define FIELD(name, value, keep, member, help) { name, value, keep, NULL, NULL, offsetof(struct options, member), help }

static const struct option_row rows[] = {
    FIELD("env-file", "FILE", KEEP_TEXT, env_file, "read settings from FILE instead of ./.env"),
    SETTING("state-dir", "DIR", "LATTICE_STATE_DIR", "key, store, cookie, log"),
    SETTING("api", "ADDR:PORT", "LATTICE_API_LISTEN", "HTTP API of this node, or of the node to talk to"),
    SETTING("listen", "MULTIADDR", "LATTICE_P2P_LISTEN", "P2P listen address (may repeat)"),
    SETTING("peer", "MULTIADDR", "LATTICE_P2P_BOOTSTRAP", "P2P bootstrap peer (may repeat)"),
    SETTING("http-peer", "URL", "LATTICE_NODES", "HTTP peer (may repeat)"),
    SETTING("mode", "auto|p2p|http", "LATTICE_MODE", "mode at start"),
    { "no-p2p", NULL, KEEP_SETTING, "LATTICE_P2P_ENABLED", "false", 0, "run without the P2P lung" },
    SETTING("topic", "NAME", "LATTICE_P2P_TOPIC", "gossip topic"),
    SETTING("name", "NAME", "LATTICE_NODE_NAME", "name shown in the console and API"),
    SETTING("log-file", "FILE", "LATTICE_LOG_FILE", "append the log to FILE"),
    SETTING("log-level", "LEVEL", "LATTICE_LOG_LEVEL", "debug, info, notice, warning, error"),
    SETTING("log-format", "text|json", "LATTICE_LOG_FORMAT", "form of log lines"),
    FIELD("print-config", NULL, KEEP_FLAG, print_config, "print each setting and where it came from"),
    FIELD("json", NULL, KEEP_FLAG, json, "output for machines"),
    FIELD("follow", NULL, KEEP_FLAG, follow, "status: one line at each change"),
    FIELD("for", "SECONDS", KEEP_TEXT, for_seconds, "switch: back to auto after so long (1 to 86400)"),
    FIELD("if-match", "TAG", KEEP_TEXT, if_match, "put, del: only if the entry still has this tag"),
    FIELD("if-absent", NULL, KEEP_FLAG, absent, "put: only if there is no such entry"),
    FIELD("author", "KEY", KEEP_TEXT, author, "list: only entries of this author (64 hex or peer id)"),
    FIELD("proof", NULL, KEEP_FLAG, proof, "get: with what proves it, for 'lattice prove-check'"),
    FIELD("root", "HEX", KEEP_TEXT, root, "prove-check: the root to believe, whoever attests it"),
    FIELD("token-file", "FILE", KEEP_TEXT, token_file, "bearer token for TARGET"),
    FIELD("insecure-http", NULL, KEEP_FLAG, insecure_http, "let the token cross a network in the clear"),
    FIELD("ca", "FILE", KEEP_TEXT, ca_file, "certificates that https targets must lead to (PEM), instead of the system's"),
    FIELD("ssh-config", "FILE", KEEP_TEXT, ssh_config, "for ssh targets: read FILE instead of ~/.ssh/config and the system's"),
    FIELD("fleet", "FILE", KEEP_TEXT, fleet, "attach, status, switch: the nodes of FILE, a section each"),
    FIELD("force", NULL, KEEP_FLAG, force, "import: overwrite keys that have other values"),
    FIELD("control", NULL, KEEP_FLAG, control, "attach: allow changes, not only looking"),
    FIELD("new", NULL, KEEP_FLAG, new_key, "id: make a key where there is none, as 'id new' does"),
    FIELD("repair", NULL, KEEP_FLAG, repair, "verify: set damaged bytes aside, to be healed from peers"),
    FIELD("nodes", "N", KEEP_TEXT, nodes, "demo: how many nodes (3; 2 to 9)"),
    FIELD("fast", NULL, KEEP_FLAG, fast, "demo: a countdown of 10 s instead of 60"),
    FIELD("loop", NULL, KEEP_FLAG, loop, "demo: tell the story again and again"),
    FIELD("script", "FILE", KEEP_TEXT, script, "demo: another story"),
    FIELD("once", NULL, KEEP_FLAG, once, "console: print one screen as text and end"),
    FIELD("size", "CxR", KEEP_SIZE, columns, "with --once and status: columns and rows (80x24)"),
    FIELD("ascii", NULL, KEEP_FLAG, ascii, "console: plain ASCII characters"),
    FIELD("color", "WHEN", KEEP_COLOR, color, "console: auto, always or never"),
    FIELD("graph", "KIND", KEEP_TEXT, graph, "console: sparklines of block, braille or ascii"),
    FIELD("lang", "LANG", KEEP_TEXT, lang, "console: language, en or pt_BR"),
    FIELD("privacy", NULL, KEEP_FLAG, privacy, "console: stable names instead of addresses, peer ids and keys"),
    FIELD("plain", NULL, KEEP_FLAG, plain, "console: sentences and lines instead of a screen"),
    FIELD("record", "FILE", KEEP_TEXT, record, "console: append each snapshot to FILE, for 'lattice replay'"),
    FIELD("refresh", "SECONDS", KEEP_SECONDS, refresh_ms, "console: at most one frame in so long (0.2 to 60)"),
    FIELD("cast", "OUT", KEEP_TEXT, cast, "replay: write an asciicast to OUT instead of showing it"),
    FIELD("speed", "N", KEEP_TEXT, speed, "replay: N times as fast (0.01 to 1000)"),
    FIELD("help", NULL, KEEP_FLAG, help, "this text"),
    FIELD("version", NULL, KEEP_FLAG, version, "the version"),
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))
#define LONG_CODE 256 /* rows have codes from here on, so that none is that of a letter */

/* Set, or for a repeated flag append with a comma. */
static enum lat_err
add_override(struct options *options, const struct option_row *row, const char *value)
{
    struct option_override *o = NULL;
    char *joined;
    size_t len;

    for (size_t i = 0; i < options->override_count; i++) {
        if (strcmp(options->overrides[i].name, row->setting) == 0)
            o = &options->overrides[i];
    }
    if (o == NULL) {
        if (options->override_count == OPTIONS_OVERRIDES_MAX)
            return LAT_LIMIT;
        o = &options->overrides[options->override_count];
        *o = (struct option_override){ .name = row->setting, .flag = row->name, .value = strdup(value) };
        if (o->value == NULL)
            return LAT_NOMEM;
        options->override_count++;
        return LAT_OK;
    }
    len = strlen(o->value) + strlen(value) + 2;
    joined = malloc(len);
    if (joined == NULL)
        return LAT_NOMEM;
    snprintf(joined, len, "%s,%s", o->value, value);
    free(o->value);
    o->value = joined;
    return LAT_OK;
}

static enum lat_err
parse_color(const char *value, enum option_color *color)
{
    static const char *const names[] = { "auto", "always", "never" };

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            *color = (enum option_color)i;
            return LAT_OK;
        }
    }
    return LAT_MALFORMED;
}

/* "80x24", each from 1 to 999. */
static bool
parse_size(const char *value, struct options *options)
{
    const char *sign = strchr(value, 'x');
    size_t len = sign ? (size_t)(sign - value) : 0;
    uint64_t wide, high;
    char front[4];

    if (sign == NULL || len >= sizeof(front))
        return false;
    memcpy(front, value, len);
    front[len] = 0;
    if (lat_parse_u64(front, 999, &wide) || lat_parse_u64(sign + 1, 999, &high) || wide == 0 || high == 0)
        return false;
    options->columns = (int)wide;
    options->rows = (int)high;
    return true;
}

static enum lat_err
keep_value(struct options *options, const struct option_row *row, const char *value, struct lat_msg *why)
{
    void *field = (char *)options + row->field;
    char shown[80];
    uint64_t ms;

    switch (row->keep) {
    case KEEP_SETTING:
        return add_override(options, row, row->fixed ? row->fixed : value);
    case KEEP_FLAG:
        *(bool *)field = true;
        return LAT_OK;
    case KEEP_TEXT:
        *(const char **)field = value;
        return LAT_OK;
    case KEEP_COLOR:
        options->color_given = true;
        if (parse_color(value, field) == LAT_OK)
            return LAT_OK;
        lat_msg_set(why, "--color '%s': unknown; use auto, always or never", lat_escape_str(value, shown, sizeof(shown)));
        return LAT_MALFORMED;
    case KEEP_SIZE:
        if (parse_size(value, options))
            return LAT_OK;
        lat_msg_set(why, "--size '%s': columns x rows, as 80x24, at most 999", lat_escape_str(value, shown, sizeof(shown)));
        return LAT_MALFORMED;
    case KEEP_SECONDS:
        if (lat_parse_seconds(value, 60000, &ms) == LAT_OK && ms >= 200) {
            *(unsigned *)field = (unsigned)ms;
            return LAT_OK;
        }
        lat_msg_set(why, "--%s '%s': seconds from 0.2 to 60", row->name, lat_escape_str(value, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    return LAT_OK;
}

/* The option that is wrong. A letter may stand among others, in a word that is not over yet: getopt names it by its code. */
static void
say_what_is_wrong(int code, char **words, struct lat_msg *why)
{
    const char letter[] = { '-', (char)optopt, 0 };
    char shown[80];

    lat_escape_str(optopt > 0 && optopt < LONG_CODE ? letter : words[optind - 1], shown, sizeof(shown));
    if (code == ':')
        lat_msg_set(why, "option '%s': needs a value; see 'lattice --help'", shown);
    else
        lat_msg_set(why, "option '%s': unknown, or misplaced value; see 'lattice --help'", shown);
}

enum lat_err
options_parse(int argc, char **argv, int first, struct options *out, struct lat_msg *why)
{
    struct option table[ROW_COUNT + 1] = { 0 };
    char **words = argv + first - 1; /* getopt passes over the first one */
    int count = argc - first + 1, code, row = 0;
    enum lat_err err = LAT_OK;

    *out = (struct options){ .columns = 80, .rows = 24 };
    for (size_t i = 0; i < ROW_COUNT; i++)
        table[i] = (struct option){ rows[i].name, rows[i].value ? required_argument : no_argument, &row, LONG_CODE + (int)i };
    opterr = 0;
    optind = 0; /* from the beginning, whatever was parsed before */
    while (!err && (code = getopt_long(count, words, ":h", table, NULL)) != -1) {
        if (code == 'h') {
            out->help = true;
        } else if (code == 0) {
            err = keep_value(out, &rows[row - LONG_CODE], optarg, why);
        } else {
            say_what_is_wrong(code, words, why);
            err = LAT_MALFORMED;
        }
    }
    out->args = words + optind;
    out->arg_count = count - optind;
    if (err)
        options_fini(out);
    return err;
}

enum lat_err
options_check_words(const char *command, const struct options *options, struct lat_msg *why)
{
    char shown[80];

    if (options->privacy && options->json) {
        lat_msg_set(why, "--privacy hides what is on a screen, and JSON is no screen: it would be printed whole; use one of the two");
        return LAT_MALFORMED;
    }
    for (const struct command_help *c = command_helps; c->name; c++) {
        if (strcmp(c->name, command) != 0 || options->arg_count <= c->words_max)
            continue;
        lat_escape_str(options->args[c->words_max], shown, sizeof(shown));
        lat_msg_set(why, "'%s': not expected here; usage: lattice %s%s%s [OPTION...], the command first", shown, c->name,
                    c->args[0] ? " " : "", c->args);
        return LAT_MALFORMED;
    }
    return LAT_OK;
}

bool
options_sets(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->override_count; i++) {
        if (strcmp(options->overrides[i].name, name) == 0)
            return true;
    }
    return false;
}

void
options_fini(struct options *options)
{
    for (size_t i = 0; i < options->override_count; i++)
        free(options->overrides[i].value);
    options->override_count = 0;
}

static void
print_options(FILE *out)
{
    char left[40];

    fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                 rows[i].value ? rows[i].value : "");
        fprintf(out, "  %-24s %s\n", left, rows[i].help);
    }
}

void
options_help(FILE *out, const char *command)
{
    char left[40];

    for (const struct command_help *c = command_helps; command && c->name; c++) {
        if (strcmp(c->name, command) == 0) {
            fprintf(out, "usage: lattice %s%s%s [OPTION...]\n\n%s\n", c->name, c->args[0] ? " " : "", c->args,
                    c->summary);
            print_options(out);
            return;
        }
    }
    fprintf(out, "usage: lattice [COMMAND] [OPTION...]\n\nCommands:\n");
    for (const struct command_help *c = command_helps; c->name; c++) {
        snprintf(left, sizeof(left), "%s %s", c->name, c->args);
        fprintf(out, "  %-24s %s\n", left, c->summary);
    }
    print_options(out);
    fprintf(out, "\nSettings also come from the environment and from ./.env; see lattice(1).\n");
}
