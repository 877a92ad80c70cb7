#include "config.h"

#include "attach/ssh_route.h"

#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define SYSTEM_FOLDER "/etc/ssh"

/* What is the same for all hosts of a route. */
struct finder {
    const char *config_file;
    char home[SSH_PATH_MAX], user_folder[SSH_PATH_MAX + 8];
    char local_user[SSH_HOST_MAX], local_host[SSH_HOST_MAX];
    struct lat_msg *why;
};

/* --- the files ------------------------------------------------------------------------------------- */

static const char *
environment(void *arg, const char *name)
{
    (void)arg;
    return getenv(name);
}

static enum lat_err
include_file(void *arg, const char *pattern, unsigned index, char name[SSH_PATH_MAX], struct lat_buf *out)
{
    glob_t found;
    enum lat_err err = LAT_NOTFOUND;

    (void)arg;
    if (glob(pattern, 0, NULL, &found) != 0)
        return LAT_NOTFOUND;
    if (index < found.gl_pathc && lat_copy(name, SSH_PATH_MAX, found.gl_pathv[index])) {
        err = lat_file_read(name, out);
        if (err == LAT_NOTFOUND || err == LAT_SYS || err == LAT_MALFORMED)
            err = LAT_OK; /* one that cannot be read says nothing, as with OpenSSH; the ones behind it still count */
    }
    globfree(&found);
    return err;
}

/* A file that others may write could lead us anywhere: OpenSSH refuses it too. */
static enum lat_err
check_owner(const struct finder *f, const char *path, bool users)
{
    struct stat st;

    if (!users || stat(path, &st) != 0 || ((st.st_uid == getuid() || st.st_uid == 0) && (st.st_mode & 022) == 0))
        return LAT_OK;
    lat_msg_set(f->why, "%s: others can write it; chmod go-w it", path);
    return LAT_AUTH;
}

static enum lat_err
read_file(struct finder *f, struct ssh_config_reader *reader, const char *path, const char *base, bool must)
{
    struct lat_buf text;
    enum lat_err err = check_owner(f, path, !must);
    char shown[160];

    lat_buf_init(&text, SSH_CONFIG_FILE_MAX);
    if (!err) {
        err = lat_file_read(path, &text);
        if (err == LAT_NOTFOUND && !must)
            err = LAT_OK;
        else if (err)
            lat_msg_set(f->why, "%s: %s", lat_escape_str(path, shown, sizeof(shown)),
                        err == LAT_SYS ? strerror(errno) : lat_err_text(err));
    }
    if (!err)
        err = ssh_config_text(reader, path, base, (const char *)text.data, text.len);
    lat_buf_fini(&text);
    return err;
}

static enum lat_err
read_files(struct finder *f, struct ssh_config_reader *reader)
{
    char path[SSH_PATH_MAX + 16];
    enum lat_err err;

    if (f->config_file)
        return read_file(f, reader, f->config_file, f->user_folder, true);
    snprintf(path, sizeof(path), "%s/config", f->user_folder);
    err = read_file(f, reader, path, f->user_folder, false);
    return err ? err : read_file(f, reader, SYSTEM_FOLDER "/ssh_config", SYSTEM_FOLDER, false);
}

static enum lat_err
find_self(struct finder *f)
{
    struct passwd entry, *me = NULL;
    char room[4096];

    if (getpwuid_r(getuid(), &entry, room, sizeof(room), &me) != 0 || me == NULL || !lat_copy(f->home, sizeof(f->home), me->pw_dir) ||
        !lat_copy(f->local_user, sizeof(f->local_user), me->pw_name)) {
        lat_msg_set(f->why, "ssh: this user has no name or home in the system's list of users");
        return LAT_SYS;
    }
    if (gethostname(f->local_host, sizeof(f->local_host) - 1) != 0)
        f->local_host[0] = 0;
    snprintf(f->user_folder, sizeof(f->user_folder), "%s/.ssh", f->home);
    return LAT_OK;
}

/* --- one host -------------------------------------------------------------------------------------- */

/* The list of the configuration, else the usual places. "none" leaves it empty. */
static enum lat_err
expand_list(const struct ssh_config *c, const struct ssh_config_request *request, const struct ssh_list *given,
            const char *const *usual, struct ssh_list *out, struct lat_msg *why)
{
    const char *items[SSH_LIST_MAX];
    unsigned count = 0;
    enum lat_err err = LAT_OK;

    for (; count < given->count && count < SSH_LIST_MAX; count++)
        items[count] = given->items[count];
    if (given->count == 0) {
        for (; usual[count]; count++)
            items[count] = usual[count];
    }
    for (unsigned i = 0; i < count && !err; i++) {
        if (strcasecmp(items[i], "none") != 0)
            err = ssh_config_expand(c, request, items[i], out->items[out->count++], why);
    }
    return err;
}

static enum lat_err
expand_lists(const struct ssh_config_request *request, struct ssh_hop *hop, struct lat_msg *why)
{
    /* The last one cannot be used, but a user who has no other is told so. */
    static const char *const keys[] = { "~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa", NULL };
    static const char *const users[] = { "~/.ssh/known_hosts", "~/.ssh/known_hosts2", NULL };
    static const char *const globals[] = { SYSTEM_FOLDER "/ssh_known_hosts", SYSTEM_FOLDER "/ssh_known_hosts2", NULL };
    const struct ssh_config *c = &hop->config;
    enum lat_err err = expand_list(c, request, &c->identity_files, keys, &hop->identities, why);

    hop->identities_given = c->identity_files.count > 0;
    if (!err)
        err = expand_list(c, request, &c->user_known_hosts, users, &hop->user_known, why);
    return err ? err : expand_list(c, request, &c->global_known_hosts, globals, &hop->global_known, why);
}

/* "SSH_AUTH_SOCK" and "$NAME" stand for variables, "none" for no agent. */
static enum lat_err
find_agent(const struct ssh_config_request *request, struct ssh_hop *hop, struct lat_msg *why)
{
    const char *given = hop->config.identity_agent, *value;

    if (strcasecmp(given, "none") == 0)
        return LAT_OK;
    if (given[0] && strcmp(given, "SSH_AUTH_SOCK") != 0 && (given[0] != '$' || given[1] == '{'))
        return ssh_config_expand(&hop->config, request, given, hop->agent, why);
    value = getenv(given[0] == '$' ? given + 1 : "SSH_AUTH_SOCK");
    if (value && !lat_copy(hop->agent, sizeof(hop->agent), value))
        hop->agent[0] = 0;
    return LAT_OK;
}

static enum lat_err
name_host(struct ssh_hop *hop, struct lat_msg *why)
{
    const struct ssh_config *c = &hop->config;
    bool aliased = c->host_key_alias[0] != 0;
    enum lat_err err = known_hosts_name(aliased ? c->host_key_alias : c->host, aliased ? 22 : c->port, hop->known_name);
    struct ssh_target shown = { .port = c->port };

    if (!err && !aliased && c->port != 22)
        err = known_hosts_name(c->host, 22, hop->bare_name);
    if (err)
        lat_msg_set(why, "ssh: host name too long");
    lat_copy(shown.user, sizeof(shown.user), c->user);
    lat_copy(shown.host, sizeof(shown.host), c->host);
    if (c->port == 22)
        shown.port = 0;
    ssh_target_text(&shown, hop->shown, sizeof(hop->shown));
    return err;
}

static enum lat_err
find_hop(struct finder *f, const struct ssh_target *target, struct ssh_hop *hop)
{
    struct ssh_config_request request = { .host = target->host, .user = target->user[0] ? target->user : NULL, .port = target->port,
                                          .local_user = f->local_user, .local_host = f->local_host, .home = f->home,
                                          .uid = getuid(), .variable = environment, .include = include_file };
    struct ssh_config_reader reader;
    enum lat_err err = ssh_config_begin(&reader, &request, &hop->config, f->why);

    if (!err)
        err = read_files(f, &reader);
    if (!err && ssh_config_again(&reader))
        err = read_files(f, &reader);
    if (!err)
        err = ssh_config_end(&reader);
    if (!err)
        err = expand_lists(&request, hop, f->why);
    if (!err)
        err = find_agent(&request, hop, f->why);
    return err ? err : name_host(hop, f->why);
}

/* --- the way --------------------------------------------------------------------------------------- */

/* Put a hop in front of all others. */
static enum lat_err
put_first(struct finder *f, struct ssh_route *route, const struct ssh_target *target)
{
    struct ssh_hop *hops;

    if (route->count == SSH_HOPS_MAX) {
        lat_msg_set(f->why, "ProxyJump: more than %d hosts on the way", SSH_HOPS_MAX);
        return LAT_LIMIT;
    }
    hops = calloc(route->count + 1, sizeof(*hops));
    if (hops == NULL)
        return LAT_NOMEM;
    if (route->count > 0)
        memcpy(hops + 1, route->hops, route->count * sizeof(*hops));
    free(route->hops);
    route->hops = hops;
    route->count++;
    return find_hop(f, target, &hops[0]);
}

/* ProxyJump of one host: its list from the last to the first, then what the first one's own says. */
static enum lat_err
put_jumps(struct finder *f, struct ssh_route *route)
{
    char list[SSH_PATH_MAX];
    struct ssh_target target;
    enum lat_err err = LAT_OK;
    char *comma;

    lat_copy(list, sizeof(list), route->hops[0].config.proxy_jump);
    while (list[0] && strcasecmp(list, "none") != 0 && !err) {
        comma = strrchr(list, ',');
        err = ssh_jump_parse(comma ? comma + 1 : list, strlen(comma ? comma + 1 : list), &target, f->why);
        if (!err)
            err = put_first(f, route, &target);
        if (comma)
            *comma = 0;
        else if (!err)
            lat_copy(list, sizeof(list), route->hops[0].config.proxy_jump);
    }
    return err;
}

enum lat_err
ssh_route_load(const struct ssh_target *target, const char *config_file, struct ssh_route *out, struct lat_msg *why)
{
    struct finder f = { .config_file = config_file, .why = why };
    struct ssh_route route = { .count = 0, .api_port = target->api_port };
    enum lat_err err = find_self(&f);

    lat_copy(route.api_host, sizeof(route.api_host), target->api_host);
    if (!err)
        err = put_first(&f, &route, target);
    if (!err)
        err = put_jumps(&f, &route);
    if (err)
        ssh_route_fini(&route);
    else
        *out = route;
    return err;
}

void
ssh_route_fini(struct ssh_route *route)
{
    free(route->hops);
    route->hops = NULL;
    route->count = 0;
}
