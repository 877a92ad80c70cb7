/* test_sse.c - events out of a stream that is cut anywhere; summaries there and back; what a key file and an agent's answer say. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/key_file.h"
#include "attach/sse.h"
#include "attach/ssh_agent.h"
#include "support/snapshots.h"
#include "view/summary.h"

static void
note(void *arg, const char *name, const char *data, size_t len)
{
    struct lat_buf *seen = arg;

    assert_int_equal(lat_buf_printf(seen, "%s=%.*s;", name, (int)len, data), LAT_OK);
}

static const char stream[] = ": a comment\n\nevent: snapshot\r\nid: 7\r\ndata: {\"a\":1}\r\n\r\ndata:one\rdata: two\r\revent: ping\ndata: {}\n\n"
                             "event: nothing\n\nretry\n\ndata: cut";

static void
events_are_the_same_wherever_the_stream_is_cut(void **state)
{
    struct lat_buf seen;
    struct sse sse;

    (void)state;
    for (size_t cut = 1; cut < sizeof(stream); cut++) {
        lat_buf_init(&seen, 1024);
        sse_init(&sse, note, &seen);
        for (size_t at = 0; at < sizeof(stream) - 1; at += cut)
            assert_int_equal(sse_feed(&sse, stream + at, at + cut < sizeof(stream) - 1 ? cut : sizeof(stream) - 1 - at), LAT_OK);
        assert_string_equal(lat_buf_str(&seen), "snapshot={\"a\":1};message=one\ntwo;ping={};");
        sse_fini(&sse);
        lat_buf_fini(&seen);
    }
}

static void
an_event_without_end_is_given_up(void **state)
{
    char *block = malloc(65536);
    enum lat_err err = LAT_OK;
    struct lat_buf seen;
    struct sse sse;
    int blocks = 0;

    (void)state;
    assert_non_null(block);
    memset(block, 'x', 65536);
    lat_buf_init(&seen, 1024);
    sse_init(&sse, note, &seen);
    while (!err && blocks++ < 100)
        err = sse_feed(&sse, block, 65536);
    assert_int_equal(err, LAT_LIMIT);
    sse_fini(&sse);
    free(block);
}

static void
a_summary_keeps_within_its_bytes_and_reads_back(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN), *back = NULL;
    cJSON *json;
    char *text;

    (void)state;
    s->alert_count = SNAPSHOT_ALERTS_MAX;
    for (unsigned i = 0; i < SNAPSHOT_ALERTS_MAX; i++) {
        snprintf(s->alerts[i].code, sizeof(s->alerts[i].code), "F%u", i);
        memset(s->alerts[i].text, 'x', 100);
        s->alerts[i].severity = i == 0 ? ALERT_ALARM : ALERT_ATTENTION;
    }
    json = summary_to_json(s);
    text = cJSON_PrintUnformatted(json);
    assert_true(strlen(text) <= SUMMARY_MAX);
    assert_int_equal(summary_from_json(text, strlen(text), 5000, &back), LAT_OK);
    assert_true(back->summary);
    assert_string_equal(back->name, s->name);
    assert_string_equal(back->state.root, s->state.root);
    assert_int_equal(back->lung.state, LUNG_COUNTDOWN);
    assert_int_equal(back->mono_ms, 5000);
    assert_int_equal(snapshot_condition(back), snapshot_condition(s));
    assert_in_range(back->alert_count, 1, SNAPSHOT_ALERTS_MAX - 1);
    assert_string_equal(back->alerts[0].code, "F0");
    assert_int_equal(back->alerts[0].severity, ALERT_ALARM);
    cJSON_free(text);
    cJSON_Delete(json);
    snapshot_unref(s);
    snapshot_unref(back);
}

static void
a_summary_of_another_version_is_read_as_far_as_it_goes(void **state)
{
    static const char text[] = "{\"state\":\"HIBERNATING\",\"peer_count\":-4,\"root\":7,\"later\":{\"a\":[1]},\"condition\":9,\"name\":\"a\\u001b[2Jb\"}";
    struct snapshot *s = NULL;

    (void)state;
    assert_int_equal(summary_from_json(text, sizeof(text) - 1, 1, &s), LAT_OK);
    assert_int_equal(s->lung.state, LUNG_STARTING);
    assert_int_equal(s->lung.peers_live, 0);
    assert_int_equal(s->lung.fallback_in_ms, -1);
    assert_string_equal(s->state.root, "");
    assert_string_equal(s->name, "a?[2Jb");
    assert_int_equal(snapshot_condition(s), 2);
    snapshot_unref(s);
    assert_int_equal(summary_from_json("[]", 2, 1, &s), LAT_MALFORMED);
    assert_int_equal(summary_from_json("{", 1, 1, &s), LAT_MALFORMED);
}

/* Made by ssh-keygen -t ed25519 for this test, and used nowhere. */
static const char plain_key[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                                "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAA\n"
                                "ACAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZgAAAAA=\n"
                                "-----END OPENSSH PRIVATE KEY-----\n";

static void
a_key_file_says_its_type_and_whether_it_is_locked(void **state)
{
    char locked[sizeof(plain_key)];
    struct key_file key;

    (void)state;
    assert_true(key_file_read(plain_key, sizeof(plain_key) - 1, &key));
    assert_int_equal(key.type, HOST_KEY_ED25519);
    assert_false(key.encrypted);
    assert_int_equal(key.key_len, 51);
    memcpy(locked, plain_key, sizeof(locked));
    memcpy(strstr(locked, "bm9uZQAAAAAAAAAB") - 12, "ABG5vbmX", 8); /* another cipher name */
    if (key_file_read(locked, sizeof(locked) - 1, &key))
        assert_true(key.encrypted);
    for (size_t cut = 0; cut < sizeof(plain_key) - 1; cut++)
        (void)key_file_read(plain_key, cut, &key);
    assert_true(key_file_read("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", 56, &key));
    assert_int_equal(key.type, HOST_KEY_RSA);
    assert_true(key.encrypted);
    assert_false(key_file_read("ssh-ed25519 AAAA", 16, &key));
}

static void
an_agents_answer_is_read_within_its_bytes(void **state)
{
    static const uint8_t answer[] = "\x0c\0\0\0\x02\0\0\0\x03" "abc\0\0\0\x02" "hi\0\0\0\x01" "z\0\0\0\0";
    struct ssh_agent_keys keys;

    (void)state;
    assert_int_equal(ssh_agent_read_keys(answer, sizeof(answer) - 1, &keys), LAT_OK);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.keys[0].len, 3);
    assert_string_equal(keys.keys[0].comment, "hi");
    ssh_agent_keys_fini(&keys);
    for (size_t cut = 0; cut < sizeof(answer) - 1; cut++) {
        uint8_t *copy = malloc(cut + 1);

        assert_non_null(copy);
        memcpy(copy, answer, cut);
        assert_int_equal(ssh_agent_read_keys(copy, cut, &keys), LAT_MALFORMED);
        assert_int_equal(keys.count, 0);
        free(copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_the_same_wherever_the_stream_is_cut),
        cmocka_unit_test(an_event_without_end_is_given_up),
        cmocka_unit_test(a_summary_keeps_within_its_bytes_and_reads_back),
        cmocka_unit_test(a_summary_of_another_version_is_read_as_far_as_it_goes),
        cmocka_unit_test(a_key_file_says_its_type_and_whether_it_is_locked),
        cmocka_unit_test(an_agents_answer_is_read_within_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
