/*
 * remote.h - a node that runs elsewhere as a source for the console: one thread keeps the way to it open, takes its events and carries
 * switches to it. The console cannot tell it from an embedded node, but for its link (view/link.h).
 *
 * Live by server-sent events; where they are not offered, by conditional polling; a v3.0.3 node by its status and root. Every step has its
 * deadline; a node that is silent is STALE after 15 s and given up after 30, by our own clock, and tried again after 1, 2, 4 .. 30 s. The last
 * snapshot stays, and its age tells. Nothing here waits for the node but this thread.
 */
#ifndef LAT_ATTACH_REMOTE_H
#define LAT_ATTACH_REMOTE_H

#include "attach/api_client.h"
#include "view/source.h"

#define REMOTE_STALE_MS 15000
#define REMOTE_LOST_MS 30000
#define REMOTE_REQUEST_MS 5000

struct remote;

struct remote_options {
    const char *name; /* how the operator calls it; NULL: as it calls itself */
    bool control;     /* changes are let through; the node decides in the end */
    bool full;        /* whole snapshots from the beginning, else summaries */
};

/* Start the thread. target->asker is not used: questions stand in the link. LAT_NOMEM, LAT_SYS, LAT_AUTH and those of ssh_route_load, with *why. */
LAT_MUST_CHECK enum lat_err remote_start(const struct api_target *target, const struct remote_options *options, struct remote **out,
                                         struct lat_msg *why);

/* Stop; answers what waits with LAT_CLOSED. Returns within half a second, whatever hangs. NULL is fine. */
void remote_stop(struct remote *remote);

/* The same without waiting: its thread ends by itself, and frees what is left. */
void remote_abandon(struct remote *remote);

/* The source's face; borrows remote. */
void remote_face(struct remote *remote, struct source *out);

/* For measuring: bytes of HTTP answers so far. */
uint64_t remote_bytes(struct remote *remote);

#endif
