#include "config.h"

#include "attach/http_source.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/text.h"
#include "view/json.h"

#define POLL_MS 1000

struct http_source {
    struct api_client *client; /* the thread's */
    struct exchange *exchange; /* the same meeting place that an embedded node uses */
    struct exchange_source face;
    bool control;
    char base[256];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond; /* a command came, or the end */
    bool wanted;
    bool stopping;
};

/* --- the thread ------------------------------------------------------------------------------------ */

static void
fetch_snapshot(struct http_source *hs)
{
    const struct api_request request = { .method = "GET", .path = "/api/lattice/snapshot" };
    struct api_answer answer;
    struct snapshot *snapshot;
    struct lat_msg why;

    if (api_call(hs->client, &request, &answer, &why))
        return; /* the picture that stands grows old, and says so */
    if (answer.status == 200 &&
        snapshot_from_json((const char *)answer.body.data, answer.body.len, lat_mono_ms(), &snapshot) == LAT_OK)
        exchange_publish(hs->exchange, snapshot);
    lat_buf_fini(&answer.body);
}

static void
read_switch_answer(const struct api_answer *answer, const struct command *command, struct reply *reply)
{
    cJSON *json = cJSON_ParseWithLength((const char *)answer->body.data, answer->body.len);
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(json, "state");

    reply->policy = command->policy;
    reply->for_s = command->for_s;
    api_error_text(answer, reply->text, sizeof(reply->text)); /* the member `message`, good or bad */
    if (answer->status != 200 || !cJSON_IsString(state) || lung_state_parse(state->valuestring, &reply->state))
        reply->err = answer->status == 409 ? LAT_CONFLICT : LAT_AUTH;
    else
        reply->sync_mode = lung_sync_mode(reply->state);
    cJSON_Delete(json);
}

static void
run_switch(struct http_source *hs, const struct command *command, struct reply *reply)
{
    char path[128];
    const struct api_request request = { .method = "POST", .path = path };
    struct api_answer answer;
    struct lat_msg why = { "" };

    snprintf(path, sizeof(path), "/api/lattice/sync/switch?mode=%s", lung_policy_name(command->policy));
    if (command->for_s > 0)
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "&for=%u", command->for_s);
    reply->err = api_call(hs->client, &request, &answer, &why);
    if (reply->err) {
        lat_copy(reply->text, sizeof(reply->text), why.text);
        return;
    }
    read_switch_answer(&answer, command, reply);
    lat_buf_fini(&answer.body);
}

/* A moment of the past: looking changes nothing, and needs no leave to. */
static void
run_look(struct http_source *hs, const struct command *command, struct reply *reply)
{
    char path[128];
    const struct api_request request = { .method = "GET", .path = path };
    struct api_answer answer;
    struct snapshot *found = NULL;
    struct lat_msg why = { "" };

    snprintf(path, sizeof(path), "/api/lattice/snapshot?at=%llu&step=%s", (unsigned long long)command->at_ms,
             look_step_name(command->step));
    reply->err = api_call(hs->client, &request, &answer, &why);
    if (reply->err) {
        lat_copy(reply->text, sizeof(reply->text), why.text);
        return;
    }
    reply->err = answer.status == 200 ? snapshot_from_json((const char *)answer.body.data, answer.body.len, lat_mono_ms(), &found)
                                      : LAT_NOTFOUND;
    reply->snapshot = found;
    if (answer.status != 200)
        api_error_text(&answer, reply->text, sizeof(reply->text));
    lat_buf_fini(&answer.body);
}

static void
run_command(struct http_source *hs, struct command *command)
{
    struct reply reply = { .err = LAT_AUTH };

    if (command->kind == COMMAND_LOOK)
        run_look(hs, command, &reply);
    else if (!hs->control)
        lat_copy(reply.text, sizeof(reply.text), "this console only looks; attach with --control to change the mode");
    else if (command->kind == COMMAND_SWITCH)
        run_switch(hs, command, &reply);
    else
        lat_copy(reply.text, sizeof(reply.text), "not possible from an attached console");
    if (command->ticket)
        ticket_complete(command->ticket, &reply);
    command->ticket = NULL;
    command_free(command);
}

/* Until the next look, a command, or the end. */
static bool
pause_or_stop(struct http_source *hs, uint64_t until_ms)
{
    struct timespec until = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };
    bool stopping;
    int rc = 0;

    pthread_mutex_lock(&hs->lock);
    while (!hs->wanted && !hs->stopping && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&hs->cond, &hs->lock, &until);
    hs->wanted = false;
    stopping = hs->stopping;
    pthread_mutex_unlock(&hs->lock);
    return stopping;
}

static void *
watch_node(void *arg)
{
    struct http_source *hs = arg;
    struct command *command;
    uint64_t next;

    do {
        next = lat_mono_ms() + POLL_MS;
        while ((command = exchange_take(hs->exchange)) != NULL)
            run_command(hs, command);
        fetch_snapshot(hs);
    } while (!pause_or_stop(hs, next));
    return NULL;
}

/* --- from outside ---------------------------------------------------------------------------------- */

static void
wake(struct http_source *hs, bool stopping)
{
    pthread_mutex_lock(&hs->lock);
    hs->wanted = true;
    hs->stopping = hs->stopping || stopping;
    pthread_cond_signal(&hs->cond);
    pthread_mutex_unlock(&hs->lock);
}

static void
on_command(void *arg)
{
    wake(arg, false);
}

static void
release(struct http_source *hs)
{
    api_client_free(hs->client);
    exchange_free(hs->exchange);
    pthread_mutex_destroy(&hs->lock);
    pthread_cond_destroy(&hs->cond);
    free(hs);
}

static void
init_lock(struct http_source *hs)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&hs->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&hs->cond, &attr);
    pthread_condattr_destroy(&attr);
}

/* Signals are the main thread's. */
static int
start_thread(struct http_source *hs)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&hs->thread, NULL, watch_node, hs);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

enum lat_err
http_source_start(const struct api_target *target, bool control, struct http_source **out, struct lat_msg *why)
{
    struct http_source *hs = calloc(1, sizeof(*hs));
    int rc;

    if (hs == NULL)
        return LAT_NOMEM;
    init_lock(hs);
    hs->control = control;
    lat_copy(hs->base, sizeof(hs->base), target->base);
    hs->client = api_client_new(target, why);
    hs->exchange = exchange_new();
    if (hs->client == NULL || hs->exchange == NULL) {
        release(hs);
        return LAT_AUTH;
    }
    hs->face = (struct exchange_source){ .exchange = hs->exchange, .fd = exchange_watch(hs->exchange) };
    exchange_on_command(hs->exchange, on_command, hs);
    rc = hs->face.fd < 0 ? errno : start_thread(hs);
    if (rc == 0) {
        *out = hs;
        return LAT_OK;
    }
    lat_msg_set(why, "attach: %s", strerror(rc));
    release(hs);
    return LAT_SYS;
}

void
http_source_stop(struct http_source *hs)
{
    if (hs == NULL)
        return;
    wake(hs, true);
    pthread_join(hs->thread, NULL);
    release(hs);
}

void
http_source_face(struct http_source *hs, struct source *out)
{
    source_of_exchange(&hs->face, out);
    out->embedded = false;
    out->control = hs->control;
    lat_escape_str(hs->base, out->via, sizeof(out->via));
}
