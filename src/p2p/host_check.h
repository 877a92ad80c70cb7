/*
 * host_check.h - signature checks on libuv's worker threads, several messages a turn, so that the loop never waits for one; and, on the same visit, a
 * look at what a message says. Everything belongs to the loop's thread but the check and `examine`.
 */
#ifndef LAT_P2P_HOST_CHECK_H
#define LAT_P2P_HOST_CHECK_H

#include <uv.h>

#include "p2p/gossip_message.h"

#define HOST_CHECK_WORKERS_MAX 8
#define HOST_CHECK_BATCH 32 /* messages of one turn */

struct host_check;

struct host_check_ops {
    /* NULL, or, on a worker: what does this message say, whose signature holds? The result is handed to `checked`. */
    void *(*examine)(void *arg, const struct gossip_message *message);
    /*
     * The signature of this message holds (LAT_OK) or not; found: what examine gave, the callee's now. The reference that host_check_add took
     * is given back afterwards.
     */
    void (*checked)(void *arg, struct gossip_message *message, enum lat_err result, void *found);
    /* Where there is examine: free what it gave, when nobody is told any more. */
    void (*drop)(void *found);
    /* NULL, or: several of the above have been told; the moment for gossip_streams_flush and host_send. */
    void (*turned)(void *arg);
};

/* workers: turns that run at once, 1 .. HOST_CHECK_WORKERS_MAX. NULL: out of memory. */
struct host_check *host_check_new(uv_loop_t *loop, unsigned workers, const struct host_check_ops *ops, void *arg);

/* Takes a reference of its own. What waits is bounded by the router's pending_max. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err host_check_add(struct host_check *c, struct gossip_message *message);

/* Nothing is told any more; frees itself when the turns that run are over. Call before gossip_free. NULL is fine. */
void host_check_close(struct host_check *c);

#endif
