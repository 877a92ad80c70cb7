/*
 * routes_sync.c - one reconciliation message in, one out (WIRE section 5). What it brings proves itself by
 * signatures, so nobody is asked who he is. Pushed records go to the node first; the answer is put together
 * by a worker from a read transaction begun after they were committed.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "http/routes.h"
#include "state/recon_reader.h"

struct sync_job {
    struct job job;
    struct api *api; /* constant parts of it */
    uint8_t *request;
    size_t request_len;
    uint8_t *verdicts;
    size_t verdict_count;
    struct lat_buf reply; /* empty: not to be had */
};

static void
free_sync_job(struct job *job)
{
    struct sync_job *s = (struct sync_job *)job;

    free(s->request);
    free(s->verdicts);
    lat_buf_fini(&s->reply);
    free(s);
}

static bool
flat_root(void *docs, const uint8_t root[32], uint8_t out[32])
{
    return statedocs_flat_root(docs, root, out);
}

/* Answer from this moment's state. */
static void
run_sync(struct job *job)
{
    struct sync_job *s = (struct sync_job *)job;
    struct trust *trust = malloc(sizeof(*trust));
    const struct recon_local local = {
        .key = s->api->key, .trust = trust, .now_ms = lat_wall_ms(), .flat_root = flat_root, .arg = s->api->docs
    };
    enum lat_err err = LAT_NOMEM;

    if (trust) {
        s->api->get_trust(s->api->arg, trust);
        err = recon_answer(s->api->store, &local, s->request, s->request_len, s->verdicts, s->verdict_count, &s->reply);
    }
    free(trust);
    if (err)
        lat_buf_clear(&s->reply);
}

/* --- the call ----------------------------------------------------------------------------------- */

/* Takes the message. */
static void
answer_message(struct call *call, struct lat_buf *message)
{
    lat_buf_fini(&call->answer.body);
    call->answer.body = *message;
    call->answer.type = "application/octet-stream";
    call->answer.status = 200;
    lat_buf_init(message, 0);
}

static void
finish_sync(struct call *call)
{
    struct sync_job *s = (struct sync_job *)call->job;

    if (s->reply.len == 0)
        answer_err(call, LAT_CLOSED, "the node is stopping");
    else
        answer_message(call, &s->reply);
}

static void
run_with_verdicts(struct call *call, const uint8_t *verdicts, size_t count)
{
    struct sync_job *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    s->job.run = run_sync;
    s->api = call->api;
    lat_buf_init(&s->reply, RECON_MESSAGE_MAX);
    s->request = call->body.data;
    s->request_len = call->body.len;
    lat_buf_init(&call->body, 0);
    if (count > 0) {
        s->verdicts = malloc(count);
        if (s->verdicts == NULL) {
            free_sync_job(&s->job);
            answer_err(call, LAT_NOMEM, NULL);
            return;
        }
        memcpy(s->verdicts, verdicts, count);
        s->verdict_count = count;
    }
    call_run(call, &s->job, free_sync_job, finish_sync);
}

static void
after_merge(struct call *call)
{
    const struct reply *reply = ticket_reply(call->ticket);

    if (reply == NULL || reply->err)
        answer_err(call, reply == NULL ? LAT_TIMEOUT : reply->err, reply == NULL ? NULL : reply->text);
    else
        run_with_verdicts(call, reply->verdicts, reply->verdict_count);
}

/* Records were pushed: the node judges and commits them before the answer. */
static void
submit_merge(struct call *call)
{
    struct command *command = command_new(COMMAND_MERGE);

    if (command != NULL)
        command->message = malloc(call->body.len);
    if (command == NULL || command->message == NULL) {
        command_free(command);
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    memcpy(command->message, call->body.data, call->body.len);
    command->message_len = call->body.len;
    call_submit(call, command, after_merge);
}

static bool
is_octet_stream(const char *type)
{
    static const char wanted[] = "application/octet-stream";
    const size_t len = sizeof(wanted) - 1;

    return type != NULL && strncasecmp(type, wanted, len) == 0 &&
           (type[len] == 0 || type[len] == ';' || type[len] == ' ');
}

void
route_sync(struct call *call)
{
    struct recon_pushes pushes = { 0 };
    struct lat_buf reply;
    enum lat_err err;

    if (!is_octet_stream(call->headers.content_type)) {
        answer_error(call, 415, "a sync message has Content-Type: application/octet-stream");
        return;
    }
    lat_buf_init(&pushes.records, RECON_MESSAGE_MAX + 4 * 4096);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    err = recon_inspect(store_network(call->api->store), call->body.data, call->body.len, &pushes, &reply);
    if (err == LAT_MALFORMED)
        answer_message(call, &reply);
    else if (err)
        answer_err(call, err, NULL);
    else if (pushes.count > 0)
        submit_merge(call);
    else
        run_with_verdicts(call, NULL, 0);
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&reply);
}
