#include "config.h"

#include "pen.h"

#include <stdio.h>

void
pen_put(struct pen *pen, int x, int style, const char *text)
{
    if (pen->area && pen->line >= pen->top)
        area_text_cut(pen->area, x, pen->line - pen->top, pen->area->cols - x - 1, style, text);
}

void
pen_put_long(struct pen *pen, int x, int style, const char *text)
{
    int set_in = 2;

    do {
        size_t take = text_fitting(text, pen->cols - x - 1, pen->unicode);
        char part[512];

        snprintf(part, sizeof(part), "%.*s", (int)take, text);
        pen_put(pen, x, style, part);
        pen->line++;
        text += take;
        x += set_in;
        set_in = 0;
    } while (*text);
}
