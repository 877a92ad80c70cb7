/*
 * CELLS: a stretch of the sketch of one of the roots last announced. The asker names the root that it knows; where
 * that is not kept any more, it gets the present one's cells from 0, since cells of two roots do not fit together.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "state/recon_parts.h"
#include "state/sketch.h"

static bool
is_asked_root(const struct recon_request *request, const uint8_t of[32])
{
    static const uint8_t zeros[32];

    return memcmp(request->cells.root, zeros, 32) == 0 || memcmp(request->cells.root, of, 32) == 0;
}

static enum lat_err
add_cells(const struct recon_request *request, const struct sketch_cell *cells, const uint8_t of[32],
          uint64_t records, struct lat_buf *reply)
{
    size_t from = is_asked_root(request, of) ? request->cells.from : 0;
    uint8_t *at;
    enum lat_err err = lat_buf_extend(reply, 32 + 8, &at);

    if (err)
        return err;
    at = lat_put_bytes(at, of, 32);
    lat_put_u64le(at, records);
    err = recon_add_varint(reply, from);
    if (!err)
        err = recon_add_varint(reply, request->cells.count);
    return err ? err : sketch_write(cells, from, request->cells.count, records, reply);
}

enum lat_err
recon_answer_cells(const struct recon_view *view, const struct recon_request *request, struct lat_buf *reply)
{
    size_t count = request->cells.from + request->cells.count;
    struct sketch_cell *cells = calloc(count, sizeof(*cells));
    uint8_t of[32];
    uint64_t records;
    enum lat_err err = LAT_NOMEM;

    if (cells != NULL)
        err = view->cells == NULL ? LAT_BUSY : view->cells(view->arg, request->cells.root, count, cells, of, &records);
    if (!err)
        err = add_cells(request, cells, of, records, reply);
    free(cells);
    return err;
}
