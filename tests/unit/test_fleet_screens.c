/* The view of many nodes, as text, against files in tests/vectors/screens (support/album.h). */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/text.h"
#include "support/album.h"
#include "support/world.h"

static struct world w;

static void
draw(struct album *album, const char *caption, int cols, int rows, bool unicode)
{
    const struct caps caps = { .unicode = unicode, .charset = unicode ? charset_unicode() : charset_ascii() };
    struct canvas *canvas = canvas_new(cols, rows, unicode);

    assert_non_null(canvas);
    w.model.cols = cols;
    w.model.rows = rows;
    world_look(&w);
    fleet_draw(&w.view, &w.model, &caps, canvas);
    album_add(album, caption, canvas);
    canvas_free(canvas);
}

/* One stale, one never reached and waiting for its next try, one that asks. */
static void
lose_some(void)
{
    w.links[0] = (struct link_status){ .state = LINK_STALE };
    w.made[0]->mono_ms = 83000;
    w.links[3] = (struct link_status){ .state = LINK_RETRY, .retry_ms = 104000, .error = "cannot connect to luanda-1 port 22: refused" };
    w.snapshots[3] = NULL;
}

static void
draw_all(const char *name, int cols, int rows, bool unicode)
{
    struct album album;

    world_make(&w);
    open_album(&album, name);
    draw(&album, "four nodes, one on another root", cols, rows, unicode);
    w.model.selected = 2;
    w.model.settings.cursor = true;
    fleet_acknowledge(&w.model, &w.view, true);
    draw(&album, "its alert was seen", cols, rows, unicode);
    lose_some();
    draw(&album, "one stale, one never reached", cols, rows, unicode);
    w.model.frozen = true;
    w.model.frozen_ms = w.model.now_ms;
    w.model.now_ms += 12000;
    draw(&album, "frozen", cols, rows, unicode);
    w.model.frozen = false;
    w.model.now_ms -= 12000;
    lat_copy(w.model.filter, sizeof(w.model.filter), "ssh://ops");
    draw(&album, "filtered", cols, rows, unicode);
    lat_copy(w.model.filter, sizeof(w.model.filter), "nobody");
    draw(&album, "no node passes the filter", cols, rows, unicode);
    w.model.filter[0] = 0;
    w.model.help = true;
    draw(&album, "help", cols, rows, unicode);
    w.model.help = false;
    prompt_open(&w.model.prompt, PROMPT_ADD, "htp:/porto");
    draw(&album, "a node is added", cols, rows, unicode);
    fleet_refuse(&w.model, "target 'htp:/porto': not a URL; use http(s)://host[:port] or ssh://[user@]host[:port]");
    draw(&album, "and cannot be", cols, rows, unicode);
    w.model.message_until_ms = 0;
    w.model.asked = 2;
    prompt_open(&w.model.prompt, PROMPT_REMOVE, "");
    draw(&album, "a node is removed", cols, rows, unicode);
    prompt_open(&w.model.prompt, PROMPT_QUIT, "");
    draw(&album, "quit, with a node in this process", cols, rows, unicode);
    prompt_open(&w.model.prompt, PROMPT_CLOSED, "");
    w.links[1] = (struct link_status){ .state = LINK_HOST_KEY, .question = 1, .question_text = "The host porto-1 is unknown.",
                                       .question_subject = "porto-1",
                                       .key = { .type = "ED25519", .fingerprint = "SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG" } };
    w.model.selected = 1;
    world_look(&w);
    world_key(&w, KEYS_ENTER);
    draw(&album, "the way to a node asks", cols, rows, unicode);
    prompt_close(&w.model.prompt);
    w.fleet.count = 0;
    w.model.can_change = true;
    draw(&album, "no node", cols, rows, unicode);
    close_album(&album);
    world_end(&w);
}

static void
at_80x24(void **state)
{
    (void)state;
    draw_all("fleet-80x24", 80, 24, false);
    draw_all("fleet-80x24-unicode", 80, 24, true);
}

static void
at_160x48(void **state)
{
    (void)state;
    draw_all("fleet-160x48", 160, 48, false);
    draw_all("fleet-160x48-unicode", 160, 48, true);
}

static void
at_40x10(void **state)
{
    (void)state;
    draw_all("fleet-40x10", 40, 10, false);
    draw_all("fleet-40x10-unicode", 40, 10, true);
}

static void
below_the_smallest_a_node_is_a_line(void **state)
{
    static const int sizes[][2] = { { 1, 1 }, { 3, 2 }, { 20, 5 }, { 39, 24 }, { 80, 9 }, { 30, 1 } };
    struct album album;

    (void)state;
    world_make(&w);
    lose_some();
    open_album(&album, "fleet-tiny");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char caption[32];

        snprintf(caption, sizeof(caption), "%dx%d", sizes[i][0], sizes[i][1]);
        draw(&album, caption, sizes[i][0], sizes[i][1], false);
    }
    close_album(&album);
    world_end(&w);
}

static void
in_portuguese(void **state)
{
    (void)state;
    speak("pt_BR", CATALOGUE_DIR);
    draw_all("fleet-80x24-pt_BR", 80, 24, false);
    draw_all("fleet-160x48-pt_BR", 160, 48, true);
    draw_all("fleet-40x10-pt_BR", 40, 10, true);
    speak("en", CATALOGUE_DIR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_80x24),
        cmocka_unit_test(at_160x48),
        cmocka_unit_test(at_40x10),
        cmocka_unit_test(below_the_smallest_a_node_is_a_line),
        cmocka_unit_test(in_portuguese),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
