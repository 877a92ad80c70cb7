/*
 * routes_publish.c - POST /api/lattice/p2p/publish: {"intent": TEXT, "status": TEXT} becomes a proof_event on the gossip topic.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "http/routes.h"
#include "state/json_pick.h"

static void
finish_publish(struct call *call)
{
    const struct reply *reply = ticket_reply(call->ticket);
    cJSON *object;

    if (reply == NULL || reply->err) {
        /* CONFLICT here is the lung that configuration has disabled, not a precondition. */
        unsigned status = reply == NULL ? 503 : reply->err == LAT_CONFLICT ? 409 : answer_status_of(reply->err);

        answer_failure(call, status, reply == NULL       ? "the node did not answer in time; whether it was published is not known"
                                     : reply->text[0] != 0 ? reply->text
                                                           : lat_err_text(reply->err));
        return;
    }
    object = json_success();
    json_put_number(&object, "recipients", reply->recipients);
    json_put_text(&object, "message", reply->text);
    answer_json(call, 200, object);
}

/* A member of the body as terminated text. NULL: answered. */
static char *
take_text(struct call *call, const struct json_raw *raw, const char *name)
{
    struct lat_buf text;
    char *copy = NULL;
    enum lat_err err;

    lat_buf_init(&text, API_BODY_MAX);
    err = json_raw_text(raw, &text);
    if (!err && text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        err = LAT_MALFORMED;
    if (!err)
        copy = strdup(text.len > 0 ? lat_buf_str(&text) : "");
    if (err == LAT_MALFORMED)
        answer_error(call, 400, "\"%s\" must be text without U+0000", name);
    else if (copy == NULL)
        answer_err(call, LAT_NOMEM, NULL);
    lat_buf_fini(&text);
    return copy;
}

static void
submit(struct call *call, const struct json_raw parts[2])
{
    struct command *command = command_new(COMMAND_PUBLISH);

    if (command == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    command->intent = take_text(call, &parts[0], "intent");
    if (command->intent != NULL)
        command->status = take_text(call, &parts[1], "status");
    if (command->status == NULL)
        command_free(command);
    else
        call_submit(call, command, finish_publish);
}

void
route_publish(struct call *call)
{
    static const char *const names[] = { "intent", "status" };
    struct json_raw parts[2];
    struct lat_msg why = { "" };
    enum lat_err err = json_pick((const char *)call->body.data, call->body.len, names, 2, parts, &why);

    if (err == LAT_NOMEM)
        answer_err(call, err, NULL);
    else if (err)
        answer_error(call, 400, "send {\"intent\": TEXT, \"status\": TEXT}: %s", why.text);
    else
        submit(call, parts);
}
