/*
 * http_client.h - HTTP requests of the node thread: libcurl's multi interface on the node's libuv loop.
 *
 * A request gives one whole answer or one sentence that says why there is none. Whatever the other side does,
 * a transfer ends in bounded time and memory: limits on connecting, on the whole (redirects included), on
 * speed, on headers, on each body and on all bodies together. Compressed content is neither asked for nor
 * accepted. Redirects are followed on the same host and port only (or from http to https on the same host),
 * at most HTTP_REDIRECTS_MAX. Proxies of the environment, cookies and .netrc are not used. TLS trust and the
 * token file are read when the first https request is made, so that a node without https sources pays for
 * neither.
 *
 * Everything here belongs to the loop's thread.
 */
#ifndef LAT_HTTP_HTTP_CLIENT_H
#define LAT_HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

#define HTTP_REDIRECTS_MAX 3
#define HTTP_HEADERS_MAX 32768        /* bytes of response headers, redirects included */
#define HTTP_RETRY_AFTER_MAX_MS 60000 /* a longer Retry-After counts as this */
#define HTTP_TYPE_MAX 64

struct http_client;
struct http_transfer;

struct http_client_options {
    uv_loop_t *loop;
    uint64_t connect_ms;
    size_t bodies_max;      /* bytes of all bodies in flight together */
    const char *ca_file;    /* PEM; NULL or "": the system's */
    const char *token_file; /* NULL or "": no Authorization; sent over https alone */
};

struct http_request {
    const char *url;
    const uint8_t *body; /* NULL: GET; else POST */
    size_t body_len;
    const char *type;  /* content type of a body, and the one that a 200 must have: "application/json" */
    size_t body_max;   /* of the answer */
    uint64_t total_ms; /* for the whole, redirects included */
};

struct http_answer {
    enum lat_err err; /* OK: a whole answer, `status` says which; else there is none, and why[] says why */
    long status;      /* 0: none */
    uint64_t retry_after_ms;      /* 0: not said */
    struct lat_buf body;          /* of a 200; may be taken: *body = a fresh one */
    uint64_t bytes_in, bytes_out; /* of bodies, as they crossed the wire */
    uint32_t ms;                  /* how long it took */
    struct lat_msg why;           /* without the URL; escaped */
};

/*
 * Called once, on the loop, never from within http_client_send. The transfer must not be cancelled from here
 * on.
 *
 *   LAT_TIMEOUT    no connection, or no whole answer, in time; too slow
 *   LAT_LIMIT      headers or body over their limit
 *   LAT_MALFORMED  no HTTP, cut short, compressed, of another type, a redirect that is not followed
 *   LAT_AUTH       TLS: certificate, or the files for it
 *   LAT_CLOSED     refused, reset, name not found
 *   LAT_NOMEM
 */
typedef void (*http_done_fn)(void *arg, struct http_answer *answer);

/* NULL: out of memory. Copies the options. */
struct http_client *http_client_new(const struct http_client_options *options);

/* Cancel all transfers, close every connection, forget the token and the TLS trust. New requests may follow.
 */
void http_client_reset(struct http_client *client);

/* New limits and files, as after a reload; running transfers keep theirs. LAT_NOMEM: nothing changed. */
LAT_MUST_CHECK enum lat_err http_client_configure(struct http_client *client,
                                                  const struct http_client_options *options);

/* Reset, then let go of the loop; fn is called on the loop when the last handle is closed, and the client is
 * freed. */
void http_client_close(struct http_client *client, void (*fn)(void *arg), void *arg);

/* Start a request; copies it. *out borrows until fn is called or the transfer is cancelled. LAT_NOMEM,
 * LAT_MALFORMED (no URL). */
LAT_MUST_CHECK enum lat_err http_client_send(struct http_client *client, const struct http_request *request,
                                             http_done_fn fn, void *arg, struct http_transfer **out);

/* End a transfer at once; its fn is not called. NULL is fine. */
void http_transfer_cancel(struct http_transfer *transfer);

/* A demo's cut: every request that is sent from now on, and the redirect of one that runs, fails as if nobody listened there. */
void http_client_set_cut(struct http_client *client, bool cut);

/* A body that was taken is being worked on, or no longer: until then it counts among those in flight. */
void http_client_hold(struct http_client *client, size_t bytes);
void http_client_release(struct http_client *client, size_t bytes);

/* Transfers that have not ended. */
size_t http_client_transfers(const struct http_client *client);

#endif
