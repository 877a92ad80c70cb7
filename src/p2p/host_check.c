/*
 * host_check.c - a turn is one visit of a worker: it takes what waits, at most a batch, checks it there, and tells the results on the loop. A
 * single message is a turn of its own at once; under load turns fill up, which spares the loop most of the wake-ups.
 */
#include "config.h"

#include "p2p/host_check.h"

#include <stdbool.h>
#include <stdlib.h>

struct turn {
    uv_work_t work;
    struct host_check *c;
    bool busy;
    size_t count;
    struct gossip_message *messages[HOST_CHECK_BATCH];
    enum lat_err results[HOST_CHECK_BATCH];
    void *found[HOST_CHECK_BATCH];
};

struct host_check {
    uv_loop_t *loop;
    const struct host_check_ops *ops;
    void *arg;
    bool closing;
    unsigned workers, busy;
    struct turn turns[HOST_CHECK_WORKERS_MAX];
    struct gossip_message **waiting; /* a ring */
    size_t head, count, cap;
};

static struct gossip_message *
pop(struct host_check *c)
{
    struct gossip_message *message = c->waiting[c->head];

    c->head = (c->head + 1) & (c->cap - 1);
    c->count--;
    return message;
}

static void
end(struct host_check *c)
{
    while (c->count > 0)
        gossip_message_unref(pop(c));
    free(c->waiting);
    free(c);
}

/* --- the worker ------------------------------------------------------------------------------------ */

static void
check(uv_work_t *work)
{
    struct turn *turn = work->data;
    const struct host_check *c = turn->c; /* ops and arg do not change */

    for (size_t i = 0; i < turn->count; i++) {
        turn->results[i] = gossip_message_verify(turn->messages[i]);
        turn->found[i] = turn->results[i] == LAT_OK && c->ops->examine ? c->ops->examine(c->arg, turn->messages[i]) : NULL;
    }
}

/* --- the loop -------------------------------------------------------------------------------------- */

static void on_checked(uv_work_t *work, int status);

/* What waits is shared out among the turns that are free. */
static void
begin_turn(struct host_check *c, struct turn *turn)
{
    unsigned idle = c->workers - c->busy;
    size_t share = (c->count + idle - 1) / idle;

    turn->work.data = turn;
    turn->c = c;
    turn->count = 0;
    while (turn->count < share && turn->count < HOST_CHECK_BATCH)
        turn->messages[turn->count++] = pop(c);
    turn->busy = true;
    c->busy++;
    (void)uv_queue_work(c->loop, &turn->work, check, on_checked); /* it refuses only a NULL function */
}

static void
begin_turns(struct host_check *c)
{
    for (unsigned i = 0; i < c->workers && c->count > 0; i++) {
        if (!c->turns[i].busy)
            begin_turn(c, &c->turns[i]);
    }
}

static void
on_checked(uv_work_t *work, int status)
{
    struct turn *turn = work->data;
    struct host_check *c = turn->c;

    for (size_t i = 0; i < turn->count; i++) {
        if (!c->closing)
            c->ops->checked(c->arg, turn->messages[i], status < 0 ? LAT_SYS : turn->results[i], turn->found[i]);
        else if (turn->found[i])
            c->ops->drop(turn->found[i]);
        gossip_message_unref(turn->messages[i]);
    }
    turn->busy = false;
    c->busy--;
    if (!c->closing && c->ops->turned)
        c->ops->turned(c->arg);
    if (!c->closing)
        begin_turns(c);
    else if (c->busy == 0)
        end(c);
}

static bool
make_room(struct host_check *c)
{
    size_t cap = c->cap ? c->cap * 2 : 64;
    struct gossip_message **bigger;

    if (c->count < c->cap)
        return true;
    bigger = calloc(cap, sizeof(struct gossip_message *));
    if (bigger == NULL)
        return false;
    for (size_t i = 0; i < c->count; i++)
        bigger[i] = c->waiting[(c->head + i) & (c->cap - 1)];
    free(c->waiting);
    c->waiting = bigger;
    c->head = 0;
    c->cap = cap;
    return true;
}

enum lat_err
host_check_add(struct host_check *c, struct gossip_message *message)
{
    if (!make_room(c))
        return LAT_NOMEM;
    c->waiting[(c->head + c->count++) & (c->cap - 1)] = gossip_message_ref(message);
    begin_turns(c);
    return LAT_OK;
}

struct host_check *
host_check_new(uv_loop_t *loop, unsigned workers, const struct host_check_ops *ops, void *arg)
{
    struct host_check *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->workers = workers;
    c->ops = ops;
    c->arg = arg;
    return c;
}

void
host_check_close(struct host_check *c)
{
    if (c == NULL)
        return;
    c->closing = true;
    if (c->busy == 0)
        end(c);
}
