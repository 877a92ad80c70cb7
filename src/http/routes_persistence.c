/*
 * routes_persistence.c - the persistence routes of v3.0.3. What they tell of the state is true here;
 * executions, attacks and bundles belonged to other parts of that server, so these lists are empty and say so
 * in its own shapes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/routes.h"
#include "http/target.h"

/*
 * Answer with the flat root of the present state: at once where it is at hand, else when it has been
 * computed.
 */
static void
with_roots(struct call *call, call_fn answer)
{
    const struct statedoc *doc = statedocs_present(call->api->docs, false);

    if (doc == NULL) {
        call_wait_docs(call, false, answer);
        return;
    }
    call->answer.doc = doc; /* kept with the call; dropped before the answer, which shows only its roots */
    answer(call);
}

/* The roots waited for. NULL: *err says why; a text for the answer. */
static const struct statedoc *
roots_of(struct call *call, enum lat_err *err)
{
    const struct statedoc *doc = call->answer.doc;

    *err = LAT_OK;
    call->answer.doc = NULL;
    if (doc != NULL)
        return doc;
    if (!statedocs_is_done(call->api->docs, call->docs_number, err))
        *err = LAT_TIMEOUT;
    return *err ? NULL : statedocs_latest(call->api->docs, false);
}

static void
finish_integrity(struct call *call)
{
    enum lat_err err;
    const struct statedoc *doc = roots_of(call, &err);
    bool corrupted = err == LAT_DAMAGED;
    cJSON *object = cJSON_CreateObject();

    json_put_flag(&object, "success", doc != NULL);
    json_put_flag(&object, "is_valid", doc != NULL);
    json_put_text(&object, "status", doc != NULL ? "VALID" : corrupted ? "CORRUPTED" : "ERROR");
    if (doc != NULL)
        json_put_hex(&object, "merkle_root", doc->merkle_root, 32);
    json_put_text(&object, "message",
                  doc != NULL ? "[OK] Integrity verified: the records fit the root"
                  : corrupted ? "[ALERT] Stored records and root disagree: run lattice verify"
                              : lat_err_text(err));
    statedoc_unref(doc);
    answer_json(call, 200, object);
}

void
route_integrity(struct call *call)
{
    with_roots(call, finish_integrity);
}

/* The answers of v3.0.3 to an internal failure: 200 and success false. */
static bool
answered_failure(struct call *call, const struct statedoc *doc, enum lat_err err)
{
    if (doc == NULL)
        answer_failure(call, 200, lat_err_text(err));
    return doc == NULL;
}

static void
finish_merkle_root(struct call *call)
{
    enum lat_err err;
    const struct statedoc *doc = roots_of(call, &err);
    cJSON *object;

    if (answered_failure(call, doc, err))
        return;
    object = json_success();
    json_put_hex(&object, "merkle_root", doc->merkle_root, 32);
    json_put_number(&object, "total_accounts", (double)doc->keys);
    json_put_text(&object, "message", "Current state fingerprint");
    json_put_hex(&object, "root", doc->root, 32);
    statedoc_unref(doc);
    answer_json(call, 200, object);
}

void
route_merkle_root(struct call *call)
{
    with_roots(call, finish_merkle_root);
}

static void
finish_stats(struct call *call)
{
    enum lat_err err;
    const struct statedoc *doc = roots_of(call, &err);
    cJSON *object, *executions, *attacks;

    if (answered_failure(call, doc, err))
        return;
    executions = cJSON_CreateObject();
    json_put_number(&executions, "total_executions", 0);
    json_put(&executions, "status_breakdown", cJSON_CreateObject());
    json_put_number(&executions, "avg_execution_time_ms", 0);
    attacks = cJSON_CreateObject();
    json_put_number(&attacks, "total_attacks_blocked", 0);
    json_put(&attacks, "attack_type_breakdown", cJSON_CreateObject());
    json_put(&attacks, "layer_breakdown", cJSON_CreateObject());
    object = json_success();
    json_put(&object, "executions", executions);
    json_put(&object, "attacks", attacks);
    json_put_hex(&object, "merkle_root", doc->merkle_root, 32);
    json_put_number(&object, "total_bundles", 0);
    statedoc_unref(doc);
    answer_json(call, 200, object);
}

void
route_stats(struct call *call)
{
    with_roots(call, finish_stats);
}

/* --- lists that are empty here ------------------------------------------------------------------ */

/* v3.0.3 checks the type of `limit` and answers 422 with a list. */
static bool
limit_is_whole(struct call *call)
{
    struct lat_buf value;
    const char *text;
    bool whole = true;

    lat_buf_init(&value, 64);
    switch (target_parameter(call->query, "limit", &value)) {
    case LAT_OK:
        text = lat_buf_str(&value);
        whole = text != NULL && value.len > 0;
        for (size_t i = 0; whole && i < value.len; i++)
            whole = (text[i] >= '0' && text[i] <= '9') ||
                    (i == 0 && value.len > 1 && strchr("+-", text[i]) != NULL);
        break;
    case LAT_NOTFOUND:
        break;
    default:
        whole = false; /* longer than any number */
    }
    lat_buf_fini(&value);
    return whole;
}

static void
answer_bad_limit(struct call *call)
{
    static const char *const place[] = { "query", "limit", NULL };
    cJSON *object = cJSON_CreateObject(), *list = cJSON_CreateArray(), *item = cJSON_CreateObject();

    json_put(&item, "loc", json_strings(place));
    json_put_text(&item, "msg", "value is not a valid integer");
    json_put_text(&item, "type", "type_error.integer");
    if (item != NULL && list != NULL)
        cJSON_AddItemToArray(list, item);
    else
        cJSON_Delete(item);
    json_put(&object, "detail", list);
    answer_json(call, 422, object);
}

static void
answer_empty_list(struct call *call, const char *name)
{
    cJSON *object;

    if (!limit_is_whole(call)) {
        answer_bad_limit(call);
        return;
    }
    object = json_success();
    json_put(&object, name, cJSON_CreateArray());
    json_put_number(&object, "count", 0);
    answer_json(call, 200, object);
}

void
route_executions(struct call *call)
{
    answer_empty_list(call, "executions");
}

void
route_attacks(struct call *call)
{
    answer_empty_list(call, "attacks");
}

void
route_bundles(struct call *call)
{
    cJSON *object = json_success();

    json_put(&object, "bundles", cJSON_CreateArray());
    json_put_number(&object, "count", 0);
    answer_json(call, 200, object);
}

void
route_bundle(struct call *call)
{
    answer_error(call, 404, "Bundle not found");
}
