#include "config.h"

#include "http/routes.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct route table[] = {
    /* method, path, goes on, class, body, handler, shared, about */
    { API_GET, "/", false, CLASS_READ, 0, route_root, true, "Name, version and condition" },
    { API_GET, "/health", false, CLASS_HEALTH, 0, route_health, true,
      "Liveness: 503 when the node has not turned for 10 s" },
    { API_GET, "/livez", false, CLASS_HEALTH, 0, route_health, true, "The same" },
    { API_GET, "/readyz", false, CLASS_READ, 0, route_readyz, true,
      "Readiness: 503 while no lung carries the state" },
    { API_GET, "/metrics", false, CLASS_READ, 0, route_metrics, true,
      "Figures for a monitor, as OpenMetrics" },
    { API_GET, "/openapi.json", false, CLASS_READ, 0, route_openapi, true, "This description" },
    { API_GET, "/api/status", false, CLASS_READ, 0, route_status, true,
      "What the configuration came to, both lungs in short" },
    { API_GET, "/api/lattice/health", false, CLASS_READ, 0, route_lattice_health, true,
      "Condition, state of the lungs, alerts" },
    { API_GET, "/api/lattice/p2p/status", false, CLASS_READ, 0, route_p2p_status, true,
      "Both lungs, with the members of v3.0.3" },
    { API_GET, "/api/lattice/p2p/identity", false, CLASS_READ, 0, route_identity, true,
      "Peer id, public key, bound addresses" },
    { API_POST, "/api/lattice/p2p/publish", false, CLASS_CONTROL, API_BODY_MAX, route_publish, false,
      "Publish a proof_event on the gossip topic; says how many peers it went to" },
    { API_GET, "/api/lattice/peers", false, CLASS_READ, 0, route_peers, true, "P2P peers" },
    { API_GET, "/api/lattice/nodes", false, CLASS_READ, 0, route_nodes, true,
      "HTTP sources, last success and last error" },
    { API_GET, "/api/lattice/divergence", false, CLASS_READ, 0, route_divergence, true,
      "For each source whether it is equal, and in which keys it is not" },
    { API_GET, "/api/lattice/conflicts", false, CLASS_READ, 0, route_conflicts, true,
      "The last writes that were lost to one made at the same time, and authors that contradict themselves" },
    { API_GET, "/api/lattice/healings", false, CLASS_READ, 0, route_healings, false,
      "The last sessions of healing: with whom, how, when, what they brought and how they ended" },
    { API_GET, "/api/lattice/snapshot", false, CLASS_READ, 0, route_snapshot, true,
      "All that the console draws, now or at a moment of the past" },
    { API_GET, "/api/lattice/events", false, CLASS_READ, 0, route_events, false,
      "Snapshots as server-sent events" },
    { API_GET, "/api/lattice/keys", false, CLASS_READ, 0, route_keys, false, "Keys in pages" },
    { API_GET, "/api/lattice/state", false, CLASS_SYNC, 0, route_state, false,
      "The whole state with both roots and the attestation" },
    { API_GET, "/api/lattice/state/", true, CLASS_READ, 0, route_entry, false, "The value of one entry; with ?proof=1 what proves it, or that there is none" },
    { API_PUT, "/api/lattice/state/", true, CLASS_CONTROL, API_PUT_MAX, route_put, false,
      "Write an entry; answered when it is durable" },
    { API_DELETE, "/api/lattice/state/", true, CLASS_CONTROL, API_BODY_MAX, route_delete, false,
      "Remove an entry; answered when it is durable" },
    { API_POST, "/api/lattice/sync", false, CLASS_SYNC, API_PUT_MAX, route_sync, false,
      "One reconciliation message in, one out" },
    { API_POST, "/api/lattice/sync/switch", false, CLASS_CONTROL, API_BODY_MAX, route_switch, false,
      "Set the mode" },
    { API_GET, "/api/persistence/integrity", false, CLASS_READ, 0, route_integrity, false,
      "The flat root and whether the state fits it" },
    { API_GET, "/api/persistence/merkle-root", false, CLASS_READ, 0, route_merkle_root, false,
      "The flat root of v3.0.3" },
    { API_GET, "/api/persistence/stats", false, CLASS_READ, 0, route_stats, false, "Counts of the store" },
    { API_GET, "/api/persistence/executions", false, CLASS_READ, 0, route_executions, false,
      "As v3.0.3; empty here" },
    { API_GET, "/api/persistence/attacks", false, CLASS_READ, 0, route_attacks, false,
      "As v3.0.3; empty here" },
    { API_GET, "/api/persistence/bundles", false, CLASS_READ, 0, route_bundles, false,
      "As v3.0.3; empty here" },
    { API_GET, "/api/persistence/bundle/", true, CLASS_READ, 0, route_bundle, false,
      "As v3.0.3; there is none here" },
};

static const struct {
    unsigned method;
    const char *name;
} methods[] = {
    { API_DELETE, "DELETE" },   { API_GET, "GET" },   { API_HEAD, "HEAD" },
    { API_OPTIONS, "OPTIONS" }, { API_POST, "POST" }, { API_PUT, "PUT" },
};

size_t
routes_count(void)
{
    return COUNT(table);
}

const struct route *
routes_at(size_t index)
{
    return &table[index];
}

size_t
routes_index(const struct route *route)
{
    return (size_t)(route - table);
}

unsigned
routes_method(const char *name)
{
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (strcmp(name, methods[i].name) == 0)
            return methods[i].method;
    }
    return 0;
}

void
routes_allow_text(unsigned allowed, char out[64])
{
    size_t len = 0;

    out[0] = 0;
    for (size_t i = 0; i < COUNT(methods); i++) {
        if ((allowed & methods[i].method) != 0)
            len += (size_t)snprintf(out + len, 64 - len, "%s%s", len > 0 ? ", " : "", methods[i].name);
    }
}

/* Is this the route's path? len: of the path to be looked at. */
static bool
path_fits(const struct route *route, const char *path, size_t len)
{
    size_t own = strlen(route->path);

    if (route->goes_on) /* a rest of at least one byte; without one it is the list's path with a slash */
        return len > own && memcmp(path, route->path, own) == 0;
    return len == own && memcmp(path, route->path, own) == 0;
}

static bool
is_served(const struct route *route, bool sync_only)
{
    return !sync_only || route->class == CLASS_SYNC || route->class == CLASS_HEALTH;
}

static struct route_match
find(unsigned method, const char *path, size_t len, bool sync_only)
{
    struct route_match match = { 0 };
    unsigned own;

    for (size_t i = 0; i < COUNT(table); i++) {
        if (!path_fits(&table[i], path, len) || !is_served(&table[i], sync_only))
            continue;
        own = table[i].method | (table[i].method == API_GET ? (unsigned)API_HEAD : 0);
        match.allowed |= own | API_OPTIONS;
        if ((method & (own | API_OPTIONS)) == 0 || match.route != NULL)
            continue;
        match.route = &table[i];
        match.rest = path + (table[i].goes_on ? strlen(table[i].path) : len);
    }
    return match;
}

struct route_match
routes_find(unsigned method, const char *path, bool sync_only)
{
    size_t len = strlen(path);
    struct route_match match = find(method, path, len, sync_only);

    if (match.allowed == 0 && len > 1 && path[len - 1] == '/' && path[len - 2] != '/')
        match.redirect = find(method, path, len - 1, sync_only).allowed != 0;
    return match;
}
