/*
 * swarm_parts.h - the swarm's inside, shared by swarm.c (life, time, wishes), swarm_link.c (one link from its begin to its end),
 * swarm_limits.c (who may come in) and swarm_rows.c (what is shown). For these alone.
 *
 * Nothing is counted aside: what a limit counts is found by walking the links, at most SWARM_CONNECTIONS_MAX, so no count can go wrong.
 */
#ifndef LAT_P2P_SWARM_PARTS_H
#define LAT_P2P_SWARM_PARTS_H

#include "p2p/lines.h"
#include "p2p/swarm.h"

#define LINK_REMOTE_LEN 80 /* "/ip6/ADDRESS/tcp/PORT" */
#define LINK_GOODBYE_MS 1000 /* a connection that lost to another is kept so long: the other end may not have the other one yet */

enum link_state { LINK_DIALING, LINK_HANDSHAKE, LINK_OPEN, LINK_LEAVING };

struct link {
    struct swarm *swarm;
    struct link *next, *prev;
    enum link_state state;
    bool dialer;
    void *socket;
    struct conn *conn;            /* NULL while DIALING */
    struct peers_entry *peer;     /* whom we dial, if the book knows; OPEN: who it is */
    struct peers_address *dialing; /* the book's address that is in flight for this link */
    char address[PEERS_ADDRESS_LEN]; /* as it was dialed; inbound: remote */
    char remote[LINK_REMOTE_LEN]; /* the socket's other end */
    uint8_t place[9];             /* what counts as one address: family, then IPv4 or the first half of IPv6 */
    bool loopback;
    struct peerid wanted;         /* whom we dial; len 0: whoever answers */
    struct identity_check check;
    uint64_t begun_ms, open_ms;   /* open_ms: since OPEN */
    uint64_t goodbye_ms, leave_ms; /* LEAVING: when to say goodbye, 0: said; when to end at the latest */
    bool hangup;                  /* to be ended as soon as nothing of it is running */
    char agent[SWARM_AGENT_LEN];
    const char *refused;          /* why `up` said no */
};

struct swarm {
    struct swarm_config config;
    struct identify identify;
    struct yamux_budget budget;
    struct peers *peers;
    struct link *links;
    uint64_t now_ms;
    uint64_t stall_logged_ms;
    struct lines strangers, known;
    uint64_t accepted_total, refused_total, dialed_total, failed_total;
};

/* --- swarm_link.c --- */

/* A new link in the list. NULL: out of memory. */
struct link *link_new(struct swarm *swarm, bool dialer, enum link_state state);

/* Begin a dial. peer and address: of the book, in flight; both NULL: a dial that was asked for. The link is gone on an error. */
LAT_MUST_CHECK enum lat_err link_dial(struct swarm *swarm, struct peers_entry *peer, struct peers_address *address,
                                      const struct multiaddr *to, const struct peerid *wanted, struct lat_msg *why);

/* Over; why: a sentence, escaped. The socket is closed with what can still be sent, unless it has ended by itself. */
void link_end(struct link *link, enum swarm_reason reason, const char *why, bool socket_ended);

/* Over because of a link's error. */
void link_failed(struct link *link, enum lat_err err, const struct lat_msg *why);

/* Given up for no fault of its own, with a goodbye where it is open; nobody is told. */
void link_part(struct link *link);

/* The link that counts for this peer; NULL. */
struct link *link_of(const struct swarm *swarm, const struct peers_entry *peer);

extern const struct conn_ops link_conn_ops;

/* --- swarm_limits.c --- */

/* Fill remote, place and loopback. LAT_MALFORMED: no address of a socket. */
LAT_MUST_CHECK enum lat_err limits_place(struct link *link, const struct multiaddr *address);

/* May an inbound link from this place come in? Ends a half-open one to make room where that is the rule. LAT_LIMIT with *why. */
LAT_MUST_CHECK enum lat_err limits_admit(struct swarm *swarm, const struct link *newcomer, const char **why);

size_t limits_links(const struct swarm *swarm);

/* --- swarm.c --- */

/* One line, if `lines` lets the key have it; held-back ones are told. */
void swarm_log(struct swarm *swarm, struct lines *lines, const void *key, size_t key_len, enum lat_level level,
               const char *fmt, ...) LAT_PRINTF(6, 7);

#endif
