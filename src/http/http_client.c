/*
 * libcurl's multi interface on a libuv loop: curl says which sockets to watch (one uv_poll_t each) and when
 * to call it again (one timer), we tell it what happened. Transfers that curl has finished are moved to a
 * list first and answered when curl is no longer on the stack, so that an answer may start, cancel or reset
 * whatever it likes.
 */
#include "config.h"

#include "http/http_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "http/http_transfer.h"

struct http_client {
    uv_loop_t *loop;
    CURLM *multi; /* NULL: made with the next request */
    uv_timer_t timer;
    struct http_shared shared;
    struct http_transfer *running, *finished; /* lists by next, prev */
    size_t count;                             /* in both */
    size_t handles;                           /* libuv handles not closed yet, the timer included */
    bool cut;
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* One socket that curl has us watch. */
struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
};

static void
list_add(struct http_transfer **head, struct http_transfer *t)
{
    t->prev = NULL;
    t->next = *head;
    if (*head)
        (*head)->prev = t;
    *head = t;
}

static void
list_remove(struct http_transfer **head, struct http_transfer *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        *head = t->next;
    if (t->next)
        t->next->prev = t->prev;
}

static char *
copy_path(const char *path)
{
    return path && path[0] ? strdup(path) : NULL;
}

static void
shared_fini(struct http_shared *shared)
{
    if (shared->token)
        lat_wipe(shared->token, strlen(shared->token));
    free(shared->token);
    free(shared->token_file);
    free(shared->ca_file);
}

static enum lat_err
shared_init(struct http_shared *shared, const struct http_client_options *options)
{
    *shared = (struct http_shared){
        .connect_ms = options->connect_ms,
        .bodies_max = options->bodies_max,
        .ca_file = copy_path(options->ca_file),
        .token_file = copy_path(options->token_file),
    };
    if ((options->ca_file && options->ca_file[0] && shared->ca_file == NULL) ||
        (options->token_file && options->token_file[0] && shared->token_file == NULL)) {
        shared_fini(shared);
        return LAT_NOMEM;
    }
    return LAT_OK;
}

static void
on_handle_closed(struct http_client *client)
{
    client->handles--;
    if (!client->closing || client->handles > 0)
        return;
    shared_fini(&client->shared);
    if (client->closed)
        client->closed(client->closed_arg);
    free(client);
    curl_global_cleanup();
}

static void
on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct http_client *client = watch->client;

    free(watch);
    on_handle_closed(client);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

/* Answer what has finished. The client may be closed by an answer, but not freed: that takes a turn of the
 * loop. */
static void
answer_finished(struct http_client *client)
{
    struct http_transfer *t;

    while ((t = client->finished) != NULL) {
        list_remove(&client->finished, t);
        client->count--;
        t->fn(t->arg, &t->answer);
        http_transfer_free(t);
    }
}

/* Give a prepared transfer to curl; what cannot be started is finished with its reason. */
static void
start(struct http_client *client, struct http_transfer *t)
{
    if (client->cut) {
        t->answer.err = LAT_CLOSED;
        lat_msg_set(&t->answer.why, "connection refused");
    } else if (http_transfer_prepare(t, lat_mono_ms()) == LAT_OK) {
        if (curl_multi_add_handle(client->multi, t->easy) == CURLM_OK) {
            t->in_multi = true;
            list_add(&client->running, t);
            return;
        }
        t->answer.err = LAT_NOMEM;
        lat_msg_set(&t->answer.why, "out of memory");
    }
    list_add(&client->finished, t);
}

/* Sort out what curl says it is done with. */
static void
collect(struct http_client *client)
{
    struct http_transfer *t;
    CURLMsg *message;
    CURLcode code;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        curl_multi_remove_handle(client->multi, t->easy);
        t->in_multi = false;
        list_remove(&client->running, t);
        if (http_transfer_finish(t, code, lat_mono_ms()))
            start(client, t);
        else
            list_add(&client->finished, t);
    }
}

static void
on_event(struct http_client *client, curl_socket_t fd, int flags)
{
    int running;

    if (client->multi) {
        curl_multi_socket_action(client->multi, fd, flags, &running);
        collect(client);
    }
    answer_finished(client);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    on_event(watch->client, watch->fd, flags);
}

static void
on_timer(uv_timer_t *timer)
{
    on_event(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* curl wants to be called in ms, or (-1) not at all. */
static int
set_timer(CURLM *multi, long ms, void *arg)
{
    struct http_client *client = arg;

    (void)multi;
    if (client->closing)
        return 0;
    /* What finished outside of curl is answered by the timer too: it must not be put off. */
    if (client->finished)
        ms = 0;
    if (ms < 0)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static void
unwatch(struct http_client *client, struct watch *watch, curl_socket_t fd)
{
    curl_multi_assign(client->multi, fd, NULL);
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static struct watch *
watch_new(struct http_client *client, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return NULL;
    if (uv_poll_init_socket(client->loop, &watch->poll, fd) < 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->client = client;
    watch->fd = fd;
    client->handles++;
    curl_multi_assign(client->multi, fd, watch);
    return watch;
}

static int
set_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http_client *client = arg;
    struct watch *watch = socket_arg;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            unwatch(client, watch, fd);
        return 0;
    }
    if (watch == NULL && (watch = watch_new(client, fd)) == NULL)
        return -1;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&watch->poll, events, on_readable);
    return 0;
}

static enum lat_err
need_multi(struct http_client *client)
{
    if (client->multi)
        return LAT_OK;
    client->multi = curl_multi_init();
    if (client->multi == NULL)
        return LAT_NOMEM;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_watch);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return LAT_OK;
}

struct http_client *
http_client_new(const struct http_client_options *options)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->loop = options->loop;
    if (shared_init(&client->shared, options)) {
        free(client);
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        shared_fini(&client->shared);
        free(client);
        return NULL;
    }
    uv_timer_init(client->loop, &client->timer);
    client->timer.data = client;
    client->handles = 1;
    return client;
}

void
http_client_reset(struct http_client *client)
{
    while (client->running)
        http_transfer_cancel(client->running);
    while (client->finished)
        http_transfer_cancel(client->finished);
    if (client->multi)
        curl_multi_cleanup(client->multi);
    client->multi = NULL;
    if (client->shared.token) {
        lat_wipe(client->shared.token, strlen(client->shared.token));
        free(client->shared.token);
        client->shared.token = NULL;
    }
    if (!client->closing)
        uv_timer_stop(&client->timer);
}

enum lat_err
http_client_configure(struct http_client *client, const struct http_client_options *options)
{
    struct http_shared shared;
    enum lat_err err = shared_init(&shared, options);

    if (err)
        return err;
    shared.bodies = client->shared.bodies;
    shared_fini(&client->shared);
    client->shared = shared;
    return LAT_OK;
}

void
http_client_close(struct http_client *client, void (*fn)(void *arg), void *arg)
{
    assert(!client->closing);
    http_client_reset(client);
    client->closing = true;
    client->closed = fn;
    client->closed_arg = arg;
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

enum lat_err
http_client_send(struct http_client *client, const struct http_request *request, http_done_fn fn, void *arg,
                 struct http_transfer **out)
{
    struct http_transfer *t = NULL;
    enum lat_err err = need_multi(client);

    assert(!client->closing);
    if (!err)
        err = http_transfer_new(&client->shared, request, fn, arg, &t);
    if (err)
        return err;
    t->client = client;
    client->count++;
    start(client, t);
    if (client->finished)
        uv_timer_start(&client->timer, on_timer, 0, 0);
    *out = t;
    return LAT_OK;
}

void
http_transfer_cancel(struct http_transfer *t)
{
    struct http_client *client;

    if (t == NULL)
        return;
    client = t->client;
    if (t->in_multi) {
        curl_multi_remove_handle(client->multi, t->easy);
        list_remove(&client->running, t);
    } else {
        list_remove(&client->finished, t);
    }
    client->count--;
    http_transfer_free(t);
}

void
http_client_set_cut(struct http_client *client, bool cut)
{
    client->cut = cut;
}

void
http_client_hold(struct http_client *client, size_t bytes)
{
    client->shared.bodies += bytes;
}

void
http_client_release(struct http_client *client, size_t bytes)
{
    client->shared.bodies -= bytes;
}

size_t
http_client_transfers(const struct http_client *client)
{
    return client->count;
}
