#include "config.h"

#include "p2p/ping.h"

#include <stdlib.h>
#include <string.h>

struct ping {
    uint8_t bytes[PING_LEN]; /* ours: sent; theirs: received so far */
    uint8_t got;             /* of the present 32 */
    bool right;              /* ours: all of them were those that we sent */
    bool waiting;
    uint64_t sent_ms;
    ping_fn fn;
    void *arg;
};

static void
send_ping(struct conn_stream *stream)
{
    struct ping *ping = stream_state(stream);

    conn_random(stream_conn(stream), ping->bytes, sizeof(ping->bytes));
    ping->got = 0;
    ping->right = true;
    ping->waiting = true;
    ping->sent_ms = conn_now(stream_conn(stream));
    if (stream_write(stream, ping->bytes, sizeof(ping->bytes)) < sizeof(ping->bytes))
        stream_reset(stream);
}

static bool
begin(struct conn_stream *stream)
{
    struct ping *ping;

    if (!stream_is_inbound(stream)) {
        send_ping(stream);
        return true;
    }
    ping = calloc(1, sizeof(*ping));
    stream_set_state(stream, ping);
    return ping != NULL;
}

static void
take_echo(struct conn_stream *stream, struct ping *ping, uint8_t byte)
{
    struct conn *conn = stream_conn(stream);
    uint64_t rtt;

    ping->right = ping->right && ping->waiting && byte == ping->bytes[ping->got];
    if (++ping->got < PING_LEN)
        return;
    ping->got = 0;
    if (!ping->right) {
        stream_reset(stream);
        return;
    }
    ping->waiting = false;
    rtt = conn_now(conn) - ping->sent_ms;
    conn_note_rtt(conn, rtt);
    if (ping->fn)
        ping->fn(ping->arg, true, rtt);
}

/* Answered in whole 32 bytes, however they came. */
static void
echo(struct conn_stream *stream, struct ping *ping, uint8_t byte)
{
    ping->bytes[ping->got++] = byte;
    if (ping->got < PING_LEN)
        return;
    ping->got = 0;
    if (stream_write(stream, ping->bytes, PING_LEN) < PING_LEN)
        stream_reset(stream); /* it asks faster than it reads */
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    bool inbound = stream_is_inbound(stream);
    struct ping *ping;

    for (size_t i = 0; i < len && (ping = stream_state(stream)) != NULL; i++) {
        if (inbound)
            echo(stream, ping, bytes[i]);
        else
            take_echo(stream, ping, bytes[i]);
    }
}

static void
ended(struct conn_stream *stream)
{
    stream_end(stream);
}

static void
closed(struct conn_stream *stream, bool clean)
{
    struct ping *ping = stream_state(stream);

    (void)clean;
    stream_set_state(stream, NULL);
    if (!stream_is_inbound(stream) && ping->fn)
        ping->fn(ping->arg, false, 0);
    free(ping);
}

const struct protocol ping_protocol = { .id = "/ipfs/ping/1.0.0", .inbound_max = 2, .begin = begin, .data = data,
                                        .ended = ended, .closed = closed };

enum lat_err
ping_open(struct conn *conn, ping_fn fn, void *arg, struct conn_stream **out)
{
    struct ping *ping = calloc(1, sizeof(*ping));
    enum lat_err err;

    if (ping == NULL)
        return LAT_NOMEM;
    ping->fn = fn;
    ping->arg = arg;
    err = conn_open_stream(conn, &ping_protocol, ping, out);
    if (err == LAT_NOMEM || err == LAT_CLOSED || err == LAT_LIMIT)
        free(ping);
    return err;
}

void
ping_again(struct conn_stream *stream)
{
    struct ping *ping = stream_state(stream);

    if (!ping->waiting)
        send_ping(stream);
}
