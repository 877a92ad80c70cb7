#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event_list.h"
#include "model.h"
#include "support/snapshots.h"

static struct model model;
static struct snapshot *snapshot;

static int
begin(void **state)
{
    (void)state;
    snapshot = sample_snapshot(LUNG_COUNTDOWN);
    model_init(&model);
    model.control = model.embedded = true;
    model.now_ms = snapshot->mono_ms;
    return 0;
}

static int
end(void **state)
{
    (void)state;
    snapshot_unref(snapshot);
    return 0;
}

static struct effect
press(uint32_t key)
{
    struct key_press p = { .key = key };

    return model_key(&model, snapshot, &p);
}

static void
forcing_takes_a_confirmation(void **state)
{
    struct effect effect;

    (void)state;
    assert_int_equal(press('p').kind, EFFECT_NONE);
    assert_int_equal(model.prompt.kind, PROMPT_FORCE_P2P);
    effect = press('y');
    assert_int_equal(effect.kind, EFFECT_SWITCH);
    assert_int_equal(effect.policy, LUNG_POLICY_P2P);
    assert_int_equal(effect.for_s, 0);
    press('h');
    effect = press('t');
    assert_int_equal(effect.policy, LUNG_POLICY_HTTP);
    assert_int_equal(effect.for_s, 600);
    effect = press('a'); /* the safe direction asks nothing */
    assert_int_equal(effect.kind, EFFECT_SWITCH);
    assert_int_equal(effect.policy, LUNG_POLICY_AUTO);
}

static void
anything_else_means_no(void **state)
{
    static const uint32_t others[] = { 'p', 'h', 'n', 'Y', 'T', ' ', KEYS_ENTER, KEYS_ESC, KEYS_ARROW_UP };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        press('h');
        assert_int_equal(press(others[i]).kind, EFFECT_NONE);
        assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    }
}

static void
a_session_without_control_only_says_so(void **state)
{
    (void)state;
    model.control = false;
    for (const char *key = "pha"; *key; key++) {
        assert_int_equal(press((uint32_t)*key).kind, EFFECT_NONE);
        assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
        assert_true(model.message_until_ms > model.now_ms);
    }
}

static void
quitting_asks_only_where_the_node_would_end(void **state)
{
    (void)state;
    assert_int_equal(press('q').kind, EFFECT_NONE);
    assert_int_equal(press('l').kind, EFFECT_LEAVE);
    press('q');
    assert_int_equal(press('s').kind, EFFECT_STOP);
    press('q');
    assert_int_equal(press(KEYS_ESC).kind, EFFECT_NONE);
    model.embedded = false;
    assert_int_equal(press('q').kind, EFFECT_LEAVE);
}

static void
a_second_interrupt_within_two_seconds_stops(void **state)
{
    (void)state;
    assert_int_equal(press(KEYS_CTRL_C).kind, EFFECT_NONE);
    assert_int_equal(model.prompt.kind, PROMPT_QUIT);
    model.now_ms += 2500;
    assert_int_equal(press(KEYS_CTRL_C).kind, EFFECT_NONE);
    model.now_ms += 1500;
    assert_int_equal(press(KEYS_CTRL_C).kind, EFFECT_STOP);
}

static void
pasted_keys_command_nothing(void **state)
{
    static const char text[] = "hyqsa";

    (void)state;
    for (const char *key = text; *key; key++) {
        struct key_press p = { .key = (uint32_t)*key, .pasted = true };

        assert_int_equal(model_key(&model, snapshot, &p).kind, EFFECT_NONE);
        assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    }
    press('h');
    assert_int_equal(model_key(&model, snapshot, &(struct key_press){ .key = 'y', .pasted = true }).kind,
                     EFFECT_NONE);
    assert_int_equal(model.prompt.kind, PROMPT_FORCE_HTTP);
}

static void
tab_goes_round_and_digits_go_straight(void **state)
{
    (void)state;
    press('1');
    assert_int_equal(model.focus, PANEL_LUNGS);
    press(KEYS_BACK_TAB);
    assert_int_equal(model.focus, PANEL_TIMELINE);
    press(KEYS_TAB);
    assert_int_equal(model.focus, PANEL_LUNGS);
    press('5');
    assert_int_equal(model.focus, PANEL_DIVERGENCE);
}

static void
the_selection_stays_in_its_list(void **state)
{
    (void)state;
    press('k');
    assert_int_equal(model.places[PANEL_PEERS].selected, 0);
    press('G');
    assert_int_equal(model.places[PANEL_PEERS].selected, 2);
    press('j');
    assert_int_equal(model.places[PANEL_PEERS].selected, 2);
    press('g');
    assert_int_equal(model.places[PANEL_PEERS].selected, 0);
    snapshot->source_count = 0;
    press('j');
    assert_int_equal(model.places[PANEL_PEERS].selected, 0);
}

static void
a_selected_event_stays_selected_while_new_ones_come(void **state)
{
    struct panel_place *place = &model.places[PANEL_EVENTS];
    struct lat_log_line newer;

    (void)state;
    press('6');
    assert_int_equal(place->anchor, 0);
    press('k');
    assert_int_equal(place->anchor, 6);
    newer = snapshot->events[6];
    newer.seq = 8;
    snapshot->events[7] = newer;
    snapshot->event_count = 8;
    assert_int_equal(event_list_index(snapshot, place), 5);
    press('G');
    assert_int_equal(place->anchor, 0);
    assert_int_equal(event_list_index(snapshot, place), 7);
}

static void
a_filter_is_kept_when_the_new_one_is_refused(void **state)
{
    static const char bad[] = "level>=loud";
    struct panel_place *place = &model.places[PANEL_EVENTS];

    (void)state;
    press('6');
    snprintf(place->filter, sizeof(place->filter), "rio");
    press('/');
    assert_string_equal(model.prompt.text, "rio");
    press(KEYS_CTRL_U);
    for (const char *key = bad; *key; key++)
        press((uint32_t)*key);
    press(KEYS_ENTER);
    assert_int_equal(model.prompt.kind, PROMPT_FILTER);
    assert_non_null(strstr(model.prompt.error, "loud"));
    assert_string_equal(place->filter, "rio");
    press(KEYS_ESC);
    assert_string_equal(place->filter, "rio");
    press(KEYS_ESC); /* and once more clears it */
    assert_string_equal(place->filter, "");
}

static void
all_alerts_are_listed_and_closed_again(void **state)
{
    (void)state;
    press('?');
    press('A');
    assert_true(model.alerts);
    assert_false(model.help); /* one or the other */
    press('x');
    assert_int_equal(model.acks.count, 1);
    press('q'); /* closes it and asks nothing */
    assert_false(model.alerts);
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
}

static void
esc_takes_level_and_source_back(void **state)
{
    (void)state;
    press('6');
    press('f');
    press('s');
    assert_true(model.places[PANEL_EVENTS].least > LAT_DEBUG && model.places[PANEL_EVENTS].source[0]);
    assert_true(model_has_opened(&model)); /* so that it leads nowhere else */
    press(KEYS_ESC);
    assert_false(model_has_opened(&model));
    assert_int_equal(model.places[PANEL_EVENTS].least, LAT_DEBUG);
    assert_string_equal(model.places[PANEL_EVENTS].source, "");
}

static void
n_says_that_nothing_matches(void **state)
{
    (void)state;
    snprintf(model.places[PANEL_PEERS].filter, FILTER_TEXT_MAX, "nobody-is-called-so");
    press('n');
    assert_non_null(strstr(model.message, "nothing matches"));
}

static void
the_last_filter_comes_back_by_up(void **state)
{
    (void)state;
    press('6');
    press('/');
    press(KEYS_ARROW_UP); /* there is none yet */
    assert_string_equal(model.prompt.text, "");
    press('r');
    press('i');
    press(KEYS_ENTER);
    press(KEYS_ESC);
    assert_string_equal(model.places[PANEL_EVENTS].filter, "");
    press('/');
    assert_string_equal(model.prompt.text, "");
    press(KEYS_ARROW_UP);
    press(KEYS_ENTER);
    assert_string_equal(model.places[PANEL_EVENTS].filter, "ri");
}

static void
text_of_any_kind_can_be_typed_and_rubbed_out(void **state)
{
    (void)state;
    press('/');
    press(0xe9);
    press(0x6f22);
    press(0x202e); /* not this one */
    assert_string_equal(model.prompt.text, "\xc3\xa9\xe6\xbc\xa2");
    press(KEYS_RUBOUT);
    assert_string_equal(model.prompt.text, "\xc3\xa9");
    press(KEYS_RUBOUT);
    press(KEYS_RUBOUT);
    assert_string_equal(model.prompt.text, "");
    for (int i = 0; i < 200; i++)
        press(0x6f22);
    assert_true(strlen(model.prompt.text) < FILTER_TEXT_MAX);
}

static void
acknowledged_alerts_stay_seen_until_their_cause_ends(void **state)
{
    struct snapshot *later;

    (void)state;
    sample_diverge(snapshot);
    press('x');
    assert_true(acks_have(&model.acks, snapshot, &snapshot->alerts[0]));
    assert_false(acks_have(&model.acks, snapshot, &snapshot->alerts[1]));
    press('Z');
    assert_true(acks_have(&model.acks, snapshot, &snapshot->alerts[1]));
    later = sample_snapshot(LUNG_COUNTDOWN);
    sample_diverge(later);
    later->mono_ms += 10000;
    later->alerts[0].since_ms += 10000;
    later->alerts[1].since_ms = 100; /* a new divergence of the same node */
    acks_prune(&model.acks, later);
    assert_true(acks_have(&model.acks, later, &later->alerts[0]));
    assert_false(acks_have(&model.acks, later, &later->alerts[1]));
    assert_int_equal(model.acks.count, 1);
    snapshot_unref(later);
}

static void
a_forced_mode_cannot_be_acknowledged_away(void **state)
{
    struct snapshot *forced = sample_snapshot(LUNG_FP2P_UP);

    (void)state;
    model_key(&model, forced, &(struct key_press){ .key = 'Z' });
    assert_false(acks_have(&model.acks, forced, &forced->alerts[0]));
    snapshot_unref(forced);
}

static void
escape_closes_what_was_opened_last(void **state)
{
    (void)state;
    press(' ');
    press('z');
    press('?');
    assert_true(model.frozen && model.zoomed && model.help);
    press(KEYS_ESC);
    assert_false(model.help);
    press(KEYS_ESC);
    assert_false(model.zoomed);
    assert_true(model.frozen);
    press(KEYS_ESC);
    assert_false(model.frozen);
}

static void
help_scrolls_to_its_end_and_back(void **state)
{
    (void)state;
    press('?');
    press('G');
    assert_true(model.help_top > 0);
    press('j');
    press('g');
    assert_int_equal(model.help_top, 0);
    press('k');
    assert_int_equal(model.help_top, 0);
}

static void
every_key_is_safe_before_the_first_snapshot(void **state)
{
    (void)state;
    for (uint32_t key = 1; key < 0x7f; key++) {
        model_key(&model, NULL, &(struct key_press){ .key = key });
        model_key(&model, NULL, &(struct key_press){ .key = KEYS_ESC });
    }
    for (uint32_t key = KEYS_ARROW_UP; key <= KEYS_HELP; key++)
        model_key(&model, NULL, &(struct key_press){ .key = key });
}

static void
enter_opens_a_line_and_escape_goes_back(void **state)
{
    (void)state;
    press(KEYS_ENTER);
    assert_true(model.detail);
    assert_false(model.zoomed);
    press('j');
    assert_int_equal(model.places[PANEL_PEERS].selected, 1);
    press(KEYS_ESC);
    assert_false(model.detail);
    model.focus = PANEL_LUNGS; /* no lines: the panel itself */
    press(KEYS_ENTER);
    assert_true(model.zoomed);
    assert_false(model.detail);
}

static void
an_opened_event_stays_while_others_come(void **state)
{
    (void)state;
    model.focus = PANEL_EVENTS;
    press(KEYS_ENTER);
    assert_true(model.detail);
    assert_int_equal(model.places[PANEL_EVENTS].anchor, snapshot->events[snapshot->event_count - 1].seq);
}

static void
s_sorts_the_peers_and_capital_s_turns_the_order(void **state)
{
    (void)state;
    model.focus = PANEL_LUNGS;
    press('s');
    assert_int_equal(model.focus, PANEL_PEERS);
    assert_int_equal(model.places[PANEL_PEERS].sort, NODE_SORT_NAME);
    press('S');
    assert_true(model.places[PANEL_PEERS].reverse);
    for (int i = 1; i < NODE_SORT_COUNT; i++)
        press('s');
    assert_int_equal(model.places[PANEL_PEERS].sort, NODE_SORT_NONE);
}

static void
f_and_s_narrow_the_events(void **state)
{
    struct panel_place *place = &model.places[PANEL_EVENTS];
    int indices[SNAPSHOT_EVENTS_MAX];

    (void)state;
    model.focus = PANEL_EVENTS;
    for (int i = 0; i < 3; i++)
        press('f');
    assert_int_equal(place->least, LAT_WARNING);
    assert_int_equal(event_list(snapshot, place, indices), 4);
    press('s');
    assert_string_equal(place->source, "http_sync"); /* by name */
    assert_int_equal(event_list(snapshot, place, indices), 1);
    press('s');
    assert_string_equal(place->source, "lattice_p2p");
    for (int i = 0; i < 3; i++)
        press('s');
    assert_string_equal(place->source, ""); /* all again */
    press('f');
    press('f');
    assert_int_equal(place->least, LAT_DEBUG);
}

static void
n_goes_round_what_the_filter_found(void **state)
{
    (void)state;
    press('n');
    assert_string_not_equal(model.message, "");
    snprintf(model.places[PANEL_PEERS].filter, FILTER_TEXT_MAX, "http");
    press('N');
    assert_int_equal(model.places[PANEL_PEERS].selected, 2);
    press('n');
    assert_int_equal(model.places[PANEL_PEERS].selected, 0);
}

static void
where_asked_for_a_forced_mode_takes_the_name_of_the_node(void **state)
{
    struct effect effect;

    (void)state;
    model.settings.confirm = CONFIRM_NAME;
    press('h');
    assert_int_equal(press('t').kind, EFFECT_NONE);
    assert_int_equal(model.prompt.kind, PROMPT_NAME);
    for (const char *ch = "lisbon-2"; *ch; ch++)
        press((uint32_t)*ch);
    assert_int_equal(press(KEYS_ENTER).kind, EFFECT_NONE);
    assert_true(model.message_bad);
    press('h');
    press('t');
    for (const char *ch = "lisbon-1"; *ch; ch++) {
        const struct key_press pasted = { .key = (uint32_t)*ch, .pasted = true };

        assert_int_equal(model_key(&model, snapshot, &pasted).kind, EFFECT_NONE);
    }
    assert_int_equal(press(KEYS_ENTER).kind, EFFECT_NONE); /* it has to be typed */
    press('h');
    press('t');
    for (const char *ch = "lisbon-1"; *ch; ch++)
        press((uint32_t)*ch);
    effect = press(KEYS_ENTER);
    assert_int_equal(effect.kind, EFFECT_SWITCH);
    assert_int_equal(effect.policy, LUNG_POLICY_HTTP);
    assert_int_equal(effect.for_s, PROMPT_TIMED_S);
}

static void
brackets_travel_in_time_and_forcing_is_off_there(void **state)
{
    (void)state;
    assert_int_equal(press(']').kind, EFFECT_NONE); /* nothing is later than now */
    assert_int_equal(press('[').look, LOOK_EARLIER);
    assert_int_equal(press('{').look, LOOK_EARLIER_CHANGE);
    model.past = true;
    assert_int_equal(press(']').kind, EFFECT_LOOK);
    assert_int_equal(press('}').look, LOOK_LATER_CHANGE);
    press('p');
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    assert_int_equal(press('a').kind, EFFECT_NONE);
    assert_int_equal(press('=').kind, EFFECT_NOW);
}

static struct effect
say_moment(const char *text)
{
    press('@');
    for (; *text; text++)
        press((uint32_t)*text);
    return press(KEYS_ENTER);
}

static void
a_moment_of_the_past_can_be_typed(void **state)
{
    (void)state; /* it is 14:03:27 */
    assert_int_equal(say_moment("-2h").at_ms, snapshot->wall_ms - 7200000);
    assert_int_equal(say_moment("14:03:20").at_ms, snapshot->wall_ms - 7000 + 999);
    assert_int_equal(say_moment("03:12").at_ms, snapshot->wall_ms - 39087000 + 999);
    assert_int_equal(say_moment("15:00").at_ms, snapshot->wall_ms - 82987000 + 999 - 20000); /* yesterday */
    assert_int_equal(say_moment("2026-03-14T03:12:40Z").at_ms, snapshot->wall_ms - 39047000);
    assert_int_equal(say_moment("-45s").look, LOOK_AT);
    model.past = true;
    model.behind_ms = 3600000; /* what is on the screen is an hour old; "ago" counts from now */
    assert_int_equal(say_moment("-2h").at_ms, snapshot->wall_ms - 3600000);
    assert_int_equal(say_moment("noon").kind, EFFECT_NONE);
    assert_int_equal(model.prompt.kind, PROMPT_TIME); /* it can be mended */
    assert_non_null(strstr(model.prompt.error, "03:12"));
    press(KEYS_ESC);
    assert_int_equal(say_moment("25:00").kind, EFFECT_NONE);
    press(KEYS_ESC);
    assert_int_equal(say_moment("-2").kind, EFFECT_NONE);
    press(KEYS_ESC);
    assert_int_equal(say_moment("2099-01-01T00:00:00Z").kind, EFFECT_NONE);
    press(KEYS_ESC);
    assert_int_equal(press('@').kind, EFFECT_NONE);
    press(KEYS_ESC);
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
}

static void
the_mouse_chooses_only_while_it_is_on(void **state)
{
    struct key_press click = { .key = KEYS_MOUSE, .mouse = MOUSE_CLICK, .x = 10, .y = 9 };

    (void)state;
    model.focus = PANEL_EVENTS;
    model_key(&model, snapshot, &click);
    assert_int_equal(model.focus, PANEL_EVENTS);
    assert_int_equal(press('m').kind, EFFECT_MOUSE);
    model_key(&model, snapshot, &click);
    assert_int_equal(model.focus, PANEL_PEERS);
    click.y++;
    model_key(&model, snapshot, &click);
    assert_int_equal(model.places[PANEL_PEERS].selected, 1);
    click.mouse = MOUSE_WHEEL_DOWN;
    model_key(&model, snapshot, &click);
    assert_int_equal(model.places[PANEL_PEERS].selected, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forcing_takes_a_confirmation, begin, end),
        cmocka_unit_test_setup_teardown(anything_else_means_no, begin, end),
        cmocka_unit_test_setup_teardown(a_session_without_control_only_says_so, begin, end),
        cmocka_unit_test_setup_teardown(quitting_asks_only_where_the_node_would_end, begin, end),
        cmocka_unit_test_setup_teardown(a_second_interrupt_within_two_seconds_stops, begin, end),
        cmocka_unit_test_setup_teardown(pasted_keys_command_nothing, begin, end),
        cmocka_unit_test_setup_teardown(tab_goes_round_and_digits_go_straight, begin, end),
        cmocka_unit_test_setup_teardown(the_selection_stays_in_its_list, begin, end),
        cmocka_unit_test_setup_teardown(a_selected_event_stays_selected_while_new_ones_come, begin, end),
        cmocka_unit_test_setup_teardown(all_alerts_are_listed_and_closed_again, begin, end),
        cmocka_unit_test_setup_teardown(esc_takes_level_and_source_back, begin, end),
        cmocka_unit_test_setup_teardown(n_says_that_nothing_matches, begin, end),
        cmocka_unit_test_setup_teardown(the_last_filter_comes_back_by_up, begin, end),
        cmocka_unit_test_setup_teardown(a_filter_is_kept_when_the_new_one_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(text_of_any_kind_can_be_typed_and_rubbed_out, begin, end),
        cmocka_unit_test_setup_teardown(acknowledged_alerts_stay_seen_until_their_cause_ends, begin, end),
        cmocka_unit_test_setup_teardown(a_forced_mode_cannot_be_acknowledged_away, begin, end),
        cmocka_unit_test_setup_teardown(escape_closes_what_was_opened_last, begin, end),
        cmocka_unit_test_setup_teardown(help_scrolls_to_its_end_and_back, begin, end),
        cmocka_unit_test_setup_teardown(every_key_is_safe_before_the_first_snapshot, begin, end),
        cmocka_unit_test_setup_teardown(enter_opens_a_line_and_escape_goes_back, begin, end),
        cmocka_unit_test_setup_teardown(an_opened_event_stays_while_others_come, begin, end),
        cmocka_unit_test_setup_teardown(s_sorts_the_peers_and_capital_s_turns_the_order, begin, end),
        cmocka_unit_test_setup_teardown(f_and_s_narrow_the_events, begin, end),
        cmocka_unit_test_setup_teardown(n_goes_round_what_the_filter_found, begin, end),
        cmocka_unit_test_setup_teardown(where_asked_for_a_forced_mode_takes_the_name_of_the_node, begin, end),
        cmocka_unit_test_setup_teardown(brackets_travel_in_time_and_forcing_is_off_there, begin, end),
        cmocka_unit_test_setup_teardown(a_moment_of_the_past_can_be_typed, begin, end),
        cmocka_unit_test_setup_teardown(the_mouse_chooses_only_while_it_is_on, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
