/*
 * divergence_detail.h - one node that differs, and one key that differs, in full. Pure.
 */
#ifndef LAT_UI_DIVERGENCE_DETAIL_H
#define LAT_UI_DIVERGENCE_DETAIL_H

#include "nodes.h"
#include "panel.h"

#define DIVERGENCE_MAP_COLS 36 /* of the map of subtrees, labels included */
#define DIVERGENCE_MAP_ROWS 18

/*
 * The 256 subtrees of depth 8 as 16 x 16 cells, named by the first two digits of the hash of a key: '.' nothing differs
 * there, 'D' (reverse) a difference was found, 'H' (reverse) it is being healed, '?' nobody has looked.
 */
void divergence_draw_map(const struct node_row *row, const struct area *area);

/* What a node differs in, how it was found, what healing makes of it; the map beside it where there is room. */
void divergence_draw_node(const struct panel_view *view, const struct node_row *row, const struct area *area);

/* Both values, clocks and authors of a key, and who wins and why. */
void divergence_draw_key(const struct panel_view *view, const struct node_row *row, const struct snapshot_key *key,
                         const struct area *area);

#endif
