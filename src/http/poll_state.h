/*
 * poll_state.h - the answer to GET /api/lattice/state, read in a worker: a summary of one of ours, or the
 * whole state of a v3.0.3 node, parsed, hashed and judged. Loop thread.
 */
#ifndef LAT_HTTP_POLL_STATE_H
#define LAT_HTTP_POLL_STATE_H

#include <uv.h>

#include "base/buf.h"
#include "state/legacy.h"
#include "view/snapshot.h"

#define POLL_SUMMARY_MAX 8192 /* a longer answer is no summary */

struct poll_state {
    uv_work_t work;
    struct lat_buf body;
    size_t memory_max;
    struct trust trust;
    bool bound;
    uint8_t bound_key[32];
    uint64_t wall_ms;
    /* the result */
    bool is_ours;                 /* it speaks /api/lattice/sync; of the rest only `name` is set */
    char name[SNAPSHOT_NAME_MAX]; /* as it calls itself, filtered; "": it does not say */
    enum lat_err err;             /* else: why there is no state to look at */
    struct lat_msg why;           /* of err, and of verdict */
    struct legacy_state state;    /* may be taken: *state = (struct legacy_state){ 0 } */
    enum legacy_verdict verdict;
    uint8_t key[32];
    void (*fn)(void *arg, struct poll_state *done);
    void *arg;
};

/*
 * Read a body (taken on success) in a worker; fn is called once on the loop, and the result is freed when it
 * returns. trust is copied; bound: NULL or the key bound to the source. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err poll_state_read(uv_loop_t *loop, struct lat_buf *body, size_t memory_max,
                                            const struct trust *trust, const uint8_t *bound, uint64_t wall_ms,
                                            void (*fn)(void *arg, struct poll_state *done), void *arg);

#endif
