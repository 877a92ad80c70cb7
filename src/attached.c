#include "config.h"

#include "attached.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach/remote.h"
#include "base/clock.h"
#include "base/wipe.h"
#include "cli/ask.h"
#include "cli/targets.h"
#include "console.h"
#include "front.h"

#define SETTLE_MS 1500 /* so long the terminal is kept for questions that may come */
#define PAUSE_NS 2000000

/* All that is attached. */
struct attached {
    const struct options *options;
    struct api_target base; /* what the options say of any target */
    struct targets targets; /* of the command line: their names are borrowed */
    int count;
    struct remote *remotes[FLEET_NODES_MAX];
    struct fleet_node nodes[FLEET_NODES_MAX]; /* as the console keeps them */
};

struct attached *
attached_new(const struct options *options, int *code)
{
    const struct cli cli = { .options = options };
    struct attached *a = calloc(1, sizeof(*a));

    if (a == NULL) {
        *code = cli_fail(EXIT_FAILED, "out of memory");
        return NULL;
    }
    *code = cli_target_options(&cli, options->token_file, options->ca_file, &a->base);
    if (*code != EXIT_DONE) {
        free(a);
        return NULL;
    }
    a->options = options;
    return a;
}

void
attached_free(struct attached *attached)
{
    if (attached == NULL)
        return;
    for (int i = 0; i < attached->count; i++)
        remote_stop(attached->remotes[i]);
    targets_fini(&attached->targets);
    lat_wipe(attached, sizeof(*attached));
    free(attached);
}

static enum lat_err
start(struct attached *a, const struct api_target *target, const struct remote_options *options, struct fleet_node *node, struct lat_msg *why)
{
    struct remote *remote = NULL;
    enum lat_err err;

    if (a->count == FLEET_NODES_MAX) {
        lat_msg_set(why, "more than %d nodes", FLEET_NODES_MAX);
        return LAT_LIMIT;
    }
    err = remote_start(target, options, &remote, why);
    if (err)
        return err;
    a->remotes[a->count++] = remote;
    remote_face(remote, &node->source);
    return LAT_OK;
}

static int
start_all(struct attached *a)
{
    struct lat_msg why = { "" };

    for (unsigned i = 0; i < a->targets.count; i++) {
        const struct named_target *t = &a->targets.list[i];
        struct remote_options options = { .name = t->name[0] ? t->name : NULL, .control = a->options->control && !t->readonly,
                                          .full = a->targets.count == 1 };

        a->nodes[i] = (struct fleet_node){ .name = t->name, .tags = t->tags, .confirm = t->confirm };
        if (start(a, &t->target, &options, &a->nodes[i], &why))
            return cli_fail(EXIT_FAILED, "%s", why.text);
    }
    return EXIT_DONE;
}

/* --- while the console runs -------------------------------------------------------------------------- */

static enum lat_err
add(void *arg, const char *text, struct fleet_node *out, struct lat_msg *why)
{
    struct attached *a = arg;
    struct api_target target = a->base;
    const struct remote_options options = { .control = a->options->control };
    enum lat_err err = api_target_parse(text, &target, why);

    *out = (struct fleet_node){ .name = "", .tags = "" };
    if (!err)
        err = start(a, &target, &options, out, why);
    lat_wipe(&target, sizeof(target));
    return err;
}

static void
drop(void *arg, const struct fleet_node *node)
{
    struct attached *a = arg;

    for (int i = 0; i < a->count; i++) {
        if (a->remotes[i] != node->source.arg)
            continue;
        remote_abandon(a->remotes[i]);
        a->remotes[i] = a->remotes[--a->count];
        return;
    }
}

void
attached_offer(struct attached *attached, struct fleet *fleet)
{
    static const struct fleet_ops ops = { .add = add, .drop = drop };

    *fleet = (struct fleet){ .nodes = attached->nodes, .ops = &ops, .arg = attached };
}

/* --- questions before the screen is ours ------------------------------------------------------------ */

/* Might it still ask something? On the way of HTTP nothing does. */
static bool
may_ask(const struct attached *a, int i, struct link_status *link)
{
    const struct source *source = &a->nodes[i].source;

    if (a->targets.list[i].target.ssh.host[0] == '\0')
        return false;
    source->ops->link(source->arg, link);
    return link->question || link->state == LINK_RESOLVING || link->state == LINK_HOST_KEY || link->state == LINK_AUTH;
}

static void
ask(const struct source *source, const struct link_status *link, bool json)
{
    struct ssh_question question = { .kind = link->secret ? SSH_ASK_PASSPHRASE : SSH_ASK_HOST_KEY, .key = link->key };
    char secret[SSH_SECRET_MAX] = "";
    bool yes;

    snprintf(question.text, sizeof(question.text), "%s", link->question_text);
    yes = !json && ask_on_terminal(NULL, &question, secret) == SSH_ANSWER_YES;
    source->ops->answer(source->arg, link->question, yes, link->secret && yes ? secret : NULL);
    lat_wipe(secret, sizeof(secret));
}

/*
 * Until no node can ask any more, or one takes so long to be reached that the screen should not wait for it: what that one asks
 * later stands in its console. Nobody at the terminal, or a machine reads (--json): every question is a no.
 */
static void
settle(const struct attached *a, bool json)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    uint64_t until = lat_mono_ms() + SETTLE_MS;
    struct link_status link;
    bool waiting = true;
    uint32_t asked[FLEET_NODES_MAX] = { 0 };

    while (waiting && lat_mono_ms() < until) {
        waiting = false;
        for (int i = 0; i < a->count; i++) {
            if (!may_ask(a, i, &link))
                continue;
            waiting = true;
            if (link.question && link.question != asked[i]) {
                asked[i] = link.question;
                ask(&a->nodes[i].source, &link, json);
                until = lat_mono_ms() + SETTLE_MS;
            }
        }
        if (waiting)
            nanosleep(&pause, NULL);
    }
}

/* --- the command ------------------------------------------------------------------------------------ */

/* One picture of one node; of several nodes there is `status`. */
static int
show(struct attached *a)
{
    const struct options *o = a->options;
    bool paper = o->once || o->json;
    struct fleet fleet;

    attached_offer(a, &fleet);
    fleet.count = a->count;
    fleet.single = a->count == 1 && o->fleet == NULL;
    if (paper && fleet.single)
        return front_print_once(&a->nodes[0].source, o);
    if (paper)
        return cli_fail(EXIT_USAGE, "attach: one picture of several nodes is not drawn; use 'lattice status'");
    return front_show(o, &fleet, NULL);
}

int
run_attach(const struct cli *cli)
{
    int code = EXIT_DONE;
    struct attached *a = attached_new(cli->options, &code);

    if (a == NULL)
        return code;
    code = targets_read(cli, 0, &a->targets);
    if (code == EXIT_DONE)
        code = start_all(a);
    if (code == EXIT_DONE) {
        settle(a, a->options->json);
        code = show(a);
    }
    attached_free(a);
    return code;
}
