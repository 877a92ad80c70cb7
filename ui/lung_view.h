/*
 * lung_view.h - the lungs in words: label, second line and one word for each lung (STATE-MACHINE section 10).
 * The label alone tells the state without colour. Pure.
 */
#ifndef LAT_UI_LUNG_VIEW_H
#define LAT_UI_LUNG_VIEW_H

#include <stddef.h>

#include "canvas.h"
#include "keymap.h"
#include "view/snapshot.h"

#define LUNG_LABEL_MAX 32
#define LUNG_LINE_MAX 400

/* A word with its meaning. */
struct lung_word {
    const char *word;
    enum style style;
};

/* "NO PEERS", "P2P 3 !", "HTTP forced, DOWN". */
const char *lung_label(const struct snapshot_lung *lung, char out[LUNG_LABEL_MAX]);
enum style lung_style(const struct snapshot_lung *lung);

/* "HTTP in 00:23, source ready": what is going on, and what comes next; map: the keys that it names. */
const char *lung_line(const struct snapshot *snapshot, const struct keymap *map, char out[LUNG_LINE_MAX]);

/* One lung each: "ACTIVE", "NO PEERS", "OFF" ...; "CARRYING", "STANDBY", "FAILING" ... */
struct lung_word lung_p2p_word(const struct snapshot_lung *lung);
struct lung_word lung_http_word(const struct snapshot_lung *lung);

/* Does HTTP apply what it fetches now? */
bool lung_http_carries(enum lung_state state);

/* The glyph that goes with a style: '*' good, 'o' idle, '!' attention, 'X' alarm, '?' unknown. */
char style_glyph(enum style style);

#endif
