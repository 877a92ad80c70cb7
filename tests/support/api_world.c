#include "config.h"

#include "support/api_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/statedoc.h"
#include "state/healings.h"
#include "state/json.h"
#include "state/recon.h"
#include "support/snapshots.h"
#include "support/temp_store.h"

#define PATIENCE_S 10
#define PUBLISH_MS 200

/* --- the pretend node -------------------------------------------------------------------------------------
 */

/* Answers a write when the store has it. */
static void
written(void *arg, const struct store_written *w)
{
    struct reply reply = { .err = w->err, .hlc = w->hlc };

    lat_copy(reply.text, sizeof(reply.text), w->text);
    lat_hex(w->root, 32, reply.root);
    lat_hex(w->digest, 32, reply.etag);
    ticket_complete(arg, &reply);
}

static void
answer(struct command *command, struct reply *reply)
{
    ticket_complete(command->ticket, reply);
    command->ticket = NULL;
}

static void
do_write(struct api_world *world, struct command *command)
{
    struct lat_buf value;
    struct reply reply = { 0 };
    const uint8_t *stored = NULL;

    lat_buf_init(&value, 65536); /* LATTICE_VALUE_MAX */
    reply.err = (enum lat_err)atomic_load(&world->refusing);
    if (!reply.err && command->kind == COMMAND_PUT) {
        reply.err = json_store_form((const char *)command->value, command->value_len, &value, NULL);
        stored = value.data;
    }
    if (!reply.err)
        reply.err = store_write(world->store, command->key, command->key_len, stored, value.len,
                                (enum store_match)command->match, command->digest, written, command->ticket);
    if (reply.err)
        answer(command, &reply);
    command->ticket = NULL;
    lat_buf_fini(&value);
}

static void
do_switch(struct api_world *world, struct command *command)
{
    struct reply reply = { .policy = command->policy, .for_s = command->for_s };

    pthread_mutex_lock(&world->lock);
    if (command->policy == LUNG_POLICY_P2P && !world->shown->lung.p2p_enabled) {
        reply.err = LAT_CONFLICT;
        strcpy(reply.text, "P2P is disabled by configuration");
    } else {
        world->shown->lung.policy = command->policy;
        reply.state = world->shown->lung.state;
        reply.sync_mode = lung_sync_mode(reply.state);
        reply.peers_live = world->shown->lung.peers_live;
        strcpy(reply.text, "Switched");
    }
    pthread_mutex_unlock(&world->lock);
    answer(command, &reply);
}

/* Three peers listen, but nobody for what is called "unheard". */
static void
do_publish(struct api_world *world, struct command *command)
{
    struct reply reply = { .err = (enum lat_err)atomic_load(&world->refusing), .recipients = 3 };

    if (strcmp(command->intent, "unheard") == 0)
        reply.recipients = 0;
    snprintf(reply.text, sizeof(reply.text), "%.100s|%.100s", command->intent, command->status);
    answer(command, &reply);
}

static void
merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct reply reply = { .err = err, .verdict_count = count };

    reply.verdicts = malloc(count);
    assert_non_null(reply.verdicts);
    memcpy(reply.verdicts, verdicts, count);
    ticket_complete(arg, &reply);
}

static void
do_merge(struct api_world *world, struct command *command)
{
    struct recon_pushes pushes = { 0 };
    struct lat_buf ignored;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    lat_buf_init(&ignored, RECON_MESSAGE_MAX);
    assert_int_equal(
        recon_inspect(store_network(world->store), command->message, command->message_len, &pushes, &ignored),
        LAT_OK);
    assert_int_equal(store_merge(world->store, pushes.records.data, pushes.records.len, pushes.count, merged,
                                 command->ticket),
                     LAT_OK);
    command->ticket = NULL;
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&ignored);
}

static void
carry_out(struct api_world *world, struct command *command)
{
    pthread_mutex_lock(&world->lock);
    memcpy(world->who, command->who, sizeof(world->who));
    memcpy(world->says, command->says, sizeof(world->says));
    if (atomic_load(&world->deaf)) {
        command_free(world->kept);
        world->kept = command;
        command = NULL;
    }
    pthread_mutex_unlock(&world->lock);
    if (command == NULL)
        return;
    if (command->kind == COMMAND_SWITCH)
        do_switch(world, command);
    else if (command->kind == COMMAND_MERGE)
        do_merge(world, command);
    else if (command->kind == COMMAND_PUBLISH)
        do_publish(world, command);
    else
        do_write(world, command);
    command_free(command);
}

static void *
run(void *arg)
{
    struct api_world *world = arg;
    struct pollfd p = { .fd = world->wake_fd, .events = POLLIN };
    struct command *command;
    uint64_t count;

    while (!atomic_load(&world->stop)) {
        if (poll(&p, 1, PUBLISH_MS) == 1 && read(world->wake_fd, &count, sizeof(count)) < 0)
            break;
        while ((command = exchange_take(world->exchange)) != NULL)
            carry_out(world, command);
        if (!atomic_load(&world->frozen))
            api_world_publish(world);
    }
    return NULL;
}

static void
wake(void *arg)
{
    const uint64_t one = 1;
    struct api_world *world = arg;

    assert_int_equal(write(world->wake_fd, &one, sizeof(one)), sizeof(one));
}

static void
trust_own(void *arg, struct trust *out)
{
    struct api_world *world = arg;

    trust_init(out, key_public(world->key));
}

/* --- the world --------------------------------------------------------------------------------------------
 */

void
api_world_init(struct api_world *world, const char *name)
{
    static uid_t own[2];
    static char dir[512];
    struct store_options options;

    memset(world, 0, sizeof(*world));
    pthread_mutex_init(&world->lock, NULL);
    snprintf(dir, sizeof(dir), "%s", name);
    world->key = seed_key(1);
    store_clock_set(lat_wall_ms());
    options = store_options_for(dir, world->key);
    world->store = open_store(&options);
    world->docs = statedocs_new(world->store, dir);
    world->healings = healings_new();
    world->exchange = exchange_new();
    world->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    world->shown = sample_snapshot(LUNG_HTTP);
    assert_true(world->docs != NULL && world->healings != NULL && world->exchange != NULL && world->wake_fd >= 0);
    own[0] = geteuid();
    own[1] = 0;
    world->facts.uids = own;
    world->facts.uid_count = 2;
    world->options = (struct api_options){
        .listen = "127.0.0.1:0",
        .exchange = world->exchange,
        .store = world->store,
        .docs = world->docs,
        .healings = world->healings,
        .key = world->key,
        .get_trust = trust_own,
        .arg = world,
        .cookie = API_WORLD_COOKIE,
        .version = "0.1.0",
    };
}

void
api_world_start(struct api_world *world)
{
    struct lat_msg why = { "" };

    world->options.facts = world->facts;
    exchange_on_command(world->exchange, wake, world);
    api_world_publish(world);
    assert_int_equal(pthread_create(&world->thread, NULL, run, world), 0);
    if (server_start(&world->options, &world->server, &why))
        fail_msg("%s", why.text);
}

void
api_world_fini(struct api_world *world)
{
    atomic_store(&world->stop, true);
    wake(world);
    pthread_join(world->thread, NULL);
    exchange_close(world->exchange);
    command_free(world->kept);
    server_stop(world->server);
    statedocs_free(world->docs);
    healings_free(world->healings);
    store_close(world->store);
    exchange_free(world->exchange);
    key_free(world->key);
    snapshot_unref(world->shown);
    close(world->wake_fd);
    pthread_mutex_destroy(&world->lock);
}

void
api_world_publish(struct api_world *world)
{
    struct snapshot *s = snapshot_new();

    assert_non_null(s);
    pthread_mutex_lock(&world->lock);
    *s = *world->shown;
    s->number = ++world->published;
    pthread_mutex_unlock(&world->lock);
    s->mono_ms = lat_mono_ms();
    s->wall_ms = lat_wall_ms();
    exchange_publish(world->exchange, s);
}

static int
port_of(const char *address)
{
    const char *colon = strrchr(address, ':');

    assert_non_null(colon);
    return atoi(colon + 1);
}

int
api_world_port(struct api_world *world)
{
    struct server_status status;

    server_status(world->server, &status);
    return port_of(status.address);
}

int
api_world_sync_port(struct api_world *world)
{
    struct server_status status;

    server_status(world->server, &status);
    return port_of(status.sync_address);
}

struct filling {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t under_way;
};

static void
filled(void *arg, const struct store_written *w)
{
    struct filling *filling = arg;

    assert_int_equal(w->err, LAT_OK);
    pthread_mutex_lock(&filling->lock);
    filling->under_way--;
    pthread_cond_signal(&filling->changed);
    pthread_mutex_unlock(&filling->lock);
}

void
api_world_fill(struct api_world *world, const char *prefix, size_t count)
{
    struct filling filling = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    char key[64], value[128];
    int key_len, value_len;

    for (size_t i = 0; i < count; i++) {
        key_len = snprintf(key, sizeof(key), "%s%05zu", prefix, i);
        value_len =
            snprintf(value, sizeof(value), "{\"n\": %zu, \"pad\": \"0123456789abcdef0123456789abcdef\"}", i);
        pthread_mutex_lock(&filling.lock);
        while (filling.under_way >= 500)
            pthread_cond_wait(&filling.changed, &filling.lock);
        filling.under_way++;
        pthread_mutex_unlock(&filling.lock);
        assert_int_equal(store_write(world->store, (uint8_t *)key, (size_t)key_len, (uint8_t *)value,
                                     (size_t)value_len, STORE_MATCH_ANY, NULL, filled, &filling),
                         LAT_OK);
    }
    pthread_mutex_lock(&filling.lock);
    while (filling.under_way > 0)
        pthread_cond_wait(&filling.changed, &filling.lock);
    pthread_mutex_unlock(&filling.lock);
}

/* --- the client -------------------------------------------------------------------------------------------
 */

static int
connected(int family, const void *address, socklen_t len)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, address, len), 0);
    return fd;
}

int
http_connect(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    a.sin_port = htons((uint16_t)port);
    return connected(AF_INET, &a, sizeof(a));
}

int
http_connect_path(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    lat_copy(a.sun_path, sizeof(a.sun_path), path);
    return connected(AF_UNIX, &a, sizeof(a));
}

void
http_send(int fd, const void *data, size_t len)
{
    const char *at = data;
    ssize_t n;

    while (len > 0) {
        n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* refused early: the answer says why */
        at += n;
        len -= (size_t)n;
    }
}

void
http_send_text(int fd, const char *text)
{
    http_send(fd, text, strlen(text));
}

/* Read on until the buffer has `until` (or the end, or no patience). False: it has it not. */
static bool
read_until(int fd, struct lat_buf *buf, const char *until)
{
    char piece[16384];
    ssize_t n;

    while (strstr(lat_buf_str(buf), until) == NULL) {
        n = recv(fd, piece, 1, 0); /* no byte of what follows the head */
        if (n <= 0)
            return false;
        assert_int_equal(lat_buf_add(buf, piece, (size_t)n), LAT_OK);
    }
    return true;
}

static void
read_bytes(int fd, struct lat_buf *buf, size_t len)
{
    char piece[16384];
    ssize_t n;

    while (buf->len < len) {
        n = recv(fd, piece, len - buf->len < sizeof(piece) ? len - buf->len : sizeof(piece), 0);
        if (n <= 0)
            return;
        assert_int_equal(lat_buf_add(buf, piece, (size_t)n), LAT_OK);
    }
}

struct http_reply
http_read(int fd, bool is_head)
{
    struct http_reply reply = { 0 };
    struct lat_buf head, body;
    const char *length;

    lat_buf_init(&head, 65536);
    lat_buf_init(&body, 1u << 30);
    if (read_until(fd, &head, "\r\n\r\n"))
        reply.status = atoi((const char *)head.data + 9);
    reply.head = strdup(lat_buf_str(&head));
    length = http_header(&reply, "Content-Length");
    if (reply.status != 0 && !is_head && reply.status != 204 && reply.status != 304)
        read_bytes(fd, &body, length != NULL ? strtoul(length, NULL, 10) : SIZE_MAX);
    reply.body_len = body.len;
    reply.body = calloc(1, body.len + 1);
    assert_true(reply.head != NULL && reply.body != NULL);
    memcpy(reply.body, lat_buf_str(&body), body.len);
    lat_buf_fini(&head);
    lat_buf_fini(&body);
    return reply;
}

void
http_reply_fini(struct http_reply *reply)
{
    free(reply->head);
    free(reply->body);
    memset(reply, 0, sizeof(*reply));
}

bool
http_is_closed(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char byte;

    return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, MSG_PEEK) <= 0;
}

struct http_reply
http_raw(int port, const char *text)
{
    int fd = http_connect(port);
    struct http_reply reply;

    http_send_text(fd, text);
    reply = http_read(fd, strncmp(text, "HEAD ", 5) == 0);
    close(fd);
    return reply;
}

struct http_reply
http_ask(int port, const char *method, const char *target, const char *headers, const char *body)
{
    struct lat_buf text;
    struct http_reply reply;

    lat_buf_init(&text, 1u << 26);
    assert_int_equal(lat_buf_printf(&text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", method, target, port,
                                    headers != NULL ? headers : ""),
                     LAT_OK);
    if (body != NULL)
        assert_int_equal(lat_buf_printf(&text, "Content-Length: %zu\r\n", strlen(body)), LAT_OK);
    assert_int_equal(lat_buf_printf(&text, "\r\n%s", body != NULL ? body : ""), LAT_OK);
    reply = http_raw(port, lat_buf_str(&text));
    lat_buf_fini(&text);
    return reply;
}

const char *
http_header(const struct http_reply *reply, const char *name)
{
    static char values[4][1200];
    static unsigned next;
    char *value = values[next++ % 4];
    const char *line = strstr(reply->head, "\r\n");
    size_t len = strlen(name);

    for (; line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        line += len + 1 + strspn(line + len + 1, " ");
        snprintf(value, sizeof(values[0]), "%.*s", (int)strcspn(line, "\r"), line);
        return value;
    }
    return NULL;
}

cJSON *
http_json(const struct http_reply *reply)
{
    cJSON *json = cJSON_ParseWithLength(reply->body, reply->body_len);

    if (json == NULL)
        fail_msg("no JSON: %d %.200s", reply->status, reply->body);
    return json;
}

int
http_status(int port, const char *method, const char *target)
{
    struct http_reply reply = http_ask(port, method, target, NULL, NULL);
    int status = reply.status;

    http_reply_fini(&reply);
    return status;
}
