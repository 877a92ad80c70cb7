/* test_alerts.c - the conditions an operator is told of, and since when. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "node/alerts.h"

static struct snapshot *
healthy(void)
{
    struct snapshot *s = snapshot_new();

    assert_non_null(s);
    s->mono_ms = 1000000;
    s->trusted_keys = 2;
    s->lung.state = LUNG_P2P;
    s->lung.p2p_running = true;
    return s;
}

static void
a_healthy_node_has_none(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    snapshot_unref(s);
}

static void
alarms_come_first_and_name_both_reasons(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    s->trusted_keys = 0;
    s->lung.state = LUNG_ISOLATED;
    lat_copy(s->lung.p2p_error, sizeof(s->lung.p2p_error), "connection refused");
    lat_copy(s->lung.http_error, sizeof(s->lung.http_error), "timeout");
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 2);
    assert_string_equal(s->alerts[0].code, "F3");
    assert_non_null(strstr(s->alerts[0].text, "connection refused"));
    assert_non_null(strstr(s->alerts[0].text, "timeout"));
    assert_string_equal(s->alerts[1].code, "T1");
    snapshot_unref(s);
}

static void
an_alert_keeps_its_beginning_until_its_cause_ends(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    s->source_count = 1;
    lat_copy(s->sources[0].url, sizeof(s->sources[0].url), "http://127.0.0.1:1");
    s->sources[0].stand.differs_ms = SNAPSHOT_QUIET_MS - 1; /* most are over by then */
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    s->sources[0].stand.differs_ms = SNAPSHOT_QUIET_MS;
    s->sources[0].stand.key_total = 1;
    alerts_fill(&memory, s);
    s->mono_ms += 61000;
    s->sources[0].stand.differs_ms = 61000;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 1);
    assert_int_equal(s->alerts[0].since_ms, 61000);
    assert_int_equal(s->alerts[0].severity, ALERT_ALARM);
    s->sources[0].stand.differs_ms = -1;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    s->sources[0].stand.differs_ms = SNAPSHOT_QUIET_MS;
    alerts_fill(&memory, s);
    assert_int_equal(s->alerts[0].since_ms, 0);
    snapshot_unref(s);
}

/* So that a console can say it in its own language. */
static void
an_alert_tells_what_its_text_is_made_of(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    s->source_count = 1;
    lat_copy(s->sources[0].name, sizeof(s->sources[0].name), "rio-2");
    s->sources[0].stand.differs_ms = 5000;
    s->sources[0].stand.key_total = 3;
    s->sources[0].failures = 2;
    lat_copy(s->sources[0].stand.error, sizeof(s->sources[0].stand.error), "connection refused");
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 2);
    assert_int_equal(s->alerts[0].kind, ALERT_IS_DIFFERS_KEYS);
    assert_string_equal(s->alerts[0].who, "rio-2");
    assert_int_equal(s->alerts[0].n, 3);
    assert_string_equal(s->alerts[0].text, "rio-2 diverges: 3 keys");
    assert_int_equal(s->alerts[1].kind, ALERT_IS_SOURCE_FAILS);
    assert_string_equal(s->alerts[1].code, "F2");
    assert_string_equal(s->alerts[1].why, "connection refused");
    assert_string_equal(s->alerts[1].text, "HTTP rio-2: connection refused");
    snapshot_unref(s);
}

static void
a_source_that_failed_has_to_answer_well_twice(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();
    struct snapshot_source *source = &s->sources[0];

    (void)state;
    s->source_count = 1;
    lat_copy(source->url, sizeof(source->url), "http://127.0.0.1:1");
    lat_copy(source->name, sizeof(source->name), "rio-2");
    source->polls_ok = 7;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    source->failures = 1;
    lat_copy(source->stand.error, sizeof(source->stand.error), "connection refused");
    alerts_fill(&memory, s);
    assert_int_equal(s->alerts[0].kind, ALERT_IS_SOURCE_FAILS);
    for (int turn = 0; turn < 2; turn++) { /* good once, and failing again: still the same alert */
        s->mono_ms += 5000;
        source->failures = 0;
        source->usable = true;
        source->stand.error[0] = 0;
        source->polls_ok++;
        alerts_fill(&memory, s);
        assert_int_equal(s->alert_count, 1);
        assert_int_equal(s->alerts[0].kind, ALERT_IS_SOURCE_BACK);
        assert_string_equal(s->alerts[0].code, "F2");
        assert_int_equal(s->alerts[0].since_ms, 10000 * turn + 5000);
        s->mono_ms += 5000;
        source->failures = 1;
        source->usable = false;
        lat_copy(source->stand.error, sizeof(source->stand.error), "connection refused");
        alerts_fill(&memory, s);
        assert_int_equal(s->alerts[0].kind, ALERT_IS_SOURCE_FAILS);
    }
    source->failures = 0;
    source->usable = true;
    source->polls_ok += 2;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    snapshot_unref(s);
}

static void
a_node_that_trusts_other_keys_is_named_once(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    s->source_count = s->peer_count = 1;
    s->peers[0].connected = s->peers[0].trusted = s->sources[0].usable = s->sources[0].trusted = true;
    memset(s->peers[0].public_key, 'a', 64);
    memset(s->sources[0].public_key, 'a', 64);
    lat_copy(s->peers[0].name, sizeof(s->peers[0].name), "rio-2");
    lat_copy(s->sources[0].name, sizeof(s->sources[0].name), "rio-2");
    s->peers[0].stand.difference.trust_differs = s->sources[0].stand.difference.trust_differs = true;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 1);
    assert_string_equal(s->alerts[0].code, "T2");
    assert_int_equal(s->alerts[0].severity, ALERT_ATTENTION);
    assert_string_equal(s->alerts[0].text, "rio-2 trusts other keys than we do");
    memset(s->sources[0].public_key, 'b', 64); /* another node */
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 2);
    s->peers[0].trusted = false; /* what a stranger trusts is its own business */
    s->sources[0].trusted = false;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, 0);
    snapshot_unref(s);
}

static void
more_alerts_than_there_is_room_for_are_cut(void **state)
{
    struct alert_memory memory = { 0 };
    struct snapshot *s = healthy();

    (void)state;
    s->source_count = SNAPSHOT_SOURCES_MAX;
    for (uint32_t i = 0; i < s->source_count; i++)
        s->sources[i].stand.differs_ms = 5000;
    alerts_fill(&memory, s);
    assert_int_equal(s->alert_count, SNAPSHOT_ALERTS_MAX);
    snapshot_unref(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_node_has_none),
        cmocka_unit_test(alarms_come_first_and_name_both_reasons),
        cmocka_unit_test(an_alert_keeps_its_beginning_until_its_cause_ends),
        cmocka_unit_test(an_alert_tells_what_its_text_is_made_of),
        cmocka_unit_test(a_source_that_failed_has_to_answer_well_twice),
        cmocka_unit_test(a_node_that_trusts_other_keys_is_named_once),
        cmocka_unit_test(more_alerts_than_there_is_room_for_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
