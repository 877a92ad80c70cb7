/*
 * http_transfer.h - one HTTP transfer of http_client: its easy handle, its limits, and the sentence that says
 * why it failed. Used by http_client.c alone; loop thread.
 */
#ifndef LAT_HTTP_HTTP_TRANSFER_H
#define LAT_HTTP_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "http/http_client.h"
#include "http/http_url.h"

/* What the transfers of a client have in common. */
struct http_shared {
    uint64_t connect_ms;
    size_t bodies_max;
    size_t bodies;    /* in flight now */
    char *ca_file;    /* NULL: the system's */
    char *token_file; /* NULL: none */
    char *token;      /* read at the first https request; NULL: not yet */
};

struct http_transfer {
    struct http_transfer *next, *prev;
    struct http_client *client;
    struct http_shared *shared;
    CURL *easy;
    struct curl_slist *headers;
    http_done_fn fn;
    void *arg;
    char *url;     /* where it is now */
    uint8_t *body; /* of the request; NULL: GET */
    size_t body_len;
    char type[HTTP_TYPE_MAX];
    uint64_t begin_ms, deadline_ms;
    unsigned redirects;
    size_t header_bytes;
    size_t dropped_bytes; /* of bodies that nobody reads: not of a 200 */
    size_t counted;       /* of shared->bodies */
    bool in_multi;
    bool compressed;
    char curl_error[CURL_ERROR_SIZE];
    struct http_answer answer;
};

/* Copies the request. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err http_transfer_new(struct http_shared *shared, const struct http_request *request,
                                              http_done_fn fn, void *arg, struct http_transfer **out);
void http_transfer_free(struct http_transfer *t);

/* Set the easy handle up for t->url. An error leaves the reason in t->answer. */
LAT_MUST_CHECK enum lat_err http_transfer_prepare(struct http_transfer *t, uint64_t now_ms);

/*
 * curl has finished with it: fill t->answer. True when the answer is a redirect that may be followed: t->url
 * is the new place, and the transfer is to be prepared and run again.
 */
bool http_transfer_finish(struct http_transfer *t, CURLcode code, uint64_t now_ms);

#endif
