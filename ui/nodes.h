/*
 * nodes.h - P2P peers and HTTP sources as one list: what the peers table and the agreement figures show.
 *
 * Roots get letters: A is ours, B the other root that has differed longest, then C and so on, so that "A A B
 * A" reads at a glance. Pure.
 */
#ifndef LAT_UI_NODES_H
#define LAT_UI_NODES_H

#include "canvas.h"
#include "view/snapshot.h"

#define NODES_MAX (SNAPSHOT_SOURCES_MAX + SNAPSHOT_PEERS_MAX)
#define NODE_TEXT_MAX 400

/* One row; pointers borrow from the snapshot. */
struct node_row {
    const struct snapshot_source *source; /* NULL: a peer */
    const struct snapshot_peer *peer;     /* NULL: a source */
    const char *name;
    const struct snapshot_stand *stand;
    const struct snapshot_traffic *traffic;
    char letter; /* 'A' ours, 'B' .. 'Z' others, '?' unknown */
};

/* Orders of a list of nodes. */
enum node_sort {
    NODE_SORT_NONE,  /* peers, then sources, each as the node lists them */
    NODE_SORT_NAME,
    NODE_SORT_RTT,   /* quickest first, unknown last */
    NODE_SORT_IN,    /* most bytes first */
    NODE_SORT_STATE, /* what differs or is unknown first */
    NODE_SORT_COUNT
};

/* Peers first, then sources, in their order; filter as typed by the operator ("" all). Returns the count. */
int nodes_list(const struct snapshot *snapshot, const char *filter, struct node_row rows[NODES_MAX]);

void nodes_sort(struct node_row *rows, int count, enum node_sort sort, bool reverse);

/* "name", "rtt" ... for the panel's header; "": none. */
const char *node_sort_name(enum node_sort sort);

/* "4f1c9a03 =A", "77be0d51 !B", "? 00:38 ago". Returns its style. */
enum style node_root_text(const struct snapshot *snapshot, const struct node_row *row,
                          char out[NODE_TEXT_MAX]);

/* "same", "3 THEIRS", "2 OURS", "5 BOTH", "differs", "?". */
enum style node_diff_text(const struct node_row *row, char out[NODE_TEXT_MAX]);

/* "equal", "differs" ...: for people; agreement_name is for machines. */
const char *node_agreement_word(enum agreement agreement);

/* "in step", "differs 00:42", "healing 42 %", the error. */
enum style node_state_text(const struct node_row *row, char out[NODE_TEXT_MAX]);

#endif
