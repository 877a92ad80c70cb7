/* test_fleet.c - many nodes on one screen: letters, order, filter, alerts; its file. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fleet.h"
#include "support/snapshots.h"

#define NODES 4

static const struct source_ops no_ops = { .latest = NULL };
static const char *const names[NODES] = { "lisbon-1", "porto-1", "rio-2", "luanda-1" };

/* A A B A, all live, the third one with an alarm. */
struct world {
    struct fleet_node nodes[NODES];
    struct fleet fleet;
    struct snapshot *made[NODES];
    const struct snapshot *snapshots[NODES];
    struct link_status links[NODES];
    struct fleet_model model;
    struct fleet_view view;
    char screen[24 * CANVAS_ROW_TEXT_MAX];
};

static struct world w;

static int
set_up(void **state)
{
    (void)state;
    w = (struct world){ .model = { .now_ms = 100000, .wall_ms = 1794000000000, .cols = 80, .rows = 24 } };
    w.fleet = (struct fleet){ .count = NODES, .nodes = w.nodes };
    for (int i = 0; i < NODES; i++) {
        w.made[i] = sample_snapshot(LUNG_P2P);
        w.made[i]->mono_ms = 99000;
        w.made[i]->alert_count = 0;
        w.snapshots[i] = w.made[i];
        w.links[i] = (struct link_status){ .state = LINK_LIVE };
        w.nodes[i] = (struct fleet_node){ .name = names[i], .tags = i == 1 ? "north" : "", .source = { .ops = &no_ops } };
        snprintf(w.nodes[i].source.via, sizeof(w.nodes[i].source.via), "ssh://ops@%s", names[i]);
    }
    lat_copy(w.made[2]->state.root, SNAPSHOT_HEX_LEN, "77be0d51c0ffee");
    w.made[2]->state.read_only = true;
    w.made[2]->alert_count = 1;
    w.made[2]->alerts[0] = (struct snapshot_alert){ .code = "D1", .severity = ALERT_ALARM, .text = "diverges: 3 keys" };
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++)
        snapshot_unref(w.made[i]);
    return 0;
}

static void
look(void)
{
    fleet_look(&w.fleet, w.snapshots, w.links, &w.model, &w.view);
}

static const char *
draw(int cols, int rows)
{
    struct caps caps = caps_decide("vt100", true, COLOR_NEVER, NULL, 0);
    struct canvas *canvas = canvas_new(cols, rows, false);

    fleet_draw(&w.view, &w.model, &caps, canvas);
    w.screen[0] = 0;
    for (int y = 0; y < canvas->rows; y++) {
        size_t len = strlen(w.screen);

        canvas_row_text(canvas, y, w.screen + len, sizeof(w.screen) - len);
        strcat(w.screen, "\n");
    }
    canvas_free(canvas);
    return w.screen;
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
    assert_non_null(strstr(w.screen, "4 nodes, 4 live  A A B A  3 of 4 on root A"));
    assert_non_null(strstr(w.screen, "D1 rio-2: diverges: 3 keys"));
    assert_non_null(strstr(w.screen, "77be0d51 !B"));
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
    assert_non_null(strstr(w.screen, "retry in 4 s"));
    assert_non_null(strstr(w.screen, "lisbon-1: cannot connect"));
    assert_non_null(strstr(w.screen, "resolving"));
}

static void
a_v303_node_agrees_by_its_flat_root(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++)
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
        cmocka_unit_test_setup_teardown(any_size_is_drawn, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
