/* test_api_tls.c - the API off loopback: TLS, tokens and their roles, and what a reload exchanges. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "support/api_world.h"
#include "support/certificate.h"
#include "support/temp.h"

#define SWITCH "/api/lattice/sync/switch"

static struct api_world world;
static int port, sync_port;
static long patience_ms = 10000;
static char tokens_file[512], cert_a[512], key_a[512], cert_b[512], key_b[512];

/* --- the stage ---------------------------------------------------------------------------------------- */

static void
add_token(FILE *f, const char *role, const char *name, const char *token, const char *until)
{
    uint8_t hash[SHA256_LEN];
    char text[2 * SHA256_LEN + 1];

    sha256_of(token, strlen(token), hash);
    lat_hex(hash, sizeof(hash), text);
    assert_true(fprintf(f, "%s %s %s %s\n", role, name, text, until) > 0);
}

static void
write_tokens(bool with_guest)
{
    FILE *f = fopen(tokens_file, "we");

    assert_non_null(f);
    add_token(f, "read", "panel", "see", "");
    add_token(f, "sync", "node-b", "join", "");
    add_token(f, "control", "ops", "steer", "");
    add_token(f, "control", "former", "was", "2024-01-01T00:00:00Z");
    if (with_guest)
        add_token(f, "control", "guest", "visit", "2999-01-01T00:00:00Z");
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(tokens_file, 0600), 0);
}

static void
keep_path(char out[512], const char *name)
{
    snprintf(out, 512, "%s", temp_path(name));
}

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    keep_path(tokens_file, "tokens");
    keep_path(cert_a, "a.pem");
    keep_path(key_a, "a.key");
    keep_path(cert_b, "b.pem");
    keep_path(key_b, "b.key");
    certificate_make(cert_a, key_a, 30);
    certificate_make(cert_b, key_b, 30);
    write_tokens(true);
    api_world_init(&world, temp_path("tls"));
    world.facts.tokens_file = tokens_file;
    world.facts.tls_cert = cert_a;
    world.facts.tls_key = key_a;
    world.options.listen = "0.0.0.0:0"; /* the one address off loopback that every machine has */
    world.options.sync_listen = "127.0.0.1:0";
    api_world_start(&world);
    port = api_world_port(&world);
    sync_port = api_world_sync_port(&world);
    return 0;
}

static int
end(void **state)
{
    api_world_fini(&world);
    curl_global_cleanup();
    return temp_remove(state);
}

/* --- the client --------------------------------------------------------------------------------------- */

struct answer_seen {
    long status; /* 0: no TLS, or no answer */
    CURLcode code;
    char text[65536]; /* head and body */
    size_t len;
};

static size_t
keep(char *data, size_t size, size_t count, void *arg)
{
    struct answer_seen *seen = arg;
    size_t n = size * count;

    if (n > sizeof(seen->text) - 1 - seen->len)
        return 0;
    memcpy(seen->text + seen->len, data, n);
    seen->len += n;
    seen->text[seen->len] = 0;
    return n;
}

/* The answer over TLS; the server's certificate must be ca's. token NULL: none. */
static struct answer_seen *
ask_as(CURL *curl, int to, const char *ca, const char *method, const char *target, const char *token)
{
    static struct answer_seen seen;
    struct curl_slist *headers = NULL;
    char url[300], bearer[200];

    memset(&seen, 0, sizeof(seen));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", to, target);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", token != NULL ? token : "");
    if (token != NULL)
        headers = curl_slist_append(headers, bearer);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, patience_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &seen);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &seen);
    seen.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &seen.status);
    curl_slist_free_all(headers);
    return &seen;
}

static long
status_of(int to, const char *ca, const char *method, const char *target, const char *token)
{
    CURL *curl = curl_easy_init();
    long status;

    assert_non_null(curl);
    status = ask_as(curl, to, ca, method, target, token)->status;
    curl_easy_cleanup(curl);
    return status;
}

/* --- TLS ---------------------------------------------------------------------------------------------- */

static void
the_certificate_is_that_of_the_file(void **state)
{
    (void)state;
    assert_int_equal(status_of(port, cert_a, "GET", "/health", NULL), 200);
    assert_int_equal(status_of(port, cert_b, "GET", "/health", NULL), 0);
}

static void
nothing_is_answered_in_the_clear(void **state)
{
    struct http_reply reply = http_raw(port, "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

    (void)state;
    assert_int_equal(reply.status, 0);
    http_reply_fini(&reply);
}

static void
what_is_older_than_tls_1_2_gets_no_connection(void **state)
{
    CURL *curl = curl_easy_init();

    (void)state;
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_1);
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0");
    assert_int_equal(ask_as(curl, port, cert_a, "GET", "/health", NULL)->status, 0);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2);
    assert_int_equal(ask_as(curl, port, cert_a, "GET", "/health", NULL)->status, 200);
    curl_easy_cleanup(curl);
}

static void
a_large_answer_and_an_event_arrive_whole_over_tls(void **state)
{
    CURL *curl = curl_easy_init();
    struct answer_seen *seen;

    (void)state;
    api_world_fill(&world, "key", 400);
    seen = ask_as(curl, port, cert_a, "GET", "/api/lattice/state", "see");
    assert_int_equal(seen->status, 200);
    assert_non_null(strstr(seen->text, "key00399"));
    assert_int_equal(seen->code, CURLE_OK);
    patience_ms = 500; /* a stream does not end by itself */
    seen = ask_as(curl, port, cert_a, "GET", "/api/lattice/events?interval=0.1", "see");
    assert_non_null(strstr(seen->text, "event: snapshot"));
    patience_ms = 10000;
    curl_easy_cleanup(curl);
}

/* --- who may ------------------------------------------------------------------------------------------ */

static void
without_a_token_nothing_is_answered_but_liveness(void **state)
{
    static const struct {
        const char *method, *target;
        long status;
    } rows[] = {
        { "GET", "/health", 200 },
        { "GET", "/livez", 200 },
        { "GET", "/readyz", 401 },
        { "GET", "/", 401 },
        { "GET", "/api/lattice/p2p/status", 401 },
        { "GET", "/api/lattice/state", 401 },
        { "POST", "/api/lattice/sync", 401 },
        { "POST", SWITCH "?mode=http", 401 },
        { "GET", "/no/such/route", 401 },
        { "PATCH", "/", 401 },
        { "OPTIONS", "/api/lattice/state", 401 },
        { "GET", "/api/lattice/state/", 401 },
        { "DELETE", "/api/lattice/state/key00000", 401 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (status_of(port, cert_a, rows[i].method, rows[i].target, NULL) != rows[i].status)
            fail_msg("%s %s", rows[i].method, rows[i].target);
    }
}

static void
a_refusal_says_how_to_ask(void **state)
{
    CURL *curl = curl_easy_init();
    struct answer_seen *seen = ask_as(curl, port, cert_a, "GET", "/", NULL);

    (void)state;
    assert_non_null(strstr(seen->text, "WWW-Authenticate: Bearer"));
    assert_non_null(strstr(seen->text, "Authorization: Bearer"));
    curl_easy_cleanup(curl);
}

static void
a_token_may_what_its_role_covers(void **state)
{
    static const struct {
        const char *method, *target;
        long see, join, steer;
    } rows[] = {
        { "GET", "/", 200, 403, 200 },
        { "GET", "/readyz", 200, 403, 200 },
        { "GET", "/api/lattice/state?summary=1", 200, 200, 200 },
        { "GET", "/api/lattice/state/key00001", 200, 403, 200 },
        { "POST", "/api/lattice/sync", 403, 415, 415 }, /* in, but what it brings is no message */
        { "POST", SWITCH "?mode=http", 403, 403, 200 },
        { "DELETE", "/api/lattice/state/absent", 403, 403, 404 },
        { "GET", "/no/such/route", 404, 404, 404 },
        { "PATCH", "/", 405, 405, 405 },
        { "OPTIONS", "/api/lattice/state", 204, 204, 204 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        long see = status_of(port, cert_a, rows[i].method, rows[i].target, "see");
        long join = status_of(port, cert_a, rows[i].method, rows[i].target, "join");
        long steer = status_of(port, cert_a, rows[i].method, rows[i].target, "steer");

        if (see != rows[i].see || join != rows[i].join || steer != rows[i].steer)
            fail_msg("%s %s: %ld %ld %ld", rows[i].method, rows[i].target, see, join, steer);
    }
}

static void
a_wrong_token_and_one_whose_time_is_over_are_none(void **state)
{
    (void)state;
    assert_int_equal(status_of(port, cert_a, "GET", "/", "nonsense"), 401);
    assert_int_equal(status_of(port, cert_a, "GET", "/", ""), 401);
    assert_int_equal(status_of(port, cert_a, "GET", "/", "was"), 401);
    assert_int_equal(status_of(port, cert_a, "POST", SWITCH "?mode=http", "was"), 401);
    assert_int_equal(status_of(port, cert_a, "GET", "/health", "nonsense"), 200);
}

static void
the_name_of_the_token_goes_with_the_command(void **state)
{
    (void)state;
    assert_int_equal(status_of(port, cert_a, "POST", SWITCH "?mode=http", "steer"), 200);
    assert_string_equal(world.who, "token ops by api");
    assert_int_equal(status_of(port, cert_a, "POST", SWITCH "?mode=auto", API_WORLD_COOKIE), 200);
    assert_string_equal(world.who, "bearer by api");
}

/* --- the listener for other nodes --------------------------------------------------------------------- */

static void
other_nodes_need_a_token_where_the_file_names_some(void **state)
{
    (void)state;
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/health", NULL), 200);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/api/lattice/state?summary=1", NULL), 401);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/api/lattice/state?summary=1", "join"), 200);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/api/lattice/state?summary=1", "see"), 403);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/api/lattice/state?summary=1", "steer"), 403);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/api/lattice/state?summary=1", API_WORLD_COOKIE),
                     403);
    assert_int_equal(status_of(sync_port, cert_a, "POST", "/api/lattice/sync", NULL), 401);
    assert_int_equal(status_of(sync_port, cert_a, "POST", "/api/lattice/sync", "join"), 415);
    assert_int_equal(status_of(sync_port, cert_a, "POST", SWITCH "?mode=http", "steer"), 403);
    assert_int_equal(status_of(sync_port, cert_a, "POST", SWITCH "?mode=http", "join"), 404);
    assert_int_equal(status_of(sync_port, cert_a, "GET", "/readyz", "join"), 404);
}

/* --- reload ------------------------------------------------------------------------------------------- */

/* Is this answered with this status within two seconds? A reload takes effect at the next turn of the loop.
 */
static bool
becomes(const char *ca, const char *target, const char *token, long status)
{
    const struct timespec pause = { .tv_nsec = 20000000 };

    for (int i = 0; i < 100; i++) {
        if (status_of(port, ca, "GET", target, token) == status)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static void
a_reload_exchanges_the_certificate_under_open_connections(void **state)
{
    CURL *open = curl_easy_init();
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(ask_as(open, port, cert_a, "GET", "/", "see")->status, 200);
    world.facts.tls_cert = cert_b;
    world.facts.tls_key = key_b;
    assert_int_equal(server_set_facts(world.server, &world.facts, &why), LAT_OK);
    assert_true(becomes(cert_b, "/health", NULL, 200));
    assert_int_equal(status_of(port, cert_a, "GET", "/health", NULL), 0);
    assert_int_equal(ask_as(open, port, cert_a, "GET", "/", "see")->status, 200);
    curl_easy_cleanup(open);
}

static void
a_reload_takes_a_token_away(void **state)
{
    struct lat_msg why = { "" };

    (void)state;
    assert_int_equal(status_of(port, cert_b, "GET", "/", "visit"), 200);
    write_tokens(false);
    assert_int_equal(server_set_facts(world.server, &world.facts, &why), LAT_OK);
    assert_true(becomes(cert_b, "/", "visit", 401));
    assert_int_equal(status_of(port, cert_b, "GET", "/", "see"), 200);
}

static void
a_reload_that_cannot_be_used_leaves_what_was(void **state)
{
    static const char *const none[] = { "https://panel.example", NULL };
    struct api_facts facts = world.facts;
    struct lat_msg why = { "" };

    (void)state;
    facts.cors_origins = none;
    facts.tls_key = key_a; /* of the other certificate */
    assert_int_equal(server_set_facts(world.server, &facts, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "not the key"));
    assert_true(becomes(cert_b, "/health", NULL, 200));
    facts.tls_key = key_b;
    facts.tokens_file = cert_a;
    assert_int_equal(chmod(cert_a, 0600), 0);
    assert_int_equal(server_set_facts(world.server, &facts, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "line 1"));
    assert_int_equal(status_of(port, cert_b, "GET", "/", "see"), 200);
    assert_int_equal(server_set_facts(world.server, &world.facts, &why), LAT_OK);
}

/* --- starting ----------------------------------------------------------------------------------------- */

static void
expect_refused(const struct api_facts *facts, enum lat_err expected, const char *words)
{
    struct api_options options = world.options;
    struct server *server = NULL;
    struct lat_msg why = { "" };

    options.facts = *facts;
    options.sync_listen = NULL;
    assert_int_equal(server_start(&options, &server, &why), expected);
    if (strstr(why.text, words) == NULL)
        fail_msg("%s", why.text);
}

static void
off_loopback_nothing_starts_without_tokens_and_tls(void **state)
{
    struct api_facts facts = world.facts;

    (void)state;
    facts.tokens_file = NULL;
    expect_refused(&facts, LAT_MALFORMED, "LATTICE_API_TOKENS_FILE");
    facts = world.facts;
    facts.tls_cert = facts.tls_key = NULL;
    expect_refused(&facts, LAT_MALFORMED, "LATTICE_TLS_CERT");
    facts = world.facts;
    facts.tls_cert = cert_a;
    expect_refused(&facts, LAT_MALFORMED, "not the key");
    facts = world.facts;
    facts.tls_cert = tokens_file;
    expect_refused(&facts, LAT_MALFORMED, "tokens");
    facts = world.facts;
    facts.tls_cert = "/nonexistent/cert.pem";
    expect_refused(&facts, LAT_NOTFOUND, "/nonexistent/cert.pem");
    facts = world.facts;
    assert_int_equal(chmod(key_b, 0644), 0);
    expect_refused(&facts, LAT_AUTH, "chmod");
    assert_int_equal(chmod(key_b, 0600), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_certificate_is_that_of_the_file),
        cmocka_unit_test(nothing_is_answered_in_the_clear),
        cmocka_unit_test(what_is_older_than_tls_1_2_gets_no_connection),
        cmocka_unit_test(a_large_answer_and_an_event_arrive_whole_over_tls),
        cmocka_unit_test(without_a_token_nothing_is_answered_but_liveness),
        cmocka_unit_test(a_refusal_says_how_to_ask),
        cmocka_unit_test(a_token_may_what_its_role_covers),
        cmocka_unit_test(a_wrong_token_and_one_whose_time_is_over_are_none),
        cmocka_unit_test(the_name_of_the_token_goes_with_the_command),
        cmocka_unit_test(other_nodes_need_a_token_where_the_file_names_some),
        cmocka_unit_test(a_reload_exchanges_the_certificate_under_open_connections),
        cmocka_unit_test(a_reload_takes_a_token_away),
        cmocka_unit_test(a_reload_that_cannot_be_used_leaves_what_was),
        cmocka_unit_test(off_loopback_nothing_starts_without_tokens_and_tls),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
