#include "config.h"

#include "http/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BODY_MAX (8u * 1024 * 1024) /* of an answer that is put together in memory */
#define HEX_BYTES_MAX 64

/* --- JSON objects that remember a failure ------------------------------------------------------- */

void
json_put(cJSON **object, const char *name, cJSON *item)
{
    if (*object != NULL && item != NULL && cJSON_AddItemToObjectCS(*object, name, item))
        return;
    cJSON_Delete(item);
    cJSON_Delete(*object);
    *object = NULL;
}

void
json_put_text(cJSON **object, const char *name, const char *text)
{
    json_put(object, name, text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
}

void
json_put_number(cJSON **object, const char *name, double number)
{
    json_put(object, name, cJSON_CreateNumber(number));
}

void
json_put_flag(cJSON **object, const char *name, bool flag)
{
    json_put(object, name, cJSON_CreateBool(flag));
}

void
json_put_hex(cJSON **object, const char *name, const uint8_t *bytes, size_t len)
{
    char text[2 * HEX_BYTES_MAX + 1];

    lat_hex(bytes, len < HEX_BYTES_MAX ? len : HEX_BYTES_MAX, text);
    json_put_text(object, name, text);
}

cJSON *
json_strings(const char *const *list)
{
    cJSON *array = cJSON_CreateArray();
    cJSON *item;

    for (; array != NULL && list != NULL && *list != NULL; list++) {
        item = cJSON_CreateString(*list);
        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

cJSON *
json_success(void)
{
    cJSON *object = cJSON_CreateObject();

    json_put_flag(&object, "success", true);
    return object;
}

/* --- answers ------------------------------------------------------------------------------------ */

/* What can be said without memory. */
static void
answer_no_memory(struct call *call)
{
    lat_buf_clear(&call->answer.body);
    call->answer.status = 503;
    call->answer.retry_after_s = 1;
}

void
answer_json(struct call *call, unsigned status, cJSON *object)
{
    char *text = object == NULL ? NULL : cJSON_PrintUnformatted(object);

    cJSON_Delete(object);
    lat_buf_clear(&call->answer.body);
    if (text == NULL || lat_buf_add(&call->answer.body, text, strlen(text))) {
        answer_no_memory(call);
    } else {
        call->answer.status = status;
        if (status == 503)
            call->answer.retry_after_s = 1;
    }
    cJSON_free(text);
}

void
answer_error(struct call *call, unsigned status, const char *fmt, ...)
{
    char detail[400];
    cJSON *object = cJSON_CreateObject();
    va_list args;

    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    json_put_text(&object, "detail", detail);
    answer_json(call, status, object);
}

void
answer_failure(struct call *call, unsigned status, const char *message)
{
    cJSON *object = cJSON_CreateObject();

    json_put_flag(&object, "success", false);
    json_put_text(&object, "message", message);
    json_put_text(&object, "detail", message);
    answer_json(call, status, object);
}

unsigned
answer_status_of(enum lat_err err)
{
    switch (err) {
    case LAT_OK:
        return 200;
    case LAT_SHORT:
    case LAT_MALFORMED:
        return 400;
    case LAT_AUTH:
        return 403;
    case LAT_NOTFOUND:
        return 404;
    case LAT_CONFLICT:
        return 412;
    case LAT_LIMIT:
        return 413;
    case LAT_FULL:
        return 507;
    case LAT_TIMEOUT:
    case LAT_CLOSED:
    case LAT_BUSY:
    case LAT_READONLY:
    case LAT_DAMAGED:
    case LAT_NOMEM:
    case LAT_SYS:
        break;
    }
    return 503;
}

void
answer_err(struct call *call, enum lat_err err, const char *text)
{
    answer_error(call, answer_status_of(err), "%s", text != NULL && *text != 0 ? text : lat_err_text(err));
}

void
answer_etag(struct call *call, const uint8_t tag[32])
{
    char hex[65];

    lat_hex(tag, 32, hex);
    snprintf(call->answer.etag, sizeof(call->answer.etag), "\"%s\"", hex);
}

/* --- calls that wait ---------------------------------------------------------------------------- */

void
call_init(struct call *call, struct api *api)
{
    memset(call, 0, sizeof(*call));
    call->api = api;
    call->query = "";
    call->rest = "";
    lat_buf_init(&call->body, 0);
    lat_buf_init(&call->answer.body, BODY_MAX);
    lat_buf_init(&call->answer.tail, API_BODY_MAX);
}

void
call_fini(struct call *call)
{
    lat_buf_fini(&call->body);
    lat_buf_fini(&call->answer.body);
    lat_buf_fini(&call->answer.tail);
    statedoc_unref(call->answer.doc);
    snapshot_unref(call->snapshot);
    ticket_unref(call->ticket);
    if (call->job != NULL)
        call->free_job(call->job);
}

const struct snapshot *
call_snapshot(struct call *call)
{
    if (call->snapshot == NULL)
        call->snapshot = exchange_latest(call->api->exchange);
    if (call->snapshot == NULL)
        answer_error(call, 503, "the node is starting; try again");
    return call->snapshot;
}

static void
wait_for(struct call *call, bool (*is_ready)(struct call *call), call_fn resume)
{
    call->is_ready = is_ready;
    call->resume = resume;
    call->patience_ms = call->now_ms + API_PATIENCE_MS;
}

static bool
ticket_is_answered(struct call *call)
{
    return ticket_reply(call->ticket) != NULL;
}

/* The ticket's reference to the wake ends with the one call of this. */
static void
wake_for_ticket(void *arg)
{
    struct wake *wake = arg;

    wake_up(wake);
    wake_unref(wake);
}

void
call_submit(struct call *call, struct command *command, call_fn resume)
{
    enum lat_err err = LAT_NOMEM;

    ticket_unref(call->ticket);
    call->ticket = ticket_new(wake_for_ticket, wake_ref(call->api->wake));
    if (call->ticket == NULL) {
        wake_unref(call->api->wake);
    } else {
        memcpy(command->who, call->caller, sizeof(command->who));
        command->ticket = call->ticket;
        err = exchange_submit(call->api->exchange, command);
    }
    if (!err) {
        wait_for(call, ticket_is_answered, resume);
        return;
    }
    command_free(command); /* completes the ticket, whose wake is dropped so */
    answer_err(call, err,
               err == LAT_BUSY ? "the node has too much to do; try again" : "the node is stopping");
}

static bool
docs_are_ready(struct call *call)
{
    enum lat_err err;

    return statedocs_is_done(call->api->docs, call->docs_number, &err);
}

void
call_wait_docs(struct call *call, bool whole, call_fn resume)
{
    call->docs_number = statedocs_ask(call->api->docs, whole);
    wait_for(call, docs_are_ready, resume);
}

static bool
job_is_ready(struct call *call)
{
    return job_is_done(call->job);
}

void
call_run(struct call *call, struct job *job, void (*free_job)(struct job *job), call_fn resume)
{
    enum lat_err err = call->api->stopping ? LAT_CLOSED : worker_submit(call->api->worker, job);

    if (err) {
        free_job(job);
        answer_err(call, err,
                   err == LAT_CLOSED ? "the node is stopping"
                                     : "too many requests of this kind at once; try again");
        return;
    }
    call->job = job;
    call->free_job = free_job;
    wait_for(call, job_is_ready, resume);
    call->patience_ms = UINT64_MAX; /* its memory is in use until it ends, and it always does */
}
