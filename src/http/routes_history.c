/* routes_history.c - the snapshot of now, or of a moment of the past: GET /api/lattice/snapshot[?at=TIME[&step=STEP]]. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/routes.h"
#include "http/target.h"
#include "view/json.h"

static void
answer_snapshot(struct call *call, const struct snapshot *s)
{
    cJSON *object = snapshot_to_json(s);

    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    json_put_number(&object, "condition", snapshot_condition(s));
    answer_json(call, 200, object);
}

static void
finish_look(struct call *call)
{
    const struct reply *reply = ticket_reply(call->ticket);

    if (reply == NULL)
        answer_error(call, 503, "the node did not answer in time; try again");
    else if (reply->snapshot == NULL)
        answer_error(call, reply->err == LAT_NOTFOUND ? 404 : 500, "%s", reply->text[0] ? reply->text : lat_err_text(reply->err));
    else
        answer_snapshot(call, reply->snapshot);
}

/* One value of the query as a string. False: it is not there, or is no text. */
static bool
parameter(const struct call *call, const char *name, char *out, size_t size)
{
    struct lat_buf value;
    bool sound;

    lat_buf_init(&value, size - 1);
    sound = target_parameter(call->query, name, &value) == LAT_OK && value.len > 0 && memchr(value.data, 0, value.len) == NULL;
    if (sound)
        lat_copy(out, size, lat_buf_str(&value));
    lat_buf_fini(&value);
    return sound;
}

/* An RFC 3339 time, or Unix milliseconds. */
static bool
parse_moment(const char *text, uint64_t *ms)
{
    return lat_time_parse(text, ms) == LAT_OK || lat_parse_u64(text, UINT64_C(253402300799999), ms) == LAT_OK;
}

void
route_snapshot(struct call *call)
{
    const struct snapshot *s;
    struct command *command;
    char at[40], step[24] = "at";
    uint64_t at_ms;
    enum look_step look = LOOK_AT;

    if (!target_has(call->query, "at")) {
        s = call_snapshot(call);
        if (s != NULL)
            answer_snapshot(call, s);
        return;
    }
    if (!parameter(call, "at", at, sizeof(at)) || !parse_moment(at, &at_ms)) {
        answer_error(call, 400, "at: an RFC 3339 time (2026-03-14T03:12:40Z) or Unix milliseconds");
        return;
    }
    if (target_has(call->query, "step") &&
        (!parameter(call, "step", step, sizeof(step)) || look_step_parse(step, &look))) {
        answer_error(call, 400, "step: at, earlier, later, earlier-change or later-change");
        return;
    }
    command = command_new(COMMAND_LOOK);
    if (command == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    command->at_ms = at_ms;
    command->step = look;
    call_submit(call, command, finish_look);
}
