/*
 * ping.h - /ipfs/ping/1.0.0: 32 bytes there and back. Spec: libp2p/specs ping/ping.md.
 *
 * The connection's keep-alive is the muxer's own ping, which costs less; this one measures as other implementations do, and answers them.
 * Pure; the connection's thread.
 */
#ifndef LAT_P2P_PING_H
#define LAT_P2P_PING_H

#include "p2p/conn.h"

#define PING_LEN 32

/* Serves two streams a connection. */
extern const struct protocol ping_protocol;

/* The echo came after so long (by the connection's clock), or (false) the stream is gone: refused, reset, wrong bytes. */
typedef void (*ping_fn)(void *arg, bool ok, uint64_t rtt_ms);

/*
 * Open a stream of our own and send the first ping; conn_note_rtt is called with each echo. fn may be NULL. Errors of
 * conn_open_stream. The stream stays open for ping_again.
 */
LAT_MUST_CHECK enum lat_err ping_open(struct conn *conn, ping_fn fn, void *arg, struct conn_stream **out);

/* Send another; nothing while one is under way. */
void ping_again(struct conn_stream *stream);

#endif
