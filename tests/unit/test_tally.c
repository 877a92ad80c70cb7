/* How many nodes agree: each once, by whatever ways it is seen. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "view/tally.h"

static void
add_peer(struct snapshot *s, const char *key, enum agreement agreement)
{
    struct snapshot_peer *peer = &s->peers[s->peer_count++];

    snprintf(peer->public_key, sizeof(peer->public_key), "%s", key);
    peer->stand.agreement = agreement;
    peer->stand.differs_ms = agreement == AGREE_DIFFERS ? 0 : -1;
}

static void
add_source(struct snapshot *s, const char *key, enum agreement agreement)
{
    struct snapshot_source *source = &s->sources[s->source_count++];

    snprintf(source->public_key, sizeof(source->public_key), "%s", key);
    source->stand.agreement = agreement;
    source->stand.differs_ms = agreement == AGREE_DIFFERS ? 0 : -1;
}

static void
assert_tally(struct snapshot *s, int total, int same, int differ, int unknown)
{
    struct snapshot_tally tally = snapshot_tally(s);

    assert_int_equal(tally.total, total);
    assert_int_equal(tally.same, same);
    assert_int_equal(tally.differ, differ);
    assert_int_equal(tally.unknown, unknown);
    snapshot_unref(s);
}

static void
a_node_seen_over_both_lungs_counts_once(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_peer(s, "aa", AGREE_EQUAL);
    add_peer(s, "bb", AGREE_EQUAL);
    add_source(s, "bb", AGREE_EQUAL);
    add_source(s, "aa", AGREE_EQUAL);
    add_source(s, "aa", AGREE_EQUAL); /* by a second URL */
    assert_tally(s, 2, 2, 0, 0);
}

static void
a_node_differs_when_one_of_its_ways_does(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_peer(s, "aa", AGREE_EQUAL);
    add_source(s, "aa", AGREE_HELD);
    add_peer(s, "bb", AGREE_HEALING);
    add_source(s, "bb", AGREE_EQUAL);
    add_source(s, "cc", AGREE_EQUAL);
    assert_tally(s, 3, 1, 2, 0);
}

static void
one_known_way_to_a_node_is_enough(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_peer(s, "aa", AGREE_UNKNOWN);
    add_source(s, "aa", AGREE_EQUAL);
    add_peer(s, "bb", AGREE_BUT);
    add_source(s, "bb", AGREE_EQUAL);
    add_peer(s, "cc", AGREE_UNKNOWN);
    add_source(s, "cc", AGREE_BUT);
    assert_int_equal(snapshot_tally(s).but, 1);
    assert_tally(s, 3, 2, 0, 0);
}

/* Asked on standby minutes ago: gossip has told since that all is well, or that it is not. */
static void
the_later_word_of_two_counts(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_peer(s, "aa", AGREE_EQUAL);
    add_source(s, "aa", AGREE_DIFFERS);
    s->peers[0].heard_ms = 1000;
    s->sources[0].ok_age_ms = 200000;
    s->sources[0].stand.differs_ms = 200000;
    add_peer(s, "bb", AGREE_DIFFERS);
    add_source(s, "bb", AGREE_EQUAL);
    s->peers[1].heard_ms = s->peers[1].stand.differs_ms = 1000;
    s->sources[1].ok_age_ms = 200000;
    add_peer(s, "cc", AGREE_EQUAL);
    add_source(s, "cc", AGREE_DIFFERS); /* at about the same time: the graver one */
    s->peers[2].heard_ms = 1000;
    s->sources[2].ok_age_ms = s->sources[2].stand.differs_ms = 2000;
    assert_tally(s, 3, 1, 2, 0);
}

static void
an_answer_that_our_own_change_overtook_says_nothing(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_source(s, "aa", AGREE_DIFFERS);
    s->sources[0].stand.differs_ms = -1;
    add_source(s, "bb", AGREE_DIFFERS);
    s->sources[1].stand.differs_ms = -1;
    add_peer(s, "bb", AGREE_EQUAL);
    assert_tally(s, 2, 1, 0, 1);
}

static void
what_has_shown_no_key_is_a_node_of_its_own(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    add_peer(s, "", AGREE_EQUAL);
    add_source(s, "", AGREE_UNKNOWN);
    add_source(s, "", AGREE_DIFFERS);
    assert_tally(s, 3, 1, 1, 1);
}

static void
full_lists_and_none_are_counted(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    for (int i = 0; i < SNAPSHOT_PEERS_MAX; i++)
        add_peer(s, "", AGREE_EQUAL);
    for (int i = 0; i < SNAPSHOT_SOURCES_MAX; i++)
        add_source(s, "", AGREE_UNKNOWN);
    assert_tally(s, SNAPSHOT_PEERS_MAX + SNAPSHOT_SOURCES_MAX, SNAPSHOT_PEERS_MAX, 0, SNAPSHOT_SOURCES_MAX);
    assert_tally(snapshot_new(), 0, 0, 0, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_seen_over_both_lungs_counts_once), cmocka_unit_test(a_node_differs_when_one_of_its_ways_does),
        cmocka_unit_test(one_known_way_to_a_node_is_enough),       cmocka_unit_test(what_has_shown_no_key_is_a_node_of_its_own),
        cmocka_unit_test(the_later_word_of_two_counts),            cmocka_unit_test(an_answer_that_our_own_change_overtook_says_nothing),
        cmocka_unit_test(full_lists_and_none_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
