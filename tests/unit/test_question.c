/* test_question.c - what the SSH connection of an attached console asks: when it may be answered, by what, and what is left behind. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "support/picture.h"
#include "support/snapshots.h"

#define PRINT "SHA256:u/6+4TtzQ/O0WqV2rHb6iC5c3cZbZP5jB5p0cJ3GQ2w"

static const struct link_status host = { .state = LINK_HOST_KEY,
                                         .question = 1,
                                         .question_subject = "[127.0.0.1]:2222",
                                         .key = { .type = "ED25519", .fingerprint = PRINT,
                                                  .randomart = "+--[ED25519 256]--+\n|  picture of key |\n|2                |\n|3                |\n"
                                                               "|4                |\n|5                |\n|6                |\n|7                |\n"
                                                               "|8                |\n|9                |\n+----[SHA256]-----+\n" } };
static const struct link_status secret = { .state = LINK_AUTH, .question = 2, .secret = true, .question_subject = "/home/ops/.ssh/id" };
static const struct link_status nothing = { .state = LINK_LIVE };

static struct model model;
static struct snapshot *snapshot;

static int
begin(void **state)
{
    (void)state;
    snapshot = sample_snapshot(LUNG_P2P);
    model = model_for(snapshot, 80, 24);
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
press(uint32_t key, bool pasted)
{
    struct key_press p = { .key = key, .pasted = pasted };

    return model_key(&model, snapshot, &p);
}

/* It is asked, and has been on the screen long enough. */
static void
ask(const struct link_status *link)
{
    model_follow_question(&model, link);
    model.now_ms += QUESTION_CALM_MS;
}

static void
assert_no_trace_of(const char *word)
{
    const char *bytes = (const char *)&model;

    for (size_t i = 0; i + strlen(word) <= sizeof(model); i++)
        assert_memory_not_equal(bytes + i, word, strlen(word));
}

static void
y_lets_an_unknown_host_pass_and_n_does_not(void **state)
{
    struct effect effect;

    (void)state;
    ask(&host);
    effect = press('y', false);
    assert_int_equal(effect.kind, EFFECT_ANSWER);
    assert_true(effect.yes);
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    model_follow_question(&model, &host); /* the link has not taken it up yet: not asked twice */
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    model_follow_question(&model, &nothing);
    ask(&host);
    effect = press('n', false);
    assert_int_equal(effect.kind, EFFECT_ANSWER);
    assert_false(effect.yes);
}

static void
no_other_key_answers_for_a_host(void **state)
{
    static const uint32_t others[] = { 'Y', 'q', 'p', 'o', ' ', KEYS_ENTER, KEYS_ARROW_UP, KEYS_TAB };

    (void)state;
    ask(&host);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(press(others[i], false).kind, EFFECT_NONE);
    assert_int_equal(press('y', true).kind, EFFECT_NONE); /* pasted */
    assert_int_equal(model.prompt.kind, PROMPT_HOST_KEY);
    assert_int_equal(press(KEYS_CTRL_L, false).kind, EFFECT_REPAINT);
    assert_int_equal(press(KEYS_ESC, false).kind, EFFECT_ANSWER);
}

static void
a_y_that_was_meant_for_something_else_lets_nobody_pass(void **state)
{
    (void)state;
    press('h', false); /* Force HTTP? y */
    model_follow_question(&model, &host);
    assert_int_equal(model.prompt.kind, PROMPT_FORCE_HTTP);
    assert_int_equal(press('y', false).kind, EFFECT_SWITCH);
    model_follow_question(&model, &host);
    assert_int_equal(model.prompt.kind, PROMPT_HOST_KEY);
    assert_int_equal(press('y', false).kind, EFFECT_NONE);
    model.now_ms += QUESTION_CALM_MS;
    assert_int_equal(press('y', false).kind, EFFECT_ANSWER);
}

static void
a_secret_is_typed_or_pasted_never_shown_and_wiped(void **state)
{
    struct effect effect;
    char *text;

    (void)state;
    ask(&secret);
    for (const char *key = "open Q"; *key; key++)
        press((uint32_t)*key, false);
    press(KEYS_RUBOUT, false);
    for (const char *key = "sesame"; *key; key++)
        press((uint32_t)*key, true);
    press(KEYS_ENTER, true); /* the end of a pasted line is not the end of the answer */
    assert_int_equal(model.prompt.kind, PROMPT_SECRET);
    text = picture(&model, snapshot, false);
    assert_null(strstr(text, "sesame"));
    assert_non_null(strstr(text, "Passphrase: ***********"));
    free(text);
    effect = press(KEYS_ENTER, false);
    assert_int_equal(effect.kind, EFFECT_ANSWER);
    assert_true(effect.yes);
    assert_string_equal(model.prompt.text, "open sesame");
    prompt_close(&model.prompt);
    assert_no_trace_of("sesame");
}

static void
esc_or_nothing_typed_gives_none(void **state)
{
    struct effect effect;

    (void)state;
    ask(&secret);
    effect = press(KEYS_ENTER, false);
    assert_int_equal(effect.kind, EFFECT_ANSWER);
    assert_false(effect.yes);
    model_follow_question(&model, &nothing);
    ask(&secret);
    press('x', false);
    effect = press(KEYS_ESC, false);
    assert_int_equal(effect.kind, EFFECT_ANSWER);
    assert_false(effect.yes);
}

static void
a_question_that_goes_takes_what_was_typed_with_it(void **state)
{
    (void)state;
    ask(&secret);
    for (const char *key = "sesame"; *key; key++)
        press((uint32_t)*key, false);
    model_follow_question(&model, &nothing);
    assert_int_equal(model.prompt.kind, PROMPT_CLOSED);
    assert_no_trace_of("sesame");
    press('/', false); /* a prompt of another kind stays */
    ask(&host);
    model_follow_question(&model, &nothing);
    assert_int_equal(model.prompt.kind, PROMPT_FILTER);
}

/* Without blanks and line ends: what is broken over two rows is whole again. */
static void
squeeze(char *text)
{
    char *to = text;

    for (const char *at = text; *at; at++)
        if (*at != ' ' && *at != '\n')
            *to++ = *at;
    *to = 0;
}

static void
assert_shows(int cols, int rows, bool with_picture)
{
    char *text;

    model.cols = cols;
    model.rows = rows;
    text = picture(&model, snapshot, false);
    squeeze(text);
    if (strstr(text, "[127.0.0.1]:2222") == NULL || strstr(text, PRINT) == NULL || (strstr(text, "pictureofkey") != NULL) != with_picture)
        fail_msg("%dx%d:\n%s", cols, rows, text);
    free(text);
}

static void
the_fingerprint_is_shown_in_full_at_every_size(void **state)
{
    (void)state;
    ask(&host);
    assert_shows(80, 24, true);
    assert_shows(160, 48, true);
    assert_shows(80, 13, false);
    assert_shows(60, 24, false);
    assert_shows(40, 10, false);
}

static void
a_wrong_passphrase_is_told(void **state)
{
    struct link_status again = secret;
    char text[QUESTION_TEXT_MAX];

    (void)state;
    assert_null(strstr(question_text(&again, text), "That was not it."));
    again.again = true;
    assert_non_null(strstr(question_text(&again, text), "That was not it."));
    assert_non_null(strstr(text, "/home/ops/.ssh/id"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(y_lets_an_unknown_host_pass_and_n_does_not, begin, end),
        cmocka_unit_test_setup_teardown(no_other_key_answers_for_a_host, begin, end),
        cmocka_unit_test_setup_teardown(a_y_that_was_meant_for_something_else_lets_nobody_pass, begin, end),
        cmocka_unit_test_setup_teardown(a_secret_is_typed_or_pasted_never_shown_and_wiped, begin, end),
        cmocka_unit_test_setup_teardown(esc_or_nothing_typed_gives_none, begin, end),
        cmocka_unit_test_setup_teardown(a_question_that_goes_takes_what_was_typed_with_it, begin, end),
        cmocka_unit_test_setup_teardown(the_fingerprint_is_shown_in_full_at_every_size, begin, end),
        cmocka_unit_test(a_wrong_passphrase_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
