/*
 * copy.h - one panel as plain text, with all of its lines, to be selected and copied. Pure.
 */
#ifndef LAT_UI_COPY_H
#define LAT_UI_COPY_H

#include "caps.h"
#include "model.h"
#include "view/snapshot.h"

/* The focused panel (or its detail) at the width of the screen. NULL: out of memory. The caller frees. */
char *copy_text(const struct model *model, const struct snapshot *snapshot, const struct caps *caps);

#endif
