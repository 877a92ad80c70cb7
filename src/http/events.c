/*
 * Server-sent events. There is no queue a client: what it has missed it will never want. Each client has a
 * cursor, the number of the snapshot last sent, and is woken when there is a newer one and its interval is
 * over; one that reads slowly finds, when it has taken what was under way, the newest and nothing in between.
 * The text of a snapshot is made once for all clients of one detail.
 *
 * The library does not look at a connection that sleeps. So the deadline epoll does: an end that has closed
 * is sent a ping at once, since it may still be reading; if it is not, the answer to that says so, and its
 * place is free.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "http/serve.h"
#include "view/json.h"
#include "view/summary.h"

#define CLIENTS_MAX 32
#define PING_MS 15000
#define STUCK_MS 30000 /* a client that has not taken one event in this time is ended */
#define BLOCK 4096
#define TEXT_MAX 2097152

/* A text that several clients are being sent. */
struct event_text {
    unsigned references;
    uint64_t number;
    struct lat_buf buf;
};

struct event_client {
    struct event_client *next, *prev;
    struct server *server;
    struct conn *conn;
    struct api_stream wanted;
    struct event_text *text; /* under way; NULL: none */
    size_t sent;
    uint64_t begun_ms; /* text */
    uint64_t number;   /* cursor: snapshot last begun */
    uint64_t due_ms;   /* not before */
    uint64_t ping_ms;  /* a sign of life, if nothing else was sent until then */
    bool is_suspended;
    bool is_gone; /* nobody is at the other end */
};

static void
text_free(struct event_text *text)
{
    lat_buf_fini(&text->buf);
    free(text);
}

static void
text_unref(struct event_text *text)
{
    if (text != NULL && --text->references == 0)
        text_free(text);
}

/* --- what is sent ------------------------------------------------------------------------------- */

static struct event_text *
text_of(const struct snapshot *s, bool full)
{
    cJSON *object = full ? snapshot_to_json(s) : summary_to_json(s);
    char *json = object == NULL ? NULL : cJSON_PrintUnformatted(object);
    struct event_text *text = json == NULL ? NULL : calloc(1, sizeof(*text));

    cJSON_Delete(object);
    if (text != NULL) {
        text->references = 1;
        text->number = s->number;
        lat_buf_init(&text->buf, TEXT_MAX);
        if (lat_buf_printf(&text->buf, "event: snapshot\nid: %" PRIu64 "\ndata: %s\n\n", s->number, json)) {
            text_free(text);
            text = NULL;
        }
    }
    cJSON_free(json);
    return text;
}

/* The text of the newest snapshot: one that another client is being sent right now, or a new one. */
static struct event_text *
newest_text(const struct event_client *client, const struct snapshot *s)
{
    for (struct event_client *c = client->server->event_clients; c != NULL; c = c->next) {
        if (c->text != NULL && c->text->number == s->number && c->wanted.full == client->wanted.full) {
            c->text->references++;
            return c->text;
        }
    }
    return text_of(s, client->wanted.full);
}

static struct event_text *
ping_text(void)
{
    struct event_text *text = calloc(1, sizeof(*text));

    if (text == NULL)
        return NULL;
    text->references = 1;
    lat_buf_init(&text->buf, 64);
    if (lat_buf_printf(&text->buf, "event: ping\ndata: {}\n\n")) {
        text_free(text);
        return NULL;
    }
    return text;
}

/* --- one client --------------------------------------------------------------------------------- */

static bool
has_newer(const struct event_client *client, const struct snapshot *s)
{
    return s != NULL && s->number != client->number && client->server->now_ms >= client->due_ms;
}

/* Choose what to send next; false: nothing now. */
static bool
begin_next(struct event_client *client)
{
    struct server *server = client->server;
    const struct snapshot *s = exchange_latest(server->api.exchange);

    client->sent = 0;
    client->begun_ms = server->now_ms;
    if (has_newer(client, s)) {
        client->text = newest_text(client, s);
        client->number = s->number;
        client->due_ms = server->now_ms + client->wanted.interval_ms;
    } else if (server->now_ms >= client->ping_ms) {
        client->text = ping_text();
    }
    snapshot_unref(s);
    if (client->text != NULL)
        client->ping_ms = server->now_ms + PING_MS;
    return client->text != NULL;
}

/* The library asks for bytes. Nothing to send: sleep until events_turn. */
static ssize_t
read_events(void *cls, uint64_t pos, char *out, size_t max)
{
    struct event_client *client = cls;
    size_t left;

    (void)pos;
    if (client->server->api.stopping)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (client->is_gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (client->text == NULL && !begin_next(client)) {
        client->is_suspended = true;
        MHD_suspend_connection(client->conn->mhd);
        return 0;
    }
    left = client->text->buf.len - client->sent;
    if (max > left)
        max = left;
    memcpy(out, client->text->buf.data + client->sent, max);
    client->sent += max;
    if (max == left) {
        text_unref(client->text);
        client->text = NULL;
    }
    return (ssize_t)max;
}

static void
free_client(void *cls)
{
    struct event_client *client = cls;

    if (client->prev != NULL)
        client->prev->next = client->next;
    else
        client->server->event_clients = client->next;
    if (client->next != NULL)
        client->next->prev = client->prev;
    client->server->event_client_count--;
    text_unref(client->text);
    free(client);
}

struct MHD_Response *
events_response(struct request *request)
{
    struct server *server = request->conn->listener->server;
    struct event_client *client = calloc(1, sizeof(*client));
    struct MHD_Response *response;

    if (client == NULL)
        return NULL;
    client->server = server;
    client->conn = request->conn;
    client->wanted = request->call.answer.streaming;
    client->ping_ms = server->now_ms + PING_MS;
    client->next = server->event_clients;
    if (server->event_clients != NULL)
        server->event_clients->prev = client;
    server->event_clients = client;
    server->event_client_count++;
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_events, client, free_client);
    if (response == NULL) {
        free_client(client);
        return NULL;
    }
    MHD_set_connection_option(client->conn->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    (void)conn_watch(client->conn, EPOLLRDHUP); /* if it cannot be watched, the usual pings find it gone */
    return response;
}

bool
events_full(const struct server *server)
{
    return server->event_client_count >= CLIENTS_MAX;
}

bool
events_any(const struct server *server)
{
    return server->event_clients != NULL;
}

void
events_hang_up(struct conn *conn, uint32_t what)
{
    struct event_client *client = conn->listener->server->event_clients;

    while (client != NULL && client->conn != conn)
        client = client->next;
    if (client == NULL)
        return;
    client->is_gone = (what & (EPOLLHUP | EPOLLERR)) != 0 || !conn_watch(conn, 0);
    client->ping_ms = conn->listener->server->now_ms;
}

/* Is there something to do for a client that sleeps? */
static bool
is_due(const struct event_client *client, const struct snapshot *s)
{
    const struct server *server = client->server;

    return client->is_gone || has_newer(client, s) || server->now_ms >= client->ping_ms ||
           server->api.stopping;
}

void
events_turn(struct server *server)
{
    const struct snapshot *s;

    if (server->event_clients == NULL)
        return;
    s = exchange_latest(server->api.exchange);
    for (struct event_client *c = server->event_clients; c != NULL; c = c->next) {
        if (c->text != NULL && server->now_ms - c->begun_ms > STUCK_MS)
            shutdown(c->conn->fd, SHUT_RDWR); /* the library's timer does not run for streams */
        if (!c->is_suspended || !is_due(c, s))
            continue;
        c->is_suspended = false;
        MHD_resume_connection(c->conn->mhd);
    }
    snapshot_unref(s);
}
