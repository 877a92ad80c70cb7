#include "config.h"

#include "http/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define MEMORY 16384
#define MEMORY_STEP 4096
#define TIMEOUT_S 30 /* the library's own, from the last byte moved: ends clients that take nothing */

/* What the library has to say concerns single requests: for developers. */
static void
log_line(void *cls, const char *fmt, va_list args)
{
    char line[256], shown[256];

    (void)cls;
    vsnprintf(line, sizeof(line), fmt, args);
    line[strcspn(line, "\n")] = 0;
    lat_log(LAT_DEBUG, "[API] %s", lat_escape_str(line, shown, sizeof(shown)));
}

/* Paths stay as sent: "%2F" in a key is no separator, and "%00" no end. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

static unsigned
connection_limit(enum listener_kind kind)
{
    switch (kind) {
    case LISTENER_API:
        return SERVE_API_CONNECTIONS;
    case LISTENER_SYNC:
        return SERVE_SYNC_CONNECTIONS;
    case LISTENER_SOCKET:
        break;
    }
    return SERVE_SOCKET_CONNECTIONS;
}

/* Loopback is one address: there the limit for one is that for all. */
static unsigned
address_limit(enum listener_kind kind)
{
    return kind == LISTENER_SYNC ? SERVE_SYNC_PER_ADDRESS : connection_limit(kind);
}

static struct MHD_Daemon *
start_daemon(struct listener *listener)
{
    static const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
    struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)tls_retrieve },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    /* clang-format off: one option a line */
    return MHD_start_daemon(
        flags | (listener->tls ? (unsigned)MHD_USE_TLS : 0), 0, NULL, NULL, request_handle, listener,
        MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL, /* first, or it misses lines */
        MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        (size_t)MEMORY_STEP, MHD_OPTION_CONNECTION_LIMIT, connection_limit(listener->kind),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, address_limit(listener->kind), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)TIMEOUT_S, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        conn_notify, listener, MHD_OPTION_NOTIFY_COMPLETED, request_end, listener,
        MHD_OPTION_URI_LOG_CALLBACK, request_begin, listener, MHD_OPTION_ARRAY,
        listener->tls ? secure : plain, MHD_OPTION_END);
    /* clang-format on */
}

static void
set_status(struct listener *listener, const char *bound, const char *error)
{
    pthread_mutex_lock(&listener->server->lock);
    lat_copy(listener->bound, sizeof(listener->bound), bound);
    lat_copy(listener->error, sizeof(listener->error), error);
    pthread_mutex_unlock(&listener->server->lock);
}

/* The socket, and a daemon on it that our loop watches. */
static enum lat_err
open_listener(struct listener *listener, struct lat_msg *why)
{
    struct epoll_event event = { .events = EPOLLIN };
    const union MHD_DaemonInfo *info;
    enum lat_err err = listener->kind == LISTENER_SOCKET
                           ? listen_open_path(listener->path, &listener->fd, why)
                           : listen_open(&listener->address, &listener->fd, why);

    if (err)
        return err;
    listener->daemon = start_daemon(listener);
    info = listener->daemon == NULL ? NULL : MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        listener_close(listener);
        lat_msg_set(why, "the HTTP library does not start: out of memory or descriptors");
        return LAT_NOMEM;
    }
    listener->epoll_fd = info->epoll_fd;
    if (epoll_ctl(listener->server->epoll_fd, EPOLL_CTL_ADD, listener->epoll_fd, &event) != 0) {
        listener_close(listener);
        lat_msg_set(why, "the HTTP library's descriptor cannot be watched");
        return LAT_SYS;
    }
    return LAT_OK;
}

void
listener_try(struct listener *listener)
{
    char bound[LISTEN_TEXT_MAX] = "";
    struct lat_msg why = { "" };
    bool first = listener->error[0] == 0;

    if (listener->daemon != NULL || listener->server->now_ms < listener->retry_ms)
        return;
    if (open_listener(listener, &why)) {
        listener->retry_ms = listener->server->now_ms + SERVE_RETRY_MS;
        set_status(listener, "", why.text);
        if (first)
            lat_log(LAT_WARNING, "[STARTUP] [WARN] API: %s; tried again every %d s", why.text,
                    SERVE_RETRY_MS / 1000);
        return;
    }
    if (listener->kind == LISTENER_SOCKET)
        lat_copy(bound, sizeof(bound), "api.sock");
    else
        listen_text(listener->fd, bound);
    set_status(listener, bound, "");
    lat_log(LAT_INFO, "[STARTUP] [OK] %s listens on %s%s",
            listener->kind == LISTENER_SYNC ? "API for other nodes" : "API", bound,
            listener->tls ? " (TLS)" : "");
}

void
listener_stop_accepting(struct listener *listener)
{
    MHD_socket fd;

    if (listener->daemon == NULL || listener->fd < 0)
        return;
    fd = MHD_quiesce_daemon(listener->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    listener->fd = -1;
    if (listener->kind == LISTENER_SOCKET)
        unlink(listener->path);
    set_status(listener, "", "stopping");
}

void
listener_close(struct listener *listener)
{
    if (listener->daemon != NULL) {
        listener_stop_accepting(listener);
        MHD_stop_daemon(listener->daemon); /* closes the epoll descriptor, which leaves ours with it */
        listener->daemon = NULL;
    }
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}
