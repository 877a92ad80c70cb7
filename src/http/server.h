/*
 * server.h - the HTTP API in a thread of its own: INTERFACE section 3 on libmicrohttpd, behind the gate.
 *
 * The thread answers from the latest snapshot and from read transactions of the store, and turns changes into
 * commands; it never waits for the node, so no load on it can delay a heartbeat, and no slow client delays
 * another. Its liveness answer goes by the age of the snapshot: the node publishes one at least every few
 * seconds.
 *
 * Order at the end: close the exchange (pending commands are answered), server_stop, then the store.
 */
#ifndef LAT_HTTP_SERVER_H
#define LAT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "crypto/key.h"
#include "http/statedoc.h"
#include "state/store.h"
#include "state/trust.h"
#include "view/exchange.h"

struct server;

/* What a reload may change. Lists end with NULL; a NULL list is empty. */
struct api_facts {
    bool production;                      /* LATTICE_ENV says so */
    const char *const *violations;        /* findings about the configuration, for /api/status */
    const char *const *hosts;             /* LATTICE_API_HOSTS */
    const char *const *cors_origins;      /* LATTICE_CORS_ORIGINS */
    const char *const *listen_multiaddrs; /* LATTICE_P2P_LISTEN, as configured */
    const char *const *bootstrap_peers;   /* LATTICE_P2P_BOOTSTRAP, as configured */
    const char *const *sources;           /* LATTICE_NODES, without keys, credentials and trailing slashes */
    const uid_t *uids;                    /* local users who may change: normally the own one and root */
    size_t uid_count;
    const gid_t *gids;
    size_t gid_count;
    const char *tokens_file;        /* LATTICE_API_TOKENS_FILE; NULL: none. Read when the facts are given */
    const char *tls_cert, *tls_key; /* LATTICE_TLS_CERT, LATTICE_TLS_KEY; both or neither. Likewise */
};

/* Strings and lists are copied; the objects are borrowed for the life of the server. */
struct api_options {
    const char *listen;      /* "127.0.0.1:8000"; off loopback with TLS and tokens in facts alone */
    const char *sync_listen; /* any interface, sync routes and /health alone; NULL: none */
    const char *socket_path; /* api.sock, made 0600; NULL: none */
    struct exchange *exchange;
    struct store *store;
    struct statedocs *docs;                          /* over the same store */
    struct healings *healings;                       /* shown */
    const struct key *key;                           /* attests to other nodes */
    void (*get_trust)(void *arg, struct trust *out); /* called on any thread */
    void *arg;
    const char *cookie; /* the bearer token; NULL: none */
    const char *version;
    struct api_facts facts;
};

/*
 * Start the thread. A taken port is no failure: the server goes on trying every few seconds, and
 * server_status says why it is not bound yet. LAT_MALFORMED (an address, tokens file, certificate or key that
 * cannot be used), LAT_AUTH (a secret that others can read), LAT_NOTFOUND, LAT_NOMEM, LAT_SYS, with *why for
 * the operator.
 *
 * The listener for other nodes asks for a token with the role sync where the tokens file names one; it then
 * speaks TLS if there is a certificate at the start, since no token should cross a network in the clear.
 */
LAT_MUST_CHECK enum lat_err server_start(const struct api_options *options, struct server **out,
                                         struct lat_msg *why);

/*
 * Stop accepting, answer what waits (a write whose fate is unknown: 503 "unknown"), close, join the thread.
 * Takes at most two seconds. NULL is fine.
 */
void server_stop(struct server *server);

/*
 * Use these facts from now on; copied. Tokens file and certificate are read again: what cannot be used leaves
 * the former ones in place, with the rest of the facts in use, and is answered as by server_start, with *why.
 * LAT_NOMEM: all of the former stay. Any thread.
 */
LAT_MUST_CHECK enum lat_err server_set_facts(struct server *server, const struct api_facts *facts,
                                             struct lat_msg *why);

/*
 * How the listeners stand. Addresses are as bound, "" while they are not; errors are "" or a sentence. Any
 * thread.
 */
struct server_status {
    char address[64];
    char error[160];
    char sync_address[64];
    char sync_error[160];
};
void server_status(struct server *server, struct server_status *out);

#endif
