/*
 * api_world.h - the HTTP API as it runs in a node, with a pretend node behind it: a real store, a thread that
 * carries out commands and publishes snapshots, a server on a port of its own; and a raw client that sends
 * what it is told to.
 */
#ifndef TESTS_SUPPORT_API_WORLD_H
#define TESTS_SUPPORT_API_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include <cjson/cJSON.h>

#include "http/server.h"

#define API_WORLD_COOKIE "00112233445566778899aabbccddeeff"

struct api_world {
    struct key *key;
    struct store *store;
    struct statedocs *docs;
    struct healings *healings;
    struct exchange *exchange;
    struct server *server;
    struct api_facts facts;
    struct api_options options;
    struct snapshot
        *shown; /* copied into each published snapshot; changed by the test before api_world_publish */
    uint64_t published;
    pthread_t thread;
    int wake_fd;
    atomic_bool stop;
    atomic_bool deaf;     /* commands are taken, but stay unanswered */
    atomic_int refusing;    /* an enum lat_err with which writes are answered; 0: they are carried out */
    atomic_bool frozen;   /* no new snapshots */
    struct command *kept; /* unanswered one of a deaf node */
    pthread_mutex_t lock; /* shown, published, kept */
    char who[64], says[64]; /* of the last command; under lock */
};

/* A world in the folder `name` of the test's own (temp.h). Fill in world->facts and world->options before
 * api_world_start to differ. */
void api_world_init(struct api_world *world, const char *name);
void api_world_start(struct api_world *world);
/* Stops in the order that server.h asks for. */
void api_world_fini(struct api_world *world);

/* Publish world->shown, with the next number and the present time. */
void api_world_publish(struct api_world *world);

/* Port of the API's listener, or of that for other nodes. */
int api_world_port(struct api_world *world);
int api_world_sync_port(struct api_world *world);

/* Write entries "PREFIX00000" ... through the store, values {"n": i, "pad": ...}. */
void api_world_fill(struct api_world *world, const char *prefix, size_t count);

/* --- the client -------------------------------------------------------------------------------------------
 */

struct http_reply {
    int status; /* 0: closed without an answer */
    char *head; /* status line and headers; "": none */
    char *body; /* terminated */
    size_t body_len;
};

/* Connect to loopback. */
int http_connect(int port);
int http_connect_path(const char *path);
void http_send(int fd, const void *data, size_t len);
void http_send_text(int fd, const char *text);
/* Read one answer, by its Content-Length or to the end. is_head: it has no body. Patience: ten seconds. */
struct http_reply http_read(int fd, bool is_head);
void http_reply_fini(struct http_reply *reply);

/* Has the other side closed? Waits for at most ms. */
bool http_is_closed(int fd, int ms);

/* Send this text on a new connection, read one answer, close. */
struct http_reply http_raw(int port, const char *text);

/* "METHOD target HTTP/1.1", Host, further header lines (each with CRLF; NULL: none), Content-Length where
 * there is a body. */
struct http_reply http_ask(int port, const char *method, const char *target, const char *headers,
                           const char *body);

/* The value of a header in one of four buffers used in turn; NULL: absent. */
const char *http_header(const struct http_reply *reply, const char *name);

/* The body as JSON; fails the test when it is none. The caller deletes it. */
cJSON *http_json(const struct http_reply *reply);

/* The status alone. */
int http_status(int port, const char *method, const char *target);

#endif
