/*
 * pen.h - lines of text below each other that may be longer than their area is high or wide: help and the list of alerts. Pure.
 */
#ifndef LAT_UI_PEN_H
#define LAT_UI_PEN_H

#include <stdbool.h>

#include "canvas.h"

/* Where the next line goes; lines above the top and below the area are counted but not drawn. */
struct pen {
    const struct area *area; /* NULL: only count */
    int line, top;
    int cols;
    bool unicode;
};

/* On the present line, cut. */
void pen_put(struct pen *pen, int x, int style, const char *text);

/* A line, or as many as it takes where the screen is narrow; those that follow are set in by two. */
void pen_put_long(struct pen *pen, int x, int style, const char *text);

#endif
