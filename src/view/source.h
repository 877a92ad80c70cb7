/*
 * source.h - a node as a front end sees it: latest snapshot, a wake descriptor, commands. A local node (exchange), a
 * node over HTTP and a node over SSH implement it; the console cannot tell them apart.
 */
#ifndef LAT_VIEW_SOURCE_H
#define LAT_VIEW_SOURCE_H

#include <stdbool.h>

#include "view/exchange.h"

struct source_ops {
    const struct snapshot *(*latest)(void *arg); /* new reference or NULL */
    int (*wake_fd)(void *arg);                    /* readable at a new snapshot; read 8 bytes to clear */
    enum lat_err (*submit)(void *arg, struct command *command); /* as exchange_submit */
};

struct source {
    const struct source_ops *ops;
    void *arg;
    bool embedded;     /* the node lives in this process: quitting must ask */
    bool control;      /* changes allowed; the node decides in the end */
    char via[64];      /* "embedded", "http://127.0.0.1:8000", ... for the title */
};

/* A source over the exchange of an embedded node. fd: from exchange_watch. */
struct exchange_source {
    struct exchange *exchange;
    int fd;
};
void source_of_exchange(struct exchange_source *es, struct source *out);

#endif
