/*
 * The whole picture of one node, as text, against files in tests/vectors/screens (support/album.h).
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
#include "panel.h"
#include "plain.h"
#include "render.h"
#include "support/album.h"
#include "support/picture.h"
#include "support/snapshots.h"

static void
draw(struct album *album, const char *caption, const struct model *model, const struct snapshot *s,
     bool unicode)
{
    struct caps caps = caps_for(unicode);
    struct canvas *canvas = canvas_new(model->cols, model->rows, unicode);

    assert_non_null(canvas);
    render(model, s, &caps, canvas);
    album_add(album, caption, canvas);
    canvas_free(canvas);
}

static void
draw_all_states(const char *name, int cols, int rows, bool unicode)
{
    struct album album;

    open_album(&album, name);
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)i);
        struct model model = model_for(s, cols, rows);

        draw(&album, lung_state_name((enum lung_state)i), &model, s, unicode);
        snapshot_unref(s);
    }
    close_album(&album);
}

static void
all_states_at_80x24(void **state)
{
    (void)state;
    draw_all_states("80x24", 80, 24, false);
}

static void
all_states_at_80x24_in_unicode(void **state)
{
    (void)state;
    draw_all_states("80x24-unicode", 80, 24, true);
}

static void
all_states_at_160x48(void **state)
{
    (void)state;
    draw_all_states("160x48", 160, 48, false);
}

static void
all_states_at_160x48_in_unicode(void **state)
{
    (void)state;
    draw_all_states("160x48-unicode", 160, 48, true);
}

static void
all_states_at_40x10(void **state)
{
    (void)state;
    draw_all_states("40x10", 40, 10, false);
}

static void
sizes_below_the_smallest(void **state)
{
    static const int sizes[][2] = { { 1, 1 }, { 3, 2 }, { 20, 5 }, { 39, 24 }, { 80, 9 }, { 30, 1 } };
    struct album album;

    (void)state;
    open_album(&album, "tiny");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
        struct model model = model_for(s, sizes[i][0], sizes[i][1]);
        char caption[32];

        snprintf(caption, sizeof(caption), "%dx%d", sizes[i][0], sizes[i][1]);
        draw(&album, caption, &model, s, false);
        snapshot_unref(s);
    }
    close_album(&album);
}

static void
divergence_and_healing(void **state)
{
    static const int sizes[][2] = { { 80, 24 }, { 160, 48 } };
    struct album album;

    (void)state;
    open_album(&album, "divergence");
    for (size_t i = 0; i < 2; i++) {
        struct snapshot *differs = sample_snapshot(LUNG_HTTP), *healed = sample_snapshot(LUNG_HTTP);
        struct model model = model_for(differs, sizes[i][0], sizes[i][1]);

        sample_diverge(differs);
        sample_heal(healed);
        draw(&album, "three keys differ", &model, differs, false);
        differs->sources[2].stand.agreement = AGREE_HEALING;
        differs->sources[2].stand.heal_percent = 42;
        draw(&album, "healing", &model, differs, false);
        draw(&album, "healed", &model, healed, false);
        snapshot_unref(differs);
        snapshot_unref(healed);
    }
    close_album(&album);
}

/* What the operator does to the picture. */
static void
conditions_of_the_console(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct model model = model_for(s, 80, 24), fresh = model;
    struct album album;

    (void)state;
    sample_diverge(s);
    open_album(&album, "conditions");
    draw(&album, "before the first snapshot", &model, NULL, false);
    prompt_open(&model.prompt, PROMPT_FORCE_HTTP, "");
    draw(&album, "confirm", &model, s, false);
    prompt_open(&model.prompt, PROMPT_QUIT, "");
    draw(&album, "quit", &model, s, false);
    prompt_open(&model.prompt, PROMPT_FILTER, "level>=warn rio");
    draw(&album, "filter being typed", &model, s, false);
    model = fresh;
    model.focus = PANEL_EVENTS;
    snprintf(model.places[PANEL_EVENTS].filter, FILTER_TEXT_MAX, "level>=warn rio");
    draw(&album, "events filtered", &model, s, false);
    model = fresh;
    model.now_ms += 3400;
    draw(&album, "data is late", &model, s, false);
    model.now_ms += 20000;
    draw(&album, "data is stale", &model, s, false);
    model.frozen = true;
    model.frozen_ms = fresh.now_ms;
    draw(&album, "frozen", &model, s, false);
    model = fresh;
    model.help = true;
    draw(&album, "help", &model, s, false);
    model = fresh;
    model.zoomed = true;
    draw(&album, "peers alone", &model, s, false);
    model.focus = PANEL_FALLBACK;
    draw(&album, "gauge alone", &model, s, false);
    model.focus = PANEL_EVENTS;
    draw(&album, "events alone", &model, s, false);
    model = fresh;
    s->demo = true;
    model.control = false;
    model_say(&model, true, "read-only session: modes are not switched from here");
    draw(&album, "demo, message", &model, s, false);
    model = fresh;
    model.still = true;
    draw(&album, "on paper", &model, s, false);
    snapshot_unref(s);
    close_album(&album);
}

/* The story of a demo above the key bar: agreement, and the countdown that it points at. */
static void
steps_of_a_demo(void **state)
{
    struct story_face face = { .caption = "3 nodes on this machine hold one set of data. They talk peer to peer, and all show the same root: A.",
                               .step = 1, .steps = 10 };
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct model model = model_for(s, 80, 24);
    struct album album;

    (void)state;
    open_album(&album, "demo");
    model.story = &face;
    model.captions = true;
    s->demo = true;
    s->source_count = s->lung.http_sources = 2;
    draw(&album, "agreement", &model, s, true);
    snapshot_unref(s);
    s = sample_snapshot(LUNG_COUNTDOWN);
    s->demo = true;
    s->source_count = s->lung.http_sources = 2;
    face = (struct story_face){ .caption = "Nobody answers. The nodes look for each other for 60 seconds; then HTTP takes over by itself.",
                                .step = 4, .steps = 10, .paused = true };
    model.focus = PANEL_FALLBACK;
    model.zoomed = true;
    draw(&album, "countdown", &model, s, true);
    snapshot_unref(s);
    close_album(&album);
}

/* What the way to a node elsewhere asks: an unknown host, a passphrase that was wrong before and is half typed again. */
static void
draw_link_questions(struct album *album, const struct model *fresh, const struct snapshot *s, bool unicode)
{
    const struct link_status host = { .state = LINK_HOST_KEY,
                                      .question = 1,
                                      .question_subject = "[porto-1.example]:2222",
                                      .key = { .type = "ED25519",
                                               .fingerprint = "SHA256:Vq0bWmM1eE2rJ3XzR8oT5uYc7dKf9gHsLhNiPjQk4wA",
                                               .randomart = "+--[ED25519 256]--+\n|   .o=..         |\n|  . =.*          |\n| . + X o         |\n"
                                                            "|  + B @ .        |\n| . = & S         |\n|  o X B          |\n|   + *.+         |\n"
                                                            "|    =oo.         |\n|   .E+.          |\n+----[SHA256]-----+\n" } };
    const struct link_status secret = { .state = LINK_AUTH, .question = 2, .secret = true, .again = true,
                                        .question_subject = "/home/ops/.ssh/id_ed25519" };
    struct model model = *fresh;

    model_follow_question(&model, &host);
    draw(album, "an unknown host", &model, s, unicode);
    model_follow_question(&model, &secret);
    snprintf(model.prompt.text, sizeof(model.prompt.text), "open");
    draw(album, "a passphrase", &model, s, unicode);
}

/* Every panel alone, every line opened, every help, every question, at one size. */
static void
draw_overlays(const char *name, int cols, int rows, bool unicode)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct model model, fresh = model_for(s, cols, rows);
    struct album album;
    char caption[64];

    sample_diverge(s);
    open_album(&album, name);
    for (int id = 0; id < PANEL_COUNT; id++) {
        const struct panel *panel = panel_of((enum panel_id)id);

        model = fresh;
        model.focus = (enum panel_id)id;
        model.zoomed = true;
        snprintf(caption, sizeof(caption), "%s alone", panel->name);
        draw(&album, caption, &model, s, unicode);
        model.zoomed = false;
        model.detail = panel->detail != NULL;
        snprintf(caption, sizeof(caption), "%s, its selected line", panel->name);
        if (model.detail)
            draw(&album, caption, &model, s, unicode);
        model.detail = false;
        model.help = true;
        snprintf(caption, sizeof(caption), "%s, help", panel->name);
        draw(&album, caption, &model, s, unicode);
    }
    for (int kind = PROMPT_CLOSED + 1; kind <= PROMPT_NAME; kind++) {
        model = fresh;
        prompt_open(&model.prompt, (enum prompt_kind)kind, kind == PROMPT_FILTER ? "rio" : "");
        model.prompt.forcing = PROMPT_FORCE_HTTP;
        snprintf(caption, sizeof(caption), "question %d", kind);
        draw(&album, caption, &model, s, unicode);
    }
    draw_link_questions(&album, &fresh, s, unicode);
    model = fresh;
    model.focus = PANEL_DIVERGENCE;
    model.detail = true;
    model.places[PANEL_DIVERGENCE].selected = 1;
    draw(&album, "divergence, a key", &model, s, unicode);
    model = fresh;
    model.alerts = true;
    draw(&album, "alerts", &model, s, unicode);
    model.alerts = false;
    model.recorded = true;
    model.now_ms += 12000;
    draw(&album, "a recording, its last picture", &model, s, unicode);
    s->sources[2].stand.agreement = AGREE_HEALING;
    s->sources[2].stand.healing = true;
    s->sources[2].stand.heal_percent = 42;
    model.detail = false;
    model.zoomed = true;
    draw(&album, "divergence alone, healing", &model, s, unicode);
    model = fresh;
    model.past = model.captions = true;
    model.behind_ms = 28282000;
    model.places[PANEL_PEERS].sort = NODE_SORT_STATE;
    draw(&album, "the past, with a caption, sorted", &model, s, unicode);
    snapshot_unref(s);
    close_album(&album);
}

static void
overlays_at_40x10(void **state)
{
    (void)state;
    draw_overlays("overlays-40x10", 40, 10, false);
}

static void
overlays_at_80x24(void **state)
{
    (void)state;
    draw_overlays("overlays-80x24", 80, 24, false);
}

static void
overlays_at_160x48(void **state)
{
    (void)state;
    draw_overlays("overlays-160x48", 160, 48, true);
}

static void
all_states_at_80x24_in_portuguese(void **state)
{
    (void)state;
    speak("pt_BR", CATALOGUE_DIR);
    draw_all_states("80x24-pt_BR", 80, 24, false);
    draw_all_states("160x48-pt_BR", 160, 48, true);
    draw_all_states("40x10-pt_BR", 40, 10, false);
    speak("en", CATALOGUE_DIR);
}

static void
overlays_in_portuguese(void **state)
{
    (void)state;
    speak("pt_BR", CATALOGUE_DIR);
    draw_overlays("overlays-40x10-pt_BR", 40, 10, false);
    draw_overlays("overlays-80x24-pt_BR", 80, 24, true);
    draw_overlays("overlays-160x48-pt_BR", 160, 48, true);
    speak("en", CATALOGUE_DIR);
}

static void
each_state_differs_in_portuguese_too(void **state)
{
    char *pictures[LUNG_STATE_COUNT];

    (void)state;
    speak("pt_BR", CATALOGUE_DIR);
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)i);
        struct model model = model_for(s, 80, 24);

        s->alert_count = 0;
        pictures[i] = picture(&model, s, false);
        assert_null(strstr(pictures[i], "since "));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(pictures[i], pictures[j]);
        snapshot_unref(s);
    }
    for (int i = 0; i < LUNG_STATE_COUNT; i++)
        free(pictures[i]);
    speak("en", CATALOGUE_DIR);
}

/* --- captions -------------------------------------------------------------------------------------------- */

/* Keys that every terminal has for the same, beside the ones in the bar; and the two of the shell. */
static bool
needs_no_caption(enum action action)
{
    return action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN || action == ACTION_PREVIOUS_PANEL || action == ACTION_SUSPEND ||
           action == ACTION_INTERRUPT || !action_works(action, KEYMAP_NODE);
}

static void
assert_shows(const char *picture, const char *what, enum lung_state state)
{
    if (strstr(picture, what) == NULL)
        fail_msg("%s: no \"%s\" in\n%s", lung_state_name(state), what, picture);
}

/* " k " among the keys that end in a caption. */
static void
assert_key_has_a_caption(const char *bar, enum action action, enum lung_state state)
{
    uint32_t key = keymap_key(keymap_default(), action, 0);
    char name[8], spaced[24];

    if (key < 0x20 && key != KEYS_TAB && key != KEYS_ENTER && key != KEYS_ESC)
        snprintf(spaced, sizeof(spaced), " ^%c ", (int)(key + 0x40));
    else if (action == ACTION_GO_PANEL)
        snprintf(spaced, sizeof(spaced), " 1-7 ");
    else
        snprintf(spaced, sizeof(spaced), " %s ", key_name(key, name));
    assert_shows(bar, spaced, state);
}

/* The last rows of a picture, with a blank before each. */
static void
bar_of(const char *picture, int rows, char *out, size_t size)
{
    const char *at = picture + strlen(picture);

    for (int i = 0; i <= rows && at > picture; i++)
        do
            at--;
        while (at > picture && at[-1] != '\n');
    snprintf(out, size, "%s", at);
    for (; *out; out++)
        if (*out == '\n')
            *out = ' ';
}

static void
every_key_has_a_caption_at_80x24(void **state)
{
    (void)state;
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)i);
        struct model model = model_for(s, 80, 24);
        char *text = picture(&model, s, false), bar[1024];

        bar_of(text, 3, bar, sizeof(bar));
        for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
            if (action_works((enum action)a, KEYMAP_NODE) && !needs_no_caption((enum action)a))
                assert_key_has_a_caption(bar, (enum action)a, (enum lung_state)i);
        free(text);
        snapshot_unref(s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_states_at_80x24),
        cmocka_unit_test(all_states_at_80x24_in_unicode),
        cmocka_unit_test(all_states_at_160x48),
        cmocka_unit_test(all_states_at_160x48_in_unicode),
        cmocka_unit_test(all_states_at_40x10),
        cmocka_unit_test(sizes_below_the_smallest),
        cmocka_unit_test(divergence_and_healing),
        cmocka_unit_test(conditions_of_the_console),
        cmocka_unit_test(steps_of_a_demo),
        cmocka_unit_test(overlays_at_40x10),
        cmocka_unit_test(overlays_at_80x24),
        cmocka_unit_test(overlays_at_160x48),
        cmocka_unit_test(all_states_at_80x24_in_portuguese),
        cmocka_unit_test(overlays_in_portuguese),
        cmocka_unit_test(each_state_differs_in_portuguese_too),
        cmocka_unit_test(every_key_has_a_caption_at_80x24),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
