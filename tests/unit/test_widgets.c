/* The small parts that panels are made of: figures, pictures, tables, filters, styles, layout. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "caps.h"
#include "filter.h"
#include "format.h"
#include "graph.h"
#include "layout.h"
#include "nodes.h"
#include "panel.h"
#include "repeat.h"
#include "support/snapshots.h"
#include "table.h"
#include "theme.h"

#define DAY (INT64_C(86400) * 1000)

static const char *
row_of(const struct canvas *canvas, int y)
{
    static char text[CANVAS_ROW_TEXT_MAX];

    canvas_row_text(canvas, y, text, sizeof(text));
    return text;
}

static void
durations_read_as_an_operator_says_them(void **state)
{
    char out[FORMAT_MAX];

    (void)state;
    assert_string_equal(format_span(-1, out), "-");
    assert_string_equal(format_span(42900, out), "00:42");
    assert_string_equal(format_span(3599999, out), "59:59");
    assert_string_equal(format_span(11220000, out), "3h07");
    assert_string_equal(format_span(3 * DAY + 4 * 3600000, out), "3d04h");
    assert_string_equal(format_span(INT64_MAX, out), "106751991167d");
    assert_string_equal(format_clock_span(112000, out), "00:01:52");
    assert_string_equal(format_uptime(59000, out), "<1m");
    assert_string_equal(format_uptime(720000, out), "12m");
}

static void
what_is_left_is_rounded_up(void **state)
{
    char out[FORMAT_MAX];

    (void)state;
    assert_string_equal(format_left(22001, out), "23 s");
    assert_string_equal(format_left(22000, out), "22 s");
    assert_string_equal(format_left(0, out), "0 s");
    assert_string_equal(format_left_clock(59001, out), "01:00");
}

static void
moments_are_times_of_day_or_ages(void **state)
{
    char out[FORMAT_MAX];

    (void)state;
    assert_string_equal(format_when(UINT64_C(1773497007000), 8000, out), "14:03:19");
    assert_string_equal(format_when(UINT64_C(1773497007000), 2 * DAY, out), "2d00h");
    assert_string_equal(format_when(UINT64_C(1773497007000), -1, out), "never");
    assert_string_equal(format_when(5, 1000, out), "00:01");
}

static void
counts_and_bytes_are_short(void **state)
{
    char out[FORMAT_MAX];

    (void)state;
    assert_string_equal(format_count(0, out), "0");
    assert_string_equal(format_count(999, out), "999");
    assert_string_equal(format_count(12804, out), "12,804");
    assert_string_equal(format_count(UINT64_MAX, out), "18,446,744,073,709,551,615");
    assert_string_equal(format_bytes(1023, out), "1023 B");
    assert_string_equal(format_bytes(1240, out), "1.2 KiB");
    assert_string_equal(format_bytes(1023 * 1024, out), "1.0 MiB");
    assert_string_equal(format_bytes(UINT64_MAX, out), "16.0 EiB");
    assert_string_equal(format_noun(1, "peer", out), "1 peer");
    assert_string_equal(format_noun(0, "peer", out), "0 peers");
}

static void
gauge(char *out, size_t size, int cols, uint64_t value, uint64_t max)
{
    struct canvas *canvas = canvas_new(cols, 1, false);
    struct area area = area_of(canvas);

    graph_gauge(&area, 0, 0, cols, STYLE_TEXT, charset_ascii(), value, max);
    canvas_row_text(canvas, 0, out, size);
    canvas_free(canvas);
}

static void
a_gauge_is_empty_only_at_nothing(void **state)
{
    char out[64];

    (void)state;
    gauge(out, sizeof(out), 12, 0, 60000);
    assert_string_equal(out, "[..........]");
    gauge(out, sizeof(out), 12, 1, 60000);
    assert_string_equal(out, "[#.........]");
    gauge(out, sizeof(out), 12, 30000, 60000);
    assert_string_equal(out, "[#####.....]");
    gauge(out, sizeof(out), 12, 70000, 60000);
    assert_string_equal(out, "[##########]");
    gauge(out, sizeof(out), 12, 5, 0);
    assert_string_equal(out, "[..........]");
    gauge(out, sizeof(out), 2, 5, 10);
    assert_string_equal(out, "");
}

static void
a_sparkline_moves_by_columns_not_by_seconds(void **state)
{
    uint16_t history[60] = { 0 };
    char first[64], second[64];

    (void)state;
    history[59] = 5;
    for (int shift = 0; shift < 2; shift++) {
        struct canvas *canvas = canvas_new(6, 1, false);
        struct area area = area_of(canvas);

        graph_spark(&area, 0, 0, 6, STYLE_TEXT, charset_ascii(), history, 60, 1000 + (uint64_t)shift);
        canvas_row_text(canvas, 0, shift == 0 ? first : second, 64);
        canvas_free(canvas);
        memmove(history, history + 1, sizeof(history) - sizeof(history[0]));
        history[59] = 0;
    }
    assert_int_equal(strlen(first), 6);
    assert_int_equal(strlen(second), 6);
}

static void
digits_take_the_room_they_get(void **state)
{
    static const struct {
        int cols, rows, used;
    } cases[] = { { 80, 20, 15 }, { 60, 10, 10 }, { 30, 6, 5 }, { 11, 5, 5 }, { 10, 5, 0 }, { 80, 4, 0 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct canvas *canvas = canvas_new(cases[i].cols, cases[i].rows, false);
        struct area area = area_of(canvas);

        assert_int_equal(graph_digits(&area, STYLE_TEXT, charset_ascii(), "23"), cases[i].used);
        canvas_free(canvas);
    }
}

static void
a_table_drops_what_matters_least(void **state)
{
    static const struct table_column columns[] = {
        { .title = "NAME", .width = 6, .rank = 0, .width_max = 10 },
        { .title = "RTT", .width = 5, .rank = 2, .right = true },
        { .title = "ROOT", .width = 4, .rank = 1 },
    };
    static const char *const wanted[] = { "NAME         RTT ROOT", "NAME     RTT ROOT", "NAME    ROOT",
                                          "NAME", "NA~" };
    static const int widths[] = { 21, 17, 12, 8, 3 };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct canvas *canvas = canvas_new(widths[i], 1, false);
        struct area area = area_of(canvas);
        struct table table;

        table_fit(&table, columns, 3, 0, widths[i]);
        table_draw_heads(&table, &area, 0);
        assert_string_equal(row_of(canvas, 0), wanted[i]);
        canvas_free(canvas);
    }
}

static void
runs_of_box_drawing_are_sent_as_a_count(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "", "" },
        { "\033[1m----", "\033[1m----" },
        { "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80", "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80" },
        { "a\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
          "b",
          "a\xe2\x94\x80\033[3b"
          "b" },
        { "\xe2\x94\x80\xe2\x94\x81\xe2\x94\x81\xe2\x94\x81\xe2\x94\x81\xe2\x94\x81",
          "\xe2\x94\x80\xe2\x94\x81\033[4b" },
        { "\xe2\x94", "\xe2\x94" },
        { "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[64];
        size_t len = strlen(cases[i].in);

        memcpy(bytes, cases[i].in, len);
        len = repeat_pack(bytes, len);
        assert_int_equal(len, strlen(cases[i].out));
        assert_memory_equal(bytes, cases[i].out, len);
    }
    assert_false(repeat_is_known(NULL));
    assert_true(repeat_is_known("%p1%c\033[%p2%{1}%-%db"));
}

static void
filters_take_levels_sources_and_words(void **state)
{
    struct lat_log_line line = { .level = LAT_WARNING,
                                 .source = "http_sync",
                                 .text = "[DIVERGENCE] Rio-2 differs" };
    static const struct {
        const char *text;
        bool passes;
    } cases[] = {
        { "", true },
        { "rio", true },
        { "rio porto", false },
        { "level>=warn", true },
        { "level=error", false },
        { "level>=notice rio", true },
        { "source:http", true },
        { "source:p2p", false },
        { "LEVEL>=WARNING DIFFERS", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct filter filter;

        assert_int_equal(filter_parse(cases[i].text, &filter, NULL), LAT_OK);
        assert_int_equal(filter_passes_event(&filter, &line), cases[i].passes);
    }
}

static void
unsound_filters_say_why(void **state)
{
    struct filter filter;
    struct lat_msg why;

    (void)state;
    assert_int_equal(filter_parse("level>=loud", &filter, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "loud"));
    assert_int_equal(filter_parse("a b c d e f g h i", &filter, &why), LAT_MALFORMED);
}

static void
meanings_differ_without_colour_and_never_use_blue_or_black_text(void **state)
{
    static const enum style alarming[] = { STYLE_ATTENTION, STYLE_ALARM, STYLE_UNKNOWN };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct theme_look look = theme_look(alarming[i], THEME_MONO, 0), good = theme_look(STYLE_GOOD, THEME_MONO, 0);

        assert_int_not_equal(look.attributes, good.attributes);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(look.attributes, theme_look(alarming[j], THEME_MONO, 0).attributes);
    }
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct theme_look mono = theme_look(style, THEME_MONO, 256);

        assert_int_equal(mono.foreground, -1);
        assert_int_equal(mono.background, -1);
        for (int theme = 0; theme < THEME_COUNT; theme++) {
            struct theme_look few = theme_look(style, (enum theme)theme, 8);

            assert_int_not_equal(few.foreground, 0);
            assert_int_not_equal(few.foreground, 4);
            assert_true(few.foreground < 8 && few.background < 8);
            assert_true(theme_look(style | STYLE_SELECTED, (enum theme)theme, 8).attributes & THEME_REVERSE);
        }
    }
    assert_int_equal(theme_look(STYLE_ATTENTION, THEME_CVD, 256).foreground, 208);
    assert_int_equal(theme_look(STYLE_GOOD, THEME_CVD, 256).foreground, 33);
}

static void
braille_takes_two_values_a_cell(void **state)
{
    struct caps caps = { .unicode = true, .colour = true, .charset = charset_unicode() };
    struct canvas *canvas = canvas_new(4, 1, true);
    struct area area = area_of(canvas);
    const uint16_t history[] = { 0, 0, 1, 4, 4, 4, 0, 0 };

    (void)state;
    caps_prefer(&caps, THEME_CVD, GRAPH_BRAILLE);
    assert_true(caps.charset->braille);
    assert_int_equal(caps.theme, THEME_CVD);
    graph_spark(&area, 0, 0, 4, STYLE_TEXT, caps.charset, history, 8, 15);
    assert_int_equal(canvas_cell(canvas, 0, 0)->ch, ' ');
    assert_int_equal(canvas_cell(canvas, 1, 0)->ch, 0x2800 | 0x40 | 0xb8);
    assert_int_equal(canvas_cell(canvas, 2, 0)->ch, 0x2800 | 0x47 | 0xb8);
    assert_int_equal(canvas_cell(canvas, 3, 0)->ch, ' ');
    caps.unicode = caps.colour = false;
    caps.charset = charset_ascii();
    caps_prefer(&caps, THEME_CVD, GRAPH_BRAILLE);
    assert_ptr_equal(caps.charset, charset_ascii());
    assert_int_equal(caps.theme, THEME_MONO);
    canvas_free(canvas);
}

/* What graph_slots draws of four slots, in the ASCII tier. */
static const char *
slots_text(const uint32_t slots[4], char out[64])
{
    struct canvas *canvas = canvas_new(6, 1, false);
    struct area area = area_of(canvas);

    graph_slots(&area, 0, 0, 6, STYLE_TEXT, charset_ascii(), slots, 4);
    area_text(&area, 5, 0, STYLE_TEXT, "|");
    canvas_row_text(canvas, 0, out, 64);
    canvas_free(canvas);
    return out;
}

static void
a_gap_is_blank_and_silence_is_a_mark(void **state)
{
    char out[64];

    (void)state;
    assert_string_equal(slots_text((uint32_t[]){ UINT32_MAX, 0, 1, 9000 }, out), " .:# |");
    assert_string_equal(slots_text((uint32_t[]){ 0, UINT32_MAX, 0, UINT32_MAX }, out), ". .  |");
    assert_string_equal(slots_text((uint32_t[]){ 10, 20, 999, 1000 }, out), "::*# |"); /* a quiet row stays low */
    assert_string_equal(slots_text((uint32_t[]){ UINT32_MAX - 1, 0, 0, UINT32_MAX - 1 }, out), "#..# |");
}

static void
slots_in_braille_tell_gaps_from_silence(void **state)
{
    struct caps caps = { .unicode = true, .colour = true, .charset = charset_unicode() };
    struct canvas *canvas = canvas_new(4, 1, true);
    struct area area = area_of(canvas);
    const uint32_t slots[] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, 0, 1, 5000 };

    (void)state;
    caps_prefer(&caps, THEME_DEFAULT, GRAPH_BRAILLE);
    graph_slots(&area, 0, 0, 4, STYLE_TEXT, caps.charset, slots, 6);
    assert_int_equal(canvas_cell(canvas, 0, 0)->ch, ' ');
    assert_int_equal(canvas_cell(canvas, 1, 0)->ch, 0x2800 | 0x80);
    assert_int_equal(canvas_cell(canvas, 2, 0)->ch, 0x2800 | 0x44 | 0xb8);
    assert_int_equal(canvas_cell(canvas, 3, 0)->ch, ' ');
    canvas_free(canvas);
}

static void
tiers_follow_terminal_locale_and_wish(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_true(caps_decide("xterm-256color", false, COLOR_AUTO, NULL, 256).unicode);
    assert_false(caps_decide("xterm-256color", true, COLOR_AUTO, NULL, 256).unicode);
    assert_false(caps_decide("linux", false, COLOR_AUTO, NULL, 8).unicode);
    assert_false(caps_decide("vt220", false, COLOR_AUTO, NULL, 0).unicode);
    assert_true(caps_decide("linux", false, COLOR_AUTO, NULL, 8).colour);
    assert_true(caps_decide("linux", false, COLOR_AUTO, "", 8).colour);
    assert_false(caps_decide("linux", false, COLOR_AUTO, "1", 8).colour);
    assert_true(caps_decide("linux", false, COLOR_ALWAYS, "1", 8).colour);
    assert_false(caps_decide("linux", false, COLOR_NEVER, NULL, 8).colour);
    assert_false(caps_decide("vt100", false, COLOR_ALWAYS, NULL, -1).colour);
    setlocale(LC_CTYPE, "C");
    assert_false(caps_decide("xterm-256color", false, COLOR_AUTO, NULL, 256).unicode);
    setlocale(LC_CTYPE, "C.UTF-8");
}

static void
assert_fits(const struct layout *layout, int cols, int rows)
{
    for (int i = 0; i < layout->count; i++) {
        const struct layout_slot *a = &layout->slots[i];

        assert_true(a->x >= 0 && a->y >= 2 && a->x + a->cols <= cols && a->y + a->rows <= rows - 1);
        assert_true(a->cols > 0 && a->rows > 0);
        for (int j = 0; j < i; j++) {
            const struct layout_slot *b = &layout->slots[j];

            assert_true(a->x + a->cols <= b->x || b->x + b->cols <= a->x || a->y + a->rows <= b->y ||
                        b->y + b->rows <= a->y);
        }
    }
}

static void
panels_never_overlap_and_the_gauge_is_always_there(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct model model;
    struct layout layout;

    (void)state;
    model_init(&model);
    for (model.cols = 1; model.cols <= 220; model.cols++)
        for (model.rows = 1; model.rows <= 80; model.rows++)
            for (int focus = 0; focus < PANEL_COUNT; focus++) {
                model.focus = (enum panel_id)focus;
                layout_compute(&layout, &model, s);
                assert_int_equal(layout.tiny, model.cols < 40 || model.rows < 10);
                if (layout.tiny)
                    continue;
                assert_fits(&layout, model.cols, model.rows);
                assert_non_null(layout_find(&layout, PANEL_LUNGS));
                assert_non_null(layout_find(&layout, PANEL_FALLBACK));
                assert_non_null(layout_find(&layout, model.focus)); /* what has the focus can be seen */
                assert_true(layout_page(&layout, model.focus) >= 1);
            }
    snapshot_unref(s);
}

static void
roots_get_letters_by_age(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_HTTP);
    struct node_row rows[NODES_MAX];

    (void)state;
    for (int i = 0; i < 3; i++) {
        s->sources[i].stand.agreement = AGREE_DIFFERS;
        s->sources[i].stand.differs_ms = 1000 * (i + 1);
        snprintf(s->sources[i].stand.root, sizeof(s->sources[i].stand.root), "%064d", i == 1 ? 1 : 2);
    }
    assert_int_equal(nodes_list(s, "", rows), 3);
    assert_int_equal(rows[2].letter, 'B'); /* differs longest */
    assert_int_equal(rows[0].letter, 'B'); /* the same root */
    assert_int_equal(rows[1].letter, 'C');
    s->sources[1].stand.agreement = AGREE_EQUAL;
    s->sources[2].stand.agreement = AGREE_UNKNOWN;
    nodes_list(s, "", rows);
    assert_int_equal(rows[1].letter, 'A');
    assert_int_equal(rows[2].letter, '?');
    assert_int_equal(nodes_list(s, "rio", rows), 1);
    assert_int_equal(nodes_list(s, "nobody", rows), 0);
    snapshot_unref(s);
}

static void
every_panel_explains_itself_in_eighty_columns(void **state)
{
    (void)state;
    for (int id = 0; id < PANEL_COUNT; id++) {
        const struct panel *panel = panel_of((enum panel_id)id);

        assert_non_null(panel->help[0]);
        for (int i = 0; panel->help[i]; i++)
            assert_true(strlen(panel->help[i]) <= 76);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_as_an_operator_says_them),
        cmocka_unit_test(what_is_left_is_rounded_up),
        cmocka_unit_test(moments_are_times_of_day_or_ages),
        cmocka_unit_test(counts_and_bytes_are_short),
        cmocka_unit_test(a_gauge_is_empty_only_at_nothing),
        cmocka_unit_test(a_sparkline_moves_by_columns_not_by_seconds),
        cmocka_unit_test(digits_take_the_room_they_get),
        cmocka_unit_test(a_table_drops_what_matters_least),
        cmocka_unit_test(runs_of_box_drawing_are_sent_as_a_count),
        cmocka_unit_test(filters_take_levels_sources_and_words),
        cmocka_unit_test(unsound_filters_say_why),
        cmocka_unit_test(braille_takes_two_values_a_cell),
        cmocka_unit_test(meanings_differ_without_colour_and_never_use_blue_or_black_text),
        cmocka_unit_test(a_gap_is_blank_and_silence_is_a_mark),
        cmocka_unit_test(slots_in_braille_tell_gaps_from_silence),
        cmocka_unit_test(tiers_follow_terminal_locale_and_wish),
        cmocka_unit_test(panels_never_overlap_and_the_gauge_is_always_there),
        cmocka_unit_test(roots_get_letters_by_age),
        cmocka_unit_test(every_panel_explains_itself_in_eighty_columns),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
