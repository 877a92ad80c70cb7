#include "config.h"

#include "http/poll_state.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "state/json.h"

/* The name is what the source says of itself: for people, filtered. */
static void
take_name(struct poll_state *job, const char *value, size_t len)
{
    cJSON *text = cJSON_ParseWithLength(value, len);

    if (cJSON_IsString(text))
        lat_escape_str(text->valuestring, job->name, sizeof(job->name));
    cJSON_Delete(text);
}

static enum lat_err
look_for_sync(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    struct poll_state *job = arg;

    if (key_len == 4 && memcmp(key, "sync", 4) == 0)
        job->is_ours = value_len == 1 && value[0] == '1';
    if (key_len == 4 && memcmp(key, "name", 4) == 0)
        take_name(job, value, value_len);
    return LAT_OK;
}

static void
read_state(uv_work_t *work)
{
    struct poll_state *job = work->data;
    const char *text = (const char *)job->body.data;
    size_t len = job->body.len;

    if (len <= POLL_SUMMARY_MAX)
        job->err = json_each_member(text, len, look_for_sync, job, &job->why);
    if (!job->err && !job->is_ours)
        job->err = legacy_state_parse(text, len, job->memory_max, &job->state, &job->why);
    if (!job->err && !job->is_ours)
        job->verdict = legacy_state_judge(&job->state, &job->trust, job->bound ? job->bound_key : NULL,
                                          job->wall_ms, job->key, &job->why);
    lat_buf_fini(&job->body);
}

static void
finish(uv_work_t *work, int status)
{
    struct poll_state *job = work->data;

    (void)status; /* never cancelled */
    job->fn(job->arg, job);
    legacy_state_fini(&job->state);
    free(job);
}

enum lat_err
poll_state_read(uv_loop_t *loop, struct lat_buf *body, size_t memory_max, const struct trust *trust,
                const uint8_t *bound, uint64_t wall_ms, void (*fn)(void *arg, struct poll_state *done),
                void *arg)
{
    struct poll_state *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return LAT_NOMEM;
    job->work.data = job;
    job->memory_max = memory_max;
    job->trust = *trust;
    job->bound = bound != NULL;
    if (bound)
        memcpy(job->bound_key, bound, sizeof(job->bound_key));
    job->wall_ms = wall_ms;
    job->fn = fn;
    job->arg = arg;
    job->body = *body;
    if (uv_queue_work(loop, &job->work, read_state, finish) != 0) {
        free(job);
        return LAT_NOMEM;
    }
    lat_buf_init(body, body->max);
    return LAT_OK;
}
