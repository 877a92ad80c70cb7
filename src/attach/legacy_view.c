#include "config.h"

#include "attach/legacy_view.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"

#define ANSWER_MAX 1048576

static const cJSON *
member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void
take_text(const cJSON *item, char *out, size_t out_size)
{
    if (cJSON_IsString(item))
        lat_escape_str(item->valuestring, out, out_size);
}

/*
 * It has no states, only what is switched on: P2P with peers, else HTTP, else nothing. Without peers while P2P runs its timer may be
 * running, which it does not say.
 */
static enum lung_state
state_of(const cJSON *status)
{
    const cJSON *mode = member(status, "sync_mode");
    const char *text = cJSON_IsString(mode) ? mode->valuestring : "";

    if (strcmp(text, "P2P") == 0)
        return LUNG_P2P;
    if (strcmp(text, "HTTP") == 0)
        return LUNG_HTTP;
    return cJSON_IsTrue(member(status, "started")) ? LUNG_COUNTDOWN : LUNG_ISOLATED;
}

static void
take_status(const cJSON *status, struct snapshot *s)
{
    const cJSON *count = member(status, "peer_count");

    s->lung.state = state_of(status);
    s->lung.p2p_enabled = cJSON_IsTrue(member(status, "enabled"));
    s->lung.p2p_running = cJSON_IsTrue(member(status, "started"));
    s->lung.p2p_available = cJSON_IsTrue(member(status, "libp2p_available"));
    s->lung.http_usable = cJSON_IsTrue(member(status, "http_sync_enabled"));
    if (cJSON_IsNumber(count) && count->valuedouble > 0 && count->valuedouble < UINT32_MAX)
        s->lung.peers_live = s->lung.peers_connected = (uint32_t)count->valuedouble;
    take_text(member(status, "error"), s->lung.p2p_error, sizeof(s->lung.p2p_error));
    take_text(member(status, "topic"), s->topic, sizeof(s->topic));
}

static void
take_root(const cJSON *root, struct snapshot *s)
{
    const cJSON *count = member(root, "total_accounts");

    if (!cJSON_IsNumber(count))
        count = member(root, "state_size");
    if (cJSON_IsNumber(count) && count->valuedouble > 0 && count->valuedouble < 9e15)
        s->state.keys = s->state.count = (uint64_t)count->valuedouble;
    take_text(member(root, "merkle_root"), s->state.merkle_root, sizeof(s->state.merkle_root));
}

enum lat_err
legacy_snapshot(const char *status, size_t status_len, const char *root, size_t root_len, const char *name, uint64_t now_ms,
                struct snapshot **out)
{
    cJSON *json, *more;
    struct snapshot *s;

    if (status_len > ANSWER_MAX || root_len > ANSWER_MAX)
        return LAT_LIMIT;
    json = cJSON_ParseWithLength(status, status_len);
    if (!cJSON_IsString(member(json, "sync_mode"))) {
        cJSON_Delete(json);
        return LAT_MALFORMED;
    }
    s = snapshot_new();
    if (s == NULL) {
        cJSON_Delete(json);
        return LAT_NOMEM;
    }
    s->mono_ms = now_ms;
    lat_copy(s->version, sizeof(s->version), "v3.0.3");
    lat_copy(s->name, sizeof(s->name), name);
    take_status(json, s);
    more = root ? cJSON_ParseWithLength(root, root_len) : NULL;
    take_root(more, s);
    s->trusted_keys = 1; /* it does not say; our own alarm about it would be made up */
    cJSON_Delete(more);
    cJSON_Delete(json);
    *out = s;
    return LAT_OK;
}
