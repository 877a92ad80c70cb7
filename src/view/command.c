#include "config.h"

#include "view/command.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view/snapshot.h"

struct ticket {
    pthread_mutex_t lock;
    pthread_cond_t answered_cond;
    unsigned references;
    bool answered;
    struct reply reply;
    ticket_fn fn;
    void *arg;
};

struct ticket *
ticket_new(ticket_fn fn, void *arg)
{
    struct ticket *t = calloc(1, sizeof(*t));
    pthread_condattr_t attr;

    if (t == NULL)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->answered_cond, &attr);
    pthread_condattr_destroy(&attr);
    t->references = 2;
    t->fn = fn;
    t->arg = arg;
    return t;
}

void
ticket_unref(struct ticket *ticket)
{
    unsigned left;

    if (ticket == NULL)
        return;
    pthread_mutex_lock(&ticket->lock);
    left = --ticket->references;
    pthread_mutex_unlock(&ticket->lock);
    if (left > 0)
        return;
    pthread_mutex_destroy(&ticket->lock);
    pthread_cond_destroy(&ticket->answered_cond);
    free(ticket->reply.verdicts);
    snapshot_unref(ticket->reply.snapshot);
    free(ticket);
}

void
ticket_complete(struct ticket *ticket, const struct reply *reply)
{
    bool first;

    pthread_mutex_lock(&ticket->lock);
    first = !ticket->answered;
    if (first) {
        ticket->reply = *reply;
        ticket->answered = true;
        pthread_cond_broadcast(&ticket->answered_cond);
    }
    pthread_mutex_unlock(&ticket->lock);
    if (!first) {
        free(reply->verdicts);
        snapshot_unref(reply->snapshot);
        return;
    }
    if (ticket->fn)
        ticket->fn(ticket->arg);
    ticket_unref(ticket);
}

const struct reply *
ticket_reply(struct ticket *ticket)
{
    bool answered;

    pthread_mutex_lock(&ticket->lock);
    answered = ticket->answered;
    pthread_mutex_unlock(&ticket->lock);
    return answered ? &ticket->reply : NULL;
}

const struct reply *
ticket_wait(struct ticket *ticket, uint64_t timeout_ms)
{
    struct timespec until;
    int rc = 0;
    bool answered;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&ticket->lock);
    while (!ticket->answered && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&ticket->answered_cond, &ticket->lock, &until);
    answered = ticket->answered;
    pthread_mutex_unlock(&ticket->lock);
    return answered ? &ticket->reply : NULL;
}

struct command *
command_new(enum command_kind kind)
{
    struct command *command = calloc(1, sizeof(*command));

    if (command)
        command->kind = kind;
    return command;
}

void
command_free(struct command *command)
{
    struct reply reply = { .err = LAT_CLOSED, .text = "the node is stopping" };

    if (command == NULL)
        return;
    if (command->ticket)
        ticket_complete(command->ticket, &reply);
    free(command->key);
    free(command->value);
    free(command->message);
    free(command->intent);
    free(command->status);
    free(command);
}

static const char *const look_steps[] = { [LOOK_AT] = "at",
                                          [LOOK_EARLIER] = "earlier",
                                          [LOOK_LATER] = "later",
                                          [LOOK_EARLIER_CHANGE] = "earlier-change",
                                          [LOOK_LATER_CHANGE] = "later-change" };

const char *
look_step_name(enum look_step step)
{
    return look_steps[step];
}

enum lat_err
look_step_parse(const char *text, enum look_step *step)
{
    for (int i = LOOK_AT; i <= LOOK_LATER_CHANGE; i++)
        if (strcmp(look_steps[i], text) == 0) {
            *step = (enum look_step)i;
            return LAT_OK;
        }
    return LAT_MALFORMED;
}
