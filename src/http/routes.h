/*
 * routes.h - the table of everything the API answers: path, method, class, body limit, handler. What follows
 * from it is not written twice: 404, 405 with Allow, HEAD, OPTIONS, the redirect of a trailing slash, and
 * which listener serves what.
 */
#ifndef LAT_HTTP_ROUTES_H
#define LAT_HTTP_ROUTES_H

#include "http/api.h"

enum route_class {
    CLASS_READ,    /* open on loopback; off it a token with the role read */
    CLASS_SYNC,    /* also on the listener for other nodes; off loopback the role sync */
    CLASS_HEALTH,  /* liveness: open to all, on every listener */
    CLASS_CONTROL, /* changes something: asks who */
};

struct route {
    enum api_method method; /* API_GET answers HEAD as well */
    const char *path;
    bool goes_on; /* the path has a rest: a key */
    enum route_class class;
    size_t body_max; /* 0: takes none */
    call_fn handle;
    /*
     * The answer depends on nothing but the snapshot, whether it is older than API_LIVE_MS, the facts and the
     * path: one prepared answer serves all until the next snapshot. A request with a query is handled by
     * itself.
     */
    bool shared;
    const char *about; /* one line for /openapi.json */
};

/* Number of routes, and the place of one in the table: 0 .. routes_count() - 1. */
size_t routes_count(void);
size_t routes_index(const struct route *route);
const struct route *routes_at(size_t index);

/* The method's number, or 0 for one that no route knows. */
unsigned routes_method(const char *name);

/* How a request meets the table. */
struct route_match {
    const struct route *route; /* found; also for OPTIONS and HEAD */
    const char *rest;          /* behind a route that goes on; borrows from path */
    unsigned allowed;          /* methods of this path, HEAD and OPTIONS included; 0: no such path */
    bool redirect;             /* the path without its last slash is a route */
};

/* path: raw, without the query. sync_only: the listener for other nodes asks. */
struct route_match routes_find(unsigned method, const char *path, bool sync_only);

/* "GET, HEAD, OPTIONS" */
void routes_allow_text(unsigned allowed, char out[64]);

/* --- handlers, by file -------------------------------------------------------------------------- */

/* routes_status.c */
void route_root(struct call *call);
void route_health(struct call *call);
void route_readyz(struct call *call);
void route_status(struct call *call);
void route_lattice_health(struct call *call);
void route_p2p_status(struct call *call);
void route_identity(struct call *call);

/* routes_peers.c */
void route_peers(struct call *call);
void route_nodes(struct call *call);
void route_divergence(struct call *call);

/* routes_healings.c */
void route_healings(struct call *call);

/* routes_conflicts.c */
void route_conflicts(struct call *call);

/* routes_history.c */
void route_snapshot(struct call *call);

/* routes_state.c */
void route_state(struct call *call);
void route_entry(struct call *call);
void route_entry_proof(struct call *call); /* the same with ?proof: routes_proof.c */
void route_keys(struct call *call);

/* routes_write.c */
void route_put(struct call *call);
void route_delete(struct call *call);
void route_switch(struct call *call);

/* routes_publish.c */
void route_publish(struct call *call);

/* routes_sync.c */
void route_sync(struct call *call);

/* routes_events.c */
void route_events(struct call *call);

/* routes_metrics.c */
void route_metrics(struct call *call);

/* routes_openapi.c */
void route_openapi(struct call *call);

/* routes_persistence.c */
void route_integrity(struct call *call);
void route_merkle_root(struct call *call);
void route_stats(struct call *call);
void route_executions(struct call *call);
void route_attacks(struct call *call);
void route_bundles(struct call *call);
void route_bundle(struct call *call);

#endif
