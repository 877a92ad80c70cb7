#include "config.h"

#include "cli/replay.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "view/json.h"

#define LINE_BYTES_MAX 1048576
#define GAP_MAX_MS 5000 /* a node that was away: nobody waits for longer */

struct replay {
    FILE *file;
    char *line;
    size_t size;
    double speed;
    char name[64];
    struct exchange *exchange;
    struct exchange_source face;
    uint64_t shown_ms; /* wall time of the picture that is shown */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool stopping;
};

/* The next picture of the file; NULL: there is none. The caller owns it. */
static struct snapshot *
next_picture(struct replay *r)
{
    struct snapshot *s;
    ssize_t len;

    while ((len = getline(&r->line, &r->size, r->file)) > 0) {
        if (len <= LINE_BYTES_MAX && snapshot_from_json(r->line, (size_t)len, lat_mono_ms(), &s) == LAT_OK)
            return s;
    }
    return NULL;
}

/* Wait as long as lay between two pictures. True: the end. */
static bool
wait_for(struct replay *r, uint64_t wall_ms)
{
    uint64_t gap = wall_ms > r->shown_ms ? wall_ms - r->shown_ms : 0, at;
    struct timespec until;
    bool stopping;
    int rc = 0;

    gap = (uint64_t)((double)gap / r->speed);
    at = lat_mono_ms() + (gap < GAP_MAX_MS ? gap : GAP_MAX_MS);
    until = (struct timespec){ .tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000 };
    pthread_mutex_lock(&r->lock);
    while (!r->stopping && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&r->cond, &r->lock, &until);
    stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return stopping;
}

static void
refuse_commands(struct replay *r)
{
    struct reply reply = { .err = LAT_CLOSED, .text = "this is a recording" };
    struct command *command;

    while ((command = exchange_take(r->exchange)) != NULL) {
        if (command->ticket)
            ticket_complete(command->ticket, &reply);
        command->ticket = NULL;
        command_free(command);
    }
}

/* Publish one as if it were new: its age counts from now. */
static void
show(struct replay *r, struct snapshot *s)
{
    r->shown_ms = s->wall_ms;
    s->mono_ms = lat_mono_ms();
    exchange_publish(r->exchange, s);
}

static void *
play(void *arg)
{
    struct replay *r = arg;
    struct snapshot *s;

    while ((s = next_picture(r)) != NULL) {
        refuse_commands(r);
        if (wait_for(r, s->wall_ms)) {
            snapshot_unref(s);
            break;
        }
        show(r, s);
    }
    return NULL;
}

static void
release(struct replay *r)
{
    if (r->file)
        (void)fclose(r->file); /* only read */
    if (r->face.exchange)
        exchange_unwatch(r->exchange, r->face.fd);
    if (r->exchange)
        exchange_free(r->exchange);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->cond);
    free(r->line);
    free(r);
}

static void
init_lock(struct replay *r)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->cond, &attr);
    pthread_condattr_destroy(&attr);
}

/* Signals are the main thread's. */
static int
start_thread(struct replay *r)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&r->thread, NULL, play, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* File, exchange and first picture. */
static enum lat_err
open_recording(struct replay *r, const char *path, struct lat_msg *why)
{
    struct snapshot *first;

    r->file = fopen(path, "re");
    if (r->file == NULL) {
        lat_msg_set(why, "replay: '%s': %s", r->name, strerror(errno));
        return LAT_SYS;
    }
    r->exchange = exchange_new();
    if (r->exchange == NULL || (r->face.fd = exchange_watch(r->exchange)) < 0) {
        lat_msg_set(why, "replay: out of memory");
        return LAT_NOMEM;
    }
    r->face.exchange = r->exchange;
    first = next_picture(r);
    if (first == NULL) {
        lat_msg_set(why, "replay: '%s': no snapshot in it; 'lattice --record FILE' writes such files", r->name);
        return LAT_MALFORMED;
    }
    show(r, first);
    return LAT_OK;
}

enum lat_err
replay_each(const char *path, bool (*fn)(void *arg, const struct snapshot *snapshot), void *arg, struct lat_msg *why)
{
    struct replay *r = calloc(1, sizeof(*r));
    const struct snapshot *s;
    enum lat_err err;
    bool more = true;

    if (r == NULL) {
        lat_msg_set(why, "replay: out of memory");
        return LAT_NOMEM;
    }
    init_lock(r);
    lat_escape_str(path, r->name, sizeof(r->name));
    err = open_recording(r, path, why);
    for (s = err ? NULL : exchange_latest(r->exchange); s != NULL; s = more ? next_picture(r) : NULL) {
        more = fn(arg, s);
        snapshot_unref(s);
    }
    release(r);
    return err;
}

enum lat_err
replay_start(const char *path, double speed, struct replay **out, struct lat_msg *why)
{
    struct replay *r = calloc(1, sizeof(*r));
    enum lat_err err;
    int rc;

    if (r == NULL) {
        lat_msg_set(why, "replay: out of memory");
        return LAT_NOMEM;
    }
    init_lock(r);
    r->speed = speed;
    lat_escape_str(path, r->name, sizeof(r->name));
    err = open_recording(r, path, why);
    if (err) {
        release(r);
        return err;
    }
    rc = start_thread(r);
    if (rc) {
        lat_msg_set(why, "replay: %s", strerror(rc));
        release(r);
        return LAT_SYS;
    }
    *out = r;
    return LAT_OK;
}

void
replay_stop(struct replay *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->cond);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    refuse_commands(r);
    release(r);
}

void
replay_face(struct replay *r, struct source *out)
{
    source_of_exchange(&r->face, out);
    out->embedded = false;
    out->control = false;
    out->recorded = true;
    snprintf(out->via, sizeof(out->via), "replay %.50s", r->name);
}
