/*
 * node_history.c - a picture a second into the history, and looks into it. Both are work for libuv's threads: the loop
 * neither compresses nor waits for a disk. A second in which the last picture is still being written is left out.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "node/node_parts.h"

#define SECOND_MS 1000
#define COMPLAIN_MS 600000

/* --- pictures in --------------------------------------------------------------------------------------- */

void
node_history_open(struct node *node)
{
    if (history_ring_open(&node->history, node->config->state_dir))
        lat_log(LAT_WARNING, "[STARTUP] [WARN] history: '%s': %s; nothing is kept of the past", node->history.dir,
                strerror(errno));
    else
        node->history_kept = true;
}

/* On one of libuv's threads. The ring is its own meanwhile: history_busy. */
static void
add(uv_work_t *work)
{
    struct node *node = work->data;

    errno = 0;
    node->history_err = history_ring_add(&node->history, node->history_snapshot);
    node->history_errno = errno;
}

static void
added(uv_work_t *work, int status)
{
    struct node *node = work->data;
    uint64_t now = uv_now(&node->loop);

    (void)status;
    snapshot_unref(node->history_snapshot);
    node->history_busy = false;
    if (node->history_err == LAT_OK || (node->history_complained_ms > 0 && now - node->history_complained_ms < COMPLAIN_MS))
        return;
    node->history_complained_ms = now;
    lat_log(LAT_WARNING, "[HISTORY] [WARN] not written: %s",
            node->history_err == LAT_SYS ? strerror(node->history_errno) : lat_err_text(node->history_err));
}

void
node_history_note(struct node *node, const struct snapshot *snapshot)
{
    uint64_t second = snapshot->wall_ms / SECOND_MS;

    if (!node->history_kept || node->history_busy || node->closing || second == node->history_noted)
        return;
    node->history_noted = second;
    node->history_snapshot = snapshot_ref(snapshot);
    node->history_work.data = node;
    node->history_busy = true;
    if (uv_queue_work(&node->loop, &node->history_work, add, added)) {
        snapshot_unref(node->history_snapshot);
        node->history_busy = false;
    }
}

void
node_history_fini(struct node *node)
{
    if (node->history_kept)
        history_ring_close(&node->history);
    node->history_kept = false;
}

/* --- looks --------------------------------------------------------------------------------------------- */

struct look {
    uv_work_t work;
    char dir[4096];
    struct command *command;
    struct snapshot *found;
    enum lat_err err;
};

static void
look(uv_work_t *work)
{
    struct look *l = work->data;

    l->err = history_ring_look(l->dir, l->command->step, l->command->at_ms, lat_mono_ms(), &l->found);
}

static const char *
why_not(enum lat_err err, enum look_step step)
{
    switch (step) {
    case LOOK_LATER:
        return "nothing later is kept yet: that is the present";
    case LOOK_LATER_CHANGE:
        return "the lungs have not changed since";
    case LOOK_EARLIER_CHANGE:
        return "no earlier change of the lungs is kept";
    case LOOK_AT:
    case LOOK_EARLIER:
        break;
    }
    return err == LAT_NOTFOUND ? "nothing earlier is kept" : lat_err_text(err);
}

static void
looked(uv_work_t *work, int status)
{
    struct look *l = work->data;
    struct reply reply = { .err = status ? LAT_CLOSED : l->err, .snapshot = l->found };

    if (reply.err)
        lat_copy(reply.text, sizeof(reply.text), why_not(reply.err, l->command->step));
    if (l->command->ticket)
        ticket_complete(l->command->ticket, &reply);
    else
        snapshot_unref(l->found);
    l->command->ticket = NULL;
    command_free(l->command);
    free(l);
}

bool
node_history_look(struct node *node, struct command *command)
{
    struct look *l = node->history_kept ? calloc(1, sizeof(*l)) : NULL;

    if (l == NULL)
        return false;
    lat_copy(l->dir, sizeof(l->dir), node->history.dir);
    l->command = command;
    l->work.data = l;
    if (uv_queue_work(&node->loop, &l->work, look, looked) == 0)
        return true;
    free(l);
    return false;
}
