/*
 * api.h - one request as the routes see it, without the HTTP library: what was asked, what is answered, and,
 * where the answer takes time, what is being waited for. Everything here belongs to the API thread.
 *
 * A handler either fills call->answer, or says with call_submit, call_wait_docs or call_run what to wait for,
 * and returns; the server suspends the connection and calls the given function when it is there, or when the
 * call's patience is over. That function may wait again.
 */
#ifndef LAT_HTTP_API_H
#define LAT_HTTP_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "http/auth.h"
#include "http/gate.h"
#include "http/statedoc.h"
#include "http/server.h"
#include "http/wake.h"
#include "http/worker.h"
#include "view/exchange.h"

#define API_BODY_MAX 65536
#define API_PUT_MAX 1048576
#define API_PATIENCE_MS 15000 /* for an answer of the node or the store */
#define API_LIVE_MS 10000     /* a node whose snapshot is older than this has stopped turning */

/* What the handlers work with. */
struct api {
    struct exchange *exchange;
    struct store *store;
    struct statedocs *docs;
    struct healings *healings;
    struct worker *worker;
    const struct key *key;
    void (*get_trust)(void *arg, struct trust *out);
    void *arg;
    const char *version;
    const struct api_facts *facts; /* of this turn of the loop */
    struct wake *wake;
    bool stopping; /* new requests are refused, waiting ones given up */
};

enum api_method { API_GET = 1, API_HEAD = 2, API_PUT = 4, API_POST = 8, API_DELETE = 16, API_OPTIONS = 32 };

/* The stream of events that a client asked for. */
struct api_stream {
    bool full;
    uint32_t interval_ms;
};

/* status 0: none yet. */
struct answer {
    unsigned status;
    const char *type; /* Content-Type; static; NULL: application/json */
    struct lat_buf body;
    const struct statedoc *doc; /* its text stands between body and tail; NULL: none */
    struct lat_buf tail;
    char etag[80];            /* with quotes; "": none */
    char location[1100];      /* "": none */
    char allow[64];           /* "": none */
    char author[65], hlc[17]; /* of the record shown, in hex; "": none */
    unsigned retry_after_s;   /* 0: none */
    bool close;               /* end the connection after it */
    bool stream;              /* server-sent events instead of a body */
    struct api_stream streaming;
};

struct route;
struct call;
typedef void (*call_fn)(struct call *call);

struct call {
    struct api *api;
    const struct route *route;
    enum api_method method;
    uint64_t now_ms;   /* CLOCK_MONOTONIC, of this turn of the loop */
    const char *query; /* raw, behind the '?'; "": none */
    const char *rest;  /* raw path behind a route that goes on; "": none */
    struct gate_headers headers;
    char caller[AUTH_CALLER_MAX];    /* class control: who */
    const struct snapshot *snapshot; /* by call_snapshot; NULL: not asked for yet */
    struct lat_buf body;
    struct answer answer;
    /* waiting */
    bool (*is_ready)(struct call *call);
    call_fn resume;
    uint64_t patience_ms; /* instant at which waiting ends */
    struct ticket *ticket;
    uint64_t docs_number;
    struct job *job; /* not freed while it runs: the server waits for it */
    void (*free_job)(struct job *job);
};

void call_init(struct call *call, struct api *api);
void call_fini(struct call *call); /* a job must be done */

static inline bool
call_is_waiting(const struct call *call)
{
    return call->resume != NULL;
}

/*
 * The node as it was when first asked for in this call; NULL before its first snapshot, and then 503 is
 * answered. Borrow.
 */
const struct snapshot *call_snapshot(struct call *call);

/* --- waiting ------------------------------------------------------------------------------------ */

/*
 * Give the command to the node and wait for its answer; takes the command. resume finds the reply by
 * ticket_reply(call->ticket), NULL when patience was over. A command that cannot be queued is answered at
 * once (503).
 */
void call_submit(struct call *call, struct command *command, call_fn resume);

/*
 * Wait for the roots (or, whole, the document) of the present state; resume finds them by statedocs_latest.
 * An error is answered.
 */
void call_wait_docs(struct call *call, bool whole, call_fn resume);

/*
 * Hand the job to the workers; takes it. resume finds it in call->job, done, or never begun because the
 * server stops.
 */
void call_run(struct call *call, struct job *job, void (*free_job)(struct job *job), call_fn resume);

/* --- answers ------------------------------------------------------------------------------------ */

/* The object, compact. Takes it; NULL (out of memory) answers 503. */
void answer_json(struct call *call, unsigned status, cJSON *object);

/* {"detail": "..."}. */
void answer_error(struct call *call, unsigned status, const char *fmt, ...) LAT_PRINTF(3, 4);

/* {"success": false, "message": "...", "detail": "..."}: where v3.0.3 answers so. */
void answer_failure(struct call *call, unsigned status, const char *message);

/* The status that goes with an error of store or node (INTERFACE section 3, "Errors"). */
unsigned answer_status_of(enum lat_err err);

/* answer_error with that status. text: what happened; NULL: the code's own. */
void answer_err(struct call *call, enum lat_err err, const char *text);

/* ETag: the quoted hex of these 32 bytes. */
void answer_etag(struct call *call, const uint8_t tag[32]);

/* The beginning of an answer: {"success": true}. NULL: out of memory, which json_put bears. */
cJSON *json_success(void);

/*
 * Put item under a name that outlives the object, and take it. Either may be NULL, which marks the object as
 * failed: answer_json answers 503 then. So a handler adds all it has to say and looks for memory once, at the
 * end.
 */
void json_put(cJSON **object, const char *name, cJSON *item);
void json_put_text(cJSON **object, const char *name, const char *text); /* NULL: null */
void json_put_number(cJSON **object, const char *name, double number);
void json_put_flag(cJSON **object, const char *name, bool flag);
void json_put_hex(cJSON **object, const char *name, const uint8_t *bytes, size_t len); /* at most 64 bytes */

/* A list of strings, NULL-terminated or NULL (empty). */
cJSON *json_strings(const char *const *list);

#endif
