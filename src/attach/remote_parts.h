/* remote_parts.h - the inside of a remote node, for remote.c, remote_turn.c, remote_ask.c and remote_http.c alone. */
#ifndef LAT_ATTACH_REMOTE_PARTS_H
#define LAT_ATTACH_REMOTE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "attach/api_parts.h"
#include "attach/remote.h"
#include "attach/sse.h"

#define SECRETS_MAX 4

/* A request under way on a handle of its own. */
enum request_kind { REQUEST_NONE, REQUEST_EVENTS, REQUEST_SNAPSHOT, REQUEST_STATUS, REQUEST_ROOT, REQUEST_SWITCH, REQUEST_LOOK };

struct remote_request {
    enum request_kind kind;
    CURL *curl;
    struct api_way way;
    struct curl_slist *headers;
    char path[320], header[112];
    char error[CURL_ERROR_SIZE];
    struct lat_buf body;
    char etag[80];
    uint64_t begun_ms;
    bool answered; /* its first byte has come */
};

/* How the node is watched. */
enum remote_mode { WATCH_EVENTS, WATCH_POLL, WATCH_LEGACY };

/* A passphrase once typed, for the next connection. */
struct remote_secret {
    char subject[SSH_PATH_MAX];
    char text[SSH_SECRET_MAX];
};

struct remote {
    struct api_target target;
    struct remote_options options;
    char name[SNAPSHOT_NAME_MAX], shown[64];
    struct exchange *exchange;
    struct exchange_source face;
    int wake; /* eventfd: a command, an answer, another focus, the end */
    pthread_t thread;
    atomic_int holders; /* owner and thread; the last one frees */
    atomic_bool stopping, full, hurry; /* hurry: do not wait for the next try */
    atomic_uint_fast64_t bytes;

    pthread_mutex_t lock; /* of the next five */
    struct link_status link;
    char asked[SSH_PATH_MAX]; /* subject of the question */
    uint32_t questions;       /* so far */
    bool answer_ready, answer_yes;
    char answer_secret[SSH_SECRET_MAX];

    /* the thread's */
    CURLM *multi;
    struct ssh_tunnel *tunnel; /* NULL: none on the way */
    struct ssh_asker asker;
    struct remote_request watch, call;
    struct sse sse;
    struct command *command; /* under way in `call` */
    enum remote_mode mode;
    bool watching_full;
    bool up; /* an attempt is under way, or the node is live */
    bool live;
    uint64_t now_ms, heard_ms, begun_ms, retry_ms, poll_ms, mode_until_ms;
    uint32_t failures; /* in a row */
    char etag[80];
    struct lat_buf legacy_status;
    struct remote_secret secrets[SECRETS_MAX];
    unsigned secret_next;
    char declined[SSH_PATH_MAX]; /* a host that the operator has not let pass */
};

/* remote_turn.c: one turn of the thread; how long it may sleep then. */
void remote_turn(struct remote *r);
uint64_t remote_due_ms(const struct remote *r);

/* Give up for now: the reason for the operator, and when to try again. */
void remote_fail(struct remote *r, const char *reason);

/* A new state of the link, shown at once. */
void remote_say(struct remote *r, enum link_state state);

/* remote_ask.c: for struct ssh_asker. */
enum ssh_answer remote_ask(void *arg, const struct ssh_question *question, char *secret);
void remote_answer(struct remote *r, uint32_t question, bool yes, const char *secret);

/* remote_http.c */
bool remote_request_init(struct remote_request *q, struct ssh_tunnel *tunnel);
void remote_request_fini(struct remote *r, struct remote_request *q);
void remote_request_end(struct remote *r, struct remote_request *q); /* break it off; NONE afterwards */
void remote_watch(struct remote *r);    /* begin what the mode says, if it is time */
void remote_commands(struct remote *r); /* begin the next command, if none is under way */
void remote_finish(struct remote *r);   /* act on the requests that have ended */
void remote_drop_command(struct remote *r, const char *reason); /* the one under way; while not up, all that wait too */
void remote_sse_init(struct remote *r);

#endif
