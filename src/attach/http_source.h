/*
 * http_source.h - a node behind its HTTP API as a source for the console: one thread asks for its snapshot once a second and carries
 * switches to it. The console cannot tell it from an embedded node.
 *
 * A node that does not answer leaves the last snapshot standing; its age, by our own clock, tells. Commands are answered also then, with
 * the error. http_source_start and _stop belong to one thread.
 */
#ifndef LAT_ATTACH_HTTP_SOURCE_H
#define LAT_ATTACH_HTTP_SOURCE_H

#include "attach/api_client.h"
#include "view/source.h"

struct http_source;

/* Start the thread. control: changes are let through (the node decides in the end). LAT_NOMEM, LAT_SYS, LAT_AUTH, with *why. */
LAT_MUST_CHECK enum lat_err http_source_start(const struct api_target *target, bool control, struct http_source **out,
                                              struct lat_msg *why);

/* Stop within the deadline of a request under way (a few seconds); answers what waits with LAT_CLOSED. NULL is fine. */
void http_source_stop(struct http_source *hs);

/* The source's face; borrows hs. */
void http_source_face(struct http_source *hs, struct source *out);

#endif
