/*
 * protocol.h - what a stream protocol (ping, identify, gossip ...) offers a connection, and what it may do with its streams. Implemented
 * by conn.c.
 *
 * A protocol is a table, constant but for its arg. Its functions are called from within conn_input, conn_output, conn_tick and conn_free; they may
 * use the stream_* and conn_* functions, but not free the connection. Pure; the connection's thread.
 */
#ifndef LAT_P2P_PROTOCOL_H
#define LAT_P2P_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct conn;
struct conn_stream;

struct protocol {
    const char *id;        /* "/ipfs/ping/1.0.0" */
    size_t inbound_max;    /* streams of it that the other side may hold open at once; 0: it is not served */
    uint64_t idle_ms;      /* a stream that neither receives nor sends for so long is reset; 0: never */

    /*
     * A stream speaks this protocol. Of ours: at once, before the other side has agreed, so that the first bytes leave with the proposal;
     * of theirs: when it was agreed. false: reset it (closed is not called).
     */
    bool (*begin)(struct conn_stream *stream);

    /* Bytes arrived, all of which are taken; borrowed for the call. */
    void (*data)(struct conn_stream *stream, const uint8_t *data, size_t len);

    /* The other side writes no more. */
    void (*ended)(struct conn_stream *stream);

    /* There is room again after stream_write took less than it was given. NULL: not needed. */
    void (*writable)(struct conn_stream *stream);

    /* The stream is gone: refused, reset, timed out, or (clean) both ends closed. Frees the protocol's state. */
    void (*closed)(struct conn_stream *stream, bool clean);

    /* NULL, or: the other side has agreed to speak it; of a stream of ours, after begin. */
    void (*agreed)(struct conn_stream *stream);

    void *arg; /* for the functions above, by stream_protocol; a table that is not constant has it */
};

struct conn *stream_conn(const struct conn_stream *stream);
const struct protocol *stream_protocol(const struct conn_stream *stream);
bool stream_is_inbound(const struct conn_stream *stream);

/* Has the other side agreed to the protocol? In closed: had it? */
bool stream_is_agreed(const struct conn_stream *stream);

/* The protocol's own, set in begin or by the opener. */
void *stream_state(const struct conn_stream *stream);
void stream_set_state(struct conn_stream *stream, void *state);

/* Queue bytes; returns how many were taken. */
size_t stream_write(struct conn_stream *stream, const void *data, size_t len);
size_t stream_room(const struct conn_stream *stream);

/* The stream is reset at this time of the connection's clock, whatever goes on; 0: no longer. */
void stream_set_deadline(struct conn_stream *stream, uint64_t at_ms);
bool stream_is_overdue(const struct conn_stream *stream);

/*
 * Hold: the other side is not told of what was taken, so that it sends no more than its window (at most YAMUX_WINDOW_MAX); what arrives is still
 * handed to data. Let go: it may send on, once the connection's output is made.
 */
void stream_hold(struct conn_stream *stream, bool hold);

/* Half close; break off (closed is called before it returns). */
void stream_end(struct conn_stream *stream);
void stream_reset(struct conn_stream *stream);

/* The time of the call that led here; random bytes of the connection's source. */
uint64_t conn_now(const struct conn *conn);
void conn_random(const struct conn *conn, void *out, size_t len);

#endif
