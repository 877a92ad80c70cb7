/* test_api_events.c - server-sent events: snapshots as they come, the newest for who is slow, an end for all.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/api_world.h"
#include "support/temp.h"
#include "support/vectors.h"
#include "view/json.h"

static struct api_world world;
static int port;

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("events"));
    api_world_start(&world);
    port = api_world_port(&world);
    return 0;
}

static int
end(void **state)
{
    api_world_fini(&world);
    return temp_remove(state);
}

/* A client of a stream. */
struct listener_client {
    int fd;
    struct lat_buf text; /* read, chunk headers included, and not yet taken */
};

/* Ask for a stream; fails the test when there is none. */
static struct listener_client
listen_to(const char *query)
{
    struct listener_client c = { .fd = http_connect(port) };
    char request[200];

    lat_buf_init(&c.text, 1 << 24);
    snprintf(request, sizeof(request), "GET /api/lattice/events%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
             query);
    http_send_text(c.fd, request);
    return c;
}

static void
hang_up(struct listener_client *c)
{
    close(c->fd);
    lat_buf_fini(&c->text);
}

/* Read until `end` stands in the text; the text up to and with it is moved to out. False: closed, or no
 * patience. */
static bool
read_to(struct listener_client *c, const char *end, char *out, size_t size)
{
    char piece[8192];
    const char *found;
    size_t len;
    ssize_t n;

    while ((found = strstr(lat_buf_str(&c->text), end)) == NULL) {
        n = recv(c->fd, piece, sizeof(piece), 0);
        if (n <= 0)
            return false;
        assert_int_equal(lat_buf_add(&c->text, piece, (size_t)n), LAT_OK);
    }
    len = (size_t)(found - (const char *)c->text.data) + strlen(end);
    assert_true(len < size);
    memcpy(out, c->text.data, len);
    out[len] = 0;
    lat_buf_drop(&c->text, len);
    return true;
}

/* Take the chunk headers out of a piece of a chunked body. */
static void
join_chunks(char *text)
{
    char *out = text, *at = text;
    size_t size;

    while (*at != 0) {
        at += strspn(at, "\r\n");
        size = strtoul(at, &at, 16);
        at += 2;
        if (size > strlen(at))
            size = strlen(at);
        memmove(out, at, size);
        out += size;
        at += size;
    }
    *out = 0;
}

#define EVENT_MAX 400000

/* The next event `snapshot`: its data as text in a static buffer; its number. NULL: the stream has ended. */
static const char *
next_snapshot(struct listener_client *c, uint64_t *number)
{
    static char raw[EVENT_MAX];
    char *data;

    do {
        if (!read_to(c, "\n\n", raw, sizeof(raw)))
            return NULL;
        join_chunks(raw);
    } while (strstr(raw, "event: snapshot\n") == NULL);
    *number = strtoull(strstr(raw, "\nid: ") + 5, NULL, 10);
    data = strstr(raw, "\ndata: ") + 7;
    data[strcspn(data, "\n")] = 0;
    return data;
}

static void
expect_stream(struct listener_client *c)
{
    static char head[2000];

    assert_true(read_to(c, "\r\n\r\n", head, sizeof(head)));
    assert_non_null(strstr(head, " 200 "));
    assert_non_null(strstr(head, "Content-Type: text/event-stream\r\n"));
}

static void
a_summary_comes_at_once_and_then_with_news(void **state)
{
    struct listener_client c = listen_to("?interval=0.1");
    uint64_t first, second, begun = lat_mono_ms();
    const char *data;
    cJSON *json;

    (void)state;
    expect_stream(&c);
    data = next_snapshot(&c, &first);
    assert_non_null(data);
    assert_true(strlen(data) <= 900);
    json = cJSON_Parse(data);
    assert_int_equal(vectors_number(json, "number"), first);
    assert_string_equal(vectors_text(json, "sync_mode"), "HTTP");
    assert_int_equal(strlen(vectors_text(json, "root")), 64);
    cJSON_Delete(json);
    assert_true(lat_mono_ms() - begun < 1000);
    api_world_publish(&world);
    assert_non_null(next_snapshot(&c, &second));
    assert_true(second > first);
    hang_up(&c);
}

static void
a_full_event_is_the_snapshot_that_the_console_draws(void **state)
{
    struct listener_client c = listen_to("?detail=full&interval=0.1");
    struct snapshot *parsed;
    const char *data;
    uint64_t number;

    (void)state;
    expect_stream(&c);
    data = next_snapshot(&c, &number);
    assert_non_null(data);
    assert_int_equal(snapshot_from_json(data, strlen(data), 0, &parsed), LAT_OK);
    assert_int_equal(parsed->number, number);
    assert_int_equal(parsed->source_count, world.shown->source_count);
    snapshot_unref(parsed);
    hang_up(&c);
}

static void
the_interval_bounds_how_often_something_comes(void **state)
{
    struct listener_client c = listen_to("?interval=1");
    uint64_t number, begun;

    (void)state;
    expect_stream(&c);
    assert_non_null(next_snapshot(&c, &number));
    begun = lat_mono_ms();
    for (int i = 0; i < 10; i++)
        api_world_publish(&world);
    assert_non_null(next_snapshot(&c, &number));
    assert_true(lat_mono_ms() - begun >= 800);
    hang_up(&c);
}

static uint64_t
published_now(void)
{
    uint64_t number;

    pthread_mutex_lock(&world.lock);
    number = world.published;
    pthread_mutex_unlock(&world.lock);
    return number;
}

/* A client that does not read is not sent what it has missed: it finds the newest. */
static void
a_slow_reader_jumps_to_the_newest(void **state)
{
    struct listener_client c = listen_to("?detail=full&interval=0.1");
    uint64_t number = 0, last = 0, events = 0;

    (void)state;
    expect_stream(&c);
    assert_non_null(next_snapshot(&c, &number));
    for (int i = 0; i < 3000; i++) {
        api_world_publish(&world);
        if (i % 100 == 0)
            usleep(20000);
    }
    do {
        assert_non_null(next_snapshot(&c, &number));
        assert_true(number > last);
        last = number;
        events++;
    } while (number < published_now());
    assert_true(events < 100);
    hang_up(&c);
}

#define MOST 32

static void
there_are_only_so_many_clients_and_a_place_is_freed(void **state)
{
    struct listener_client clients[MOST];
    struct http_reply reply;
    bool found = false;
    char head[2000];
    uint64_t number;

    (void)state;
    usleep(300000); /* those of the tests before are found to have left */
    for (size_t i = 0; i < MOST; i++) {
        clients[i] = listen_to("?interval=60"); /* nothing is due for them for long */
        expect_stream(&clients[i]);
    }
    reply = http_ask(port, "GET", "/api/lattice/events", NULL, NULL);
    assert_int_equal(reply.status, 503);
    http_reply_fini(&reply);
    assert_int_equal(http_status(port, "GET", "/health"), 200);
    for (size_t i = 0; i < MOST; i++)
        hang_up(&clients[i]);
    for (int i = 0; i < 10 && !found; i++) {
        clients[0] = listen_to("");
        assert_true(read_to(&clients[0], "\r\n\r\n", head, sizeof(head)));
        found = strstr(head, " 200 ") != NULL;
        if (!found)
            hang_up(&clients[0]);
        usleep(found ? 0 : 100000);
    }
    assert_true(found);
    assert_non_null(next_snapshot(&clients[0], &number));
    hang_up(&clients[0]);
}

/* "printf ... | nc" closes its side at once and reads on. */
static void
a_client_that_has_closed_its_side_alone_is_served_on(void **state)
{
    struct listener_client c = listen_to("?interval=0.1");
    uint64_t number, before;

    (void)state;
    expect_stream(&c);
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    assert_non_null(next_snapshot(&c, &before));
    for (int i = 0; i < 3; i++) {
        assert_non_null(next_snapshot(&c, &number));
        assert_true(number > before);
        before = number;
    }
    hang_up(&c);
}

static void
bad_parameters_are_refused(void **state)
{
    static const char *const bad[] = { "?detail=all", "?detail=",     "?interval=0",   "?interval=61",
                                       "?interval=x", "?interval=-1", "?interval=0.05" };
    char target[100];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(target, sizeof(target), "/api/lattice/events%s", bad[i]);
        assert_int_equal(http_status(port, "GET", target), 400);
    }
}

static void
streams_end_when_the_server_stops(void **state)
{
    struct api_world own;
    struct listener_client c;
    uint64_t number, before;
    int saved = port;

    (void)state;
    api_world_init(&own, temp_path("ending"));
    api_world_start(&own);
    port = api_world_port(&own);
    c = listen_to("");
    port = saved;
    expect_stream(&c);
    assert_non_null(next_snapshot(&c, &number));
    before = lat_mono_ms();
    api_world_fini(&own);
    assert_true(lat_mono_ms() - before < 2500);
    while (next_snapshot(&c, &number) != NULL)
        continue;
    assert_true(http_is_closed(c.fd, 0));
    hang_up(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_summary_comes_at_once_and_then_with_news),
        cmocka_unit_test(a_full_event_is_the_snapshot_that_the_console_draws),
        cmocka_unit_test(the_interval_bounds_how_often_something_comes),
        cmocka_unit_test(a_slow_reader_jumps_to_the_newest),
        cmocka_unit_test(there_are_only_so_many_clients_and_a_place_is_freed),
        cmocka_unit_test(a_client_that_has_closed_its_side_alone_is_served_on),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(streams_end_when_the_server_stops),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
