/*
 * Where the value of a setting comes from: a flag; else the environment, under each of its names; else .env,
 * under each of its names; else the default. A text that is empty, or blank, counts as not set.
 */
#include "config.h"

#include "node/configuration_table.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define NAME_MAX_LEN 64
#define NAMES_PER_ROW 7 /* three prefixes with each of two endings, a bare name */
#define PREFIX "LATTICE_"

/* --- names --- */

/* The n-th name of a setting, first to last; "" where there is none. */
static void
name_of(const struct config_row *row, size_t n, char out[NAME_MAX_LEN])
{
    static const char *const prefixes[] = { PREFIX, "DIOTEC360_", "AETHEL_" };
    const char *ending = n < 3 ? row->name + strlen(PREFIX) : row->alias;

    out[0] = 0;
    if (n < 6 && ending != NULL)
        snprintf(out, NAME_MAX_LEN, "%s%s", prefixes[n % 3], ending);
    else if (n == 6 && row->bare != NULL)
        lat_copy(out, NAME_MAX_LEN, row->bare);
}

static bool
is_known(const char *name)
{
    char known[NAME_MAX_LEN];

    for (size_t i = 0; i < CONFIG_COUNT; i++) {
        for (size_t n = 0; n < NAMES_PER_ROW; n++) {
            name_of(&config_rows[i], n, known);
            if (strcmp(known, name) == 0)
                return true;
        }
    }
    return false;
}

/* The name before '=' is ours, by its prefix, and no setting has it. */
static bool
is_stray(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && !is_known(name);
}

/*
 * An older switch that would give false assurance if it were passed over in silence. v3.0.3 reported safe mode and
 * did nothing in it; here nothing can be made read-only by a setting, so it is not offered.
 */
static bool
is_false_promise(const char *name, const char *value)
{
    static const char *const off[] = { "", "0", "false", "no", "off" };
    const char *ending = strchr(name, '_');

    if ((strncmp(name, "DIOTEC360_", 10) != 0 && strncmp(name, "AETHEL_", 7) != 0) ||
        strcmp(ending, "_SAFE_MODE") != 0 || value == NULL)
        return false;
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        if (strcasecmp(value, off[i]) == 0)
            return false;
    }
    return true;
}

void
config_report_strays(const struct config_input *input, const struct dotenv *env,
                     struct config_findings *found)
{
    static const char advice[] = "no such setting; is it misspelt? --print-config shows all names";
    static const char no_safe_mode[] = "is not offered here: nothing becomes read-only by it";
    char name[NAME_MAX_LEN], shown[2 * NAME_MAX_LEN], path[128];

    for (size_t i = 0; i < env->count; i++) {
        lat_escape_str(env->entries[i].name, shown, sizeof(shown));
        lat_escape_str(input->env_path, path, sizeof(path));
        if (is_stray(env->entries[i].name))
            config_find(found, false, "%s: line %d: %s: %s", path, env->entries[i].line, shown, advice);
        else if (is_false_promise(env->entries[i].name, env->entries[i].value))
            config_find(found, false, "%s: line %d: %s: %s", path, env->entries[i].line, shown, no_safe_mode);
        else if (env->entries[i].value == NULL && is_known(env->entries[i].name))
            config_find(found, false, "%s: line %d: %s: sets nothing without '='", path, env->entries[i].line,
                        shown);
    }
    for (const char *const *entry = input->environment; *entry; entry++) {
        size_t len = strcspn(*entry, "=");

        snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), *entry);
        if (is_stray(name))
            config_find(found, false, "environment: %s: %s", lat_escape_str(name, shown, sizeof(shown)),
                        advice);
        else if (is_false_promise(name, (*entry)[len] ? *entry + len + 1 : NULL))
            config_find(found, false, "environment: %s: %s", name, no_safe_mode);
    }
}

/* --- where values come from --- */

const char *
config_environment(const struct config_input *input, const char *name)
{
    size_t len = strlen(name);

    for (const char *const *entry = input->environment; *entry; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            return *entry + len + 1;
    }
    return NULL;
}

/* A text that counts: set and not empty. */
static bool
counts(const char *text)
{
    return text != NULL && text[strspn(text, " \t")] != 0;
}

static bool
find_in_flags(struct config_reading *r, const char *name, struct config_value *v)
{
    const struct config_override *last = NULL;

    for (size_t i = 0; i < r->input->override_count; i++) {
        if (strcmp(r->input->overrides[i].name, name) == 0)
            last = &r->input->overrides[i];
    }
    if (last == NULL || !counts(last->value))
        return false;
    *v = (struct config_value){ config_keep_text(r, "%s", last->value),
                                config_keep_text(r, "--%s", last->flag), name, CONFIG_RANK_FLAG };
    return true;
}

static bool
find_in_environment(struct config_reading *r, const char *name, struct config_value *v)
{
    const char *text = config_environment(r->input, name);

    if (!counts(text))
        return false;
    *v = (struct config_value){ config_keep_text(r, "%s", text), "environment",
                                config_keep_text(r, "%s", name), CONFIG_RANK_ENVIRONMENT };
    return true;
}

static bool
find_in_file(struct config_reading *r, const struct dotenv *env, const char *name, struct config_value *v)
{
    const struct dotenv_entry *entry = dotenv_find(env, name);
    char path[128];

    if (entry == NULL || !counts(entry->value))
        return false;
    lat_escape_str(r->input->env_path, path, sizeof(path));
    *v = (struct config_value){ config_keep_text(r, "%s", entry->value),
                                config_keep_text(r, "%s: line %d", path, entry->line),
                                config_keep_text(r, "%s", name), CONFIG_RANK_FILE };
    return true;
}

/* Flags, then the environment under all names, then .env under all names. */
static bool
find_given(struct config_reading *r, const struct dotenv *env, const struct config_row *row,
           struct config_value *v)
{
    char name[NAME_MAX_LEN];

    if (find_in_flags(r, row->name, v))
        return true;
    for (size_t n = 0; n < NAMES_PER_ROW; n++) {
        name_of(row, n, name);
        if (name[0] && find_in_environment(r, name, v))
            return true;
    }
    for (size_t n = 0; n < NAMES_PER_ROW; n++) {
        name_of(row, n, name);
        if (name[0] && find_in_file(r, env, name, v))
            return true;
    }
    return false;
}

/* $XDG_STATE_HOME/lattice, or its place below the home directory; NULL: neither is known. */
static const char *
default_state_dir(struct config_reading *r)
{
    const char *xdg = config_environment(r->input, "XDG_STATE_HOME");
    const char *home = config_environment(r->input, "HOME");

    if (xdg != NULL && xdg[0] == '/')
        return config_keep_text(r, "%s/lattice", xdg);
    if (home != NULL && home[0] == '/')
        return config_keep_text(r, "%s/.local/state/lattice", home);
    return NULL;
}

static const char *
default_text(struct config_reading *r, enum config_id id)
{
    if (id == CONFIG_NODE_NAME)
        return counts(r->input->host_name) ? config_keep_text(r, "%s", r->input->host_name) : "lattice";
    if (id == CONFIG_STATE_DIR)
        return default_state_dir(r);
    if (id == CONFIG_CONTROL_USERS && r->input->own_uid != 0)
        return config_keep_text(r, "%lu,0", (unsigned long)r->input->own_uid);
    if (id == CONFIG_CONTROL_USERS)
        return "0";
    if (config_rows[id].fallback != NULL)
        return config_rows[id].fallback;
    return config_number_text(r, &config_rows[id]);
}

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A reload keeps what takes effect at a restart only: take the value that runs. True: the file says something
 * else now. */
static bool
pin(struct config_reading *r, enum config_id id, struct config_value *v)
{
    const struct config_value *runs = &r->input->present->inside->values[id];
    bool changed = !same_text(v->text, runs->text);

    v->text = runs->text ? config_keep_text(r, "%s", runs->text) : NULL;
    v->origin = config_keep_text(r, "%s", runs->origin);
    v->given = config_keep_text(r, "%s", runs->given);
    v->rank = runs->rank;
    return changed;
}

void
config_resolve(struct config_reading *r, const struct dotenv *env)
{
    char changed[LAT_MSG_MAX / 2] = "";

    for (enum config_id id = 0; id < CONFIG_COUNT && !r->nomem; id++) {
        struct config_value *v = &r->config->inside->values[id];

        if (!find_given(r, env, &config_rows[id], v))
            *v = (struct config_value){ default_text(r, id), "default", config_rows[id].name,
                                        CONFIG_RANK_DEFAULT };
        if (r->input->present == NULL || config_rows[id].reload || !pin(r, id, v))
            continue;
        snprintf(changed + strlen(changed), sizeof(changed) - strlen(changed), "%s%s", changed[0] ? ", " : "",
                 config_rows[id].name);
    }
    if (changed[0])
        config_find(r->found, false, "needs a restart: %s", changed);
}
