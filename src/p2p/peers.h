/*
 * peers.h - the address book: which peers are known, where they can be reached, and which address is to be dialed next.
 *
 *   an address:  idle ──due──▶ in flight ──connected──▶ used ──connection ends──▶ idle, due after a back-off
 *                                  └──────failed──────▶ idle, due after a longer back-off; for ever
 *
 * Back-off is exponential with full jitter: after n failures in a row a random time up to redial_min * 2^(n - 1), at most redial_max;
 * ten times that for peers that nobody configured, while there are live ones. It never ends. A connection counts as a success
 * only when it lived for redial_max, so that a peer that connects and drops is not dialed in a circle.
 *
 * A peer has one dial going: at most PEERS_ATTEMPTS_MAX attempts, PEERS_STAGGER_MS apart, IPv6 and IPv4 in turn. Bounded: PEERS_MAX
 * peers of PEERS_ADDRESSES_MAX addresses; what is configured, connected or being dialed is never given up for room. Pure; one thread.
 *
 * Spec: STATE-MACHINE sections 6 ("Redialling never ends") and 8.
 */
#ifndef LAT_P2P_PEERS_H
#define LAT_P2P_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/multiaddr.h"
#include "wire/peerid.h"

#define PEERS_MAX 1024
#define PEERS_ADDRESSES_MAX 16
#define PEERS_ADDRESS_LEN 300     /* text of "/dns4/HOST/tcp/PORT" with its zero; a host name has 253 characters */
#define PEERS_ERROR_LEN 160
#define PEERS_DIALS_MAX 8         /* attempts at once, all peers together */
#define PEERS_ATTEMPTS_MAX 2      /* of one peer */
#define PEERS_STAGGER_MS 250
#define PEERS_WANTED 32           /* while there are live ones, peers that nobody configured are dialed up to so many connections */
#define PEERS_TEXT_MAX (8u * 1024 * 1024) /* peers.json */

/* Where an address comes from; the lowest counts where several name it. From PEERS_FOUND on: only a candidate, see peers_suggest. */
enum peers_source {
    PEERS_CONFIGURED,
    PEERS_REMEMBERED,
    PEERS_IDENTIFIED, /* the peer itself told, on a connection that proved who it is */
    PEERS_FOUND,      /* by mDNS, on the local network */
    PEERS_EXCHANGED,  /* another peer told */
};

#define PEERS_CANDIDATES_MAX 64      /* peers that only PEERS_FOUND knows; again as many of PEERS_EXCHANGED */
#define PEERS_CANDIDATE_ADDRESSES 4  /* of one peer, on hearsay */
#define PEERS_CANDIDATE_TRIES 3      /* failures in a row after which a candidate makes room for another */

/* One address of a peer. Read by others, written here alone. */
struct peers_address {
    char *text; /* "/ip4/192.0.2.1/tcp/9000": without the peer's id */
    bool ip6;   /* ip6 or dns6 */
    enum peers_source source;
    bool in_flight;
    bool leaving;            /* to be dropped when it is no longer in flight */
    uint32_t failures;       /* in a row */
    uint64_t due_ms;         /* not before; 0: at once */
    uint64_t tried_ms;       /* the last attempt; 0: none */
    uint64_t error_ms;       /* of `error` */
    char error[PEERS_ERROR_LEN]; /* of the last attempt, escaped; "": it succeeded, or there was none */
};

/* One peer. Read by others, written here alone. */
struct peers_entry {
    struct peerid id;
    struct peers_address *addresses[PEERS_ADDRESSES_MAX];
    size_t address_count;
    size_t in_flight;         /* addresses being dialed */
    uint64_t attempt_ms;      /* the last attempt's begin */
    bool last_ip6;            /* its family */
    bool hold;                /* one attempt has been answered: no further ones until it has an outcome */
    bool connected, live;
    uint64_t up_ms, live_ms;  /* since when, if so */
    uint64_t connected_total_ms, live_total_ms; /* of connections that are over */
    int64_t last_ms;          /* when last seen connected, by this process's monotonic clock (before its start: below 0) */
    bool was_connected;       /* last_ms holds */
    char down_error[PEERS_ERROR_LEN]; /* why the last connection ended, escaped; "": there was none */
};

struct peers;

struct peers_config {
    struct peerid own;              /* never dialed */
    uint64_t redial_min_ms, redial_max_ms; /* T_REDIAL_MIN, T_REDIAL_MAX */
    void (*random)(void *out, size_t len);
};

/* NULL: out of memory. */
struct peers *peers_new(const struct peers_config *config);
void peers_free(struct peers *peers); /* NULL is fine */

/*
 * This peer can be reached there. A /p2p/ part of the address is left out, id counts.
 *
 * LAT_OK         known from now on, or was
 * LAT_MALFORMED  not an address that can be dialed over TCP
 * LAT_CONFLICT   it is ourselves
 * LAT_LIMIT      no room, and nothing of less use
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err peers_add(struct peers *peers, const struct peerid *id, const struct multiaddr *address,
                                      enum peers_source source);

/*
 * Somebody says that this peer can be reached there: source is PEERS_FOUND or PEERS_EXCHANGED. Such candidates are dialed like others,
 * but count for little: they have places of their own (PEERS_CANDIDATES_MAX, PEERS_CANDIDATE_ADDRESSES), and make room only for each
 * other, once each of their addresses has failed PEERS_CANDIDATE_TRIES times. So whatever is suggested, nothing that is configured,
 * remembered or proved gives way to it. A candidate that has been connected is one no more.
 *
 * Results as of peers_add; LAT_LIMIT: no place now.
 */
LAT_MUST_CHECK enum lat_err peers_suggest(struct peers *peers, const struct peerid *id, const struct multiaddr *address,
                                          enum peers_source source);

/* Make sure there is an entry, for a peer that came by itself. NULL: no room, or out of memory. Borrow. */
struct peers_entry *peers_enter(struct peers *peers, const struct peerid *id);

/*
 * The configured peers are now exactly these (multiaddrs with /p2p/). Former ones are forgotten, unless they are connected.
 * LAT_NOMEM; addresses that peers_add refuses are left out and counted in *refused.
 */
LAT_MUST_CHECK enum lat_err peers_configure(struct peers *peers, const struct multiaddr *addresses, size_t count,
                                            size_t *refused);

/* NULL: not known. Borrow. */
struct peers_entry *peers_find(const struct peers *peers, const struct peerid *id);

/* Borrow; i below peers_count. No particular order. */
size_t peers_count(const struct peers *peers);
struct peers_entry *peers_at(const struct peers *peers, size_t i);

bool peers_is_configured(const struct peers_entry *peer);

/* An address as it stands in the book. ip6 may be NULL. LAT_MALFORMED: not one that can be dialed over TCP. */
LAT_MUST_CHECK enum lat_err peers_address_text(const struct multiaddr *address, char out[PEERS_ADDRESS_LEN], bool *ip6);

/* --- dialing --------------------------------------------------------------------------------------- */

/*
 * Choose the next address that is due; it is in flight from now on, and ends by one of the calls below. connections: how
 * many there are of any kind. Call again until it gives false.
 */
bool peers_next(struct peers *peers, size_t connections, uint64_t now_ms, struct peers_entry **peer,
                struct peers_address **address);

/* The socket is connected: until it has an outcome the peer's other addresses wait. */
void peers_answered(struct peers_entry *peer);

/* No connection by it. error is escaped here. True: another error than the last time. */
bool peers_failed(struct peers *peers, struct peers_entry *peer, struct peers_address *address, const char *error,
                  uint64_t now_ms);

/* Given up for no fault of the address: another one was faster, or we are stopping. */
void peers_dropped(struct peers *peers, struct peers_entry *peer, struct peers_address *address);

/* A connection is open. address: by which one, no longer in flight; NULL: it came by itself. Again for a second one: nothing but that. */
void peers_up(struct peers *peers, struct peers_entry *peer, struct peers_address *address, uint64_t now_ms);

/* The last connection is over. address: the one given to peers_up if it is still there (peers_address_of), else NULL. */
void peers_down(struct peers *peers, struct peers_entry *peer, struct peers_address *address, const char *why,
                uint64_t now_ms);

/* The address of this text, NULL if there is none (any more). Borrow. */
struct peers_address *peers_address_of(const struct peers_entry *peer, const char *text);

/* The peer carries state, or no longer. */
void peers_set_live(struct peers *peers, struct peers_entry *peer, bool live, uint64_t now_ms);

/* L */
size_t peers_live_count(const struct peers *peers);

/* NETCHANGE: every address is due at once. */
void peers_forget_backoff(struct peers *peers);

/* Order of preference, as qsort wants it: live longest, then connected longest, first. */
int peers_compare(const struct peers_entry *a, const struct peers_entry *b, uint64_t now_ms);

/* --- peers.json (peers_text.c) --------------------------------------------------------------------- */

/*
 * Append the book as JSON, the longest-live peers first: those that were connected, without the addresses that are configured.
 * wall_ms: Unix time now. LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err peers_text(const struct peers *peers, uint64_t now_ms, uint64_t wall_ms, struct lat_buf *out);

/*
 * Take what an earlier peers_text wrote. Peers and addresses that are none, and members not known here, are passed over.
 * LAT_MALFORMED with *why: no such document; what stood before the fault was taken. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err peers_parse(struct peers *peers, const char *text, size_t len, uint64_t now_ms, uint64_t wall_ms,
                                        struct lat_msg *why);

#endif
