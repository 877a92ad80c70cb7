/* test_story.c - the story of a demo: scripts, what it wants done when, and the operator's wishes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/story.h"

/* What the story wanted, in words, oldest first. */
static char wanted[8192];

static void
on_gate(void *arg, enum command_gate p2p, enum command_gate http)
{
    size_t used = strlen(wanted);

    (void)arg;
    snprintf(wanted + used, sizeof(wanted) - used, "gate %d %d\n", (int)p2p, (int)http);
}

static void
on_put(void *arg, unsigned node, const char *key, const char *value)
{
    size_t used = strlen(wanted);

    (void)arg;
    snprintf(wanted + used, sizeof(wanted) - used, "put %u %s %s\n", node, key, value);
}

static const struct story_ops ops = { on_gate, on_put };
static struct story_options three = { .nodes = 3, .percent = 100 };

static struct story *
story_of(const char *text, const struct story_options *options)
{
    struct story *story = NULL;
    struct lat_msg why = { "" };

    wanted[0] = '\0';
    if (story_new(text, options, &ops, NULL, &story, &why))
        fail_msg("%s", why.text);
    return story;
}

static void
tick(struct story *story, enum lung_state state, bool agree, bool differ, uint64_t now_ms)
{
    const struct story_facts facts = { .state = state, .agree = agree, .differ = differ, .wait_s = 60 };

    story_tick(story, &facts, now_ms);
}

static struct story_face
face_of(struct story *story)
{
    struct story_face face;

    story_look(story, false, &face);
    return face;
}

static const char two_steps[] = "step one\nen First of {nodes}, {wait} s.\npt Primeiro.\nshow countdown\np2p drop\nuntil http 20\nfor 5\n"
                                "step two\nen Second.\nhttp cut\nput 2 a/b {\"x\": 1}\n";

/* --- scripts --------------------------------------------------------------------------------------- */

static void
the_story_that_comes_along_is_sound_in_both_languages(void **state)
{
    struct story *story = story_of(story_default, &three);
    struct story_face face, pt;
    unsigned before = 0;

    (void)state;
    for (uint64_t now = 1000; !face_of(story).over; now += 1000) {
        assert_true(now < 1000000);
        tick(story, LUNG_P2P, true, false, now); /* conditions that never hold run out */
        story_look(story, false, &face);
        story_look(story, true, &pt);
        face.caption = face_of(story).caption;
        assert_true(strlen(face.caption) > 20 && strchr(face.caption, '{') == NULL);
        if (face.turn != before)
            before = face.turn;
        assert_true(strlen(pt.caption) > 20);
    }
    assert_non_null(strstr(wanted, "gate 0 0\nput 2 acct/settle/0003 "));
    assert_non_null(strstr(wanted, "\ngate 1 0\nput 1 "));
    assert_non_null(strstr(wanted, "gate 1 1\ngate 0 0\n")); /* at the end both lungs are open */
    assert_int_equal(face_of(story).step, face_of(story).steps);
    story_free(story);
}

static void
a_script_that_is_not_understood_is_refused_by_line(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        { "", "no step" },
        { "# nothing\n\n", "no step" },
        { "en Before a step.\n", "line 1" },
        { "step\n", "line 1" },
        { "step a\nsing la\n", "line 2 of the script, 'sing la'" },
        { "step a\np2p shut\n", "line 2" },
        { "step a\nhttp drop\n", "line 2" },
        { "step a\nhttp\n", "line 2" },
        { "step a\nuntil sunset 3\n", "line 2" },
        { "step a\nuntil p2p 3601\n", "line 2" },
        { "step a\nuntil p2p\n", "line 2" },
        { "step a\nfor -1\n", "line 2" },
        { "step a\nshow everything\n", "line 2" },
        { "step a\nput 4 k 1\n", "line 2" },
        { "step a\nput 0 k 1\n", "line 2" },
        { "step a\nput 1 k\n", "line 2" },
        { "step a\nput 1 k 1\nput 1 k 1\nput 1 k 1\nput 1 k 1\nput 1 k 1\n", "line 6" },
        { "step a\nen \xff\n", "line 2" },
        { "step a\nen\n", "line 2" },
    };
    struct lat_msg why;
    struct story *story;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        why.text[0] = '\0';
        if (story_new(bad[i].text, &three, &ops, NULL, &story, &why) == LAT_OK)
            fail_msg("taken: %s", bad[i].text);
        if (strstr(why.text, bad[i].words) == NULL)
            fail_msg("'%s' does not say '%s'", why.text, bad[i].words);
    }
}

static void
too_many_steps_are_refused(void **state)
{
    char text[STORY_STEPS_MAX * 8 + 32] = "";
    struct lat_msg why;
    struct story *story;

    (void)state;
    for (int i = 0; i < STORY_STEPS_MAX; i++)
        strcat(text, "step x\n");
    story = story_of(text, &three);
    assert_int_equal(face_of(story).steps, STORY_STEPS_MAX);
    story_free(story);
    strcat(text, "  step y\r\n");
    assert_int_equal(story_new(text, &three, &ops, NULL, &story, &why), LAT_LIMIT);
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
a_step_waits_for_its_condition_then_stays(void **state)
{
    struct story *story = story_of(two_steps, &three);

    (void)state;
    assert_string_equal(face_of(story).caption, "");
    tick(story, LUNG_P2P, true, false, 5000000);
    assert_string_equal(wanted, "gate 0 0\ngate 2 0\n");
    assert_string_equal(face_of(story).caption, "First of 3, 60 s.");
    assert_int_equal(face_of(story).show, STORY_SHOW_COUNTDOWN);
    tick(story, LUNG_COUNTDOWN, true, false, 5010000);
    tick(story, LUNG_HTTP, true, false, 5011000);
    tick(story, LUNG_COUNTDOWN, true, false, 5015000); /* once is enough */
    assert_int_equal(face_of(story).step, 1);
    tick(story, LUNG_HTTP, true, false, 5016000);
    assert_int_equal(face_of(story).step, 2);
    assert_string_equal(wanted, "gate 0 0\ngate 2 0\ngate 2 1\nput 2 a/b {\"x\": 1}\n");
    story_free(story);
}

static void
a_condition_that_does_not_come_is_not_waited_for_for_ever(void **state)
{
    struct story_options hurried = { .nodes = 3, .percent = 50 };
    struct story *story = story_of(two_steps, &hurried);

    (void)state;
    tick(story, LUNG_P2P, true, false, 1000);
    tick(story, LUNG_P2P, true, false, 20900);
    assert_int_equal(face_of(story).step, 1);
    tick(story, LUNG_P2P, true, false, 21000);
    tick(story, LUNG_P2P, true, false, 23400);
    assert_int_equal(face_of(story).step, 1);
    tick(story, LUNG_P2P, true, false, 23500); /* half of five seconds */
    assert_int_equal(face_of(story).step, 2);
    story_free(story);
}

static void
paused_it_stands_still_whatever_happens(void **state)
{
    struct story *story = story_of(two_steps, &three);

    (void)state;
    story_wish(story, STORY_PAUSE, 900); /* before it has begun: nothing to hold */
    tick(story, LUNG_P2P, true, false, 1000);
    story_wish(story, STORY_PAUSE, 2000);
    tick(story, LUNG_HTTP, true, false, 900000);
    assert_true(face_of(story).paused);
    assert_int_equal(face_of(story).step, 1);
    story_wish(story, STORY_PAUSE, 900000);
    tick(story, LUNG_HTTP, true, false, 901000);
    tick(story, LUNG_HTTP, true, false, 905900);
    assert_int_equal(face_of(story).step, 1);
    tick(story, LUNG_HTTP, true, false, 906000);
    assert_int_equal(face_of(story).step, 2);
    story_free(story);
}

static void
a_step_can_be_skipped_and_the_story_begun_anew_with_open_lungs(void **state)
{
    struct story *story = story_of(two_steps, &three);
    unsigned turn;

    (void)state;
    tick(story, LUNG_P2P, true, false, 1000);
    story_wish(story, STORY_PAUSE, 1000);
    story_wish(story, STORY_STEP, 1000); /* also while it is paused */
    assert_int_equal(face_of(story).step, 2);
    turn = face_of(story).turn;
    story_wish(story, STORY_RESTART, 1000);
    assert_false(face_of(story).paused);
    assert_int_equal(face_of(story).step, 1);
    assert_true(face_of(story).turn > turn);
    assert_string_equal(wanted, "gate 0 0\ngate 2 0\ngate 2 1\nput 2 a/b {\"x\": 1}\ngate 0 0\ngate 2 0\n");
    story_wish(story, STORY_STEP, 1000);
    story_wish(story, STORY_STEP, 1000);
    assert_true(face_of(story).over);
    story_wish(story, STORY_STEP, 1000); /* behind the end there is nothing */
    assert_string_equal(face_of(story).caption, "Second.");
    story_wish(story, STORY_RESTART, 1000);
    assert_false(face_of(story).over);
    story_free(story);
}

static void
a_loop_begins_again(void **state)
{
    struct story_options loop = { .nodes = 2, .percent = 100, .loop = true };
    struct story *story = story_of(two_steps, &loop);

    (void)state;
    tick(story, LUNG_HTTP, true, false, 1000);
    story_wish(story, STORY_STEP, 1000);
    tick(story, LUNG_HTTP, true, false, 2000);
    assert_int_equal(face_of(story).step, 1);
    assert_false(face_of(story).over);
    story_free(story);
}

static void
a_sentence_that_is_missing_in_portuguese_is_told_in_english(void **state)
{
    struct story *story = story_of(two_steps, &three);
    struct story_face face;

    (void)state;
    tick(story, LUNG_P2P, true, false, 1000);
    story_look(story, true, &face);
    assert_string_equal(face.caption, "Primeiro.");
    story_wish(story, STORY_STEP, 1000);
    story_look(story, true, &face);
    assert_string_equal(face.caption, "Second.");
    story_free(story);
}

static void
a_long_sentence_is_cut_within_its_room(void **state)
{
    char text[4000] = "step a\nen ";
    struct story *story;

    (void)state;
    for (int i = 0; i < 150; i++)
        strcat(text, "{nodes}{wait} ");
    story = story_of(text, &three);
    tick(story, LUNG_P2P, true, false, 1000);
    assert_in_range(strlen(face_of(story).caption), STORY_CAPTION_MAX - 10, STORY_CAPTION_MAX - 1);
    story_free(story);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_that_comes_along_is_sound_in_both_languages),
        cmocka_unit_test(a_script_that_is_not_understood_is_refused_by_line),
        cmocka_unit_test(too_many_steps_are_refused),
        cmocka_unit_test(a_step_waits_for_its_condition_then_stays),
        cmocka_unit_test(a_condition_that_does_not_come_is_not_waited_for_for_ever),
        cmocka_unit_test(paused_it_stands_still_whatever_happens),
        cmocka_unit_test(a_step_can_be_skipped_and_the_story_begun_anew_with_open_lungs),
        cmocka_unit_test(a_loop_begins_again),
        cmocka_unit_test(a_sentence_that_is_missing_in_portuguese_is_told_in_english),
        cmocka_unit_test(a_long_sentence_is_cut_within_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
