/*
 * test_api_attacks.c - the server under clients that mean no good: framing that can be read in two ways,
 * drips, floods, slow readers. Each of them as raw bytes against the running server. While they are at it,
 * everybody else is served.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/api_world.h"
#include "support/temp.h"

static struct api_world world;
static int port;

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("attacks"));
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

/* --- framing ---------------------------------------------------------------------------------------- */

/*
 * Send these bytes, with a second request behind them that must never be answered: the first is refused with
 * this status and the connection closed.
 */
static void
refused_and_closed(const char *bytes, size_t len, int status)
{
    int fd = http_connect(port);
    struct http_reply reply, second;

    http_send(fd, bytes, len);
    http_send_text(fd, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Second: yes\r\n\r\n");
    reply = http_read(fd, false);
    if (reply.status != status)
        fail_msg("%d instead of %d for: %s", reply.status, status, bytes);
    second = http_read(fd, false);
    assert_int_equal(second.status, 0);
    assert_true(http_is_closed(fd, 2000));
    http_reply_fini(&reply);
    http_reply_fini(&second);
    close(fd);
}

#define LOCAL "Host: localhost\r\n"
#define REFUSED(text, status) refused_and_closed(text, sizeof(text) - 1, status)

static void
ambiguous_framing_is_refused_and_ends_the_connection(void **state)
{
    (void)state;
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL
            "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            400);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL
            "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            400);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            411);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            400);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL "Content-Length : 5\r\n\r\nhello", 400);
    REFUSED("POST /api/lattice/sync/switch HTTP/1.1\r\n" LOCAL "Content-LengthX: 5\r\n\r\nhello", 400);
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL "X: a\r\n b\r\n\r\n", 400); /* a folded line */
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL "X: a\r\n\tContent-Length: 5\r\n\r\n", 400);
    REFUSED("GET /health HTTP/1.1\n" LOCAL "\r\n", 400); /* bare line feeds */
    REFUSED("GET /health HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400);
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL "X: a\0b\r\n\r\n", 400); /* a zero byte */
    REFUSED("GET /health\0x HTTP/1.1\r\n" LOCAL "\r\n", 400);
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL LOCAL "\r\n", 400);
    REFUSED("GET /health HTTP/1.1\r\n\r\n", 400);
    REFUSED("GET  /health HTTP/1.1\r\n" LOCAL "\r\n", 400);
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL "X\x01: a\r\n\r\n", 400);
    REFUSED("GET /health HTTP/1.1\r\n" LOCAL "X: a\x1b[2J\r\n\r\n", 400);
    REFUSED("GET http://localhost/health HTTP/1.1\r\n" LOCAL "\r\n", 400);
}

/* What the library itself refuses; in HTML, but refused. */
static void
what_is_no_http_is_refused(void **state)
{
    static const char *const bad[] = { "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                                       "GET / HTTP/9.9\r\n\r\n",
                                       "GET /\r\n\r\n",
                                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                       "\r\n\r\n\r\nx\r\n\r\n",
                                       "GET / HTTP/1.1\r\nnocolon\r\n\r\n" };
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        reply = http_raw(port, bad[i]);
        assert_true(reply.status == 0 || reply.status == 400 || reply.status == 505);
        http_reply_fini(&reply);
    }
    assert_int_equal(http_status(port, "GET", "/health"), 200);
}

static void
requests_that_follow_each_other_are_each_answered(void **state)
{
    int fd = http_connect(port);
    struct http_reply reply;

    (void)state;
    http_send_text(fd, "GET /health HTTP/1.1\r\n" LOCAL "\r\nGET /nope HTTP/1.1\r\n" LOCAL "\r\n"
                       "HEAD /health HTTP/1.1\r\n" LOCAL "\r\nGET /livez HTTP/1.1\r\n" LOCAL "\r\n");
    for (int i = 0; i < 4; i++) {
        static const int statuses[] = { 200, 404, 200, 200 };

        reply = http_read(fd, i == 2);
        assert_int_equal(reply.status, statuses[i]);
        http_reply_fini(&reply);
    }
    close(fd);
}

/* --- sizes -------------------------------------------------------------------------------------------- */

/* GET /health with one header of this many bytes. */
static int
status_with_header_of(size_t size)
{
    char *text = calloc(1, size + 200);
    struct http_reply reply;
    int status;

    snprintf(text, 200, "GET /health HTTP/1.1\r\n" LOCAL "X: ");
    memset(text + strlen(text), 'x', size);
    strcat(text, "\r\n\r\n");
    reply = http_raw(port, text);
    status = reply.status;
    http_reply_fini(&reply);
    free(text);
    return status;
}

static void
a_header_that_is_too_long_gets_431(void **state)
{
    (void)state;
    assert_int_equal(status_with_header_of(8000), 200);
    assert_int_equal(status_with_header_of(8192), 431);
    assert_int_equal(status_with_header_of(20000), 431);
    assert_int_equal(status_with_header_of(200000), 431);
}

static void
too_many_headers_get_431(void **state)
{
    char text[3000] = "GET /health HTTP/1.1\r\n" LOCAL;
    struct http_reply reply;

    (void)state;
    for (int i = 0; i < 120; i++)
        strcat(text, "A: b\r\n");
    strcat(text, "\r\n");
    reply = http_raw(port, text);
    assert_int_equal(reply.status, 431);
    http_reply_fini(&reply);
}

static void
a_body_where_none_is_taken_gets_413(void **state)
{
    struct http_reply reply = http_ask(port, "GET", "/health", NULL, "body");
    int fd = http_connect(port);

    (void)state;
    assert_int_equal(reply.status, 413);
    http_reply_fini(&reply);
    /* far over every limit: refused without reading it */
    http_send_text(fd,
                   "POST /api/lattice/sync HTTP/1.1\r\n" LOCAL "Content-Type: application/octet-stream\r\n"
                   "Content-Length: 268435456\r\n\r\n");
    reply = http_read(fd, false);
    assert_int_equal(reply.status, 413);
    assert_string_equal(http_header(&reply, "Connection"), "close");
    http_reply_fini(&reply);
    close(fd);
}

/* --- time --------------------------------------------------------------------------------------------- */

#define DRIPS 4

/* Feed one byte to each client that is still there; false: all are gone. */
static bool
drip(int *fds, size_t count, const char *const *texts, size_t at)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        if (fds[i] < 0)
            continue;
        if (http_is_closed(fds[i], 0)) {
            close(fds[i]);
            fds[i] = -1;
            continue;
        }
        if (at < strlen(texts[i]))
            http_send(fds[i], texts[i] + at, 1);
        any = true;
    }
    return any;
}

/*
 * Clients that keep sending a byte now and then, so that a timer of idleness never runs out: in the header,
 * in a body, in the header of a second request; and one that sends nothing. All are ended in time, and
 * meanwhile others are served.
 */
static void
clients_that_drip_are_ended_and_hold_nobody_up(void **state)
{
    static const char *const texts[DRIPS] = {
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "7777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777"
        "777777777777",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "",
    };
    uint64_t begun = lat_mono_ms(), asked, ended[DRIPS] = { 0 };
    int fds[DRIPS];
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < DRIPS; i++)
        fds[i] = http_connect(port);
    http_send_text(fds[1], "PUT /api/lattice/state/drip HTTP/1.1\r\n" LOCAL "Content-Length: 200\r\n\r\n");
    http_send_text(fds[2], "GET /health HTTP/1.1\r\n" LOCAL "\r\n");
    reply = http_read(fds[2], false);
    assert_int_equal(reply.status, 200);
    http_reply_fini(&reply);
    for (size_t at = 0; drip(fds, DRIPS, texts, at) && lat_mono_ms() - begun < 15000; at++) {
        for (size_t i = 0; i < DRIPS; i++)
            ended[i] = fds[i] < 0 ? ended[i] : lat_mono_ms() - begun;
        asked = lat_mono_ms();
        assert_int_equal(http_status(port, "GET", "/health"), 200);
        assert_true(lat_mono_ms() - asked < 1000);
        usleep(250000);
    }
    assert_in_range(ended[0], 4000, 6500);  /* 5 s for a header */
    assert_in_range(ended[1], 9000, 11500); /* 10 s for a body */
    assert_in_range(ended[2], 4000, 6500);  /* the first byte of the second request began its 5 s */
    assert_in_range(ended[3], 4000, 6500);
}

/* --- numbers ------------------------------------------------------------------------------------------- */

#define CROWD 240

/* Many clients that have been served and stay: they make room for others well before their 30 s. */
static void
a_crowd_of_idle_clients_makes_room(void **state)
{
    int *fds = calloc(CROWD, sizeof(*fds));
    uint64_t begun = lat_mono_ms();
    struct http_reply reply;
    size_t closed = 0;

    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        fds[i] = http_connect(port);
        http_send_text(fds[i], "GET /health HTTP/1.1\r\n" LOCAL "\r\n");
        reply = http_read(fds[i], false);
        assert_int_equal(reply.status, 200);
        http_reply_fini(&reply);
    }
    while (closed < 48 && lat_mono_ms() - begun < 8000) {
        usleep(100000);
        closed = 0;
        for (size_t i = 0; i < CROWD; i++)
            closed += http_is_closed(fds[i], 0);
    }
    assert_true(closed >= 48); /* down to three quarters of 256 */
    for (size_t i = 0; i < CROWD; i++)
        close(fds[i]);
    free(fds);
}

#define FLOOD 300

/* More connections than there may be, none of which says anything: when their time is over, the next is
 * served. */
static void
a_flood_of_silent_connections_passes(void **state)
{
    int *fds = calloc(FLOOD, sizeof(*fds));
    struct http_reply reply;
    int fd;

    (void)state;
    for (size_t i = 0; i < FLOOD; i++)
        fds[i] = http_connect(port);
    fd = http_connect(port);
    http_send_text(fd, "GET /health HTTP/1.1\r\n" LOCAL "\r\n");
    for (size_t i = 0; i < 60; i++)
        close(fds[i]); /* those beyond the limit wait in the kernel's queue until others leave */
    reply = http_read(fd, false);
    assert_int_equal(reply.status, 200);
    http_reply_fini(&reply);
    close(fd);
    for (size_t i = 60; i < FLOOD; i++)
        close(fds[i]);
    free(fds);
}

/* --- readers ------------------------------------------------------------------------------------------- */

/* This process's memory that is its own, in KiB. */
static long
memory_kib(void)
{
    long pages = 0, resident = 0, shared = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld %ld", &pages, &resident, &shared), 3);
    fclose(f);
    return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

#define BODIES 40
#define BODY_BYTES 1048576

/* Bodies up to the limit, from many at once, each but for its last byte: memory for all of them is bounded.
 */
static void
many_bodies_at_once_are_bounded_in_memory(void **state)
{
    char *body = calloc(1, BODY_BYTES);
    int fds[BODIES], refused = 0;
    struct http_reply reply;
    long before = memory_kib();

    (void)state;
    for (size_t i = 0; i < BODIES; i++) {
        fds[i] = http_connect(port);
        http_send_text(fds[i], "POST /api/lattice/sync HTTP/1.1\r\n" LOCAL
                               "Content-Type: application/octet-stream\r\nContent-Length: 1048576\r\n\r\n");
        http_send(fds[i], body, BODY_BYTES - 1);
    }
    assert_int_equal(http_status(port, "GET", "/health"), 200);
    assert_true(memory_kib() - before < 48 * 1024);
    for (size_t i = 0; i < BODIES; i++)
        http_send(fds[i], body, 1);
    for (size_t i = 0; i < BODIES; i++) {
        reply = http_read(fds[i], false);
        assert_true(reply.status == 200 || reply.status == 503);
        refused += reply.status == 503;
        http_reply_fini(&reply);
        close(fds[i]);
    }
    assert_true(refused < BODIES); /* who is refused makes room for the others */
    free(body);
}

#define SLOW 16

/* Clients that ask for the whole state and do not read it: it is not held in memory for them, and others are
 * served. */
static void
clients_that_do_not_read_cost_no_memory_and_no_time(void **state)
{
    int fds[SLOW], small = 65536; /* smaller ones make the kernel itself crawl */
    struct http_reply reply;
    uint64_t asked, slowest = 0;
    long before;

    (void)state;
    api_world_fill(&world, "slow_", 30000);
    reply = http_ask(port, "GET", "/api/lattice/state", NULL, NULL);
    assert_true(reply.status == 200 && reply.body_len > 2000000);
    http_reply_fini(&reply);
    before = memory_kib();
    for (size_t i = 0; i < SLOW; i++) {
        fds[i] = http_connect(port);
        assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
        http_send_text(fds[i], "GET /api/lattice/state HTTP/1.1\r\n" LOCAL "\r\n");
    }
    for (int i = 0; i < 40; i++) {
        asked = lat_mono_ms();
        assert_int_equal(http_status(port, "GET", "/health"), 200);
        if (lat_mono_ms() - asked > slowest)
            slowest = lat_mono_ms() - asked;
    }
    assert_true(slowest < 500);
    assert_true(memory_kib() - before < 4096); /* 16 copies would be over 32 MiB */
    for (size_t i = 0; i < SLOW; i++) {
        reply = http_read(fds[i], false); /* it is all there once they do */
        assert_true(reply.body_len > 2000000 && reply.body[reply.body_len - 1] == '}');
        http_reply_fini(&reply);
        close(fds[i]);
    }
}

/*
 * Clients that ask for the state, do not read it, and so hold a document each while the state changes: a
 * bounded number of documents is kept for them, and who asks then is told to come again.
 */
static void
documents_of_old_states_are_bounded_in_number(void **state)
{
    int fds[2 * STATEDOCS_TEXTS_MAX], small = 65536, last = 200;
    struct http_reply reply;
    char byte;

    (void)state;
    for (int i = 0; i < 2 * STATEDOCS_TEXTS_MAX; i++) {
        reply = http_ask(port, "PUT", "/api/lattice/state/turn", NULL, i % 2 == 0 ? "0" : "1");
        assert_int_equal(reply.status, 200);
        http_reply_fini(&reply);
        fds[i] = http_connect(port);
        assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
        http_send_text(fds[i], "GET /api/lattice/state HTTP/1.1\r\n" LOCAL "\r\n");
        assert_int_equal(recv(fds[i], &byte, 1, MSG_PEEK), 1); /* it has begun */
    }
    for (int i = 0; i < 2 * STATEDOCS_TEXTS_MAX; i++) {
        reply = http_read(fds[i], false);
        assert_true(reply.status == 200 || reply.status == 503);
        last = reply.status;
        http_reply_fini(&reply);
        close(fds[i]);
    }
    assert_int_equal(last, 503);
    reply = http_ask(port, "GET", "/api/lattice/state", NULL, NULL);
    assert_int_equal(reply.status, 200); /* they have gone */
    http_reply_fini(&reply);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ambiguous_framing_is_refused_and_ends_the_connection),
        cmocka_unit_test(what_is_no_http_is_refused),
        cmocka_unit_test(requests_that_follow_each_other_are_each_answered),
        cmocka_unit_test(a_header_that_is_too_long_gets_431),
        cmocka_unit_test(too_many_headers_get_431),
        cmocka_unit_test(a_body_where_none_is_taken_gets_413),
        cmocka_unit_test(clients_that_drip_are_ended_and_hold_nobody_up),
        cmocka_unit_test(a_crowd_of_idle_clients_makes_room),
        cmocka_unit_test(a_flood_of_silent_connections_passes),
        cmocka_unit_test(many_bodies_at_once_are_bounded_in_memory),
        cmocka_unit_test(clients_that_do_not_read_cost_no_memory_and_no_time),
        cmocka_unit_test(documents_of_old_states_are_bounded_in_number),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
