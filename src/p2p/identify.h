/*
 * identify.h - /ipfs/id/1.0.0 and /ipfs/id/push/1.0.0: what a peer says of itself, asked for once a connection and pushed when
 * it changes. Spec: libp2p/specs identify/README.md; RFC/0003 (signed record).
 *
 * The answer may come in several length-prefixed messages, which are merged; a push leaves out what has not changed. Everything in it is a claim,
 * but the addresses of a signed record whose signer is the connection's verified peer. Pure; the connections' thread.
 */
#ifndef LAT_P2P_IDENTIFY_H
#define LAT_P2P_IDENTIFY_H

#include "p2p/conn.h"
#include "p2p/identity.h"
#include "wire/multiaddr.h"

#define IDENTIFY_MAX 8192         /* bytes of all messages of one answer */
#define IDENTIFY_ADDRS_MAX 32
#define IDENTIFY_PROTOCOLS_MAX 64 /* of the other side; further ones are not looked at */
#define IDENTIFY_AGENT_MAX 64

/* What was said, as far as it was; pointers are borrowed for the call. */
struct identify_info {
    bool pushed;
    bool has_agent, has_version, has_protocols, has_addrs;
    char agent[IDENTIFY_AGENT_MAX];   /* escaped, cut */
    char version[IDENTIFY_AGENT_MAX]; /* protocolVersion, escaped, cut */
    size_t protocol_count;
    const char *protocols[IDENTIFY_PROTOCOLS_MAX];
    size_t addr_count;
    struct multiaddr_ref addrs[IDENTIFY_ADDRS_MAX]; /* of the signed record where it holds, else as claimed */
    bool signed_record;               /* a record of this very peer, and its signature holds */
    struct multiaddr_ref observed;    /* our address as it sees it; len 0: not said, or none */
};

/* Ourselves, and who wants to know of others. One for all connections; outlives them. */
struct identify {
    const struct identity *identity;
    const char *agent;   /* "lattice/0.1.0" */
    const char *version; /* "lattice/1.0.0" */
    size_t addr_count;
    struct multiaddr addrs[IDENTIFY_ADDRS_MAX]; /* where we listen */
    uint64_t record_seq; /* rises when addrs change: wall clock in ms */
    void (*told)(void *arg, struct conn *conn, const struct identify_info *info);
    /* The other side's address as a multiaddr, for observedAddr. false: not known. */
    bool (*address_of)(void *arg, const struct conn *conn, struct multiaddr *out);
    void *arg;
};

/* Served: one stream of each a connection at a time (identify two). */
extern const struct protocol identify_protocol;
extern const struct protocol identify_push_protocol;

/* Ask; told is called with the answer. Errors of conn_open_stream. */
LAT_MUST_CHECK enum lat_err identify_ask(struct conn *conn);

/* Say that something has changed. Errors of conn_open_stream. */
LAT_MUST_CHECK enum lat_err identify_push(struct conn *conn);

/* Our message, length in front, for this connection. LAT_LIMIT (over IDENTIFY_MAX), LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err identify_write(const struct identify *self, const struct conn *conn, struct lat_buf *out);

/* Read merged messages of one answer. LAT_MALFORMED, LAT_NOMEM; what fn returns nothing of. fn gets the info once. */
LAT_MUST_CHECK enum lat_err identify_read(const struct peerid *peer, bool pushed, const uint8_t *in, size_t len,
                                          void (*fn)(void *arg, const struct identify_info *info), void *arg);

#endif
