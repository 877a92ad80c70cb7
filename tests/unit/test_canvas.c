#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"

static const char *
row_of(const struct canvas *canvas, int y)
{
    static char text[CANVAS_ROW_TEXT_MAX];

    canvas_row_text(canvas, y, text, sizeof(text));
    return text;
}

static void
text_outside_an_area_is_dropped(void **state)
{
    struct canvas *canvas = canvas_new(10, 3, true);
    struct area all = area_of(canvas), inner = area_sub(&all, 2, 1, 4, 1);

    (void)state;
    assert_int_equal(area_text(&inner, 1, 0, STYLE_TEXT, "abcdef"), 7);
    area_text(&inner, -2, 0, STYLE_TEXT, "xyz");
    area_text(&inner, 0, 1, STYLE_TEXT, "below");
    area_text(&inner, 0, -1, STYLE_TEXT, "above");
    assert_string_equal(row_of(canvas, 0), "");
    assert_string_equal(row_of(canvas, 1), "  zabc");
    assert_string_equal(row_of(canvas, 2), "");
    canvas_free(canvas);
}

static void
an_area_is_cut_to_the_one_around_it(void **state)
{
    struct canvas *canvas = canvas_new(10, 3, true);
    struct area all = area_of(canvas), inner = area_sub(&all, -2, -1, 40, 40),
                none = area_sub(&all, 20, 1, 4, 1);

    (void)state;
    assert_int_equal(inner.cols, 10);
    assert_int_equal(inner.rows, 3);
    assert_int_equal(none.cols, 0);
    area_text(&none, 0, 0, STYLE_TEXT, "x");
    canvas_free(canvas);
}

static void
wide_characters_take_two_cells_and_are_never_halved(void **state)
{
    struct canvas *canvas = canvas_new(6, 1, true);
    struct area all = area_of(canvas);

    (void)state;
    area_text(&all, 0, 0, STYLE_TEXT, "\xe6\xbc\xa2\xe5\xad\x97"); /* two CJK characters */
    assert_int_equal(canvas_cell(canvas, 0, 0)->width, 2);
    assert_int_equal(canvas_cell(canvas, 1, 0)->width, 0);
    area_text(&all, 1, 0, STYLE_TEXT, "x"); /* onto the right half of the first */
    assert_string_equal(row_of(canvas, 0), " x\xe5\xad\x97");
    area_text(&all, 2, 0, STYLE_TEXT, "y"); /* onto the left half of the second */
    assert_string_equal(row_of(canvas, 0), " xy");
    assert_int_equal(canvas_cell(canvas, 3, 0)->width, 1);
    area_text(&all, 5, 0, STYLE_TEXT, "\xe6\xbc\xa2"); /* no room for both halves */
    assert_string_equal(row_of(canvas, 0), " xy");
    canvas_free(canvas);
}

static void
cutting_marks_what_is_missing(void **state)
{
    struct canvas *canvas = canvas_new(12, 1, true);
    struct area all = area_of(canvas);

    (void)state;
    assert_int_equal(area_text_cut(&all, 0, 0, 5, STYLE_TEXT, "abcde"), 5);
    assert_int_equal(area_text_cut(&all, 6, 0, 5, STYLE_TEXT, "abcdef"), 11);
    assert_string_equal(row_of(canvas, 0), "abcde abcd~");
    assert_int_equal(area_text_cut(&all, 0, 0, 4, STYLE_TEXT, "a\xe6\xbc\xa2\xe5\xad\x97"), 4);
    assert_string_equal(row_of(canvas, 0), "a\xe6\xbc\xa2~e abcd~");
    assert_int_equal(area_text_cut(&all, 11, 0, 9, STYLE_TEXT, "abc"), 12);
    assert_int_equal(area_text_cut(&all, 3, 0, 0, STYLE_TEXT, "abc"), 3);
    canvas_free(canvas);
}

static void
what_would_disturb_a_terminal_is_replaced(void **state)
{
    static const char *const hostile[] = {
        "\033]0;evil\a", "a\x9b[31m",        "\xc2\x9b",     "\xe2\x80\xae", "\xc2\xad",
        "\xe3\x85\xa4",  "\xe2\x80\x8b",     "\xef\xbb\xbf", "\xff\xfe",     "\xed\xa0\x80",
        "e\xcc\x81",     "\xf4\x8f\xbf\xbf", "\n\r\t",       "\xef\xb8\x8f",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        for (int unicode = 0; unicode <= 1; unicode++) {
            struct canvas *canvas = canvas_new(40, 1, unicode);
            struct area all = area_of(canvas);

            area_text(&all, 0, 0, STYLE_TEXT, hostile[i]);
            for (int x = 0; x < 40; x++) {
                uint32_t ch = canvas_cell(canvas, x, 0)->ch;

                assert_true(ch >= 0x20 && ch != 0x7f && !(ch >= 0x80 && ch < 0xa0));
                assert_true(ch < 0x80 || (unicode && ch == 0xfffd));
            }
            assert_true(strchr(row_of(canvas, 0), '?') || strstr(row_of(canvas, 0), "\xef\xbf\xbd"));
            canvas_free(canvas);
        }
}

static void
the_ascii_tier_holds_nothing_but_ascii(void **state)
{
    struct canvas *canvas = canvas_new(20, 1, false);
    struct area all = area_of(canvas);

    (void)state;
    area_text(&all, 0, 0, STYLE_TEXT, "caf\xc3\xa9 \xe6\xbc\xa2!");
    assert_string_equal(row_of(canvas, 0), "cafe ?!");
    canvas_free(canvas);
}

static void
highlighting_ignores_case_and_keeps_the_selection(void **state)
{
    struct canvas *canvas = canvas_new(20, 1, true);
    struct area all = area_of(canvas);

    (void)state;
    area_text(&all, 0, 0, STYLE_TEXT, "a Merkle merkle");
    area_restyle_row(&all, 0, STYLE_SELECTED);
    area_highlight(&all, "merkle");
    assert_int_equal(canvas_cell(canvas, 0, 0)->style, STYLE_TEXT | STYLE_SELECTED);
    assert_int_equal(canvas_cell(canvas, 2, 0)->style, STYLE_MATCH | STYLE_SELECTED);
    assert_int_equal(canvas_cell(canvas, 14, 0)->style, STYLE_MATCH | STYLE_SELECTED);
    canvas_free(canvas);
}

static void
sizes_are_brought_into_range(void **state)
{
    struct canvas *canvas = canvas_new(-5, 100000, true);

    (void)state;
    assert_int_equal(canvas->cols, 1);
    assert_int_equal(canvas->rows, CANVAS_SIDE_MAX);
    canvas_free(canvas);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_outside_an_area_is_dropped),
        cmocka_unit_test(an_area_is_cut_to_the_one_around_it),
        cmocka_unit_test(wide_characters_take_two_cells_and_are_never_halved),
        cmocka_unit_test(cutting_marks_what_is_missing),
        cmocka_unit_test(what_would_disturb_a_terminal_is_replaced),
        cmocka_unit_test(the_ascii_tier_holds_nothing_but_ascii),
        cmocka_unit_test(highlighting_ignores_case_and_keeps_the_selection),
        cmocka_unit_test(sizes_are_brought_into_range),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
