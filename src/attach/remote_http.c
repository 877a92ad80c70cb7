/* remote_http.c - what a remote node is asked, and what its answers mean: events, snapshots, v3.0.3's status and root, switches. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "attach/legacy_view.h"
#include "attach/remote_parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "view/json.h"
#include "view/summary.h"

#define BODY_MAX 2097152
#define POLL_MS 1000
#define POLL_SUMMARY_MS 2000   /* where there are no summaries, and nobody looks closely */
#define EVENTS_AGAIN_MS 60000  /* a node whose places for streams were all taken is asked again */

/* --- requests -------------------------------------------------------------------------------------- */

bool
remote_request_init(struct remote_request *q, struct ssh_tunnel *tunnel)
{
    q->curl = curl_easy_init();
    lat_buf_init(&q->body, BODY_MAX);
    api_way_init(&q->way, tunnel);
    return q->curl != NULL;
}

void
remote_request_end(struct remote *r, struct remote_request *q)
{
    if (q->kind != REQUEST_NONE)
        curl_multi_remove_handle(r->multi, q->curl);
    q->kind = REQUEST_NONE;
    api_way_fini(&q->way);
    curl_slist_free_all(q->headers);
    q->headers = NULL;
    lat_buf_clear(&q->body);
}

void
remote_request_fini(struct remote *r, struct remote_request *q)
{
    if (q->curl == NULL)
        return;
    remote_request_end(r, q);
    curl_easy_cleanup(q->curl);
    lat_buf_fini(&q->body);
}

static long
status_of(const struct remote_request *q)
{
    long status = 0;

    curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static void
note_heard(struct remote *r, size_t len)
{
    r->heard_ms = r->now_ms;
    atomic_fetch_add(&r->bytes, len);
}

/* A body: an event stream is read as it comes, all else is kept. */
static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
    struct remote *r = arg;
    size_t len = size * count;
    enum lat_err err;

    note_heard(r, len);
    r->watch.answered = true;
    if (r->watch.kind == REQUEST_EVENTS && status_of(&r->watch) == 200)
        err = sse_feed(&r->sse, data, len);
    else
        err = lat_buf_add(&r->watch.body, data, len);
    return err ? 0 : len;
}

static size_t
take_call_body(char *data, size_t size, size_t count, void *arg)
{
    struct remote *r = arg;

    note_heard(r, size * count);
    return lat_buf_add(&r->call.body, data, size * count) ? 0 : size * count;
}

/* ETag: "..." */
static size_t
take_header(char *data, size_t size, size_t count, void *arg)
{
    struct remote *r = arg;
    size_t len = size * count;
    const char *open, *close;

    note_heard(r, len);
    if (len > 5 && strncasecmp(data, "etag:", 5) == 0 && (open = memchr(data, '"', len)) != NULL &&
        (close = memchr(open + 1, '"', len - (size_t)(open + 1 - data))) != NULL && (size_t)(close - open) < sizeof(r->watch.etag))
        lat_escape(open + 1, (size_t)(close - open - 1), r->watch.etag, sizeof(r->watch.etag));
    return len;
}

/* False: out of memory, and the attempt has failed. */
static bool
start(struct remote *r, struct remote_request *q, enum request_kind kind, const char *method)
{
    const struct api_request request = { .method = method, .path = q->path, .header = q->header[0] ? q->header : NULL,
                                         .slow = true /* remote_turn.c has the deadlines */ };

    q->begun_ms = r->now_ms;
    q->answered = false;
    q->etag[0] = 0;
    if (api_set_up(q->curl, &r->target, &q->way, &request, q->error, &q->headers)) {
        remote_fail(r, "out of memory");
        return false;
    }
    curl_easy_setopt(q->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)REMOTE_REQUEST_MS);
    curl_easy_setopt(q->curl, CURLOPT_WRITEFUNCTION, q == &r->call ? take_call_body : take_body);
    curl_easy_setopt(q->curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(q->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(q->curl, CURLOPT_HEADERDATA, r);
    if (curl_multi_add_handle(r->multi, q->curl)) {
        remote_fail(r, "out of memory");
        return false;
    }
    q->kind = kind;
    return true;
}

/* --- watching -------------------------------------------------------------------------------------- */

static void
ask_events(struct remote *r)
{
    r->watching_full = atomic_load(&r->full);
    sse_reset(&r->sse);
    r->watch.header[0] = 0;
    snprintf(r->watch.path, sizeof(r->watch.path), "/api/lattice/events?detail=%s", r->watching_full ? "full" : "summary");
    (void)start(r, &r->watch, REQUEST_EVENTS, "GET");
}

static void
ask_snapshot(struct remote *r)
{
    r->watching_full = atomic_load(&r->full);
    snprintf(r->watch.path, sizeof(r->watch.path), "/api/lattice/snapshot");
    r->watch.header[0] = 0;
    if (r->etag[0])
        snprintf(r->watch.header, sizeof(r->watch.header), "If-None-Match: \"%s\"", r->etag);
    (void)start(r, &r->watch, REQUEST_SNAPSHOT, "GET");
}

static void
ask_plain(struct remote *r, enum request_kind kind, const char *path)
{
    lat_copy(r->watch.path, sizeof(r->watch.path), path);
    r->watch.header[0] = 0;
    (void)start(r, &r->watch, kind, "GET");
}

void
remote_watch(struct remote *r)
{
    if (r->watch.kind == REQUEST_EVENTS && r->watching_full != atomic_load(&r->full))
        remote_request_end(r, &r->watch); /* another detail is wanted */
    if (r->watch.kind != REQUEST_NONE || r->now_ms < r->poll_ms)
        return;
    if (r->mode == WATCH_POLL && r->now_ms >= r->mode_until_ms)
        r->mode = WATCH_EVENTS;
    switch (r->mode) {
    case WATCH_EVENTS:
        ask_events(r);
        break;
    case WATCH_POLL:
        ask_snapshot(r);
        break;
    case WATCH_LEGACY:
        ask_plain(r, REQUEST_STATUS, "/api/lattice/p2p/status");
        break;
    }
}

/* The node is there. */
static void
publish(struct remote *r, struct snapshot *s)
{
    if (r->options.name)
        lat_copy(s->name, sizeof(s->name), r->name);
    r->live = true;
    r->failures = 0;
    r->heard_ms = r->now_ms;
    remote_say(r, LINK_LIVE);
    exchange_publish(r->exchange, s);
}

static void
on_event(void *arg, const char *name, const char *data, size_t len)
{
    struct remote *r = arg;
    struct snapshot *s = NULL;
    enum lat_err err;

    if (strcmp(name, "snapshot") != 0) /* ping, or one of a later version */
        return;
    err = r->watching_full ? snapshot_from_json(data, len, r->now_ms, &s) : summary_from_json(data, len, r->now_ms, &s);
    if (err == LAT_OK)
        publish(r, s);
}

static void
wait_for_poll(struct remote *r)
{
    r->poll_ms = r->now_ms + (atomic_load(&r->full) ? POLL_MS : POLL_SUMMARY_MS);
}

static void
refuse(struct remote *r, long status)
{
    struct api_answer answer = { .status = status, .body = r->watch.body };
    char text[200], reason[300];

    api_error_text(&answer, text, sizeof(text));
    if (status == 401 || status == 403)
        snprintf(reason, sizeof(reason), "refused (%ld): %s; give --token-file", status, text);
    else if (status >= 300 && status < 400)
        snprintf(reason, sizeof(reason), "answers with a redirect (%ld), which is not followed: name the node itself", status);
    else
        snprintf(reason, sizeof(reason), "%s", text);
    remote_fail(r, reason);
}

/* A stream that ends: at once, if it never was one; else the node is stopping or has dropped us. */
static void
end_events(struct remote *r)
{
    long status = status_of(&r->watch);

    if (status == 200) {
        remote_fail(r, "the node has ended the stream of events");
    } else if (status == 404 || status == 405 || status == 501 || status == 503) {
        r->mode = WATCH_POLL;
        r->mode_until_ms = r->now_ms + EVENTS_AGAIN_MS;
        r->poll_ms = r->now_ms;
        remote_request_end(r, &r->watch);
    } else {
        refuse(r, status);
    }
}

static void
end_snapshot(struct remote *r)
{
    long status = status_of(&r->watch);
    const struct snapshot *standing;
    struct snapshot *s;

    if (status == 200 && snapshot_from_json(lat_buf_str(&r->watch.body), r->watch.body.len, r->now_ms, &s) == LAT_OK) {
        lat_copy(r->etag, sizeof(r->etag), r->watch.etag);
        publish(r, s);
    } else if (status == 404) {
        r->mode = WATCH_LEGACY;
        r->poll_ms = r->now_ms;
        remote_request_end(r, &r->watch);
        return;
    } else if (status != 304) {
        refuse(r, status);
        return;
    }
    standing = status == 304 ? exchange_latest(r->exchange) : NULL;
    if (standing) {
        r->live = true;
        remote_say(r, LINK_LIVE);
        snapshot_unref(standing);
    }
    wait_for_poll(r);
    remote_request_end(r, &r->watch);
}

/* v3.0.3: the status first, then the root, then both make one picture. */
static void
end_status(struct remote *r)
{
    long status = status_of(&r->watch);

    if (status != 200) {
        refuse(r, status);
        return;
    }
    lat_buf_clear(&r->legacy_status);
    if (lat_buf_add(&r->legacy_status, r->watch.body.data, r->watch.body.len)) {
        remote_fail(r, "out of memory");
        return;
    }
    remote_request_end(r, &r->watch);
    ask_plain(r, REQUEST_ROOT, "/api/persistence/merkle-root");
}

static void
end_root(struct remote *r)
{
    bool good = status_of(&r->watch) == 200;
    struct snapshot *s;

    if (legacy_snapshot(lat_buf_str(&r->legacy_status), r->legacy_status.len, good ? lat_buf_str(&r->watch.body) : NULL,
                        good ? r->watch.body.len : 0, r->name, r->now_ms, &s)) {
        remote_fail(r, "answers like no node that is known here");
        return;
    }
    s->wall_ms = lat_wall_ms(); /* it does not say: ours, then */
    publish(r, s);
    wait_for_poll(r);
    remote_request_end(r, &r->watch);
}

/* --- commands -------------------------------------------------------------------------------------- */

static void
reply_and_free(struct remote *r, const struct reply *reply)
{
    if (r->command->ticket)
        ticket_complete(r->command->ticket, reply);
    r->command->ticket = NULL;
    command_free(r->command);
    r->command = NULL;
}

static void
reply_no(struct remote *r, enum lat_err err, const char *text)
{
    struct reply reply = { .err = err };

    lat_copy(reply.text, sizeof(reply.text), text);
    reply_and_free(r, &reply);
}

void
remote_drop_command(struct remote *r, const char *reason)
{
    if (r->command)
        reply_no(r, LAT_CLOSED, reason);
    while (!r->up && (r->command = exchange_take(r->exchange)) != NULL)
        reply_no(r, LAT_CLOSED, reason);
}

/* "&by=" and who: terminal, user and address of the operator, for the log of the node. What does not fit is left out. */
static void
put_operator(const char *who, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "&by=");

    for (; *who && used + 4 <= size; who++)
        used += (size_t)snprintf(out + used, size - used, isalnum((unsigned char)*who) ? "%c" : "%%%02x", (unsigned char)*who);
}

static void
start_switch(struct remote *r)
{
    const struct command *command = r->command;
    size_t len;

    snprintf(r->call.path, sizeof(r->call.path), "/api/lattice/sync/switch?mode=%s", lung_policy_name(command->policy));
    len = strlen(r->call.path);
    if (command->for_s > 0)
        len += (size_t)snprintf(r->call.path + len, sizeof(r->call.path) - len, "&for=%u", command->for_s);
    if (command->who[0])
        put_operator(command->who, r->call.path + len, sizeof(r->call.path) - len);
    r->call.header[0] = 0;
    (void)start(r, &r->call, REQUEST_SWITCH, "POST");
}

/* A moment of the past: looking changes nothing, and needs no leave to. */
static void
start_look(struct remote *r)
{
    snprintf(r->call.path, sizeof(r->call.path), "/api/lattice/snapshot?at=%llu&step=%s",
             (unsigned long long)r->command->at_ms, look_step_name(r->command->step));
    r->call.header[0] = 0;
    (void)start(r, &r->call, REQUEST_LOOK, "GET");
}

void
remote_commands(struct remote *r)
{
    while (r->up && r->call.kind == REQUEST_NONE && (r->command = exchange_take(r->exchange)) != NULL) {
        if (r->command->kind == COMMAND_LOOK)
            start_look(r);
        else if (!r->options.control)
            reply_no(r, LAT_AUTH, "this console only looks; attach with --control to change the mode");
        else if (r->command->kind != COMMAND_SWITCH)
            reply_no(r, LAT_AUTH, "not possible from an attached console");
        else
            start_switch(r);
    }
}

static void
end_switch(struct remote *r, const struct command *command)
{
    struct api_answer answer = { .status = status_of(&r->call), .body = r->call.body };
    cJSON *json = cJSON_ParseWithLength((const char *)answer.body.data, answer.body.len);
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(json, "state");
    struct reply reply = { .policy = command->policy, .for_s = command->for_s };
    bool good = answer.status == 200 && cJSON_IsString(state) && lung_state_parse(state->valuestring, &reply.state) == LAT_OK;

    if (answer.status == 200 && !good && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "success")))
        good = true; /* v3.0.3 answers without a state */
    else if (good)
        reply.sync_mode = lung_sync_mode(reply.state);
    if (!good)
        reply.err = answer.status == 409 ? LAT_CONFLICT : LAT_AUTH;
    api_error_text(&answer, reply.text, sizeof(reply.text)); /* the member `message`, good or bad */
    cJSON_Delete(json);
    remote_request_end(r, &r->call);
    reply_and_free(r, &reply);
}

static void
end_look(struct remote *r)
{
    struct api_answer answer = { .status = status_of(&r->call), .body = r->call.body };
    struct reply reply = { .err = LAT_NOTFOUND };
    struct snapshot *found = NULL;

    if (answer.status == 200)
        reply.err = snapshot_from_json(lat_buf_str(&r->call.body), r->call.body.len, r->now_ms, &found);
    else
        api_error_text(&answer, reply.text, sizeof(reply.text));
    reply.snapshot = found;
    remote_request_end(r, &r->call);
    reply_and_free(r, &reply);
}

/* --- ends ------------------------------------------------------------------------------------------ */

static void
fail_by(struct remote *r, const struct remote_request *q, CURLcode rc)
{
    char reason[LINK_TEXT_MAX];

    if (r->tunnel && ssh_tunnel_error(r->tunnel)[0])
        lat_copy(reason, sizeof(reason), ssh_tunnel_error(r->tunnel));
    else
        api_trouble_text(q->curl, rc, q->error, reason, sizeof(reason));
    remote_fail(r, reason);
}

static void
end_watch(struct remote *r, CURLcode rc)
{
    /* A stream that breaks off after its head is an end like any other. */
    if (rc != CURLE_OK && !(r->watch.kind == REQUEST_EVENTS && r->watch.answered)) {
        fail_by(r, &r->watch, rc);
        return;
    }
    switch (r->watch.kind) {
    case REQUEST_EVENTS:
        end_events(r);
        break;
    case REQUEST_SNAPSHOT:
        end_snapshot(r);
        break;
    case REQUEST_STATUS:
        end_status(r);
        break;
    case REQUEST_ROOT:
        end_root(r);
        break;
    case REQUEST_SWITCH:
    case REQUEST_LOOK:
    case REQUEST_NONE:
        break;
    }
}

void
remote_finish(struct remote *r)
{
    const CURLMsg *message;
    int left;

    while (r->up && (message = curl_multi_info_read(r->multi, &left)) != NULL) {
        CURLcode rc = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        if (message->easy_handle == r->watch.curl)
            end_watch(r, rc);
        else if (rc == CURLE_OK && r->command && r->call.kind == REQUEST_LOOK)
            end_look(r);
        else if (rc == CURLE_OK && r->command)
            end_switch(r, r->command);
        else
            fail_by(r, &r->call, rc);
    }
}

void
remote_sse_init(struct remote *r)
{
    sse_init(&r->sse, on_event, r);
}
