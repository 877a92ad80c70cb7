/*
 * fleet.h - many nodes on one screen: worst first, one filter, letters that say who agrees with whom, alerts of all merged.
 *
 * fleet_rows.c makes rows of what the sources say, fleet_draw.c draws them: both pure. fleet_console.c is the loop. Console thread.
 */
#ifndef LAT_UI_FLEET_H
#define LAT_UI_FLEET_H

#include "canvas.h"
#include "caps.h"
#include "console.h"
#include "filter.h"

#define FLEET_TEXT_MAX 256

/* How grave; the worst first on the screen. */
enum fleet_rank { FLEET_ALARM, FLEET_UNREACHED, FLEET_ATTENTION, FLEET_FINE };

/* One node now. */
struct fleet_row {
    int index;                       /* in the fleet */
    const struct fleet_node *node;
    const struct snapshot *snapshot; /* NULL: none yet; borrowed */
    struct link_status link;
    enum fleet_rank rank;
    char letter;    /* of its root; '?' unknown */
    int64_t age_ms; /* of the snapshot; -1: none */
    int64_t lag_ms; /* its root has differed from root A for so long; -1: does not */
};

/* The rows of a moment. */
struct fleet_view {
    int count, total; /* rows that the filter lets pass; nodes */
    int live, agree;  /* nodes that are live; on root A */
    struct fleet_row rows[FLEET_NODES_MAX];
    char letters[FLEET_NODES_MAX + 1]; /* one a node, in the order of the fleet */
};

/* What the screen remembers. */
struct fleet_model {
    uint64_t now_ms, wall_ms;
    int cols, rows;
    int selected;               /* index of a node, so that it stays chosen while rows move */
    char filter[FILTER_TEXT_MAX];
    bool typing;                /* a filter is being typed */
    bool answering;             /* the question of the selected node stands in the bar */
    char secret[256];           /* typed so far */
    uint64_t differs_ms[FLEET_NODES_MAX]; /* since when a root is not A; 0: it is */
};

/*
 * Letters, ranks, order. snapshots and links: one a node; a snapshot may be NULL. Updates model->differs_ms and brings the selection into
 * the rows.
 */
void fleet_look(const struct fleet *fleet, const struct snapshot *const *snapshots, const struct link_status *links,
                struct fleet_model *model, struct fleet_view *view);

void fleet_draw(const struct fleet_view *view, const struct fleet_model *model, const struct caps *caps, struct canvas *canvas);

/* Shows one node until the operator comes back (CONSOLE_BACK) or leaves for good. */
typedef enum console_end (*fleet_visit_fn)(void *arg, const struct fleet_node *node);

/* The loop, on an open terminal. */
enum console_end fleet_run(const struct fleet *fleet, fleet_visit_fn visit, void *arg);

#endif
