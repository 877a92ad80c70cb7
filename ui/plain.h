/*
 * plain.h - a canvas as text: `--once`, files, tests.
 */
#ifndef LAT_UI_PLAIN_H
#define LAT_UI_PLAIN_H

#include <stdio.h>

#include "canvas.h"

/* Rows as lines, without blanks at their ends and without empty rows at the end. LAT_SYS: writing failed. */
LAT_MUST_CHECK enum lat_err plain_write(const struct canvas *canvas, FILE *out);

/* The same in memory; NULL: out of memory. The caller frees. */
char *plain_text(const struct canvas *canvas);

#endif
