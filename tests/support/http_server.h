/*
 * http_server.h - a small scripted HTTP server on loopback for tests: one thread, raw sockets, port 0. The
 * handler answers each request as well, or as badly, as the test wants. It runs on the server's thread, one
 * request at a time.
 */
#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;

/* A request, whole. */
struct http_exchange {
    char method[16];
    char path[1024];
    char headers[8192]; /* as received, with the request line */
    const uint8_t *body;
    size_t body_len;
    unsigned number; /* 1, 2, 3 ... of this server */
    struct http_server *server;
    int fd;
    bool close; /* the handler may ask for it */
};

typedef void (*http_handler_fn)(void *arg, struct http_exchange *x);

/* Start; fails the test on errors. */
struct http_server *http_server_start(http_handler_fn fn, void *arg);
void http_server_stop(struct http_server *server);

const char *http_server_url(const struct http_server *server); /* "http://127.0.0.1:41234" */
unsigned http_server_requests(const struct http_server *server);
unsigned http_server_connections(const struct http_server *server); /* open now */

/* A whole answer with Content-Length. extra: further header lines, each with CRLF; NULL: none. */
void http_reply(struct http_exchange *x, int status, const char *type, const char *extra, const void *body,
                size_t len);

/* Bytes as they are; false when the client has gone or the server stops. */
bool http_send(struct http_exchange *x, const void *data, size_t len);
bool http_send_text(struct http_exchange *x, const char *text);

/* Wait; false at once when the client goes or the server stops. */
bool http_wait(struct http_exchange *x, unsigned ms);

#endif
