/*
 * sync.h - /lattice/sync/1.0.0: messages to and fro on a stream, whatever they say. Spec: WIRE sections 5 and 8.
 *
 *   opener:    IDLE ──sync_ask──▶ ASKED ──reply, whole──▶ IDLE ...      sync_close, or `closed` says why
 *   answerer:  IDLE ──request, whole: `asked`──▶ WORKING ──sync_answer──▶ IDLE ...
 *
 * Opener and answerer alternate; before each message stands its length as a varint. A message has 1 to SYNC_MESSAGE_MAX bytes, a stream
 * SYNC_EXCHANGES_MAX exchanges of at most SYNC_EXCHANGE_MS each: from sync_ask to the whole reply at the opener, from a request's first
 * byte to the reply's last at the answerer, which also waits that long for the next request. What breaks a rule is reset. Room is made for bytes
 * that are there, never for a length that was announced.
 *
 * A request is answered when its owner can (after the disk): the ticket lives until then, whether the stream does or not, and counts
 * against the limits as long. Pure; the connections' thread, but for what a ticket says of itself.
 */
#ifndef LAT_P2P_SYNC_H
#define LAT_P2P_SYNC_H

#include "p2p/conn.h"

#define SYNC_MESSAGE_MAX (1024u * 1024)
#define SYNC_EXCHANGES_MAX 256
#define SYNC_EXCHANGE_MS 10000
#define SYNC_ANSWERED_PEER_MAX 4 /* streams and tickets of one peer */
#define SYNC_ANSWERED_MAX 32     /* of all */

/* The service of one node: what it answers, on all connections. */
struct sync;
/* A request that wants an answer. */
struct sync_ticket;
/* A stream of ours. */
struct sync_session;

/*
 * A peer asks; from within a connection's functions. The ticket is the owner's until he gives it back by sync_answer or sync_refuse, once,
 * at once or later.
 */
typedef void (*sync_asked)(void *arg, struct sync_ticket *ticket);

/* NULL: out of memory. */
struct sync *sync_new(sync_asked asked, void *arg);

/* After all connections. Tickets that are out stay good, and must still be given back. NULL is fine. */
void sync_free(struct sync *sync);

/* For the list of protocols that are served; lives as long as the service. */
const struct protocol *sync_protocol(const struct sync *sync);

/* Streams that are answered, and tickets whose stream has gone. */
size_t sync_answered(const struct sync *sync);

/* --- answerer ---------------------------------------------------------------------------------------- */

/* Who asks, and what; both stay as they are until the ticket is given back. Any thread. Borrow. */
const struct peerid *sync_ticket_peer(const struct sync_ticket *ticket);
const uint8_t *sync_ticket_request(const struct sync_ticket *ticket, size_t *len);

/*
 * Answer by a copy of 1 to SYNC_MESSAGE_MAX bytes; takes the ticket. Returns the connection that has something to send now (host_flush, unless
 * this is within `asked`); NULL: the stream is gone, or was reset for want of memory.
 */
struct conn *sync_answer(struct sync_ticket *ticket, const uint8_t *bytes, size_t len);

/* There will be no answer: the stream is reset; takes the ticket. Returns as sync_answer does. */
struct conn *sync_refuse(struct sync_ticket *ticket);

/* --- opener ------------------------------------------------------------------------------------------ */

struct sync_session_ops {
    /* The answer to sync_ask, borrowed for the call. May ask again, or close. */
    void (*reply)(void *arg, struct sync_session *session, const uint8_t *bytes, size_t len);
    /*
     * Over, and the session is invalid when this returns. LAT_CLOSED: the other side does not speak this, refuses, or ended it, or the
     * connection is gone. LAT_TIMEOUT: no whole reply in time. LAT_MALFORMED: it broke the protocol. LAT_NOMEM.
     */
    void (*closed)(void *arg, struct sync_session *session, enum lat_err reason);
};

/* Open a stream; ask at once. ops are borrowed for the session's life. Errors of conn_open_stream; `closed` is not called then. */
LAT_MUST_CHECK enum lat_err sync_open(struct sync *sync, struct conn *conn, const struct sync_session_ops *ops, void *arg,
                                      struct sync_session **out);

/*
 * Ask by a copy of 1 to SYNC_MESSAGE_MAX bytes; then host_flush, unless this is within a connection's function. LAT_BUSY (a reply is awaited),
 * LAT_LIMIT (SYNC_EXCHANGES_MAX are used up), LAT_NOMEM: nothing was asked.
 */
LAT_MUST_CHECK enum lat_err sync_ask(struct sync_session *session, const uint8_t *bytes, size_t len);

/* Done: the session is invalid, and neither op is called any more. host_flush as above. NULL is fine. */
void sync_close(struct sync_session *session);

struct conn *sync_session_conn(const struct sync_session *session);
unsigned sync_session_exchanges(const struct sync_session *session);

#endif
