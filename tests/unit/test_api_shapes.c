/*
 * test_api_shapes.c - what v3.0.3's clients read is there: every member of its recorded answers, with its
 * type, and its statuses, but for the corrections that COMPAT-v3.0.3 section 14 decides.
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

#include "support/api_world.h"
#include "support/temp.h"
#include "support/vectors.h"

static struct api_world world;

static const char *const multiaddrs[] = { "/ip4/127.0.0.1/tcp/9000", NULL };
static const char *const peers[] = { "/ip4/127.0.0.1/tcp/9001/p2p/12D3KooWExample", NULL };
static const char *const sources[] = { "http://127.0.0.1:8001", "http://127.0.0.1:8002", NULL };

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("shapes"));
    world.facts.listen_multiaddrs = multiaddrs;
    world.facts.bootstrap_peers = peers;
    world.facts.sources = sources;
    api_world_start(&world);
    return 0;
}

static int
end(void **state)
{
    api_world_fini(&world);
    return temp_remove(state);
}

/* The kind of a JSON value; true and false are one. */
static int
kind_of(const cJSON *item)
{
    return cJSON_IsBool(item) ? cJSON_True : item->type & 0xff;
}

/* Members whose null of v3.0.3 is a defect, or whose text may be null. */
static bool
may_differ(const char *name, const cJSON *theirs, const cJSON *ours)
{
    if (strcmp(name, "merkle_root") == 0 || strcmp(name, "peer_id") == 0)
        return cJSON_IsNull(theirs) && cJSON_IsString(ours);
    return strcmp(name, "error") == 0 && (cJSON_IsNull(ours) || cJSON_IsString(ours));
}

static void
compare_shapes(const char *where, const cJSON *theirs, const cJSON *ours)
{
    const cJSON *member, *mine;
    char path[256];

    cJSON_ArrayForEach(member, theirs)
    {
        snprintf(path, sizeof(path), "%.150s.%.60s", where, member->string);
        mine = cJSON_GetObjectItemCaseSensitive(ours, member->string);
        if (mine == NULL)
            fail_msg("%s is missing", path);
        if (kind_of(mine) != kind_of(member) && !may_differ(member->string, member, mine))
            fail_msg("%s has another type", path);
        /* The state's own keys and the endpoints of other programs are not ours to have. */
        if (cJSON_IsObject(member) && strcmp(member->string, "state") != 0 &&
            strcmp(member->string, "endpoints") != 0)
            compare_shapes(path, member, mine);
    }
}

static void
compare_file(const char *file)
{
    cJSON *vectors = vectors_load(file), *ours;
    const cJSON *exchange, *request;
    struct http_reply reply;

    cJSON_ArrayForEach(exchange, vectors_member(vectors, "exchanges"))
    {
        request = vectors_member(exchange, "request");
        reply = http_ask(api_world_port(&world), vectors_text(request, "method"),
                         vectors_text(request, "path"), NULL, NULL);
        assert_int_equal(reply.status, vectors_number(exchange, "status"));
        assert_string_equal(http_header(&reply, "Content-Type"), "application/json");
        ours = http_json(&reply);
        compare_shapes(vectors_text(request, "path"), vectors_member(exchange, "json"), ours);
        cJSON_Delete(ours);
        http_reply_fini(&reply);
    }
    cJSON_Delete(vectors);
}

static void
every_recorded_answer_of_a_fresh_node_has_its_members(void **state)
{
    (void)state;
    compare_file("predecessor/fresh-node-p2p-disabled.json");
}

static void
every_recorded_answer_of_a_node_with_entries_has_its_members(void **state)
{
    (void)state;
    api_world_fill(&world, "acct_", 3);
    compare_file("predecessor/signed-node-three-entries.json");
}

static void
every_recorded_answer_of_other_situations_has_its_members(void **state)
{
    (void)state;
    compare_file("predecessor/p2p-enabled-library-missing.json");
    compare_file("predecessor/p2p-started-no-peers.json");
}

/* The recorded requests of errors-and-http.json that still get the same status and body. */
static void
errors_are_answered_as_v3_0_3_does(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *body;
        const char *header, *value;
    } cases[] = {
        { "GET", "/nope", 404, "{\"detail\":\"Not Found\"}", NULL, NULL },
        { "GET", "//api/lattice/state", 404, "{\"detail\":\"Not Found\"}", NULL, NULL },
        { "GET", "/api/lattice/sync/switch?mode=http", 405, "{\"detail\":\"Method Not Allowed\"}", "Allow",
          "OPTIONS, POST" },
        { "PUT", "/api/lattice/sync/switch?mode=http", 405, "{\"detail\":\"Method Not Allowed\"}", "Allow",
          "OPTIONS, POST" },
        { "DELETE", "/health", 405, "{\"detail\":\"Method Not Allowed\"}", "Allow", "GET, HEAD, OPTIONS" },
        { "BREW", "/health", 405, "{\"detail\":\"Method Not Allowed\"}", "Allow", "GET, HEAD, OPTIONS" },
        { "POST", "/api/lattice/state/k", 405, "{\"detail\":\"Method Not Allowed\"}", "Allow",
          "DELETE, GET, HEAD, OPTIONS, PUT" },
        { "GET", "/health/", 307, "", "Location", "/health" },
        { "GET", "/api/lattice/state/?summary=1", 307, "", "Location", "/api/lattice/state?summary=1" },
        { "GET", "/api/persistence/executions?limit=abc", 422,
          "{\"detail\":[{\"loc\":[\"query\",\"limit\"],\"msg\":\"value is not a valid integer\","
          "\"type\":\"type_error.integer\"}]}",
          NULL, NULL },
        { "GET", "/api/persistence/executions?limit=-1", 200,
          "{\"success\":true,\"executions\":[],\"count\":0}", NULL, NULL },
        { "GET", "/api/persistence/bundle/unknown", 404, "{\"detail\":\"Bundle not found\"}", NULL, NULL },
    };
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reply = http_ask(api_world_port(&world), cases[i].method, cases[i].path, NULL, NULL);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(reply.body, cases[i].body);
        if (cases[i].header != NULL)
            assert_string_equal(http_header(&reply, cases[i].header), cases[i].value);
        http_reply_fini(&reply);
    }
}

static void
head_is_answered_wherever_get_is_with_the_same_headers(void **state)
{
    static const char *const paths[] = { "/",
                                         "/health",
                                         "/livez",
                                         "/readyz",
                                         "/api/status",
                                         "/api/lattice/p2p/status",
                                         "/api/lattice/state",
                                         "/api/lattice/snapshot",
                                         "/api/persistence/integrity" };
    struct http_reply head, get;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        head = http_ask(api_world_port(&world), "HEAD", paths[i], NULL, NULL);
        get = http_ask(api_world_port(&world), "GET", paths[i], NULL, NULL);
        assert_int_equal(head.status, get.status);
        assert_int_equal(head.body_len, 0);
        assert_non_null(http_header(&head, "Content-Length"));
        assert_string_equal(http_header(&head, "Content-Type"), http_header(&get, "Content-Type"));
        http_reply_fini(&head);
        http_reply_fini(&get);
    }
}

static void
options_say_what_is_allowed(void **state)
{
    struct http_reply reply = http_ask(api_world_port(&world), "OPTIONS", "/health", NULL, NULL);

    (void)state;
    assert_int_equal(reply.status, 204);
    assert_string_equal(http_header(&reply, "Allow"), "GET, HEAD, OPTIONS");
    assert_null(http_header(&reply, "Access-Control-Allow-Origin"));
    http_reply_fini(&reply);
    assert_int_equal(http_status(api_world_port(&world), "OPTIONS", "*"), 204);
}

/* STATE-MACHINE section 9, the table of the status document. */
static void
the_status_tells_each_state_of_the_lungs_as_the_table_says(void **state)
{
    static const struct {
        enum lung_state lung;
        bool runs;
        uint32_t peers;
        bool started, has_peers, http;
        const char *mode;
        int ready;
    } rows[] = {
        { LUNG_STARTING, true, 0, true, false, false, "NONE", 503 },
        { LUNG_COUNTDOWN, true, 0, true, false, false, "NONE", 503 },
        { LUNG_ISOLATED, false, 0, false, false, false, "NONE", 503 },
        { LUNG_FP2P_DOWN, true, 0, true, false, false, "NONE", 503 },
        { LUNG_P2P, true, 3, true, true, false, "P2P", 200 },
        { LUNG_FP2P_UP, true, 1, true, true, false, "P2P", 200 },
        { LUNG_HTTP, true, 0, true, false, true, "HTTP", 200 },
        { LUNG_RECOVERING, true, 2, true, true, true, "HTTP", 200 },
        { LUNG_FHTTP_UP, false, 0, false, false, true, "HTTP", 200 },
        { LUNG_FHTTP_DOWN, false, 0, false, false, true, "NONE", 503 },
        { LUNG_STOPPING, true, 2, false, false, false, "NONE", 503 },
    };
    struct http_reply reply;
    cJSON *json;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pthread_mutex_lock(&world.lock);
        world.shown->lung.state = rows[i].lung;
        world.shown->lung.p2p_running = rows[i].runs;
        world.shown->lung.peers_live = rows[i].peers;
        pthread_mutex_unlock(&world.lock);
        api_world_publish(&world);
        reply = http_ask(api_world_port(&world), "GET", "/api/lattice/p2p/status", NULL, NULL);
        json = http_json(&reply);
        assert_int_equal(cJSON_IsTrue(vectors_member(json, "started")), rows[i].started);
        assert_int_equal(cJSON_IsTrue(vectors_member(json, "heartbeat_active")), rows[i].started);
        assert_int_equal(cJSON_IsNull(vectors_member(json, "error")), rows[i].started);
        assert_int_equal(vectors_number(json, "peer_count"), rows[i].has_peers ? rows[i].peers : 0);
        assert_int_equal(cJSON_IsTrue(vectors_member(json, "has_peers")), rows[i].has_peers);
        assert_int_equal(cJSON_IsTrue(vectors_member(json, "http_sync_enabled")), rows[i].http);
        assert_string_equal(vectors_text(json, "sync_mode"), rows[i].mode);
        assert_string_equal(vectors_text(vectors_member(json, "lung"), "state"),
                            lung_state_name(rows[i].lung));
        assert_true(cJSON_IsString(vectors_member(json, "message")));
        cJSON_Delete(json);
        http_reply_fini(&reply);
        assert_int_equal(http_status(api_world_port(&world), "GET", "/readyz"), rows[i].ready);
        assert_int_equal(http_status(api_world_port(&world), "GET", "/livez"), 200);
    }
}

static void
a_node_whose_loop_stands_still_is_not_healthy(void **state)
{
    struct snapshot *old = snapshot_new();
    struct http_reply reply;
    uint64_t number;

    (void)state;
    atomic_store(&world.frozen, true);
    pthread_mutex_lock(&world.lock);
    *old = *world.shown;
    old->number = number = ++world.published;
    pthread_mutex_unlock(&world.lock);
    old->mono_ms = 1; /* of the first second of this machine's life */
    exchange_publish(world.exchange, old);
    reply = http_ask(api_world_port(&world), "GET", "/health", NULL, NULL);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "unhealthy"));
    http_reply_fini(&reply);
    atomic_store(&world.frozen, false);
    api_world_publish(&world);
    assert_int_equal(http_status(api_world_port(&world), "GET", "/health"), 200);
}

static void
a_reload_changes_what_is_shown_as_configured(void **state)
{
    static const char *const fewer[] = { "http://127.0.0.1:8009", NULL };
    struct api_facts facts = world.facts;
    struct lat_msg why = { "" };
    struct http_reply reply;

    (void)state;
    facts.sources = fewer;
    assert_int_equal(server_set_facts(world.server, &facts, &why), LAT_OK);
    for (int i = 0; i < 50; i++) {
        reply = http_ask(api_world_port(&world), "GET", "/api/lattice/nodes", NULL, NULL);
        if (strstr(reply.body, "\"nodes\":[\"http://127.0.0.1:8009\"],\"count\":1") != NULL)
            break;
        http_reply_fini(&reply);
        usleep(20000);
    }
    assert_non_null(reply.body);
    http_reply_fini(&reply);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recorded_answer_of_a_fresh_node_has_its_members),
        cmocka_unit_test(every_recorded_answer_of_a_node_with_entries_has_its_members),
        cmocka_unit_test(every_recorded_answer_of_other_situations_has_its_members),
        cmocka_unit_test(errors_are_answered_as_v3_0_3_does),
        cmocka_unit_test(head_is_answered_wherever_get_is_with_the_same_headers),
        cmocka_unit_test(options_say_what_is_allowed),
        cmocka_unit_test(the_status_tells_each_state_of_the_lungs_as_the_table_says),
        cmocka_unit_test(a_node_whose_loop_stands_still_is_not_healthy),
        cmocka_unit_test(a_reload_changes_what_is_shown_as_configured),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
