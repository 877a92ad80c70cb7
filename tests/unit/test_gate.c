/*
 * test_gate.c - every request that could be read in two ways, or that comes from a foreign page, is refused.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/gate.h"
#include "http/origin.h"

#define ALL 120

/* A request as the library hands it over: parts, and the bytes that they came from. */
struct parts {
    const char *method, *uri, *version;
    struct gate_header headers[ALL];
    size_t count;
    size_t surplus; /* bytes that the parts do not account for */
};

static struct parts
plain(const char *method, const char *uri)
{
    return (struct parts){ .method = method, .uri = uri, .version = "HTTP/1.1" };
}

static void
with(struct parts *p, const char *name, const char *value)
{
    p->headers[p->count++] = (struct gate_header){ name, strlen(name), value, strlen(value), 2 };
}

static struct gate_refusal
check(const struct parts *p, struct gate_headers *out)
{
    struct gate_request r = { p->method, p->uri, p->version, 0, p->headers, p->count };

    r.header_bytes = strlen(p->method) + strlen(p->uri) + strlen(p->version) + 6 + p->surplus;
    for (size_t i = 0; i < p->count; i++)
        r.header_bytes += p->headers[i].name_len + p->headers[i].gap + p->headers[i].value_len + 2;
    return gate_check(&r, out);
}

static unsigned
status_of(const struct parts *p)
{
    struct gate_headers out;

    return check(p, &out).status;
}

/* GET / with a Host and one more header. */
static unsigned
status_with(const char *name, const char *value)
{
    struct parts p = plain("GET", "/");

    with(&p, "Host", "localhost");
    with(&p, name, value);
    return status_of(&p);
}

static void
a_plain_request_passes_and_its_headers_are_found(void **state)
{
    struct parts p = plain("PUT", "/api/lattice/state/a%2Fb?x=1");
    struct gate_headers h;

    (void)state;
    with(&p, "hOST", "localhost:8000");
    with(&p, "Content-Length", "12");
    with(&p, "If-Match", "\"abc\"");
    with(&p, "Accept", "*/*");
    assert_int_equal(check(&p, &h).status, 0);
    assert_string_equal(h.host, "localhost:8000");
    assert_string_equal(h.if_match, "\"abc\"");
    assert_true(h.has_length);
    assert_int_equal(h.length, 12);
    assert_false(h.forwarded);
    assert_null(h.origin);
}

static void
bytes_that_the_parts_do_not_account_for_are_refused(void **state)
{
    struct parts p = plain("GET", "/");
    struct gate_headers h;
    struct gate_request r = { "GET", "/", "HTTP/1.1", 33, p.headers, 1 };

    (void)state;
    with(&p, "Host", "localhost");
    p.surplus = 4; /* a folded line: its CRLF and blanks are gone from the value */
    assert_int_equal(status_of(&p), 400);
    p.surplus = 0;
    assert_int_equal(status_of(&p), 0);
    /* "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" has 35 bytes; with two bare line feeds 33 */
    assert_int_equal(gate_check(&r, &h).status, 400);
    r.header_bytes = 35;
    assert_int_equal(gate_check(&r, &h).status, 0);
}

static void
a_name_and_a_value_that_do_not_stand_in_one_line_are_refused(void **state)
{
    struct parts p = plain("GET", "/");

    (void)state;
    with(&p, "Host", "localhost");
    p.headers[0].gap = GATE_GAP_NONE;
    assert_int_equal(status_of(&p), 400);
    p.headers[0].gap = 0;
    assert_int_equal(status_of(&p), 400);
    p.headers[0].gap = 1; /* "Host:localhost" */
    assert_int_equal(status_of(&p), 0);
    p.headers[0].gap = 3000;
    assert_int_equal(status_of(&p), 400);
}

static void
a_header_over_its_limits_gets_431(void **state)
{
    struct parts p = plain("GET", "/");
    char value[8200];

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = 0;
    assert_int_equal(status_with("X-Long", value), 431);
    with(&p, "Host", "localhost");
    while (p.count < 100)
        with(&p, "A", "b");
    assert_int_equal(status_of(&p), 0);
    with(&p, "A", "b");
    assert_int_equal(status_of(&p), 431);
}

static void
names_must_be_tokens_and_values_free_of_control_characters(void **state)
{
    (void)state;
    assert_int_equal(status_with("X-Fine", "text\twith a tab and \xc3\xa4"), 0);
    assert_int_equal(status_with("X Y", "v"), 400);
    assert_int_equal(status_with("", "v"), 400);
    assert_int_equal(status_with("X\xc3\xa4", "v"), 400);
    assert_int_equal(status_with("Content-Length ", "3"), 400); /* blank before the colon */
    assert_int_equal(status_with("X", "a\rb"), 400);
    assert_int_equal(status_with("X", "a\x1b[31m"), 400);
    assert_int_equal(status_with("X", "\x7f"), 400);
}

static void
what_looks_like_a_length_and_is_none_is_refused(void **state)
{
    (void)state;
    assert_int_equal(status_with("Content-Length-X", "3"), 400);
    assert_int_equal(status_with("content-lengthy", "3"), 400);
    assert_int_equal(status_with("Transfer-Encoding2", "chunked"), 400);
    assert_int_equal(status_with("Content-Language", "en"), 0);
}

static void
one_length_and_only_digits(void **state)
{
    struct parts p = plain("POST", "/");

    (void)state;
    assert_int_equal(status_with("Content-Length", "0"), 0);
    assert_int_equal(status_with("Content-Length", ""), 400);
    assert_int_equal(status_with("Content-Length", "+3"), 400);
    assert_int_equal(status_with("Content-Length", "-3"), 400);
    assert_int_equal(status_with("Content-Length", "0x10"), 400);
    assert_int_equal(status_with("Content-Length", "3, 3"), 400);
    assert_int_equal(status_with("Content-Length", "3 "), 400);
    assert_int_equal(status_with("Content-Length", "99999999999999999999"), 400);
    with(&p, "Host", "localhost");
    with(&p, "Content-Length", "3");
    with(&p, "Content-Length", "3"); /* even when both say the same */
    assert_int_equal(status_of(&p), 400);
}

static void
chunks_get_411_and_other_transfer_encodings_400(void **state)
{
    struct parts p = plain("POST", "/");

    (void)state;
    with(&p, "Host", "localhost");
    with(&p, "Transfer-Encoding", "Chunked");
    assert_int_equal(status_of(&p), 411);
    p.version = "HTTP/1.0";
    assert_int_equal(status_of(&p), 400);
    p.version = "HTTP/1.1";
    with(&p, "Content-Length", "3");
    assert_int_equal(status_of(&p), 400); /* both lengths */
    p.count = 2;
    with(&p, "Transfer-Encoding", "identity");
    assert_int_equal(status_of(&p), 400);
    assert_int_equal(status_with("Transfer-Encoding", "gzip, chunked"), 400);
    assert_int_equal(status_with("Transfer-Encoding", "xchunked"), 400);
    assert_int_equal(status_with("Transfer-Encoding", "chunked "), 400);
}

static void
exactly_one_host(void **state)
{
    struct parts p = plain("GET", "/");

    (void)state;
    assert_int_equal(status_of(&p), 400);
    with(&p, "Host", "localhost");
    assert_int_equal(status_of(&p), 0);
    with(&p, "host", "localhost");
    assert_int_equal(status_of(&p), 400);
}

static void
a_header_that_decides_something_stands_once(void **state)
{
    static const char *const once[] = { "Origin",   "Sec-Fetch-Site", "Authorization",
                                        "If-Match", "If-None-Match",  "Content-Type" };
    struct parts p;

    (void)state;
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        p = plain("GET", "/");
        with(&p, "Host", "localhost");
        with(&p, once[i], "a");
        with(&p, once[i], "b");
        assert_int_equal(status_of(&p), 400);
    }
    p = plain("GET", "/");
    with(&p, "Host", "localhost");
    with(&p, "Accept", "a");
    with(&p, "Accept", "b");
    assert_int_equal(status_of(&p), 0);
}

static void
odd_request_lines_are_refused(void **state)
{
    static const struct {
        const char *method, *uri, *version;
        unsigned status;
    } lines[] = {
        { "GET", "http://localhost/health", "HTTP/1.1", 400 },
        { "GET", "health", "HTTP/1.1", 400 },
        { "GET", "", "HTTP/1.1", 400 },
        { "GET", "/a b", "HTTP/1.1", 400 },
        { "GET", "/\xc3\xa4", "HTTP/1.1", 400 },
        { "GET", "/a#b", "HTTP/1.1", 400 },
        { "GET", "/a\x01", "HTTP/1.1", 400 },
        { "G(T", "/", "HTTP/1.1", 400 },
        { "GET", "/", "HTTP/1.2", 505 },
        { "GET", "/", "HTTP/2.0", 505 },
        { "OPTIONS", "*", "HTTP/1.1", 0 },
        { "GET", "/a%2Fb%00?q=%ff", "HTTP/1.0", 0 },
    };
    struct parts p;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        p = plain(lines[i].method, lines[i].uri);
        p.version = lines[i].version;
        with(&p, "Host", "localhost");
        assert_int_equal(status_of(&p), lines[i].status);
    }
}

static void
a_forwarded_request_is_marked(void **state)
{
    static const char *const marks[] = { "Forwarded", "X-Forwarded-For", "x-forwarded-proto", "Via" };
    struct gate_headers h;
    struct parts p;

    (void)state;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        p = plain("GET", "/");
        with(&p, "Host", "localhost");
        with(&p, marks[i], "10.0.0.1");
        assert_int_equal(check(&p, &h).status, 0);
        assert_true(h.forwarded);
    }
}

/* --- Host and Origin ------------------------------------------------------------ */

static const char *const hosts[] = { "node-a.example", NULL };
static const char *const origins[] = { "https://panel.example", NULL };
static const char *const star[] = { "https://panel.example", "*", NULL };

/* The verdict on a request; a NULL header is absent. */
static unsigned
origin_status(const char *const *cors, const char *host, const char *origin, const char *site, bool changes,
              enum origin_grant *grant)
{
    const struct origin_rules rules = { .bound = "127.0.0.5:8000", .hosts = hosts, .cors_origins = cors };
    const struct gate_headers h = { .host = host, .origin = origin, .fetch_site = site };
    enum origin_grant ignored;

    return origin_check(&rules, &h, changes, grant != NULL ? grant : &ignored).status;
}

static void
only_names_of_this_node_are_taken_as_host(void **state)
{
    static const char *const ours[] = {
        "localhost",  "LOCALHOST:8000", "127.0.0.1:9", "[::1]",
        "[::1]:8000", "127.0.0.5:8000", "127.0.0.5",   "node-a.example:8443"
    };
    static const char *const foreign[] = { "attacker.example",
                                           "localhost.attacker.example",
                                           "127.0.0.1.nip.io",
                                           "",
                                           "localhost:",
                                           "localhost:x",
                                           "localhost:8000:1",
                                           "localhost:123456",
                                           "localhost:80@attacker.example",
                                           "[::1",
                                           "[::1]x",
                                           "::1",
                                           "127.0.0.6" };

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        assert_int_equal(origin_status(NULL, ours[i], NULL, NULL, true, NULL), 0);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_int_equal(origin_status(NULL, foreign[i], NULL, NULL, false, NULL), 403);
}

static void
a_page_of_another_origin_is_refused_even_for_reading(void **state)
{
    (void)state;
    assert_int_equal(origin_status(NULL, "localhost:8000", "http://attacker.example", NULL, false, NULL),
                     403);
    assert_int_equal(origin_status(NULL, "localhost:8000", "null", NULL, false, NULL), 403);
    assert_int_equal(origin_status(NULL, "localhost:8000", "http://localhost:3000", NULL, false, NULL), 403);
    assert_int_equal(
        origin_status(NULL, "localhost:8000", "http://localhost:8000.attacker.example", NULL, true, NULL),
        403);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, "cross-site", false, NULL), 403);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, "same-site", true, NULL), 403);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, "nonsense", false, NULL), 403);
}

static void
our_own_page_and_a_plain_client_pass(void **state)
{
    enum origin_grant grant;

    (void)state;
    assert_int_equal(
        origin_status(NULL, "localhost:8000", "http://localhost:8000", "same-origin", true, &grant), 0);
    assert_int_equal(grant, ORIGIN_NONE);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, "same-origin", true, NULL), 0);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, "none", false, NULL), 0);
    assert_int_equal(origin_status(NULL, "localhost:8000", NULL, NULL, true, &grant), 0);
    assert_int_equal(grant, ORIGIN_NONE);
}

static void
a_listed_origin_may_and_a_star_may_only_read(void **state)
{
    enum origin_grant grant;

    (void)state;
    assert_int_equal(origin_status(origins, "localhost", "https://panel.example", "cross-site", true, &grant),
                     0);
    assert_int_equal(grant, ORIGIN_LISTED);
    assert_int_equal(origin_status(origins, "localhost", "https://other.example", "cross-site", false, NULL),
                     403);
    assert_int_equal(origin_status(star, "localhost", "https://other.example", "cross-site", false, &grant),
                     0);
    assert_int_equal(grant, ORIGIN_ANY);
    assert_int_equal(origin_status(star, "localhost", "https://other.example", "cross-site", true, NULL),
                     403);
    assert_int_equal(origin_status(star, "localhost", "https://panel.example", "cross-site", true, &grant),
                     0);
    assert_int_equal(grant, ORIGIN_LISTED);
}

static void
where_any_host_is_taken_no_origin_counts_as_our_own(void **state)
{
    const struct origin_rules rules = { .any_host = true };
    struct gate_headers h = { .host = "rebound.example:8001" };
    enum origin_grant grant;

    (void)state;
    assert_int_equal(origin_check(&rules, &h, false, &grant).status, 0);
    h.origin = "http://rebound.example:8001";
    assert_int_equal(origin_check(&rules, &h, false, &grant).status, 403);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_passes_and_its_headers_are_found),
        cmocka_unit_test(bytes_that_the_parts_do_not_account_for_are_refused),
        cmocka_unit_test(a_name_and_a_value_that_do_not_stand_in_one_line_are_refused),
        cmocka_unit_test(a_header_over_its_limits_gets_431),
        cmocka_unit_test(names_must_be_tokens_and_values_free_of_control_characters),
        cmocka_unit_test(what_looks_like_a_length_and_is_none_is_refused),
        cmocka_unit_test(one_length_and_only_digits),
        cmocka_unit_test(chunks_get_411_and_other_transfer_encodings_400),
        cmocka_unit_test(exactly_one_host),
        cmocka_unit_test(a_header_that_decides_something_stands_once),
        cmocka_unit_test(odd_request_lines_are_refused),
        cmocka_unit_test(a_forwarded_request_is_marked),
        cmocka_unit_test(only_names_of_this_node_are_taken_as_host),
        cmocka_unit_test(a_page_of_another_origin_is_refused_even_for_reading),
        cmocka_unit_test(our_own_page_and_a_plain_client_pass),
        cmocka_unit_test(a_listed_origin_may_and_a_star_may_only_read),
        cmocka_unit_test(where_any_host_is_taken_no_origin_counts_as_our_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
