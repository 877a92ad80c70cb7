/* The vocabulary of the lungs: spelling, and the table of STATE-MACHINE section 9. */
#include "config.h"

#include "view/lung_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
every_state_name_parses_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LUNG_STATE_COUNT; i++) {
        enum lung_state got = LUNG_STOPPING;

        assert_int_equal(lung_state_parse(lung_state_name((enum lung_state)i), &got), LAT_OK);
        assert_int_equal(got, i);
    }
    assert_string_equal(lung_state_name(LUNG_COUNTDOWN), "COUNTDOWN");
    assert_string_equal(lung_state_name(LUNG_FHTTP_DOWN), "FHTTP_DOWN");
}

static void
every_reason_name_parses_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LUNG_REASON_COUNT; i++) {
        enum lung_reason got = LUNG_BY_SHUTDOWN;

        assert_int_equal(lung_reason_parse(lung_reason_name((enum lung_reason)i), &got), LAT_OK);
        assert_int_equal(got, i);
    }
    assert_string_equal(lung_reason_name(LUNG_BY_LAST_PEER_RESET), "last_peer_reset");
    assert_string_equal(lung_reason_name(LUNG_BY_SHUTDOWN), "shutdown");
}

static void
every_policy_name_parses_back(void **state)
{
    static const char *const names[] = { "auto", "p2p", "http" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        enum lung_policy got = (enum lung_policy)((i + 1) % 3);

        assert_int_equal(lung_policy_parse(names[i], &got), LAT_OK);
        assert_int_equal(got, i);
        assert_string_equal(lung_policy_name(got), names[i]);
    }
}

static void
other_spellings_are_refused_and_leave_the_output_alone(void **state)
{
    enum lung_state s = LUNG_HTTP;
    enum lung_reason r = LUNG_BY_HTTP_OK;
    enum lung_policy p = LUNG_POLICY_HTTP;

    (void)state;
    assert_int_equal(lung_state_parse("http", &s), LAT_MALFORMED);
    assert_int_equal(lung_state_parse("", &s), LAT_MALFORMED);
    assert_int_equal(lung_reason_parse("HTTP_OK ", &r), LAT_MALFORMED);
    assert_int_equal(lung_policy_parse("P2P", &p), LAT_MALFORMED);
    assert_int_equal(lung_policy_parse("p2pp", &p), LAT_MALFORMED);
    assert_int_equal(s, LUNG_HTTP);
    assert_int_equal(r, LUNG_BY_HTTP_OK);
    assert_int_equal(p, LUNG_POLICY_HTTP);
}

/* STATE-MACHINE sections 3 and 9, one row a state. */
static const struct {
    enum lung_state state;
    const char *mode;
    bool http_sync_enabled, ready, forced;
} rows[] = {
    { LUNG_STARTING, "NONE", false, false, false },  { LUNG_P2P, "P2P", false, true, false },
    { LUNG_COUNTDOWN, "NONE", false, false, false }, { LUNG_HTTP, "HTTP", true, true, false },
    { LUNG_RECOVERING, "HTTP", true, true, false },  { LUNG_ISOLATED, "NONE", false, false, false },
    { LUNG_FP2P_UP, "P2P", false, true, true },      { LUNG_FP2P_DOWN, "NONE", false, false, true },
    { LUNG_FHTTP_UP, "HTTP", true, true, true },     { LUNG_FHTTP_DOWN, "NONE", true, false, true },
    { LUNG_STOPPING, "NONE", false, false, false },
};

static void
each_state_reports_what_the_page_says(void **state)
{
    (void)state;
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), LUNG_STATE_COUNT);
    for (unsigned i = 0; i < LUNG_STATE_COUNT; i++) {
        assert_int_equal(rows[i].state, i);
        assert_string_equal(sync_mode_name(lung_sync_mode(rows[i].state)), rows[i].mode);
        assert_int_equal(lung_http_sync_enabled(rows[i].state), rows[i].http_sync_enabled);
        assert_int_equal(lung_is_ready(rows[i].state), rows[i].ready);
        assert_int_equal(lung_is_forced(rows[i].state), rows[i].forced);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_name_parses_back),
        cmocka_unit_test(every_reason_name_parses_back),
        cmocka_unit_test(every_policy_name_parses_back),
        cmocka_unit_test(other_spellings_are_refused_and_leave_the_output_alone),
        cmocka_unit_test(each_state_reports_what_the_page_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
