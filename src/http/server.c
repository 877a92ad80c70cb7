#include "config.h"

#include "http/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wipe.h"
#include "http/facts.h"
#include "http/serve.h"

#define WAIT_MS 100       /* with connections: their deadlines are looked at that often */
#define WAIT_IDLE_MS 1000 /* without */
#define EVENTS_AT_ONCE 16
#define WORKERS 2

/* --- the loop ----------------------------------------------------------------------------------- */

/* Until when may the loop sleep? */
static int
wait_ms(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;
    int wait = server->conns != NULL || server->stop_ms != 0 ? WAIT_MS : WAIT_IDLE_MS;

    if (events_any(server))
        wait = WAIT_MS / 2;
    for (size_t i = 0; i < server->listener_count; i++) {
        if (server->listeners[i].daemon != NULL &&
            MHD_get_timeout(server->listeners[i].daemon, &ms) == MHD_YES && ms < (MHD_UNSIGNED_LONG_LONG)wait)
            wait = (int)ms;
    }
    return wait;
}

/*
 * Tokens and certificate, where there are new ones; what was named and could not be read leaves the old.
 * Handshakes that have begun have copies of theirs.
 */
static void
adopt_secrets(struct server *server, const struct api_facts *facts, struct tokens *tokens, struct tls *tls)
{
    if (tokens != NULL || facts->tokens_file == NULL) {
        tokens_free(server->tokens);
        server->tokens = tokens;
    }
    if (tls != NULL) {
        tls_serve(tls);
        tls_free(server->tls);
        server->tls = tls;
    }
}

static void
adopt_facts(struct server *server)
{
    struct api_facts *next;
    struct tokens *tokens;
    struct tls *tls;

    pthread_mutex_lock(&server->lock);
    next = server->next_facts;
    tokens = server->next_tokens;
    tls = server->next_tls;
    server->next_facts = NULL;
    server->next_tokens = NULL;
    server->next_tls = NULL;
    pthread_mutex_unlock(&server->lock);
    if (next == NULL)
        return;
    adopt_secrets(server, next, tokens, tls);
    facts_free(server->facts);
    server->facts = next;
    server->api.facts = next;
    server->facts_number++;
}

/* Clear what has woken us; what is to be done is seen by looking. */
static void
clear_wakes(struct server *server)
{
    uint64_t count;

    wake_clear(server->api.wake);
    if (server->snapshot_fd >= 0 && read(server->snapshot_fd, &count, sizeof(count)) < 0)
        return; /* not readable: no new snapshot */
}

static void
turn(struct server *server)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(server->epoll_fd, events, EVENTS_AT_ONCE, wait_ms(server));

    server->now_ms = lat_mono_ms();
    if (n > 0)
        clear_wakes(server);
    adopt_facts(server);
    conns_woken(server);
    requests_resume_ready(server);
    events_turn(server);
    for (size_t i = 0; i < server->listener_count; i++) {
        if (server->listeners[i].daemon != NULL)
            MHD_run(server->listeners[i].daemon);
    }
    conns_scan(server);
    for (size_t i = 0; i < server->listener_count && !server->api.stopping; i++)
        listener_try(&server->listeners[i]);
}

static void
begin_stop(struct server *server)
{
    server->api.stopping = true;
    server->stop_ms = server->now_ms + SERVE_STOP_MS;
    for (size_t i = 0; i < server->listener_count; i++)
        listener_stop_accepting(&server->listeners[i]);
}

/* Give up what still waits: its answer will be that its fate is not known. */
static void
give_up_waiting(struct server *server)
{
    worker_free(server->api.worker); /* ends the jobs that run, and marks the others */
    server->api.worker = NULL;
    for (struct request *request = server->waiting; request != NULL; request = request->next)
        request->call.patience_ms = 0;
    requests_resume_ready(server);
}

static bool
is_any_answer_under_way(const struct server *server)
{
    for (const struct conn *conn = server->conns; conn != NULL; conn = conn->next) {
        if (conn->request != NULL && conn->request->stage == REQUEST_QUEUED)
            return true;
    }
    return false;
}

static void
stop(struct server *server)
{
    begin_stop(server);
    while (server->waiting != NULL && server->now_ms < server->stop_ms)
        turn(server);
    give_up_waiting(server);
    server->stop_ms = server->now_ms + SERVE_FLUSH_MS;
    do
        turn(server);
    while ((server->waiting != NULL || events_any(server) || is_any_answer_under_way(server)) &&
           server->now_ms < server->stop_ms);
    for (size_t i = 0; i < server->listener_count; i++)
        listener_close(&server->listeners[i]);
}

static void *
run(void *arg)
{
    struct server *server = arg;

    tls_serve(server->tls);
    while (!atomic_load_explicit(&server->stop, memory_order_acquire))
        turn(server);
    stop(server);
    return NULL;
}

/* --- start and stop ----------------------------------------------------------------------------- */

static void
wake_server(void *arg)
{
    struct server *server = arg;

    wake_up(server->api.wake);
}

static void
add_listener(struct server *server, enum listener_kind kind)
{
    struct listener *listener = &server->listeners[server->listener_count++];

    listener->server = server;
    listener->kind = kind;
    listener->fd = -1;
}

/*
 * Off loopback a stranger reaches the API: it must know its callers, and nobody may listen to their tokens.
 * Other nodes are asked for tokens where the file names some for them.
 */
static enum lat_err
decide_tls(struct server *server, const struct api_options *options, struct lat_msg *why)
{
    bool api = !server->listeners[0].address.is_loopback;
    bool sync = server->tls != NULL && (tokens_roles(server->tokens) & TOKEN_SYNC) != 0;

    if (api && (server->tls == NULL || server->tokens == NULL)) {
        lat_msg_set(why,
                    "API address '%.80s': off loopback the API needs LATTICE_TLS_CERT, LATTICE_TLS_KEY and "
                    "LATTICE_API_TOKENS_FILE; set them, or use 127.0.0.1 and an SSH tunnel, or "
                    "LATTICE_SYNC_LISTEN for other nodes",
                    options->listen);
        return LAT_MALFORMED;
    }
    if ((api || sync) && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        lat_msg_set(why, "this machine's HTTP library has no TLS; install a libmicrohttpd with GnuTLS");
        return LAT_SYS;
    }
    for (size_t i = 0; i < server->listener_count; i++) {
        struct listener *l = &server->listeners[i];

        l->guarded = l->kind == LISTENER_API && api;
        l->tls = l->guarded || (l->kind == LISTENER_SYNC && sync);
    }
    return LAT_OK;
}

static enum lat_err
add_listeners(struct server *server, const struct api_options *options, struct lat_msg *why)
{
    enum lat_err err;

    add_listener(server, LISTENER_API);
    err = listen_parse(options->listen, &server->listeners[0].address, why);
    if (err)
        return err;
    if (options->sync_listen != NULL) {
        add_listener(server, LISTENER_SYNC);
        err = listen_parse(options->sync_listen, &server->listeners[1].address, why);
        if (err)
            return err;
    }
    if (options->socket_path != NULL) {
        add_listener(server, LISTENER_SOCKET);
        server->listeners[server->listener_count - 1].path = strdup(options->socket_path);
        if (server->listeners[server->listener_count - 1].path == NULL)
            return LAT_NOMEM;
    }
    return decide_tls(server, options, why);
}

/* Read what the facts name into *tokens and *tls; NULL where nothing is named or the first error came before.
 */
static enum lat_err
load_secrets(const struct api_facts *facts, struct tokens **tokens, struct tls **tls, struct lat_msg *why)
{
    enum lat_err err = LAT_OK;

    *tokens = NULL;
    *tls = NULL;
    if (facts->tls_cert != NULL && facts->tls_key != NULL)
        err = tls_load(facts->tls_cert, facts->tls_key, tls, why);
    if (!err && facts->tokens_file != NULL)
        err = tokens_load(facts->tokens_file, tokens, why);
    return err;
}

static bool
watch(struct server *server, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    return fd >= 0 && epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum lat_err
open_descriptors(struct server *server)
{
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->deadline_fd = epoll_create1(EPOLL_CLOEXEC);
    server->api.wake = wake_new();
    server->snapshot_fd = exchange_watch(server->api.exchange);
    if (server->epoll_fd < 0 || server->deadline_fd < 0 || server->api.wake == NULL ||
        !watch(server, wake_fd(server->api.wake)) || !watch(server, server->deadline_fd) ||
        !watch(server, server->snapshot_fd))
        return LAT_SYS;
    if (sockowner_new(&server->owner))
        lat_log(LAT_WARNING,
                "[STARTUP] [WARN] API: this kernel does not tell whose connections are: %s; "
                "changes need the cookie",
                strerror(errno));
    return LAT_OK;
}

static void
copy_options(struct server *server, const struct api_options *options)
{
    server->cookie = options->cookie == NULL ? NULL : strdup(options->cookie);
    server->version = strdup(options->version);
    server->facts = facts_dup(&options->facts);
    server->shared = calloc(routes_count(), sizeof(*server->shared));
    server->api.exchange = options->exchange;
    server->api.store = options->store;
    server->api.docs = options->docs;
    server->api.healings = options->healings;
    server->api.key = options->key;
    server->api.get_trust = options->get_trust;
    server->api.arg = options->arg;
    server->api.version = server->version;
    server->api.facts = server->facts;
}

static void
free_server(struct server *server)
{
    statedocs_unwatch(server->api.docs, wake_server, server);
    worker_free(server->api.worker);
    for (size_t i = 0; i < server->listener_count; i++) {
        listener_close(&server->listeners[i]);
        free(server->listeners[i].path);
    }
    respond_drop_shared(server);
    free(server->shared);
    sockowner_free(server->owner);
    if (server->snapshot_fd >= 0)
        exchange_unwatch(server->api.exchange, server->snapshot_fd);
    wake_unref(server->api.wake);
    if (server->deadline_fd >= 0)
        close(server->deadline_fd);
    if (server->epoll_fd >= 0)
        close(server->epoll_fd);
    facts_free(server->facts);
    facts_free(server->next_facts);
    tokens_free(server->tokens);
    tokens_free(server->next_tokens);
    tls_free(server->tls);
    tls_free(server->next_tls);
    if (server->cookie != NULL)
        lat_wipe(server->cookie, strlen(server->cookie));
    free(server->cookie);
    free(server->version);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

enum lat_err
server_start(const struct api_options *options, struct server **out, struct lat_msg *why)
{
    struct server *server = calloc(1, sizeof(*server));
    enum lat_err err;

    if (server == NULL)
        return LAT_NOMEM;
    server->epoll_fd = server->deadline_fd = server->snapshot_fd = -1;
    server->now_ms = lat_mono_ms();
    pthread_mutex_init(&server->lock, NULL);
    copy_options(server, options);
    err = load_secrets(&options->facts, &server->tokens, &server->tls, why);
    if (!err)
        err = add_listeners(server, options, why);
    if (!err && (server->version == NULL || server->facts == NULL || server->shared == NULL ||
                 (options->cookie != NULL && server->cookie == NULL)))
        err = LAT_NOMEM;
    if (!err)
        err = open_descriptors(server);
    if (!err) {
        statedocs_watch(server->api.docs, wake_server, server);
        server->api.worker = worker_new(WORKERS, wake_server, server);
        for (size_t i = 0; i < server->listener_count; i++)
            listener_try(&server->listeners[i]);
        if (server->api.worker == NULL || pthread_create(&server->thread, NULL, run, server) != 0)
            err = LAT_NOMEM;
    }
    if (err) {
        if (why->text[0] == 0)
            lat_msg_set(why, "the API does not start: %s", lat_err_text(err));
        free_server(server);
        return err;
    }
    *out = server;
    return LAT_OK;
}

void
server_stop(struct server *server)
{
    if (server == NULL)
        return;
    atomic_store_explicit(&server->stop, true, memory_order_release);
    wake_up(server->api.wake);
    pthread_join(server->thread, NULL);
    free_server(server);
}

enum lat_err
server_set_facts(struct server *server, const struct api_facts *facts, struct lat_msg *why)
{
    struct api_facts *copy = facts_dup(facts), *unused;
    struct tokens *tokens, *unused_tokens = NULL;
    struct tls *tls, *unused_tls = NULL;
    enum lat_err err;

    if (copy == NULL) {
        lat_msg_set(why, "the API keeps its former settings: out of memory");
        return LAT_NOMEM;
    }
    err = load_secrets(facts, &tokens, &tls, why);
    pthread_mutex_lock(&server->lock);
    unused = server->next_facts;
    server->next_facts = copy;
    if (tokens != NULL) {
        unused_tokens = server->next_tokens;
        server->next_tokens = tokens;
    }
    if (tls != NULL) {
        unused_tls = server->next_tls;
        server->next_tls = tls;
    }
    pthread_mutex_unlock(&server->lock);
    facts_free(unused);
    tokens_free(unused_tokens);
    tls_free(unused_tls);
    wake_up(server->api.wake);
    return err;
}

void
server_status(struct server *server, struct server_status *out)
{
    const struct listener *l;

    memset(out, 0, sizeof(*out));
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->listener_count; i++) {
        l = &server->listeners[i];
        if (l->kind == LISTENER_API) {
            memcpy(out->address, l->bound, sizeof(out->address));
            memcpy(out->error, l->error, sizeof(out->error));
        } else if (l->kind == LISTENER_SYNC) {
            memcpy(out->sync_address, l->bound, sizeof(out->sync_address));
            memcpy(out->sync_error, l->error, sizeof(out->sync_error));
        }
    }
    pthread_mutex_unlock(&server->lock);
}
