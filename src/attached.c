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
    struct targets targets;
    int count;
    struct remote *remotes[FLEET_NODES_MAX];
    struct fleet_node nodes[FLEET_NODES_MAX];
};

static void
stop_all(struct attached *a)
{
    for (int i = 0; i < a->count; i++)
        remote_stop(a->remotes[i]);
    targets_fini(&a->targets);
    free(a);
}

static int
start_all(const struct cli *cli, struct attached *a)
{
    bool full = a->targets.count == 1;
    struct lat_msg why = { "" };

    for (unsigned i = 0; i < a->targets.count; i++) {
        const struct named_target *t = &a->targets.list[i];
        struct remote_options options = { .name = t->name[0] ? t->name : NULL, .control = cli->options->control && !t->readonly,
                                          .full = full };
        struct fleet_node *node = &a->nodes[i];

        if (remote_start(&t->target, &options, &a->remotes[i], &why))
            return cli_fail(EXIT_FAILED, "%s", why.text);
        a->count++;
        *node = (struct fleet_node){ .name = t->name, .tags = t->tags, .confirm = t->confirm };
        remote_face(a->remotes[i], &node->source);
    }
    return EXIT_DONE;
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
show(const struct cli *cli, const struct attached *a)
{
    const struct fleet fleet = { .count = a->count, .nodes = (struct fleet_node *)a->nodes };
    bool one = a->count == 1 && cli->options->fleet == NULL;

    if (cli->options->once && one)
        return front_print_once(&a->nodes[0].source, cli->options);
    if (cli->options->once)
        return cli_fail(EXIT_USAGE, "attach: one picture of several nodes is not drawn; use 'lattice status'");
    return one ? front_show(cli->options, &a->nodes[0].source, NULL) : front_show_fleet(cli->options, &fleet);
}

int
run_attach(const struct cli *cli)
{
    struct attached *a = calloc(1, sizeof(*a));
    int code;

    if (a == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    code = targets_read(cli, 0, &a->targets);
    if (code == EXIT_DONE)
        code = start_all(cli, a);
    if (code == EXIT_DONE) {
        settle(a, cli->options->json);
        code = show(cli, a);
    }
    stop_all(a);
    return code;
}
