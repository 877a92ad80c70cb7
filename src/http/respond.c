#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/serve.h"

/* What a response that is sent from several pieces holds on to. */
struct pieces {
    const struct statedoc *doc;
    void *head, *tail;
};

static void
free_pieces(void *arg)
{
    struct pieces *p = arg;

    statedoc_unref(p->doc);
    free(p->head);
    free(p->tail);
    free(p);
}

/* Take the content out of the buffer. */
static void *
taken(struct lat_buf *buf)
{
    void *data = buf->data;

    lat_buf_init(buf, buf->max);
    return data;
}

/* Head, prepared document, tail: none of it is copied. */
static struct MHD_Response *
response_of_pieces(struct answer *a)
{
    struct pieces *p = calloc(1, sizeof(*p));
    struct MHD_IoVec parts[3] = { { a->body.data, a->body.len },
                                  { a->doc->text, a->doc->text_len },
                                  { a->tail.data, a->tail.len } };
    struct MHD_Response *response;

    if (p == NULL)
        return NULL;
    p->doc = a->doc;
    a->doc = NULL;
    p->head = taken(&a->body);
    p->tail = taken(&a->tail);
    response = MHD_create_response_from_iovec(parts, 3, free_pieces, p);
    if (response == NULL)
        free_pieces(p);
    return response;
}

static struct MHD_Response *
response_of_body(struct answer *a)
{
    size_t len = a->body.len;
    struct MHD_Response *response;
    void *data;

    if (len == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    data = taken(&a->body);
    response = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(data);
    return response;
}

static void
add(struct MHD_Response *response, const char *name, const char *value)
{
    if (*value != 0)
        MHD_add_response_header(response, name, value);
}

static void
add_headers(struct MHD_Response *response, const struct answer *a)
{
    char seconds[16];

    if (a->stream)
        add(response, "Content-Type", "text/event-stream");
    else if (a->status != 204 && a->status != 304 && a->status != 307)
        add(response, "Content-Type", a->type != NULL ? a->type : "application/json");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Cache-Control", a->etag[0] != 0 ? "no-cache" : "no-store");
    add(response, "ETag", a->etag);
    add(response, "Location", a->location);
    add(response, "Allow", a->allow);
    add(response, "Lattice-Author", a->author);
    add(response, "Lattice-Hlc", a->hlc);
    if (a->status == 401)
        add(response, "WWW-Authenticate", "Bearer");
    if (a->retry_after_s > 0) {
        snprintf(seconds, sizeof(seconds), "%u", a->retry_after_s);
        add(response, "Retry-After", seconds);
    }
    if (a->close)
        add(response, "Connection", "close");
}

/* Only for pages that configuration lists; never with credentials. */
static void
add_cors(struct MHD_Response *response, const struct request *request)
{
    if (request->grant == ORIGIN_NONE)
        return;
    add(response, "Access-Control-Allow-Origin",
        request->grant == ORIGIN_ANY ? "*" : request->call.headers.origin);
    add(response, "Vary", "Origin");
    if (request->call.method != API_OPTIONS)
        return;
    add(response, "Access-Control-Allow-Methods", request->call.answer.allow);
    add(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match");
    add(response, "Access-Control-Max-Age", "600");
}

/* How long a client may take over its answer, however slowly it reads. */
static void
limit_sending(struct request *request, uint64_t bytes)
{
    if (request->call.answer.stream)
        conn_clear_deadline(request->conn);
    else
        conn_set_deadline(request->conn, SERVE_SEND_MS + bytes / SERVE_SEND_RATE * 1000);
}

static uint64_t
size_of(const struct answer *a)
{
    return a->body.len + (a->doc != NULL ? a->doc->text_len : 0) + a->tail.len;
}

/* May the answer be kept for others, and under which number? */
static bool
is_to_share(const struct request *request)
{
    const struct call *call = &request->call;

    return call->route != NULL && call->route->shared && *call->query == 0 && request->grant == ORIGIN_NONE &&
           call->snapshot != NULL && !call->answer.close && call->method != API_OPTIONS &&
           call->answer.retry_after_s == 0;
}

static bool
is_live(const struct server *server, const struct snapshot *s)
{
    return server->now_ms < s->mono_ms || server->now_ms - s->mono_ms <= API_LIVE_MS;
}

static void
drop(struct shared_answer *shared)
{
    if (shared->response != NULL)
        MHD_destroy_response(shared->response);
    memset(shared, 0, sizeof(*shared));
}

/* Takes the caller's reference to the response. */
static void
share(struct request *request, struct MHD_Response *response)
{
    struct server *server = request->conn->listener->server;
    struct shared_answer *shared = &server->shared[routes_index(request->call.route)];

    drop(shared);
    shared->number = request->call.snapshot->number;
    shared->facts = server->facts_number;
    shared->is_live = is_live(server, request->call.snapshot);
    shared->status = request->call.answer.status;
    shared->response = response;
}

enum MHD_Result
respond(struct request *request)
{
    struct answer *a = &request->call.answer;
    struct MHD_Response *response;
    enum MHD_Result result;
    uint64_t bytes;

    request->stage = REQUEST_QUEUED;
    if (a->stream && events_full(request->conn->listener->server)) {
        a->stream = false;
        answer_error(&request->call, 503, "as many clients as may already listen to events");
    }
    bytes = size_of(a);
    if (a->stream)
        response = events_response(request);
    else
        response = a->doc != NULL ? response_of_pieces(a) : response_of_body(a);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, a);
    add_cors(response, request);
    limit_sending(request, bytes);
    result = MHD_queue_response(request->conn->mhd, a->status, response);
    if (is_to_share(request))
        share(request, response);
    else
        MHD_destroy_response(response);
    return result;
}

bool
respond_shared(struct request *request, enum MHD_Result *result)
{
    struct server *server = request->conn->listener->server;
    struct call *call = &request->call;
    struct shared_answer *shared;

    if (!call->route->shared || *call->query != 0 || request->grant != ORIGIN_NONE ||
        call->method == API_OPTIONS)
        return false;
    call->snapshot = exchange_latest(server->api.exchange);
    shared = &server->shared[routes_index(call->route)];
    if (call->snapshot == NULL || shared->response == NULL || shared->number != call->snapshot->number ||
        shared->facts != server->facts_number || shared->is_live != is_live(server, call->snapshot))
        return false;
    request->stage = REQUEST_QUEUED;
    limit_sending(request, 0);
    *result = MHD_queue_response(request->conn->mhd, shared->status, shared->response);
    return true;
}

void
respond_drop_shared(struct server *server)
{
    for (size_t i = 0; server->shared != NULL && i < routes_count(); i++)
        drop(&server->shared[i]);
}
