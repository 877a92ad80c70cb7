/*
 * conn_open.c - an open connection's streams: which protocol each speaks, and the way of its bytes to the protocol.
 *
 * A stream of ours begins at once: its proposal and the protocol's first bytes leave together, and the answer is read when it comes. If it
 * is `na`, what was sent is void and the stream closes as refused. A stream of theirs begins when its protocol is agreed.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/conn_parts.h"

/* --- life of a stream ------------------------------------------------------------------------------ */

static struct conn_stream *
new_stream(struct conn *c, struct ystream *ystream, const struct protocol *protocol)
{
    struct conn_stream *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->conn = c;
    s->ystream = ystream;
    s->protocol = protocol;
    s->active_ms = c->now_ms;
    lat_buf_init(&s->line, STREAM_LINE_MAX);
    s->next = c->streams;
    if (s->next)
        s->next->prev = s;
    c->streams = s;
    c->stream_count++;
    ystream_set_owner(ystream, s);
    return s;
}

/* Out of the list; freed later, for a call to its protocol may be under way. */
static void
lay_out(struct conn_stream *s)
{
    struct conn *c = s->conn;

    s->dead = true;
    if (s->prev)
        s->prev->next = s->next;
    else
        c->streams = s->next;
    if (s->next)
        s->next->prev = s->prev;
    c->stream_count--;
    s->next = c->graves;
    c->graves = s;
}

void
conn_bury_streams(struct conn *c)
{
    struct conn_stream *s;

    while ((s = c->graves) != NULL) {
        c->graves = s->next;
        lat_buf_fini(&s->line);
        free(s);
    }
}

/* --- agreement ------------------------------------------------------------------------------------- */

static size_t
count_inbound(const struct conn *c, const struct protocol *protocol)
{
    size_t count = 0;

    for (const struct conn_stream *s = c->streams; s; s = s->next)
        count += s->protocol == protocol && ystream_is_inbound(s->ystream);
    return count;
}

/* A negotiate_find over the protocols that are served. */
static const char *
find_served(const void *arg, const char *name, size_t len)
{
    const struct conn *c = arg;

    for (const struct protocol *const *p = c->config.protocols; *p; p++) {
        if ((*p)->inbound_max > 0 && strlen((*p)->id) == len && memcmp((*p)->id, name, len) == 0)
            return (*p)->id;
    }
    return NULL;
}

static const struct protocol *
protocol_of(const struct conn *c, const char *id)
{
    for (const struct protocol *const *p = c->config.protocols; *p; p++) {
        if ((*p)->id == id)
            return *p;
    }
    return NULL;
}

/* Inbound: the protocol has been agreed. false: one stream of it too many, or it does not want this one. */
static bool
begin_inbound(struct conn_stream *s)
{
    const struct protocol *protocol = protocol_of(s->conn, negotiate_protocol(&s->negotiate));

    if (protocol == NULL || count_inbound(s->conn, protocol) >= protocol->inbound_max)
        return false;
    s->protocol = protocol;
    s->begun = protocol->begin(s);
    return s->begun;
}

/* Read lines until there is an agreement; what stands behind it goes to the protocol. */
static void
negotiate_stream(struct conn_stream *s)
{
    struct ystream *ystream = s->ystream;
    struct lat_buf answer, rest;
    enum lat_err err;

    lat_buf_init(&answer, STREAM_LINE_MAX);
    err = negotiate_step(&s->negotiate, &s->line, &answer, s->conn->now_ms, NULL);
    if (answer.len > 0 && ystream_write(ystream, answer.data, answer.len) < answer.len)
        err = LAT_LIMIT;
    lat_buf_fini(&answer);
    if (err == LAT_SHORT)
        return;
    if (err || (s->protocol == NULL && !begin_inbound(s))) {
        ystream_reset(ystream);
        return;
    }
    s->agreed = true;
    rest = s->line;
    lat_buf_init(&s->line, STREAM_LINE_MAX);
    if (s->protocol->agreed && !ystream_is_inbound(ystream))
        s->protocol->agreed(s);
    if (rest.len > 0 && !s->dead)
        s->protocol->data(s, rest.data, rest.len);
    lat_buf_fini(&rest);
}

/* --- what the muxer tells -------------------------------------------------------------------------- */

static bool
on_opened(void *arg, struct ystream *ystream)
{
    struct conn *c = arg;
    struct conn_stream *s = new_stream(c, ystream, NULL);

    if (s == NULL)
        return false;
    negotiate_listen(&s->negotiate, find_served, c, c->now_ms + CONN_NEGOTIATE_MS);
    return true;
}

static void
on_data(void *arg, struct ystream *ystream, const uint8_t *data, size_t len)
{
    struct conn *c = arg;
    struct conn_stream *s = ystream_owner(ystream);

    s->active_ms = c->now_ms;
    if (s->held)
        s->owed += len;
    else
        ystream_consume(ystream, len, c->now_ms);
    if (s->agreed) {
        s->protocol->data(s, data, len);
        return;
    }
    /* Lines are short, but the first bytes of the protocol may come right behind them, more than is kept here. */
    while (len > 0 && !s->agreed && !s->dead) {
        size_t piece = s->line.max - s->line.len < len ? s->line.max - s->line.len : len;

        if (piece == 0 || lat_buf_add(&s->line, data, piece)) {
            ystream_reset(ystream);
            return;
        }
        data += piece;
        len -= piece;
        negotiate_stream(s);
    }
    if (len > 0 && !s->dead)
        s->protocol->data(s, data, len);
}

static void
on_ended(void *arg, struct ystream *ystream)
{
    struct conn_stream *s = ystream_owner(ystream);

    (void)arg;
    if (s->agreed)
        s->protocol->ended(s);
    else
        ystream_reset(ystream);
}

static void
on_writable(void *arg, struct ystream *ystream)
{
    struct conn_stream *s = ystream_owner(ystream);

    (void)arg;
    if (s->begun && s->protocol->writable)
        s->protocol->writable(s);
}

static void
on_closed(void *arg, struct ystream *ystream, bool clean)
{
    struct conn_stream *s = ystream_owner(ystream);

    (void)arg;
    if (s == NULL)
        return; /* refused before it had an owner */
    if (s->begun)
        s->protocol->closed(s, clean && s->agreed);
    lay_out(s);
}

static void
on_pong(void *arg, uint64_t rtt_ms)
{
    conn_note_rtt(arg, rtt_ms);
}

const struct yamux_ops conn_yamux_ops = { .opened = on_opened, .data = on_data, .ended = on_ended,
                                          .writable = on_writable, .closed = on_closed, .pong = on_pong };

/* --- time ------------------------------------------------------------------------------------------ */

static bool
is_overdue(const struct conn_stream *s)
{
    const struct conn *c = s->conn;

    if (!s->agreed && c->now_ms - s->active_ms >= CONN_NEGOTIATE_MS)
        return true;
    if (stream_is_overdue(s))
        return true;
    return s->agreed && s->protocol->idle_ms > 0 && c->now_ms - s->active_ms >= s->protocol->idle_ms;
}

void
conn_tick_streams(struct conn *c)
{
    struct conn_stream *s = c->streams;

    while (s) {
        if (is_overdue(s)) {
            ystream_reset(s->ystream);
            s = c->streams; /* its end may have closed others */
        } else {
            s = s->next;
        }
    }
}

void
conn_grace_streams(struct conn *c, uint64_t late_ms)
{
    for (struct conn_stream *s = c->streams; s; s = s->next) {
        s->active_ms += late_ms;
        if (s->deadline_ms > 0)
            s->deadline_ms += late_ms;
    }
}

/* --- for protocols --------------------------------------------------------------------------------- */

enum lat_err
conn_open_stream(struct conn *c, const struct protocol *protocol, void *state, struct conn_stream **out)
{
    struct ystream *ystream;
    struct conn_stream *s;
    struct lat_buf first;
    enum lat_err err = c->phase == CONN_OPEN ? yamux_open(c->yamux, NULL, &ystream) : LAT_CLOSED;

    if (err)
        return err;
    s = new_stream(c, ystream, protocol);
    if (s == NULL) {
        ystream_reset(ystream);
        return LAT_NOMEM;
    }
    s->state = state;
    s->proposals[0] = protocol->id;
    lat_buf_init(&first, STREAM_LINE_MAX);
    negotiate_dial(&s->negotiate, s->proposals, c->now_ms + CONN_NEGOTIATE_MS);
    err = negotiate_start(&s->negotiate, &first);
    negotiate_set_payload(&s->negotiate);
    if (!err && ystream_write(ystream, first.data, first.len) < first.len)
        err = LAT_LIMIT;
    lat_buf_fini(&first);
    if (!err)
        s->begun = protocol->begin(s);
    if (err || !s->begun) {
        ystream_reset(ystream);
        return err ? err : LAT_CLOSED;
    }
    *out = s;
    return LAT_OK;
}

struct conn *
stream_conn(const struct conn_stream *s)
{
    return s->conn;
}

const struct protocol *
stream_protocol(const struct conn_stream *s)
{
    return s->protocol;
}

bool
stream_is_agreed(const struct conn_stream *s)
{
    return s->agreed;
}

bool
stream_is_inbound(const struct conn_stream *s)
{
    return ystream_is_inbound(s->ystream);
}

void *
stream_state(const struct conn_stream *s)
{
    return s->state;
}

void
stream_set_state(struct conn_stream *s, void *state)
{
    s->state = state;
}

size_t
stream_write(struct conn_stream *s, const void *data, size_t len)
{
    s->active_ms = s->conn->now_ms;
    return ystream_write(s->ystream, data, len);
}

size_t
stream_room(const struct conn_stream *s)
{
    return ystream_room(s->ystream);
}

void
stream_set_deadline(struct conn_stream *s, uint64_t at_ms)
{
    s->deadline_ms = at_ms;
}

bool
stream_is_overdue(const struct conn_stream *s)
{
    return s->deadline_ms > 0 && s->conn->now_ms >= s->deadline_ms;
}

void
stream_hold(struct conn_stream *s, bool hold)
{
    s->held = hold;
    if (hold || s->owed == 0)
        return;
    ystream_consume(s->ystream, s->owed, s->conn->now_ms);
    s->owed = 0;
}

void
stream_end(struct conn_stream *s)
{
    ystream_end(s->ystream);
}

void
stream_reset(struct conn_stream *s)
{
    ystream_reset(s->ystream);
}
