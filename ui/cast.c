#include "config.h"

#include "cast.h"

#include <inttypes.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

void
cast_begin(FILE *out, int cols, int rows, uint64_t wall_ms)
{
    fprintf(out, "{\"version\": 2, \"width\": %d, \"height\": %d, \"timestamp\": %" PRIu64 ", \"env\": {\"TERM\": \"xterm-256color\"}}\n",
            cols, rows, wall_ms / 1000);
}

static void
put_colour(FILE *text, int base, int colour)
{
    if (colour < 0)
        return;
    if (colour < 8)
        fprintf(text, ";%d", base + colour);
    else
        fprintf(text, ";%d;5;%d", base + 8, colour);
}

static void
put_look(FILE *text, struct theme_look look)
{
    fputs("\033[0", text);
    if (look.attributes & THEME_BOLD)
        fputs(";1", text);
    if (look.attributes & THEME_UNDERLINE)
        fputs(";4", text);
    if (look.attributes & THEME_REVERSE)
        fputs(";7", text);
    put_colour(text, 30, look.foreground);
    put_colour(text, 40, look.background);
    fputc('m', text);
}

static void
put_row(FILE *text, const struct canvas *canvas, enum theme theme, int y)
{
    int style = -1;
    char bytes[4] = "";

    fprintf(text, "\033[%d;1H", y + 1);
    for (int x = 0; x < canvas->cols; x++) {
        const struct cell *cell = canvas_cell(canvas, x, y);

        if (cell->width == 0)
            continue;
        if (cell->style != style)
            put_look(text, theme_look(cell->style, theme, 256));
        style = cell->style;
        fprintf(text, "%.*s", (int)text_put_utf8(cell->ch, bytes), bytes);
    }
}

enum lat_err
cast_frame(FILE *out, const struct canvas *canvas, enum theme theme, uint64_t at_ms)
{
    char *bytes = NULL, *quoted = NULL;
    size_t len = 0;
    FILE *text = open_memstream(&bytes, &len);
    cJSON *string = NULL;

    if (text == NULL)
        return LAT_NOMEM;
    fputs("\033[?25l", text);
    for (int y = 0; y < canvas->rows; y++)
        put_row(text, canvas, theme, y);
    if (fclose(text) == 0)
        string = cJSON_CreateString(bytes);
    free(bytes);
    quoted = string ? cJSON_PrintUnformatted(string) : NULL;
    cJSON_Delete(string);
    if (quoted == NULL)
        return LAT_NOMEM;
    fprintf(out, "[%" PRIu64 ".%03u, \"o\", %s]\n", at_ms / 1000, (unsigned)(at_ms % 1000), quoted);
    cJSON_free(quoted);
    return LAT_OK;
}
