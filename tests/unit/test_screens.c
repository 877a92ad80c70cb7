/*
 * The whole picture, as text, against files in tests/vectors/screens. SCREENS_WRITE=1 writes the files instead
 * (scripts/screens): look at what changed before it is committed.
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

#include "plain.h"
#include "render.h"
#include "support/snapshots.h"

/* A file being written or compared. */
struct album {
    FILE *out; /* what this run draws */
    char *text;
    size_t len;
    char path[512];
};

static void
open_album(struct album *album, const char *name)
{
    snprintf(album->path, sizeof(album->path), "%s/screens/%s.txt", VECTOR_DIR, name);
    album->out = open_memstream(&album->text, &album->len);
    assert_non_null(album->out);
}

static char *
read_all(const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *in = fopen(path, "r"), *out;
    int ch;

    if (in == NULL)
        fail_msg("%s: missing; scripts/screens writes it", path);
    out = open_memstream(&text, &len);
    assert_non_null(out);
    while ((ch = fgetc(in)) != EOF)
        fputc(ch, out);
    fclose(in);
    fclose(out);
    return text;
}

static void
say_first_difference(const struct album *album, const char *wanted)
{
    int line = 1;
    const char *have = album->text;

    for (; *have && *have == *wanted; have++, wanted++)
        line += *have == '\n';
    while (have > album->text && have[-1] != '\n') {
        have--;
        wanted--;
    }
    fail_msg("%s:%d:\n  file: %.*s\n  now:  %.*s", album->path, line, (int)strcspn(wanted, "\n"), wanted,
             (int)strcspn(have, "\n"), have);
}

static void
close_album(struct album *album)
{
    char *wanted;

    fclose(album->out);
    if (getenv("SCREENS_WRITE")) {
        FILE *file = fopen(album->path, "w");

        assert_non_null(file);
        fputs(album->text, file);
        assert_int_equal(fclose(file), 0);
    } else {
        wanted = read_all(album->path);
        if (strcmp(wanted, album->text) != 0)
            say_first_difference(album, wanted);
        free(wanted);
    }
    free(album->text);
}

static struct model
model_for(const struct snapshot *s, int cols, int rows)
{
    struct model model;

    model_init(&model);
    model.cols = cols;
    model.rows = rows;
    model.embedded = model.control = true;
    snprintf(model.via, sizeof(model.via), "embedded");
    model.now_ms = s ? s->mono_ms : 1000;
    return model;
}

static struct caps
caps_for(bool unicode)
{
    return (struct caps){ .unicode = unicode, .charset = unicode ? charset_unicode() : charset_ascii() };
}

static void
draw(struct album *album, const char *caption, const struct model *model, const struct snapshot *s, bool unicode)
{
    struct caps caps = caps_for(unicode);
    struct canvas *canvas = canvas_new(model->cols, model->rows, unicode);

    assert_non_null(canvas);
    fprintf(album->out, "=== %s\n", caption);
    render(model, s, &caps, canvas);
    assert_int_equal(plain_write(canvas, album->out), LAT_OK);
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
        differs->sources[2].agreement = AGREE_HEALING;
        differs->sources[2].heal_percent = 42;
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
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
