/* The HTTP client against a server that does what servers should not. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/http_client.h"
#include "http/http_url.h"
#include "support/http_server.h"

#define JSON "application/json"

struct fixture {
    uv_loop_t loop;
    struct http_client *client;
    struct http_server *server;
    _Atomic(http_handler_fn) handler; /* of this test */
    char location[256];
    int answers;
    struct http_answer answer; /* the last one; its body as text below */
    char body[256];
    size_t body_len;
};

static void
handle(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;
    http_handler_fn handler = f->handler;

    handler(f, x);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct http_client_options options = { .connect_ms = 300, .bodies_max = 1 << 20 };

    uv_loop_init(&f->loop);
    options.loop = &f->loop;
    f->client = http_client_new(&options);
    f->server = http_server_start(handle, f);
    *state = f;
    return f->client ? 0 : -1;
}

static void
on_closed(void *arg)
{
    ((struct fixture *)arg)->client = NULL;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    http_client_close(f->client, on_closed, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_null(f->client);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    http_server_stop(f->server);
    free(f);
    return 0;
}

static void
on_answer(void *arg, struct http_answer *answer)
{
    struct fixture *f = arg;

    f->answers++;
    f->answer = *answer;
    f->body_len = answer->body.len;
    memcpy(f->body, answer->body.data ? answer->body.data : (const uint8_t *)"",
           f->body_len < sizeof(f->body) ? f->body_len : sizeof(f->body));
}

/* Ask for a path of the server, run the loop until it is answered, and return how long that took. */
static uint64_t
ask(struct fixture *f, const char *path, const char *body)
{
    struct http_transfer *t;
    char url[512];
    uint64_t begin = lat_mono_ms();
    struct http_request request = { .url = url,
                                    .body = (const uint8_t *)body,
                                    .body_len = body ? strlen(body) : 0,
                                    .type = JSON,
                                    .body_max = 10000,
                                    .total_ms = 700 };

    snprintf(url, sizeof(url), "%s%s", http_server_url(f->server), path);
    f->answers = 0;
    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &t), LAT_OK);
    assert_int_equal(f->answers, 0);
    while (f->answers == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(http_client_transfers(f->client), 0);
    return lat_mono_ms() - begin;
}

static void
assert_failed(const struct fixture *f, enum lat_err err, const char *words)
{
    assert_int_equal(f->answer.err, err);
    if (strstr(f->answer.why.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", f->answer.why.text, words);
}

static void
echo(void *arg, struct http_exchange *x)
{
    (void)arg;
    if (strcmp(x->method, "POST") == 0)
        http_reply(x, 200, JSON "; charset=utf-8", NULL, x->body, x->body_len);
    else
        http_reply(x, 200, JSON, NULL, "{}", 2);
}

static void
a_whole_answer_is_given_with_its_figures(void **state)
{
    struct fixture *f = *state;

    f->handler = echo;
    ask(f, "/x", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
    assert_int_equal(f->answer.status, 200);
    assert_memory_equal(f->body, "{}", 2);
    ask(f, "/x", "[1, 2, 3]");
    assert_int_equal(f->body_len, 9);
    assert_memory_equal(f->body, "[1, 2, 3]", 9);
    assert_int_equal(f->answer.bytes_in, 9);
    assert_int_equal(f->answer.bytes_out, 9);
}

static void
look_for_extras(void *arg, struct http_exchange *x)
{
    bool asks = strcasestr(x->headers, "accept-encoding") || strcasestr(x->headers, "authorization") ||
                strcasestr(x->headers, "expect:") || strcasestr(x->headers, "\r\nte:");

    (void)arg;
    http_reply(x, 200, JSON, NULL, asks ? "bad" : "good", asks ? 3 : 4);
}

static void
neither_compression_nor_credentials_are_offered(void **state)
{
    struct fixture *f = *state;

    f->handler = look_for_extras;
    ask(f, "/", NULL);
    assert_memory_equal(f->body, "good", 4);
}

static void
refuse(void *arg, struct http_exchange *x)
{
    static char page[100000];

    (void)arg;
    memset(page, 'x', sizeof(page));
    http_reply(x, 503, "text/html", "Retry-After: 7\r\n", page, sizeof(page));
}

static void
an_error_page_is_its_status_whatever_its_size(void **state)
{
    struct fixture *f = *state;

    f->handler = refuse;
    ask(f, "/", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
    assert_int_equal(f->answer.status, 503);
    assert_int_equal(f->answer.retry_after_ms, 7000);
    assert_int_equal(f->body_len, 0);
}

static void
ask_for_an_hour(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 429, JSON, "Retry-After: 3600\r\n", "{}", 2);
}

static void
retry_after_is_honoured_up_to_a_minute(void **state)
{
    struct fixture *f = *state;

    f->handler = ask_for_an_hour;
    ask(f, "/", NULL);
    assert_int_equal(f->answer.status, 429);
    assert_int_equal(f->answer.retry_after_ms, 60000);
}

static void
hang(void *arg, struct http_exchange *x)
{
    (void)arg;
    while (http_wait(x, 1000))
        ;
}

static void
a_source_that_hangs_is_left_in_time(void **state)
{
    struct fixture *f = *state;
    uint64_t took;

    f->handler = hang;
    took = ask(f, "/", NULL);
    assert_true(took >= 600 && took < 3000);
    assert_failed(f, LAT_TIMEOUT, "no whole answer within 0.7 s (0 bytes came)");
}

static void
drip(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: " JSON "\r\nContent-Length: 5000\r\n\r\n");
    while (http_wait(x, 50) && http_send(x, " ", 1))
        ;
}

static void
a_source_that_drips_is_left_in_time(void **state)
{
    struct fixture *f = *state;

    f->handler = drip;
    assert_true(ask(f, "/", NULL) < 3000);
    assert_failed(f, LAT_TIMEOUT, "of 5000 bytes came");
}

static void
announce_much(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: " JSON "\r\nContent-Length: 314572800\r\n\r\n{");
    http_wait(x, 2000);
}

static void
an_announced_flood_is_refused_at_its_header(void **state)
{
    struct fixture *f = *state;

    f->handler = announce_much;
    assert_true(ask(f, "/", NULL) < 650); /* before its time is up */
    assert_failed(f, LAT_LIMIT, "answer is over 10000 bytes: cut off");
}

static void
pour(void *arg, struct http_exchange *x)
{
    static char block[65536];

    (void)arg;
    memset(block, ' ', sizeof(block));
    http_send_text(x, "HTTP/1.0 200 OK\r\nContent-Type: " JSON "\r\n\r\n");
    for (int i = 0; i < 4800 && http_send(x, block, sizeof(block)); i++)
        ;
    x->close = true;
}

static void
an_unannounced_flood_is_cut_off_at_the_limit(void **state)
{
    struct fixture *f = *state;

    f->handler = pour;
    assert_true(ask(f, "/", NULL) < 600);
    assert_failed(f, LAT_LIMIT, "answer is over 10000 bytes: cut off");
    assert_true(f->answer.bytes_in < 1 << 20);
}

static void
bodies_that_are_still_worked_on_count(void **state)
{
    struct fixture *f = *state;

    f->handler = echo;
    http_client_hold(f->client, 1 << 20);
    ask(f, "/", NULL);
    assert_failed(f, LAT_LIMIT, "answers of all sources together are over 1048576 bytes");
    http_client_release(f->client, 1 << 20);
    ask(f, "/", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
}

static void
pour_headers(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100000 && http_send_text(x, "X-Filler: 0123456789012345678901234567890123456789\r\n");
         i++)
        ;
}

static void
endless_headers_are_cut_off(void **state)
{
    struct fixture *f = *state;

    f->handler = pour_headers;
    ask(f, "/", NULL);
    assert_failed(f, LAT_LIMIT, "headers are over 32768 bytes");
}

static void
stop_short(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: " JSON "\r\nContent-Length: 100\r\n\r\n{\"a\":");
    x->close = true;
}

static void
a_body_cut_short_is_no_answer(void **state)
{
    struct fixture *f = *state;

    f->handler = stop_short;
    ask(f, "/", NULL);
    assert_failed(f, LAT_MALFORMED, "ended early, after 5 bytes");
}

static void
stop_a_chunk_short(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: " JSON
                      "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":");
    x->close = true;
}

static void
chunks_without_an_end_are_no_answer(void **state)
{
    struct fixture *f = *state;

    f->handler = stop_a_chunk_short;
    ask(f, "/", NULL);
    assert_int_not_equal(f->answer.err, LAT_OK);
}

static void
compress(void *arg, struct http_exchange *x)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0,    0,    0,    0,    0, 0, 3, 0xab,
                                    0xae, 5,    0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0 };

    (void)arg;
    http_reply(x, 200, JSON, "Content-Encoding: gzip\r\n", gzip, sizeof(gzip));
}

static void
compressed_content_is_refused(void **state)
{
    struct fixture *f = *state;

    f->handler = compress;
    ask(f, "/", NULL);
    assert_failed(f, LAT_MALFORMED, "compressed");
    assert_int_equal(f->body_len, 0);
}

static void
answer_html(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, "text/html\x1b[31m", NULL, "<p>", 3);
}

static void
another_content_type_is_refused_and_named_safely(void **state)
{
    struct fixture *f = *state;

    f->handler = answer_html;
    ask(f, "/", NULL);
    assert_failed(f, LAT_MALFORMED, "answers text/html?[31m, not application/json");
}

static void
redirect(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;
    char line[512];

    if (strcmp(x->path, "/end") == 0) {
        echo(arg, x);
        return;
    }
    snprintf(line, sizeof(line), "Location: %s\r\n", f->location);
    http_reply(x, 307, JSON, line, "{}", 2);
}

static void
a_redirect_on_the_same_host_is_followed(void **state)
{
    struct fixture *f = *state;

    f->handler = redirect;
    strcpy(f->location, "/end");
    ask(f, "/begin", "[7]");
    assert_int_equal(f->answer.err, LAT_OK);
    assert_memory_equal(f->body, "[7]", 3);
}

static void
a_redirect_elsewhere_is_not_followed(void **state)
{
    struct fixture *f = *state;
    unsigned before;

    f->handler = redirect;
    strcpy(f->location, "http://localhost:9/end");
    before = http_server_requests(f->server);
    ask(f, "/begin", NULL);
    assert_failed(f, LAT_MALFORMED, "redirects to another host (localhost): not followed");
    strcpy(f->location, "http://127.0.0.1:9/end");
    ask(f, "/begin", NULL);
    assert_failed(f, LAT_MALFORMED, "redirects to another port (9): not followed");
    strcpy(f->location, "file:///etc/passwd");
    ask(f, "/begin", NULL);
    assert_failed(f, LAT_MALFORMED, "not followed");
    assert_int_equal(http_server_requests(f->server), before + 3);
}

static void
a_circle_of_redirects_ends(void **state)
{
    struct fixture *f = *state;

    f->handler = redirect;
    strcpy(f->location, "/begin");
    ask(f, "/begin", NULL);
    assert_failed(f, LAT_MALFORMED, "more than 3 redirects");
}

static void
a_redirect_may_lead_to_https_and_not_back(void **state)
{
    struct lat_msg why;

    (void)state;
    assert_int_equal(http_url_check_redirect("http://a.example/x", "https://a.example/x", &why), LAT_OK);
    assert_int_equal(http_url_check_redirect("https://a.example/x", "http://a.example/x", &why),
                     LAT_MALFORMED);
    assert_non_null(strstr(why.text, "https to http"));
    assert_int_equal(http_url_check_redirect("https://a.example", "https://A.EXAMPLE:443/y", &why), LAT_OK);
    assert_int_equal(http_url_check_redirect("https://a.example", "https://a.example.org/", &why),
                     LAT_MALFORMED);
    assert_int_equal(http_url_check_redirect("https://a.example", "https://a.example@b.example/", &why),
                     LAT_MALFORMED);
}

static void
a_url_is_shown_without_its_secrets(void **state)
{
    char out[80];

    (void)state;
    assert_string_equal(http_url_show("https://user:pass@state.example:8443/base/?q=1#f", out, sizeof(out)),
                        "https://state.example:8443/base");
    assert_string_equal(http_url_host("https://user:pass@state.example:8443/", out, sizeof(out)),
                        "state.example:8443");
    assert_string_equal(http_url_host("http://state.example/", out, sizeof(out)), "state.example");
    assert_string_equal(http_url_show("no url", out, sizeof(out)), "?");
}

static void
a_client_that_is_cut_off_reaches_nobody_until_it_is_no_more(void **state)
{
    struct fixture *f = *state;

    f->handler = echo;
    ask(f, "/", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
    http_client_set_cut(f->client, true);
    ask(f, "/", NULL); /* also over the connection that is kept */
    assert_failed(f, LAT_CLOSED, "refused");
    http_client_set_cut(f->client, false);
    ask(f, "/", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
}

static void
a_port_without_a_server_is_refused(void **state)
{
    struct fixture *f = *state;

    struct http_transfer *t;
    struct http_request request = {
        .url = "http://127.0.0.1:1/", .type = JSON, .body_max = 10, .total_ms = 500
    };

    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &t), LAT_OK);
    while (f->answers == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_failed(f, LAT_CLOSED, "connection refused");
}

static void
cancelled_and_reset_transfers_are_not_answered(void **state)
{
    struct fixture *f = *state;
    struct http_transfer *a, *b;
    struct http_request request = {
        .url = http_server_url(f->server), .type = JSON, .body_max = 10, .total_ms = 5000
    };
    uint64_t begin;

    f->handler = hang;
    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &a), LAT_OK);
    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &b), LAT_OK);
    for (begin = lat_mono_ms(); lat_mono_ms() - begin < 50;)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    begin = lat_mono_ms();
    http_transfer_cancel(a);
    http_client_reset(f->client);
    uv_run(&f->loop, UV_RUN_DEFAULT); /* nothing keeps the loop alive */
    assert_true(lat_mono_ms() - begin < 400);
    assert_int_equal(http_client_transfers(f->client), 0);
    assert_int_equal(f->answers, 0);
    f->handler = echo;
    ask(f, "/", NULL);
    assert_int_equal(f->answer.err, LAT_OK);
}

static void
a_missing_trust_store_stops_https_alone(void **state)
{
    struct fixture *f = *state;
    struct http_client_options options = { .loop = &f->loop,
                                           .connect_ms = 300,
                                           .bodies_max = 1 << 20,
                                           .ca_file = "/nonexistent/ca.pem",
                                           .token_file = "/nonexistent/token" };
    struct http_transfer *t;
    char url[64];
    struct http_request request = { .url = url, .type = JSON, .body_max = 10, .total_ms = 500 };

    assert_int_equal(http_client_configure(f->client, &options), LAT_OK);
    f->handler = look_for_extras;
    ask(f, "/", NULL);
    assert_memory_equal(f->body, "good", 4);
    snprintf(url, sizeof(url), "https%s", http_server_url(f->server) + 4);
    f->answers = 0;
    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &t), LAT_OK);
    while (f->answers == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_failed(f, LAT_AUTH, "/nonexistent/token");
}

static void
a_tls_handshake_that_hangs_is_no_connection(void **state)
{
    struct fixture *f = *state;
    struct http_transfer *t;
    char url[64];
    struct http_request request = { .url = url, .type = JSON, .body_max = 10, .total_ms = 5000 };
    uint64_t begin = lat_mono_ms();

    f->handler = echo; /* never called: what comes is no HTTP */
    snprintf(url, sizeof(url), "https%s", http_server_url(f->server) + 4);
    assert_int_equal(http_client_send(f->client, &request, on_answer, f, &t), LAT_OK);
    while (f->answers == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(lat_mono_ms() - begin < 3000);
    assert_failed(f, LAT_TIMEOUT, "no connection within 0.3 s");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_answer_is_given_with_its_figures, setup, teardown),
        cmocka_unit_test_setup_teardown(neither_compression_nor_credentials_are_offered, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_page_is_its_status_whatever_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_honoured_up_to_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_hangs_is_left_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_drips_is_left_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(an_announced_flood_is_refused_at_its_header, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unannounced_flood_is_cut_off_at_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_that_are_still_worked_on_count, setup, teardown),
        cmocka_unit_test_setup_teardown(endless_headers_are_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_cut_short_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(chunks_without_an_end_are_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(compressed_content_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_content_type_is_refused_and_named_safely, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_on_the_same_host_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_elsewhere_is_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_circle_of_redirects_ends, setup, teardown),
        cmocka_unit_test(a_redirect_may_lead_to_https_and_not_back),
        cmocka_unit_test(a_url_is_shown_without_its_secrets),
        cmocka_unit_test_setup_teardown(a_client_that_is_cut_off_reaches_nobody_until_it_is_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_port_without_a_server_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_and_reset_transfers_are_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tls_handshake_that_hangs_is_no_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_trust_store_stops_https_alone, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
