/*
 * conn_parts.h - a connection's inside, shared by conn.c (the stack of the whole), conn_open.c (what runs once it is open: streams and their
 * protocols). For these two alone.
 */
#ifndef LAT_P2P_CONN_PARTS_H
#define LAT_P2P_CONN_PARTS_H

#include "p2p/conn.h"
#include "p2p/negotiate.h"

#define STREAM_LINE_MAX 2048 /* bytes kept while a stream's protocol is negotiated: answers of the other side, nothing more */

struct conn_stream {
    struct conn *conn;
    struct conn_stream *next, *prev; /* all of the connection */
    struct ystream *ystream;
    const struct protocol *protocol; /* NULL: inbound, not agreed yet */
    const char *proposals[2];
    struct negotiate negotiate;
    bool agreed;
    bool begun;          /* protocol->closed is owed */
    bool dead;           /* told closed; freed when the connection's present call returns */
    struct lat_buf line; /* bytes before the agreement */
    uint64_t active_ms;
    uint64_t deadline_ms; /* 0: none */
    bool held;           /* stream_hold */
    size_t owed;         /* bytes that came while it was, and that the other side is not told of yet */
    void *state;
};

struct conn {
    struct conn_config config;
    enum conn_phase phase;
    uint64_t now_ms;
    uint64_t deadline_ms;   /* of the handshake */
    struct lat_buf in;      /* encrypted, as it came */
    struct lat_buf plain;   /* decrypted, for the muxer's negotiation and Yamux */
    struct lat_buf out;     /* of the phases before OPEN: raw bytes for the socket */
    struct lat_buf sealing; /* plain bytes on their way into frames */
    struct negotiate negotiate;
    struct noise *noise;
    struct yamux *yamux;
    struct peerid remote;
    struct conn_stream *streams;
    struct conn_stream *graves; /* dead ones */
    size_t stream_count;
    bool went_away;
    uint64_t bytes_in, bytes_out;
    uint64_t last_in_ms, pinged_ms;
    uint64_t probe_until_ms; /* silent until then: over; 0: no probe */
    uint64_t rtt_ms;
    bool has_rtt;
    struct lat_msg why;      /* of a failure inside a callback */
    enum lat_err failure;
};

/* The muxer's callbacks for a struct conn as argument. */
extern const struct yamux_ops conn_yamux_ops;

/* Deadlines of streams. */
void conn_tick_streams(struct conn *conn);

/* Our own loop was late by so much. */
void conn_grace_streams(struct conn *conn, uint64_t late_ms);

/* Free the streams that have died. Only where no call to a protocol is under way. */
void conn_bury_streams(struct conn *conn);

#endif
