/* cmd_status.c - `lattice status` and `lattice switch`. */
#include "config.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "attach/legacy_view.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/targets.h"
#include "view/json.h"

/* Ask for one document of a v3.0.3 node. EXIT_DONE; an answer is there then. */
static int
fetch_plain(struct api_client *client, const char *path, struct api_answer *answer)
{
    const struct api_request request = { .method = "GET", .path = path };

    return cli_call(client, &request, answer);
}

/* The snapshot as the answer that a node of ours would have given. */
static enum lat_err
put_in_answer(const struct snapshot *snapshot, struct api_answer *answer)
{
    cJSON *json = snapshot_to_json(snapshot);
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    enum lat_err err = text ? lat_buf_add(&answer->body, text, strlen(text)) : LAT_NOMEM;

    cJSON_free(text);
    cJSON_Delete(json);
    return err;
}

/* Of a v3.0.3 node, which has no snapshot: its status and its root make one, as far as they go (attach/legacy_view.h). */
static struct snapshot *
fetch_legacy(struct api_client *client, const struct named_target *t, struct api_answer *answer, int *code)
{
    struct api_answer status, root;
    struct snapshot *snapshot = NULL;
    char name[SNAPSHOT_NAME_MAX];
    enum lat_err err = LAT_MALFORMED;
    bool good;

    *code = fetch_plain(client, "/api/lattice/p2p/status", &status);
    if (*code != EXIT_DONE)
        return NULL;
    *code = fetch_plain(client, "/api/persistence/merkle-root", &root);
    if (*code == EXIT_DONE) {
        good = root.status == 200;
        api_target_text(&t->target, name, sizeof(name));
        if (status.status == 200)
            err = legacy_snapshot(lat_buf_str(&status.body), status.body.len, good ? lat_buf_str(&root.body) : NULL,
                                  good ? root.body.len : 0, t->name[0] ? t->name : name, lat_mono_ms(), &snapshot);
        lat_buf_fini(&root.body);
        if (!err) {
            snapshot->wall_ms = lat_wall_ms(); /* it does not say: ours, then */
            err = put_in_answer(snapshot, answer);
        }
        if (err)
            *code = cli_fail(EXIT_FAILED, "status: %s answers like no node that is known here", name);
    }
    lat_buf_fini(&status.body);
    if (*code == EXIT_DONE)
        return snapshot;
    snapshot_unref(snapshot);
    return NULL;
}

/* The node's snapshot, with the answer that it stood in; NULL: *code says how the command ends, and there is no answer. */
static struct snapshot *
fetch_snapshot(struct api_client *client, const struct named_target *t, struct api_answer *answer, int *code)
{
    const struct api_request request = { .method = "GET", .path = "/api/lattice/snapshot" };
    struct snapshot *snapshot = NULL;
    enum lat_err err;

    *code = cli_call(client, &request, answer);
    if (*code != EXIT_DONE)
        return NULL;
    if (answer->status == 404) {
        lat_buf_clear(&answer->body);
        snapshot = fetch_legacy(client, t, answer, code);
        if (snapshot == NULL)
            lat_buf_fini(&answer->body);
        return snapshot;
    }
    if (answer->status != 200) {
        *code = cli_refused("status", answer);
        lat_buf_fini(&answer->body);
        return NULL;
    }
    err = snapshot_from_json(lat_buf_str(&answer->body), answer->body.len, lat_mono_ms(), &snapshot);
    if (!err)
        return snapshot;
    lat_buf_fini(&answer->body);
    *code = cli_fail(EXIT_FAILED, "status: the node's snapshot cannot be read: %s", lat_err_text(err));
    return NULL;
}

static void
print_status(const struct cli *cli, const struct api_answer *answer, const struct snapshot *snapshot)
{
    if (cli->options->json)
        (void)cli_print_json(answer);
    else
        cli->print_screen(stdout, snapshot, cli->options);
    fflush(stdout);
}

/* Of a v3.0.3 node there is the flat root alone. */
static const char *
root_of(const struct snapshot *s)
{
    return s->state.root[0] ? s->state.root : s->state.merkle_root;
}

/* One line a second at most: what a script watching for changes compares. */
static void
print_line(const struct snapshot *s)
{
    char time[LAT_TIME_TEXT_LEN];

    lat_time_text(s->wall_ms, time);
    printf("%s %s %s sync=%s peers=%u sources=%u root=%.8s keys=%llu alerts=%u\n", time, s->name,
           lung_state_name(s->lung.state), sync_mode_name(lung_sync_mode(s->lung.state)), s->lung.peers_live,
           s->lung.http_sources, root_of(s), (unsigned long long)s->state.keys, s->alert_count);
    fflush(stdout);
}

static bool
is_same_line(const struct snapshot *a, const struct snapshot *b)
{
    return a && a->lung.state == b->lung.state && a->lung.peers_live == b->lung.peers_live &&
           a->alert_count == b->alert_count && strcmp(root_of(a), root_of(b)) == 0;
}

/* --follow: a line at each change and one a minute as a sign of life, until the node goes away. */
static int
follow(const struct cli *cli, const struct named_target *t, struct api_client *client)
{
    const struct timespec second = { .tv_sec = 1 };
    struct snapshot *last = NULL, *now;
    struct api_answer answer;
    unsigned quiet = 0;
    int code;

    while ((now = fetch_snapshot(client, t, &answer, &code)) != NULL) {
        if (!is_same_line(last, now) || ++quiet >= 60) {
            quiet = 0;
            if (cli->options->json)
                print_status(cli, &answer, now);
            else
                print_line(now);
        }
        lat_buf_fini(&answer.body);
        snapshot_unref(last);
        last = now;
        nanosleep(&second, NULL);
    }
    snapshot_unref(last);
    return code;
}

/* One look at one of several nodes: a line for people, an object a line for machines. */
static int
look_at(const struct cli *cli, const struct named_target *t, struct api_client *client)
{
    struct api_answer answer;
    int code;
    struct snapshot *snapshot = fetch_snapshot(client, t, &answer, &code);

    if (snapshot == NULL)
        return code;
    if (t->name[0])
        lat_copy(snapshot->name, sizeof(snapshot->name), t->name);
    if (cli->options->json)
        (void)cli_print_json(&answer);
    else
        print_line(snapshot);
    code = snapshot_condition(snapshot);
    snapshot_unref(snapshot);
    lat_buf_fini(&answer.body);
    return code;
}

/* No answer (3) is worse than an alarm (2); what is not an answer about a node (usage, configuration) is worst. */
static int
status_of_all(const struct cli *cli, const struct targets *targets)
{
    struct api_client *client;
    struct lat_msg why;
    int worst = EXIT_DONE, code;

    if (cli->options->follow)
        return cli_fail(EXIT_USAGE, "status: --follow follows one node; for several there is 'lattice attach'");
    for (unsigned i = 0; i < targets->count; i++) {
        client = api_client_new(&targets->list[i].target, &why);
        code = client ? look_at(cli, &targets->list[i], client) : cli_fail(EXIT_FAILED, "%s", why.text);
        api_client_free(client);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static int
status_of_one(const struct cli *cli, const struct named_target *t)
{
    struct lat_msg why = { "" };
    struct api_client *client = api_client_new(&t->target, &why);
    struct api_answer answer;
    struct snapshot *snapshot;
    int code = EXIT_DONE;

    if (client == NULL)
        return cli_fail(EXIT_FAILED, "%s", why.text);
    if (cli->options->follow) {
        code = follow(cli, t, client);
    } else if ((snapshot = fetch_snapshot(client, t, &answer, &code)) != NULL) {
        print_status(cli, &answer, snapshot);
        code = snapshot_condition(snapshot);
        snapshot_unref(snapshot);
        lat_buf_fini(&answer.body);
    }
    api_client_free(client);
    return code;
}

int
cli_status(const struct cli *cli)
{
    struct targets targets;
    int code = targets_read(cli, 0, &targets);

    if (code != EXIT_DONE)
        return code;
    code = targets.count == 1 && cli->options->fleet == NULL ? status_of_one(cli, &targets.list[0])
                                                              : status_of_all(cli, &targets);
    targets_fini(&targets);
    return code;
}

static void
print_switch(const struct api_answer *answer)
{
    cJSON *json = cJSON_ParseWithLength((const char *)answer->body.data, answer->body.len);
    const cJSON *for_s = cJSON_GetObjectItemCaseSensitive(json, "for_s");
    char requested[32], effective[32], state[32], message[256];

    printf("requested %s, effective %s (%s)", cli_member(json, "requested_mode", requested, sizeof(requested)),
           cli_member(json, "sync_mode", effective, sizeof(effective)),
           cli_member(json, "state", state, sizeof(state)));
    if (cJSON_IsNumber(for_s))
        printf(" for %.0f s", for_s->valuedouble);
    printf("\n%s\n", cli_member(json, "message", message, sizeof(message)));
    cJSON_Delete(json);
}

/* The query of a switch; EXIT_USAGE for a mode or time that the node would refuse anyway. */
static int
switch_path(const struct cli *cli, char *path, size_t size)
{
    const struct options *o = cli->options;
    enum lung_policy policy;
    uint64_t seconds;

    if (o->arg_count < 1 || lung_policy_parse(o->args[0], &policy))
        return cli_fail(EXIT_USAGE, "switch: say which mode: lattice switch p2p|http|auto [--for SECONDS] [TARGET]");
    if (o->for_seconds == NULL) {
        snprintf(path, size, "/api/lattice/sync/switch?mode=%s", o->args[0]);
        return EXIT_DONE;
    }
    if (policy == LUNG_POLICY_AUTO || lat_parse_u64(o->for_seconds, 86400, &seconds) || seconds == 0)
        return cli_fail(EXIT_USAGE, "switch: --for takes whole seconds from 1 to 86400, with p2p or http");
    snprintf(path, size, "/api/lattice/sync/switch?mode=%s&for=%s", o->args[0], o->for_seconds);
    return EXIT_DONE;
}

/* name: said before the answer; "": it is the only one. */
static int
switch_one(const struct cli *cli, const struct api_target *target, const char *name, const char *path)
{
    const struct api_request request = { .method = "POST", .path = path };
    struct lat_msg why = { "" };
    struct api_client *client = api_client_new(target, &why);
    struct api_answer answer;
    int code;

    if (client == NULL)
        return cli_fail(EXIT_FAILED, "%s", why.text);
    code = cli_call(client, &request, &answer);
    if (code == EXIT_DONE) {
        if (name[0] && !cli->options->json)
            printf("%s: ", name);
        if (answer.status != 200)
            code = cli_refused("switch", &answer);
        else if (cli->options->json)
            code = cli_print_json(&answer);
        else
            print_switch(&answer);
        lat_buf_fini(&answer.body);
    }
    api_client_free(client);
    return code;
}

int
cli_switch(const struct cli *cli)
{
    char path[128], shown[64] = "";
    struct targets targets;
    int code = switch_path(cli, path, sizeof(path)), one;

    if (code == EXIT_DONE)
        code = targets_read(cli, 1, &targets);
    if (code != EXIT_DONE)
        return code;
    for (unsigned i = 0; i < targets.count; i++) {
        const struct named_target *t = &targets.list[i];

        if (targets.count > 1)
            api_target_text(&t->target, shown, sizeof(shown));
        if (t->readonly)
            one = cli_fail(EXIT_FAILED, "switch: %s is readonly in the fleet file", t->name);
        else
            one = switch_one(cli, &t->target, t->name[0] ? t->name : shown, path);
        code = one > code ? one : code;
    }
    targets_fini(&targets);
    return code;
}
