#include "config.h"

#include "album.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "i18n.h"
#include "plain.h"

static void
open_sheet(struct sheet *sheet, const char *name, const char *kind)
{
    snprintf(sheet->path, sizeof(sheet->path), "%s/screens/%s%s.txt", VECTOR_DIR, name, kind);
    sheet->out = open_memstream(&sheet->text, &sheet->len);
    assert_non_null(sheet->out);
}

void
open_album(struct album *album, const char *name)
{
    open_sheet(&album->text, name, "");
    open_sheet(&album->meanings, name, "-meanings");
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
say_first_difference(const struct sheet *sheet, const char *wanted)
{
    int line = 1;
    const char *have = sheet->text;

    for (; *have && *have == *wanted; have++, wanted++)
        line += *have == '\n';
    while (have > sheet->text && have[-1] != '\n') {
        have--;
        wanted--;
    }
    fail_msg("%s:%d:\n  file: %.*s\n  now:  %.*s", sheet->path, line, (int)strcspn(wanted, "\n"), wanted,
             (int)strcspn(have, "\n"), have);
}

static void
close_sheet(struct sheet *sheet)
{
    char *wanted;

    fclose(sheet->out);
    if (getenv("SCREENS_WRITE")) {
        FILE *file = fopen(sheet->path, "w");

        assert_non_null(file);
        fputs(sheet->text, file);
        assert_int_equal(fclose(file), 0);
    } else {
        wanted = read_all(sheet->path);
        if (strcmp(wanted, sheet->text) != 0)
            say_first_difference(sheet, wanted);
        free(wanted);
    }
    free(sheet->text);
}

void
close_album(struct album *album)
{
    close_sheet(&album->text);
    close_sheet(&album->meanings);
}

static const char letters[STYLE_COUNT] = {
    [STYLE_TEXT] = 't',     [STYLE_BAR] = 'b',       [STYLE_FRAME] = 'f',    [STYLE_HEAD] = 'h',
    [STYLE_COLUMN] = 'c',   [STYLE_KEY] = 'k',       [STYLE_GOOD] = 'g',     [STYLE_IDLE] = 'i',
    [STYLE_FALLBACK] = 'p', [STYLE_ATTENTION] = 'n', [STYLE_ALARM] = 'a',    [STYLE_UNKNOWN] = 'u',
    [STYLE_MATCH] = 'm',    [STYLE_GAUGE] = 'd',     [STYLE_GAUGE_HOT] = 'e', [STYLE_PROMPT] = 'q',
};

/* Capital: on the selected line; 't' is also any blank without a look of its own. */
static char
letter_of(const struct cell *cell)
{
    char letter = letters[STYLE_MEANING(cell->style)];

    return cell->style & STYLE_SELECTED ? (char)(letter - 32) : letter;
}

/* One row as runs: "t3g8t69" are three cells of text, eight that say good, and text again. */
static void
write_meanings(const struct canvas *canvas, FILE *out)
{
    for (int y = 0; y < canvas->rows; y++) {
        for (int x = 0, run; x < canvas->cols; x += run) {
            char letter = letter_of(canvas_cell(canvas, x, y));

            for (run = 1; x + run < canvas->cols && letter_of(canvas_cell(canvas, x + run, y)) == letter; run++)
                continue;
            fprintf(out, "%c%d", letter, run);
        }
        fputc('\n', out);
    }
}

void
album_add(struct album *album, const char *caption, const struct canvas *canvas)
{
    fprintf(album->text.out, "=== %s\n", caption);
    fprintf(album->meanings.out, "=== %s\n", caption);
    assert_int_equal(plain_write(canvas, album->text.out), LAT_OK);
    write_meanings(canvas, album->meanings.out);
}

void
speak(const char *lang, const char *dir)
{
    i18n_open(lang, dir);
#ifndef ENABLE_NLS
    print_message("built without catalogues\n");
    skip();
#endif
}
