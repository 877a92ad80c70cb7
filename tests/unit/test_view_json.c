/* test_view_json.c - a snapshot goes out as JSON and comes back the same. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "view/json.h"

/* A snapshot in which every byte that can travel has a value of its own: printable text, small numbers. */
static struct snapshot *
full_snapshot(void)
{
    struct snapshot *s = snapshot_new();

    assert_non_null(s);
    s->number = 41;
    s->wall_ms = 1773496647120;
    strcpy(s->version, "0.1.0");
    strcpy(s->name, "node-a");
    strcpy(s->network, "lattice-test");
    strcpy(s->peer_id, "12D3KooWExample");
    memset(s->public_key, 'a', 64);
    strcpy(s->topic, "aethel/lattice/v1");
    strcpy(s->api_address, "127.0.0.1:8000");
    strcpy(s->state_dir, "/var/lib/lattice");
    s->pid = 4242;
    s->uptime_ms = 61500;
    s->trusted_keys = 2;
    s->demo = true;
    s->lung.state = LUNG_COUNTDOWN;
    s->lung.policy = LUNG_POLICY_HTTP;
    s->lung.reason = LUNG_BY_LAST_PEER_RESET;
    s->lung.since_ms = 43100;
    s->lung.no_peer_ms = 43100;
    s->lung.fallback_in_ms = 16900;
    s->lung.fallback_after_ms = 60000;
    s->lung.hold_ms = 10000;
    s->lung.peers_connected = 1;
    s->lung.p2p_enabled = s->lung.p2p_running = true;
    strcpy(s->lung.p2p_error, "connection refused");
    s->lung.http_usable = true;
    s->lung.http_sources = 40;
    s->lung.http_age_ms = 3200;
    memset(s->state.root, 'b', 64);
    s->state.count = 12;
    s->state.keys = 10;
    s->state.hlc = UINT64_C(0xfedcba9876543210); /* over 2^53: a double would lose it */
    s->state.store_bytes = UINT64_C(1) << 40;
    s->source_count = 2;
    strcpy(s->sources[1].url, "http://127.0.0.1:8001");
    s->sources[1].stand.agreement = AGREE_HEALING;
    s->sources[1].rtt_ms = 12;
    s->sources[1].stand.differs_ms = 2050;
    s->sources[1].stand.key_count = 1;
    s->sources[1].stand.key_total = 7;
    strcpy(s->sources[1].stand.keys[0].key, "account:alice");
    s->sources[1].stand.keys[0].difference = KEY_ONLY_OURS;
    s->sources[1].stand.keys[0].ours_hlc = UINT64_C(0x018bcfe568000000);
    s->peer_count = 1;
    s->peer_total = 9;
    strcpy(s->peers[0].id, "12D3KooWOther");
    s->peers[0].traffic.in_5s[9] = 70000;
    s->peers[0].traffic.in_5s[11] = 0;
    s->peers[0].rtt_us = 350;
    s->alert_count = 1;
    strcpy(s->alerts[0].code, "F1");
    s->alerts[0].severity = ALERT_ALARM;
    strcpy(s->alerts[0].text, "no live peer");
    s->event_count = 1;
    s->event_total = 500;
    s->events[0].seq = 500;
    s->events[0].wall_ms = 1773496647121;
    s->events[0].level = LAT_WARNING;
    strcpy(s->events[0].source, "startup");
    strcpy(s->events[0].text, "[STARTUP] [WARN] quoted \" and \\ text");
    s->history_keys[59] = 3;
    s->history_http[0] = 65535;
    return s;
}

static struct snapshot *
parsed(const char *text)
{
    struct snapshot *s = NULL;

    assert_int_equal(snapshot_from_json(text, strlen(text), 77, &s), LAT_OK);
    return s;
}

static void
a_snapshot_comes_back_as_it_went_out(void **state)
{
    struct snapshot *s = full_snapshot();
    cJSON *json = snapshot_to_json(s);
    char *text = cJSON_PrintUnformatted(json);
    struct snapshot *back = parsed(text);

    (void)state;
    assert_int_equal(back->mono_ms, 77); /* the time of the receipt; all else is equal */
    back->mono_ms = s->mono_ms;
    assert_memory_equal(back, s, sizeof(*s));
    snapshot_unref(back);
    snapshot_unref(s);
    cJSON_Delete(json);
    free(text);
}

static void
the_lung_object_has_the_members_of_the_state_machine(void **state)
{
    static const char *const members[] = { "state",          "policy",        "since_s",         "reason",
                                           "degraded",       "peers_live",    "peers_connected", "no_peer_s",
                                           "fallback_in_s",  "recover_in_s",  "http_usable",     "http_stale",
                                           "http_untrusted", "http_failures", "http_source",     "http_age_s",
                                           "p2p_error",      "http_error",    "flaps",           "hold_s",
                                           "forced_left_s" };
    struct snapshot *s = full_snapshot();
    cJSON *lung = snapshot_lung_to_json(s);

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        assert_non_null(cJSON_GetObjectItemCaseSensitive(lung, members[i]));
    assert_string_equal(cJSON_GetObjectItem(lung, "state")->valuestring, "COUNTDOWN");
    assert_true(cJSON_GetObjectItem(lung, "since_s")->valuedouble == 43.1);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(lung, "recover_in_s")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(lung, "http_error")));
    assert_string_equal(cJSON_GetObjectItem(lung, "p2p_error")->valuestring, "connection refused");
    cJSON_Delete(lung);
    snapshot_unref(s);
}

/* Clients read them there. */
static void
where_a_node_stands_is_told_among_its_other_members(void **state)
{
    static const char *const members[] = { "root",         "count",        "agreement",    "differs_s",  "differs_checks",
                                           "error",        "healing",      "backoff_s",    "heal_percent", "heal_age_s",
                                           "heal_applied", "heal_same",    "heal_refused", "heal_ours",  "heal_bytes",
                                           "heal_s",       "key_total",    "keys",         "difference" };
    struct snapshot *s = full_snapshot();
    cJSON *json = snapshot_to_json(s);
    const cJSON *source = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "sources"), 1),
                *peer = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "peers"), 0);

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        assert_non_null(cJSON_GetObjectItemCaseSensitive(source, members[i]));
        assert_non_null(cJSON_GetObjectItemCaseSensitive(peer, members[i]));
    }
    assert_string_equal(cJSON_GetObjectItem(source, "agreement")->valuestring, "healing");
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void
slots_of_traffic_end_with_the_newest_and_gaps_are_null(void **state)
{
    struct snapshot *s = full_snapshot(), *back;
    cJSON *json = snapshot_to_json(s);
    const cJSON *peer = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "peers"), 0);
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(peer, "in_5s"));

    (void)state;
    assert_string_equal(text, "[70000,null,0]"); /* what was before has no place at all */
    assert_null(cJSON_GetObjectItem(peer, "out_5s"));
    cJSON_free(text);
    cJSON_Delete(json);
    snapshot_unref(s);
    back = parsed("{\"peers\": [{\"in_5s\": [-1, 4294967295, \"x\", 7], \"out_5s\": {}}]}");
    assert_int_equal(back->peers[0].traffic.in_5s[11], 7);
    for (int i = 0; i < 11; i++)
        assert_int_equal(back->peers[0].traffic.in_5s[i], SNAPSHOT_TRAFFIC_GAP);
    assert_int_equal(back->peers[0].traffic.out_5s[11], SNAPSHOT_TRAFFIC_GAP);
    snapshot_unref(back);
    back = parsed("{\"sources\": [{\"out_5s\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14]}]}");
    assert_int_equal(back->sources[0].traffic.out_5s[0], 1);
    assert_int_equal(back->sources[0].traffic.out_5s[11], 12);
    snapshot_unref(back);
}

static void
missing_and_unknown_members_are_no_fault(void **state)
{
    struct snapshot *s =
        parsed(" {\"number\": 3, \"from the future\": [{}], \"lung\": {\"state\": \"P2P\"}}\n");

    (void)state;
    assert_int_equal(s->number, 3);
    assert_int_equal(s->lung.state, LUNG_P2P);
    assert_int_equal(s->lung.fallback_in_ms, -1);
    snapshot_unref(s);
}

static void
members_of_another_type_or_out_of_range_count_as_missing(void **state)
{
    struct snapshot *s = parsed("{\"number\": -1, \"pid\": 1.5, \"trusted_keys\": 4294967296, \"name\": 7, "
                                "\"demo\": 1, \"uptime_s\": 1e300, \"lung\": {\"state\": \"NOWHERE\", "
                                "\"no_peer_s\": \"x\"}, \"state\": {\"hlc\": \"12\"}, \"sources\": {}, "
                                "\"history_p2p\": [70000, 5]}");

    (void)state;
    assert_int_equal(s->number, 0);
    assert_int_equal(s->pid, 0);
    assert_int_equal(s->trusted_keys, 0);
    assert_string_equal(s->name, "");
    assert_false(s->demo);
    assert_int_equal(s->uptime_ms, 0);
    assert_int_equal(s->lung.state, LUNG_STARTING);
    assert_int_equal(s->lung.no_peer_ms, -1);
    assert_int_equal(s->state.hlc, 0);
    assert_int_equal(s->source_count, 0);
    assert_int_equal(s->history_p2p[58], 0);
    assert_int_equal(s->history_p2p[59], 5);
    snapshot_unref(s);
}

static void
lists_longer_than_their_place_are_cut(void **state)
{
    struct lat_buf text;
    struct snapshot *s;

    (void)state;
    lat_buf_init(&text, 65536);
    assert_int_equal(lat_buf_printf(&text, "{\"alerts\": [{}"), LAT_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(lat_buf_printf(&text, ",{\"code\": \"A%d\"}", i), LAT_OK);
    assert_int_equal(lat_buf_printf(&text, "]}"), LAT_OK);
    s = parsed(lat_buf_str(&text));
    assert_int_equal(s->alert_count, SNAPSHOT_ALERTS_MAX);
    assert_string_equal(s->alerts[15].code, "A14");
    snapshot_unref(s);
    lat_buf_fini(&text);
}

static void
text_from_a_remote_node_is_filtered_and_cut(void **state)
{
    struct snapshot *s = parsed("{\"name\": \"a\\u001b[31m\\n\\u202e\", \"version\": "
                                "\"0123456789012345678901234567890123456789\"}");

    (void)state;
    assert_string_equal(s->name, "a?[31m??");
    assert_int_equal(strlen(s->version), sizeof(s->version) - 1);
    snapshot_unref(s);
}

static void
what_is_no_json_object_is_refused(void **state)
{
    static const char *const bad[] = { "", "[]", "7", "{", "{} {}", "{}x", "{\"a\":}", "null" };
    struct snapshot *s = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(snapshot_from_json(bad[i], strlen(bad[i]), 0, &s), LAT_MALFORMED);
    assert_null(s);
}

static void
deep_nesting_and_a_long_text_are_refused(void **state)
{
    struct lat_buf text;
    struct snapshot *s = NULL;
    uint8_t *at;

    (void)state;
    lat_buf_init(&text, 2000000);
    assert_int_equal(lat_buf_printf(&text, "{\"a\":"), LAT_OK);
    assert_int_equal(lat_buf_extend(&text, 40, &at), LAT_OK);
    memset(at, '[', 40);
    assert_int_equal(snapshot_from_json((const char *)text.data, text.len, 0, &s), LAT_LIMIT);
    lat_buf_clear(&text);
    assert_int_equal(lat_buf_extend(&text, 1048577, &at), LAT_OK);
    memset(at, ' ', 1048577);
    at[0] = '{';
    at[1] = '}';
    assert_int_equal(snapshot_from_json((const char *)text.data, text.len, 0, &s), LAT_LIMIT);
    assert_int_equal(snapshot_from_json((const char *)text.data, text.len - 1, 0, &s), LAT_OK);
    snapshot_unref(s);
    lat_buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_comes_back_as_it_went_out),
        cmocka_unit_test(the_lung_object_has_the_members_of_the_state_machine),
        cmocka_unit_test(where_a_node_stands_is_told_among_its_other_members),
        cmocka_unit_test(slots_of_traffic_end_with_the_newest_and_gaps_are_null),
        cmocka_unit_test(missing_and_unknown_members_are_no_fault),
        cmocka_unit_test(members_of_another_type_or_out_of_range_count_as_missing),
        cmocka_unit_test(lists_longer_than_their_place_are_cut),
        cmocka_unit_test(text_from_a_remote_node_is_filtered_and_cut),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(deep_nesting_and_a_long_text_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
