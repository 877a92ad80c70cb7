/* test_remote.c - a node behind HTTP as a source: events, polling, v3.0.3's answers, refusals, switches; and what a fleet may cost. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attach/remote.h"
#include "base/clock.h"
#include "base/text.h"
#include "support/http_server.h"
#include "support/snapshots.h"
#include "support/vectors.h"
#include "view/json.h"
#include "view/summary.h"

#define WAIT_MS 8000

/* What the node of a test is like. */
struct node {
    struct http_server *server;
    bool no_events, legacy, refuses, redirects, garbage;
    atomic_int switches, not_modified;
    char token_seen[64];
};

static char *
snapshot_text(bool summary)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    cJSON *json = summary ? summary_to_json(s) : snapshot_to_json(s);
    char *text = cJSON_PrintUnformatted(json);

    assert_non_null(text);
    cJSON_Delete(json);
    snapshot_unref(s);
    return text;
}

/* Two events a tenth of a second apart, then silence until the client goes. */
static void
stream(struct http_exchange *x)
{
    char *text = snapshot_text(strstr(x->path, "detail=full") == NULL);

    (void)http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: hello\n\n");
    for (int i = 0; i < 2; i++) {
        (void)http_send_text(x, "event: snapshot\r\nid: 7\r\ndata: ");
        (void)http_send(x, text, strlen(text));
        (void)http_send_text(x, "\r\n\r\nevent: ping\ndata: {}\n\n");
        (void)http_wait(x, 100);
    }
    free(text);
    while (http_wait(x, 1000))
        continue;
    x->close = true;
}

static void
answer_vector(struct http_exchange *x, const char *file)
{
    cJSON *list = vectors_load(file);
    const cJSON *answers = cJSON_IsArray(list) ? list : list->child, *item;
    char *text = NULL;

    while (answers && !cJSON_IsArray(answers))
        answers = answers->next;
    cJSON_ArrayForEach(item, answers) {
        const cJSON *request = cJSON_GetObjectItem(item, "request");

        if (text == NULL && strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(request, "path")), x->path) == 0 &&
            strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(request, "method")), x->method) == 0)
            text = cJSON_PrintUnformatted(cJSON_GetObjectItem(item, "json"));
    }
    if (text)
        http_reply(x, 200, "application/json", NULL, text, strlen(text));
    else
        http_reply(x, 404, "application/json", NULL, "{\"detail\":\"Not Found\"}", 22);
    free(text);
    cJSON_Delete(list);
}

static void
answer_snapshot(struct node *node, struct http_exchange *x)
{
    char *text = snapshot_text(false);

    if (strstr(x->headers, "If-None-Match: \"tag1\"")) {
        node->not_modified++;
        http_reply(x, 304, "application/json", "ETag: \"tag1\"\r\n", "", 0);
    } else {
        http_reply(x, 200, "application/json", "ETag: \"tag1\"\r\n", text, strlen(text));
    }
    free(text);
}

static void
handle(void *arg, struct http_exchange *x)
{
    static const char done[] = "{\"success\":true,\"state\":\"FHTTP_UP\",\"message\":\"Switched to HTTP\"}";
    struct node *node = arg;

    if (strstr(x->headers, "Bearer"))
        lat_copy(node->token_seen, sizeof(node->token_seen), strstr(x->headers, "Bearer"));
    if (node->redirects) {
        http_reply(x, 307, "text/plain", "Location: http://127.0.0.1:1/elsewhere\r\n", "", 0);
    } else if (node->refuses) {
        http_reply(x, 401, "application/json", NULL, "{\"detail\":\"bad token\"}", 22);
    } else if (node->garbage) {
        (void)http_send_text(x, "\x16\x03\x01 this is no HTTP at all\r\n\r\n");
        x->close = true;
    } else if (node->legacy) {
        answer_vector(x, "predecessor/signed-node-three-entries.json");
    } else if (strcmp(x->method, "POST") == 0) {
        node->switches++;
        http_reply(x, 200, "application/json", NULL, done, sizeof(done) - 1);
    } else if (strncmp(x->path, "/api/lattice/events", 19) == 0 && !node->no_events) {
        stream(x);
    } else if (strcmp(x->path, "/api/lattice/snapshot") == 0) {
        answer_snapshot(node, x);
    } else {
        http_reply(x, 404, "application/json", NULL, "{\"detail\":\"Not Found\"}", 22);
    }
}

static struct remote *
attach(struct node *node, struct remote_options options, struct source *source)
{
    struct api_target target = { .base = "" };
    struct remote *remote = NULL;
    struct lat_msg why = { "" };

    node->server = http_server_start(handle, node);
    assert_int_equal(api_target_parse(http_server_url(node->server), &target, &why), LAT_OK);
    assert_int_equal(remote_start(&target, &options, &remote, &why), LAT_OK);
    remote_face(remote, source);
    return remote;
}

static void
detach(struct node *node, struct remote *remote)
{
    uint64_t began = lat_mono_ms();

    remote_stop(remote);
    assert_true(lat_mono_ms() - began < 2000);
    http_server_stop(node->server);
}

static void
pause_ms(long ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000 };

    nanosleep(&pause, NULL);
}

/* The first snapshot; the caller unrefs. */
static const struct snapshot *
wait_snapshot(const struct source *source)
{
    uint64_t until = lat_mono_ms() + WAIT_MS;
    const struct snapshot *s;

    while ((s = source->ops->latest(source->arg)) == NULL && lat_mono_ms() < until)
        pause_ms(10);
    assert_non_null(s);
    return s;
}

static struct link_status
wait_link(const struct source *source, enum link_state state)
{
    uint64_t until = lat_mono_ms() + WAIT_MS;
    struct link_status link = { .state = LINK_RESOLVING };

    do {
        source->ops->link(source->arg, &link);
        pause_ms(10);
    } while (link.state != state && lat_mono_ms() < until);
    assert_int_equal(link.state, state);
    return link;
}

static void
a_node_with_events_is_live(void **state)
{
    struct node node = { .no_events = false };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .full = true }, &source);
    const struct snapshot *s = wait_snapshot(&source);

    (void)state;
    assert_false(s->summary);
    assert_int_equal(s->lung.state, LUNG_P2P);
    assert_true(s->source_count > 0);
    (void)wait_link(&source, LINK_LIVE);
    snapshot_unref(s);
    detach(&node, remote);
}

static void
a_fleet_takes_summaries_until_it_looks_closely(void **state)
{
    struct node node = { .no_events = false };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .name = "porto" }, &source);
    const struct snapshot *s = wait_snapshot(&source);
    uint64_t until = lat_mono_ms() + WAIT_MS;

    (void)state;
    assert_true(s->summary);
    assert_string_equal(s->name, "porto");
    assert_int_equal(s->source_count, 0);
    source.ops->focus(source.arg, true);
    while (s->summary && lat_mono_ms() < until) {
        snapshot_unref(s);
        pause_ms(10);
        s = source.ops->latest(source.arg);
    }
    assert_false(s->summary);
    snapshot_unref(s);
    detach(&node, remote);
}

static void
a_node_without_events_is_polled_and_asked_for_changes_only(void **state)
{
    struct node node = { .no_events = true };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .full = true }, &source);
    uint64_t until = lat_mono_ms() + WAIT_MS;

    (void)state;
    snapshot_unref(wait_snapshot(&source));
    while (node.not_modified == 0 && lat_mono_ms() < until)
        pause_ms(20);
    assert_true(node.not_modified > 0);
    (void)wait_link(&source, LINK_LIVE);
    detach(&node, remote);
}

static void
a_v303_node_is_shown_as_far_as_it_goes(void **state)
{
    struct node node = { .legacy = true };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .full = true }, &source);
    const struct snapshot *s = wait_snapshot(&source);

    (void)state;
    assert_string_equal(s->version, "v3.0.3");
    assert_int_equal(strlen(s->state.merkle_root), 64);
    assert_string_equal(s->state.root, "");
    assert_int_equal(s->state.keys, 3);
    snapshot_unref(s);
    detach(&node, remote);
}

static void
a_refusal_and_a_redirect_are_told_and_not_followed(void **state)
{
    struct node node = { .refuses = true };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .full = true }, &source);
    struct link_status link = wait_link(&source, LINK_RETRY);

    (void)state;
    assert_non_null(strstr(link.error, "bad token"));
    assert_non_null(strstr(link.error, "--token-file"));
    detach(&node, remote);
    node = (struct node){ .redirects = true };
    remote = attach(&node, (struct remote_options){ .full = true }, &source);
    link = wait_link(&source, LINK_RETRY);
    assert_non_null(strstr(link.error, "redirect"));
    detach(&node, remote);
    node = (struct node){ .garbage = true };
    remote = attach(&node, (struct remote_options){ .full = true }, &source);
    link = wait_link(&source, LINK_RETRY);
    assert_true(link.error[0] != 0);
    detach(&node, remote);
}

static const struct reply *
switch_mode(const struct source *source, struct ticket **ticket)
{
    struct command *command = command_new(COMMAND_SWITCH);

    *ticket = ticket_new(NULL, NULL);
    command->policy = LUNG_POLICY_HTTP;
    command->ticket = *ticket;
    assert_int_equal(source->ops->submit(source->arg, command), LAT_OK);
    return ticket_wait(*ticket, WAIT_MS);
}

static void
a_mode_is_changed_with_control_alone(void **state)
{
    struct node node = { .no_events = true };
    struct source source;
    struct remote *remote = attach(&node, (struct remote_options){ .full = true }, &source);
    struct ticket *ticket;
    const struct reply *reply;

    (void)state;
    (void)wait_link(&source, LINK_LIVE);
    reply = switch_mode(&source, &ticket);
    assert_non_null(reply);
    assert_int_equal(reply->err, LAT_AUTH);
    assert_non_null(strstr(reply->text, "--control"));
    assert_int_equal(node.switches, 0);
    ticket_unref(ticket);
    detach(&node, remote);
    node = (struct node){ .no_events = true };
    remote = attach(&node, (struct remote_options){ .full = true, .control = true }, &source);
    (void)wait_link(&source, LINK_LIVE);
    reply = switch_mode(&source, &ticket);
    assert_non_null(reply);
    assert_int_equal(reply->err, LAT_OK);
    assert_int_equal(reply->state, LUNG_FHTTP_UP);
    assert_int_equal(node.switches, 1);
    ticket_unref(ticket);
    detach(&node, remote);
}

static void
a_command_for_a_node_that_is_away_is_answered(void **state)
{
    struct api_target target = { .base = "http://127.0.0.1:1" };
    struct remote_options options = { .control = true };
    struct remote *remote;
    struct source source;
    struct ticket *ticket;
    struct lat_msg why = { "" };
    const struct reply *reply;

    (void)state;
    assert_int_equal(remote_start(&target, &options, &remote, &why), LAT_OK);
    remote_face(remote, &source);
    (void)wait_link(&source, LINK_RETRY);
    reply = switch_mode(&source, &ticket);
    assert_non_null(reply);
    assert_int_equal(reply->err, LAT_CLOSED);
    ticket_unref(ticket);
    remote_stop(remote);
}

static void
a_target_by_socket_is_called_by_its_path(void **state)
{
    struct api_target target = { .base = "http://127.0.0.1:8000", .socket = "/var/lib/lattice/s\xc3\xa3o-1/api.sock" };
    char text[64], cut[17];

    (void)state;
    api_target_text(&target, text, sizeof(text)); /* nobody asks the port */
    assert_string_equal(text, "/var/lib/lattice/s\xc3\xa3o-1/api.sock");
    api_target_text(&target, cut, sizeof(cut));
    assert_string_equal(cut, "..\xc3\xa3o-1/api.sock");
    api_target_text(&target, cut, sizeof(cut) - 1);
    assert_string_equal(cut, "..o-1/api.sock"); /* no half of a letter */
    target.socket[0] = 0;
    api_target_text(&target, text, sizeof(text));
    assert_string_equal(text, "http://127.0.0.1:8000");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_with_events_is_live),
        cmocka_unit_test(a_fleet_takes_summaries_until_it_looks_closely),
        cmocka_unit_test(a_node_without_events_is_polled_and_asked_for_changes_only),
        cmocka_unit_test(a_v303_node_is_shown_as_far_as_it_goes),
        cmocka_unit_test(a_refusal_and_a_redirect_are_told_and_not_followed),
        cmocka_unit_test(a_mode_is_changed_with_control_alone),
        cmocka_unit_test(a_target_by_socket_is_called_by_its_path),
        cmocka_unit_test(a_command_for_a_node_that_is_away_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
