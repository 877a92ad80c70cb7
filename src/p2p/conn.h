/*
 * conn.h - one libp2p connection: the stack from bytes of a socket to streams of protocols.
 *
 *    bytes ─▶ multistream: /noise ─▶ Noise XX ─▶ muxer (in the handshake, or by multistream inside) ─▶ Yamux ─▶ per stream: multistream ─▶ protocol
 *
 *   SECURITY ──agreed──▶ HANDSHAKE ──identity verified──▶ MUXER ──▶ OPEN          any error: FAILED
 *        └ dialer: header, /noise and the first Noise message leave in one segment ┘   (MUXER is skipped when both sides negotiate early)
 *
 * Two round trips from a TCP connection to the first pong: message 3, the streams' openings and their first bytes leave together.
 * Nothing of the other side is used before its identity is verified. Bytes and time come in, bytes and events go out; pure, one thread.
 *
 * Spec: libp2p/specs connections/README.md, inlined-muxer-negotiation.md; STATE-MACHINE section 6 "P2P" (liveness).
 */
#ifndef LAT_P2P_CONN_H
#define LAT_P2P_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "p2p/noise.h"
#include "p2p/protocol.h"
#include "p2p/yamux.h"
#include "wire/peerid.h"

#define CONN_HANDSHAKE_MS 10000  /* from the start to OPEN */
#define CONN_NEGOTIATE_MS 10000  /* for the protocol of one stream */
#define CONN_INPUT_MAX (128u * 1024)  /* encrypted bytes that wait: two frames */
#define CONN_OUTPUT_MAX (512u * 1024) /* encrypted bytes that conn_output leaves in a buffer */
#define CONN_PROTOCOLS_MAX 16

enum conn_phase { CONN_SECURITY, CONN_HANDSHAKE, CONN_MUXER, CONN_OPEN, CONN_FAILED };

struct identify;

struct conn_ops {
    /* The connection is open: identity verified, streams can be opened. false: close it (LAT_LIMIT from conn_input). */
    bool (*up)(void *arg, struct conn *conn);
    /* The answer to a ping of either kind. */
    void (*pong)(void *arg, struct conn *conn, uint64_t rtt_ms);
};

struct conn_config {
    bool dialer;
    const struct noise_static *own;
    noise_verify *verify;     /* checks the signature, and the identity against the one that was dialed */
    void *verify_arg;
    bool early_muxer;         /* false: negotiate the muxer inside the channel (tests) */
    const struct protocol *const *protocols; /* served, ended by NULL; at most CONN_PROTOCOLS_MAX; borrowed */
    struct identify *identify;   /* for p2p/identify.h; NULL: it is not among the protocols */
    struct yamux_budget *budget; /* NULL or outlives it */
    void (*random)(void *out, size_t len);
    uint64_t idle_ms;         /* T_IDLE: silence before a ping is sent */
    uint64_t dead_ms;         /* T_DEAD: silence after which the connection is over */
    const struct conn_ops *ops;
    void *arg;                /* the ops' */
    void *user;               /* conn_user: the swarm's own */
};

/* *config is copied. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err conn_new(const struct conn_config *config, uint64_t now_ms, struct conn **out);

/* Streams are told closed; secrets are wiped. NULL is fine. */
void conn_free(struct conn *conn);

/*
 * Bytes from the socket. LAT_OK: go on. Everything else ends the connection with the reason in *why: LAT_MALFORMED, LAT_AUTH (not who
 * it should be), LAT_TIMEOUT, LAT_LIMIT (refused by `up`), LAT_CLOSED (the other side said goodbye and no stream is left), LAT_NOMEM. What
 * conn_output then gives (a GoAway) may still be sent.
 */
LAT_MUST_CHECK enum lat_err conn_input(struct conn *conn, const uint8_t *data, size_t len, uint64_t now_ms, struct lat_msg *why);

/* Append what is to be sent, while out holds less than CONN_OUTPUT_MAX / 2. Call after every conn_input, conn_tick and stream operation. */
LAT_MUST_CHECK enum lat_err conn_output(struct conn *conn, struct lat_buf *out, uint64_t now_ms);

/* Deadlines and liveness; at least every 100 ms. LAT_TIMEOUT with *why: handshake too slow, or silent for dead_ms. */
LAT_MUST_CHECK enum lat_err conn_tick(struct conn *conn, uint64_t now_ms, struct lat_msg *why);

/* Our own loop was late by so much: every deadline moves. */
void conn_grace(struct conn *conn, uint64_t late_ms);

/*
 * RELOAD: T_IDLE and T_DEAD from now on. Silence so far counts, but a deadline that has become shorter is not over before 2 * idle_ms have
 * passed, and a ping is sent.
 */
void conn_set_times(struct conn *conn, uint64_t idle_ms, uint64_t dead_ms, uint64_t now_ms);

/* Ask for a sign of life at once; silent for `within_ms` from now, and conn_tick ends it (RESUME, NETCHANGE). */
void conn_probe(struct conn *conn, uint64_t within_ms, uint64_t now_ms);

/*
 * Open a stream. state: for stream_state. LAT_CLOSED (not OPEN, or the other side said goodbye, or begin refused), LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err conn_open_stream(struct conn *conn, const struct protocol *protocol, void *state,
                                             struct conn_stream **out);

/* Say goodbye: no new streams. */
void conn_goaway(struct conn *conn);

enum conn_phase conn_phase(const struct conn *conn);
const char *conn_phase_name(enum conn_phase phase);
void *conn_user(const struct conn *conn);
struct identify *conn_identify(const struct conn *conn);
bool conn_is_dialer(const struct conn *conn);
const struct protocol *const *conn_protocols(const struct conn *conn);

/* After OPEN: the other side's verified PublicKey protobuf and its peer id. Borrow. */
const uint8_t *conn_remote_key(const struct conn *conn, size_t *len);
const struct peerid *conn_remote_id(const struct conn *conn);

struct conn_stats {
    uint64_t bytes_in, bytes_out; /* as on the socket */
    uint64_t last_in_ms;          /* any byte is a sign of life */
    uint64_t rtt_ms;              /* of the last pong */
    bool has_rtt;
    bool unanswered;              /* a ping waits for its answer */
    size_t streams;
};
void conn_stats(const struct conn *conn, struct conn_stats *out);

/* A pong of /ipfs/ping/1.0.0 came (p2p/ping.c). */
void conn_note_rtt(struct conn *conn, uint64_t rtt_ms);

#endif
