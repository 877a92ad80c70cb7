/*
 * perf.h - /perf/1.0.0: how fast a connection carries bytes, up and down. Spec: libp2p/specs perf/perf.md.
 *
 * The client says how much it wants back (u64 big endian), sends what it wants to send, and ends; then the server sends what
 * was asked for, and ends. Pure; the connection's thread.
 */
#ifndef LAT_P2P_PERF_H
#define LAT_P2P_PERF_H

#include "p2p/conn.h"

/* Serves four streams a connection. */
extern const struct protocol perf_protocol;

/* Over: so many bytes went up and came down; ok false: broken off. */
typedef void (*perf_fn)(void *arg, bool ok, uint64_t up, uint64_t down);

/* Begin a run. Errors of conn_open_stream. */
LAT_MUST_CHECK enum lat_err perf_open(struct conn *conn, uint64_t up, uint64_t down, perf_fn fn, void *arg);

#endif
