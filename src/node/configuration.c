/*
 * How a configuration is made: for each row of the table the value is looked for in flags, environment and
 * .env, under each of its names, and kept as text with its origin (configuration_resolve.c); then each text
 * is read into its field (configuration_table.c); then what depends on several settings is settled (join_api,
 * check_together). Every step reports what it finds and goes on, so that an operator sees all problems at
 * once.
 */
#include "config.h"

#include "node/configuration.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/dotenv.h"
#include "base/text.h"
#include "base/wipe.h"
#include "node/configuration_addresses.h"
#include "node/configuration_table.h"

/* Memory of a config: wiped at its end, since keys and tokens are among it. */
struct config_block {
    struct config_block *next;
    size_t size;
    max_align_t data[];
};

static const char *const no_items[] = { NULL };

/* --- findings --- */

static void
find_with(struct config_findings *found, bool error, const char *head, const char *fmt, va_list args)
{
    struct config_finding *items = NULL;
    char text[LAT_MSG_MAX];

    found->errors += error;
    if (found->count < CONFIG_FINDINGS_MAX)
        items = realloc(found->items, (found->count + 1) * sizeof(*items));
    if (items == NULL) {
        found->dropped++;
        return;
    }
    found->items = items;
    vsnprintf(text, sizeof(text), fmt, args);
    items[found->count].error = error;
    snprintf(items[found->count].text, sizeof(items[0].text), "%.200s%.300s", head, text);
    found->count++;
}

void
config_find(struct config_findings *found, bool error, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    find_with(found, error, "", fmt, args);
    va_end(args);
}

void
config_findings_fini(struct config_findings *found)
{
    free(found->items);
    *found = (struct config_findings){ 0 };
}

void
config_complain(struct config_reading *r, bool error, const char *fmt, ...)
{
    char head[200];
    va_list args;

    snprintf(head, sizeof(head), "%s: %s: ", r->value->origin, r->value->given);
    va_start(args, fmt);
    find_with(r->found, error, head, fmt, args);
    va_end(args);
}

/* --- memory --- */

void *
config_keep(struct config_reading *r, size_t size)
{
    struct config_block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL) {
        r->nomem = true;
        return NULL;
    }
    block->size = size;
    block->next = r->config->inside->blocks;
    r->config->inside->blocks = block;
    return block->data;
}

const char *
config_keep_text(struct config_reading *r, const char *fmt, ...)
{
    va_list args, again;
    char *text;
    int len;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    text = config_keep(r, (size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

static struct config *
new_config(void)
{
    struct config *c = calloc(1, sizeof(*c));
    struct config_private *inside = calloc(1, sizeof(*inside));

    if (c == NULL || inside == NULL) {
        free(c);
        free(inside);
        return NULL;
    }
    c->inside = inside;
    c->api_hosts = c->cors_origins = c->p2p_listen = c->p2p_bootstrap = c->warnings = no_items;
    c->uids = inside->uids;
    c->gids = inside->gids;
    c->sources = inside->sources;
    c->keys = inside->keys;
    c->lung = lung_defaults();
    return c;
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (struct config_block *block = config->inside->blocks, *next; block != NULL; block = next) {
        next = block->next;
        lat_wipe(block->data, block->size);
        free(block);
    }
    free(config->inside);
    lat_wipe(config->seed, sizeof(config->seed));
    free(config);
}

/* --- reading and what depends on several --- */

static void
read_all(struct config_reading *r)
{
    for (enum config_id id = 0; id < CONFIG_COUNT && !r->nomem; id++) {
        r->value = &r->config->inside->values[id];
        if (config_rows[id].read != NULL && r->value->text != NULL)
            config_rows[id].read(r, &config_rows[id], r->value->text);
    }
}

/* Of host and port of the API, the one from the stronger origin, if that beats LATTICE_API_LISTEN; else NULL.
 */
static const struct config_value *
part_that_wins(const struct config *config)
{
    const struct config_value *values = config->inside->values, *whole = &values[CONFIG_API_LISTEN];
    const struct config_value *host = &values[CONFIG_API_HOST], *port = &values[CONFIG_API_PORT];
    const struct config_value *stronger = host->rank > port->rank ? host : port;

    return whole->text == NULL || stronger->rank > whole->rank ? stronger : NULL;
}

static void
join_api(struct config_reading *r)
{
    const struct config_value *values = r->config->inside->values;
    const char *host = values[CONFIG_API_HOST].text, *port = values[CONFIG_API_PORT].text, *text;
    bool bare_ip6 = strchr(host, ':') != NULL && host[0] != '[';

    r->value = part_that_wins(r->config);
    if (r->value == NULL) {
        r->value = &values[CONFIG_API_LISTEN];
        text = r->value->text;
    } else {
        text = config_keep_text(r, bare_ip6 ? "[%s]:%s" : "%s:%s", host, port);
    }
    if (text != NULL)
        config_take_listen(r, text, &r->config->api_listen);
}

/* Off loopback a stranger reaches the API: it must know its callers, and nobody may listen to their tokens.
 */
static void
check_api(struct config_reading *r)
{
    const struct config *c = r->config;
    struct config_listen listen;

    if (c->api_listen == NULL || config_read_listen(c->api_listen, &listen, NULL))
        return; /* already complained about */
    if (!listen.loopback && (c->tls_cert == NULL || c->tls_key == NULL || c->api_tokens_file == NULL))
        config_complain(
            r, true,
            "the HTTP API would be open to the network at %s, where anybody could change the node; use "
            "127.0.0.1, or set LATTICE_TLS_CERT, LATTICE_TLS_KEY and LATTICE_API_TOKENS_FILE; for HTTP peers "
            "there is LATTICE_SYNC_LISTEN",
            c->api_listen);
    r->value = &c->inside->values[CONFIG_SYNC_LISTEN];
    if (c->sync_listen != NULL && listen.port != 0 && strcmp(c->sync_listen, c->api_listen) == 0)
        config_complain(r, true, "'%s' is the address of the HTTP API already; use another port",
                        c->sync_listen);
}

static void
check_together(struct config_reading *r)
{
    const struct config *c = r->config;
    const struct config_value *values = c->inside->values;

    check_api(r);
    r->value = &values[c->tls_cert ? CONFIG_TLS_CERT : CONFIG_TLS_KEY];
    if ((c->tls_cert == NULL) != (c->tls_key == NULL))
        config_complain(r, true, "certificate and key belong together; set %s also",
                        config_rows[c->tls_cert ? CONFIG_TLS_KEY : CONFIG_TLS_CERT].name);
    r->value = &values[CONFIG_STATE_DIR];
    if (r->value->text == NULL)
        config_complain(
            r, true, "no home directory is known (HOME, XDG_STATE_HOME); name a directory with --state-dir");
    r->value = &values[CONFIG_MODE];
    if (c->policy == LUNG_POLICY_P2P && !c->p2p_enabled)
        config_complain(
            r, true, "mode p2p needs the P2P lung, which %s (%s) turns off; use auto or http, or turn it on",
            values[CONFIG_P2P_ENABLED].given, values[CONFIG_P2P_ENABLED].origin);
    r->value = &values[CONFIG_PEER_DEAD_AFTER];
    if (c->lung.dead_ms <= 2 * c->lung.idle_ms)
        config_complain(r, true,
                        "'%s' seconds leave no time for an answer to a ping; use more than twice "
                        "LATTICE_PING_AFTER, which is '%s'",
                        values[CONFIG_PEER_DEAD_AFTER].text, values[CONFIG_PING_AFTER].text);
}

/* --- public --- */

/* For ${NAME} in .env. */
static const char *
look_in_environment(void *arg, const char *name)
{
    return config_environment(arg, name);
}

static enum lat_err
parse_env(const struct config_input *input, struct dotenv *env, struct config_findings *found)
{
    char path[128];
    struct lat_msg why = { "" };
    enum lat_err err;

    if (input->env_path == NULL)
        return LAT_OK;
    err = dotenv_parse(input->env_text, input->env_len, look_in_environment, (void *)(uintptr_t)input, env,
                       &why);
    if (!err || err == LAT_NOMEM)
        return err;
    /* The rest is checked all the same, as if there were no file. */
    config_find(found, true, "%s: %s", lat_escape_str(input->env_path, path, sizeof(path)), why.text);
    return LAT_OK;
}

struct config *
config_make(const struct config_input *input, struct config_findings *found)
{
    struct config_reading r = { .config = new_config(), .input = input, .found = found };
    struct dotenv env = { 0 };
    enum lat_err err;

    if (r.config == NULL)
        return NULL;
    err = parse_env(input, &env, found);
    if (!err) {
        config_report_strays(input, &env, found);
        config_resolve(&r, &env);
        read_all(&r);
    }
    dotenv_fini(&env);
    if (!err && !r.nomem) {
        join_api(&r);
        check_together(&r);
        if (input->env_path != NULL)
            r.config->env_file = config_keep_text(&r, "%s", input->env_path);
    }
    if (!err && !r.nomem)
        return r.config;
    config_free(r.config);
    return NULL;
}

/* What is no error stays with the configuration. */
static enum lat_err
keep_warnings(struct config *config, const struct config_findings *found)
{
    struct config_reading r = { .config = config };
    const char **list = config_keep(&r, (found->count + 1) * sizeof(*list)); /* ends with NULL */

    for (size_t i = 0; i < found->count && !r.nomem; i++)
        list[i] = config_keep_text(&r, "%s", found->items[i].text);
    if (!r.nomem)
        config->warnings = list;
    return r.nomem ? LAT_NOMEM : LAT_OK;
}

enum lat_err
config_finish(struct config *config, struct config **out, const struct config_findings *found)
{
    enum lat_err err = config == NULL ? LAT_NOMEM : found->errors > 0 ? LAT_MALFORMED : LAT_OK;

    if (!err)
        err = keep_warnings(config, found);
    if (err)
        config_free(config);
    else
        *out = config;
    return err;
}

enum lat_err
config_parse(const struct config_input *input, struct config **out, struct config_findings *found)
{
    return config_finish(config_make(input, found), out, found);
}

static const char *
text_of(const struct config *config, enum config_id id)
{
    const char *text = id == CONFIG_API_LISTEN ? config->api_listen : config->inside->values[id].text;

    if (text == NULL)
        return "";
    return config_rows[id].secret ? "(set)" : text;
}

const char *
config_text(const struct config *config, const char *name)
{
    for (enum config_id id = 0; id < CONFIG_COUNT; id++) {
        if (strcmp(config_rows[id].name, name) == 0)
            return text_of(config, id);
    }
    return NULL;
}

void
config_trust(const struct config *config, const uint8_t own[32], struct trust *out)
{
    trust_init(out, own);
    for (size_t i = 0; i < config->key_count; i++) {
        enum lat_err err = trust_add(out, config->keys[i].key, config->keys[i].below_hlc);

        assert(!err); /* sound, and not too many: both were checked */
        (void)err;
    }
}

/* A value as .env takes it: bare where that is safe, else in single quotes. */
static void
print_value(const char *text, FILE *out)
{
    if (text[0] &&
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@+*[]")] ==
            0) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static const char *
origin_of(const struct config *config, enum config_id id)
{
    const struct config_value *v = &config->inside->values[id];

    if (id == CONFIG_API_LISTEN && part_that_wins(config) != NULL)
        return "from LATTICE_API_HOST and LATTICE_API_PORT";
    return v->text != NULL ? v->origin : "not set";
}

static void
print_row(const struct config *config, enum config_id id, FILE *out)
{
    const struct config_row *row = &config_rows[id];
    const struct config_value *v = &config->inside->values[id];
    const char *text = text_of(config, id);
    size_t size = strlen(text) + 1;
    char *shown = malloc(size);

    if (shown == NULL)
        return;
    /* What has no value, and secrets, are comments: what is printed is a .env that gives this configuration.
     */
    fprintf(out, "%s%s=", text[0] && !row->secret ? "" : "#", row->name);
    if (text[0])
        print_value(lat_escape_str(text, shown, size), out);
    fprintf(out, "  # %s", origin_of(config, id));
    if (strcmp(v->given, row->name) != 0)
        fprintf(out, ", as %s", v->given);
    fprintf(out, "; %s; %s\n", row->meaning, row->reload ? "SIGHUP" : "restart");
    free(shown);
}

void
config_print(const struct config *config, FILE *out)
{
    for (enum config_id id = 0; id < CONFIG_COUNT; id++)
        print_row(config, id, out);
}
