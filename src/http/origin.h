/*
 * origin.h - from where a request may come: the Host it names, and what a browser says of the page that sent
 * it. Pure; any thread.
 *
 * A page in an operator's browser reaches this machine's loopback as well as the operator does. Two rules
 * keep it out: a foreign Host is refused, so that a name of the attacker's that resolves to 127.0.0.1 leads
 * nowhere; and so is a foreign Origin, or a cross-site request, whatever else it carries.
 */
#ifndef LAT_HTTP_ORIGIN_H
#define LAT_HTTP_ORIGIN_H

#include <stdbool.h>

#include "http/gate.h"

/* Lists end with NULL; a NULL list is empty. */
struct origin_rules {
    const char *bound;        /* "127.0.0.1:8000": its host part is a name of ours; NULL: none */
    const char *const *hosts; /* further names of ours (LATTICE_API_HOSTS), without port */
    const char *const
        *cors_origins; /* origins of pages that may read; "*": all of them may read, none may change */
    bool tls;          /* pages of this listener are https */
    bool any_host;     /* a listener for other nodes: by what name they reach it is their business */
};

/* How a request may be answered to a page. */
enum origin_grant {
    ORIGIN_NONE,   /* no page asks, or one of ours: no CORS header */
    ORIGIN_LISTED, /* Access-Control-Allow-Origin: the origin */
    ORIGIN_ANY,    /* Access-Control-Allow-Origin: * */
};

/*
 * May this request be handled? 403 with the reason, or status 0 with *grant. changes: the request would
 * change something (class control).
 */
struct gate_refusal origin_check(const struct origin_rules *rules, const struct gate_headers *headers,
                                 bool changes, enum origin_grant *grant);

#endif
