/*
 * cast.h - pictures as an asciicast (version 2): what players of terminal recordings show, without this program. Pure but
 * for the file.
 */
#ifndef LAT_UI_CAST_H
#define LAT_UI_CAST_H

#include <stdint.h>
#include <stdio.h>

#include "canvas.h"
#include "theme.h"

/* The first line: size, and when it was recorded (Unix ms). */
void cast_begin(FILE *out, int cols, int rows, uint64_t wall_ms);

/* One picture, whole, at_ms after the beginning. LAT_NOMEM. Errors of the file stay in it. */
LAT_MUST_CHECK enum lat_err cast_frame(FILE *out, const struct canvas *canvas, enum theme theme, uint64_t at_ms);

#endif
