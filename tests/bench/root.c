/*
 * root.c - two roots: the trie's, changed by puts in memory, beside the bare hashing of one path; and the
 * flat root of v3.0.3 from a store.
 *
 *   root tree COUNT         lines for the table
 *   root flat STATE_DIR     seconds and root, for whoever compares them
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bench/bench.h"
#include "crypto/hash.h"
#include "state/reader.h"
#include "state/tree.h"

#define MAP_SIZE (UINT64_C(8) << 30)
#define SHA256_BLOCK 64
#define SHA256_PADDING 9
#define BLOCKS_A_NODE 2
#define INDEX_BITS 20
#define PUTS_A_TURN 4000 /* short turns, so that both meet the same machine */
#define TURNS_A_ROUND 20

/* --- the tree ----------------------------------------------------------------------------------------- */

struct leaf {
    uint8_t keyhash[32];
    uint8_t leaf[32];
};

struct leaves {
    struct leaf *items; /* ascending */
    size_t count;
    size_t index[1 << INDEX_BITS]; /* the first at or behind these bits */
};

static int
compare_leaves(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static size_t
slot_of(const uint8_t keyhash[32])
{
    return (size_t)(keyhash[0] << 16 | keyhash[1] << 8 | keyhash[2]) >> (24 - INDEX_BITS);
}

/* Through an index, so that what is measured is the tree, not a search. */
static size_t
place_of(const struct leaves *leaves, const uint8_t keyhash[32])
{
    size_t at = leaves->index[slot_of(keyhash)];

    while (at < leaves->count && memcmp(leaves->items[at].keyhash, keyhash, 32) < 0)
        at++;
    return at;
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg)
{
    const struct leaves *leaves = arg;
    enum lat_err err = LAT_OK;

    for (size_t at = place_of(leaves, from); at < leaves->count && !err; at++)
        err = fn(fn_arg, leaves->items[at].keyhash, leaves->items[at].leaf);
    return err;
}

static void
make_leaves(struct leaves *leaves, size_t count)
{
    leaves->items = calloc(count, sizeof(*leaves->items));
    leaves->count = count;
    if (leaves->items == NULL)
        bench_fail("leaves", "out of memory");
    for (uint64_t i = 0; i < count; i++) {
        sha256_of(&i, sizeof(i), leaves->items[i].keyhash);
        sha256_of(leaves->items[i].keyhash, 32, leaves->items[i].leaf);
    }
    qsort(leaves->items, count, sizeof(*leaves->items), compare_leaves);
    for (size_t slot = 0, at = 0; slot < 1 << INDEX_BITS; slot++) {
        while (at < count && slot_of(leaves->items[at].keyhash) < slot)
            at++;
        leaves->index[slot] = at;
    }
}

/* CPU seconds for a put when `group` of them make one change; all over the tree. */
static double
put_time(struct tree *tree, struct leaves *leaves, unsigned group, unsigned turns)
{
    struct tree_source source = { .each = each_leaf, .arg = leaves };
    uint8_t(*touched)[32] = calloc(group, sizeof(*touched));
    uint64_t at = 1;
    double then;

    if (touched == NULL)
        bench_fail("tree", "out of memory");
    then = bench_cpu();
    for (unsigned turn = 0; turn < turns; turn++) {
        struct tree_change *change;

        for (unsigned i = 0; i < group; i++) {
            struct leaf *leaf;

            at = at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            leaf = &leaves->items[(at >> 20) % leaves->count];
            memcpy(leaf->leaf, &at, sizeof(at));
            memcpy(touched[i], leaf->keyhash, 32);
        }
        if (tree_prepare(tree, &source, (const uint8_t(*)[32])touched, group, &change))
            bench_fail("tree", "no change");
        tree_apply(tree, change);
    }
    free(touched);
    return (bench_cpu() - then) / ((double)group * turns);
}

/* CPU seconds to hash what one path of so many levels is made of, in one go: the least that SHA-256 can cost.
 */
static double
path_time(unsigned levels, unsigned turns)
{
    uint8_t bytes[64 * SHA256_BLOCK * BLOCKS_A_NODE] = { 0 }, hash[32];
    double then = bench_cpu();

    for (unsigned i = 0; i < turns; i++) {
        sha256_of(bytes, levels * BLOCKS_A_NODE * SHA256_BLOCK - SHA256_PADDING, hash);
        memcpy(bytes, hash, sizeof(hash));
    }
    return (bench_cpu() - then) / turns;
}

static void
measure_tree(size_t count)
{
    static const unsigned groups[] = { 1, 100, 1000 };
    unsigned rounds = TURNS_A_ROUND * bench_setting("BENCH_ROUNDS", 9),
             levels = (unsigned)(log2((double)count) + 0.5);
    static struct leaves leaves;
    struct tree_source source = { .each = each_leaf, .arg = &leaves };
    struct tree *tree;

    make_leaves(&leaves, count);
    if (tree_build(&source, count, &tree))
        bench_fail("tree", "cannot be built");
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        struct series ours = { 0 }, bare = { 0 };
        char what[96], rival[64];

        for (unsigned round = 0; round < rounds; round++) {
            series_add(&ours, 1e6 * put_time(tree, &leaves, groups[g], PUTS_A_TURN / groups[g]));
            series_add(&bare, 1e6 * path_time(levels, PUTS_A_TURN));
        }
        snprintf(what, sizeof(what), "root update for a put in memory, %zu keys, %u at a time", count,
                 groups[g]);
        snprintf(rival, sizeof(rival), "SHA-256 of the %u blocks of a path", levels * BLOCKS_A_NODE);
        bench_line("state", what, "us", series_at(&ours, 0.5), rival, series_at(&bare, 0.5), "<=4x");
        series_free(&ours);
        series_free(&bare);
    }
    tree_free(tree);
    free(leaves.items);
}

/* --- the flat root ------------------------------------------------------------------------------------ */

static void
print_flat(const char *state_dir)
{
    struct store_options options = { .network = "lattice", .map_max = MAP_SIZE, .read_only = true };
    char dir[4096], hex[65];
    struct lat_msg why = { "" };
    struct reader *reader;
    struct store *store;
    uint8_t root[32];
    uint64_t entries;
    double then;

    snprintf(dir, sizeof(dir), "%s/store", state_dir);
    options.dir = dir;
    if (store_open(&options, &store, &why))
        bench_fail("store", why.text);
    if (reader_begin(store, &reader))
        bench_fail("store", "no reader");
    then = bench_now();
    if (reader_flat_root(reader, root, &entries))
        bench_fail("store", "no flat root");
    then = bench_now() - then;
    reader_end(reader);
    store_close(store);
    lat_hex(root, 32, hex);
    printf("%.4f %s\n", then, hex);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "tree") == 0)
        measure_tree(strtoul(argv[2], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "flat") == 0)
        print_flat(argv[2]);
    else
        bench_fail("usage", "root tree COUNT, or root flat STATE_DIR");
    return 0;
}
