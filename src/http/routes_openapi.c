/*
 * routes_openapi.c - GET /openapi.json: the route table as OpenAPI 3.1. Paths, methods, classes and bodies
 * come from the table; what it does not know of a route - parameters and other types than JSON - stands here.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "http/routes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH_TEXT_MAX 128
#define JSON_TYPE "application/json"

struct parameter {
    enum api_method method;
    const char *path, *name;
    const char *in;   /* "query", "header" */
    const char *type; /* of the schema */
    const char *about;
};

static const struct parameter parameters[] = {
    { API_GET, "/api/lattice/divergence", "prefix", "query", "string", "name only the keys that begin so" },
    { API_GET, "/api/lattice/events", "detail", "query", "string", "summary (at most 900 bytes) or full" },
    { API_GET, "/api/lattice/events", "interval", "query", "number",
      "seconds between two events, 0.1 to 60; 1" },
    { API_GET, "/api/lattice/snapshot", "at", "query", "string", "RFC 3339 time or Unix milliseconds: the picture of then" },
    { API_GET, "/api/lattice/snapshot", "step", "query", "string",
      "with at: at, earlier, later, earlier-change, later-change" },
    { API_GET, "/api/lattice/keys", "prefix", "query", "string", "only keys that begin so" },
    { API_GET, "/api/lattice/keys", "author", "query", "string",
      "only entries of this public key, 64 hex digits" },
    { API_GET, "/api/lattice/keys", "after", "query", "string", "go on behind this key" },
    { API_GET, "/api/lattice/keys", "limit", "query", "integer", "keys in a page" },
    { API_GET, "/api/lattice/state", "summary", "query", "integer", "1: all but the entries" },
    { API_GET, "/api/lattice/state", "If-None-Match", "header", "string",
      "the ETag held: 304 if it still fits" },
    { API_GET, "/api/lattice/state/", "If-None-Match", "header", "string",
      "the ETag held: 304 if it still fits" },
    { API_PUT, "/api/lattice/state/", "If-Match", "header", "string",
      "the tag that is to be replaced, else 412" },
    { API_PUT, "/api/lattice/state/", "If-None-Match", "header", "string",
      "*: the entry must not exist, else 412" },
    { API_DELETE, "/api/lattice/state/", "If-Match", "header", "string", "the tag that is to go, else 412" },
    { API_POST, "/api/lattice/sync/switch", "mode", "query", "string", "p2p, http or auto" },
    { API_POST, "/api/lattice/sync/switch", "for", "query", "integer",
      "seconds after which it is auto again, 1 to 86400" },
    { API_POST, "/api/lattice/sync/switch", "by", "query", "string", "who asks, for the log: terminal and address of an operator, say" },
    { API_GET, "/api/persistence/executions", "limit", "query", "integer", "as v3.0.3" },
    { API_GET, "/api/persistence/attacks", "limit", "query", "integer", "as v3.0.3" },
    { API_GET, "/api/persistence/bundles", "limit", "query", "integer", "as v3.0.3" },
};

/* Bodies: what is asked for (NULL: none is needed) and what is answered. All others: none, JSON. */
static const struct {
    enum api_method method;
    const char *path, *request, *response;
} bodies[] = {
    { API_GET, "/metrics", NULL, "application/openmetrics-text" },
    { API_GET, "/api/lattice/events", NULL, "text/event-stream" },
    { API_PUT, "/api/lattice/state/", JSON_TYPE, JSON_TYPE },
    { API_POST, "/api/lattice/p2p/publish", JSON_TYPE, JSON_TYPE },
    { API_POST, "/api/lattice/sync", "application/octet-stream", "application/octet-stream" },
};

/* --- parts -------------------------------------------------------------------------------------- */

/* json_put for a name that is gone afterwards. */
static void
put_copied(cJSON **object, const char *name, cJSON *item)
{
    if (*object != NULL && item != NULL && cJSON_AddItemToObject(*object, name, item))
        return;
    cJSON_Delete(item);
    cJSON_Delete(*object);
    *object = NULL;
}

/* As json_put. */
static void
append(cJSON **array, cJSON *item)
{
    if (*array != NULL && item != NULL && cJSON_AddItemToArray(*array, item))
        return;
    cJSON_Delete(item);
    cJSON_Delete(*array);
    *array = NULL;
}

static cJSON *
object_of(const char *name, cJSON *item)
{
    cJSON *object = cJSON_CreateObject();

    put_copied(&object, name, item);
    return object;
}

static cJSON *
schema_of(const char *type)
{
    return object_of("type", cJSON_CreateString(type));
}

/* {"TYPE": {"schema": ...}}; bytes have none. */
static cJSON *
content_of(const char *type)
{
    cJSON *media = cJSON_CreateObject();

    if (strcmp(type, JSON_TYPE) == 0)
        json_put(&media, "schema", cJSON_CreateObject());
    return object_of(type, media);
}

static cJSON *
reference_to(const char *place)
{
    return object_of("$ref", cJSON_CreateString(place));
}

/* --- one route ---------------------------------------------------------------------------------- */

/* "/api/lattice/state/{key}" */
static void
path_text(const struct route *route, char out[PATH_TEXT_MAX])
{
    snprintf(out, PATH_TEXT_MAX, "%s%s", route->path, route->goes_on ? "{key}" : "");
}

/* "get_api_lattice_state": no two routes have the same. */
static cJSON *
operation_id(const struct route *route, const char *method)
{
    char id[PATH_TEXT_MAX + 16];
    int len = snprintf(id, sizeof(id), "%s%s%s", method, route->path, route->goes_on ? "key" : "");

    for (int i = 0; i < len && i < (int)sizeof(id) - 1; i++) {
        if (strchr("/-.", id[i]) != NULL)
            id[i] = '_';
    }
    return cJSON_CreateString(id);
}

static cJSON *
parameter_json(const struct parameter *p, bool required)
{
    cJSON *object = cJSON_CreateObject();

    json_put_text(&object, "name", p->name);
    json_put_text(&object, "in", p->in);
    json_put_flag(&object, "required", required);
    json_put_text(&object, "description", p->about);
    json_put(&object, "schema", schema_of(p->type));
    return object;
}

static cJSON *
parameters_json(const struct route *route)
{
    static const struct parameter rest = {
        .name = "key", .in = "path", .type = "string", .about = "the rest of the path, percent-decoded"
    };
    cJSON *array = cJSON_CreateArray();

    if (route->goes_on)
        append(&array, parameter_json(&rest, true));
    for (size_t i = 0; i < COUNT(parameters); i++) {
        if (parameters[i].method == route->method && strcmp(parameters[i].path, route->path) == 0)
            append(&array, parameter_json(&parameters[i], false));
    }
    return array;
}

static void
put_bodies(cJSON **operation, const struct route *route)
{
    const char *request = NULL, *response = JSON_TYPE;
    cJSON *body, *good = cJSON_CreateObject(), *responses;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        if (bodies[i].method == route->method && strcmp(bodies[i].path, route->path) == 0) {
            request = bodies[i].request;
            response = bodies[i].response;
        }
    }
    if (request != NULL) {
        body = cJSON_CreateObject();
        json_put_flag(&body, "required", true);
        json_put(&body, "content", content_of(request));
        json_put(operation, "requestBody", body);
    }
    json_put_text(&good, "description", route->about);
    json_put(&good, "content", content_of(response));
    responses = object_of("200", good);
    json_put(&responses, "default", reference_to("#/components/responses/Error"));
    json_put(operation, "responses", responses);
}

/* A token, or on loopback none; {} stands for none. */
static cJSON *
security_of(const struct route *route)
{
    cJSON *array = cJSON_CreateArray();

    if (route->class == CLASS_HEALTH)
        return array;
    append(&array, object_of("bearer", cJSON_CreateArray()));
    append(&array, cJSON_CreateObject());
    return array;
}

static cJSON *
operation_json(const struct route *route, const char *method)
{
    static const char *const tags[] = {
        [CLASS_READ] = "read", [CLASS_SYNC] = "sync", [CLASS_HEALTH] = "health", [CLASS_CONTROL] = "control"
    };
    const char *const tag[] = { tags[route->class], NULL };
    cJSON *operation = cJSON_CreateObject();

    json_put(&operation, "operationId", operation_id(route, method));
    json_put(&operation, "tags", json_strings(tag));
    json_put_text(&operation, "summary", route->about);
    json_put(&operation, "parameters", parameters_json(route));
    put_bodies(&operation, route);
    json_put(&operation, "security", security_of(route));
    return operation;
}

/* --- the document ------------------------------------------------------------------------------- */

static const char *
method_key(enum api_method method)
{
    switch (method) {
    case API_PUT:
        return "put";
    case API_POST:
        return "post";
    case API_DELETE:
        return "delete";
    case API_GET:
    case API_HEAD:
    case API_OPTIONS:
        break;
    }
    return "get";
}

static cJSON *
paths_json(void)
{
    cJSON *paths = cJSON_CreateObject(), *item;
    char path[PATH_TEXT_MAX];

    for (size_t i = 0; paths != NULL && i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        const char *method = method_key(route->method);

        path_text(route, path);
        item = cJSON_GetObjectItemCaseSensitive(paths, path);
        if (item == NULL) {
            put_copied(&paths, path, object_of(method, operation_json(route, method)));
        } else if (!cJSON_AddItemToObject(item, method, operation_json(route, method))) {
            cJSON_Delete(paths);
            paths = NULL;
        }
    }
    return paths;
}

static cJSON *
components_json(void)
{
    cJSON *components = cJSON_CreateObject(), *bearer = cJSON_CreateObject(), *error = cJSON_CreateObject();
    cJSON *schema = schema_of("object");

    json_put_text(&bearer, "type", "http");
    json_put_text(&bearer, "scheme", "bearer");
    json_put_text(
        &bearer, "description",
        "the cookie of the state directory, or a token of LATTICE_API_TOKENS_FILE; on loopback only what "
        "changes something asks for it, and an allowed user of this machine needs none");
    json_put(&schema, "properties", object_of("detail", cJSON_CreateObject()));
    json_put_text(&error, "description", "what went wrong, in one sentence");
    json_put(&error, "content", object_of(JSON_TYPE, object_of("schema", schema)));
    json_put(&components, "securitySchemes", object_of("bearer", bearer));
    json_put(&components, "responses", object_of("Error", error));
    return components;
}

void
route_openapi(struct call *call)
{
    cJSON *document = cJSON_CreateObject(), *info = cJSON_CreateObject();

    json_put_text(&info, "title", "Lattice");
    json_put_text(&info, "summary", "The HTTP interface of a Lattice node");
    json_put_text(&info, "version", call->api->version);
    json_put_text(&document, "openapi", "3.1.0");
    json_put(&document, "info", info);
    json_put(&document, "paths", paths_json());
    json_put(&document, "components", components_json());
    answer_json(call, 200, document);
}
