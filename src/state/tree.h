/*
 * tree.h - the authenticated structure: a canonical binary trie with counts over (keyhash, leaf), in memory
 * down to buckets of some 3 to 8 records, below that folded on demand from wherever the leaves are kept.
 *
 * Spec: STATE section 2, WIRE section 1. The tree holds no leaves: it reads them from a tree_source (the
 * table `dig` inside a transaction, or an array in a test). One set of leaves has one tree, whatever way led
 * to it.
 *
 * No I/O and no locks of its own. A struct tree belongs to whoever holds its lock; tree_fold is pure.
 */
#ifndef LAT_STATE_TREE_H
#define LAT_STATE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TREE_BITS_MAX 26 /* most levels kept in memory: 2 GiB of records and more have larger buckets */

/* Hash of an inner node (WIRE section 1); count is that of both sides. */
void tree_node_hash(uint64_t count, const uint8_t left[32], const uint8_t right[32], uint8_t out[32]);

/* Root of a network's state from the top of its trie: zeros, a leaf or a node. */
void tree_root_hash(const uint8_t network_id[32], uint64_t count, const uint8_t top[32], uint8_t out[32]);

/* One leaf as it is listed. Return other than LAT_OK to stop. */
typedef enum lat_err (*tree_leaf_fn)(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32]);

/* Where leaves are kept: `each` calls fn for those from keyhash `from` on (included), ascending, and returns
 * what stopped it. */
struct tree_source {
    enum lat_err (*each)(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg);
    void *arg;
};

/*
 * Count and hash of the subtree of all leaves that share the first `bits` (0 .. 255) bits of prefix, from the
 * leaves alone. LAT_DAMAGED: they do not ascend strictly; LAT_NOMEM; what the source returned.
 */
LAT_MUST_CHECK enum lat_err tree_fold(const struct tree_source *source, const uint8_t prefix[32],
                                      unsigned bits, uint64_t *count, uint8_t hash[32]);

struct tree;

/* Fold a whole tree. expected: number of leaves, as far as it is known; sets the depth to begin with. Errors
 * of tree_fold. */
LAT_MUST_CHECK enum lat_err tree_build(const struct tree_source *source, uint64_t expected,
                                       struct tree **out);
void tree_free(struct tree *tree); /* NULL is fine */

/* Number of leaves and the hash at the top. */
uint64_t tree_count(const struct tree *tree);
void tree_top(const struct tree *tree, uint8_t top[32]);

/* Levels kept in memory: subtrees of more bits are folded from the source. */
unsigned tree_bits(const struct tree *tree);

/* --- changing, in two steps: so that nothing is seen before its commit ------------------------------- */

/* What a batch does to the tree. */
struct tree_change;

/*
 * Work out how the tree looks after the leaves of these keyhashes were put, replaced or removed in the source
 * (in any order, repeats are fine). The tree stays as it is. Each bucket and each node above is folded once.
 */
LAT_MUST_CHECK enum lat_err tree_prepare(const struct tree *tree, const struct tree_source *source,
                                         const uint8_t (*keyhashes)[32], size_t n, struct tree_change **out);

uint64_t tree_change_count(const struct tree_change *change);
void tree_change_top(const struct tree_change *change, uint8_t top[32]);

/* Make it so; takes the change. Cannot fail. The change must come from the tree as it now stands. */
void tree_apply(struct tree *tree, struct tree_change *change);

/* Forget it. NULL is fine. */
void tree_change_free(struct tree_change *change);

/* --- looking back: readers see the version that stood when they began ------------------------------- */

/* Hold on to the present version; returns its number. Until it is released, what later changes overwrite is
 * kept. */
uint64_t tree_pin(struct tree *tree);
void tree_unpin(struct tree *tree, uint64_t version);

/*
 * Count and hash of a subtree as of a pinned version. false: it lies below the levels in memory; fold it
 * from the leaves of that version.
 */
bool tree_look(const struct tree *tree, uint64_t version, const uint8_t prefix[32], unsigned bits,
               uint64_t *count, uint8_t hash[32]);

#endif
