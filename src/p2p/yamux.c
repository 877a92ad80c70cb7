/*
 * yamux.c - the session: frames in, and the order of frames out.
 *
 * A data frame's body is never gathered: each piece goes to the owner as it comes, after the length in the header was held against the
 * receive window. Frames for streams that are gone are discarded without complaint, for a reset crosses what was on its way.
 */
#include "config.h"

#include "p2p/yamux.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/yamux_parts.h"

#define PONGS_MAX 64 /* answers to pings that wait: more is a flood */

/* --- frames ---------------------------------------------------------------------------------------- */

static void
put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static uint32_t
get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void
yamux_header_write(const struct yamux_header *h, uint8_t out[YAMUX_HEADER_LEN])
{
    out[0] = 0;
    out[1] = (uint8_t)h->type;
    out[2] = (uint8_t)(h->flags >> 8);
    out[3] = (uint8_t)h->flags;
    put_u32(out + 4, h->stream);
    put_u32(out + 8, h->length);
}

enum lat_err
yamux_header_read(const uint8_t in[YAMUX_HEADER_LEN], struct yamux_header *h)
{
    if (in[0] != 0 || in[1] > YAMUX_GOAWAY)
        return LAT_MALFORMED;
    h->type = (enum yamux_type)in[1];
    h->flags = (uint16_t)(in[2] << 8 | in[3]);
    h->stream = get_u32(in + 4);
    h->length = get_u32(in + 8);
    return LAT_OK;
}

/* Pongs stand before all other control frames: a late one costs the connection. */
enum lat_err
yamux_queue_control(struct yamux *y, enum yamux_type type, uint16_t flags, uint32_t stream, uint32_t length)
{
    const struct yamux_header h = { .type = type, .flags = flags, .stream = stream, .length = length };
    bool pong = type == YAMUX_PING && (flags & YAMUX_ACK) != 0;
    uint8_t bytes[YAMUX_HEADER_LEN];
    enum lat_err err;

    yamux_header_write(&h, bytes);
    if (pong && y->pongs_at >= (size_t)PONGS_MAX * YAMUX_HEADER_LEN)
        return LAT_LIMIT;
    err = lat_buf_add(&y->control, bytes, sizeof(bytes));
    if (err || !pong)
        return err;
    memmove(y->control.data + y->pongs_at + YAMUX_HEADER_LEN, y->control.data + y->pongs_at,
            y->control.len - YAMUX_HEADER_LEN - y->pongs_at);
    memcpy(y->control.data + y->pongs_at, bytes, YAMUX_HEADER_LEN);
    y->pongs_at += YAMUX_HEADER_LEN;
    return LAT_OK;
}

/* --- life ------------------------------------------------------------------------------------------ */

struct yamux *
yamux_new(bool dialer, const struct yamux_ops *ops, void *arg, struct yamux_budget *budget)
{
    struct yamux *y = calloc(1, sizeof(*y));

    if (y == NULL)
        return NULL;
    y->dialer = dialer;
    y->ops = ops;
    y->arg = arg;
    y->budget = budget;
    y->next_id = dialer ? 1 : 2;
    lat_buf_init(&y->control, YAMUX_CONTROL_MAX);
    return y;
}

void
yamux_free(struct yamux *y)
{
    if (y == NULL)
        return;
    y->inside++;
    while (y->count > 0) {
        struct ystream *s = y->turn;

        while (s->dead)
            s = s->next;
        ystream_close(s, false);
    }
    y->inside--;
    yamux_sweep(y);
    lat_buf_fini(&y->control);
    free(y);
}

size_t
yamux_stream_count(const struct yamux *y)
{
    return y->count;
}

enum lat_err
yamux_open(struct yamux *y, void *owner, struct ystream **out)
{
    struct ystream *s;

    if (y->goaway_got || y->goaway_sent || y->broken || y->next_id > INT32_MAX)
        return LAT_CLOSED;
    if (y->unacked >= YAMUX_UNACKED_MAX)
        return LAT_LIMIT;
    s = ystream_new(y, y->next_id, false, owner);
    if (s == NULL)
        return LAT_NOMEM;
    y->next_id += 2;
    y->unacked++;
    *out = s;
    return LAT_OK;
}

void
yamux_goaway(struct yamux *y, enum yamux_goaway code)
{
    if (!y->goaway_sent && yamux_queue_control(y, YAMUX_GOAWAY, 0, 0, (uint32_t)code) == LAT_OK)
        y->goaway_sent = true;
}

void
yamux_ping(struct yamux *y, uint64_t now_ms)
{
    if (y->ping_sent_ms > 0 || yamux_queue_control(y, YAMUX_PING, YAMUX_SYN, 0, y->ping_value + 1))
        return;
    y->ping_value++;
    y->ping_sent_ms = now_ms > 0 ? now_ms : 1;
}

uint64_t
yamux_ping_sent_ms(const struct yamux *y)
{
    return y->ping_sent_ms;
}

void
yamux_set_rtt(struct yamux *y, uint64_t rtt_ms)
{
    y->rtt_ms = rtt_ms;
}

/* --- input ----------------------------------------------------------------------------------------- */

static struct ystream *
find_stream(const struct yamux *y, uint32_t id)
{
    struct ystream *s = y->turn;

    if (s == NULL)
        return NULL;
    do {
        if (s->id == id && !s->dead)
            return s;
        s = s->next;
    } while (s != y->turn);
    return NULL;
}

static enum lat_err
broken(struct yamux *y, struct lat_msg *why, const char *what)
{
    y->broken = true;
    yamux_goaway(y, YAMUX_PROTOCOL_ERROR);
    lat_msg_set(why, "multiplexer: %s", what);
    return LAT_MALFORMED;
}

/*
 * Note an inbound id. false: it was used before. Ids rise, but openers on several threads may send them a little out of order: the last
 * YAMUX_SEEN are remembered one by one, older ones count as used.
 */
static bool
note_id(struct yamux *y, uint32_t id)
{
    uint32_t behind;

    if (id > y->highest_in) {
        uint32_t shift = y->highest_in == 0 ? YAMUX_SEEN : (id - y->highest_in) / 2;

        for (uint32_t i = YAMUX_SEEN; i-- > 0;) {
            bool was = i >= shift && (y->seen[(i - shift) / 64] >> (i - shift) % 64 & 1) != 0;

            y->seen[i / 64] = (y->seen[i / 64] & ~(UINT64_C(1) << i % 64)) | (uint64_t)was << i % 64;
        }
        y->seen[0] |= 1;
        y->highest_in = id;
        return true;
    }
    behind = (y->highest_in - id) / 2;
    if (behind >= YAMUX_SEEN || (y->seen[behind / 64] >> behind % 64 & 1) != 0)
        return false;
    y->seen[behind / 64] |= UINT64_C(1) << behind % 64;
    return true;
}

/* SYN: a new stream, or a reset for one too many. */
static enum lat_err
take_syn(struct yamux *y, uint32_t id, struct ystream **out, struct lat_msg *why)
{
    struct ystream *s;
    bool wanted;

    *out = NULL;
    if (id == 0 || id % 2 == (y->dialer ? 1u : 0u))
        return broken(y, why, "a stream was opened with an id of our side");
    if (!note_id(y, id))
        return broken(y, why, "a stream id was used twice");
    if (y->inbound >= YAMUX_STREAMS_MAX || y->goaway_sent) {
        if (yamux_queue_control(y, YAMUX_WINDOW, YAMUX_RST, id, 0))
            return broken(y, why, "more streams are opened than can be refused");
        return LAT_OK;
    }
    s = ystream_new(y, id, true, NULL);
    if (s == NULL)
        return LAT_NOMEM;
    y->inside++;
    wanted = y->ops->opened(y->arg, s);
    y->inside--;
    if (!wanted)
        ystream_reset(s);
    *out = wanted && !s->dead ? s : NULL;
    return LAT_OK;
}

/* FIN or RST of a frame whose body has been taken. */
static void
take_ending(struct ystream *s, uint16_t flags)
{
    struct yamux *y = s->y;

    if ((flags & YAMUX_RST) != 0) {
        ystream_close(s, false);
        return;
    }
    if ((flags & YAMUX_FIN) == 0 || s->ended_there)
        return;
    s->ended_there = true;
    y->inside++;
    y->ops->ended(y->arg, s);
    y->inside--;
    if (!s->dead)
        ystream_close_if_done(s);
}

static void
give_writable(struct ystream *s)
{
    struct yamux *y = s->y;

    if (!s->starved || ystream_room(s) == 0)
        return;
    s->starved = false;
    y->inside++;
    y->ops->writable(y->arg, s);
    y->inside--;
}

static enum lat_err
take_window(struct yamux *y, struct ystream *s, struct lat_msg *why)
{
    if (y->header.length > UINT32_MAX - s->send_window)
        return broken(y, why, "a window grew beyond 32 bits");
    s->send_window += y->header.length;
    take_ending(s, y->header.flags);
    return LAT_OK;
}

static enum lat_err
take_data_header(struct yamux *y, struct ystream *s, struct lat_msg *why)
{
    y->body_left = y->header.length;
    y->body_of = s;
    if (s == NULL)
        return LAT_OK;
    if (s->ended_there && y->header.length > 0)
        return broken(y, why, "data came after the end of a stream");
    if (y->header.length > s->recv_window)
        return broken(y, why, "data exceeds the receive window");
    s->recv_window -= y->header.length;
    return LAT_OK;
}

static enum lat_err
take_stream_frame(struct yamux *y, struct lat_msg *why)
{
    struct ystream *s;
    enum lat_err err = LAT_OK;

    if ((y->header.flags & YAMUX_SYN) != 0)
        err = take_syn(y, y->header.stream, &s, why);
    else
        s = find_stream(y, y->header.stream);
    if (err)
        return err;
    if (s && !s->inbound && !s->acked && (y->header.flags & (YAMUX_ACK | YAMUX_RST)) != 0) {
        s->acked = true;
        y->unacked--;
    }
    if (y->header.type == YAMUX_DATA)
        return take_data_header(y, s, why);
    return s ? take_window(y, s, why) : LAT_OK;
}

static enum lat_err
take_ping(struct yamux *y, uint64_t now_ms, struct lat_msg *why)
{
    uint64_t rtt;

    if ((y->header.flags & YAMUX_SYN) != 0)
        return yamux_queue_control(y, YAMUX_PING, YAMUX_ACK, 0, y->header.length)
                   ? broken(y, why, "pings come faster than they can be answered") : LAT_OK;
    if (y->ping_sent_ms == 0 || y->header.length != y->ping_value)
        return LAT_OK; /* an answer to nothing of ours harms nobody */
    rtt = now_ms > y->ping_sent_ms ? now_ms - y->ping_sent_ms : 0;
    y->ping_sent_ms = 0;
    y->rtt_ms = rtt;
    y->inside++;
    y->ops->pong(y->arg, rtt);
    y->inside--;
    return LAT_OK;
}

static enum lat_err
take_header(struct yamux *y, const uint8_t *bytes, uint64_t now_ms, struct lat_msg *why)
{
    if (yamux_header_read(bytes, &y->header))
        return broken(y, why, "a frame of an unknown version or type");
    switch (y->header.type) {
    case YAMUX_DATA:
    case YAMUX_WINDOW:
        return take_stream_frame(y, why);
    case YAMUX_PING:
        return take_ping(y, now_ms, why);
    case YAMUX_GOAWAY:
        y->goaway_got = true;
        lat_msg_set(why, "multiplexer: the other side ends the session (code %u)", y->header.length);
        return LAT_CLOSED;
    }
    return LAT_OK;
}

/* A piece of a body to its stream; at its end the FIN or RST that came with the header. */
static void
give_body(struct yamux *y, const uint8_t *data, size_t len)
{
    struct ystream *s = y->body_of;

    y->body_left -= (uint32_t)len;
    if (s && len > 0) {
        y->inside++;
        y->ops->data(y->arg, s, data, len);
        y->inside--;
    }
    if (s && !s->dead && y->body_left == 0)
        take_ending(s, y->header.flags);
    if (y->body_left == 0)
        y->body_of = NULL;
}

/* One header or one piece of a body. *used: bytes taken; 0: a header is not whole yet. */
static enum lat_err
take_some(struct yamux *y, const uint8_t *data, size_t len, uint64_t now_ms, size_t *used, struct lat_msg *why)
{
    enum lat_err err;

    if (y->body_left > 0) {
        *used = len < y->body_left ? len : y->body_left;
        give_body(y, data, *used);
        return LAT_OK;
    }
    *used = len < YAMUX_HEADER_LEN ? 0 : YAMUX_HEADER_LEN;
    if (*used == 0)
        return LAT_OK;
    err = take_header(y, data, now_ms, why);
    if (!err && y->header.type == YAMUX_DATA && y->header.length == 0)
        give_body(y, NULL, 0);
    return err;
}

enum lat_err
yamux_input(struct yamux *y, struct lat_buf *in, uint64_t now_ms, struct lat_msg *why)
{
    size_t at = 0, used = 1;
    bool went_away = false;
    enum lat_err err = y->broken ? LAT_MALFORMED : LAT_OK;

    y->inside++;
    while (!err && at < in->len && used > 0) {
        err = take_some(y, in->data + at, in->len - at, now_ms, &used, why);
        at += used;
        if (err == LAT_CLOSED) {
            went_away = true;
            err = LAT_OK;
        }
        if (!err && y->broken)
            err = LAT_MALFORMED;
    }
    y->inside--;
    lat_buf_drop(in, at);
    yamux_sweep(y);
    return !err && went_away ? LAT_CLOSED : err;
}

/* --- output ---------------------------------------------------------------------------------------- */

/* Has this stream a frame to send? */
static bool
wants_turn(const struct ystream *s)
{
    size_t waiting = s->queue.len;

    if (s->dead)
        return false;
    return s->opening || (waiting > 0 && s->send_window > 0) || (s->ended_here && !s->fin_sent && waiting == 0);
}

bool
yamux_wants_output(const struct yamux *y)
{
    const struct ystream *s = y->turn;

    if (y->control.len > 0)
        return true;
    if (s == NULL || y->broken)
        return false;
    do {
        if (wants_turn(s))
            return true;
        s = s->next;
    } while (s != y->turn);
    return false;
}

/*
 * One frame of a stream: data with what flags are due, or flags alone. FIN always comes alone, though it may ride on data: js-libp2p looks
 * at the flags of a frame first and loses its data when its own end of the stream is closed already.
 */
static enum lat_err
put_frame(struct ystream *s, struct lat_buf *out)
{
    size_t waiting = s->queue.len;
    size_t len = waiting < s->send_window ? waiting : s->send_window;
    struct yamux_header h = { .stream = s->id };
    bool last;
    uint8_t *at;
    enum lat_err err;

    if (len > YAMUX_DATA_MAX)
        len = YAMUX_DATA_MAX;
    last = s->ended_here && !s->fin_sent && waiting == 0;
    err = lat_buf_extend(out, YAMUX_HEADER_LEN + len, &at);
    if (err)
        return err;
    h.type = len > 0 ? YAMUX_DATA : YAMUX_WINDOW;
    h.flags = (uint16_t)(ystream_opening_flags(s) | (last ? YAMUX_FIN : 0u));
    h.length = (uint32_t)len;
    yamux_header_write(&h, at);
    ring_take(&s->queue, at + YAMUX_HEADER_LEN, len);
    s->send_window -= (uint32_t)len;
    s->fin_sent = s->fin_sent || last;
    return LAT_OK;
}

static enum lat_err
put_control(struct yamux *y, struct lat_buf *out)
{
    enum lat_err err = lat_buf_add(out, y->control.data, y->control.len);

    if (err)
        return err;
    lat_buf_clear(&y->control);
    y->pongs_at = 0;
    return LAT_OK;
}

/* The frame of the next stream whose turn it is. false: nobody has one. */
static bool
put_turn(struct yamux *y, struct lat_buf *out, enum lat_err *err)
{
    struct ystream *first = y->turn, *s = first;

    if (s == NULL)
        return false;
    while (!wants_turn(s)) {
        s = s->next;
        if (s == first)
            return false;
    }
    *err = put_frame(s, out);
    if (*err)
        return false;
    y->turn = s->next;
    give_writable(s);
    if (!s->dead)
        ystream_close_if_done(s);
    return true;
}

enum lat_err
yamux_output(struct yamux *y, size_t most, struct lat_buf *out)
{
    enum lat_err err = y->control.len > 0 ? put_control(y, out) : LAT_OK;

    y->inside++;
    while (!err && !y->broken && out->len < most && put_turn(y, out, &err)) {
        if (y->control.len > 0)
            err = put_control(y, out);
    }
    y->inside--;
    yamux_sweep(y);
    return err;
}
