/*
 * swarm.h - all connections: whom to dial, whom to let in, which of two connections to a peer stays.
 *
 *   dial ─▶ DIALING ──swarm_dialed──▶ HANDSHAKE ──identity verified──▶ OPEN ──a better one came──▶ LEAVING (goodbye said, ends when idle)
 *                    swarm_accepted ─────┘
 *
 * One connection per peer. Two at the same time: of two that both sides dialed at once the one of the lower peer id stays; otherwise the
 * newer one does, since a peer dials again only when it has lost the older. Dials that have not finished are given up when the
 * peer is connected: its side of an unfinished dial was never open, so both ends always agree.
 *
 * Limits before anything is allocated: SWARM_CONNECTIONS_MAX in all, SWARM_HALF_OPEN_MAX inbound ones that have not
 * proved who they are (the oldest of the busiest address makes room), SWARM_PER_ADDRESS_MAX of one address (IPv6: one /64), loopback excepted.
 *
 * Bytes and time come in, bytes and wishes go out by struct swarm_ops, which the owner of the sockets (host.h) has. Pure; one thread.
 *
 * Spec: STATE-MACHINE sections 1, 6 and 8; LIBP2P section 2.
 */
#ifndef LAT_P2P_SWARM_H
#define LAT_P2P_SWARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "p2p/conn.h"
#include "p2p/identify.h"
#include "p2p/identity.h"
#include "p2p/peers.h"

#define SWARM_PROTOCOL_VERSION "lattice/1.0.0" /* identify's protocolVersion */
#define SWARM_CONNECTIONS_MAX 256
#define SWARM_OUTBOUND_RESERVED 16  /* of them only for dials of ours */
#define SWARM_HALF_OPEN_MAX 64
#define SWARM_HALF_OPEN_PIECE 4096  /* bytes a stranger's connection is given at a time: with this each holds under 64 KiB */
#define SWARM_PER_ADDRESS_MAX 16
#define SWARM_DIAL_MS 10000         /* to a connected socket, names resolved */
#define SWARM_SIMULTANEOUS_MS 5000  /* two connections that opened within this were dialed at once */
#define SWARM_LEAVE_MS 10000        /* a connection that was said goodbye to ends at the latest */
#define SWARM_WINDOWS_MAX (256u * 1024 * 1024) /* receive windows of all connections beyond their first */

struct swarm;
struct link; /* one connection, from the dial on */

/* Why a peer went: the last word of last_peer_* in STATE-MACHINE section 9. */
enum swarm_reason {
    SWARM_RESET,   /* broken off: by the other side or on the way */
    SWARM_CLOSED,  /* ended by the other side or by us */
    SWARM_SILENT,  /* no byte for T_DEAD */
    SWARM_INVALID, /* it broke the protocol */
};
const char *swarm_reason_name(enum swarm_reason reason); /* "reset" ... */

/* What the swarm wants of its surroundings; each gets `arg` first. None of them may call the swarm before it returns, unless it says so. */
struct swarm_ops {
    /*
     * Connect to address (dialable). Its outcome is told by swarm_dialed or swarm_dial_failed, unless it is given up before. On an
     * error nothing was begun; *why says the reason.
     */
    enum lat_err (*dial)(void *arg, struct link *link, const struct multiaddr *address, void **socket, struct lat_msg *why);
    /* There may be bytes to send: call swarm_output soon. */
    void (*wake)(void *arg, void *socket);
    /* Give up a dial that has no outcome yet. The link is gone; no further call with it. */
    void (*give_up)(void *arg, void *socket);
    /* Send these last bytes as far as they go at once, and close. The link is gone; no further call with it. */
    void (*close)(void *arg, void *socket, const uint8_t *last, size_t len);
    /*
     * A peer is there; conn is its connection, on which streams may be opened at once. Told again with another conn when that one has
     * taken the former one's place. May call swarm_note_live and swarm_hangup.
     */
    void (*up)(void *arg, const struct peerid *id, struct conn *conn);
    /* It is gone. */
    void (*down)(void *arg, const struct peerid *id, enum swarm_reason reason);
    /* NULL, or: what a peer says of itself came (p2p/identify.h). */
    void (*identified)(void *arg, struct conn *conn, const struct identify_info *info);
    /* NULL, or: a dial that swarm_dial began came to nothing. address: without the peer's id. */
    void (*failed)(void *arg, const char *address, const char *why);
    /* A row would show something new. */
    void (*changed)(void *arg);
    /* One line for the log, escaped; lines are bounded by what causes them. */
    void (*log)(void *arg, enum lat_level level, const char *text);
};

struct swarm_config {
    const struct identity *identity;             /* borrowed, like all that follows */
    const struct noise_static *noise;
    const struct protocol *const *protocols;     /* served, ended by NULL */
    bool early_muxer;
    const char *agent;                           /* of ourselves: "lattice/0.1.0" */
    uint64_t idle_ms, dead_ms;                   /* T_IDLE, T_DEAD */
    uint64_t redial_min_ms, redial_max_ms;
    bool redial;                                 /* false: dials only what swarm_dial is told (test peer) */
    void (*random)(void *out, size_t len);
    const struct swarm_ops *ops;
    void *arg;
};

/* *config is copied. NULL: out of memory. */
struct swarm *swarm_new(const struct swarm_config *config, uint64_t now_ms);

/* Closes every link by ops->close; `down` is told of nobody. NULL is fine. */
void swarm_free(struct swarm *swarm);

/* The address book, to add to; borrow. */
struct peers *swarm_peers(struct swarm *swarm);

/* --- from the sockets -------------------------------------------------------------------------------- */

/* Someone connected from address (ip4 or ip6, tcp). LAT_LIMIT, LAT_NOMEM: close it. */
LAT_MUST_CHECK enum lat_err swarm_accepted(struct swarm *swarm, void *socket, const struct multiaddr *address, uint64_t now_ms,
                                           struct link **out);

/* The dial succeeded; socket: from now on; address: of the other end. The link may be gone afterwards: ops->close was then called. */
void swarm_dialed(struct link *link, void *socket, const struct multiaddr *address, uint64_t now_ms);

/* It did not; the link is gone. */
void swarm_dial_failed(struct link *link, const char *error, uint64_t now_ms);

/* Bytes arrived. The link may be gone afterwards: ops->close was then called. */
void swarm_input(struct link *link, const uint8_t *data, size_t len, uint64_t now_ms);

/* Append what is to be sent to out (conn_output). The link may be gone afterwards, as above. */
void swarm_output(struct link *link, struct lat_buf *out, uint64_t now_ms);

/* The socket ended (not by ops->close): the link is gone. error: what the system says, NULL for an orderly end. */
void swarm_ended(struct link *link, enum swarm_reason reason, const char *error, uint64_t now_ms);

/* --- time -------------------------------------------------------------------------------------------- */

/* Deadlines, and dials that are due. Every 100 ms. */
void swarm_tick(struct swarm *swarm, uint64_t now_ms);

/* STALL: our loop was late by so much. Before anything else is called with the new time. */
void swarm_stall(struct swarm *swarm, uint64_t late_ms, uint64_t now_ms);

/* NETCHANGE and RESUME. */
void swarm_netchange(struct swarm *swarm, uint64_t now_ms);
void swarm_resume(struct swarm *swarm, uint64_t now_ms);

/* RELOAD: new T_IDLE and T_DEAD, for present connections as of conn_set_times. */
void swarm_set_times(struct swarm *swarm, uint64_t idle_ms, uint64_t dead_ms, uint64_t now_ms);

/* --- wishes ------------------------------------------------------------------------------------------ */

/*
 * Dial once, now, whatever the back-off; with /p2p/ the peer must be that one. Failure is logged. LAT_MALFORMED, LAT_CONFLICT
 * (ourselves, or connected already), LAT_LIMIT, LAT_NOMEM, and what ops->dial says, with *why.
 */
LAT_MUST_CHECK enum lat_err swarm_dial(struct swarm *swarm, const struct multiaddr *address, uint64_t now_ms, struct lat_msg *why);

/*
 * A connected peer (by) says where another one can be reached, by that one's signed record (wire/peer_record.h), as peer exchange
 * brings it: a candidate for the address book (peers_suggest), no more. Addresses that mean another machine to us than to the teller
 * are passed over. LAT_AUTH, LAT_MALFORMED (the record does not hold, or is another peer's), LAT_LIMIT (also without redial), LAT_CONFLICT (ourselves), LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err swarm_suggest(const struct conn *by, const struct peerid *id, const uint8_t *record, size_t len);

/* Say goodbye to a peer and close. False: not connected. */
bool swarm_hangup(struct swarm *swarm, const struct peerid *id, uint64_t now_ms);

/* The peer is live by STATE-MACHINE section 1, or no longer. */
void swarm_note_live(struct swarm *swarm, const struct peerid *id, bool live, uint64_t now_ms);

/* Something was written to a stream of this connection from outside its callbacks: calls ops->wake. */
void swarm_wake(struct conn *conn);

/* The connection that counts for this peer; NULL: not connected. Borrow. */
struct conn *swarm_conn(const struct swarm *swarm, const struct peerid *id);

/* The other end's address, without its id. False: none that can be said. */
bool swarm_address(const struct conn *conn, struct multiaddr *out);

/* Where we listen, as it is told to others; wall_ms: Unix time. Connected peers are told of the change. At most IDENTIFY_ADDRS_MAX count. */
void swarm_set_listen(struct swarm *swarm, const struct multiaddr *addresses, size_t count, uint64_t wall_ms, uint64_t now_ms);

/* --- what is shown ----------------------------------------------------------------------------------- */

#define SWARM_AGENT_LEN IDENTIFY_AGENT_MAX

struct swarm_row {
    struct peerid id;
    char address[PEERS_ADDRESS_LEN]; /* connected: the other end; else the address that would be dialed next; "": none known */
    char agent[SWARM_AGENT_LEN];     /* "": not told yet */
    bool connected, live, outbound, configured;
    enum conn_phase phase;           /* of a connection that is not open yet, if dialing */
    bool dialing;
    bool has_rtt;
    uint64_t rtt_ms;
    uint64_t bytes_in, bytes_out;
    uint64_t since_ms;               /* monotonic; since when it is connected */
    char why_not[PEERS_ERROR_LEN];   /* not connected because; "": connected */
};

/* Connected ones first, by the time they have been there, then the others by preference. Returns how many rows were filled; *total: of all. */
size_t swarm_rows(const struct swarm *swarm, struct swarm_row *rows, size_t max, uint64_t now_ms, size_t *total);

struct swarm_counts {
    size_t connections; /* with a verified peer, leaving ones too */
    size_t half_open;   /* inbound, not verified */
    size_t dialing;     /* ours, not open yet */
    size_t peers;       /* connected ones */
    size_t live;
    size_t known;
    uint64_t accepted_total, refused_total, dialed_total, failed_total;
};
void swarm_count(const struct swarm *swarm, struct swarm_counts *out);

#endif
