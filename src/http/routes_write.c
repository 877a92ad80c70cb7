/* routes_write.c - what changes something: an entry, or the mode. All of it goes to the node as a command. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/entry.h"
#include "http/etag.h"
#include "http/routes.h"
#include "http/target.h"
#include "state/json.h"
#include "state/reader.h"

#define UNKNOWN "unknown: whether this became durable is not known; read it again"

/* --- preconditions ------------------------------------------------------------------------------ */

struct precondition {
    enum command_match match;
    uint8_t digest[32];
};

/* The digest of the entry as it is now. LAT_NOTFOUND. */
static enum lat_err
present_digest(struct call *call, const struct lat_buf *key, uint8_t out[32])
{
    struct reader *reader = NULL;
    struct record record;
    enum lat_err err = reader_begin(call->api->store, &reader);

    if (!err)
        err = reader_get(reader, key->data, key->len, false, &record);
    if (!err)
        memcpy(out, record.digest, 32);
    reader_end(reader);
    return err;
}

/*
 * Conditions that name several tags, or none: judge by the entry as it is now, and bind the write to exactly
 * that, so that a change in between is noticed. LAT_CONFLICT: not met.
 */
static enum lat_err
bind_to_present(struct call *call, const struct lat_buf *key, struct precondition *out)
{
    enum lat_err err = present_digest(call, key, out->digest);
    bool absent = err == LAT_NOTFOUND;

    if (err && !absent)
        return err;
    if (call->headers.if_match != NULL &&
        (absent || !etag_list_has(call->headers.if_match, out->digest, false)))
        return LAT_CONFLICT;
    if (call->headers.if_none_match != NULL && !absent &&
        etag_list_has(call->headers.if_none_match, out->digest, true))
        return LAT_CONFLICT;
    out->match = absent ? MATCH_ABSENT : MATCH_DIGEST;
    return LAT_OK;
}

/* What the headers ask for. LAT_MALFORMED, LAT_CONFLICT, or an error of the store. */
static enum lat_err
precondition_of(struct call *call, const struct lat_buf *key, struct precondition *out)
{
    const char *match = call->headers.if_match, *none = call->headers.if_none_match;

    out->match = MATCH_ANY;
    if (match == NULL && none == NULL)
        return LAT_OK;
    if ((match != NULL && !etag_list_is_sound(match)) || (none != NULL && !etag_list_is_sound(none)))
        return LAT_MALFORMED;
    if (match == NULL && etag_is_any(none)) {
        out->match = MATCH_ABSENT;
        return LAT_OK;
    }
    if (none == NULL && !etag_single(match, out->digest)) {
        out->match = MATCH_DIGEST;
        return LAT_OK;
    }
    return bind_to_present(call, key, out);
}

/* --- entries ------------------------------------------------------------------------------------ */

static void
finish_write(struct call *call)
{
    const struct reply *reply = ticket_reply(call->ticket);
    cJSON *object;
    char hlc[17];

    if (reply == NULL || reply->err == LAT_CLOSED) {
        answer_err(call, LAT_CLOSED, UNKNOWN);
        return;
    }
    if (reply->err) {
        answer_err(call, reply->err, reply->text);
        return;
    }
    snprintf(hlc, sizeof(hlc), "%016" PRIx64, reply->hlc);
    snprintf(call->answer.etag, sizeof(call->answer.etag), "\"%s\"", reply->etag);
    object = json_success();
    json_put_text(&object, "root", reply->root);
    json_put_text(&object, "tag", reply->etag);
    json_put_text(&object, "hlc", hlc);
    answer_json(call, 200, object);
}

/* Move the buffer's content into the command. */
static uint8_t *
moved(struct lat_buf *buf, size_t *len)
{
    uint8_t *data = buf->data;

    *len = buf->len;
    lat_buf_init(buf, 0);
    return data;
}

/* Takes the content of key; value may be NULL (delete). */
static void
submit_write(struct call *call, enum command_kind kind, struct lat_buf *key, struct lat_buf *value)
{
    struct precondition wanted = { .match = MATCH_ANY };
    enum lat_err err = precondition_of(call, key, &wanted);
    struct command *command;

    if (err) {
        answer_err(call, err,
                   err == LAT_CONFLICT    ? "the entry is not what was expected"
                   : err == LAT_MALFORMED ? "If-Match and If-None-Match take quoted tags, or *"
                                          : NULL);
        return;
    }
    command = command_new(kind);
    if (command == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    command->key = moved(key, &command->key_len);
    if (value != NULL)
        command->value = moved(value, &command->value_len);
    command->match = wanted.match;
    memcpy(command->digest, wanted.digest, 32);
    call_submit(call, command, finish_write);
}

/* Is the body one JSON value by the strict rules? False: answered with what and where. */
static bool
body_is_json(struct call *call)
{
    struct lat_buf stored;
    struct lat_msg why = { "" };
    enum lat_err err;

    lat_buf_init(&stored, RECORD_VALUE_MAX);
    err = json_store_form((const char *)call->body.data, call->body.len, &stored, &why);
    lat_buf_fini(&stored);
    if (err == LAT_MALFORMED)
        answer_error(call, 400, "the body is not JSON: %s", why.text);
    else if (err)
        answer_err(call, err, why.text);
    return err == LAT_OK;
}

void
route_put(struct call *call)
{
    struct lat_buf key;

    if (!entry_key(call, &key))
        return;
    if (call->body.len == 0)
        answer_error(call, 400, "the body is empty: send the value as JSON");
    else if (body_is_json(call))
        submit_write(call, COMMAND_PUT, &key, &call->body);
    lat_buf_fini(&key);
}

void
route_delete(struct call *call)
{
    struct lat_buf key;

    if (!entry_key(call, &key))
        return;
    submit_write(call, COMMAND_DELETE, &key, NULL);
    lat_buf_fini(&key);
}

/* --- the mode ----------------------------------------------------------------------------------- */

/* P2P or HTTP as asked; for auto the one that can carry. */
static const char *
mode_of(const struct reply *reply)
{
    if (reply->policy == LUNG_POLICY_AUTO)
        return reply->peers_live > 0 ? "P2P" : "HTTP";
    return reply->policy == LUNG_POLICY_P2P ? "P2P" : "HTTP";
}

static void
finish_switch(struct call *call)
{
    const struct reply *reply = ticket_reply(call->ticket);
    cJSON *object;

    if (reply == NULL) {
        answer_failure(call, 503, "the node did not answer in time; look at the status");
        return;
    }
    if (reply->err) {
        /* CONFLICT here is the lung that configuration has disabled, not a precondition. */
        answer_failure(call, reply->err == LAT_CONFLICT ? 409 : answer_status_of(reply->err),
                       reply->text[0] != 0 ? reply->text : lat_err_text(reply->err));
        return;
    }
    object = json_success();
    json_put_text(&object, "mode", mode_of(reply));
    json_put_text(&object, "message", reply->text);
    json_put_text(&object, "requested_mode", lung_policy_name(reply->policy));
    json_put_text(&object, "sync_mode", sync_mode_name(reply->sync_mode));
    json_put_text(&object, "state", lung_state_name(reply->state));
    json_put(&object, "for_s", reply->for_s > 0 ? cJSON_CreateNumber(reply->for_s) : cJSON_CreateNull());
    json_put_flag(&object, "warning", reply->warning);
    answer_json(call, 200, object);
}

/* mode= of the query, auto where absent. False: answered. */
static bool
take_mode(struct call *call, enum lung_policy *policy)
{
    struct lat_buf value;
    char shown[64], message[128];
    enum lat_err err;
    const char *text;

    lat_buf_init(&value, GATE_HEADER_BYTES_MAX);
    *policy = LUNG_POLICY_AUTO;
    err = target_parameter(call->query, "mode", &value);
    text = lat_buf_str(&value);
    if (!err)
        err = text == NULL                ? LAT_NOMEM
              : strlen(text) != value.len ? LAT_MALFORMED
                                          : lung_policy_parse(text, policy);
    if (err && err != LAT_NOTFOUND) {
        snprintf(message, sizeof(message), "Invalid mode: %s. Use 'p2p', 'http', or 'auto'",
                 lat_escape(value.data, value.len, shown, sizeof(shown)));
        answer_failure(call, 400, message);
    }
    lat_buf_fini(&value);
    return call->answer.status == 0;
}

/* for= of the query: whole seconds. False: answered. */
static bool
take_for(struct call *call, enum lung_policy policy, uint32_t *seconds)
{
    struct lat_buf value;
    uint64_t number = 0;
    enum lat_err err;

    lat_buf_init(&value, 32);
    err = target_parameter(call->query, "for", &value);
    *seconds = 0;
    if (err != LAT_NOTFOUND) {
        if (!err)
            err = lat_parse_u64(lat_buf_str(&value), 86400, &number);
        if (err || number == 0 || policy == LUNG_POLICY_AUTO)
            answer_failure(call, 400, "Invalid for: whole seconds from 1 to 86400, with mode p2p or http");
        *seconds = (uint32_t)number;
    }
    lat_buf_fini(&value);
    return call->answer.status == 0;
}

/* by= of the query: the operator behind a console elsewhere, by his console's word; for the log. False: answered. */
static bool
take_by(struct call *call, char says[64])
{
    struct lat_buf value;
    enum lat_err err;

    lat_buf_init(&value, 63);
    err = target_parameter(call->query, "by", &value);
    says[0] = '\0';
    if (!err)
        lat_escape(value.data, value.len, says, 64);
    else if (err != LAT_NOTFOUND)
        answer_failure(call, 400, "Invalid by: at most 63 bytes that say who asks");
    lat_buf_fini(&value);
    return call->answer.status == 0;
}

void
route_switch(struct call *call)
{
    enum lung_policy policy;
    uint32_t seconds;
    struct command *command;
    char says[64];

    if (!take_mode(call, &policy) || !take_for(call, policy, &seconds) || !take_by(call, says))
        return;
    command = command_new(COMMAND_SWITCH);
    if (command == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    lat_copy(command->says, sizeof(command->says), says);
    command->policy = policy;
    command->for_s = seconds;
    call_submit(call, command, finish_switch);
}
