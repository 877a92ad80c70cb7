#include "config.h"

#include "canvas.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

#define REPLACEMENT_ASCII '?'

/* U+00C0 .. U+00FF without their accents: what an ASCII terminal can show of them. */
static const char plain_latin[] = "AAAAAAACEEEEIIIIDNOOOOO?OUUUUY?saaaaaaaceeeeiiiidnooooo?ouuuuy?y";
#define REPLACEMENT_UNICODE 0xfffd
#define CUT_MARK '~'

static int
clamp_side(int side)
{
    if (side < 1)
        return 1;
    return side > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : side;
}

struct canvas *
canvas_new(int cols, int rows, bool unicode)
{
    struct canvas *canvas = calloc(1, sizeof(*canvas));
    size_t count;

    if (canvas == NULL)
        return NULL;
    canvas->cols = clamp_side(cols);
    canvas->rows = clamp_side(rows);
    canvas->unicode = unicode;
    canvas->cursor_x = canvas->cursor_y = -1;
    count = (size_t)canvas->cols * (size_t)canvas->rows;
    canvas->cells = calloc(count, sizeof(*canvas->cells));
    if (canvas->cells == NULL) {
        free(canvas);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        canvas->cells[i] = (struct cell){ .ch = ' ', .style = STYLE_TEXT, .width = 1 };
    return canvas;
}

void
canvas_free(struct canvas *canvas)
{
    if (canvas == NULL)
        return;
    free(canvas->cells);
    free(canvas);
}

static struct cell *
cell_at(const struct canvas *canvas, int x, int y)
{
    return &canvas->cells[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

const struct cell *
canvas_cell(const struct canvas *canvas, int x, int y)
{
    return cell_at(canvas, x, y);
}

size_t
text_put_utf8(uint32_t ch, char out[4])
{
    if (ch < 0x80) {
        out[0] = (char)ch;
        return 1;
    }
    if (ch < 0x800) {
        out[0] = (char)(0xc0 | (ch >> 6));
        out[1] = (char)(0x80 | (ch & 0x3f));
        return 2;
    }
    if (ch < 0x10000) {
        out[0] = (char)(0xe0 | (ch >> 12));
        out[1] = (char)(0x80 | ((ch >> 6) & 0x3f));
        out[2] = (char)(0x80 | (ch & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (ch >> 18));
    out[1] = (char)(0x80 | ((ch >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((ch >> 6) & 0x3f));
    out[3] = (char)(0x80 | (ch & 0x3f));
    return 4;
}

void
canvas_row_text(const struct canvas *canvas, int y, char *out, size_t out_size)
{
    size_t used = 0, end = 0;

    for (int x = 0; x < canvas->cols && used + 5 <= out_size; x++) {
        const struct cell *cell = cell_at(canvas, x, y);

        if (cell->width == 0)
            continue;
        used += text_put_utf8(cell->ch, out + used);
        if (cell->ch != ' ')
            end = used;
    }
    out[end] = 0;
}

struct area
area_of(struct canvas *canvas)
{
    return (struct area){ .canvas = canvas, .x = 0, .y = 0, .cols = canvas->cols, .rows = canvas->rows };
}

struct area
area_sub(const struct area *outer, int x, int y, int cols, int rows)
{
    struct area inner = { .canvas = outer->canvas };

    if (x < 0) {
        cols += x;
        x = 0;
    }
    if (y < 0) {
        rows += y;
        y = 0;
    }
    if (cols > outer->cols - x)
        cols = outer->cols - x;
    if (rows > outer->rows - y)
        rows = outer->rows - y;
    inner.x = outer->x + x;
    inner.y = outer->y + y;
    inner.cols = cols > 0 ? cols : 0;
    inner.rows = rows > 0 ? rows : 0;
    return inner;
}

/*
 * A cell that is about to be overwritten may be one half of a wide character: the other half becomes a blank.
 */
static void
unpair(struct canvas *canvas, int x, int y)
{
    struct cell *cell = cell_at(canvas, x, y);

    if (cell->width == 0 && x > 0) {
        cell_at(canvas, x - 1, y)->ch = ' ';
        cell_at(canvas, x - 1, y)->width = 1;
    }
    if (cell->width == 2 && x + 1 < canvas->cols)
        cell_at(canvas, x + 1, y)->width = 1;
}

/* Write one character of 1 or 2 columns, if it fits into the area as a whole. */
static void
put_char(const struct area *area, int x, int y, int style, uint32_t ch, int width)
{
    struct canvas *canvas = area->canvas;

    if (y < 0 || y >= area->rows || x < 0 || x + width > area->cols)
        return;
    x += area->x;
    y += area->y;
    for (int i = 0; i < width; i++)
        unpair(canvas, x + i, y);
    *cell_at(canvas, x, y) = (struct cell){ .ch = ch, .style = (uint8_t)style, .width = (uint8_t)width };
    if (width == 2)
        *cell_at(canvas, x + 1, y) = (struct cell){ .ch = ' ', .style = (uint8_t)style, .width = 0 };
}

void
area_fill(const struct area *area, int x, int y, int cols, int style, uint32_t ch)
{
    for (int i = 0; i < cols && x + i < area->cols; i++)
        put_char(area, x + i, y, style, ch, 1);
}

static uint32_t
replacement(bool unicode)
{
    return unicode && wcwidth(REPLACEMENT_UNICODE) == 1 ? REPLACEMENT_UNICODE : REPLACEMENT_ASCII;
}

/* Take one character off the front of *text: what is drawn for it, and its columns. */
static uint32_t
next_char(const char **text, bool unicode, int *width)
{
    const uint8_t *bytes = (const uint8_t *)*text;
    uint32_t ch = 0;
    size_t used;
    int columns;

    *width = 1;
    if (bytes[0] >= 0x20 && bytes[0] < 0x7f) {
        (*text)++;
        return bytes[0];
    }
    used = lat_utf8_next(bytes, strnlen(*text, 4), &ch);
    *text += used > 0 ? used : 1;
    if (!unicode && used > 0 && ch >= 0xc0 && ch <= 0xff)
        return (uint8_t)plain_latin[ch - 0xc0];
    if (used == 0 || !unicode || lat_is_unsafe(ch))
        return replacement(unicode);
    columns = wcwidth((wchar_t)ch);
    if (columns < 1 || columns > 2)
        return replacement(unicode); /* combining marks included: a cell holds one code point */
    *width = columns;
    return ch;
}

int
text_width(const char *text, bool unicode)
{
    int total = 0, width;

    while (*text) {
        next_char(&text, unicode, &width);
        total += width;
    }
    return total;
}

int
area_text(const struct area *area, int x, int y, int style, const char *text)
{
    int width;

    while (*text) {
        uint32_t ch = next_char(&text, area->canvas->unicode, &width);

        put_char(area, x, y, style, ch, width);
        x += width;
    }
    return x;
}

int
area_printf(const struct area *area, int x, int y, int style, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return area_text(area, x, y, style, text);
}

int
area_text_cut(const struct area *area, int x, int y, int cols, int style, const char *text)
{
    int width, end = x + cols;

    if (x + cols > area->cols)
        end = area->cols;
    if (x >= end)
        return x;
    if (text_width(text, area->canvas->unicode) <= end - x)
        return area_text(area, x, y, style, text);
    while (*text) {
        uint32_t ch = next_char(&text, area->canvas->unicode, &width);

        if (x + width > end - 1)
            break;
        put_char(area, x, y, style, ch, width);
        x += width;
    }
    put_char(area, x, y, style, CUT_MARK, 1);
    return x + 1;
}

int
area_text_right(const struct area *area, int x_end, int y, int style, const char *text)
{
    int x = x_end - text_width(text, area->canvas->unicode);

    area_text(area, x, y, style, text);
    return x;
}

void
area_restyle_row(const struct area *area, int y, int style)
{
    if (y < 0 || y >= area->rows)
        return;
    for (int x = 0; x < area->cols; x++) {
        struct cell *cell = cell_at(area->canvas, area->x + x, area->y + y);

        cell->style = style == STYLE_SELECTED ? cell->style | STYLE_SELECTED : (uint8_t)style;
    }
}

static bool
matches_at(const struct area *area, int x, int y, const char *word, int len)
{
    for (int i = 0; i < len; i++) {
        uint32_t ch = cell_at(area->canvas, area->x + x + i, area->y + y)->ch;

        if (ch > 0x7f || tolower((int)ch) != tolower((unsigned char)word[i]))
            return false;
    }
    return true;
}

void
area_highlight(const struct area *area, const char *word)
{
    int len = (int)strlen(word);

    if (len == 0)
        return;
    for (int y = 0; y < area->rows; y++)
        for (int x = 0; x + len <= area->cols; x++) {
            if (!matches_at(area, x, y, word, len))
                continue;
            for (int i = 0; i < len; i++) {
                struct cell *cell = cell_at(area->canvas, area->x + x + i, area->y + y);

                cell->style = (uint8_t)((cell->style & STYLE_SELECTED) | STYLE_MATCH);
            }
        }
}

size_t
text_fitting(const char *text, int cols, bool unicode)
{
    size_t take = 0, blank = 0;
    char part[512];

    while (text[take] && take + 5 < sizeof(part)) {
        size_t next = take + 1;

        while (((unsigned char)text[next] & 0xc0) == 0x80)
            next++;
        snprintf(part, sizeof(part), "%.*s", (int)next, text);
        if (text_width(part, unicode) > cols)
            break;
        if (text[take] == ' ')
            blank = next;
        take = next;
    }
    if (blank > take - take / 3 && text[take])
        take = blank;
    return take > 0 ? take : strlen(text);
}
