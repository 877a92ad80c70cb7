/* The HTTP lung with sources that behave: rounds, agreement, healing, staging, and its being taken away. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "support/poll_stage.h"

static int
open_one(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    stage_open(stage, 1);
    *state = stage;
    return 0;
}

static int
open_two(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    stage_open(stage, 2);
    *state = stage;
    return 0;
}

static int
open_none(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    stage_open(stage, 0);
    *state = stage;
    return 0;
}

static int
close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void
a_poll_where_nothing_differs_takes_at_most_256_bytes(void **state)
{
    struct stage *stage = *state;
    struct site *site = &stage->sites[0];
    struct snapshot_source row;
    uint64_t before;

    world_fill(&stage->world, &site->state, 1, "key", 50, 30);
    world_fill(&stage->world, &stage->here, 1, "key", 50, 30);
    stage_round(stage, POLLER_PROBE);
    assert_int_equal(site->summaries, 1);
    row = stage_row(stage, 0);
    before = row.traffic.bytes_in + row.traffic.bytes_out;
    stage_round(stage, POLLER_PROBE);
    row = stage_row(stage, 0);
    assert_int_equal(site->summaries, 1); /* known as one of ours */
    assert_int_equal(site->statuses, 2);
    assert_int_equal(site->body_in + site->body_out, 67 + 179);
    assert_int_equal(row.traffic.bytes_in + row.traffic.bytes_out - before, 67 + 179);
    assert_true(row.lattice && row.known && row.usable && row.trusted);
    assert_int_equal(row.stand.agreement, AGREE_EQUAL);
    assert_int_equal(row.stand.count, 50);
    assert_int_equal(row.polls, 2);
    assert_true(stage->done_ok);
    assert_int_equal(stage->done, 2);
    assert_int_equal(stage->good, 2);
    assert_true(poller_is_usable(stage->poller));
}

static void
a_difference_is_healed_at_the_first_poll_while_http_carries(void **state)
{
    struct stage *stage = *state;
    struct snapshot_source row;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 50, 30);
    world_put(&stage->world, &stage->sites[0].state, 1, "new", "1", HLC_OF_MS(WORLD_NOW_MS));
    world_fill(&stage->world, &stage->here, 1, "key", 50, 30);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    row = stage_row(stage, 0);
    assert_memory_equal(stage->here.view.root, stage->sites[0].state.view.root, 32);
    assert_int_equal(row.stand.agreement, AGREE_EQUAL);
    assert_int_equal(row.stand.heal_applied, 1);
    assert_int_equal(row.stand.heal_same, 0); /* what is the same is not even looked at */
    assert_int_equal(row.stand.key_count, 1);
    assert_string_equal(row.stand.keys[0].key, "new");
    assert_int_equal(row.stand.keys[0].difference, KEY_ONLY_THEIRS);
    assert_int_equal(row.stand.heal_percent, 100);
    assert_true(row.stand.heal_age_ms >= 0);
    assert_int_equal(row.stand.backoff_ms, 0);
}

static void
nothing_is_applied_before_http_carries(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 20, 30);
    stage_round(stage, POLLER_PROBE);
    stage_round(stage, POLLER_PROBE);
    stage_run(stage, 50);
    assert_int_equal(stage->applies, 0);
    assert_int_equal(stage->sites[0].ranges, 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_DIFFERS);
    assert_int_equal(stage_row(stage, 0).stand.differs_checks, 2);
    poller_set_carrying(stage->poller, true);
    poller_apply_staged(stage->poller); /* heals without another poll */
    stage_wait(stage, &stage->applies, 1);
    stage_run(stage, 50);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_EQUAL);
    assert_int_equal(stage->done, 2);
}

static void
a_standby_probe_leaves_nothing_to_apply(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 20, 30);
    stage_round(stage, POLLER_STANDBY);
    poller_set_carrying(stage->poller, true);
    poller_apply_staged(stage->poller);
    stage_run(stage, 50);
    assert_int_equal(stage->applies, 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_DIFFERS);
}

static void
staged_answers_can_be_dropped(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 20, 30);
    stage_round(stage, POLLER_PROBE);
    poller_drop_staged(stage->poller);
    poller_set_carrying(stage->poller, true);
    poller_apply_staged(stage->poller);
    stage_run(stage, 50);
    assert_int_equal(stage->applies, 0);
}

static void
an_empty_node_is_incomplete_until_it_is_filled(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 300, 4000); /* several messages */
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->filling_on, 1);
    assert_int_equal(stage->filling_off, 1);
    assert_true(stage->sites[0].ranges >= 3);
    assert_memory_equal(stage->here.view.root, stage->sites[0].state.view.root, 32);
}

static void
a_lung_that_stops_carrying_discards_what_is_in_flight(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 300, 4000);
    stage->hold_answers = true;
    poller_set_carrying(stage->poller, true);
    poller_round(stage->poller, POLLER_CARRY);
    stage_wait(stage, &stage->applies, 1);
    poller_set_carrying(stage->poller, false);
    assert_int_equal(stage->discards, 1);
    assert_false(stage_row(stage, 0).stand.healing);
    stage->hold_answers = false;
    stage_run(stage, 100);
    assert_int_equal(stage->applies, 1);
    assert_int_equal(stage->here.count, 0);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    assert_memory_equal(stage->here.view.root, stage->sites[0].state.view.root, 32);
}

static void
hang(void *arg, struct http_exchange *x)
{
    (void)arg;
    while (http_wait(x, 1000))
        ;
}

static void
an_http_lung_that_is_switched_off_falls_silent_at_once(void **state)
{
    struct stage *stage = *state;
    unsigned requests;
    uint64_t begin;

    stage_round(stage, POLLER_PROBE);
    assert_int_equal(http_server_connections(stage->sites[1].server), 1); /* kept for the next round */
    stage->done = 0;
    stage->sites[0].on_sync = hang;
    poller_round(stage->poller, POLLER_PROBE);
    stage_run(stage, 50);
    assert_int_equal(stage->done, 0);
    begin = lat_mono_ms();
    poller_cancel(stage->poller);
    assert_true(lat_mono_ms() - begin < 100);
    requests = http_server_requests(stage->sites[0].server) + http_server_requests(stage->sites[1].server);
    stage_run(stage, STAGE_TOTAL_MS + 200);
    assert_int_equal(stage->done, 0);
    assert_int_equal(http_server_requests(stage->sites[0].server) +
                         http_server_requests(stage->sites[1].server),
                     requests);
    assert_int_equal(http_server_connections(stage->sites[0].server), 0);
    assert_int_equal(http_server_connections(stage->sites[1].server), 0);
    stage->sites[0].on_sync = NULL;
    stage_round(stage, POLLER_PROBE);
    assert_true(stage->done_ok);
}

static void
one_source_that_hangs_does_not_delay_the_others(void **state)
{
    struct stage *stage = *state;
    uint64_t begin = lat_mono_ms();

    stage->sites[0].on_summary = hang;
    stage_round(stage, POLLER_PROBE);
    assert_int_equal(stage->good, 1);
    assert_true(stage->first_ms - begin < STAGE_TOTAL_MS / 2);
    assert_true(lat_mono_ms() - begin >= STAGE_TOTAL_MS - 10);
    assert_true(lat_mono_ms() - begin < STAGE_TOTAL_MS + 2000);
    assert_true(stage->done_ok);
    assert_string_equal(stage->done_error, "");
    assert_false(stage_row(stage, 0).usable);
    assert_non_null(strstr(stage_row(stage, 0).stand.error, "no whole answer within 0.7 s"));
    assert_true(stage_row(stage, 1).usable);
}

static void
a_new_round_gives_the_former_one_up(void **state)
{
    struct stage *stage = *state;

    stage->sites[0].on_summary = hang;
    stage->sites[1].on_summary = hang;
    poller_round(stage->poller, POLLER_PROBE);
    stage_run(stage, 30);
    stage_round(stage, POLLER_PROBE);
    stage_run(stage, 100);
    assert_int_equal(stage->done, 1);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage->done_error, "no whole answer within 0.7 s"));
    assert_non_null(strstr(stage->done_error, "(and 1 more)"));
}

static void
two_sources_of_one_root_are_fetched_from_once(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < 2; i++)
        world_fill(&stage->world, &stage->sites[i].state, 1, "key", 200, 4000);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    stage_run(stage, 50);
    assert_true(stage->sites[0].ranges == 0 || stage->sites[1].ranges == 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_EQUAL);
    assert_int_equal(stage_row(stage, 1).stand.agreement, AGREE_EQUAL);
}

static void
sources_with_different_states_are_all_taken_from(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "a", 20, 30);
    world_fill(&stage->world, &stage->sites[1].state, 1, "b", 20, 30);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->here.count, 40);
    stage_round(stage, POLLER_CARRY);
    stage_round(stage, POLLER_CARRY); /* each is given what the other had */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(stage_row(stage, i).stand.agreement, AGREE_EQUAL);
        assert_int_equal(stage_row(stage, i).stand.backoff_ms, 0);
        assert_int_equal(stage->sites[i].state.count, 40);
    }
    stage->sites[0].ranges = stage->sites[1].ranges = 0;
    stage_round(stage, POLLER_CARRY); /* no session any more */
    assert_int_equal(stage->sites[0].ranges + stage->sites[1].ranges, 0);
    world_put(&stage->world, &stage->sites[0].state, 1, "c", "1", HLC_OF_MS(WORLD_NOW_MS));
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->here.count, 41);
}

static void
a_round_without_sources_fails_at_once(void **state)
{
    struct stage *stage = *state;
    struct snapshot_lung lung = { 0 };

    poller_round(stage->poller, POLLER_PROBE);
    assert_int_equal(stage->done, 0); /* from the loop, not from within the call */
    stage_wait(stage, &stage->done, 1);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage->done_error, "no HTTP source is configured"));
    poller_fill_lung(stage->poller, 0, &lung);
    assert_non_null(strstr(lung.http_error, "no HTTP source"));
}

static void
a_source_that_no_longer_speaks_sync_is_asked_as_at_first(void **state)
{
    struct stage *stage = *state;
    struct site *site = &stage->sites[0];

    stage_round(stage, POLLER_PROBE);
    assert_true(stage_row(stage, 0).lattice);
    site->document = "{\"success\":true,\"merkle_root\":"
                     "\"2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d\","
                     "\"state\":{},\"state_size\":0,\"signed\":false}";
    stage_round(stage, POLLER_PROBE);
    assert_true(stage->done_ok);
    assert_false(stage_row(stage, 0).lattice);
    assert_int_equal(site->summaries, 2);
    site->document = NULL;
    stage_round(stage, POLLER_PROBE);
    assert_true(stage_row(stage, 0).lattice);
}

static void
a_configuration_keeps_what_is_known_of_sources_that_stay(void **state)
{
    struct stage *stage = *state;
    struct poller_config config = stage_config(stage);
    struct snapshot_source rows[STAGE_SITES];

    stage_round(stage, POLLER_PROBE);
    config.sources = &stage->sources[1];
    config.source_count = 1;
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    assert_int_equal(poller_fill(stage->poller, lat_mono_ms(), rows, STAGE_SITES), 1);
    assert_int_equal(rows[0].polls, 1);
    assert_true(rows[0].lattice && rows[0].trusted);
    config = stage_config(stage);
    trust_init(&stage->world.trust, key_public(stage->world.keys[0])); /* nobody is trusted any more */
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    assert_int_equal(poller_fill(stage->poller, lat_mono_ms(), rows, STAGE_SITES), 2);
    assert_int_equal(rows[0].polls, 0);
    assert_false(rows[1].trusted);
    stage_round(stage, POLLER_PROBE);
    assert_true(stage->done_ok);
}

static void
a_source_that_is_named_twice_is_asked_once(void **state)
{
    struct stage *stage = *state;
    struct poller_source twice[3] = { stage->sources[0], stage->sources[0], stage->sources[1] };
    struct poller_config config = stage_config(stage);
    struct snapshot_source rows[STAGE_SITES];
    char url[128];

    snprintf(url, sizeof(url), "%s///", stage->sources[0].url); /* slashes at the end do not matter */
    twice[1].url = url;
    config.sources = twice;
    config.source_count = 3;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
        assert_int_equal(poller_fill(stage->poller, lat_mono_ms(), rows, STAGE_SITES), 2);
    }
    stage_round(stage, POLLER_PROBE);
    assert_int_equal(http_server_requests(stage->sites[0].server), 2);
    twice[2].url = "nonsense";
    assert_int_equal(poller_configure(stage->poller, &config), LAT_MALFORMED); /* and nothing has changed */
    assert_int_equal(poller_fill(stage->poller, lat_mono_ms(), rows, STAGE_SITES), 2);
    assert_true(rows[1].usable);
}

static void
a_round_that_runs_is_given_up_by_a_configuration(void **state)
{
    struct stage *stage = *state;
    struct poller_config config = stage_config(stage);

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 20, 30);
    stage->hold_answers = true;
    poller_set_carrying(stage->poller, true);
    poller_round(stage->poller, POLLER_CARRY);
    stage_wait(stage, &stage->applies, 1);
    config.source_count = 0;
    stage->done = 0;
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    stage->hold_answers = false;
    stage_run(stage, 50); /* the answer of apply comes, and nobody waits for it */
    assert_int_equal(stage->done, 0);
}

static bool
log_says(const char *words)
{
    struct lat_log_line lines[LAT_LOG_RING];
    uint64_t total;
    size_t count = lat_log_recent(lines, LAT_LOG_RING, &total);

    for (size_t i = 0; i < count; i++)
        if (strstr(lines[i].text, words))
            return true;
    return false;
}

static void
the_log_tells_of_divergence_healing_and_agreement(void **state)
{
    struct stage *stage = *state;

    stage_round(stage, POLLER_PROBE);
    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 3, 30);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    assert_true(log_says("[HTTP_SYNC] [OK] http://127.0.0.1:"));
    assert_true(log_says("[HTTP_SYNC] [DIVERGENCE] http://127.0.0.1:"));
    assert_true(log_says("[HTTP_SYNC]   Local:  "));
    assert_true(log_says("[HTTP_SYNC] [SURGEON] healing from "));
    assert_true(log_says("3 records applied"));
    assert_true(log_says("[HTTP_SYNC] [SYNC] "));
}

static void
the_store_refusing_ends_a_session_and_is_said(void **state)
{
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 3, 30);
    stage->store_fails = true;
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    assert_string_equal(stage_row(stage, 0).stand.error, "our store takes no records now");
    assert_true(stage_row(stage, 0).usable);
    stage->store_fails = false;
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_EQUAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_poll_where_nothing_differs_takes_at_most_256_bytes, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_difference_is_healed_at_the_first_poll_while_http_carries, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(nothing_is_applied_before_http_carries, open_one, close_stage),
        cmocka_unit_test_setup_teardown(a_standby_probe_leaves_nothing_to_apply, open_one, close_stage),
        cmocka_unit_test_setup_teardown(staged_answers_can_be_dropped, open_one, close_stage),
        cmocka_unit_test_setup_teardown(an_empty_node_is_incomplete_until_it_is_filled, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_lung_that_stops_carrying_discards_what_is_in_flight, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(an_http_lung_that_is_switched_off_falls_silent_at_once, open_two,
                                        close_stage),
        cmocka_unit_test_setup_teardown(one_source_that_hangs_does_not_delay_the_others, open_two,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_new_round_gives_the_former_one_up, open_two, close_stage),
        cmocka_unit_test_setup_teardown(two_sources_of_one_root_are_fetched_from_once, open_two, close_stage),
        cmocka_unit_test_setup_teardown(sources_with_different_states_are_all_taken_from, open_two,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_round_without_sources_fails_at_once, open_none, close_stage),
        cmocka_unit_test_setup_teardown(a_source_that_no_longer_speaks_sync_is_asked_as_at_first, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_configuration_keeps_what_is_known_of_sources_that_stay, open_two,
                                        close_stage),
        cmocka_unit_test_setup_teardown(a_source_that_is_named_twice_is_asked_once, open_two, close_stage),
        cmocka_unit_test_setup_teardown(a_round_that_runs_is_given_up_by_a_configuration, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(the_log_tells_of_divergence_healing_and_agreement, open_one,
                                        close_stage),
        cmocka_unit_test_setup_teardown(the_store_refusing_ends_a_session_and_is_said, open_one, close_stage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
