#include "config.h"

#include "support/poll_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"

/* --- a source -------------------------------------------------------------------------------------- */

void
site_summary(struct site *site, struct http_exchange *x)
{
    static const char summary[] = "{\"success\":true,\"sync\":1,\"count\":3,\"signed\":false}";
    const char *document = site->document;

    if (document == NULL)
        document = summary;
    http_reply(x, 200, "application/json", NULL, document, strlen(document));
}

static enum lat_err
cells_of_a_lie(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32],
               uint64_t *records)
{
    const struct memory_view *memory = arg;
    enum lat_err err = memory->view.cells(arg, root, count, out, of, records);

    memset(of, 0xab, 32);
    return err;
}

void
site_sync(struct site *site, struct http_exchange *x)
{
    struct recon_view view = site->state.view;
    struct lat_buf reply;

    view.now_ms = (uint64_t)((int64_t)lat_wall_ms() + site->clock_off_ms);
    view.key = site->stage->world.keys[site->key];
    view.incomplete = site->is_incomplete;
    if (site->lies_about_root) {
        memset(view.root, 0xab, 32);
        view.cells = cells_of_a_lie;
    }
    if (site->lies_about_count)
        view.count += 1000;
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    world_serve(&site->stage->world, &site->state, &view, x->body, x->body_len, &reply);
    site->body_in = x->body_len;
    site->body_out = reply.len;
    http_reply(x, 200, "application/octet-stream", NULL, reply.data, reply.len);
    lat_buf_fini(&reply);
}

static void
answer_sync(struct site *site, struct http_exchange *x)
{
    http_handler_fn handler = site->on_sync;

    site->statuses += x->body_len > 0 && x->body[0] == RECON_STATUS;
    site->ranges += x->body_len > 0 && x->body[0] == RECON_RANGE;
    if (handler)
        handler(site, x);
    else if (site->document)
        http_reply(x, 404, "application/json", NULL, "{\"detail\":\"Not Found\"}", 22);
    else
        site_sync(site, x);
}

static void
answer(void *arg, struct http_exchange *x)
{
    struct site *site = arg;
    http_handler_fn handler = site->on_summary;

    pthread_mutex_lock(&site->lock);
    if (strcmp(x->path, "/base/api/lattice/sync") == 0 && strcmp(x->method, "POST") == 0) {
        answer_sync(site, x);
    } else if (strcmp(x->path, "/base/api/lattice/state?summary=1") == 0 && strcmp(x->method, "GET") == 0) {
        site->summaries++;
        if (handler)
            handler(site, x);
        else
            site_summary(site, x);
    } else {
        http_reply(x, 404, "application/json", NULL, "{}", 2);
    }
    pthread_mutex_unlock(&site->lock);
}

/* --- the node -------------------------------------------------------------------------------------- */

static void
head(void *arg, struct poller_head *out)
{
    struct stage *stage = arg;

    *out = (struct poller_head){ .count = stage->here.view.count,
                                 .hlc = stage->here.view.hlc,
                                 .readable = true,
                                 .incomplete = stage->incomplete,
                                 .has_flat_root = stage->has_flat_root };
    memcpy(out->root, stage->here.view.root, 32);
    memcpy(out->flat_root, stage->flat_root, 32);
}

static enum lat_err
view_begin(void *arg, struct recon_view *out)
{
    *out = ((struct stage *)arg)->here.view;
    return LAT_OK;
}

static void
view_end(void *arg, struct recon_view *view)
{
    (void)arg;
    (void)view;
}

static void
give_answers(struct stage *stage, enum lat_err err)
{
    for (size_t i = 0; i < STAGE_SITES; i++) {
        struct stage_answer answer = stage->answers[i];

        stage->answers[i] = (struct stage_answer){ 0 };
        if (answer.applied)
            answer.applied(answer.arg, answer.verdicts, err ? 0 : answer.count, err);
        if (answer.imported)
            answer.imported(answer.arg, err, answer.count, 0, 0);
    }
}

/* Owed from the next turn of the loop on. */
static struct stage_answer *
owe_answer(struct stage *stage, void *arg, size_t count)
{
    size_t i = 0;

    while (i < STAGE_SITES && stage->answers[i].arg)
        i++;
    assert_true(i < STAGE_SITES);
    stage->answers[i].arg = arg;
    stage->answers[i].count = count;
    return &stage->answers[i];
}

static void
on_deferred(uv_timer_t *timer)
{
    struct stage *stage = timer->data;

    if (!stage->hold_answers)
        give_answers(stage, LAT_OK);
}

static enum lat_err
apply(void *arg, const uint8_t *records, size_t len, size_t count, poller_applied_fn fn, void *fn_arg)
{
    struct stage *stage = arg;
    struct stage_answer *answer = owe_answer(stage, fn_arg, count);

    (void)len;
    assert_true(count <= sizeof(answer->verdicts));
    stage->applies++;
    answer->applied = fn;
    if (stage->store_fails)
        memset(answer->verdicts, VERDICT_CANNOT_STORE, count);
    else if (!stage->hold_answers)
        world_apply(&stage->world, &stage->here, records, count, answer->verdicts);
    uv_timer_start(&stage->deferred, on_deferred, 1, 0);
    return LAT_OK;
}

static void
discard(void *arg)
{
    ((struct stage *)arg)->discards++;
}

static enum lat_err
import(void *arg, const uint8_t source_id[32], const struct store_foreign *entries, size_t count,
       uint64_t attested_ms, poller_imported_fn fn, void *fn_arg)
{
    struct stage *stage = arg;

    (void)entries;
    stage->imports++;
    memcpy(stage->imported_from, source_id, 32);
    stage->imported_ms = attested_ms;
    stage->imported_count = count;
    owe_answer(stage, fn_arg, count)->imported = fn;
    uv_timer_start(&stage->deferred, on_deferred, 1, 0);
    return LAT_OK;
}

static void
filling(void *arg, bool incomplete)
{
    struct stage *stage = arg;

    stage->incomplete = incomplete;
    if (incomplete)
        stage->filling_on++;
    else
        stage->filling_off++;
}

static void
want_flat_root(void *arg)
{
    ((struct stage *)arg)->wanted_flat_roots++;
}

static void
good(void *arg)
{
    struct stage *stage = arg;

    stage->good++;
    stage->first_ms = lat_mono_ms();
}

static void
round_done(void *arg, bool ok, const char *error)
{
    struct stage *stage = arg;

    stage->done++;
    stage->done_ok = ok;
    snprintf(stage->done_error, sizeof(stage->done_error), "%s", error);
}

static void
changed(void *arg)
{
    ((struct stage *)arg)->changes++;
}

static void
random_bytes(void *arg, void *out, size_t len)
{
    (void)arg;
    rand_bytes(out, len);
}

static const struct poller_ops ops = {
    .head = head,
    .view_begin = view_begin,
    .view_end = view_end,
    .apply = apply,
    .discard = discard,
    .import = import,
    .filling = filling,
    .want_flat_root = want_flat_root,
    .good = good,
    .round_done = round_done,
    .changed = changed,
    .random = random_bytes,
};

/* --- the stage ------------------------------------------------------------------------------------- */

struct poller_config
stage_config(struct stage *stage)
{
    return (struct poller_config){
        .network = &stage->world.network,
        .trust = &stage->world.trust,
        .sources = stage->sources,
        .source_count = stage->site_count,
        .connect_ms = 300,
        .total_ms = STAGE_TOTAL_MS,
        .state_max = 2 * 1024 * 1024,
        .bodies_max = 4 * 1024 * 1024,
        .staged_max = 4 * 1024 * 1024,
    };
}

void
stage_open(struct stage *stage, size_t sites)
{
    static char urls[STAGE_SITES][128];
    struct poller_config config;

    memset(stage, 0, sizeof(*stage));
    world_init(&stage->world);
    memory_init(&stage->here, &stage->world.network, stage->world.keys[0], &stage->world.trust, WORLD_NOW_MS);
    stage->site_count = sites;
    for (size_t i = 0; i < sites; i++) {
        struct site *site = &stage->sites[i];

        site->stage = stage;
        site->key = i % 2 == 0 ? 1 : 3;
        pthread_mutex_init(&site->lock, NULL);
        memory_init(&site->state, &stage->world.network, stage->world.keys[1], &stage->world.trust,
                    WORLD_NOW_MS);
        site->server = http_server_start(answer, site);
        snprintf(urls[i], sizeof(urls[i]), "%s/base/", http_server_url(site->server));
        stage->sources[i].url = urls[i];
    }
    uv_loop_init(&stage->loop);
    uv_timer_init(&stage->loop, &stage->deferred);
    stage->deferred.data = stage;
    config = stage_config(stage);
    assert_int_equal(poller_new(&stage->loop, &config, &ops, stage, &stage->poller), LAT_OK);
}

static void
on_closed(void *arg)
{
    ((struct stage *)arg)->poller = NULL;
}

void
stage_close(struct stage *stage)
{
    poller_close(stage->poller, on_closed, stage);
    give_answers(stage, LAT_CLOSED);
    uv_close((uv_handle_t *)&stage->deferred, NULL);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_null(stage->poller);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    for (size_t i = 0; i < stage->site_count; i++) {
        http_server_stop(stage->sites[i].server);
        memory_fini(&stage->sites[i].state);
        pthread_mutex_destroy(&stage->sites[i].lock);
    }
    memory_fini(&stage->here);
    world_fini(&stage->world);
}

void
stage_run(struct stage *stage, uint64_t ms)
{
    uint64_t end = lat_mono_ms() + ms;
    struct timespec nap = { .tv_nsec = 1000000 };

    while (lat_mono_ms() < end) {
        uv_run(&stage->loop, UV_RUN_NOWAIT);
        nanosleep(&nap, NULL);
    }
}

void
stage_wait(struct stage *stage, const int *value, int least)
{
    uint64_t end = lat_mono_ms() + 10000;

    while (*value < least && lat_mono_ms() < end)
        stage_run(stage, 1);
    assert_true(*value >= least);
}

static bool
is_healing(struct stage *stage)
{
    for (size_t i = 0; i < stage->site_count; i++)
        if (stage_row(stage, i).stand.healing)
            return true;
    return false;
}

void
stage_round(struct stage *stage, enum poller_mode mode)
{
    uint64_t end = lat_mono_ms() + 10000;

    poller_round(stage->poller, mode);
    stage_wait(stage, &stage->done, stage->done + 1);
    stage_run(stage, 2);
    while (is_healing(stage) && lat_mono_ms() < end)
        stage_run(stage, 1);
    assert_false(is_healing(stage));
}

struct snapshot_source
stage_row(struct stage *stage, size_t i)
{
    struct snapshot_source rows[STAGE_SITES];

    assert_true(i < poller_fill(stage->poller, lat_mono_ms(), rows, STAGE_SITES));
    return rows[i];
}
