#include "config.h"

#include "graph.h"

#include <string.h>

#define SPARK_SCALE_MIN 4 /* counts in a column that fill it at least: a quiet series stays low */
#define SPARK_COLS_MAX 256
#define DIGIT_COLS 5
#define DIGIT_ROWS 5
#define DIGIT_SCALE_MAX 3

/* Average a span of the clock, scaled to a whole span; spans at both ends may be covered in part. */
static uint32_t
span_value(const uint16_t *history, size_t count, uint64_t now_s, uint64_t span, uint64_t index)
{
    uint64_t sum = 0, covered = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t second = now_s - (uint64_t)(count - 1 - i);

        if (second / span == index) {
            sum += history[i];
            covered++;
        }
    }
    return covered == 0 ? 0 : (uint32_t)(sum * span / covered);
}

/* Of each pair of values a column of dots, 0 to 4 high: left dots 1 2 3 7, right dots 4 5 6 8, counted from below. */
static uint32_t
braille_cell(uint32_t left, uint32_t right)
{
    static const uint8_t lefts[] = { 0, 0x40, 0x44, 0x46, 0x47 }, rights[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };

    return 0x2800u | lefts[left] | rights[right];
}

static uint32_t
level_of(uint32_t value, uint32_t top, uint32_t levels)
{
    return value == 0 ? 0 : 1 + value * (levels - 1) / top;
}

static void
draw_braille(const struct area *area, int x, int y, int cols, int style, const uint32_t *values, uint32_t top)
{
    for (int i = 0; i < cols; i++) {
        uint32_t left = level_of(values[2 * i], top, 4), right = level_of(values[2 * i + 1], top, 4);

        area_fill(area, x + i, y, 1, style, left + right == 0 ? ' ' : braille_cell(left, right));
    }
}

void
graph_spark(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
            const uint16_t *history, size_t count, uint64_t now_s)
{
    uint32_t values[SPARK_COLS_MAX] = { 0 }, top = SPARK_SCALE_MIN;
    uint64_t span, newest;
    int slots;

    if (cols > SPARK_COLS_MAX / 2)
        cols = SPARK_COLS_MAX / 2;
    if (cols < 1 || count == 0 || now_s < count)
        return;
    slots = set->braille ? 2 * cols : cols;
    span = (count + (size_t)slots - 1) / (size_t)slots;
    newest = now_s / span;
    for (int i = 0; i < slots; i++) {
        values[i] = span_value(history, count, now_s, span, newest - (uint64_t)(slots - 1 - i));
        if (values[i] > top)
            top = values[i];
    }
    if (set->braille) {
        draw_braille(area, x, y, cols, style, values, top);
        return;
    }
    for (int i = 0; i < cols; i++) {
        area_fill(area, x + i, y, 1, style, set->spark[level_of(values[i], top, SPARK_LEVELS - 1)]);
    }
}

/* 0: a gap; 1: nothing; 2 .. levels: something. */
static uint32_t
slot_level(uint32_t value, uint32_t top, uint32_t levels)
{
    if (value == UINT32_MAX)
        return 0;
    return value == 0 ? 1 : 2 + (uint32_t)((uint64_t)value * (levels - 2) / top);
}

void
graph_slots(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
            const uint32_t *slots, size_t count)
{
    uint32_t top = GRAPH_SLOTS_LEAST;
    int step = set->braille ? 2 : 1;

    for (size_t i = 0; i < count; i++)
        if (slots[i] != UINT32_MAX && slots[i] > top)
            top = slots[i];
    for (int i = 0; i < cols && ((size_t)i + 1) * (size_t)step <= count; i++) {
        const uint32_t *slot = &slots[i * step];
        uint32_t cell = set->braille ? braille_cell(slot_level(slot[0], top, 4), slot_level(slot[1], top, 4))
                                     : set->spark[slot_level(slot[0], top, SPARK_LEVELS - 1)];

        area_fill(area, x + i, y, 1, style, cell == braille_cell(0, 0) ? ' ' : cell);
    }
}

void
graph_gauge(const struct area *area, int x, int y, int cols, int style, const struct charset *set,
            uint64_t value, uint64_t max)
{
    int inner = cols - 2, full;

    if (inner < 1)
        return;
    if (value > max)
        value = max;
    full = max == 0 ? 0 : (int)((value * (uint64_t)inner + max - 1) / max);
    area_fill(area, x, y, 1, STYLE_TEXT, '[');
    area_fill(area, x + 1, y, full, style, set->bar_full);
    area_fill(area, x + 1 + full, y, inner - full, STYLE_TEXT, set->bar_empty);
    area_fill(area, x + 1 + inner, y, 1, STYLE_TEXT, ']');
}

/* Five rows of five bits each, the highest bit left. */
static const unsigned char rasters[11][DIGIT_ROWS] = {
    { 0x0e, 0x11, 0x11, 0x11, 0x0e }, /* 0 */
    { 0x04, 0x0c, 0x04, 0x04, 0x0e }, /* 1 */
    { 0x1e, 0x01, 0x0e, 0x10, 0x1f }, /* 2 */
    { 0x1e, 0x01, 0x0e, 0x01, 0x1e }, /* 3 */
    { 0x12, 0x12, 0x1f, 0x02, 0x02 }, /* 4 */
    { 0x1f, 0x10, 0x1e, 0x01, 0x1e }, /* 5 */
    { 0x0e, 0x10, 0x1e, 0x11, 0x0e }, /* 6 */
    { 0x1f, 0x01, 0x02, 0x04, 0x04 }, /* 7 */
    { 0x0e, 0x11, 0x0e, 0x11, 0x0e }, /* 8 */
    { 0x0e, 0x11, 0x0f, 0x01, 0x0e }, /* 9 */
    { 0x00, 0x04, 0x00, 0x04, 0x00 }, /* : */
};

static const unsigned char *
raster_of(char ch)
{
    if (ch >= '0' && ch <= '9')
        return rasters[ch - '0'];
    return ch == ':' ? rasters[10] : NULL;
}

/* One digit, each bit `rows` high and `cols` wide. */
static void
draw_digit(const struct area *area, int x, int y, int cols, int rows, int style, uint32_t block,
           const unsigned char *raster)
{
    for (int row = 0; row < DIGIT_ROWS * rows; row++)
        for (int col = 0; col < DIGIT_COLS; col++)
            if (raster[row / rows] & (0x10 >> col))
                area_fill(area, x + col * cols, y + row, cols, style, block);
}

/* Columns of a text whose bits are `cols` wide: one bit between two digits. */
static int
digits_width(int count, int cols)
{
    return count * (DIGIT_COLS + 1) * cols - cols;
}

int
graph_digits(const struct area *area, int style, const struct charset *set, const char *text)
{
    int count = (int)strlen(text), rows = DIGIT_SCALE_MAX, cols;

    if (count == 0 || area->rows < DIGIT_ROWS)
        return 0;
    while (rows > 1 && (digits_width(count, 2 * rows) > area->cols || DIGIT_ROWS * rows > area->rows))
        rows--;
    cols = 2 * rows; /* cells are about twice as high as wide */
    if (digits_width(count, cols) > area->cols)
        cols = 1;
    if (digits_width(count, cols) > area->cols)
        return 0;
    for (int i = 0; i < count; i++) {
        const unsigned char *raster = raster_of(text[i]);

        if (raster)
            draw_digit(area, (area->cols - digits_width(count, cols)) / 2 + i * (DIGIT_COLS + 1) * cols,
                       (area->rows - DIGIT_ROWS * rows) / 2, cols, rows, style, set->block, raster);
    }
    return DIGIT_ROWS * rows;
}
