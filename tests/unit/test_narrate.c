/* test_narrate.c - the story of a demo on the screen: its sentence, its keys, and what it points at. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"
#include "caps.h"
#include "layout.h"
#include "narrate.h"
#include "render.h"
#include "support/snapshots.h"

static struct story_face told; /* what the story says at the next look */
static char lang[32];
static int wished; /* 1 + enum story_wish; 0: nothing */

static void
on_look(void *arg, const struct snapshot *snapshot, const char *language, uint64_t now_ms, struct story_face *out)
{
    (void)arg;
    (void)snapshot;
    (void)now_ms;
    strncpy(lang, language, sizeof(lang) - 1);
    *out = told;
}

static void
on_wish(void *arg, enum story_wish wish, uint64_t now_ms)
{
    (void)arg;
    (void)now_ms;
    wished = 1 + (int)wish;
}

static const struct story_source ops = { on_look, on_wish };
static const struct source demo = { .story = &ops }, plain = { .story = NULL };

static struct narrator narrator;
static struct model model;

static int
setup(void **state)
{
    (void)state;
    model_init(&model);
    narrator_init(&narrator, &demo, &model);
    told = (struct story_face){ .caption = "A short one.", .step = 2, .steps = 9, .turn = 1 };
    wished = 0;
    return 0;
}

static bool
press(uint32_t key)
{
    const struct key_press p = { .key = key };

    return narrator_key(&narrator, &model, &p);
}

static const char *
row_of(const struct canvas *canvas, int y)
{
    static char text[CANVAS_ROW_TEXT_MAX];

    canvas_row_text(canvas, y, text, sizeof(text));
    return text;
}

static struct canvas *
drawn(int cols, int rows)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct canvas *canvas = canvas_new(cols, rows, true);
    struct caps caps = { .unicode = true, .charset = charset_unicode() };

    model.cols = cols;
    model.rows = rows;
    (void)narrator_look(&narrator, s, &model);
    render(&model, s, &caps, canvas);
    snapshot_unref(s);
    return canvas;
}

static void
the_sentence_stands_over_two_rows_above_the_key_bar(void **state)
{
    struct canvas *canvas;
    int y;

    (void)state;
    told.caption = "This sentence is rather longer than the eighty columns that most terminals have, so it goes on.";
    canvas = drawn(80, 24);
    y = 24 - layout_key_rows(&model) - 2;
    assert_memory_equal(row_of(canvas, y), " 2/9 This sentence is rather longer than the eighty columns that most terminals", 79);
    assert_memory_equal(row_of(canvas, y + 1), "     have, so it goes on.", 25);
    assert_non_null(strstr(row_of(canvas, y + 1), "Space pause  . step  r restart"));
    canvas_free(canvas);
    told.paused = true;
    canvas = drawn(80, 24);
    assert_memory_equal(row_of(canvas, y), " PAUSED 2/9 ", 12);
    canvas_free(canvas);
}

static void
it_fits_into_every_size(void **state)
{
    (void)state;
    told.caption = "Umafrasesemespaçosquenãocabeemlinhanenhumaequeporissotemdesercortadaondecalhar e mais.";
    for (int cols = 1; cols < 100; cols += 3)
        for (int rows = 1; rows < 40; rows += 5)
            canvas_free(drawn(cols, rows));
}

static void
a_step_points_at_a_panel_once_and_leaves_it_to_the_operator_then(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);

    (void)state;
    told.show = STORY_SHOW_COUNTDOWN;
    assert_true(narrator_look(&narrator, s, &model));
    assert_true(model.zoomed && model.focus == PANEL_FALLBACK);
    model.zoomed = false; /* the operator looks around */
    model.focus = PANEL_EVENTS;
    assert_false(narrator_look(&narrator, s, &model));
    assert_true(!model.zoomed && model.focus == PANEL_EVENTS);
    told.turn = 2;
    told.show = STORY_SHOW_DIVERGENCE;
    assert_true(narrator_look(&narrator, s, &model));
    assert_true(model.zoomed && model.focus == PANEL_DIVERGENCE);
    told.turn = 3;
    told.show = STORY_SHOW_NOTHING;
    assert_true(narrator_look(&narrator, s, &model));
    assert_true(model.zoomed);
    told.turn = 4;
    told.show = STORY_SHOW_ALL;
    assert_true(narrator_look(&narrator, s, &model));
    assert_false(model.zoomed);
    snapshot_unref(s);
}

static void
its_keys_are_the_storys_unless_a_question_is_open_or_there_is_none(void **state)
{
    const struct key_press pasted = { .key = ' ', .pasted = true };

    (void)state;
    assert_true(press(' '));
    assert_int_equal(wished, 1 + STORY_PAUSE);
    assert_true(press('.'));
    assert_int_equal(wished, 1 + STORY_STEP);
    assert_true(press('r'));
    assert_int_equal(wished, 1 + STORY_RESTART);
    wished = 0;
    assert_false(press('h'));
    assert_false(narrator_key(&narrator, &model, &pasted));
    model.prompt.kind = PROMPT_FILTER;
    assert_false(press('r'));
    model_init(&model);
    narrator_init(&narrator, &plain, &model);
    assert_false(press(' '));
    assert_false(narrator_look(&narrator, NULL, &model));
    assert_int_equal(wished, 0);
    assert_null(model.story);
    assert_false(model.captions);
}

static void
the_language_is_the_operators_then_the_locales(void **state)
{
    (void)state;
    setenv("LC_ALL", "pt_PT.UTF-8", 1);
    (void)narrator_look(&narrator, NULL, &model);
    assert_string_equal(lang, "pt_PT.UTF-8");
    strcpy(model.settings.lang, "en");
    (void)narrator_look(&narrator, NULL, &model);
    assert_string_equal(lang, "en");
    unsetenv("LC_ALL");
}

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_sentence_stands_over_two_rows_above_the_key_bar),
        T(it_fits_into_every_size),
        T(a_step_points_at_a_panel_once_and_leaves_it_to_the_operator_then),
        T(its_keys_are_the_storys_unless_a_question_is_open_or_there_is_none),
        T(the_language_is_the_operators_then_the_locales),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
