/*
 * gossip_streams.c - a link joins the router's peer to its connection: our stream out, their stream in.
 *
 *   our stream:   NONE ──due──▶ OFFERED (subscriptions went behind the proposal) ──agreed──▶ AGREED: all that the router has
 *                   ▲              │ refused: the next older version, at once               │
 *                   └──────────────┴──────── all refused, reset: after a back-off ◀─────────┘
 */
#include "config.h"

#include "p2p/gossip_streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "p2p/gossip_place.h"

#define INBOUND_MAX 2     /* of one version and connection: a newer one comes before the older one is gone */
#define STEADY_MS 10000   /* a stream that lived so long was a good one: the back-off begins anew */
#define OUT_MAX (GOSSIP_RPC_MAX + VARINT_LEN_MAX)
#define IN_MAX (OUT_MAX + YAMUX_WINDOW_MAX) /* a part of an RPC, and what the other side may still send when it is held */

struct glink {
    struct gossip_streams *s;
    struct glink *next, *prev;
    struct gossip_peer *peer;
    struct conn *conn;
    struct conn_stream *out;      /* NULL: none */
    bool agreed;
    enum gossip_version version;  /* offered, or to be offered next */
    uint64_t agreed_ms;
    uint64_t reopen_ms;           /* without `out`: when to try */
    uint64_t backoff_ms;
    size_t inbound_count;
    uint64_t moved_ms;            /* when it moved to this connection */
    uint64_t remind_ms, patience_ms; /* without a stream of theirs: when to remind it, and how long from one time to the next */
    struct lat_buf rpc;           /* on its way into the stream */
    size_t rpc_at;
    struct glink *next_waiting;   /* the router has something */
    bool waiting;
};

/* A stream of theirs. */
struct ginbound {
    struct gossip_streams *s;
    struct ginbound *next, *prev;
    struct conn_stream *stream;
    struct glink *link;
    uint64_t begun_ms;
    struct lat_buf buf;           /* an RPC that is not whole yet; while held, all that came */
    bool held;                    /* the router is busy with what it sent */
    bool ended;                   /* while held: they write no more */
};

struct gossip_streams {
    struct protocol protocols[GOSSIP_VERSIONS];       /* by version */
    const struct protocol *served[GOSSIP_VERSIONS];   /* newest first */
    size_t served_count;
    enum gossip_version newest;
    const struct gossip_streams_ops *ops;
    void *arg;
    struct gossip *router;
    struct glink *links;
    struct ginbound *inbounds;
    struct glink *waiting;
    size_t held_count;
    bool draining;
};

/* --- out ------------------------------------------------------------------------------------------- */

/* False: the stream takes no more for now. */
static bool
write_rpc(struct glink *link)
{
    link->rpc_at += stream_write(link->out, link->rpc.data + link->rpc_at, link->rpc.len - link->rpc_at);
    if (link->rpc_at < link->rpc.len)
        return false;
    lat_buf_clear(&link->rpc);
    link->rpc_at = 0;
    return true;
}

/* The next RPC, and as much of it as fits. False: there is none, or the stream is full or gone. */
static bool
write_next(struct glink *link, uint64_t now_ms)
{
    enum lat_err err = LAT_OK;

    if (link->rpc.len == 0)
        err = gossip_output(link->peer, &link->rpc, now_ms);
    if (err == LAT_NOTFOUND)
        return false;
    if (err) {
        stream_reset(link->out); /* something is lost: the next stream begins with all that matters */
        return false;
    }
    return write_rpc(link);
}

static void
pump(struct glink *link, uint64_t now_ms)
{
    struct conn *conn = link->conn;
    bool wrote = false;

    while (link->out && link->agreed && write_next(link, now_ms))
        wrote = true;
    if (wrote || link->rpc.len > 0)
        link->s->ops->wake(conn);
}

static void
forget_output(struct glink *link)
{
    link->out = NULL;
    link->agreed = false;
    lat_buf_fini(&link->rpc);
    link->rpc_at = 0;
    gossip_peer_lost(link->peer);
}

/* When is the next stream due, and of what version? */
static void
plan_reopen(struct glink *link, bool was_agreed, uint64_t now_ms)
{
    if (!was_agreed && link->version > GOSSIP_1_0) {
        link->version--;
        link->reopen_ms = now_ms;
        return;
    }
    if (!was_agreed)
        link->version = link->s->newest;
    if (was_agreed && now_ms - link->agreed_ms >= STEADY_MS)
        link->backoff_ms = GOSSIP_REOPEN_MIN_MS;
    link->reopen_ms = now_ms + link->backoff_ms;
    link->backoff_ms = link->backoff_ms < GOSSIP_REOPEN_MAX_MS / 2 ? link->backoff_ms * 2 : GOSSIP_REOPEN_MAX_MS;
}

static void
open_output(struct glink *link, uint64_t now_ms)
{
    struct conn_stream *stream;

    if (conn_open_stream(link->conn, &link->s->protocols[link->version], link, &stream) == LAT_OK) {
        link->s->ops->wake(link->conn);
        return;
    }
    if (link->out)
        forget_output(link);
    plan_reopen(link, true, now_ms);
}

/* --- out: what the stream tells -------------------------------------------------------------------- */

static struct gossip_streams *
owner_of(const struct conn_stream *stream)
{
    return stream_protocol(stream)->arg;
}

/* Our subscriptions go at once; before there is an agreement nothing else does. */
static bool
begin_output(struct conn_stream *stream)
{
    struct glink *link = stream_state(stream);
    uint64_t now_ms = conn_now(link->conn);
    enum lat_err err;

    link->out = stream;
    gossip_peer_opened(link->peer, link->version, now_ms);
    err = gossip_output(link->peer, &link->rpc, now_ms);
    if (!err)
        (void)write_rpc(link); /* its rest waits for the agreement */
    return !err || err == LAT_NOTFOUND;
}

static void
agreed(struct conn_stream *stream)
{
    struct glink *link = stream_state(stream);

    if (link == NULL)
        return;
    link->agreed = true;
    link->agreed_ms = conn_now(link->conn);
    pump(link, link->agreed_ms);
}

static void
writable(struct conn_stream *stream)
{
    struct glink *link = stream_is_inbound(stream) ? NULL : stream_state(stream);

    if (link)
        pump(link, conn_now(link->conn));
}

static void
output_closed(struct conn_stream *stream)
{
    struct glink *link = stream_state(stream);

    if (link == NULL || link->out != stream)
        return; /* another one has taken its place */
    forget_output(link);
    plan_reopen(link, stream_is_agreed(stream), conn_now(stream_conn(stream)));
}

/* --- in -------------------------------------------------------------------------------------------- */

static struct glink *
find_link(const struct gossip_streams *s, const struct peerid *id)
{
    const struct gossip_peer *peer = s->router ? gossip_find(s->router, id) : NULL;

    return peer ? gossip_peer_user(peer) : NULL;
}

/* Of two streams on one connection the newer one counts; one on another connection ends with it, and is read until then. */
static void
reset_older(const struct ginbound *in)
{
    struct ginbound *next;

    for (struct ginbound *other = in->s->inbounds; other; other = next) {
        next = other->next;
        if (other != in && stream_conn(other->stream) == stream_conn(in->stream))
            stream_reset(other->stream);
    }
}

static bool
begin_input(struct conn_stream *stream)
{
    struct gossip_streams *s = owner_of(stream);
    struct glink *link = find_link(s, conn_remote_id(stream_conn(stream)));
    struct ginbound *in = link ? calloc(1, sizeof(*in)) : NULL;

    if (in == NULL)
        return false;
    *in = (struct ginbound){ .s = s, .stream = stream, .link = link, .begun_ms = conn_now(stream_conn(stream)),
                             .next = s->inbounds };
    lat_buf_init(&in->buf, IN_MAX);
    link->inbound_count++;
    link->patience_ms = GOSSIP_REMIND_MIN_MS;
    if (in->next)
        in->next->prev = in;
    s->inbounds = in;
    stream_set_state(stream, in);
    reset_older(in);
    return true;
}

static void
input_closed(struct conn_stream *stream)
{
    struct ginbound *in = stream_state(stream);

    if (in->link && --in->link->inbound_count == 0)
        in->link->remind_ms = conn_now(stream_conn(stream)) + in->link->patience_ms;
    if (in->prev)
        in->prev->next = in->next;
    else
        in->s->inbounds = in->next;
    if (in->next)
        in->next->prev = in->prev;
    in->s->held_count -= in->held;
    lat_buf_fini(&in->buf);
    free(in);
}

/* Take whole RPCs from the front; *used: bytes of them. LAT_BUSY: the rest later. Anything else but LAT_OK and LAT_SHORT ends the stream. */
static enum lat_err
take_rpcs(struct ginbound *in, const uint8_t *data, size_t len, uint64_t now_ms, size_t *used)
{
    uint64_t rpc_len;
    size_t head;
    enum lat_err err = LAT_OK;

    *used = 0;
    while (!err && *used < len) {
        err = varint_decode(data + *used, len - *used, &rpc_len, &head);
        if (!err && rpc_len > GOSSIP_RPC_MAX)
            err = LAT_LIMIT;
        if (!err && rpc_len > len - *used - head)
            err = LAT_SHORT;
        if (!err && gossip_is_busy(in->link->peer))
            err = LAT_BUSY;
        if (!err)
            err = gossip_input(in->link->peer, data + *used + head, (size_t)rpc_len, now_ms);
        if (!err)
            *used += head + (size_t)rpc_len;
    }
    return err;
}

static void
set_held(struct ginbound *in, bool held)
{
    if (in->held == held)
        return;
    in->held = held;
    in->s->held_count += held ? 1 : (size_t)-1;
    stream_hold(in->stream, held);
}

/* What is in the buffer, as far as it goes. */
static enum lat_err
take_buffered(struct ginbound *in, uint64_t now_ms)
{
    size_t used;
    enum lat_err err = take_rpcs(in, in->buf.data, in->buf.len, now_ms, &used);

    if (err && err != LAT_SHORT && err != LAT_BUSY)
        return err;
    lat_buf_drop(&in->buf, used);
    set_held(in, err == LAT_BUSY);
    return LAT_OK;
}

/* From the stream's own buffer where an RPC is not whole, else from the bytes as they lie. */
static enum lat_err
take_data(struct ginbound *in, const uint8_t *data, size_t len, uint64_t now_ms)
{
    size_t used = 0;
    enum lat_err err;

    if (in->buf.len > 0) {
        err = lat_buf_add(&in->buf, data, len);
        return err || in->held ? err : take_buffered(in, now_ms);
    }
    err = take_rpcs(in, data, len, now_ms, &used);
    if (err != LAT_SHORT && err != LAT_BUSY)
        return err;
    set_held(in, err == LAT_BUSY);
    return lat_buf_add(&in->buf, data + used, len - used);
}

/* Messages have been checked: read on where that was waited for. */
static void
read_held(struct gossip_streams *s, uint64_t now_ms)
{
    struct ginbound *next;

    for (struct ginbound *in = s->inbounds; in && s->held_count > 0; in = next) {
        next = in->next;
        if (!in->held || in->link == NULL || gossip_is_busy(in->link->peer))
            continue;
        s->ops->wake(stream_conn(in->stream));
        if (take_buffered(in, now_ms))
            stream_reset(in->stream);
        else if (in->ended && !in->held)
            stream_end(in->stream);
    }
}

/* --- both ------------------------------------------------------------------------------------------ */

static void
drain(struct gossip_streams *s, uint64_t now_ms)
{
    struct glink *link;

    if (s->draining)
        return;
    s->draining = true;
    read_held(s, now_ms);
    while ((link = s->waiting) != NULL) {
        s->waiting = link->next_waiting;
        link->waiting = false;
        pump(link, now_ms);
    }
    s->draining = false;
}

static bool
begin(struct conn_stream *stream)
{
    return stream_is_inbound(stream) ? begin_input(stream) : begin_output(stream);
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    struct ginbound *in = stream_is_inbound(stream) ? stream_state(stream) : NULL;
    struct gossip_streams *s = owner_of(stream);
    uint64_t now_ms = conn_now(stream_conn(stream));
    enum lat_err err;

    if (in == NULL || in->link == NULL)
        return; /* on our own stream nothing is to be said to us */
    err = take_data(in, bytes, len, now_ms);
    if (err)
        stream_reset(stream);
    drain(s, now_ms);
}

/* Theirs: both directions are done. Ours: that they say nothing on it is how it should be. */
static void
ended(struct conn_stream *stream)
{
    struct ginbound *in = stream_is_inbound(stream) ? stream_state(stream) : NULL;

    if (in && in->held)
        in->ended = true; /* first what it said before */
    else if (in)
        stream_end(stream);
}

static void
closed(struct conn_stream *stream, bool clean)
{
    (void)clean;
    if (stream_is_inbound(stream))
        input_closed(stream);
    else
        output_closed(stream);
}

/* --- life ------------------------------------------------------------------------------------------ */

struct gossip_streams *
gossip_streams_new(enum gossip_version newest, const struct gossip_streams_ops *ops, void *arg)
{
    static const char *const ids[GOSSIP_VERSIONS] = { "/meshsub/1.0.0", "/meshsub/1.1.0", "/meshsub/1.2.0" };
    struct gossip_streams *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->newest = newest;
    s->ops = ops;
    s->arg = arg;
    for (int version = GOSSIP_VERSIONS - 1; version >= 0; version--) {
        s->protocols[version] = (struct protocol){ .id = ids[version], .inbound_max = INBOUND_MAX, .begin = begin, .data = data,
                                                   .ended = ended, .writable = writable, .closed = closed,
                                                   .agreed = agreed, .arg = s };
        if (version <= (int)newest)
            s->served[s->served_count++] = &s->protocols[version];
    }
    return s;
}

void
gossip_streams_attach(struct gossip_streams *s, struct gossip *router)
{
    s->router = router;
}

const struct protocol *const *
gossip_streams_protocols(const struct gossip_streams *s, size_t *count)
{
    *count = s->served_count;
    return s->served;
}

static void
remove_link(struct glink *link)
{
    struct gossip_streams *s = link->s;
    struct glink **at = &s->waiting;

    while (*at && *at != link)
        at = &(*at)->next_waiting;
    if (*at)
        *at = link->next_waiting;
    for (struct ginbound *in = s->inbounds; in; in = in->next)
        in->link = in->link == link ? NULL : in->link;
    if (link->prev)
        link->prev->next = link->next;
    else
        s->links = link->next;
    if (link->next)
        link->next->prev = link->prev;
    if (link->out)
        stream_set_state(link->out, NULL);
    lat_buf_fini(&link->rpc);
    free(link);
}

void
gossip_streams_free(struct gossip_streams *s, uint64_t now_ms)
{
    if (s == NULL)
        return;
    while (s->links) {
        struct gossip_peer *peer = s->links->peer;

        remove_link(s->links);
        gossip_peer_down(peer, now_ms);
    }
    free(s);
}

static const uint8_t *
place_of(const struct gossip_streams *s, const struct conn *conn, uint8_t place[GOSSIP_PLACE_LEN])
{
    struct multiaddr address;

    if (s->ops->address_of == NULL || !s->ops->address_of(s->arg, conn, &address) || !gossip_place(&address, place))
        return NULL;
    return place;
}

static void
end_output(struct glink *link)
{
    struct conn_stream *old = link->out;

    if (old == NULL)
        return;
    stream_set_state(old, NULL);
    forget_output(link);
    stream_end(old);
    link->s->ops->wake(link->conn);
}

/* A newer connection: our stream moves over; theirs are given a moment (reset_strays). */
static void
move(struct glink *link, struct conn *conn, const uint8_t *place, uint64_t now_ms)
{
    end_output(link);
    if (link->conn != conn)
        link->moved_ms = now_ms;
    link->conn = conn;
    gossip_peer_moved(link->peer, conn_is_dialer(conn), place);
}

static struct glink *
add_link(struct gossip_streams *s, const struct peerid *id, struct conn *conn, const uint8_t *place, uint64_t now_ms)
{
    struct glink *link = calloc(1, sizeof(*link));

    if (link == NULL)
        return NULL;
    *link = (struct glink){ .s = s, .conn = conn, .backoff_ms = GOSSIP_REOPEN_MIN_MS, .next = s->links,
                            .patience_ms = GOSSIP_REMIND_NEW_MS, .remind_ms = now_ms + GOSSIP_REMIND_NEW_MS };
    if (gossip_peer_up(s->router, id, conn_is_dialer(conn), place, link, now_ms, &link->peer)) {
        free(link);
        return NULL;
    }
    lat_buf_init(&link->rpc, OUT_MAX);
    if (link->next)
        link->next->prev = link;
    s->links = link;
    return link;
}

void
gossip_streams_up(struct gossip_streams *s, const struct peerid *id, struct conn *conn, uint64_t now_ms)
{
    struct glink *link = find_link(s, id);
    uint8_t room[GOSSIP_PLACE_LEN];
    const uint8_t *place = place_of(s, conn, room);

    if (link)
        move(link, conn, place, now_ms);
    else
        link = add_link(s, id, conn, place, now_ms);
    if (link == NULL)
        return; /* no room: it is no peer of ours for gossip */
    link->version = s->newest;
    open_output(link, now_ms);
    drain(s, now_ms);
}

void
gossip_streams_down(struct gossip_streams *s, const struct peerid *id, uint64_t now_ms)
{
    struct glink *link = find_link(s, id);
    struct gossip_peer *peer;

    if (link == NULL)
        return;
    peer = link->peer;
    remove_link(link);
    gossip_peer_down(peer, now_ms);
    drain(s, now_ms);
}

/* A new stream of ours is what makes it open one of its own. */
static void
remind(struct glink *link, uint64_t now_ms)
{
    end_output(link);
    open_output(link, now_ms);
    link->patience_ms = link->patience_ms < GOSSIP_REMIND_MAX_MS / 2 ? link->patience_ms * 2 : GOSSIP_REMIND_MAX_MS;
    link->remind_ms = now_ms + link->patience_ms;
}

/*
 * What they write to a connection that another one has replaced would be lost when it ends, and some do not open another stream before that one is
 * gone. js-libp2p does not notice the end of a stream that it has just opened, and then never opens another: hence the moment.
 */
static void
reset_strays(struct gossip_streams *s, uint64_t now_ms)
{
    struct ginbound *next;

    for (struct ginbound *in = s->inbounds; in; in = next) {
        const struct glink *link = in->link;
        struct conn *conn = stream_conn(in->stream);

        next = in->next;
        if (link == NULL || conn == link->conn || now_ms < link->moved_ms + GOSSIP_STRAY_MS || now_ms < in->begun_ms + GOSSIP_STRAY_MS)
            continue;
        stream_reset(in->stream);
        s->ops->wake(conn);
    }
}

void
gossip_streams_tick(struct gossip_streams *s, uint64_t now_ms)
{
    gossip_tick(s->router, now_ms);
    reset_strays(s, now_ms);
    for (struct glink *link = s->links; link; link = link->next) {
        if (link->out && link->agreed && link->inbound_count == 0 && now_ms >= link->remind_ms)
            remind(link, now_ms);
        if (link->out == NULL && now_ms >= link->reopen_ms)
            open_output(link, now_ms);
    }
    drain(s, now_ms);
}

void
gossip_streams_wake(struct gossip_streams *s, struct gossip_peer *peer)
{
    struct glink *link = gossip_peer_user(peer);

    if (link->waiting)
        return;
    link->waiting = true;
    link->next_waiting = s->waiting;
    s->waiting = link;
}

void
gossip_streams_flush(struct gossip_streams *s, uint64_t now_ms)
{
    drain(s, now_ms);
}
