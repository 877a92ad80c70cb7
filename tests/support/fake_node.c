#include "config.h"

#include "support/fake_node.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/snapshots.h"

/* One second later, one place further. */
static void
roll(uint16_t history[SNAPSHOT_HISTORY], uint64_t seconds)
{
    uint16_t before[SNAPSHOT_HISTORY];

    memcpy(before, history, sizeof(before));
    for (size_t i = 0; i < SNAPSHOT_HISTORY; i++)
        history[i] = before[(i + seconds) % SNAPSHOT_HISTORY];
}

/* What happened stays where it was in time. */
static void
grow_older(struct snapshot *s, uint64_t age_ms)
{
    s->wall_ms += age_ms;
    s->lung.since_ms += (int64_t)age_ms;
    s->lung.http_age_ms += (int64_t)age_ms;
    s->state.commit_age_ms += (int64_t)age_ms;
    for (uint32_t i = 0; i < s->source_count; i++)
        s->sources[i].ok_age_ms += (int64_t)age_ms;
    for (uint32_t i = 0; i < s->alert_count; i++)
        s->alerts[i].since_ms += (int64_t)age_ms;
    roll(s->history_keys, age_ms / 1000);
    roll(s->history_http, age_ms / 1000);
    roll(s->history_p2p, age_ms / 1000);
}

static void
publish(struct fake_node *node)
{
    struct snapshot *s = sample_snapshot(node->state);
    uint64_t now = lat_mono_ms(), age = now - node->started_ms;

    s->mono_ms = now;
    grow_older(s, age);
    if (node->period_ms < 100)
        s->state.keys += age; /* every snapshot looks different */
    s->number = age + 1;
    s->lung.policy = node->policy;
    if (s->lung.fallback_in_ms > 0)
        s->lung.fallback_in_ms = 60000 - (int64_t)(age % 60000);
    exchange_publish(node->exchange, s);
}

/* The past of this node: one hour ago it was carried by HTTP, and before that there was nothing. */
static void
look(const struct fake_node *node, const struct command *command, struct reply *reply)
{
    struct snapshot *s = sample_snapshot(LUNG_HTTP);
    uint64_t now = s->wall_ms + (lat_mono_ms() - node->started_ms), then = s->wall_ms - 3600000;
    bool back = command->step == LOOK_EARLIER || command->step == LOOK_EARLIER_CHANGE;

    s->wall_ms = then;
    if (back && command->at_ms > then && command->at_ms <= now)
        reply->snapshot = s;
    else {
        snapshot_unref(s);
        reply->err = LAT_NOTFOUND;
        snprintf(reply->text, sizeof(reply->text), back ? "nothing earlier is kept" : "nothing later is kept yet");
    }
}

static void
answer(struct fake_node *node, struct command *command)
{
    struct reply reply = { .err = LAT_OK, .policy = command->policy };

    if (command->kind == COMMAND_LOOK) {
        look(node, command, &reply);
        ticket_complete(command->ticket, &reply);
        command->ticket = NULL;
        command_free(command);
        return;
    }
    node->policy = command->policy;
    node->state = command->policy == LUNG_POLICY_AUTO  ? LUNG_HTTP
                  : command->policy == LUNG_POLICY_P2P ? LUNG_FP2P_DOWN
                                                       : LUNG_FHTTP_UP;
    reply.state = node->state;
    snprintf(reply.text, sizeof(reply.text), "done: %s for %u by %s", lung_policy_name(command->policy),
             (unsigned)command->for_s, command->who);
    ticket_complete(command->ticket, &reply);
    command->ticket = NULL;
    command_free(command);
}

static void *
run(void *arg)
{
    struct fake_node *node = arg;
    struct command *command;

    for (unsigned turn = 0; !node->stop; turn++) {
        while ((command = exchange_take(node->exchange)) != NULL)
            answer(node, command);
        publish(node);
        if (node->extra)
            node->extra(turn);
        usleep(node->period_ms * 1000);
    }
    return NULL;
}

void
fake_node_start(struct fake_node *node, enum lung_state state, unsigned period_ms,
                void (*extra)(unsigned turn))
{
    sigset_t all, before;

    *node = (struct fake_node){ .state = state, .period_ms = period_ms, .extra = extra };
    node->started_ms = lat_mono_ms();
    node->exchange = exchange_new();
    if (node->exchange == NULL)
        abort();
    node->source_data.exchange = node->exchange;
    node->source_data.fd = exchange_watch(node->exchange);
    source_of_exchange(&node->source_data, &node->source);
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    if (pthread_create(&node->thread, NULL, run, node))
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
fake_node_stop(struct fake_node *node)
{
    node->stop = true;
    pthread_join(node->thread, NULL);
    exchange_close(node->exchange);
    exchange_unwatch(node->exchange, node->source_data.fd);
    exchange_free(node->exchange);
}
