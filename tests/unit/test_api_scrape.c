/*
 * test_api_scrape.c - what programs read of a node: /metrics line by line, /openapi.json beside the route
 * table, the keys in which sources differ.
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

#include "http/routes.h"
#include "state/healings.h"
#include "support/api_world.h"
#include "support/snapshots.h"
#include "support/temp.h"
#include "support/temp_store.h"

static struct api_world world;

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("scrape"));
    sample_diverge(world.shown);
    world.shown->lung.flaps_total = 2;
    world.shown->lung.transitions_total = 17;
    world.shown->lung.unexpected_total = 5;
    world.shown->lung.no_peer_ms = 61250;
    snprintf(world.shown->sources[0].url, sizeof(world.shown->sources[0].url), "http://a/\"\\");
    world.shown->sources[1].ok_age_ms = -1;
    world.shown->sources[1].failures = 4;
    world.shown->state.commit_age_ms = 1005;
    world.shown->state.read_only = true;
    strcpy(world.shown->state.root, "0123456789abcdef");
    api_world_start(&world);
    return 0;
}

static int
end(void **state)
{
    api_world_fini(&world);
    return temp_remove(state);
}

/* --- metrics ------------------------------------------------------------------------------------------ */

static struct http_reply
metrics(void)
{
    struct http_reply reply = http_ask(api_world_port(&world), "GET", "/metrics", NULL, NULL);

    assert_int_equal(reply.status, 200);
    return reply;
}

/* The value behind this name and labels; NAN-like -1: there is no such sample. */
static double
figure_of(const char *body, const char *sample)
{
    const char *at = body;
    size_t len = strlen(sample);

    while ((at = strstr(at, sample)) != NULL) {
        if ((at == body || at[-1] == '\n') && at[len] == ' ')
            return atof(at + len + 1);
        at++;
    }
    return -1;
}

static void
each_figure_is_that_of_the_snapshot(void **state)
{
    static const struct {
        const char *sample;
        double value;
    } rows[] = {
        { "lattice_lung_state{state=\"HTTP\"}", 1 },
        { "lattice_lung_state{state=\"P2P\"}", 0 },
        { "lattice_lung_state{state=\"ISOLATED\"}", 0 },
        { "lattice_lung_transitions_total", 17 },
        { "lattice_lung_flaps_total", 2 },
        { "lattice_lung_unexpected_total", 5 },
        { "lattice_no_live_peer_seconds", 61.25 },
        { "lattice_http_polls_total{result=\"ok\"}", 3600 },
        { "lattice_http_polls_total{result=\"failed\"}", 9 },
        { "lattice_http_sources", 3 },
        { "lattice_commit_age_seconds", 1.005 },
        { "lattice_read_only", 1 },
        { "lattice_damaged", 0 },
        { "lattice_state_root_prefix", 1250999896491.0 }, /* 0x0123456789ab */
        { "lattice_source_usable{source=\"http://a/\\\"\\\\\"}", 1 },
        { "lattice_source_agreement{source=\"http://a/\\\"\\\\\",agreement=\"equal\"}", 1 },
        { "lattice_source_agreement{source=\"http://a/\\\"\\\\\",agreement=\"differs\"}", 0 },
    };
    struct http_reply reply = metrics();

    (void)state;
    assert_string_equal(http_header(&reply, "Content-Type"),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (figure_of(reply.body, rows[i].sample) != rows[i].value)
            fail_msg("%s is %g", rows[i].sample, figure_of(reply.body, rows[i].sample));
    }
    http_reply_fini(&reply);
}

static void
sources_have_their_own_figures_and_none_where_none_applies(void **state)
{
    struct http_reply reply = metrics();
    char sample[300];

    (void)state;
    snprintf(sample, sizeof(sample), "lattice_source_failures{source=\"%s\"}", world.shown->sources[1].url);
    assert_true(figure_of(reply.body, sample) == 4);
    snprintf(sample, sizeof(sample), "lattice_source_last_success_age_seconds{source=\"%s\"}",
             world.shown->sources[1].url);
    assert_true(figure_of(reply.body, sample) == -1);
    snprintf(sample, sizeof(sample), "lattice_source_agreement{source=\"%s\",agreement=\"differs\"}",
             world.shown->sources[2].url);
    assert_true(figure_of(reply.body, sample) == 1);
    http_reply_fini(&reply);
}

/* A line of a family may be: its type, its help, or a sample whose name begins with the family's. */
static void
check_line(const char *line, char family[100])
{
    char name[100], type[20];
    size_t len;

    if (sscanf(line, "# TYPE %99s %19s", name, type) == 2) {
        assert_true(strcmp(type, "gauge") == 0 || strcmp(type, "counter") == 0 || strcmp(type, "info") == 0);
        strcpy(family, name);
        return;
    }
    if (sscanf(line, "# HELP %99s", name) == 1) {
        assert_string_equal(name, family);
        return;
    }
    len = strcspn(line, "{ ");
    assert_true(len < sizeof(name) && strncmp(line, family, strlen(family)) == 0);
    line += len;
    if (*line == '{')
        line = strstr(line, "} ") + 1;
    assert_true(*line == ' ' && strspn(line + 1, "0123456789.") == strlen(line + 1) && line[1] != 0);
}

static void
the_text_is_openmetrics_to_its_end(void **state)
{
    struct http_reply reply = metrics();
    char family[100] = "", *rest = NULL;
    size_t families = 0;

    (void)state;
    assert_true(reply.body_len > 6 && strcmp(reply.body + reply.body_len - 6, "# EOF\n") == 0);
    reply.body[reply.body_len - 6] = 0;
    for (char *line = strtok_r(reply.body, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        check_line(line, family);
        families += strncmp(line, "# TYPE ", 7) == 0;
    }
    assert_true(families > 20);
    http_reply_fini(&reply);
}

/* --- divergence --------------------------------------------------------------------------------------- */

/* How many keys the third source names; -1: another status than 200. */
static int
keys_named(const char *query)
{
    char target[200];
    struct http_reply reply;
    cJSON *json, *source;
    int count = -1;

    snprintf(target, sizeof(target), "/api/lattice/divergence%s", query);
    reply = http_ask(api_world_port(&world), "GET", target, NULL, NULL);
    if (reply.status == 200) {
        json = http_json(&reply);
        source = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "sources"), 2);
        count = cJSON_GetArraySize(cJSON_GetObjectItem(source, "keys"));
        assert_int_equal(cJSON_GetObjectItem(source, "key_total")->valueint, 3);
        cJSON_Delete(json);
    }
    http_reply_fini(&reply);
    return count;
}

static void
divergence_names_the_keys_of_a_prefix(void **state)
{
    (void)state;
    assert_int_equal(keys_named(""), 3);
    assert_int_equal(keys_named("?prefix="), 3);
    assert_int_equal(keys_named("?prefix=acct/settle/00"), 2);
    assert_int_equal(keys_named("?prefix=acct%2Fsettle%2F0107"), 1);
    assert_int_equal(keys_named("?prefix=settle"), 0);
    assert_int_equal(keys_named("?prefix=0123456789012345678901234567890123456789012345678901234567890"), -1);
}

/* --- conflicts ---------------------------------------------------------------------------------------- */

static void
writes_that_were_lost_are_told_with_both_authors(void **state)
{
    struct key *author = seed_key(9);
    const cJSON *first;
    struct http_reply reply;
    cJSON *json;

    (void)state;
    merge_new(world.store, author, 0, HLC_OF_MS(STORE_NOW_MS), "split", "1");
    merge_new(world.store, author, 0, HLC_OF_MS(STORE_NOW_MS), "split", "2");
    reply = http_ask(api_world_port(&world), "GET", "/api/lattice/conflicts", NULL, NULL);
    assert_int_equal(reply.status, 200);
    json = http_json(&reply);
    assert_true(cJSON_GetObjectItem(json, "total")->valueint >= 1);
    first = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "conflicts"), 0);
    assert_string_equal(cJSON_GetObjectItem(first, "key")->valuestring, "split");
    assert_string_equal(cJSON_GetObjectItem(first, "kind")->valuestring, "equivocation");
    assert_string_equal(cJSON_GetObjectItem(first, "hlc")->valuestring, cJSON_GetObjectItem(first, "winner_hlc")->valuestring);
    assert_int_equal(strlen(cJSON_GetObjectItem(first, "author")->valuestring), 64);
    cJSON_Delete(json);
    http_reply_fini(&reply);
    key_free(author);
}

/* --- healings ------------------------------------------------------------------------------------------ */

static cJSON *
ask_healings(void)
{
    struct http_reply reply = http_ask(api_world_port(&world), "GET", "/api/lattice/healings", NULL, NULL);
    cJSON *json = http_json(&reply);

    assert_int_equal(reply.status, 200);
    http_reply_fini(&reply);
    return json;
}

static void
the_last_hundred_healings_are_told(void **state)
{
    struct healing healing = { .peer = "porto", .p2p = true, .way = "sketch", .result = "equal", .began_ms = 1500, .took_ms = 12,
                               .bytes = 900, .taken = 3, .given = 2, .refused = 1, .why = "for a test" };
    const cJSON *list, *first;
    cJSON *json = ask_healings();

    (void)state;
    assert_int_equal(cJSON_GetObjectItem(json, "total")->valueint, 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "healings")), 0);
    cJSON_Delete(json);
    for (unsigned i = 0; i < HEALINGS_MAX + 7; i++) {
        healing.taken = i;
        healings_add(world.healings, &healing);
    }
    json = ask_healings();
    list = cJSON_GetObjectItem(json, "healings");
    first = cJSON_GetArrayItem(list, 0);
    assert_int_equal(cJSON_GetObjectItem(json, "total")->valueint, HEALINGS_MAX + 7);
    assert_int_equal(cJSON_GetArraySize(list), HEALINGS_MAX);
    assert_int_equal(cJSON_GetObjectItem(first, "taken")->valueint, HEALINGS_MAX + 6);
    assert_int_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(list, HEALINGS_MAX - 1), "taken")->valueint, 7);
    assert_string_equal(cJSON_GetObjectItem(first, "peer")->valuestring, "porto");
    assert_string_equal(cJSON_GetObjectItem(first, "lung")->valuestring, "p2p");
    assert_string_equal(cJSON_GetObjectItem(first, "result")->valuestring, "equal");
    assert_true(cJSON_GetObjectItem(first, "began")->valuedouble == 1.5);
    cJSON_Delete(json);
}

/* --- openapi ------------------------------------------------------------------------------------------ */

static cJSON *
description(void)
{
    struct http_reply reply = http_ask(api_world_port(&world), "GET", "/openapi.json", NULL, NULL);
    cJSON *json = http_json(&reply);

    assert_int_equal(reply.status, 200);
    assert_string_equal(http_header(&reply, "Content-Type"), "application/json");
    http_reply_fini(&reply);
    return json;
}

static const cJSON *
member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (item == NULL)
        fail_msg("no member %s", name);
    return item;
}

/* The operation of a route; fails where there is none. */
static const cJSON *
operation_of(const cJSON *json, const struct route *route)
{
    const char *method = route->method == API_GET    ? "get"
                         : route->method == API_PUT  ? "put"
                         : route->method == API_POST ? "post"
                                                     : "delete";
    char path[200];

    snprintf(path, sizeof(path), "%s%s", route->path, route->goes_on ? "{key}" : "");
    return member(member(member(json, "paths"), path), method);
}

static void
every_route_is_described_once(void **state)
{
    cJSON *json = description();
    const cJSON *item, *method;
    size_t operations = 0;

    (void)state;
    assert_string_equal(member(json, "openapi")->valuestring, "3.1.0");
    assert_string_equal(member(member(json, "info"), "version")->valuestring, "0.1.0");
    for (size_t i = 0; i < routes_count(); i++) {
        const cJSON *operation = operation_of(json, routes_at(i));

        assert_true(strlen(member(operation, "summary")->valuestring) > 0);
        assert_non_null(member(member(operation, "responses"), "200"));
        assert_int_equal(cJSON_GetArraySize(member(operation, "security")),
                         routes_at(i)->class == CLASS_HEALTH ? 0 : 2);
    }
    cJSON_ArrayForEach(item, member(json, "paths"))
    {
        assert_true(item->string[0] == '/');
        cJSON_ArrayForEach(method, item) operations++;
    }
    assert_int_equal(operations, routes_count());
    cJSON_Delete(json);
}

/* What a validator asks for: a parameter for each {name} of a path, ids that differ, references that lead
 * somewhere. */
static void
the_description_holds_together(void **state)
{
    cJSON *json = description();
    const cJSON *path, *method, *parameter;
    char ids[8192] = " ";
    size_t len = 1;

    (void)state;
    assert_non_null(member(member(member(json, "components"), "responses"), "Error"));
    assert_non_null(member(member(member(json, "components"), "securitySchemes"), "bearer"));
    cJSON_ArrayForEach(path, member(json, "paths"))
    {
        cJSON_ArrayForEach(method, path)
        {
            char id[200];
            size_t in_path = 0;

            snprintf(id, sizeof(id), " %s ", member(method, "operationId")->valuestring);
            assert_null(strstr(ids, id));
            len += (size_t)snprintf(ids + len, sizeof(ids) - len, "%s ", id + 1);
            cJSON_ArrayForEach(parameter, member(method, "parameters"))
            {
                assert_non_null(member(member(parameter, "schema"), "type"));
                in_path += strcmp(member(parameter, "in")->valuestring, "path") == 0;
            }
            assert_int_equal(in_path, strchr(path->string, '{') != NULL);
        }
    }
    cJSON_Delete(json);
}

static void
bodies_and_parameters_are_those_of_the_routes(void **state)
{
    cJSON *json = description();
    const cJSON *paths = member(json, "paths"), *sync, *put;

    (void)state;
    sync = member(member(paths, "/api/lattice/sync"), "post");
    assert_non_null(member(member(member(sync, "requestBody"), "content"), "application/octet-stream"));
    put = member(member(paths, "/api/lattice/state/{key}"), "put");
    assert_non_null(member(member(member(put, "requestBody"), "content"), "application/json"));
    assert_int_equal(cJSON_GetArraySize(member(put, "parameters")), 3); /* key, If-Match, If-None-Match */
    assert_non_null(
        member(member(member(member(member(member(paths, "/api/lattice/events"), "get"), "responses"), "200"),
                      "content"),
               "text/event-stream"));
    cJSON_Delete(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_figure_is_that_of_the_snapshot),
        cmocka_unit_test(sources_have_their_own_figures_and_none_where_none_applies),
        cmocka_unit_test(the_text_is_openmetrics_to_its_end),
        cmocka_unit_test(divergence_names_the_keys_of_a_prefix),
        cmocka_unit_test(writes_that_were_lost_are_told_with_both_authors),
        cmocka_unit_test(the_last_hundred_healings_are_told),
        cmocka_unit_test(every_route_is_described_once),
        cmocka_unit_test(the_description_holds_together),
        cmocka_unit_test(bodies_and_parameters_are_those_of_the_routes),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
