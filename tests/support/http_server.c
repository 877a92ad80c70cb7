#include "config.h"

#include "support/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* cmocka wants the five headers above it. */
#include <setjmp.h>

#include <cmocka.h>

#define CONNECTIONS 32
#define REQUEST_MAX (2 * 1024 * 1024)

struct connection {
    int fd; /* -1: free */
    uint8_t *data;
    size_t len;
};

struct http_server {
    int listen_fd, wake[2];
    pthread_t thread;
    http_handler_fn fn;
    void *arg;
    char url[64];
    atomic_uint requests, open;
    struct connection connections[CONNECTIONS];
};

static void
drop(struct http_server *server, struct connection *c)
{
    atomic_fetch_sub(&server->open, 1);
    close(c->fd);
    free(c->data);
    *c = (struct connection){ .fd = -1 };
}

/* Length of the whole request in c->data, or 0 while it is not complete. */
static size_t
request_len(const struct connection *c, size_t *head_len)
{
    const uint8_t *end = memmem(c->data, c->len, "\r\n\r\n", 4);
    const char *field;
    char head[8192];
    size_t body = 0;

    if (end == NULL)
        return 0;
    *head_len = (size_t)(end - c->data) + 4;
    assert_true(*head_len < sizeof(head));
    memcpy(head, c->data, *head_len);
    head[*head_len] = '\0';
    field = strcasestr(head, "\r\ncontent-length:");
    if (field)
        body = strtoul(field + 17, NULL, 10);
    return c->len >= *head_len + body ? *head_len + body : 0;
}

static void
serve(struct http_server *server, struct connection *c)
{
    struct http_exchange x = { .server = server, .fd = c->fd };
    size_t head_len, len;

    while (c->fd >= 0 && (len = request_len(c, &head_len)) > 0) {
        memcpy(x.headers, c->data, head_len);
        x.headers[head_len] = '\0';
        if (sscanf(x.headers, "%15s %1023s", x.method, x.path) != 2)
            x.close = true;
        x.body = c->data + head_len;
        x.body_len = len - head_len;
        x.number = atomic_fetch_add(&server->requests, 1) + 1;
        if (!x.close)
            server->fn(server->arg, &x);
        c->len -= len;
        memmove(c->data, c->data + len, c->len);
        if (x.close)
            drop(server, c);
    }
}

static void
receive(struct http_server *server, struct connection *c)
{
    ssize_t got;

    if (c->data == NULL)
        c->data = malloc(REQUEST_MAX);
    got = recv(c->fd, c->data + c->len, REQUEST_MAX - c->len, 0);
    if (got <= 0) {
        drop(server, c);
        return;
    }
    c->len += (size_t)got;
    serve(server, c);
}

static void
accept_one(struct http_server *server)
{
    int fd = accept(server->listen_fd, NULL, NULL), on = 1;

    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t i = 0; i < CONNECTIONS && fd >= 0; i++) {
        if (server->connections[i].fd < 0) {
            server->connections[i] = (struct connection){ .fd = fd };
            atomic_fetch_add(&server->open, 1);
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

static void *
run(void *arg)
{
    struct http_server *server = arg;
    struct pollfd fds[CONNECTIONS + 2];

    for (;;) {
        fds[0] = (struct pollfd){ .fd = server->wake[0], .events = POLLIN };
        fds[1] = (struct pollfd){ .fd = server->listen_fd, .events = POLLIN };
        for (size_t i = 0; i < CONNECTIONS; i++)
            fds[i + 2] = (struct pollfd){ .fd = server->connections[i].fd, .events = POLLIN };
        if (poll(fds, CONNECTIONS + 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[0].revents)
            break;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (fds[i + 2].revents)
                receive(server, &server->connections[i]);
        if (fds[1].revents)
            accept_one(server);
    }
    return NULL;
}

struct http_server *
http_server_start(http_handler_fn fn, void *arg)
{
    struct http_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);

    assert_non_null(server);
    server->fn = fn;
    server->arg = arg;
    for (size_t i = 0; i < CONNECTIONS; i++)
        server->connections[i].fd = -1;
    assert_int_equal(pipe(server->wake), 0);
    server->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listen_fd >= 0);
    assert_int_equal(bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listen_fd, 16), 0);
    assert_int_equal(getsockname(server->listen_fd, (struct sockaddr *)&address, &len), 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void
http_server_stop(struct http_server *server)
{
    if (server == NULL)
        return;
    assert_int_equal(write(server->wake[1], "x", 1), 1);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (server->connections[i].fd >= 0)
            drop(server, &server->connections[i]);
    close(server->listen_fd);
    close(server->wake[0]);
    close(server->wake[1]);
    free(server);
}

const char *
http_server_url(const struct http_server *server)
{
    return server->url;
}

unsigned
http_server_connections(const struct http_server *server)
{
    return atomic_load(&server->open);
}

unsigned
http_server_requests(const struct http_server *server)
{
    return atomic_load(&server->requests);
}

/* Has the server been asked to stop, or has the client gone? Waits up to ms for that. */
static bool
is_over(struct http_exchange *x, int events, int ms)
{
    struct pollfd fds[2] = { { .fd = x->server->wake[0], .events = POLLIN },
                             { .fd = x->fd, .events = (short)events } };
    char byte;

    if (poll(fds, 2, ms) <= 0)
        return false;
    if (fds[0].revents || (fds[1].revents & (POLLERR | POLLHUP)))
        return true;
    return (fds[1].revents & POLLIN) && recv(x->fd, &byte, 1, MSG_PEEK) <= 0;
}

bool
http_wait(struct http_exchange *x, unsigned ms)
{
    if (is_over(x, POLLIN, (int)ms)) {
        x->close = true;
        return false;
    }
    return true;
}

bool
http_send(struct http_exchange *x, const void *data, size_t len)
{
    const char *at = data;
    ssize_t sent;

    while (len > 0) {
        if (is_over(x, POLLOUT, 1000))
            break;
        sent = send(x->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (sent <= 0)
            break;
        at += sent;
        len -= (size_t)sent;
    }
    if (len > 0)
        x->close = true;
    return len == 0;
}

bool
http_send_text(struct http_exchange *x, const char *text)
{
    return http_send(x, text, strlen(text));
}

void
http_reply(struct http_exchange *x, int status, const char *type, const char *extra, const void *body,
           size_t len)
{
    char head[4096];

    snprintf(head, sizeof(head), "HTTP/1.1 %d Scripted\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n",
             status, type, len, extra ? extra : "");
    if (http_send_text(x, head) && len > 0)
        http_send(x, body, len);
}
