/*
 * copy.h - one panel as plain text, with all of its lines, to be selected and copied, or for a file. Pure.
 */
#ifndef LAT_UI_COPY_H
#define LAT_UI_COPY_H

#include "caps.h"
#include "model.h"
#include "view/snapshot.h"

/* The focused panel (or its detail) at the width of the screen. NULL: out of memory. The caller frees. */
char *copy_text(const struct model *model, const struct snapshot *snapshot, const struct caps *caps);

/*
 * The same for a file: of events every line that passes the panel's filter, whole, as the log has it ("2026-03-14T14:03:27.120Z warning
 * [HTTP_SYNC] ..."). NULL: out of memory. The caller frees.
 */
char *copy_for_file(const struct model *model, const struct snapshot *snapshot, const struct caps *caps);

/* A name for that file in the present folder: "lattice-events-20260314T140327Z.txt". wall_ms: of the picture. */
void copy_file_name(const struct model *model, uint64_t wall_ms, char *out, size_t size);

#endif
