#include "config.h"

#include "attach/remote_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wipe.h"

#define STOP_WAIT_MS 500
#define SOCKET_SHOWN 33 /* a path has no beginning that must be read, as a URL has: its end is enough for a title */

/* --- the thread ------------------------------------------------------------------------------------ */

static void
drain(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));

    (void)n; /* EAGAIN: it was not the wake */
}

static void
sleep_until_due(struct remote *r)
{
    struct curl_waitfd fds[SSH_TUNNEL_FDS_MAX + 1];
    unsigned count = api_wait_fds(r->tunnel, fds);
    uint64_t due = remote_due_ms(r), now = lat_mono_ms();

    fds[count++] = (struct curl_waitfd){ .fd = r->wake, .events = CURL_WAIT_POLLIN };
    curl_multi_poll(r->multi, fds, count, due > now ? (int)(due - now) : 0, NULL);
    drain(r->wake);
}

static void
release(struct remote *r)
{
    if (atomic_fetch_sub(&r->holders, 1) != 1)
        return;
    remote_request_fini(r, &r->watch);
    remote_request_fini(r, &r->call);
    curl_multi_cleanup(r->multi);
    ssh_tunnel_free(r->tunnel);
    sse_fini(&r->sse);
    lat_buf_fini(&r->legacy_status);
    exchange_free(r->exchange);
    if (r->wake >= 0)
        close(r->wake);
    pthread_mutex_destroy(&r->lock);
    lat_wipe(r, sizeof(*r));
    free(r);
}

/* Here and not before the thread begins: libcurl readies OpenSSL, for longer than a screen takes to be painted. */
static bool
open_client(struct remote *r)
{
    r->multi = curl_multi_init();
    return r->multi && remote_request_init(&r->watch, r->tunnel) && remote_request_init(&r->call, r->tunnel);
}

static void *
watch_node(void *arg)
{
    struct remote *r = arg;
    bool open = open_client(r);

    if (!open)
        remote_fail(r, "out of memory");
    while (open && !atomic_load(&r->stopping)) {
        remote_turn(r);
        if (!atomic_load(&r->stopping))
            sleep_until_due(r);
    }
    r->up = false;
    remote_drop_command(r, "the console has ended");
    release(r);
    return NULL;
}

/* --- from outside ---------------------------------------------------------------------------------- */

static void
wake(struct remote *r)
{
    const uint64_t one = 1;
    ssize_t n = write(r->wake, &one, sizeof(one));

    (void)n; /* full: awake already */
}

static void
on_command(void *arg)
{
    wake(arg);
}

/* Signals are the main thread's. */
static int
start_thread(struct remote *r)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&r->thread, NULL, watch_node, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static enum lat_err
prepare(struct remote *r, struct lat_msg *why)
{
    enum lat_err err = api_target_check(&r->target, why);

    r->asker = (struct ssh_asker){ .ask = remote_ask, .arg = r };
    if (!err && r->target.ssh.host[0])
        err = api_target_tunnel(&r->target, &r->asker, &r->tunnel, why);
    if (err)
        return err;
    lat_msg_set(why, "attach: out of memory or descriptors");
    r->exchange = exchange_new();
    if (r->exchange == NULL || r->wake < 0)
        return LAT_NOMEM;
    r->face = (struct exchange_source){ .exchange = r->exchange, .fd = exchange_watch(r->exchange) };
    if (r->face.fd < 0)
        return LAT_SYS;
    exchange_on_command(r->exchange, on_command, r);
    return LAT_OK;
}

static struct remote *
make(const struct api_target *target, const struct remote_options *options)
{
    struct remote *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    atomic_store(&r->holders, 1);
    atomic_store(&r->full, options->full);
    r->target = *target;
    r->options = *options;
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    api_target_text(target, r->shown, target->socket[0] ? SOCKET_SHOWN : sizeof(r->shown));
    lat_escape_str(options->name ? options->name : r->shown, r->name, sizeof(r->name));
    remote_sse_init(r);
    lat_buf_init(&r->legacy_status, 1048576);
    return r;
}

enum lat_err
remote_start(const struct api_target *target, const struct remote_options *options, struct remote **out, struct lat_msg *why)
{
    struct remote *r = make(target, options);
    enum lat_err err = r ? prepare(r, why) : LAT_NOMEM;
    int rc = 0;

    if (!err) {
        atomic_store(&r->holders, 2);
        rc = start_thread(r);
    }
    if (!err && rc == 0) {
        *out = r;
        return LAT_OK;
    }
    if (rc) {
        lat_msg_set(why, "attach: %s", strerror(rc));
        atomic_store(&r->holders, 1);
    }
    if (r)
        release(r);
    return err ? err : LAT_SYS;
}

/* A thread that hangs (in an agent, in a resolver of the system) is left behind; it ends with the process, or frees what is left. */
void
remote_stop(struct remote *remote)
{
    struct timespec until;
    uint64_t wall = lat_wall_ms() + STOP_WAIT_MS;

    if (remote == NULL)
        return;
    atomic_store(&remote->stopping, true);
    wake(remote);
    until = (struct timespec){ .tv_sec = (time_t)(wall / 1000), .tv_nsec = (long)(wall % 1000) * 1000000 };
    if (pthread_timedjoin_np(remote->thread, NULL, &until) != 0)
        pthread_detach(remote->thread);
    exchange_close(remote->exchange);
    release(remote);
}

void
remote_abandon(struct remote *remote)
{
    atomic_store(&remote->stopping, true);
    wake(remote);
    pthread_detach(remote->thread);
    exchange_close(remote->exchange);
    release(remote);
}

uint64_t
remote_bytes(struct remote *remote)
{
    return atomic_load(&remote->bytes);
}

/* --- the face -------------------------------------------------------------------------------------- */

static const struct snapshot *
face_latest(void *arg)
{
    struct remote *r = arg;

    return exchange_latest(r->exchange);
}

static int
face_wake_fd(void *arg)
{
    struct remote *r = arg;

    return r->face.fd;
}

static enum lat_err
face_submit(void *arg, struct command *command)
{
    struct remote *r = arg;

    return exchange_submit(r->exchange, command);
}

static void
face_link(void *arg, struct link_status *out)
{
    struct remote *r = arg;

    pthread_mutex_lock(&r->lock);
    *out = r->link;
    pthread_mutex_unlock(&r->lock);
}

static void
face_focus(void *arg, bool full)
{
    struct remote *r = arg;

    if (atomic_exchange(&r->full, full) != full)
        wake(r);
}

static void
face_retry(void *arg)
{
    struct remote *r = arg;

    atomic_store(&r->hurry, true);
    wake(r);
}

static void
face_answer(void *arg, uint32_t question, bool yes, const char *secret)
{
    remote_answer(arg, question, yes, secret);
    wake(arg);
}

void
remote_face(struct remote *remote, struct source *out)
{
    static const struct source_ops ops = { .latest = face_latest, .wake_fd = face_wake_fd, .submit = face_submit, .link = face_link,
                                           .focus = face_focus, .retry = face_retry, .answer = face_answer };

    *out = (struct source){ .ops = &ops, .arg = remote, .embedded = false, .control = remote->options.control };
    lat_copy(out->via, sizeof(out->via), remote->shown);
}
