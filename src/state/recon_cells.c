/*
 * CELLS: a stretch of the sketch of the present root. The asker names the root that it knows; where that is
 * another, it gets the present one's cells from 0, since cells of two roots do not fit together.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "state/recon_parts.h"
#include "state/sketch.h"

struct gathering {
    struct sketch_cell *cells;
    size_t count;
    uint8_t key[SIPHASH_KEY_LEN];
};

static enum lat_err
gather_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct gathering *g = arg;
    uint8_t element[SKETCH_ELEMENT_LEN];

    (void)hlc;
    sketch_element(keyhash, leaf, element);
    sketch_toggle(g->cells, g->count, g->key, element, 1);
    return LAT_OK;
}

enum lat_err
recon_answer_cells(const struct recon_view *view, const struct recon_request *request, struct lat_buf *reply)
{
    static const uint8_t zeros[32];
    const uint8_t *root = request->cells.root;
    bool is_present = memcmp(root, zeros, 32) == 0 || memcmp(root, view->root, 32) == 0;
    size_t from = is_present ? request->cells.from : 0, count = request->cells.count;
    struct gathering g = { .count = from + count };
    enum lat_err err;

    g.cells = calloc(g.count, sizeof(*g.cells));
    if (g.cells == NULL)
        return LAT_NOMEM;
    sketch_key(view->network, g.key);
    err = view->each_leaf(view->arg, zeros, gather_leaf, &g);
    if (!err)
        err = recon_add_root(view, reply);
    if (!err)
        err = recon_add_varint(reply, from);
    if (!err)
        err = recon_add_varint(reply, count);
    if (!err)
        err = sketch_write(g.cells, from, count, view->count, reply);
    free(g.cells);
    return err;
}
