/*
 * serve.h - the inside of the server: what its files share. Everything here belongs to the API thread, except
 * where said.
 *
 *   server.c    the thread and its loop; start, stop, status
 *   listener.c  one address: socket, library daemon, retries
 *   conn.c      one connection: deadlines that the library does not have
 *   request.c   one request: gate, table, body, handler
 *   respond.c   an answer as the library sends it
 *   events.c    server-sent events
 */
#ifndef LAT_HTTP_SERVE_H
#define LAT_HTTP_SERVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include <microhttpd.h>

#include "http/api.h"
#include "http/listen.h"
#include "http/origin.h"
#include "http/routes.h"
#include "http/sockowner.h"
#include "http/tls.h"
#include "http/tokens.h"

#define SERVE_LISTENERS 3
#define SERVE_API_CONNECTIONS 256
#define SERVE_SYNC_CONNECTIONS 128
#define SERVE_SYNC_PER_ADDRESS 32
#define SERVE_SOCKET_CONNECTIONS 64
#define SERVE_BODIES_MAX (32u * 1024 * 1024) /* of all open requests that nobody vouches for */
#define SERVE_DRAIN_MAX 262144 /* over a route's limit: read all the same, so that the refusal arrives */

#define SERVE_HEADER_MS 5000
#define SERVE_BODY_MS 10000
#define SERVE_IDLE_MS 30000
#define SERVE_CROWDED_IDLE_MS 2000 /* idle time where connections run out */
#define SERVE_SEND_MS 30000        /* plus a second for every SERVE_SEND_RATE bytes */
#define SERVE_SEND_RATE 65536
#define SERVE_SCAN_MS 100
#define SERVE_RETRY_MS 3000
#define SERVE_STOP_MS 1200 /* patience with what waits when the end has begun */
#define SERVE_FLUSH_MS 400 /* then, for answers on their way */

struct server;
struct request;

enum listener_kind { LISTENER_API, LISTENER_SYNC, LISTENER_SOCKET };

struct listener {
    struct server *server;
    enum listener_kind kind;
    struct listen_address address; /* LISTENER_SOCKET: not used */
    char *path;                    /* LISTENER_SOCKET */
    bool tls;                      /* speaks TLS */
    bool guarded;                  /* LISTENER_API off loopback: only bearers are answered */
    int fd;                        /* -1: not bound */
    struct MHD_Daemon *daemon;     /* NULL: not bound */
    int epoll_fd;                  /* of the daemon */
    uint64_t retry_ms;             /* when to try again */
    unsigned connections;
    /* under server->lock */
    char bound[LISTEN_TEXT_MAX];
    char error[160];
};

/* One connection. */
struct conn {
    struct conn *next, *prev;
    struct listener *listener;
    struct MHD_Connection *mhd;
    int fd;
    struct auth_user at_accept;
    uint64_t deadline_ms; /* UINT64_MAX: none */
    bool is_idle;         /* between two requests: the first byte starts the header's time */
    struct request *request;
};

enum request_stage {
    REQUEST_NEW,     /* the request line is there */
    REQUEST_BODY,    /* passed; its body is coming in */
    REQUEST_DRAIN,   /* refused; its body is read and dropped */
    REQUEST_WAITING, /* suspended */
    REQUEST_QUEUED,  /* answered */
};

struct request {
    struct request *next, *prev; /* of those that wait */
    struct conn *conn;
    enum request_stage stage;
    char *target; /* path and query, cut in two at the '?' */
    size_t target_len;
    struct call call;
    enum origin_grant grant;
    unsigned roles;      /* one of these is asked for; 0: anybody may */
    size_t body_counted; /* bytes counted in server->body_bytes */
};

/* A prepared answer of a route that is shared. */
struct shared_answer {
    uint64_t number; /* of the snapshot */
    uint64_t facts;  /* of the facts */
    bool is_live;
    unsigned status;
    struct MHD_Response *response; /* NULL: none */
};

struct event_client;

struct server {
    struct api api;
    char *cookie, *version;
    struct sockowner *owner; /* NULL: this kernel does not tell */
    struct listener listeners[SERVE_LISTENERS];
    size_t listener_count;
    pthread_t thread;
    int epoll_fd;    /* daemons, wake, snapshots, deadlines */
    int deadline_fd; /* epoll of idle connections */
    int snapshot_fd; /* exchange_watch */
    uint64_t now_ms;
    uint64_t scanned_ms;
    struct conn *conns;
    unsigned conn_count;
    struct request *waiting;
    size_t body_bytes;
    struct shared_answer *shared;
    uint64_t facts_number;
    struct event_client *event_clients;
    unsigned event_client_count;
    uint64_t stop_ms; /* when waiting is given up; 0: not stopping */
    atomic_bool stop; /* any thread */
    pthread_mutex_t lock;
    struct api_facts *facts;      /* in use; API thread, as the two below */
    struct tokens *tokens;        /* NULL: none */
    struct tls *tls;              /* NULL: none */
    struct api_facts *next_facts; /* under lock: to be used from the next turn on; NULL: nothing new */
    struct tokens *next_tokens;   /* as above */
    struct tls *next_tls;
};

/* --- listener.c --------------------------------------------------------------------------------- */

/*
 * Bind and start the daemon where it is time to; the reason for not being bound is kept in listener->error.
 */
void listener_try(struct listener *listener);
void listener_stop_accepting(struct listener *listener);
void listener_close(struct listener *listener);

/* --- conn.c ------------------------------------------------------------------------------------- */

/* For the library: a connection begins or ends. cls: the listener. */
void conn_notify(void *cls, struct MHD_Connection *mhd, void **socket_context,
                 enum MHD_ConnectionNotificationCode code);
struct conn *conn_of(struct MHD_Connection *mhd);
void conn_set_deadline(struct conn *conn, uint64_t ms_from_now);
void conn_clear_deadline(struct conn *conn);
void conn_idle(struct conn *conn); /* a request is over */
/* Have deadline_fd tell of these EPOLL... once, and of an end. */
bool conn_watch(struct conn *conn, uint32_t what);
/* deadline_fd is readable: idle connections have begun a request, clients of event streams have gone. */
void conns_woken(struct server *server);
void conns_scan(struct server *server); /* end those whose time is over */
struct auth_user conn_asker(struct conn *conn);

/* --- request.c ---------------------------------------------------------------------------------- */

/*
 * For the library: the request line has been read, cls: the listener; a request goes on; a request is over.
 */
void *request_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                               const char *version, const char *data, size_t *size, void **con_cls);
void request_end(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode code);

/* Resume those whose answer is there. */
void requests_resume_ready(struct server *server);

/* --- respond.c ---------------------------------------------------------------------------------- */

/* Queue call->answer on the connection. */
enum MHD_Result respond(struct request *request);

/* Queue a prepared answer of this route, if there is one that still holds. */
bool respond_shared(struct request *request, enum MHD_Result *result);
void respond_drop_shared(struct server *server);

/* --- events.c ----------------------------------------------------------------------------------- */

/* A response that streams to this connection. NULL: too many clients, or out of memory. */
struct MHD_Response *events_response(struct request *request);

/* Are there as many clients as there may be? */
bool events_full(const struct server *server);

/* deadline_fd says (EPOLL...) that the other end of this connection has closed or is gone. */
void events_hang_up(struct conn *conn, uint32_t what);

/* Wake those for whom there is something to send. */
void events_turn(struct server *server);

/* Is somebody to be woken soon? Then the loop must not sleep long. */
bool events_any(const struct server *server);

#endif
