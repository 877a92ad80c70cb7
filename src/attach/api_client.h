/*
 * api_client.h - one node's HTTP API, asked by a command: blocking calls on one kept connection, by libcurl, through SSH if need be.
 *
 * A client belongs to one thread. Answers are bounded; redirects are not followed; the token goes to no other host and
 * never over plain http beyond loopback.
 */
#ifndef LAT_ATTACH_API_CLIENT_H
#define LAT_ATTACH_API_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "attach/ssh_link.h"
#include "attach/ssh_target.h"
#include "base/buf.h"
#include "base/err.h"

#define API_TOKEN_MAX 256
#define API_ANSWER_MAX (1024u * 1024 * 1024) /* an exported state; everything else is far smaller */

#define API_PATIENCE_S 5 /* a node that says nothing for so long does not answer */
#define API_SLOW_S 30    /* ... where all of its state is asked for, or changed */

struct api_client;

/* Where a node's API is. */
struct api_target {
    char base[256];            /* "http://127.0.0.1:8000", no slash at the end */
    char token[API_TOKEN_MAX]; /* bearer; "": none */
    bool token_is_guess;       /* a cookie that may be another node's: refused (401), it is dropped and the request repeated */
    char socket[108];          /* path of the node's own socket; "": by TCP */
    char ca_file[256];         /* "": the system's */
    bool insecure_http;        /* the operator lets a token cross a network in the clear */
    struct ssh_target ssh;     /* host "": directly; else base is what is asked at the far end of a tunnel */
    char ssh_config[256];      /* read instead of ~/.ssh/config; "": that one and the system's */
    const struct ssh_asker *asker; /* borrowed; NULL: nobody can be asked */
};

/* Parse "http(s)://host[:port]" or "ssh://[user@]host[:port][?api=ADDRESS:PORT]". LAT_MALFORMED with the reason. */
LAT_MUST_CHECK enum lat_err api_target_parse(const char *text, struct api_target *target, struct lat_msg *why);

/*
 * Reach the node over the socket in its state directory, if one listens there: then it is this very node, whoever has
 * its port, and no token is needed, nor sent. False: nobody does; the target is unchanged.
 */
bool api_target_use_socket(struct api_target *target, const char *state_dir);

/*
 * How it is called on a screen: "http://127.0.0.1:8000", "ssh://ops@porto-1", the path of a socket, cut at its front: "..e/s1/api.sock".
 * out_size: 4 or more.
 */
void api_target_text(const struct api_target *target, char *out, size_t out_size);

/* NULL with *why: out of memory, a token that would cross a network in the clear, an SSH configuration that cannot be followed. */
struct api_client *api_client_new(const struct api_target *target, struct lat_msg *why);
void api_client_free(struct api_client *client);

/* One request. `header`: one more header line, or NULL. body NULL: none. */
struct api_request {
    const char *method;
    const char *path; /* begins with '/', already percent-encoded */
    const char *header;
    const void *body;
    size_t body_len;
    bool slow; /* a lot may have to be gathered first: it may be silent for API_SLOW_S, else for API_PATIENCE_S */
};

struct api_answer {
    long status;         /* HTTP status */
    struct lat_buf body; /* the caller finishes it */
    char etag[80];       /* without quotes; "": none */
};

/* Ask. LAT_CLOSED: no answer, with "no answer from TARGET: why" in *why; LAT_LIMIT, LAT_NOMEM. Inits answer->body. */
LAT_MUST_CHECK enum lat_err api_call(struct api_client *client, const struct api_request *request,
                                     struct api_answer *answer, struct lat_msg *why);

/* The percent-encoded path of an entry: "/api/lattice/state/" and the key. Appends to out. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err api_entry_path(const void *key, size_t key_len, struct lat_buf *out);

/* The `detail` or `message` of an error body, escaped, else a sentence with the status. */
void api_error_text(const struct api_answer *answer, char *out, size_t out_size);

#endif
