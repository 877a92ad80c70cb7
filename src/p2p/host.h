/*
 * host.h - the swarm on real sockets: listeners, dials, names, timers. With hostwatch.h the only part of src/p2p that knows
 * libuv (host*.c).
 *
 * Nothing here blocks. One read buffer for all; a connection's output is made when its socket takes it (uv_try_write first), so that what
 * waits for a slow reader stays in the streams' bounded queues. A taken port is tried again every HOST_RETRY_MS. Names are resolved by
 * the loop's worker threads; of several addresses the next one is begun HOST_STAGGER_MS after the one before, families in turn.
 *
 * Everything belongs to the thread of the loop. The process ignores SIGPIPE.
 *
 * Spec: STATE-MACHINE sections 6 and 8.
 */
#ifndef LAT_P2P_HOST_H
#define LAT_P2P_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "p2p/swarm.h"

#define HOST_TICK_MS 100
#define HOST_RETRY_MS 5000       /* a port that was taken */
#define HOST_STALL_MS 1000       /* lateness of the loop that is a STALL */
#define HOST_STAGGER_MS 250
#define HOST_LISTEN_MAX 16
#define HOST_READ_LEN 65536

struct host;

/* Each gets `arg` first. From the loop, never from within host_new. They may call host_hangup, host_note_live, host_fill. */
struct host_ops {
    /* A peer is connected; streams may be opened on conn at once. Again with another conn: that one took the place of the former. */
    void (*up)(void *arg, const struct peerid *id, struct conn *conn);
    /* It is gone. */
    void (*down)(void *arg, const struct peerid *id, enum swarm_reason reason);
    /* NULL, or: what a peer says of itself came (p2p/identify.h). */
    void (*identified)(void *arg, struct conn *conn, const struct identify_info *info);
    /* NULL, or: a dial that host_dial began came to nothing. address: without the peer's id. */
    void (*failed)(void *arg, const char *address, const char *why);
    /* host_fill, host_addresses or host_error would give something new. */
    void (*changed)(void *arg);
    /* One line, escaped, with its tags. NULL: lat_log. */
    void (*log)(void *arg, enum lat_level level, const char *text);
};

struct host_options {
    const struct identity *identity;         /* borrowed until host_close is done, like noise and protocols */
    const struct noise_static *noise;
    const struct protocol *const *protocols; /* served, ended by NULL */
    bool early_muxer;
    const char *agent;                       /* "lattice/0.1.0" */
    const char *const *listen;               /* multiaddrs, ended by NULL; copied. NULL: none */
    const char *const *bootstrap;            /* multiaddrs with /p2p/, ended by NULL; copied. NULL: none */
    const char *remembered;                  /* what host_peers_text gave, NULL: nothing. A damaged text is logged and passed over */
    uint64_t idle_ms, dead_ms;               /* T_IDLE, T_DEAD */
    uint64_t redial_min_ms, redial_max_ms;   /* T_REDIAL_MIN, T_REDIAL_MAX */
    bool mdns;                               /* find peers on the local network, and be found (p2p/mdns.h) */
    bool redial;                             /* false: dials only what host_dial is told (test peer) */
    const struct host_ops *ops;
    void *arg;
};

/*
 * Begin: listen, dial. LAT_MALFORMED (an address that is none), LAT_NOMEM, LAT_SYS, with *why. A port that is taken, or an address that this
 * machine does not have (yet), is no failure: it is logged, shown by host_error, and tried again.
 */
LAT_MUST_CHECK enum lat_err host_new(uv_loop_t *loop, const struct host_options *options, struct host **out, struct lat_msg *why);

/* Say goodbye to all peers and let go of the loop; fn is called on it when everything is gone. No other op is called any more. */
void host_close(struct host *host, void (*fn)(void *arg), void *arg);

/* RELOAD: other bootstrap peers and times, the latter as of swarm_set_times. Listeners stay. LAT_MALFORMED, LAT_NOMEM with *why: nothing has changed. */
LAT_MUST_CHECK enum lat_err host_reconfigure(struct host *host, const char *const *bootstrap, uint64_t idle_ms, uint64_t dead_ms,
                                             struct lat_msg *why);

/* Addresses that we listen on, as bound, ended by NULL; without the peer id. Borrow. */
const char *const *host_addresses(const struct host *host);

/* The first listener that does not listen, and why; "": all do. Borrow. */
const char *host_error(const struct host *host);

/* Rows for the snapshot and figures: see swarm.h. */
size_t host_fill(const struct host *host, struct swarm_row *rows, size_t max, size_t *total);
void host_count(const struct host *host, struct swarm_counts *out);

/* peers.json: swarm_peers as text. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err host_peers_text(const struct host *host, struct lat_buf *out);

/* Wishes: see swarm.h. address: a multiaddr. */
LAT_MUST_CHECK enum lat_err host_dial(struct host *host, const char *address, struct lat_msg *why);
LAT_MUST_CHECK enum lat_err host_suggest(struct host *host, const struct conn *by, const struct peerid *id, const uint8_t *record,
                                         size_t len);
bool host_hangup(struct host *host, const struct peerid *id);
void host_note_live(struct host *host, const struct peerid *id, bool live);
struct conn *host_conn(const struct host *host, const struct peerid *id);

/* Something was written to a stream of this connection from outside its callbacks: send it. */
void host_flush(struct host *host, struct conn *conn);

/* The same for all connections that swarm_wake was called for: send. Not from within an op, after which it is done anyway. */
void host_send(struct host *host);

/*
 * The cut that a demo makes: as a network would behave that breaks every connection off (RESET: dials are refused, who connects is
 * broken off too), or that loses every byte (DROP: nothing is read or written any more, dials have no answer). Listeners and the address
 * book stay, and OPEN lets all go on. Of a fresh host it is open.
 */
enum host_gate { HOST_GATE_OPEN, HOST_GATE_RESET, HOST_GATE_DROP };
void host_set_gate(struct host *host, enum host_gate gate);

/* NETCHANGE and RESUME, as hostwatch.h tells of them: dial at once, ask every peer for a sign of life, ask on the local network anew. */
void host_netchange(struct host *host);
void host_resume(struct host *host);

#endif
