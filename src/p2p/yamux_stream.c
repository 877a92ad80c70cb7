/*
 * yamux_stream.c - one stream: its two windows, its queue, its states.
 *
 * The receive window grows by doubling when the owner has emptied half of it within two round trips of its last announcement: then the
 * window, not the path, is what limits the sender; and to no more than the path can hold. It never shrinks; its excess over 256 KiB is charged to the
 * budgets and given back at the end.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/yamux_parts.h"

struct ystream *
ystream_new(struct yamux *y, uint32_t id, bool inbound, void *owner)
{
    struct ystream *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->y = y;
    s->id = id;
    s->inbound = inbound;
    s->owner = owner;
    s->opening = true;
    s->send_window = s->recv_window = s->recv_max = YAMUX_WINDOW_FIRST;
    ring_init(&s->queue, YAMUX_SEND_MAX);
    if (y->turn == NULL) {
        s->next = s->prev = s;
        y->turn = s;
    } else {
        s->next = y->turn;
        s->prev = y->turn->prev;
        s->prev->next = s->next->prev = s;
    }
    y->count++;
    y->inbound += inbound;
    return s;
}

static void
free_stream(struct ystream *s)
{
    struct yamux *y = s->y;

    if (y->turn == s)
        y->turn = s->next == s ? NULL : s->next;
    s->prev->next = s->next;
    s->next->prev = s->prev;
    ring_fini(&s->queue);
    free(s);
}

void
yamux_sweep(struct yamux *y)
{
    struct ystream *s, *next;
    size_t left;

    if (y->inside > 0 || y->turn == NULL)
        return;
    left = 0;
    s = y->turn;
    do {
        left++;
        s = s->next;
    } while (s != y->turn);
    for (s = y->turn; left > 0; s = next, left--) {
        next = s->next;
        if (s->dead)
            free_stream(s);
    }
}

static void
release_window(struct ystream *s)
{
    size_t excess = s->recv_max - YAMUX_WINDOW_FIRST;

    s->y->windows -= excess;
    if (s->y->budget)
        s->y->budget->used -= excess;
    s->recv_max = YAMUX_WINDOW_FIRST;
}

void
ystream_close(struct ystream *s, bool clean)
{
    struct yamux *y = s->y;

    if (s->dead)
        return;
    s->dead = true;
    y->count--;
    y->inbound -= s->inbound;
    y->unacked -= !s->inbound && !s->acked;
    if (y->body_of == s)
        y->body_of = NULL;
    release_window(s);
    y->inside++;
    y->ops->closed(y->arg, s, clean);
    y->inside--;
    yamux_sweep(y);
}

void
ystream_close_if_done(struct ystream *s)
{
    if (s->fin_sent && s->ended_there)
        ystream_close(s, true);
}

uint16_t
ystream_opening_flags(struct ystream *s)
{
    if (!s->opening)
        return 0;
    s->opening = false;
    return s->inbound ? YAMUX_ACK : YAMUX_SYN;
}

/* --- receiving ------------------------------------------------------------------------------------- */

/* May the window grow by so much, within both budgets? */
static bool
charge(struct yamux *y, size_t more)
{
    if (more > YAMUX_WINDOWS_CONN_MAX - y->windows)
        return false;
    if (y->budget && more > y->budget->max - y->budget->used)
        return false;
    y->windows += more;
    if (y->budget)
        y->budget->used += more;
    return true;
}

static void
tune(struct ystream *s, uint64_t now_ms)
{
    uint64_t rtt = s->y->rtt_ms > 0 ? s->y->rtt_ms : 1;
    uint64_t most = rtt * YAMUX_WINDOW_A_MS < YAMUX_WINDOW_MAX ? rtt * YAMUX_WINDOW_A_MS : YAMUX_WINDOW_MAX;

    if (s->epoch_ms > 0 && now_ms - s->epoch_ms <= 2 * rtt && s->recv_max < most && charge(s->y, s->recv_max)) {
        s->consumed += s->recv_max; /* announced with what was consumed: the delta that doubles it */
        s->recv_max *= 2;
    }
}

void
ystream_consume(struct ystream *s, size_t len, uint64_t now_ms)
{
    uint16_t flags;

    if (s->dead || s->ended_there)
        return;
    s->consumed += (uint32_t)len;
    if (s->consumed < s->recv_max / 2)
        return; /* an update a read would cost more than it brings */
    tune(s, now_ms);
    flags = ystream_opening_flags(s);
    if (yamux_queue_control(s->y, YAMUX_WINDOW, flags, s->id, s->consumed))
        return; /* so many wait that the connection is being closed */
    s->recv_window += s->consumed;
    s->consumed = 0;
    s->epoch_ms = now_ms;
}

/* --- sending --------------------------------------------------------------------------------------- */

size_t
ystream_room(const struct ystream *s)
{
    if (s->dead || s->ended_here)
        return 0;
    return YAMUX_SEND_MAX - s->queue.len;
}

size_t
ystream_write(struct ystream *s, const uint8_t *data, size_t len)
{
    size_t room = ystream_room(s);
    size_t taken = len < room ? len : room;

    taken = ring_write(&s->queue, data, taken);
    s->starved = taken < len;
    return taken;
}

void
ystream_end(struct ystream *s)
{
    s->ended_here = true;
}

void
ystream_reset(struct ystream *s)
{
    if (s->dead)
        return;
    if (!s->opening || s->inbound) {
        s->opening = false;
        if (yamux_queue_control(s->y, YAMUX_WINDOW, YAMUX_RST, s->id, 0))
            s->y->broken = true;
    }
    ystream_close(s, false);
}

/* --- plain ----------------------------------------------------------------------------------------- */

void
ystream_set_owner(struct ystream *s, void *owner)
{
    s->owner = owner;
}

void *
ystream_owner(const struct ystream *s)
{
    return s->owner;
}

bool
ystream_is_inbound(const struct ystream *s)
{
    return s->inbound;
}

uint32_t
ystream_id(const struct ystream *s)
{
    return s->id;
}
