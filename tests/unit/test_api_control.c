/* test_api_control.c - who may change the node over HTTP, from where, and what a change answers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/api_world.h"
#include "support/temp.h"
#include "support/vectors.h"

#define SWITCH "/api/lattice/sync/switch"
#define NOBODY 65534
#define BEARER "Authorization: Bearer " API_WORLD_COOKIE "\r\n"

static struct api_world world;
static int port;

static const char *const hosts[] = { "node-a.example", NULL };
static const char *const origins[] = { "https://panel.example", "*", NULL };

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("control"));
    world.facts.hosts = hosts;
    world.options.sync_listen = "127.0.0.1:0";
    world.options.socket_path = temp_path("api.sock");
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

/* Status of a request with these further header lines. */
static int
status_with(const char *method, const char *target, const char *headers)
{
    struct http_reply reply = http_ask(port, method, target, headers, NULL);
    int status = reply.status;

    http_reply_fini(&reply);
    return status;
}

static cJSON *
switched(const char *query, int status)
{
    char target[200];
    struct http_reply reply;
    cJSON *json;

    snprintf(target, sizeof(target), SWITCH "%s", query);
    reply = http_ask(port, "POST", target, NULL, NULL);
    assert_int_equal(reply.status, status);
    json = http_json(&reply);
    http_reply_fini(&reply);
    return json;
}

/* --- the switch --------------------------------------------------------------------------------------- */

static void
a_plain_client_of_the_own_user_switches_the_mode(void **state)
{
    cJSON *json = switched("?mode=http&for=60", 200);
    char who[64];

    (void)state;
    assert_true(cJSON_IsTrue(vectors_member(json, "success")));
    assert_string_equal(vectors_text(json, "mode"), "HTTP");
    assert_string_equal(vectors_text(json, "requested_mode"), "http");
    assert_string_equal(vectors_text(json, "state"), "HTTP");
    assert_int_equal(vectors_number(json, "for_s"), 60);
    assert_true(cJSON_IsString(vectors_member(json, "message")));
    cJSON_Delete(json);
    snprintf(who, sizeof(who), "uid %lu by api", (unsigned long)geteuid());
    assert_string_equal(world.who, who);
}

/* Terminal and address of an operator elsewhere, by his console's word: into the log, never in place of who the caller is. */
static void
who_asks_is_passed_on_escaped_and_bounded(void **state)
{
    (void)state;
    cJSON_Delete(switched("?mode=http&by=console%20pts%2f3%1b%5b31m", 200));
    assert_string_equal(world.says, "console pts/3?[31m");
    assert_non_null(strstr(world.who, "by api"));
    cJSON_Delete(switched("?mode=http", 200));
    assert_string_equal(world.says, "");
    cJSON_Delete(switched("?mode=http&by=0123456789012345678901234567890123456789012345678901234567890123", 400));
}

static void
the_mode_is_auto_where_none_is_named_and_the_last_one_counts(void **state)
{
    cJSON *json = switched("", 200);

    (void)state;
    assert_string_equal(vectors_text(json, "requested_mode"), "auto");
    assert_true(cJSON_IsNull(vectors_member(json, "for_s")));
    cJSON_Delete(json);
    json = switched("?mode=p2p&mode=http", 200);
    assert_string_equal(vectors_text(json, "requested_mode"), "http");
    cJSON_Delete(json);
}

/* The recorded bad modes: same body, but 400 instead of 200. */
static void
a_bad_mode_gets_400_and_the_body_of_v3_0_3(void **state)
{
    static const char *const bad[] = { "?mode=HTTP",         "?mode=",        "?mode=bogus",  "?mode=%ff%fe",
                                       "?mode=%1b%5b31m%0a", "?mode=auto%20", "?mode=p2p%00", "?mode" };
    cJSON *json;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json = switched(bad[i], 400);
        assert_true(cJSON_IsFalse(vectors_member(json, "success")));
        assert_non_null(strstr(vectors_text(json, "message"), "Use 'p2p', 'http', or 'auto'"));
        assert_null(strchr(vectors_text(json, "message"), '\x1b'));
        assert_null(cJSON_GetObjectItem(json, "mode"));
        cJSON_Delete(json);
    }
    json = switched("?mode=bogus", 400);
    assert_string_equal(vectors_text(json, "message"), "Invalid mode: bogus. Use 'p2p', 'http', or 'auto'");
    cJSON_Delete(json);
}

static void
a_time_out_of_range_or_with_auto_gets_400(void **state)
{
    static const char *const bad[] = { "?mode=http&for=0", "?mode=http&for=86401", "?mode=http&for=-1",
                                       "?mode=http&for=",  "?mode=http&for=1e3",   "?mode=auto&for=10",
                                       "?for=10" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cJSON_Delete(switched(bad[i], 400));
}

static void
p2p_while_it_is_disabled_is_a_conflict(void **state)
{
    cJSON *json;

    (void)state;
    pthread_mutex_lock(&world.lock);
    world.shown->lung.p2p_enabled = false;
    pthread_mutex_unlock(&world.lock);
    json = switched("?mode=p2p", 409);
    assert_true(cJSON_IsFalse(vectors_member(json, "success")));
    cJSON_Delete(json);
    pthread_mutex_lock(&world.lock);
    world.shown->lung.p2p_enabled = true;
    pthread_mutex_unlock(&world.lock);
    cJSON_Delete(switched("?mode=p2p", 200));
}

static void
a_body_with_a_switch_is_ignored(void **state)
{
    struct http_reply reply = http_ask(port, "POST", SWITCH "?mode=http", NULL, "{\"mode\": \"p2p\"}");
    cJSON *json = http_json(&reply);

    (void)state;
    assert_int_equal(reply.status, 200);
    assert_string_equal(vectors_text(json, "requested_mode"), "http");
    cJSON_Delete(json);
    http_reply_fini(&reply);
}

/* --- a proof_event -------------------------------------------------------------------------------------- */

#define PUBLISH "/api/lattice/p2p/publish"

static struct http_reply
publish(const char *body)
{
    return http_ask(port, "POST", PUBLISH, NULL, body);
}

static void
a_proof_event_is_handed_to_the_node_and_the_answer_counts_its_recipients(void **state)
{
    struct http_reply reply = publish("{\"status\": \"PROVED\", \"intent\": \"tr\\u00e4nsfer \\\"x\\\"\", \"more\": [1]}");
    cJSON *json = http_json(&reply);
    char who[64];

    (void)state;
    assert_int_equal(reply.status, 200);
    assert_true(cJSON_IsTrue(vectors_member(json, "success")));
    assert_int_equal(vectors_number(json, "recipients"), 3);
    assert_string_equal(vectors_text(json, "message"), "tr\xc3\xa4nsfer \"x\"|PROVED");
    snprintf(who, sizeof(who), "uid %lu by api", (unsigned long)geteuid());
    assert_string_equal(world.who, who);
    cJSON_Delete(json);
    http_reply_fini(&reply);
    reply = publish("{\"intent\": \"unheard\", \"status\": \"\"}");
    json = http_json(&reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(vectors_number(json, "recipients"), 0);
    cJSON_Delete(json);
    http_reply_fini(&reply);
}

static void
a_body_that_is_no_proof_event_gets_400_with_a_reason(void **state)
{
    static const char *const bad[] = { "",
                                       "null",
                                       "[]",
                                       "{",
                                       "{}",
                                       "{\"intent\": \"a\"}",
                                       "{\"status\": \"a\"}",
                                       "{\"intent\": 1, \"status\": \"a\"}",
                                       "{\"intent\": \"a\", \"status\": null}",
                                       "{\"intent\": \"a\", \"intent\": \"b\", \"status\": \"c\"}",
                                       "{\"intent\": \"a\\u0000b\", \"status\": \"c\"}",
                                       "{\"intent\": \"a\", \"status\": \"\xff\"}" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_reply reply = publish(bad[i]);
        cJSON *json = http_json(&reply);

        if (reply.status != 400)
            fail_msg("%s: %d", bad[i], reply.status);
        assert_true(strlen(vectors_text(json, "detail")) > 10);
        cJSON_Delete(json);
        http_reply_fini(&reply);
    }
}

static void
what_the_node_does_not_publish_is_told_with_its_reason(void **state)
{
    static const struct {
        enum lat_err err;
        int status;
    } cases[] = { { LAT_CONFLICT, 409 }, { LAT_CLOSED, 503 }, { LAT_LIMIT, 413 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_reply reply;
        cJSON *json;

        atomic_store(&world.refusing, (int)cases[i].err);
        reply = publish("{\"intent\": \"a\", \"status\": \"b\"}");
        atomic_store(&world.refusing, 0);
        json = http_json(&reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_true(cJSON_IsFalse(vectors_member(json, "success")));
        assert_string_equal(vectors_text(json, "message"), "a|b");
        cJSON_Delete(json);
        http_reply_fini(&reply);
    }
    assert_int_equal(status_with("POST", PUBLISH, "X-Forwarded-For: 192.0.2.1\r\n"), 403);
    assert_int_equal(status_with("GET", PUBLISH, NULL), 405);
}

/* --- who ------------------------------------------------------------------------------------------------ */

/* Use these users, and wait until the server does. */
static void
allow(const uid_t *uids, size_t count, const char *const *cors)
{
    struct api_facts facts = world.facts;
    static unsigned serial;
    struct lat_msg why = { "" };
    char name[32];
    const char *const marks[] = { name, NULL };
    struct http_reply reply;
    bool seen = false;

    snprintf(name, sizeof(name), "mark %u", serial++);
    facts.uids = uids;
    facts.uid_count = count;
    facts.cors_origins = cors;
    facts.violations = marks;
    assert_int_equal(server_set_facts(world.server, &facts, &why), LAT_OK);
    for (int i = 0; i < 100 && !seen; i++) {
        reply = http_ask(port, "GET", "/api/status", NULL, NULL);
        seen = strstr(reply.body, name) != NULL;
        http_reply_fini(&reply);
    }
    assert_true(seen);
}

static void
allow_default(void)
{
    allow(world.facts.uids, world.facts.uid_count, NULL);
}

static void
a_user_who_is_not_listed_may_read_but_not_change(void **state)
{
    static const uid_t other[] = { NOBODY };
    struct http_reply reply;

    (void)state;
    allow(other, 1, NULL);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", NULL), 403);
    reply = http_ask(port, "PUT", "/api/lattice/state/k", NULL, "7");
    assert_int_equal(reply.status, 403);
    http_reply_fini(&reply);
    assert_int_equal(status_with("DELETE", "/api/lattice/state/k", NULL), 403);
    assert_int_equal(status_with("GET", "/api/lattice/p2p/status", NULL), 200);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", BEARER), 200);
    assert_string_equal(world.who, "bearer by api");
    allow_default();
}

static void
a_wrong_token_gets_401_though_the_user_is_allowed(void **state)
{
    struct http_reply reply =
        http_ask(port, "POST", SWITCH "?mode=http", "Authorization: Bearer nonsense\r\n", NULL);

    (void)state;
    assert_int_equal(reply.status, 401);
    assert_string_equal(http_header(&reply, "WWW-Authenticate"), "Bearer");
    http_reply_fini(&reply);
}

static void
a_forwarded_request_needs_the_cookie(void **state)
{
    (void)state;
    assert_int_equal(status_with("POST", SWITCH "?mode=http", "Via: 1.1 proxy\r\n"), 403);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", "X-Forwarded-For: 10.0.0.1\r\n"), 403);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", "Forwarded: for=10.0.0.1\r\n"), 403);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", "Via: 1.1 proxy\r\n" BEARER), 200);
}

/* Runs as another user: switch, and exit with the hundreds of the status. */
static void
switch_as_another_user(void)
{
    struct http_reply reply;

    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        _exit(99);
    reply = http_ask(port, "POST", SWITCH "?mode=p2p", NULL, NULL);
    _exit(reply.status == 403 ? 0 : 1);
}

static void
another_users_plain_client_is_refused(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (geteuid() != 0) {
        print_message("needs root to become another user: skipped\n");
        skip();
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        switch_as_another_user();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
policy_now(enum lung_policy *policy)
{
    pthread_mutex_lock(&world.lock);
    *policy = world.shown->lung.policy;
    pthread_mutex_unlock(&world.lock);
}

/*
 * A process that sends its request and is gone before it is handled leaves a socket that shows root. The cork
 * makes the request and the end arrive as one, so that the first look finds a user and the second one does
 * not.
 */
static void
a_client_that_has_closed_its_side_changes_nothing(void **state)
{
    static const char text[] = "POST " SWITCH "?mode=p2p HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const int yes = 1;
    enum lung_policy after;
    struct http_reply reply;
    int fd;

    (void)state;
    assert_int_equal(status_with("POST", SWITCH "?mode=http", NULL), 200);
    for (int i = 0; i < 10; i++) {
        fd = http_connect(port);
        usleep(5000);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &yes, sizeof(yes)), 0);
        http_send_text(fd, text);
        shutdown(fd, SHUT_WR);
        reply = http_read(fd, false);
        assert_int_equal(reply.status, 403);
        http_reply_fini(&reply);
        close(fd);
        fd = http_connect(port);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &yes, sizeof(yes)), 0);
        http_send_text(fd, text);
        close(fd);
    }
    assert_int_equal(http_status(port, "GET", "/health"), 200);
    policy_now(&after);
    assert_int_equal(after, LUNG_POLICY_HTTP);
}

/* --- from where ------------------------------------------------------------------------------------------
 */

static int
raw_status(const char *text)
{
    struct http_reply reply = http_raw(port, text);
    int status = reply.status;

    http_reply_fini(&reply);
    return status;
}

static void
a_foreign_host_is_refused_even_with_the_cookie(void **state)
{
    (void)state;
    assert_int_equal(raw_status("GET /health HTTP/1.1\r\nHost: attacker.example\r\n\r\n"), 403);
    assert_int_equal(
        raw_status("POST " SWITCH "?mode=http HTTP/1.1\r\nHost: attacker.example\r\n" BEARER "\r\n"), 403);
    assert_int_equal(raw_status("GET /health HTTP/1.1\r\nHost: node-a.example:8000\r\n\r\n"), 200);
    assert_int_equal(raw_status("GET /health HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n"), 200);
    assert_int_equal(raw_status("GET /health HTTP/1.0\r\nHost: [::1]:1\r\n\r\n"), 200);
}

static void
a_page_in_a_browser_reads_and_changes_nothing(void **state)
{
    static const char *const pages[] = { "Origin: http://attacker.example\r\n", "Origin: null\r\n",
                                         "Origin: http://localhost:3000\r\n",
                                         "Sec-Fetch-Site: cross-site\r\n",
                                         "Origin: http://attacker.example\r\n" BEARER };
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        assert_int_equal(status_with("POST", SWITCH "?mode=p2p", pages[i]), 403);
        reply = http_ask(port, "GET", "/api/lattice/p2p/status", pages[i], NULL);
        assert_int_equal(reply.status, 403);
        assert_null(http_header(&reply, "Access-Control-Allow-Origin"));
        http_reply_fini(&reply);
    }
    assert_int_equal(status_with("POST", SWITCH "?mode=http", "Sec-Fetch-Site: same-site\r\n"), 403);
    assert_int_equal(status_with("OPTIONS", SWITCH,
                                 "Origin: http://attacker.example\r\n"
                                 "Access-Control-Request-Method: POST\r\n"),
                     403);
}

static void
a_listed_page_may_and_others_may_read_where_a_star_is_listed(void **state)
{
    static const char other[] = "Origin: http://other.example\r\n",
                      panel[] = "Origin: https://panel.example\r\n";
    struct http_reply reply;

    (void)state;
    allow(world.facts.uids, world.facts.uid_count, origins);
    reply = http_ask(port, "GET", "/health", other, NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(http_header(&reply, "Access-Control-Allow-Origin"), "*");
    assert_null(http_header(&reply, "Access-Control-Allow-Credentials"));
    http_reply_fini(&reply);
    assert_int_equal(status_with("POST", SWITCH "?mode=http", other), 403);
    reply = http_ask(port, "POST", SWITCH "?mode=http", panel, NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(http_header(&reply, "Access-Control-Allow-Origin"), "https://panel.example");
    assert_string_equal(http_header(&reply, "Vary"), "Origin");
    http_reply_fini(&reply);
    reply = http_ask(port, "OPTIONS", SWITCH,
                     "Origin: https://panel.example\r\nAccess-Control-Request-Method: POST\r\n", NULL);
    assert_int_equal(reply.status, 204);
    assert_string_equal(http_header(&reply, "Access-Control-Allow-Methods"), "OPTIONS, POST");
    http_reply_fini(&reply);
    assert_int_equal(status_with("OPTIONS", SWITCH,
                                 "Origin: http://other.example\r\n"
                                 "Access-Control-Request-Method: POST\r\n"),
                     403);
    reply = http_ask(port, "GET", "/health", NULL,
                     NULL); /* no page asks: no header, whatever was prepared before */
    assert_null(http_header(&reply, "Access-Control-Allow-Origin"));
    http_reply_fini(&reply);
    allow_default();
}

/* --- other listeners
 * ---------------------------------------------------------------------------------------- */

static void
the_listener_for_other_nodes_serves_sync_and_health_alone(void **state)
{
    int sync = api_world_sync_port(&world);
    struct http_reply reply;

    (void)state;
    assert_int_equal(http_status(sync, "GET", "/health"), 200);
    assert_int_equal(http_status(sync, "GET", "/api/lattice/state?summary=1"), 200);
    assert_int_equal(http_status(sync, "GET", "/api/lattice/p2p/status"), 404);
    assert_int_equal(http_status(sync, "GET", "/api/lattice/state/k"), 404);
    reply = http_ask(sync, "POST", SWITCH "?mode=http", BEARER, NULL);
    assert_int_equal(reply.status, 404);
    http_reply_fini(&reply);
    reply = http_raw(sync, "GET /health HTTP/1.1\r\nHost: any.example\r\n\r\n");
    assert_int_equal(reply.status, 200);
    http_reply_fini(&reply);
    reply = http_raw(sync, "GET /health HTTP/1.1\r\nHost: any.example\r\nOrigin: http://any.example\r\n\r\n");
    assert_int_equal(reply.status, 403);
    http_reply_fini(&reply);
}

static void
the_socket_in_the_state_directory_knows_its_user(void **state)
{
    struct http_reply reply;
    struct stat st;
    int fd = http_connect_path(world.options.socket_path);

    (void)state;
    assert_int_equal(stat(world.options.socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    http_send_text(fd, "POST " SWITCH "?mode=auto HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reply = http_read(fd, false);
    assert_int_equal(reply.status, 200);
    http_reply_fini(&reply);
    close(fd);
}

/* --- a node that does not answer
 * ------------------------------------------------------------------------------ */

static void
reads_go_on_while_the_node_is_busy_and_a_write_waits(void **state)
{
    struct http_reply reply;
    int fd = http_connect(port);
    uint64_t before;

    (void)state;
    atomic_store(&world.deaf, true);
    http_send_text(fd,
                   "PUT /api/lattice/state/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n7");
    usleep(50000);
    before = lat_mono_ms();
    assert_int_equal(http_status(port, "GET", "/health"), 200);
    assert_true(lat_mono_ms() - before < 1000);
    assert_false(http_is_closed(fd, 10));
    atomic_store(&world.deaf, false);
    pthread_mutex_lock(&world.lock);
    command_free(world.kept); /* what a node does with commands at its end */
    world.kept = NULL;
    pthread_mutex_unlock(&world.lock);
    reply = http_read(fd, false);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "unknown"));
    assert_string_equal(http_header(&reply, "Retry-After"), "1");
    http_reply_fini(&reply);
    close(fd);
}

static void *
stop_server(void *arg)
{
    server_stop(arg);
    return NULL;
}

static void
what_is_under_way_at_the_end_is_answered_in_time(void **state)
{
    static const char sync[] = "POST /api/lattice/sync HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nx";
    struct api_world own;
    struct http_reply reply;
    pthread_t stopper;
    uint64_t before;
    int writing, sending;

    (void)state;
    api_world_init(&own, temp_path("ending"));
    api_world_start(&own);
    atomic_store(&own.deaf, true);
    writing = http_connect(api_world_port(&own));
    sending = http_connect(api_world_port(&own));
    http_send_text(writing,
                   "PUT /api/lattice/state/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n7");
    http_send_text(sending, sync);
    usleep(50000);
    before = lat_mono_ms();
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, own.server), 0);
    usleep(200000);
    http_send_text(sending, "y"); /* the rest of a body, when nothing new is begun any more */
    reply = http_read(sending, false);
    assert_int_equal(reply.status, 503);
    http_reply_fini(&reply);
    reply = http_read(writing, false);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "unknown")); /* never "done", never "refused" */
    http_reply_fini(&reply);
    pthread_join(stopper, NULL);
    assert_true(lat_mono_ms() - before < 2500);
    own.server = NULL;
    close(writing);
    close(sending);
    api_world_fini(&own);
}

static void
a_taken_port_is_said_and_tried_again(void **state)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    struct server_status status;
    struct api_world own;
    char address[64];
    int taken = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(taken, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&a, &len), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(a.sin_port));
    api_world_init(&own, temp_path("taken"));
    own.options.listen = address;
    api_world_start(&own);
    server_status(own.server, &status);
    assert_string_equal(status.address, "");
    assert_non_null(strstr(status.error, "Address already in use"));
    close(taken);
    for (int i = 0; i < 60 && status.address[0] == 0; i++) {
        usleep(100000);
        server_status(own.server, &status);
    }
    assert_string_equal(status.address, address);
    assert_string_equal(status.error, "");
    assert_int_equal(http_status(ntohs(a.sin_port), "GET", "/health"), 200);
    api_world_fini(&own);
}

static void
an_address_off_loopback_is_refused_for_the_api(void **state)
{
    static const char *const bad[] = { "0.0.0.0:8000",    "[::]:8000", "*:8000",
                                       "10.0.0.1:8000",   "nonsense",  "127.0.0.1",
                                       "127.0.0.1:65536", "::1:8000",  "127.0.0.1:" };
    struct server *server = NULL;
    struct api_options options = world.options;
    struct lat_msg why;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        options.listen = bad[i];
        why.text[0] = 0;
        assert_int_equal(server_start(&options, &server, &why), LAT_MALFORMED);
        assert_true(why.text[0] != 0);
    }
    assert_null(server);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_client_of_the_own_user_switches_the_mode),
        cmocka_unit_test(who_asks_is_passed_on_escaped_and_bounded),
        cmocka_unit_test(the_mode_is_auto_where_none_is_named_and_the_last_one_counts),
        cmocka_unit_test(a_bad_mode_gets_400_and_the_body_of_v3_0_3),
        cmocka_unit_test(a_time_out_of_range_or_with_auto_gets_400),
        cmocka_unit_test(a_proof_event_is_handed_to_the_node_and_the_answer_counts_its_recipients),
        cmocka_unit_test(a_body_that_is_no_proof_event_gets_400_with_a_reason),
        cmocka_unit_test(what_the_node_does_not_publish_is_told_with_its_reason),
        cmocka_unit_test(p2p_while_it_is_disabled_is_a_conflict),
        cmocka_unit_test(a_body_with_a_switch_is_ignored),
        cmocka_unit_test(a_user_who_is_not_listed_may_read_but_not_change),
        cmocka_unit_test(a_wrong_token_gets_401_though_the_user_is_allowed),
        cmocka_unit_test(a_forwarded_request_needs_the_cookie),
        cmocka_unit_test(another_users_plain_client_is_refused),
        cmocka_unit_test(a_client_that_has_closed_its_side_changes_nothing),
        cmocka_unit_test(a_foreign_host_is_refused_even_with_the_cookie),
        cmocka_unit_test(a_page_in_a_browser_reads_and_changes_nothing),
        cmocka_unit_test(a_listed_page_may_and_others_may_read_where_a_star_is_listed),
        cmocka_unit_test(the_listener_for_other_nodes_serves_sync_and_health_alone),
        cmocka_unit_test(the_socket_in_the_state_directory_knows_its_user),
        cmocka_unit_test(reads_go_on_while_the_node_is_busy_and_a_write_waits),
        cmocka_unit_test(what_is_under_way_at_the_end_is_answered_in_time),
        cmocka_unit_test(a_taken_port_is_said_and_tried_again),
        cmocka_unit_test(an_address_off_loopback_is_refused_for_the_api),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
