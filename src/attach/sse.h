/*
 * sse.h - server-sent events out of a stream of bytes, cut anywhere. Pure; one owner.
 *
 * Spec: WHATWG HTML, "Server-sent events", 9.2.6; ids and retry times are passed over.
 */
#ifndef LAT_ATTACH_SSE_H
#define LAT_ATTACH_SSE_H

#include <stdbool.h>

#include "base/buf.h"

#define SSE_EVENT_MAX 2097152 /* bytes of one event's data */
#define SSE_NAME_MAX 32

/* name: "message" unless it said another one; data borrowed. */
typedef void (*sse_event_fn)(void *arg, const char *name, const char *data, size_t len);

struct sse {
    struct lat_buf line, data;
    char name[SSE_NAME_MAX];
    bool after_cr;
    sse_event_fn fn;
    void *arg;
};

void sse_init(struct sse *sse, sse_event_fn fn, void *arg);
void sse_fini(struct sse *sse);

/* Forget what has come of an event: a new stream begins. */
void sse_reset(struct sse *sse);

/* Take bytes; fn is called for each event that is whole. LAT_LIMIT (an event over its maximum), LAT_NOMEM: the stream cannot go on. */
LAT_MUST_CHECK enum lat_err sse_feed(struct sse *sse, const char *bytes, size_t len);

#endif
