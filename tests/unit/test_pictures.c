/*
 * What holds for every picture, whatever it shows: one look answers, states differ without colour, hostile texts do no harm.
 */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lung_view.h"
#include "plain.h"
#include "render.h"
#include "support/picture.h"
#include "support/snapshots.h"

static void
every_state_differs_from_every_other_in_plain_ascii(void **state)
{
    static const int sizes[][2] = { { 160, 48 }, { 80, 24 }, { 40, 10 }, { 24, 3 } };

    (void)state;
    for (size_t z = 0; z < sizeof(sizes) / sizeof(sizes[0]); z++) {
        char *pictures[LUNG_STATE_COUNT];

        for (int i = 0; i < LUNG_STATE_COUNT; i++) {
            struct snapshot *s = sample_snapshot((enum lung_state)i);
            struct model model = model_for(s, sizes[z][0], sizes[z][1]);

            s->alert_count = 0; /* not by their alerts alone */
            pictures[i] = picture(&model, s, false);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(pictures[i], pictures[j]);
            snapshot_unref(s);
        }
        for (int i = 0; i < LUNG_STATE_COUNT; i++)
            free(pictures[i]);
    }
}

/* What one look has to answer, at the design size and without colour. */
static void
one_look_says_who_carries_since_when_what_comes_and_who_differs(void **state)
{
    static const char *const next[LUNG_STATE_COUNT] = {
        [LUNG_STARTING] = "HTTP in 00:49",       [LUNG_P2P] = "HTTP probed in 2 s",
        [LUNG_COUNTDOWN] = "HTTP in 00:13",      [LUNG_HTTP] = "asks again in 2 s",
        [LUNG_RECOVERING] = "P2P in 7 s",        [LUNG_ISOLATED] = "next try in 4 s",
        [LUNG_FP2P_UP] = "AUTO in 08:41",        [LUNG_FP2P_DOWN] = "AUTO in 08:41",
        [LUNG_FHTTP_UP] = "AUTO in 08:41",       [LUNG_FHTTP_DOWN] = "until changed (a: AUTO)",
        [LUNG_STOPPING] = "within 5 s",
    };

    (void)state;
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)i);
        struct model model = model_for(s, 80, 24);
        char label[LUNG_LABEL_MAX], wanted[64];
        char *text;

        sample_diverge(s);
        text = picture(&model, s, false);
        snprintf(wanted, sizeof(wanted), "%s since %s", lung_label(&s->lung, label), i == LUNG_HTTP ? "14:01:35" : "14:02:50");
        if (strstr(text, wanted) == NULL || strstr(text, next[i]) == NULL)
            fail_msg("%s: neither '%s' nor '%s' may be missing in\n%s", lung_state_name((enum lung_state)i), wanted, next[i], text);
        assert_non_null(strstr(text, "77be0d51 !B 3 BOTH")); /* who, and by what */
        assert_non_null(strstr(text, "! rio-2           differs  since 14:02:45"));
        assert_non_null(strstr(text, "14:03:27Z now"));
        free(text);
        snapshot_unref(s);
    }
}

/* Asked over HTTP before our own change, heard over P2P after it: one line, and it says what is known. */
static void
what_one_way_knows_another_need_not_ask(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct model model = model_for(s, 160, 48);
    char *text;

    (void)state;
    s->sources[0].stand.agreement = AGREE_DIFFERS;
    s->sources[0].stand.differs_ms = -1;
    text = picture(&model, s, false);
    assert_null(strstr(text, "our state changed after its answer"));
    free(text);
    s->peers[0].public_key[0] = 0; /* then it may be another node */
    text = picture(&model, s, false);
    assert_non_null(strstr(text, "our state changed after its answer"));
    free(text);
    snapshot_unref(s);
}

static void
deface(char *field, size_t size)
{
    static const char evil[] = "\033]0;X\a\033[2J\x9b"
                               "31m\xc2\x9b\xe2\x80\xae\xff\xf0\x9f\x8c\xb1\xe6\xbc\xa2%s%n\n\r\b";

    for (size_t i = 0; i + 1 < size; i++)
        field[i] = evil[i % (sizeof(evil) - 1)];
    field[size - 1] = 0;
}
#define DEFACE(field) deface(field, sizeof(field))

static void
deface_key(struct snapshot_key *key)
{
    DEFACE(key->key);
    DEFACE(key->ours_author);
    DEFACE(key->theirs_author);
    DEFACE(key->ours_value);
    DEFACE(key->theirs_value);
}

static void
deface_peer(struct snapshot_peer *peer)
{
    DEFACE(peer->name);
    DEFACE(peer->id);
    DEFACE(peer->public_key);
    DEFACE(peer->address);
    DEFACE(peer->agent);
    DEFACE(peer->stand.root);
    DEFACE(peer->why_not);
    DEFACE(peer->stand.error);
    DEFACE(peer->stand.difference.subtrees);
    peer->stand.agreement = AGREE_DIFFERS;
    peer->stand.differs_ms = peer->exchange_ms = peer->heard_ms = INT64_MAX;
    peer->stand.key_count = peer->stand.key_total = 1;
    deface_key(&peer->stand.keys[0]);
}

/* Every text a stranger could have a hand in, and every figure at its largest. */
static struct snapshot *
hostile_snapshot(enum lung_state state)
{
    struct snapshot *s = sample_snapshot(state);

    sample_diverge(s);
    DEFACE(s->name);
    DEFACE(s->version);
    DEFACE(s->state.root);
    DEFACE(s->state.merkle_root);
    DEFACE(s->state.error);
    DEFACE(s->lung.p2p_error);
    DEFACE(s->lung.http_error);
    DEFACE(s->lung.forced_by);
    s->state.count = s->state.keys = s->state.store_bytes = s->state.changes_min = UINT64_MAX;
    s->uptime_ms = s->lung.since_ms = s->lung.forced_left_ms = INT64_MAX;
    s->lung.fallback_in_ms = s->lung.fallback_after_ms = INT64_MAX / 2;
    s->lung.peers_live = UINT32_MAX;
    memset(s->history_keys, 0xff, sizeof(s->history_keys));
    for (uint32_t i = 0; i < s->source_count; i++) {
        DEFACE(s->sources[i].name);
        DEFACE(s->sources[i].url);
        DEFACE(s->sources[i].public_key);
        DEFACE(s->sources[i].stand.error);
        DEFACE(s->sources[i].stand.root);
        s->sources[i].rtt_ms = s->sources[i].stand.key_total = UINT32_MAX;
        s->sources[i].polls = s->sources[i].traffic.bytes_in = s->sources[i].stand.count = UINT64_MAX;
        for (uint32_t k = 0; k < s->sources[i].stand.key_count; k++)
            deface_key(&s->sources[i].stand.keys[k]);
    }
    for (uint32_t i = 0; i < s->peer_count; i++)
        deface_peer(&s->peers[i]);
    for (uint32_t i = 0; i < s->event_count; i++) {
        DEFACE(s->events[i].text);
        DEFACE(s->events[i].source);
    }
    for (uint32_t i = 0; i < s->alert_count; i++)
        DEFACE(s->alerts[i].text);
    return s;
}

static void
assert_harmless(const char *text)
{
    for (; *text; text++)
        assert_true((unsigned char)*text >= 0x20 || *text == '\n');
    assert_null(strchr(text, 0x7f));
}

static void
hostile_texts_and_figures_do_no_harm_at_any_size(void **state)
{
    static const int sizes[][2] = { { 200, 60 }, { 160, 48 }, { 80, 24 }, { 72, 30 },
                                    { 40, 10 },  { 20, 4 },   { 1, 1 } };

    (void)state;
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = hostile_snapshot((enum lung_state)i);

        for (size_t z = 0; z < sizeof(sizes) / sizeof(sizes[0]); z++)
            for (int focus = 0; focus < 2 * PANEL_COUNT; focus++) {
                struct model model = model_for(s, sizes[z][0], sizes[z][1]);
                char *text;

                model.focus = (enum panel_id)(focus % PANEL_COUNT);
                model.zoomed = focus >= PANEL_COUNT;
                model.detail = !model.zoomed && focus % 2;
                model.captions = model.zoomed;
                text = picture(&model, s, focus % 2);
                assert_harmless(text);
                free(text);
            }
        snapshot_unref(s);
    }
}

static unsigned
next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) & 0x7fff;
}

static void
any_model_can_be_drawn_at_any_size(void **state)
{
    unsigned seed = 20260314;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)(next_random(&seed) % LUNG_STATE_COUNT));
        struct model model =
            model_for(s, 1 + (int)(next_random(&seed) % 200), 1 + (int)(next_random(&seed) % 200));
        char *text;

        if (next_random(&seed) % 2)
            sample_diverge(s);
        s->peer_count = next_random(&seed) % 4;
        model.focus = (enum panel_id)(next_random(&seed) % PANEL_COUNT);
        model.zoomed = next_random(&seed) % 4 == 0;
        model.help = next_random(&seed) % 8 == 0;
        model.help_top = (int)(next_random(&seed) % 100);
        model.frozen = next_random(&seed) % 8 == 0;
        model.frozen_ms = model.now_ms;
        model.now_ms += next_random(&seed) % 40000;
        for (int p = 0; p < PANEL_COUNT; p++) {
            model.places[p].selected = (int)(next_random(&seed) % 300);
            model.places[p].anchor = next_random(&seed) % 12;
        }
        model.prompt.kind = (enum prompt_kind)(next_random(&seed) % (PROMPT_NAME + 1));
        model.detail = next_random(&seed) % 6 == 0;
        model.captions = next_random(&seed) % 4 == 0;
        model.past = next_random(&seed) % 8 == 0;
        model.places[PANEL_PEERS].sort = (enum node_sort)(next_random(&seed) % NODE_SORT_COUNT);
        text = picture(&model, next_random(&seed) % 16 == 0 ? NULL : s, next_random(&seed) % 2);
        assert_harmless(text);
        free(text);
        snapshot_unref(s);
    }
}

static void
the_same_arguments_give_the_same_picture(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_RECOVERING);
    struct model model = model_for(s, 80, 24);
    char *first = picture(&model, s, true), *second = picture(&model, s, true);

    (void)state;
    assert_string_equal(first, second);
    free(first);
    free(second);
    snapshot_unref(s);
}

/* Figures change, the rest stays where it is: no row but those of the gauge and the clock differs a second
 * later. */
static void
a_second_later_only_clock_and_countdown_differ(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct model model = model_for(s, 80, 24);
    char *before = picture(&model, s, false), *after, *a, *b;
    int rows = 0;

    (void)state;
    s->wall_ms += 1000;
    s->mono_ms += 1000;
    s->lung.fallback_in_ms -= 1000;
    s->lung.http_age_ms += 1000;
    s->lung.since_ms += 1000;
    s->alerts[0].since_ms += 1000;
    for (int i = 0; i < 3; i++) {
        s->sources[i].ok_age_ms += 1000;
        s->sources[i].next_ms -= 1000;
    }
    memset(s->history_keys, 0, sizeof(s->history_keys));
    model.now_ms += 1000;
    after = picture(&model, s, false);
    for (a = before, b = after; *a && *b; a += strcspn(a, "\n") + 1, b += strcspn(b, "\n") + 1) {
        size_t len = strcspn(a, "\n");

        rows += len != strcspn(b, "\n") || strncmp(a, b, len) != 0;
    }
    assert_int_equal(rows, 4); /* clock, sparkline of the keys, line and gauge of the countdown */
    free(before);
    free(after);
    snapshot_unref(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_differs_from_every_other_in_plain_ascii),
        cmocka_unit_test(one_look_says_who_carries_since_when_what_comes_and_who_differs),
        cmocka_unit_test(what_one_way_knows_another_need_not_ask),
        cmocka_unit_test(hostile_texts_and_figures_do_no_harm_at_any_size),
        cmocka_unit_test(any_model_can_be_drawn_at_any_size),
        cmocka_unit_test(the_same_arguments_give_the_same_picture),
        cmocka_unit_test(a_second_later_only_clock_and_countdown_differ),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
