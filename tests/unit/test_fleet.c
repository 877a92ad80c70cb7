/* test_fleet.c - many nodes on one screen: letters, order, filter, alerts, keys. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "support/world.h"

static struct world w;
static char screen[24 * CANVAS_ROW_TEXT_MAX];

static int
set_up(void **state)
{
    (void)state;
    world_make(&w);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static void
look(void)
{
    world_look(&w);
}

static const char *
draw(int cols, int rows)
{
    struct caps caps = caps_decide("vt100", true, COLOR_NEVER, NULL, 0);
    struct canvas *canvas = canvas_new(cols, rows, false);

    fleet_draw(&w.view, &w.model, &caps, canvas);
    screen[0] = 0;
    for (int y = 0; y < canvas->rows; y++) {
        size_t len = strlen(screen);

        canvas_row_text(canvas, y, screen + len, sizeof(screen) - len);
        strcat(screen, "\n");
    }
    canvas_free(canvas);
    return screen;
}

static void
letters_say_who_agrees_and_the_worst_comes_first(void **state)
{
    (void)state;
    look();
    assert_string_equal(w.view.letters, "AABA");
    assert_int_equal(w.view.agree, 3);
    assert_string_equal(w.view.rows[0].node->name, "rio-2");
    assert_int_equal(w.view.rows[0].rank, FLEET_ALARM);
    assert_int_equal(w.view.rows[0].lag_ms, 0);
    w.model.now_ms += 42000;
    look();
    assert_int_equal(w.view.rows[0].lag_ms, 42000);
    assert_int_equal(w.view.rows[1].lag_ms, -1);
    draw(80, 24);
    assert_non_null(strstr(screen, "4 nodes, 4 live  A A B A  3 of 4 on root A"));
    assert_non_null(strstr(screen, "D1 rio-2: diverges: 3 keys"));
    assert_non_null(strstr(screen, "77be0d51 !B"));
}

static void
a_silent_node_counts_for_no_agreement(void **state)
{
    (void)state;
    w.links[0] = (struct link_status){ .state = LINK_RETRY, .retry_ms = 104000, .error = "cannot connect" };
    w.snapshots[3] = NULL;
    w.links[3] = (struct link_status){ .state = LINK_RESOLVING };
    look();
    assert_string_equal(w.view.letters, "?AB?");
    assert_int_equal(w.view.live, 2);
    draw(80, 24);
    assert_non_null(strstr(screen, "retry in 4 s"));
    assert_non_null(strstr(screen, "lisbon-1: cannot connect"));
    assert_non_null(strstr(screen, "resolving"));
}

static void
a_v303_node_agrees_by_its_flat_root(void **state)
{
    (void)state;
    for (int i = 0; i < WORLD_NODES; i++)
        lat_copy(w.made[i]->state.merkle_root, SNAPSHOT_HEX_LEN, i == 2 ? "bb22" : "aa11");
    w.made[3]->state.root[0] = 0;
    look();
    assert_string_equal(w.view.letters, "AABA");
    w.made[3]->state.merkle_root[0] = 0;
    look();
    assert_string_equal(w.view.letters, "AAB?");
}

static void
one_filter_chooses_by_name_tag_way_and_letter(void **state)
{
    (void)state;
    lat_copy(w.model.filter, sizeof(w.model.filter), "north");
    look();
    assert_int_equal(w.view.count, 1);
    assert_string_equal(w.view.rows[0].node->name, "porto-1");
    assert_int_equal(w.model.selected, 1);
    lat_copy(w.model.filter, sizeof(w.model.filter), "ops@rio");
    look();
    assert_int_equal(w.view.count, 1);
    lat_copy(w.model.filter, sizeof(w.model.filter), "nobody");
    look();
    assert_int_equal(w.view.count, 0);
    assert_non_null(strstr(draw(80, 24), "no node passes the filter"));
}

static void
the_keys_of_console_ini_count_here_too(void **state)
{
    const uint32_t down = 'e';

    (void)state;
    look();
    assert_int_equal(keymap_bind(&w.model.settings.keymap, ACTION_DOWN, &down, 1), LAT_OK);
    assert_int_equal(fleet_place(&w.view, &w.model), 1); /* the first node; rio-2 stands above it */
    world_key(&w, 'j');
    assert_int_equal(fleet_place(&w.view, &w.model), 1);
    world_key(&w, 'e');
    assert_int_equal(fleet_place(&w.view, &w.model), 2);
    assert_non_null(strstr(draw(80, 24), "k e g G move"));
    world_key(&w, '?');
    assert_non_null(strstr(draw(80, 24), "HELP"));
    assert_int_equal(world_key(&w, 'q').wish, FLEET_NOTHING); /* closes the help */
    assert_int_equal(world_key(&w, 'q').wish, FLEET_LEAVE);
}

static void
home_end_and_matches_go_round(void **state)
{
    (void)state;
    look();
    world_key(&w, 'G');
    assert_int_equal(fleet_place(&w.view, &w.model), 3);
    world_key(&w, KEYS_TO_HOME);
    assert_int_equal(fleet_place(&w.view, &w.model), 0);
    world_key(&w, 'n');
    assert_non_null(strstr(w.model.message, "no filter here"));
    lat_copy(w.model.filter, sizeof(w.model.filter), "ssh");
    world_key(&w, 'N');
    assert_int_equal(fleet_place(&w.view, &w.model), 3);
    world_key(&w, 'n');
    assert_int_equal(fleet_place(&w.view, &w.model), 0);
}

static void
a_seen_alert_stays_until_its_cause_ends(void **state)
{
    (void)state;
    look();
    assert_non_null(strstr(draw(80, 24), "[X] D1 rio-2: diverges: 3 keys"));
    world_key(&w, 'x');
    assert_non_null(strstr(draw(80, 24), "[-] D1 rio-2: diverges: 3 keys"));
    world_key(&w, 'x');
    assert_non_null(strstr(w.model.message, "nothing to acknowledge"));
    w.made[2]->alert_count = 0;
    look();
    w.made[2]->alert_count = 1;
    look();
    assert_non_null(strstr(draw(80, 24), "[X] D1 rio-2: diverges: 3 keys"));
    w.links[0] = (struct link_status){ .state = LINK_RETRY, .error = "cannot connect" };
    look();
    world_key(&w, 'Z');
    assert_non_null(strstr(draw(80, 24), "[-] lisbon-1: cannot connect (seen)"));
}

static void
nodes_come_and_go_by_question(void **state)
{
    (void)state;
    look();
    world_key(&w, '+');
    assert_non_null(strstr(w.model.message, "cannot be added"));
    w.model.can_change = true;
    world_key(&w, '+');
    world_key(&w, 'h');
    assert_int_equal(w.model.prompt.kind, PROMPT_ADD);
    assert_int_equal(world_key(&w, KEYS_ENTER).wish, FLEET_ADD);
    fleet_refuse(&w.model, "not a URL");
    assert_int_equal(w.model.prompt.kind, PROMPT_ADD);
    assert_string_equal(w.model.prompt.text, "h");
    assert_non_null(strstr(draw(80, 24), "not a URL"));
    world_key(&w, KEYS_ESC);
    w.model.selected = 3;
    world_key(&w, '-');
    assert_non_null(strstr(draw(80, 24), "Remove luanda-1"));
    assert_int_equal(world_key(&w, 'n').wish, FLEET_NOTHING);
    world_key(&w, '-');
    assert_int_equal(world_key(&w, 'y').node, 3);
    w.model.memory[3].differs_ms = 7;
    fleet_forget(&w.model, 1);
    assert_int_equal(w.model.memory[2].differs_ms, 7);
    assert_int_equal(w.model.selected, 2);
}

static void
the_node_of_the_console_stays_and_leads_back(void **state)
{
    (void)state;
    look();
    w.model.can_change = w.model.holds_node = true;
    w.model.home = w.model.selected = 0;
    world_key(&w, '-');
    assert_non_null(strstr(w.model.message, "this node stays"));
    assert_int_equal(world_key(&w, KEYS_ENTER).wish, FLEET_BACK);
    assert_int_equal(world_key(&w, 'o').wish, FLEET_BACK);
    assert_int_equal(world_key(&w, KEYS_ESC).wish, FLEET_BACK);
    w.model.selected = 1;
    assert_int_equal(world_key(&w, KEYS_ENTER).wish, FLEET_OPEN);
    world_key(&w, 'q');
    assert_int_equal(w.model.prompt.kind, PROMPT_QUIT);
    assert_int_equal(world_key(&w, 's').wish, FLEET_STOP);
    w.model.home = -1;
    assert_int_equal(world_key(&w, KEYS_ESC).wish, FLEET_NOTHING);
}

static void
forcing_a_mode_names_the_node_and_asks(void **state)
{
    struct fleet_effect effect;

    (void)state;
    look();
    w.model.selected = 1;
    world_key(&w, 'h');
    assert_non_null(strstr(w.model.message, "read-only"));
    w.nodes[1].source.control = true;
    world_key(&w, 'h');
    assert_non_null(strstr(draw(80, 24), "Force HTTP on porto-1?"));
    effect = world_key(&w, 't');
    assert_int_equal(effect.wish, FLEET_SWITCH);
    assert_int_equal(effect.node, 1);
    assert_int_equal(effect.policy, LUNG_POLICY_HTTP);
    assert_int_equal(effect.for_s, PROMPT_TIMED_S);
    w.nodes[1].confirm = true;
    world_key(&w, 'p');
    assert_int_equal(world_key(&w, 'y').wish, FLEET_NOTHING);
    assert_int_equal(w.model.prompt.kind, PROMPT_NAME);
    for (const char *at = "porto-1"; *at; at++)
        world_key(&w, (uint32_t)*at);
    assert_int_equal(world_key(&w, KEYS_ENTER).policy, LUNG_POLICY_P2P);
    assert_int_equal(world_key(&w, 'a').wish, FLEET_SWITCH);
}

static void
only_a_node_that_waits_is_tried_again(void **state)
{
    (void)state;
    look();
    assert_int_equal(world_key(&w, 'r').wish, FLEET_NOTHING);
    w.links[0] = (struct link_status){ .state = LINK_RETRY, .error = "cannot connect" };
    look();
    assert_int_equal(world_key(&w, 'r').wish, FLEET_RETRY);
}

static void
a_frozen_picture_does_not_age(void **state)
{
    (void)state;
    look();
    world_key(&w, ' ');
    w.model.now_ms += 60000;
    look();
    assert_non_null(strstr(draw(80, 24), "FROZEN 01:00"));
    assert_int_equal(w.view.rows[0].age_ms, 1000);
    world_key(&w, KEYS_ESC);
    assert_int_equal(w.view.rows[0].age_ms, 61000);
}

static void
a_question_of_a_way_is_answered_after_it_could_be_read(void **state)
{
    (void)state;
    w.links[0] = (struct link_status){ .state = LINK_HOST_KEY, .question = 5, .question_text = "Unknown host." };
    look();
    w.model.selected = 0;
    world_key(&w, KEYS_ENTER);
    assert_true(fleet_asks(&w.model));
    assert_int_equal(world_key(&w, 'y').wish, FLEET_NOTHING);
    w.model.now_ms += QUESTION_CALM_MS;
    assert_int_equal(world_key(&w, 'y').wish, FLEET_ANSWER);
    w.links[0].question = 6;
    w.links[0].secret = true;
    prompt_close(&w.model.prompt);
    look();
    world_key(&w, KEYS_ENTER);
    world_key(&w, 'a');
    assert_null(strstr(draw(80, 24), "Passphrase: a"));
    w.links[0] = (struct link_status){ .state = LINK_LIVE };
    look();
    assert_false(fleet_asks(&w.model)); /* the question has gone, and what was typed with it */
    assert_string_equal(w.model.prompt.text, "");
}

static void
any_size_is_drawn(void **state)
{
    (void)state;
    look();
    for (int cols = 1; cols < 130; cols += 7)
        for (int rows = 1; rows < 24; rows++)
            draw(cols, rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(letters_say_who_agrees_and_the_worst_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_node_counts_for_no_agreement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_v303_node_agrees_by_its_flat_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_filter_chooses_by_name_tag_way_and_letter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_keys_of_console_ini_count_here_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(home_end_and_matches_go_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_seen_alert_stays_until_its_cause_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nodes_come_and_go_by_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_node_of_the_console_stays_and_leads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forcing_a_mode_names_the_node_and_asks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_a_node_that_waits_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frozen_picture_does_not_age, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_of_a_way_is_answered_after_it_could_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_size_is_drawn, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
