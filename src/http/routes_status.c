/* routes_status.c - what the node is and how it does. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "http/routes.h"
#include "view/alert_words.h"
#include "view/json.h"

/* The words for snapshot_condition, and for `status` of the root route, which v3.0.3's clients read. */
static const char *
condition_name(int condition)
{
    static const char *const names[] = { "fine", "attention", "alarm" };

    return names[condition];
}

static bool
is_live(const struct call *call, const struct snapshot *s)
{
    return call->now_ms < s->mono_ms || call->now_ms - s->mono_ms <= API_LIVE_MS;
}

/* STATE-MACHINE section 9: what is draining has neither lung nor peers. */
static bool
p2p_runs(const struct snapshot *s)
{
    return s->lung.p2p_running && s->lung.state != LUNG_STOPPING;
}

static uint32_t
live_peers(const struct snapshot *s)
{
    return p2p_runs(s) ? s->lung.peers_live : 0;
}

/* Null while the lung runs, else why not. */
static const char *
p2p_error(const struct snapshot *s)
{
    if (p2p_runs(s))
        return NULL;
    if (s->lung.p2p_error[0] != 0)
        return s->lung.p2p_error;
    return s->lung.p2p_enabled ? "p2p_off: switched off for now"
                               : "p2p_disabled: switched off by configuration";
}

void
route_root(struct call *call)
{
    static const char *const features[] = { "Merkle state", "P2P lung", "HTTP lung", "State reconciliation",
                                            NULL };
    static const char *const endpoints[][2] = {
        { "health", "/health" },
        { "status", "/api/status" },
        { "p2p_status", "/api/lattice/p2p/status" },
        { "state", "/api/lattice/state" },
        { "divergence", "/api/lattice/divergence" },
        { "snapshot", "/api/lattice/snapshot" },
        { "switch", "/api/lattice/sync/switch" },
    };
    const struct snapshot *s = call_snapshot(call);
    cJSON *object, *paths = cJSON_CreateObject();
    int condition;

    if (s == NULL) {
        cJSON_Delete(paths);
        return;
    }
    condition = snapshot_condition(s);
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        json_put_text(&paths, endpoints[i][0], endpoints[i][1]);
    object = cJSON_CreateObject();
    json_put_text(&object, "name", "Lattice");
    json_put_text(&object, "version", call->api->version);
    json_put_text(&object, "release", "Lattice");
    json_put_text(&object, "status", condition == 0 ? "operational" : condition_name(condition));
    json_put(&object, "features", json_strings(features));
    json_put(&object, "endpoints", paths);
    json_put_text(&object, "node", s->name);
    json_put_text(&object, "condition", condition_name(condition));
    json_put_text(&object, "state", lung_state_name(s->lung.state));
    answer_json(call, 200, object);
}

/* Liveness: the loop turns. Being without peers is no reason to be restarted. */
void
route_health(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;

    if (s == NULL)
        return;
    object = cJSON_CreateObject();
    json_put_text(&object, "status", is_live(call, s) ? "healthy" : "unhealthy");
    json_put_text(&object, "state", lung_state_name(s->lung.state));
    json_put_text(&object, "condition", condition_name(snapshot_condition(s)));
    if (!is_live(call, s))
        json_put_text(&object, "detail", "the node's loop has not turned for 10 s");
    answer_json(call, is_live(call, s) ? 200 : 503, object);
}

void
route_readyz(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    bool ready;
    cJSON *object;

    if (s == NULL)
        return;
    ready = lung_is_ready(s->lung.state) && is_live(call, s);
    object = cJSON_CreateObject();
    json_put_text(&object, "status", ready ? "ready" : "not ready");
    json_put_text(&object, "state", lung_state_name(s->lung.state));
    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    if (!ready)
        json_put_text(&object, "detail",
                      is_live(call, s) ? "no lung carries the state now"
                                       : "the node's loop has not turned for 10 s");
    answer_json(call, ready ? 200 : 503, object);
}

static cJSON *
alerts_json(const struct snapshot *s)
{
    cJSON *array = cJSON_CreateArray();
    cJSON *item;

    for (uint32_t i = 0; array != NULL && i < s->alert_count; i++) {
        item = cJSON_CreateObject();
        json_put_text(&item, "code", s->alerts[i].code);
        json_put_text(&item, "severity", s->alerts[i].severity == ALERT_ALARM ? "alarm" : "attention");
        json_put_number(&item, "since_s", (double)s->alerts[i].since_ms / 1000);
        json_put_text(&item, "text", s->alerts[i].text);
        json_put_text(&item, "kind", alert_kind_name(s->alerts[i].kind));
        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            array = NULL;
        }
    }
    return array;
}

void
route_lattice_health(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;

    if (s == NULL)
        return;
    object = json_success();
    json_put_text(&object, "status", is_live(call, s) ? "healthy" : "unhealthy");
    json_put_text(&object, "condition", condition_name(snapshot_condition(s)));
    json_put_text(&object, "state", lung_state_name(s->lung.state));
    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    json_put_flag(&object, "ready", lung_is_ready(s->lung.state));
    json_put_number(&object, "uptime_s", (double)s->uptime_ms / 1000);
    json_put(&object, "alerts", alerts_json(s));
    answer_json(call, is_live(call, s) ? 200 : 503, object);
}

void
route_status(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    const struct api_facts *facts = call->api->facts;
    cJSON *object, *p2p, *http;

    if (s == NULL)
        return;
    p2p = cJSON_CreateObject();
    json_put_flag(&p2p, "enabled", s->lung.p2p_enabled);
    json_put_flag(&p2p, "started", p2p_runs(s));
    json_put_number(&p2p, "peer_count", live_peers(s));
    http = cJSON_CreateObject();
    json_put_flag(&http, "enabled", lung_http_sync_enabled(s->lung.state));
    json_put_flag(&http, "usable", s->lung.http_usable);
    json_put_number(&http, "source_count", s->lung.http_sources);
    object = json_success();
    json_put_flag(&object, "production", facts->production);
    json_put_flag(&object, "safe_mode", s->state.read_only); /* here it is so, not only said */
    json_put(&object, "violations", json_strings(facts->violations));
    json_put(&object, "cors_origins", json_strings(facts->cors_origins));
    json_put(&object, "p2p", p2p);
    json_put(&object, "http", http);
    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    json_put_text(&object, "condition", condition_name(snapshot_condition(s)));
    answer_json(call, 200, object);
}

/* One sentence for people. */
static const char *
lung_message(const struct snapshot *s)
{
    switch (s->lung.state) {
    case LUNG_STARTING:
        return "Starting: looking for peers";
    case LUNG_P2P:
        return "P2P carries the state";
    case LUNG_COUNTDOWN:
        return "No live peer: HTTP takes over when the countdown ends";
    case LUNG_HTTP:
        return "No live peer: HTTP carries the state";
    case LUNG_RECOVERING:
        return "Peers are back: HTTP vouches until the hold is over";
    case LUNG_ISOLATED:
        return "Isolated: neither peers nor an HTTP source";
    case LUNG_FP2P_UP:
        return "P2P only, by the operator";
    case LUNG_FP2P_DOWN:
        return "P2P only, by the operator, and no live peer: nothing carries the state";
    case LUNG_FHTTP_UP:
        return "HTTP only, by the operator";
    case LUNG_FHTTP_DOWN:
        return "HTTP only, by the operator, and no usable source: nothing carries the state";
    case LUNG_STOPPING:
        return "Stopping";
    }
    return "";
}

/* The members of v3.0.3 in its order and in the sense of STATE-MACHINE section 9, then ours. */
void
route_p2p_status(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;

    if (s == NULL)
        return;
    object = json_success();
    json_put_flag(&object, "enabled", s->lung.p2p_enabled);
    json_put_flag(&object, "started", p2p_runs(s));
    json_put_flag(&object, "libp2p_available", s->lung.p2p_available);
    json_put_text(&object, "error", p2p_error(s));
    json_put_text(&object, "topic", s->topic);
    json_put(&object, "listen_multiaddrs", json_strings(call->api->facts->listen_multiaddrs));
    json_put(&object, "bootstrap_peers", json_strings(call->api->facts->bootstrap_peers));
    json_put_number(&object, "peer_count", live_peers(s));
    json_put_flag(&object, "has_peers", live_peers(s) > 0);
    json_put_flag(&object, "http_sync_enabled", lung_http_sync_enabled(s->lung.state));
    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    json_put_flag(&object, "heartbeat_active", p2p_runs(s));
    json_put_text(&object, "requested_mode", lung_policy_name(s->lung.policy));
    json_put_text(&object, "message", lung_message(s));
    json_put(&object, "lung", snapshot_lung_to_json(s));
    answer_json(call, 200, object);
}

static cJSON *
split_commas(const char *text)
{
    cJSON *array = cJSON_CreateArray();
    char piece[sizeof(((struct snapshot *)0)->p2p_listen)];

    while (array && *text) {
        size_t len = strcspn(text, ",");

        snprintf(piece, sizeof(piece), "%.*s", (int)len, text);
        cJSON_AddItemToArray(array, cJSON_CreateString(piece));
        text += len + (text[len] == ',');
    }
    return array;
}

void
route_identity(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;

    if (s == NULL)
        return;
    object = json_success();
    json_put_text(&object, "peer_id", s->peer_id);
    json_put(&object, "listen_addrs", split_commas(s->p2p_listen));
    json_put_text(&object, "public_key", s->public_key);
    json_put_text(&object, "node", s->name);
    json_put_text(&object, "network", s->network);
    answer_json(call, 200, object);
}
