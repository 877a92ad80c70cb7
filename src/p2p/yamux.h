/*
 * yamux.h - many streams over one secured connection: Yamux as libp2p speaks it.
 * Spec: hashicorp/yamux spec.md; libp2p/specs yamux/README.md.
 *
 *   stream:   OPEN ──write end──▶ half closed here ──┐
 *              │                                     ├──▶ gone (both FINs sent and received)
 *              └──remote FIN──▶ half closed there ───┘        from anywhere by a reset, either side's
 *
 * Bytes go in by yamux_input and are handed to the stream's owner at once (nothing received is kept here); the owner says how much of it
 * he has dealt with (ystream_consume), which opens the window again. What is to be sent waits in a bounded queue a stream and comes
 * out by yamux_output: control frames first (a pong before everything), then one data frame of each stream in turn, at most
 * YAMUX_DATA_MAX, so that a bulk transfer delays nobody by more than one frame.
 *
 * Windows begin at 256 KiB and grow while a stream empties them within two round trips, to what 1 GiB/s needs, at most 16 MiB, within the
 * connection's budget and the process's. Pure; belongs to one thread.
 */
#ifndef LAT_P2P_YAMUX_H
#define LAT_P2P_YAMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define YAMUX_HEADER_LEN 12
#define YAMUX_WINDOW_FIRST (256u * 1024)
#define YAMUX_WINDOW_MAX (16u * 1024 * 1024)
#define YAMUX_WINDOW_A_MS (1024u * 1024) /* for each ms of round trip: 1 GiB/s; what is more lies in the kernel's queue, where pongs wait behind it */
#define YAMUX_WINDOWS_CONN_MAX (32u * 1024 * 1024) /* sum of a connection's receive windows beyond their first 256 KiB */
#define YAMUX_DATA_MAX 65507                       /* of one data frame: with its header it fills one secure frame */
#define YAMUX_STREAMS_MAX 256                      /* inbound ones open at a time; further ones are reset */
#define YAMUX_UNACKED_MAX 256                      /* outbound ones that the other side has not acknowledged */
#define YAMUX_SEND_MAX (256u * 1024)               /* bytes that wait in one stream's queue */
#define YAMUX_CONTROL_MAX (64u * 1024)             /* bytes of control frames that wait: over it the other side is flooding us */

struct yamux;
struct ystream;

/* Receive windows of all connections together, beyond their first 256 KiB. Shared by the connections of one thread. */
struct yamux_budget {
    size_t used, max;
};

/* What the streams' owner is told. From within yamux_input, ystream_* and yamux_free; they may call ystream_* but not yamux_free. */
struct yamux_ops {
    /* The other side opened a stream. Set its owner by ystream_set_owner. false: reset it. */
    bool (*opened)(void *arg, struct ystream *stream);
    /* Bytes of the stream's data, in order; borrowed for the call. */
    void (*data)(void *arg, struct ystream *stream, const uint8_t *data, size_t len);
    /* No more data will come. */
    void (*ended)(void *arg, struct ystream *stream);
    /* There is room to write again after ystream_write took less than it was given. */
    void (*writable)(void *arg, struct ystream *stream);
    /* The stream is gone and its pointer is invalid when this returns: reset by the other side or by us, or both ends closed (clean). */
    void (*closed)(void *arg, struct ystream *stream, bool clean);
    /* The answer to yamux_ping. */
    void (*pong)(void *arg, uint64_t rtt_ms);
};

enum yamux_goaway { YAMUX_NORMAL = 0, YAMUX_PROTOCOL_ERROR = 1, YAMUX_INTERNAL_ERROR = 2 };

/* dialer: our side opened the connection (odd stream ids). budget: NULL or outlives it. NULL: out of memory. */
struct yamux *yamux_new(bool dialer, const struct yamux_ops *ops, void *arg, struct yamux_budget *budget);

/* Streams that are left are told closed. NULL is fine. */
void yamux_free(struct yamux *y);

/*
 * Take what arrived from the front of `in`; frames may come in any pieces.
 *
 * LAT_OK         all of it was taken, or what is left is a part of a header
 * LAT_CLOSED     the other side said GoAway: no streams can be opened any more; those that are open go on
 * LAT_MALFORMED  it broke the protocol, or floods us: a GoAway is queued; send it and close the connection
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err yamux_input(struct yamux *y, struct lat_buf *in, uint64_t now_ms, struct lat_msg *why);

/* Append whole frames to out while it holds less than `most` bytes. LAT_LIMIT (out's own maximum), LAT_NOMEM: call again. */
LAT_MUST_CHECK enum lat_err yamux_output(struct yamux *y, size_t most, struct lat_buf *out);

/* Is there something to send? */
bool yamux_wants_output(const struct yamux *y);

/* Open a stream. LAT_CLOSED (GoAway, or ids used up), LAT_LIMIT (YAMUX_UNACKED_MAX), LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err yamux_open(struct yamux *y, void *owner, struct ystream **out);

/* Ask for a pong; nothing while one is awaited. */
void yamux_ping(struct yamux *y, uint64_t now_ms);

/* When the ping that is not answered yet was sent; 0: none. */
uint64_t yamux_ping_sent_ms(const struct yamux *y);

/* Round trip that windows are tuned by; yamux_ping sets it too. */
void yamux_set_rtt(struct yamux *y, uint64_t rtt_ms);

/* Say that no further streams are wanted. */
void yamux_goaway(struct yamux *y, enum yamux_goaway code);

size_t yamux_stream_count(const struct yamux *y);

/* --- one stream ------------------------------------------------------------------------------------ */

void ystream_set_owner(struct ystream *s, void *owner);
void *ystream_owner(const struct ystream *s);
bool ystream_is_inbound(const struct ystream *s);
uint32_t ystream_id(const struct ystream *s);

/* Queue data; returns how much was taken (less than len: wait for `writable`; 0 after ystream_end). */
size_t ystream_write(struct ystream *s, const uint8_t *data, size_t len);

/* How much ystream_write would take now. */
size_t ystream_room(const struct ystream *s);

/* What was received has been dealt with: so much of the window opens again. */
void ystream_consume(struct ystream *s, size_t len, uint64_t now_ms);

/* Half close: nothing more will be written. The stream closes when the other side ends as well. */
void ystream_end(struct ystream *s);

/* Break it off, both directions; `closed` is called before this returns. */
void ystream_reset(struct ystream *s);

/* --- frames, for tests and fuzzing ------------------------------------------------------------------ */

enum yamux_type { YAMUX_DATA = 0, YAMUX_WINDOW = 1, YAMUX_PING = 2, YAMUX_GOAWAY = 3 };
#define YAMUX_SYN 1u
#define YAMUX_ACK 2u
#define YAMUX_FIN 4u
#define YAMUX_RST 8u

struct yamux_header {
    enum yamux_type type;
    uint16_t flags;
    uint32_t stream;
    uint32_t length;
};

void yamux_header_write(const struct yamux_header *h, uint8_t out[YAMUX_HEADER_LEN]);
/* LAT_MALFORMED: another version, or an unknown type. */
LAT_MUST_CHECK enum lat_err yamux_header_read(const uint8_t in[YAMUX_HEADER_LEN], struct yamux_header *h);

#endif
