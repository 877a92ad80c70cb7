/* test_demo.c - what a demo says to its nodes, and how it reads the first one's picture. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/demo_child.h"
#include "cli/demo_story.h"

/* A line as it is written, read as a child does. */
static struct command *
command_of(const char *line)
{
    char copy[DEMO_LINE_MAX];

    snprintf(copy, sizeof(copy), "%s", line);
    copy[strcspn(copy, "\n")] = '\0';
    return demo_child_command(copy);
}

static void
lines_say_what_they_were_made_of(void **state)
{
    char line[DEMO_LINE_MAX];
    struct command *command;

    (void)state;
    assert_true(demo_child_gate_line(GATE_RESET, GATE_OPEN, line));
    command = command_of(line);
    assert_int_equal(command->kind, COMMAND_GATE);
    assert_int_equal(command->p2p_gate, GATE_RESET);
    assert_int_equal(command->http_gate, GATE_OPEN);
    command_free(command);
    assert_true(demo_child_put_line("acct/1", "{\"a b\": 1}", line));
    command = command_of(line);
    assert_int_equal(command->kind, COMMAND_PUT);
    assert_int_equal(command->key_len, 6);
    assert_memory_equal(command->key, "acct/1", 6);
    assert_int_equal(command->value_len, 10);
    assert_memory_equal(command->value, "{\"a b\": 1}", 10);
    command_free(command);
}

static void
lines_that_are_none_ask_for_nothing(void **state)
{
    static const char *const bad[] = { "", "gate", "gate open", "gate open shut", "gate  open open", "put", "put k", "stop" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(command_of(bad[i]));
}

static void
a_line_that_is_too_long_is_not_written(void **state)
{
    char line[DEMO_LINE_MAX], value[DEMO_LINE_MAX];

    (void)state;
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    assert_false(demo_child_put_line("k", value, line));
}

static void
agreement_is_what_the_way_in_use_shows(void **state)
{
    struct snapshot *s = snapshot_new();
    struct story_facts facts;

    (void)state;
    s->lung.state = LUNG_P2P;
    s->lung.fallback_after_ms = 60000;
    s->peer_count = s->source_count = 2;
    for (int i = 0; i < 2; i++) {
        s->peers[i].live = s->sources[i].usable = true;
        s->peers[i].stand.agreement = s->sources[i].stand.agreement = AGREE_EQUAL;
    }
    facts = demo_story_facts(s, 3);
    assert_true(facts.agree && !facts.differ);
    assert_int_equal(facts.wait_s, 60);
    s->sources[0].stand.agreement = AGREE_UNKNOWN; /* P2P carries: sources are asked seldom */
    assert_true(demo_story_facts(s, 3).agree);
    s->peers[1].live = false;
    s->peers[1].stand.agreement = AGREE_DIFFERS; /* what a peer that is gone had is no news */
    facts = demo_story_facts(s, 3);
    assert_false(facts.agree || facts.differ);
    s->sources[1].stand.agreement = AGREE_HEALING;
    facts = demo_story_facts(s, 3);
    assert_true(!facts.agree && facts.differ);
    snapshot_unref(s);
}

/* The story of two nodes: one exchange here, one pipe. */
static void
the_first_node_is_told_by_its_exchange_and_the_others_by_a_line(void **state)
{
    const struct story_options options = { .nodes = 2, .percent = 100 };
    struct exchange *x = exchange_new();
    struct snapshot *s = snapshot_new();
    struct source source = { .story = NULL };
    struct demo_story *story;
    struct story_face face;
    struct command *command;
    struct lat_msg why;
    char path[] = "/tmp/lattice-test-script.XXXXXX", said[1000] = "";
    const char script[] = "step a\nen One.\nhttp cut\nput 1 k 1\nput 2 k 2\n";
    int file = mkstemp(path), ends[2];

    (void)state;
    assert_int_equal(write(file, script, sizeof(script) - 1), sizeof(script) - 1);
    close(file);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(demo_story_new(path, &options, &ends[1], &story, &why), LAT_OK);
    unlink(path);
    demo_story_tell(story, x, &source);
    source.story->look(source.story_arg, NULL, "en", 1000, &face);
    assert_string_equal(face.caption, "");
    source.story->look(source.story_arg, s, "pt_BR.UTF-8", 1000, &face);
    assert_string_equal(face.caption, "One.");
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    assert_string_equal(said, "gate open open\ngate open reset\nput k 2\n");
    for (int i = 0; i < 2; i++) {
        command = exchange_take(x);
        assert_int_equal(command->kind, COMMAND_GATE);
        assert_int_equal(command->http_gate, i ? GATE_RESET : GATE_OPEN);
        command_free(command);
    }
    command = exchange_take(x);
    assert_int_equal(command->kind, COMMAND_PUT);
    command_free(command);
    demo_story_free(story);
    exchange_free(x);
    snapshot_unref(s);
    close(ends[0]);
    close(ends[1]);
}

static void
a_script_that_cannot_be_read_is_named(void **state)
{
    const struct story_options options = { .nodes = 2, .percent = 100 };
    const int nowhere = -1;
    struct demo_story *story;
    struct lat_msg why = { "" };

    (void)state;
    assert_int_not_equal(demo_story_new("/nowhere/story", &options, &nowhere, &story, &why), LAT_OK);
    assert_non_null(strstr(why.text, "'/nowhere/story'"));
    assert_int_not_equal(demo_story_new("/dev/zero", &options, &nowhere, &story, &why), LAT_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_say_what_they_were_made_of),
        cmocka_unit_test(lines_that_are_none_ask_for_nothing),
        cmocka_unit_test(a_line_that_is_too_long_is_not_written),
        cmocka_unit_test(agreement_is_what_the_way_in_use_shows),
        cmocka_unit_test(the_first_node_is_told_by_its_exchange_and_the_others_by_a_line),
        cmocka_unit_test(a_script_that_cannot_be_read_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
