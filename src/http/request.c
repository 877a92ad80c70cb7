/*
 * The library calls request_begin when it has read the request line, request_handle when it has the header,
 * then for each piece of the body, then once more when all is there; request_end whatever happened. On the
 * first of these calls a request is judged. Only a refusal that ends the connection is queued there: the
 * library closes a connection that is answered so early, even where nothing is wrong with it. Everything else
 * is answered on the last call.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/serve.h"

/* --- begin and end ------------------------------------------------------------------------------ */

void *
request_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct listener *listener = cls;
    struct conn *conn = conn_of(mhd);
    struct request *request;

    if (conn == NULL || uri == NULL)
        return NULL;
    request = calloc(1, sizeof(*request));
    if (request == NULL)
        return NULL;
    request->target_len = strlen(uri);
    request->target = strdup(uri);
    if (request->target == NULL) {
        free(request);
        return NULL;
    }
    request->conn = conn;
    conn->request = request;
    call_init(&request->call, &listener->server->api);
    return request;
}

/* The body is gone: others may have its room. */
static void
uncount_body(struct request *request)
{
    request->conn->listener->server->body_bytes -= request->body_counted;
    request->body_counted = 0;
}

static void
leave_waiting(struct request *request)
{
    struct server *server = request->conn->listener->server;

    if (request->stage != REQUEST_WAITING)
        return;
    if (request->prev != NULL)
        request->prev->next = request->next;
    else
        server->waiting = request->next;
    if (request->next != NULL)
        request->next->prev = request->prev;
    request->next = request->prev = NULL;
    request->stage = REQUEST_BODY;
}

void
request_end(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode code)
{
    struct request *request = *con_cls;

    (void)cls;
    (void)mhd;
    (void)code;
    if (request == NULL)
        return;
    leave_waiting(request);
    uncount_body(request);
    request->conn->request = NULL;
    conn_idle(request->conn);
    call_fini(&request->call);
    free(request->target);
    free(request);
    *con_cls = NULL;
}

/* --- judging ------------------------------------------------------------------------------------ */

struct collected {
    struct gate_header headers[GATE_HEADERS_MAX];
    size_t count;
};

static enum MHD_Result
collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
        size_t value_len)
{
    struct collected *all = cls;
    uintptr_t end = (uintptr_t)name + name_len;
    struct gate_header *h;

    (void)kind;
    if (all->count++ >= GATE_HEADERS_MAX)
        return MHD_YES; /* counted, and refused for its number */
    h = &all->headers[all->count - 1];
    *h = (struct gate_header){ name, name_len, value, value_len, GATE_GAP_NONE };
    if (value == NULL)
        h->value = "";
    else if ((uintptr_t)value > end)
        h->gap = (uintptr_t)value - end;
    return MHD_YES;
}

static void
refuse(struct request *request, struct gate_refusal no)
{
    answer_error(&request->call, no.status, "%s", no.detail);
}

/* The rules of framing. Whatever breaks them ends the connection. */
static bool
passes_gate(struct request *request, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->conn->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct gate_request seen = { .method = method, .uri = request->target, .version = version };
    struct gate_refusal no;
    struct collected all;

    all.count = 0;
    MHD_get_connection_values_n(request->conn->mhd, MHD_HEADER_KIND, collect, &all);
    seen.headers = all.headers;
    seen.header_count = all.count;
    seen.header_bytes = info == NULL ? SIZE_MAX : info->header_size;
    no = gate_check(&seen, &request->call.headers);
    if (no.status == 0)
        return true;
    refuse(request, no);
    request->call.answer.close = true;
    return false;
}

/* Cut the target into path and query; the path stays in request->target. */
static void
split_target(struct request *request)
{
    char *query = strchr(request->target, '?');

    if (query == NULL)
        return;
    *query = 0;
    request->call.query = query + 1;
}

static bool
passes_origin(struct request *request, bool changes)
{
    struct listener *listener = request->conn->listener;
    const struct api_facts *facts = listener->server->facts;
    char local[LISTEN_TEXT_MAX] = "";
    const struct origin_rules rules = {
        .bound = listener->guarded ? local : listener->bound,
        .hosts = facts->hosts,
        .cors_origins = facts->cors_origins,
        .tls = listener->tls,
        .any_host = listener->kind == LISTENER_SYNC,
    };
    struct gate_refusal no;

    if (listener->guarded) /* bound to every address, say: that by which this client has come */
        listen_text(request->conn->fd, local);
    no = origin_check(&rules, &request->call.headers, changes, &request->grant);
    if (no.status == 0)
        return true;
    refuse(request, no);
    return false;
}

/*
 * Tokens of which one of these roles are asked for; 0: anybody may. Off loopback a stranger does not even
 * learn which routes there are.
 */
static unsigned
roles_for(const struct listener *listener, const struct route *route, enum api_method method, bool changes)
{
    if (route != NULL && route->class == CLASS_HEALTH)
        return 0;
    if (listener->kind == LISTENER_SYNC)
        return tokens_roles(listener->server->tokens) & TOKEN_SYNC;
    if (changes)
        return TOKEN_CONTROL;
    if (!listener->guarded)
        return 0;
    if (route == NULL || method == API_OPTIONS)
        return TOKEN_ANY;
    switch (route->class) {
    case CLASS_READ:
        return TOKEN_READ | TOKEN_CONTROL;
    case CLASS_SYNC: /* to look at the state is to read; to bring something to it is not */
        return TOKEN_SYNC | TOKEN_CONTROL | (route->method == API_GET ? (unsigned)TOKEN_READ : 0);
    case CLASS_CONTROL:
    case CLASS_HEALTH:
        break;
    }
    return TOKEN_CONTROL;
}

/* Do only bearers come in here? */
static bool
is_closed(const struct listener *listener)
{
    return listener->guarded || listener->kind == LISTENER_SYNC;
}

/* Who is it, at accept and now? */
static bool
passes_auth(struct request *request)
{
    struct server *server = request->conn->listener->server;
    const struct auth_rules rules = {
        .roles = request->roles,
        .users = !is_closed(request->conn->listener),
        .cookie = server->cookie,
        .tokens = server->tokens,
        .wall_ms = lat_wall_ms(),
        .uids = server->facts->uids,
        .uid_count = server->facts->uid_count,
        .gids = server->facts->gids,
        .gid_count = server->facts->gid_count,
    };
    struct auth_user now;
    struct gate_refusal no;

    if (request->roles == 0)
        return true;
    now = conn_asker(request->conn);
    no = auth_check(&rules, &request->call.headers, &request->conn->at_accept, &now, request->call.caller);
    if (no.status == 0)
        return true;
    if (request->roles == TOKEN_CONTROL)
        answer_failure(&request->call, no.status,
                       no.detail); /* as v3.0.3's clients of the switch look for it */
    else
        refuse(request, no);
    return false;
}

/* 307, 404, 405, or the answer to OPTIONS. False: answered. */
static bool
passes_table(struct request *request, const struct route_match *match)
{
    struct call *call = &request->call;
    bool whole_server = strcmp(request->target, "*") == 0;

    if (match->redirect) {
        snprintf(call->answer.location, sizeof(call->answer.location), "%.*s%s%s",
                 (int)(strlen(request->target) - 1), request->target, *call->query != 0 ? "?" : "",
                 call->query);
        call->answer.status = 307;
    } else if (call->method == API_OPTIONS && (match->route != NULL || whole_server)) {
        routes_allow_text(whole_server ? API_GET | API_HEAD | API_PUT | API_POST | API_DELETE | API_OPTIONS
                                       : match->allowed,
                          call->answer.allow);
        call->answer.status = 204;
    } else if (match->allowed == 0) {
        answer_error(call, 404, "Not Found");
    } else if (match->route == NULL) {
        routes_allow_text(match->allowed, call->answer.allow);
        answer_error(call, 405, "Method Not Allowed");
    }
    return call->answer.status == 0;
}

/* Would what a preflight asks about change something? */
static bool
preflight_changes(const struct request *request)
{
    const char *method = request->call.headers.request_method;
    struct route_match match;

    if (request->call.method != API_OPTIONS || method == NULL)
        return false;
    match = routes_find(routes_method(method), request->target, false);
    return match.route != NULL && match.route->class == CLASS_CONTROL;
}

/* Fill in the call, or its answer where it is refused. */
static void
judge(struct request *request, const char *method, const char *version)
{
    struct listener *listener = request->conn->listener;
    struct call *call = &request->call;
    struct route_match match;
    bool changes;

    call->now_ms = listener->server->now_ms;
    if (!passes_gate(request, method, version))
        return;
    split_target(request);
    call->method = routes_method(method);
    match = routes_find(call->method, request->target, listener->kind == LISTENER_SYNC);
    changes = (match.route != NULL && match.route->class == CLASS_CONTROL && call->method != API_OPTIONS) ||
              preflight_changes(request);
    request->roles = roles_for(listener, match.route, call->method, changes);
    if (!passes_origin(request, changes) || (is_closed(listener) && !passes_auth(request)) ||
        !passes_table(request, &match))
        return;
    assert(match.route != NULL); /* otherwise the table has answered */
    call->route = match.route;
    call->rest = match.rest;
    if (listener->server->api.stopping) {
        answer_err(call, LAT_CLOSED, "the node is stopping");
        call->answer.close = true;
    } else if (!is_closed(listener) && !passes_auth(request)) {
        return;
    } else if (call->headers.length > match.route->body_max) {
        if (match.route->body_max == 0)
            answer_error(call, 413, "this takes no body");
        else
            answer_error(call, 413, "the body is over %zu bytes", match.route->body_max);
    }
}

/* --- the body ----------------------------------------------------------------------------------- */

/* Bodies that anybody may send share a bound; who may change the node is not held up by them. */
static bool
body_fits(struct request *request, size_t size)
{
    struct server *server = request->conn->listener->server;

    if (request->call.route->class == CLASS_CONTROL)
        return true;
    if (server->body_bytes + size > SERVE_BODIES_MAX)
        return false;
    server->body_bytes += size;
    request->body_counted += size;
    return true;
}

static void
take_body(struct request *request, const char *data, size_t size)
{
    if (request->stage == REQUEST_DRAIN)
        return;
    if (body_fits(request, size) && !lat_buf_add(&request->call.body, data, size))
        return;
    lat_buf_fini(&request->call.body);
    uncount_body(request);
    answer_err(&request->call, LAT_BUSY, "too many bodies at once; try again");
    request->stage = REQUEST_DRAIN;
}

/* --- the calls of the library ------------------------------------------------------------------- */

static enum MHD_Result
first_call(struct request *request, const char *method, const char *version)
{
    struct call *call = &request->call;
    uint64_t length, bearable;

    judge(request, method, version);
    length = call->headers.length;
    bearable = SERVE_DRAIN_MAX + (call->route == NULL ? 0 : call->route->body_max);
    if (call->answer.status != 0 && (call->answer.close || length > bearable)) {
        call->answer.close = true;
        return respond(request);
    }
    request->stage = call->answer.status != 0 ? REQUEST_DRAIN : REQUEST_BODY;
    if (length > 0)
        conn_set_deadline(request->conn, SERVE_BODY_MS);
    else
        conn_clear_deadline(request->conn);
    lat_buf_init(&call->body, (size_t)length);
    return MHD_YES;
}

/* Answer, or wait for what the handler waits for. */
static enum MHD_Result
settle(struct request *request)
{
    struct server *server = request->conn->listener->server;

    if (!call_is_waiting(&request->call))
        return respond(request);
    request->stage = REQUEST_WAITING;
    request->next = server->waiting;
    if (server->waiting != NULL)
        server->waiting->prev = request;
    server->waiting = request;
    MHD_suspend_connection(request->conn->mhd);
    return MHD_YES;
}

static enum MHD_Result
last_call(struct request *request)
{
    struct server *server = request->conn->listener->server;
    struct call *call = &request->call;
    enum MHD_Result result;

    conn_clear_deadline(request->conn);
    call->now_ms = server->now_ms;
    if (call->answer.status == 0 && server->api.stopping)
        answer_err(call, LAT_CLOSED, "the node is stopping"); /* nothing new is waited for */
    if (call->answer.status == 0) {
        if (respond_shared(request, &result))
            return result;
        /* A second look: the first may have been minutes of bytes ago. */
        if (passes_auth(request))
            call->route->handle(call);
    }
    return settle(request);
}

/* The answer is there, or there is no more patience. */
static enum MHD_Result
resumed_call(struct request *request)
{
    struct call *call = &request->call;
    call_fn resume = call->resume;

    call->now_ms = request->conn->listener->server->now_ms;
    call->resume = NULL;
    resume(call);
    return settle(request);
}

enum MHD_Result
request_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
               const char *version, const char *data, size_t *size, void **con_cls)
{
    struct request *request = *con_cls;

    (void)cls;
    (void)mhd;
    (void)url;
    if (request == NULL)
        return MHD_NO; /* no memory for it: the library closes */
    if (request->stage == REQUEST_NEW)
        return first_call(request, method, version);
    if (*size > 0) {
        take_body(request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (call_is_waiting(&request->call))
        return resumed_call(request);
    return last_call(request);
}

void
requests_resume_ready(struct server *server)
{
    struct request *next;
    struct call *call;

    for (struct request *request = server->waiting; request != NULL; request = next) {
        next = request->next;
        call = &request->call;
        if (!call->is_ready(call) && server->now_ms < call->patience_ms)
            continue;
        leave_waiting(request);
        MHD_resume_connection(request->conn->mhd);
    }
}
