/*
 * The part of the trie that is kept in memory: levels 0 .. bits as one array in heap order (node 1 is the
 * top, the children of i are 2i and 2i+1, bucket k is node 2^bits + k), 40 bytes a node.
 *
 * A batch is worked out beside the tree (tree_prepare) and put in its place after the commit (tree_apply), so
 * a failed commit costs nothing to undo. Applying swaps: afterwards the change holds what stood before. As
 * long as someone has an older version pinned, changes are kept in order, and a look at version v takes the
 * first change from v on that touched the node, else the tree itself. Copies of the touched path per version
 * were the other way; they cost an allocation a page on each batch, readers or not.
 *
 * When the mean bucket would leave 3 .. 8 (few hold more than 16) the change is a whole new array of another
 * depth instead of a list.
 */
#include "config.h"

#include "state/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "state/tree_fold.h"

#define BUCKET_LEAST 3 /* mean; below it a level less: 27 bytes of memory a leaf at most */
#define BUCKET_MOST 8  /* mean; above it a level more: 17 levels and 10 bytes a leaf at 1M leaves */

/* Exactly one of the two forms; after tree_apply the values are those of `version`. */
struct tree_change {
    struct tree_node *whole; /* all nodes of a tree of `bits` levels; NULL: the list below */
    unsigned bits;
    uint32_t *index; /* deepest level first, ascending inside a level */
    struct tree_node *node;
    size_t count;
    size_t level_at[TREE_BITS_MAX + 2]; /* level l stands in [level_at[l + 1], level_at[l]) */
    uint64_t version;
    size_t pins;
    struct tree_change *newer;
};

struct tree {
    struct tree_node *nodes;
    unsigned bits;
    uint64_t version;
    size_t pins;                         /* of the present version */
    struct tree_change *oldest, *newest; /* what older versions need */
};

static uint32_t
bucket_of(const uint8_t keyhash[32], unsigned bits)
{
    uint32_t front =
        (uint32_t)keyhash[0] << 24 | (uint32_t)keyhash[1] << 16 | (uint32_t)keyhash[2] << 8 | keyhash[3];

    return (uint32_t)(((uint64_t)front | UINT64_C(1) << 32) >> (32 - bits));
}

/* The depth for a number of leaves, changed only when the mean bucket leaves its bounds. */
static unsigned
fitting_bits(uint64_t count, unsigned bits)
{
    while (bits < TREE_BITS_MAX && count >> bits > BUCKET_MOST)
        bits++;
    while (bits > 0 && count >> bits < BUCKET_LEAST)
        bits--;
    return bits;
}

/* --- a whole tree ------------------------------------------------------------------------------------ */

struct build {
    struct tree_node *nodes;
    unsigned bits;
    uint32_t bucket; /* that is being gathered */
    struct tree_gather gather;
};

static void
close_bucket(struct build *build)
{
    tree_gather_fold(&build->gather, build->bits, &build->nodes[build->bucket]);
}

static enum lat_err
build_one(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    struct build *build = arg;
    uint32_t bucket = bucket_of(keyhash, build->bits);

    if (bucket < build->bucket)
        return LAT_DAMAGED;
    if (bucket > build->bucket) {
        close_bucket(build);
        build->bucket = bucket;
        build->gather.count = 0;
    }
    return tree_gather_add(&build->gather, keyhash, leaf);
}

/* All nodes of `bits` levels; the caller frees them. */
static enum lat_err
build_nodes(const struct tree_source *source, unsigned bits, struct tree_node **out)
{
    struct build build = { .bits = bits, .bucket = UINT32_C(1) << bits };
    uint8_t zeros[32] = { 0 };
    enum lat_err err;

    build.nodes = calloc((size_t)2 << bits, sizeof(*build.nodes));
    if (build.nodes == NULL)
        return LAT_NOMEM;
    err = source->each(source->arg, zeros, build_one, &build);
    close_bucket(&build);
    tree_gather_fini(&build.gather);
    if (err) {
        free(build.nodes);
        return err;
    }
    for (uint32_t i = (UINT32_C(1) << bits) - 1; i >= 1; i--)
        tree_join(&build.nodes[2 * i], &build.nodes[2 * i + 1], &build.nodes[i]);
    *out = build.nodes;
    return LAT_OK;
}

enum lat_err
tree_build(const struct tree_source *source, uint64_t expected, struct tree **out)
{
    struct tree *tree = calloc(1, sizeof(*tree));
    enum lat_err err;

    if (tree == NULL)
        return LAT_NOMEM;
    tree->bits = fitting_bits(expected, 0);
    err = build_nodes(source, tree->bits, &tree->nodes);
    if (err) {
        free(tree);
        return err;
    }
    *out = tree;
    return LAT_OK;
}

void
tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    while (tree->oldest != NULL) {
        struct tree_change *next = tree->oldest->newer;

        tree_change_free(tree->oldest);
        tree->oldest = next;
    }
    free(tree->nodes);
    free(tree);
}

uint64_t
tree_count(const struct tree *tree)
{
    return tree->nodes[1].count;
}

void
tree_top(const struct tree *tree, uint8_t top[32])
{
    memcpy(top, tree->nodes[1].hash, 32);
}

unsigned
tree_bits(const struct tree *tree)
{
    return tree->bits;
}

/* --- changes ------------------------------------------------------------------------------------- */

void
tree_change_free(struct tree_change *change)
{
    if (change == NULL)
        return;
    free(change->whole);
    free(change->index);
    free(change->node);
    free(change);
}

static const struct tree_node *
change_top(const struct tree_change *change)
{
    /* A list ends with the top, since every change reaches it. */
    return change->whole != NULL ? &change->whole[1] : &change->node[change->count - 1];
}

uint64_t
tree_change_count(const struct tree_change *change)
{
    return change_top(change)->count;
}

void
tree_change_top(const struct tree_change *change, uint8_t top[32])
{
    memcpy(top, change_top(change)->hash, 32);
}

static int
compare_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The buckets that the keyhashes fall into, ascending, each once. */
static size_t
list_buckets(const uint8_t (*keyhashes)[32], size_t n, unsigned bits, uint32_t *index)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        index[i] = bucket_of(keyhashes[i], bits);
    qsort(index, n, sizeof(*index), compare_index);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || index[i] != index[kept - 1])
            index[kept++] = index[i];
    return kept;
}

static enum lat_err
fold_buckets(struct tree_change *change, const struct tree_source *source)
{
    struct tree_gather gather = { 0 };
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < change->count && !err; i++) {
        uint64_t front = ((uint64_t)change->index[i] << (32 - change->bits)) & UINT32_MAX;
        uint8_t prefix[32] = { (uint8_t)(front >> 24), (uint8_t)(front >> 16), (uint8_t)(front >> 8),
                               (uint8_t)front };

        err = tree_gather_prefix(&gather, source, prefix, change->bits);
        if (!err)
            tree_gather_fold(&gather, change->bits, &change->node[i]);
    }
    tree_gather_fini(&gather);
    return err;
}

/* Append the parents of the level that stands in [from, to). */
static void
join_level(struct tree_change *change, const struct tree *tree, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        uint32_t at = change->index[i];
        bool both = i + 1 < to && change->index[i + 1] == (at ^ 1);
        const struct tree_node *self = &change->node[i];
        const struct tree_node *other = both ? &change->node[i + 1] : &tree->nodes[at ^ 1];

        /* Ascending: where both are in the list, this is the left one. */
        tree_join(at & 1 ? other : self, at & 1 ? self : other, &change->node[change->count]);
        change->index[change->count++] = at / 2;
        i += both;
    }
}

static void
join_levels(struct tree_change *change, const struct tree *tree)
{
    change->level_at[change->bits + 1] = 0;
    for (unsigned level = change->bits; level > 0; level--) {
        change->level_at[level] = change->count;
        join_level(change, tree, change->level_at[level + 1], change->count);
    }
    change->level_at[0] = change->count;
}

static enum lat_err
prepare_list(struct tree_change *change, const struct tree *tree, const struct tree_source *source,
             const uint8_t (*keyhashes)[32], size_t n)
{
    size_t all = (size_t)2 << tree->bits, paths = n < all ? n * (tree->bits + 1) : all;
    size_t cap = paths < all ? paths : all;
    enum lat_err err;

    change->bits = tree->bits;
    change->index = calloc(cap > n ? cap : n, sizeof(*change->index)); /* n before they are made distinct */
    change->node = calloc(cap, sizeof(*change->node));
    if (change->index == NULL || change->node == NULL)
        return LAT_NOMEM;
    change->count = list_buckets(keyhashes, n, tree->bits, change->index);
    err = fold_buckets(change, source);
    if (!err)
        join_levels(change, tree);
    return err;
}

/* A tree of another depth does not fit a list: fold it anew. */
static enum lat_err
prepare_whole(struct tree_change *change, const struct tree_source *source, unsigned bits)
{
    free(change->index);
    free(change->node);
    *change = (struct tree_change){ .bits = bits };
    return build_nodes(source, bits, &change->whole);
}

enum lat_err
tree_prepare(const struct tree *tree, const struct tree_source *source, const uint8_t (*keyhashes)[32],
             size_t n, struct tree_change **out)
{
    static const uint8_t nothing[1][32];
    struct tree_change *change = calloc(1, sizeof(*change));
    unsigned bits;
    enum lat_err err;

    if (change == NULL)
        return LAT_NOMEM;
    if (n == 0) {
        keyhashes = nothing; /* any path will do: folded again it is the same */
        n = 1;
    }
    err = prepare_list(change, tree, source, keyhashes, n);
    if (!err) {
        bits = fitting_bits(tree_change_count(change), tree->bits);
        if (bits != tree->bits)
            err = prepare_whole(change, source, bits);
    }
    if (err) {
        tree_change_free(change);
        return err;
    }
    *out = change;
    return LAT_OK;
}

static void
swap_nodes(struct tree *tree, struct tree_change *change)
{
    struct tree_node *nodes = tree->nodes;
    unsigned bits = tree->bits;

    tree->nodes = change->whole;
    tree->bits = change->bits;
    change->whole = nodes;
    change->bits = bits;
}

static void
swap_list(struct tree *tree, struct tree_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct tree_node *node = &tree->nodes[change->index[i]];
        struct tree_node before = *node;

        *node = change->node[i];
        change->node[i] = before;
    }
}

void
tree_apply(struct tree *tree, struct tree_change *change)
{
    assert(change->whole != NULL || change->bits == tree->bits);
    if (change->whole != NULL)
        swap_nodes(tree, change);
    else
        swap_list(tree, change);
    change->version = tree->version++;
    change->pins = tree->pins;
    tree->pins = 0;
    if (change->pins == 0 && tree->oldest == NULL) {
        tree_change_free(change);
        return;
    }
    if (tree->newest != NULL)
        tree->newest->newer = change;
    else
        tree->oldest = change;
    tree->newest = change;
}

/* --- versions ------------------------------------------------------------------------------------ */

uint64_t
tree_pin(struct tree *tree)
{
    tree->pins++;
    return tree->version;
}

static struct tree_change *
change_from(const struct tree *tree, uint64_t version)
{
    struct tree_change *change = tree->oldest;

    while (change != NULL && change->version < version)
        change = change->newer;
    return change;
}

void
tree_unpin(struct tree *tree, uint64_t version)
{
    size_t *pins = version == tree->version ? &tree->pins : &change_from(tree, version)->pins;

    assert(*pins > 0);
    --*pins;
    while (tree->oldest != NULL && tree->oldest->pins == 0) {
        struct tree_change *done = tree->oldest;

        tree->oldest = done->newer;
        if (tree->oldest == NULL)
            tree->newest = NULL;
        tree_change_free(done);
    }
}

/* What the change says of a node at level `level`; NULL: it did not touch it. */
static const struct tree_node *
find_in_list(const struct tree_change *change, uint32_t index, unsigned level)
{
    const uint32_t *base = change->index + change->level_at[level + 1];
    size_t n = change->level_at[level] - change->level_at[level + 1];
    const uint32_t *found = bsearch(&index, base, n, sizeof(*base), compare_index);

    return found != NULL ? &change->node[found - change->index] : NULL;
}

bool
tree_look(const struct tree *tree, uint64_t version, const uint8_t prefix[32], unsigned bits, uint64_t *count,
          uint8_t hash[32])
{
    const struct tree_node *node = NULL, *all = tree->nodes;
    const struct tree_change *change;
    unsigned depth = tree->bits;
    uint32_t index;

    if (bits > TREE_BITS_MAX)
        return false;
    index = bucket_of(prefix, bits);
    for (change = change_from(tree, version); change != NULL && node == NULL; change = change->newer) {
        if (change->whole != NULL) { /* says everything about the versions before it */
            all = change->whole;
            depth = change->bits;
            break;
        }
        if (bits <= change->bits)
            node = find_in_list(change, index, bits);
    }
    if (bits > depth)
        return false;
    if (node == NULL)
        node = &all[index];
    *count = node->count;
    memcpy(hash, node->hash, 32);
    return true;
}
