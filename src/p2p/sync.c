/*
 * sync.c - both ends of a sync stream are a channel: a message that comes in, a message that goes out, and whose turn it is.
 *
 * The answerer's end and its ticket are one object: it is freed when the stream is gone and no ticket is out, and the limits count
 * objects. Else a peer that asks and resets in a loop would pile up work for the owner's disk.
 */
#include "config.h"

#include "p2p/sync.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/varint.h"

#define HEAD_MAX 3 /* bytes of the length of SYNC_MESSAGE_MAX */

struct channel {
    struct conn_stream *stream; /* NULL: gone */
    uint8_t head[HEAD_MAX];
    uint8_t head_len;
    size_t length;              /* of the message that comes in; 0: not known yet */
    struct lat_buf in;
    struct lat_buf out;
    size_t sent;                /* of out */
    unsigned exchanges;         /* begun */
};

struct sync_ticket {
    struct sync *sync; /* NULL: gone */
    struct sync_ticket *next;
    struct channel channel;
    struct peerid peer;
    bool working; /* the owner has it */
    bool half;    /* the opener writes no more: this was its last request */
};

struct sync_session {
    const struct sync_session_ops *ops; /* NULL: closed by the owner */
    void *arg;
    struct channel channel;
    bool asked;
    enum lat_err why;
};

struct sync {
    struct protocol protocol; /* its arg: this */
    sync_asked asked;
    void *arg;
    struct sync_ticket *answered;
};

/* --- a channel ------------------------------------------------------------------------------------- */

static void
channel_init(struct channel *ch)
{
    lat_buf_init(&ch->in, SYNC_MESSAGE_MAX);
    lat_buf_init(&ch->out, SYNC_MESSAGE_MAX + HEAD_MAX);
}

static void
channel_fini(struct channel *ch)
{
    lat_buf_fini(&ch->in);
    lat_buf_fini(&ch->out);
}

static bool
is_sending(const struct channel *ch)
{
    return ch->sent < ch->out.len;
}

/* Has a message begun to come in? */
static bool
is_receiving(const struct channel *ch)
{
    return ch->head_len > 0;
}

/* Make place for the next message. A big one's storage is not kept: a stream may go on for long with small ones. */
static void
next_message(struct channel *ch)
{
    ch->head_len = 0;
    ch->length = 0;
    lat_buf_fini(&ch->in);
}

static void
send_more(struct channel *ch)
{
    ch->sent += stream_write(ch->stream, ch->out.data + ch->sent, ch->out.len - ch->sent);
    if (is_sending(ch))
        return;
    lat_buf_fini(&ch->out);
    ch->sent = 0;
}

/* The way out must be free. LAT_NOMEM: nothing was sent. */
static enum lat_err
send_message(struct channel *ch, const uint8_t *bytes, size_t len)
{
    uint8_t head[VARINT_LEN_MAX];
    enum lat_err err;

    assert(len > 0 && len <= SYNC_MESSAGE_MAX && !is_sending(ch));
    err = lat_buf_add(&ch->out, head, varint_encode(len, head));
    if (!err)
        err = lat_buf_add(&ch->out, bytes, len);
    if (err)
        lat_buf_fini(&ch->out);
    else
        send_more(ch);
    return err;
}

/* One more byte of the length. */
static enum lat_err
take_head(struct channel *ch, uint8_t byte)
{
    uint64_t length;
    size_t used;
    enum lat_err err;

    ch->head[ch->head_len++] = byte;
    err = varint_decode(ch->head, ch->head_len, &length, &used);
    if (err == LAT_SHORT)
        return ch->head_len < HEAD_MAX ? LAT_SHORT : LAT_MALFORMED;
    if (err || length == 0 || length > SYNC_MESSAGE_MAX)
        return LAT_MALFORMED;
    ch->length = (size_t)length;
    return LAT_SHORT;
}

/* Take from the front. LAT_OK: a message is whole. LAT_SHORT: all was taken, and more is needed. LAT_MALFORMED, LAT_NOMEM. */
static enum lat_err
take(struct channel *ch, const uint8_t **bytes, size_t *len)
{
    enum lat_err err = LAT_SHORT;
    size_t piece;

    for (; ch->length == 0 && *len > 0 && err == LAT_SHORT; ++*bytes, --*len)
        err = take_head(ch, **bytes);
    if (err != LAT_SHORT || ch->length == 0)
        return err;
    piece = ch->length - ch->in.len < *len ? ch->length - ch->in.len : *len;
    err = lat_buf_add(&ch->in, *bytes, piece);
    *bytes += piece;
    *len -= piece;
    if (err)
        return err;
    return ch->in.len == ch->length ? LAT_OK : LAT_SHORT;
}

static void
set_deadline(const struct channel *ch)
{
    stream_set_deadline(ch->stream, conn_now(stream_conn(ch->stream)) + SYNC_EXCHANGE_MS);
}

/* --- answerer -------------------------------------------------------------------------------------- */

static void
free_ticket(struct sync_ticket *ticket)
{
    channel_fini(&ticket->channel);
    free(ticket);
}

/* The stream is gone, and the owner has nothing of it. */
static void
release(struct sync_ticket *ticket)
{
    if (ticket->sync) {
        struct sync_ticket **at = &ticket->sync->answered;

        while (*at != ticket)
            at = &(*at)->next;
        *at = ticket->next;
    }
    free_ticket(ticket);
}

static bool
has_place(const struct sync *sync, const struct peerid *peer)
{
    size_t all = 0, of_peer = 0;

    for (const struct sync_ticket *t = sync->answered; t; t = t->next) {
        all++;
        of_peer += peerid_compare(&t->peer, peer) == 0;
    }
    return all < SYNC_ANSWERED_MAX && of_peer < SYNC_ANSWERED_PEER_MAX;
}

static bool
begin_answering(struct conn_stream *stream, struct sync *sync)
{
    const struct peerid *peer = conn_remote_id(stream_conn(stream));
    struct sync_ticket *ticket;

    if (!has_place(sync, peer))
        return false;
    ticket = calloc(1, sizeof(*ticket));
    if (ticket == NULL)
        return false;
    ticket->sync = sync;
    ticket->peer = *peer;
    ticket->channel.stream = stream;
    channel_init(&ticket->channel);
    ticket->next = sync->answered;
    sync->answered = ticket;
    stream_set_state(stream, ticket);
    set_deadline(&ticket->channel);
    return true;
}

static void
take_request(struct sync_ticket *ticket, const uint8_t *bytes, size_t len)
{
    struct channel *ch = &ticket->channel;
    bool fresh = !is_receiving(ch);
    enum lat_err err;

    if (ticket->working || is_sending(ch) || (fresh && ch->exchanges == SYNC_EXCHANGES_MAX)) {
        stream_reset(ch->stream); /* not its turn */
        return;
    }
    if (fresh) {
        ch->exchanges++;
        set_deadline(ch);
    }
    err = take(ch, &bytes, &len);
    if (err == LAT_SHORT)
        return;
    if (err || len > 0) { /* or a second request behind the first */
        stream_reset(ch->stream);
        return;
    }
    ticket->working = true;
    ticket->sync->asked(ticket->sync->arg, ticket);
}

/* The reply has left our hands as far as there was room. */
static void
after_sending(struct sync_ticket *ticket)
{
    struct channel *ch = &ticket->channel;

    if (is_sending(ch))
        return;
    if (ticket->half)
        stream_end(ch->stream);
    else
        set_deadline(ch);
}

/* The opener writes no more: it may still want its last answer. */
static void
end_answering(struct sync_ticket *ticket)
{
    struct channel *ch = &ticket->channel;

    ticket->half = true;
    if (ticket->working || is_sending(ch))
        return;
    if (is_receiving(ch))
        stream_reset(ch->stream);
    else
        stream_end(ch->stream);
}

struct conn *
sync_answer(struct sync_ticket *ticket, const uint8_t *bytes, size_t len)
{
    struct channel *ch = &ticket->channel;
    struct conn *conn;

    ticket->working = false;
    if (ch->stream == NULL) {
        release(ticket);
        return NULL;
    }
    conn = stream_conn(ch->stream);
    if (send_message(ch, bytes, len)) {
        stream_reset(ch->stream);
        return NULL;
    }
    next_message(ch); /* only now: the answer may be a part of the request */
    after_sending(ticket);
    return conn;
}

struct conn *
sync_refuse(struct sync_ticket *ticket)
{
    struct conn_stream *stream = ticket->channel.stream;
    struct conn *conn;

    ticket->working = false;
    if (stream == NULL) {
        release(ticket);
        return NULL;
    }
    conn = stream_conn(stream);
    stream_reset(stream);
    return conn;
}

const struct peerid *
sync_ticket_peer(const struct sync_ticket *ticket)
{
    return &ticket->peer;
}

const uint8_t *
sync_ticket_request(const struct sync_ticket *ticket, size_t *len)
{
    *len = ticket->channel.in.len;
    return ticket->channel.in.data;
}

/* --- opener ---------------------------------------------------------------------------------------- */

static void
break_off(struct sync_session *session, enum lat_err why)
{
    session->why = why;
    stream_reset(session->channel.stream);
}

static void
take_reply(struct conn_stream *stream, struct sync_session *session, const uint8_t *bytes, size_t len)
{
    struct channel *ch = &session->channel;
    struct lat_buf reply;
    enum lat_err err;

    if (!session->asked || is_sending(ch)) {
        break_off(session, LAT_MALFORMED); /* nobody asked, or it has not heard the question yet */
        return;
    }
    err = take(ch, &bytes, &len);
    if (err == LAT_OK && len > 0)
        err = LAT_MALFORMED; /* more than one reply */
    if (err) {
        if (err != LAT_SHORT)
            break_off(session, err);
        return;
    }
    session->asked = false;
    stream_set_deadline(stream, 0);
    reply = ch->in;
    lat_buf_init(&ch->in, SYNC_MESSAGE_MAX);
    next_message(ch);
    session->ops->reply(session->arg, session, reply.data, reply.len); /* the session may be gone now */
    lat_buf_fini(&reply);
}

enum lat_err
sync_open(struct sync *sync, struct conn *conn, const struct sync_session_ops *ops, void *arg, struct sync_session **out)
{
    struct sync_session *session = calloc(1, sizeof(*session));
    enum lat_err err;

    if (session == NULL)
        return LAT_NOMEM;
    session->ops = ops;
    session->arg = arg;
    channel_init(&session->channel);
    err = conn_open_stream(conn, &sync->protocol, session, &session->channel.stream);
    if (err) {
        channel_fini(&session->channel);
        free(session);
        return err;
    }
    *out = session;
    return LAT_OK;
}

enum lat_err
sync_ask(struct sync_session *session, const uint8_t *bytes, size_t len)
{
    struct channel *ch = &session->channel;
    enum lat_err err;

    if (session->asked)
        return LAT_BUSY;
    if (ch->exchanges == SYNC_EXCHANGES_MAX)
        return LAT_LIMIT;
    err = send_message(ch, bytes, len);
    if (err)
        return err;
    ch->exchanges++;
    session->asked = true;
    set_deadline(ch);
    return LAT_OK;
}

void
sync_close(struct sync_session *session)
{
    struct channel *ch;

    if (session == NULL)
        return;
    ch = &session->channel;
    session->ops = NULL;
    if (session->asked) {
        stream_reset(ch->stream);
    } else {
        set_deadline(ch); /* for the other side to end as well */
        stream_end(ch->stream);
    }
}

struct conn *
sync_session_conn(const struct sync_session *session)
{
    return stream_conn(session->channel.stream);
}

unsigned
sync_session_exchanges(const struct sync_session *session)
{
    return session->channel.exchanges;
}

/* --- the protocol ---------------------------------------------------------------------------------- */

static bool
begin(struct conn_stream *stream)
{
    return !stream_is_inbound(stream) || begin_answering(stream, stream_protocol(stream)->arg);
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    void *state = stream_state(stream);

    if (len == 0)
        return;
    if (stream_is_inbound(stream))
        take_request(state, bytes, len);
    else
        take_reply(stream, state, bytes, len);
}

static void
ended(struct conn_stream *stream)
{
    struct sync_session *session = stream_state(stream);

    if (stream_is_inbound(stream))
        end_answering(stream_state(stream));
    else if (session->asked)
        break_off(session, LAT_CLOSED);
    else
        stream_end(stream); /* `closed` follows */
}

static void
writable(struct conn_stream *stream)
{
    struct sync_session *session = stream_state(stream);
    struct sync_ticket *ticket = stream_state(stream);

    if (!stream_is_inbound(stream)) {
        if (is_sending(&session->channel))
            send_more(&session->channel);
    } else if (is_sending(&ticket->channel)) {
        send_more(&ticket->channel);
        after_sending(ticket);
    }
}

static void
closed(struct conn_stream *stream, bool clean)
{
    struct sync_session *session = stream_state(stream);
    struct sync_ticket *ticket = stream_state(stream);

    (void)clean;
    if (stream_is_inbound(stream)) {
        ticket->channel.stream = NULL;
        if (!ticket->working)
            release(ticket);
        return;
    }
    if (session->why == LAT_OK)
        session->why = session->asked && stream_is_overdue(stream) ? LAT_TIMEOUT : LAT_CLOSED;
    if (session->ops)
        session->ops->closed(session->arg, session, session->why);
    channel_fini(&session->channel);
    free(session);
}

struct sync *
sync_new(sync_asked asked, void *arg)
{
    struct sync *sync = calloc(1, sizeof(*sync));

    if (sync == NULL)
        return NULL;
    sync->protocol = (struct protocol){ .id = "/lattice/sync/1.0.0", .inbound_max = SYNC_ANSWERED_PEER_MAX, .begin = begin,
                                        .data = data, .ended = ended, .writable = writable, .closed = closed, .arg = sync };
    sync->asked = asked;
    sync->arg = arg;
    return sync;
}

void
sync_free(struct sync *sync)
{
    if (sync == NULL)
        return;
    for (struct sync_ticket *t = sync->answered; t; t = t->next)
        t->sync = NULL;
    free(sync);
}

const struct protocol *
sync_protocol(const struct sync *sync)
{
    return &sync->protocol;
}

size_t
sync_answered(const struct sync *sync)
{
    size_t count = 0;

    for (const struct sync_ticket *t = sync->answered; t; t = t->next)
        count++;
    return count;
}
