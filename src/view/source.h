/*
 * source.h - a node as a front end sees it: latest snapshot, a wake descriptor, commands. A local node (exchange), a
 * node over HTTP and a node over SSH implement it; the console cannot tell them apart.
 */
#ifndef LAT_VIEW_SOURCE_H
#define LAT_VIEW_SOURCE_H

#include <stdbool.h>

#include "view/exchange.h"
#include "view/link.h"

struct source_ops {
    const struct snapshot *(*latest)(void *arg); /* new reference or NULL */
    int (*wake_fd)(void *arg);                    /* readable at a new snapshot; read 8 bytes to clear */
    enum lat_err (*submit)(void *arg, struct command *command); /* as exchange_submit */
    /* Of a node that runs elsewhere; NULL for one in this process. */
    void (*link)(void *arg, struct link_status *out);
    void (*focus)(void *arg, bool full); /* whole snapshots, or summaries alone (summary.h) */
    void (*retry)(void *arg);            /* now, if it waits for its next try */
    void (*answer)(void *arg, uint32_t question, bool yes, const char *secret); /* to link_status; secret NULL: none */
};

/* --- the story of a demo, told beside the figures ---------------------------------------------------- */

#define STORY_CAPTION_MAX 400

enum story_wish { STORY_PAUSE /* or go on */, STORY_STEP, STORY_RESTART };
enum story_show { STORY_SHOW_NOTHING /* new: leave the picture as it is */, STORY_SHOW_ALL, STORY_SHOW_COUNTDOWN, STORY_SHOW_DIVERGENCE };

struct story_face {
    const char *caption;  /* one sentence, UTF-8; borrows until the next call */
    bool paused, over;
    unsigned step, steps; /* the first is 1 */
    enum story_show show; /* what the step wants to be seen: take it up when `turn` changes, leave it to the operator then */
    unsigned turn;
};

/* Each gets source.story_arg first. Console thread. */
struct story_source {
    /* Let it go on by what the snapshot shows, and say what is to be told. lang: "pt" and "pt_..." are Portuguese, else English. */
    void (*look)(void *arg, const struct snapshot *snapshot, const char *lang, uint64_t now_ms, struct story_face *out);
    void (*wish)(void *arg, enum story_wish wish, uint64_t now_ms);
};

struct source {
    const struct source_ops *ops;
    void *arg;
    bool embedded;     /* the node lives in this process: quitting must ask */
    bool control;      /* changes allowed; the node decides in the end */
    bool recorded;     /* its pictures are from a file: none is of now */
    const struct story_source *story; /* NULL: none is told */
    void *story_arg;
    char via[64];      /* "embedded", "http://127.0.0.1:8000", ... for the title */
};

/* A source over the exchange of an embedded node. fd: from exchange_watch. */
struct exchange_source {
    struct exchange *exchange;
    int fd;
};
void source_of_exchange(struct exchange_source *es, struct source *out);

#endif
