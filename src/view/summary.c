#include "config.h"

#include "view/summary.h"

#include <string.h>

#include "base/text.h"
#include "view/tally.h"

/* --- writing ------------------------------------------------------------------------------------ */

/* Adds, or gives up the whole object. */
static void
put(cJSON **object, const char *name, cJSON *item)
{
    if (*object != NULL && item != NULL && cJSON_AddItemToObjectCS(*object, name, item))
        return;
    cJSON_Delete(item);
    cJSON_Delete(*object);
    *object = NULL;
}

static cJSON *
alert_to_json(const struct snapshot_alert *alert)
{
    cJSON *object = cJSON_CreateObject();

    put(&object, "code", cJSON_CreateString(alert->code));
    put(&object, "severity", cJSON_CreateString(alert->severity == ALERT_ALARM ? "alarm" : "attention"));
    put(&object, "since_s", cJSON_CreateNumber((double)alert->since_ms / 1000));
    put(&object, "text", cJSON_CreateString(alert->text));
    return object;
}

static size_t
printed_len(const cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    size_t len = text ? strlen(text) : SIZE_MAX;

    cJSON_free(text);
    return len;
}

/* Alerts until the next one would be too much. */
static void
put_alerts(cJSON **object, const struct snapshot *s)
{
    cJSON *list = cJSON_CreateArray(), *item;

    put(object, "alerts", list);
    for (uint32_t i = 0; *object != NULL && i < s->alert_count; i++) {
        item = alert_to_json(&s->alerts[i]);
        if (item == NULL)
            return;
        if (!cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            return;
        }
        if (printed_len(*object) > SUMMARY_MAX) {
            cJSON_DeleteItemFromArray(list, (int)i);
            return;
        }
    }
}

cJSON *
summary_to_json(const struct snapshot *s)
{
    cJSON *object = cJSON_CreateObject();
    uint32_t differing = s->summary ? s->summary_differing : (uint32_t)snapshot_tally(s).differ;

    put(&object, "number", cJSON_CreateNumber((double)s->number));
    put(&object, "wall_s", cJSON_CreateNumber((double)s->wall_ms / 1000));
    put(&object, "name", cJSON_CreateString(s->name));
    put(&object, "state", cJSON_CreateString(lung_state_name(s->lung.state)));
    put(&object, "sync_mode", cJSON_CreateString(sync_mode_name(lung_sync_mode(s->lung.state))));
    put(&object, "requested_mode", cJSON_CreateString(lung_policy_name(s->lung.policy)));
    put(&object, "reason", cJSON_CreateString(lung_reason_name(s->lung.reason)));
    put(&object, "condition", cJSON_CreateNumber(snapshot_condition(s)));
    put(&object, "degraded", cJSON_CreateBool(s->lung.degraded));
    put(&object, "peer_count", cJSON_CreateNumber(s->lung.peers_live));
    put(&object, "http_usable", cJSON_CreateBool(s->lung.http_usable));
    put(&object, "source_count", cJSON_CreateNumber(s->lung.http_sources));
    put(&object, "differing", cJSON_CreateNumber(differing));
    put(&object, "fallback_in_s",
        s->lung.fallback_in_ms < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)s->lung.fallback_in_ms / 1000));
    put(&object, "root", cJSON_CreateString(s->state.root));
    put(&object, "merkle_root", cJSON_CreateString(s->state.merkle_root));
    put(&object, "entry_count", cJSON_CreateNumber((double)s->state.keys));
    put(&object, "alert_count", cJSON_CreateNumber(s->alert_count));
    put_alerts(&object, s);
    return object;
}

/* --- reading ------------------------------------------------------------------------------------ */

static void
take_text(const cJSON *object, const char *name, char *out, size_t out_size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsString(item))
        lat_escape_str(item->valuestring, out, out_size);
}

/* From 0 to max; anything else leaves *out. */
static void
take_number(const cJSON *object, const char *name, double max, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= max)
        *out = item->valuedouble;
}

static uint32_t
take_u32(const cJSON *object, const char *name)
{
    double number = 0;

    take_number(object, name, UINT32_MAX, &number);
    return (uint32_t)number;
}

#define EXACT 9007199254740992.0 /* 2^53 */

static uint64_t
take_u64(const cJSON *object, const char *name, double scale)
{
    double number = 0;

    take_number(object, name, EXACT / scale, &number);
    return (uint64_t)(number * scale);
}

static bool
take_flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void
take_lung(const cJSON *object, struct snapshot_lung *lung)
{
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(object, "state"),
                *mode = cJSON_GetObjectItemCaseSensitive(object, "requested_mode");
    double fallback = -1;

    if (cJSON_IsString(state) && lung_state_parse(state->valuestring, &lung->state))
        lung->state = LUNG_STARTING; /* a word of a later version: nothing is claimed */
    if (cJSON_IsString(mode) && lung_policy_parse(mode->valuestring, &lung->policy))
        lung->policy = LUNG_POLICY_AUTO;
    lung->degraded = take_flag(object, "degraded");
    lung->http_usable = take_flag(object, "http_usable");
    lung->peers_live = lung->peers_connected = take_u32(object, "peer_count");
    lung->http_sources = take_u32(object, "source_count");
    take_number(object, "fallback_in_s", EXACT / 1000, &fallback);
    lung->fallback_in_ms = fallback < 0 ? -1 : (int64_t)(fallback * 1000);
}

static void
take_alerts(const cJSON *object, struct snapshot *s)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "alerts"), *item;
    char severity[16];

    cJSON_ArrayForEach(item, list) {
        struct snapshot_alert *alert = &s->alerts[s->alert_count];

        if (s->alert_count == SNAPSHOT_ALERTS_MAX)
            return;
        severity[0] = 0;
        take_text(item, "code", alert->code, sizeof(alert->code));
        take_text(item, "text", alert->text, sizeof(alert->text));
        take_text(item, "severity", severity, sizeof(severity));
        alert->severity = strcmp(severity, "alarm") == 0 ? ALERT_ALARM : ALERT_ATTENTION;
        alert->since_ms = (int64_t)take_u64(item, "since_s", 1000);
        s->alert_count++;
    }
}

enum lat_err
summary_from_json(const char *text, size_t len, uint64_t now_ms, struct snapshot **out)
{
    struct snapshot *s;
    cJSON *object;
    uint32_t condition;

    if (len > SUMMARY_MAX * 4)
        return LAT_LIMIT;
    object = cJSON_ParseWithLength(text, len);
    s = cJSON_IsObject(object) ? snapshot_new() : NULL;
    if (s == NULL) {
        enum lat_err err = cJSON_IsObject(object) ? LAT_NOMEM : LAT_MALFORMED;

        cJSON_Delete(object);
        return err;
    }
    s->summary = true;
    s->mono_ms = now_ms;
    s->number = take_u64(object, "number", 1);
    s->wall_ms = take_u64(object, "wall_s", 1000);
    take_text(object, "name", s->name, sizeof(s->name));
    take_lung(object, &s->lung);
    condition = take_u32(object, "condition");
    s->summary_condition = condition > 2 ? 2 : (int)condition;
    s->summary_differing = take_u32(object, "differing");
    take_text(object, "root", s->state.root, sizeof(s->state.root));
    take_text(object, "merkle_root", s->state.merkle_root, sizeof(s->state.merkle_root));
    s->state.keys = take_u64(object, "entry_count", 1);
    take_alerts(object, s);
    cJSON_Delete(object);
    *out = s;
    return LAT_OK;
}
