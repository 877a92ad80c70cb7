/*
 * tree_fold.h - the trie's hash over leaves in order; shared by the files of the tree alone.
 */
#ifndef LAT_STATE_TREE_FOLD_H
#define LAT_STATE_TREE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/tree.h"

struct tree_leaf {
    uint8_t keyhash[32];
    uint8_t leaf[32];
};

/* A node, or a subtree: its leaves and its hash (zeros when there are none). */
struct tree_node {
    uint8_t hash[32];
    uint64_t count;
};

/* Leaves of one subtree, gathered to be folded; its storage is used again for the next. All zeros: empty. */
struct tree_gather {
    struct tree_leaf *leaves;
    size_t count, cap;
};

/* Append a leaf. LAT_DAMAGED unless it stands behind the last one; LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err tree_gather_add(struct tree_gather *gather, const uint8_t keyhash[32],
                                            const uint8_t leaf[32]);

/* Replace what is gathered by the leaves of a subtree. Errors of tree_fold. */
LAT_MUST_CHECK enum lat_err tree_gather_prefix(struct tree_gather *gather, const struct tree_source *source,
                                               const uint8_t prefix[32], unsigned bits);

/* Fold what is gathered: all share their first `bits` bits. */
void tree_gather_fold(const struct tree_gather *gather, unsigned bits, struct tree_node *out);
void tree_gather_fini(struct tree_gather *gather);

/* The node above two others. */
void tree_join(const struct tree_node *left, const struct tree_node *right, struct tree_node *out);

#endif
