#include "config.h"

#include "p2p/perf.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 65536

struct perf {
    uint64_t to_send, sent; /* client: up; server: what was asked for */
    uint64_t wanted, received; /* client: down; server: up, wanted unused */
    uint8_t head[8];        /* server: the size asked for, as it comes in */
    uint8_t head_len;
    bool sending;           /* server: their end has come */
    perf_fn fn;
    void *arg;
};

static const uint8_t zeros[PIECE];

static void
send_more(struct conn_stream *stream, struct perf *perf)
{
    size_t taken = 1;

    while (perf->sent < perf->to_send && taken > 0) {
        uint64_t left = perf->to_send - perf->sent;

        taken = stream_write(stream, zeros, left < PIECE ? (size_t)left : PIECE);
        perf->sent += taken;
    }
    if (perf->sent == perf->to_send)
        stream_end(stream);
}

static bool
begin(struct conn_stream *stream)
{
    struct perf *perf = stream_state(stream);

    if (stream_is_inbound(stream)) {
        perf = calloc(1, sizeof(*perf));
        stream_set_state(stream, perf);
        return perf != NULL;
    }
    for (int i = 0; i < 8; i++)
        perf->head[i] = (uint8_t)(perf->wanted >> (56 - 8 * i));
    if (stream_write(stream, perf->head, sizeof(perf->head)) < sizeof(perf->head))
        return false;
    send_more(stream, perf);
    return true;
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    struct perf *perf = stream_state(stream);

    while (stream_is_inbound(stream) && perf->head_len < 8 && len > 0) {
        perf->to_send = perf->to_send << 8 | *bytes++;
        perf->head_len++;
        len--;
    }
    perf->received += len;
}

static void
ended(struct conn_stream *stream)
{
    struct perf *perf = stream_state(stream);

    if (!stream_is_inbound(stream))
        return; /* closed follows when ours has ended as well */
    if (perf->head_len < 8) {
        stream_reset(stream);
        return;
    }
    perf->sending = true;
    send_more(stream, perf);
}

static void
writable(struct conn_stream *stream)
{
    struct perf *perf = stream_state(stream);

    if (!stream_is_inbound(stream) || perf->sending)
        send_more(stream, perf);
}

static void
closed(struct conn_stream *stream, bool clean)
{
    struct perf *perf = stream_state(stream);

    if (perf->fn)
        perf->fn(perf->arg, clean && perf->received == perf->wanted, perf->sent, perf->received);
    free(perf);
}

const struct protocol perf_protocol = { .id = "/perf/1.0.0", .inbound_max = 4, .begin = begin, .data = data, .ended = ended,
                                        .writable = writable, .closed = closed };

enum lat_err
perf_open(struct conn *conn, uint64_t up, uint64_t down, perf_fn fn, void *arg)
{
    struct perf *perf = calloc(1, sizeof(*perf));
    struct conn_stream *stream;
    enum lat_err err;

    if (perf == NULL)
        return LAT_NOMEM;
    *perf = (struct perf){ .to_send = up, .wanted = down, .fn = fn, .arg = arg };
    err = conn_open_stream(conn, &perf_protocol, perf, &stream);
    if (err)
        free(perf);
    return err;
}
