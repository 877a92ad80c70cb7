#include "config.h"

#include "state/tree.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/hash.h"

#define LEAVES_MAX 3000

struct leaf {
    uint8_t keyhash[32];
    uint8_t leaf[32];
};

/* The leaves in order: what the table `dig` is to the store. */
struct model {
    struct leaf leaves[LEAVES_MAX];
    size_t count;
};

static enum lat_err
model_each(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg)
{
    const struct model *model = arg;
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < model->count && !err; i++)
        if (memcmp(model->leaves[i].keyhash, from, 32) >= 0)
            err = fn(fn_arg, model->leaves[i].keyhash, model->leaves[i].leaf);
    return err;
}

static size_t
model_place(const struct model *model, const uint8_t keyhash[32])
{
    size_t at = 0;

    while (at < model->count && memcmp(model->leaves[at].keyhash, keyhash, 32) < 0)
        at++;
    return at;
}

static bool
model_has(const struct model *model, size_t at, const uint8_t keyhash[32])
{
    return at < model->count && memcmp(model->leaves[at].keyhash, keyhash, 32) == 0;
}

static void
model_put(struct model *model, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    size_t at = model_place(model, keyhash);

    if (!model_has(model, at, keyhash)) {
        assert_true(model->count < LEAVES_MAX);
        memmove(&model->leaves[at + 1], &model->leaves[at], (model->count - at) * sizeof(model->leaves[0]));
        model->count++;
    }
    memcpy(model->leaves[at].keyhash, keyhash, 32);
    memcpy(model->leaves[at].leaf, leaf, 32);
}

static void
model_delete(struct model *model, const uint8_t keyhash[32])
{
    size_t at = model_place(model, keyhash);

    if (!model_has(model, at, keyhash))
        return;
    model->count--;
    memmove(&model->leaves[at], &model->leaves[at + 1], (model->count - at) * sizeof(model->leaves[0]));
}

/* Straight from the definition: all leaves of a prefix, hashed without a tree. */
static uint64_t
naive(const struct model *model, uint8_t prefix[32], unsigned bits, uint8_t hash[32])
{
    uint8_t left[32], right[32];
    const struct leaf *last = NULL;
    uint64_t count = 0;

    for (size_t i = 0; i < model->count; i++) {
        unsigned same = 0;

        while (same < bits &&
               !((model->leaves[i].keyhash[same / 8] ^ prefix[same / 8]) >> (7 - same % 8) & 1))
            same++;
        if (same == bits) {
            last = &model->leaves[i];
            count++;
        }
    }
    memset(hash, 0, 32);
    if (count == 1)
        memcpy(hash, last->leaf, 32);
    if (count <= 1)
        return count;
    prefix[bits / 8] &= (uint8_t) ~(0x80 >> bits % 8);
    naive(model, prefix, bits + 1, left);
    prefix[bits / 8] |= (uint8_t)(0x80 >> bits % 8);
    naive(model, prefix, bits + 1, right);
    prefix[bits / 8] &= (uint8_t) ~(0x80 >> bits % 8);
    tree_node_hash(count, left, right, hash);
    return count;
}

static struct tree_source
source_of(struct model *model)
{
    return (struct tree_source){ .each = model_each, .arg = model };
}

/* Subtree by the tree where it knows it, by folding below. */
static uint64_t
subtree(const struct tree *tree, uint64_t version, struct model *model, const uint8_t prefix[32],
        unsigned bits, uint8_t hash[32])
{
    struct tree_source source = source_of(model);
    uint64_t count = 0;

    if (!tree_look(tree, version, prefix, bits, &count, hash))
        assert_int_equal(tree_fold(&source, prefix, bits, &count, hash), LAT_OK);
    return count;
}

static void
assert_matches_model(struct tree *tree, struct model *model)
{
    uint64_t version = tree_pin(tree);
    uint8_t zeros[32] = { 0 }, expected[32], got[32];

    assert_int_equal(tree_count(tree), model->count);
    naive(model, zeros, 0, expected);
    tree_top(tree, got);
    assert_memory_equal(got, expected, 32);
    for (unsigned i = 0; i < 20; i++) {
        uint8_t prefix[32];
        unsigned bits = i * 7 % 24;

        sha256_of(&i, sizeof(i), prefix);
        assert_int_equal(subtree(tree, version, model, prefix, bits, got),
                         naive(model, prefix, bits, expected));
        assert_memory_equal(got, expected, 32);
    }
    tree_unpin(tree, version);
}

static void
keyhash_of_number(uint32_t number, uint8_t out[32])
{
    sha256_of(&number, sizeof(number), out);
}

static void
change_tree(struct tree *tree, struct model *model, const uint8_t (*touched)[32], size_t n)
{
    struct tree_source source = source_of(model);
    struct tree_change *change;

    assert_int_equal(tree_prepare(tree, &source, touched, n, &change), LAT_OK);
    assert_int_equal(tree_change_count(change), model->count);
    tree_apply(tree, change);
}

static struct tree *
built_from(struct model *model)
{
    struct tree_source source = source_of(model);
    struct tree *tree;

    assert_int_equal(tree_build(&source, model->count, &tree), LAT_OK);
    return tree;
}

/* --- published trees ------------------------------------------------------------------------------ */

static unsigned
parse_prefix(const char *text, uint8_t prefix[32])
{
    unsigned bits = 0;

    memset(prefix, 0, 32);
    if (strcmp(text, "-") == 0)
        return 0;
    for (; text[bits] != 0; bits++)
        if (text[bits] == '1')
            prefix[bits / 8] |= (uint8_t)(0x80 >> bits % 8);
    return bits;
}

static void
check_node(struct model *model, const char *bits_text, const char *count_text, const char *hash_text)
{
    struct tree *tree = built_from(model);
    uint64_t version = tree_pin(tree);
    uint8_t prefix[32], expected[32], got[32];
    unsigned bits = parse_prefix(bits_text, prefix);

    assert_int_equal(lat_unhex(hash_text, expected, 32), LAT_OK);
    assert_int_equal(subtree(tree, version, model, prefix, bits, got), strtoul(count_text, NULL, 10));
    assert_memory_equal(got, expected, 32);
    tree_unpin(tree, version);
    tree_free(tree);
}

static void
check_root(struct model *model, const char *top_text, const char *count_text, const char *root_text)
{
    struct tree *tree = built_from(model);
    uint8_t network_id[32], top[32], expected[32], got[32];

    sha256_of("lattice/network/1\0lattice-test", 30, network_id);
    tree_top(tree, top);
    assert_int_equal(lat_unhex(top_text, expected, 32), LAT_OK);
    assert_memory_equal(top, expected, 32);
    assert_int_equal(tree_count(tree), strtoul(count_text, NULL, 10));
    tree_root_hash(network_id, tree_count(tree), top, got);
    assert_int_equal(lat_unhex(root_text, expected, 32), LAT_OK);
    assert_memory_equal(got, expected, 32);
    tree_free(tree);
}

static void
published_trees_have_their_nodes_and_roots(void **state)
{
    static struct model model;
    FILE *file = fopen(VECTOR_DIR "/tree.txt", "r");
    char line[512], word[16], a[300], b[80], c[80], top[80] = "";
    unsigned trees = 0, nodes = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        int words = sscanf(line, "%15s %299s %79s %79s", word, a, b, c);
        struct leaf leaf;

        if (words < 2 || word[0] == '#') {
            continue;
        } else if (strcmp(word, "tree") == 0) {
            model.count = 0;
        } else if (strcmp(word, "leaf") == 0) {
            assert_int_equal(lat_unhex(a, leaf.keyhash, 32), LAT_OK);
            assert_int_equal(lat_unhex(b, leaf.leaf, 32), LAT_OK);
            model_put(&model, leaf.keyhash, leaf.leaf);
        } else if (strcmp(word, "node") == 0) {
            check_node(&model, a, b, c);
            nodes++;
        } else if (strcmp(word, "top") == 0) {
            memcpy(top, a, sizeof(top) - 1);
        } else if (strcmp(word, "root") == 0) {
            check_root(&model, top, a, b);
            trees++;
        }
    }
    fclose(file);
    assert_int_equal(trees, 7);
    assert_int_equal(nodes, 32);
}

/* --- against the model ---------------------------------------------------------------------------- */

static void
a_tree_follows_random_puts_replacements_and_deletes(void **state)
{
    static struct model model;
    struct tree *tree = built_from(&model);
    uint8_t touched[64][32];
    unsigned seen_bits = 0;

    (void)state;
    srand(7);
    for (unsigned round = 0; round < 200; round++) {
        size_t n = (size_t)rand() % 64 + 1;
        bool growing = round < 60;

        for (size_t i = 0; i < n; i++) {
            uint32_t number = (uint32_t)rand() % 1500;
            uint8_t leaf[32];

            keyhash_of_number(number, touched[i]);
            number = (uint32_t)rand();
            sha256_of(&number, sizeof(number), leaf);
            if (rand() % 10 < (growing ? 9 : 1))
                model_put(&model, touched[i], leaf);
            else
                model_delete(&model, touched[i]);
        }
        change_tree(tree, &model, (const uint8_t(*)[32])touched, n);
        assert_matches_model(tree, &model);
        if (tree_bits(tree) > seen_bits)
            seen_bits = tree_bits(tree);
    }
    assert_true(seen_bits >= 4);              /* it grew ... */
    assert_true(tree_bits(tree) < seen_bits); /* ... and shrank */
    tree_free(tree);
}

static void
any_order_and_any_batches_give_the_same_tree(void **state)
{
    static struct model model;
    enum { COUNT = 700 };
    uint8_t tops[4][32];

    (void)state;
    for (unsigned order = 0; order < 4; order++) {
        struct tree *tree;
        size_t batch = order == 0 ? 1 : order * 50;
        uint8_t touched[COUNT][32];
        size_t n = 0;

        model.count = 0;
        tree = built_from(&model);
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t number = (i * 211 + order * 97) % COUNT; /* 211 has no factor in common with 700 */
            uint8_t leaf[32];

            keyhash_of_number(number, touched[n]);
            sha256_of(touched[n], 32, leaf);
            model_put(&model, touched[n++], leaf);
            if (n == batch || i + 1 == COUNT) {
                change_tree(tree, &model, (const uint8_t(*)[32])touched, n);
                n = 0;
            }
        }
        tree_top(tree, tops[order]);
        assert_memory_equal(tops[order], tops[0], 32);
        assert_matches_model(tree, &model);
        tree_free(tree);
    }
}

static void
keyhashes_that_share_almost_all_bits_are_told_apart(void **state)
{
    static struct model model;
    uint8_t keyhash[32], leaf[32], zeros[32] = { 0 }, expected[32], got[32];
    struct tree *tree;
    uint64_t count;
    struct tree_source source = source_of(&model);

    (void)state;
    memset(keyhash, 0x5a, 32);
    memset(leaf, 1, 32);
    model_put(&model, keyhash, leaf);
    keyhash[31] ^= 1;
    memset(leaf, 2, 32);
    model_put(&model, keyhash, leaf);
    tree = built_from(&model);
    naive(&model, zeros, 0, expected);
    tree_top(tree, got);
    assert_memory_equal(got, expected, 32);
    assert_int_equal(tree_fold(&source, keyhash, 255, &count, got), LAT_OK);
    assert_int_equal(count, 2);
    tree_free(tree);
}

static void
a_lone_leaf_beside_crowded_buckets_stays_a_leaf(void **state)
{
    static struct model model;
    uint8_t keyhash[32], leaf[32] = { 3 }, got[32];
    struct tree *tree;
    uint64_t version, count;

    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        keyhash_of_number(i, keyhash);
        keyhash[0] = 0xff;
        model_put(&model, keyhash, keyhash);
    }
    memset(keyhash, 0, 32);
    model_put(&model, keyhash, leaf);
    tree = built_from(&model);
    assert_matches_model(tree, &model);
    version = tree_pin(tree);
    assert_true(tree_look(tree, version, keyhash, 1, &count, got));
    assert_int_equal(count, 1);
    assert_memory_equal(got, leaf, 32);
    tree_unpin(tree, version);
    tree_free(tree);
}

static void
a_change_that_is_not_applied_leaves_no_trace(void **state)
{
    static struct model model;
    struct tree_source source = source_of(&model);
    struct tree_change *change;
    struct tree *tree = built_from(&model);
    uint8_t keyhash[1][32], leaf[32] = { 9 };

    (void)state;
    keyhash_of_number(1, keyhash[0]);
    model_put(&model, keyhash[0], leaf);
    assert_int_equal(tree_prepare(tree, &source, (const uint8_t(*)[32])keyhash, 1, &change), LAT_OK);
    assert_int_equal(tree_change_count(change), 1);
    tree_change_free(change);
    model.count = 0;
    assert_matches_model(tree, &model);
    tree_free(tree);
}

static void
a_batch_that_touches_nothing_changes_nothing(void **state)
{
    static struct model model;
    struct tree *tree;

    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        uint8_t keyhash[32];

        keyhash_of_number(i, keyhash);
        model_put(&model, keyhash, keyhash);
    }
    tree = built_from(&model);
    change_tree(tree, &model, NULL, 0);
    assert_matches_model(tree, &model);
    tree_free(tree);
}

static void
a_pinned_version_stays_as_it_was_over_changes_and_growth(void **state)
{
    enum { ROUNDS = 12, STEP = 60 };
    static struct model now, then[ROUNDS];
    struct tree *tree = built_from(&now);
    uint64_t versions[ROUNDS];
    uint8_t touched[STEP][32];

    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        versions[round] = tree_pin(tree);
        then[round] = now;
        for (uint32_t i = 0; i < STEP; i++) {
            uint8_t leaf[32];

            keyhash_of_number(round * (STEP - 5) + i, touched[i]);
            memset(leaf, (int)round + 1, 32);
            model_put(&now, touched[i], leaf);
        }
        change_tree(tree, &now, (const uint8_t(*)[32])touched, STEP);
    }
    assert_true(tree_bits(tree) >= 4);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t round = i * 5 % ROUNDS; /* released in another order than pinned */

        for (unsigned bits = 0; bits < 7; bits++) {
            uint8_t prefix[32], expected[32], got[32];

            keyhash_of_number(bits, prefix);
            assert_int_equal(subtree(tree, versions[round], &then[round], prefix, bits, got),
                             naive(&then[round], prefix, bits, expected));
            assert_memory_equal(got, expected, 32);
        }
        tree_unpin(tree, versions[round]);
    }
    assert_matches_model(tree, &now);
    tree_free(tree);
}

static void
leaves_out_of_order_are_damage(void **state)
{
    static struct model model;
    struct tree_source source = source_of(&model);
    struct tree *tree = NULL;
    struct leaf first;
    uint8_t zeros[32] = { 0 }, hash[32];
    uint64_t count;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t keyhash[32];

        keyhash_of_number(i, keyhash);
        model_put(&model, keyhash, keyhash);
    }
    first = model.leaves[0];
    model.leaves[0] = model.leaves[1];
    model.leaves[1] = first;
    assert_int_equal(tree_build(&source, 3, &tree), LAT_DAMAGED);
    assert_int_equal(tree_fold(&source, zeros, 0, &count, hash), LAT_DAMAGED);
    model.leaves[0] = model.leaves[1];
    assert_int_equal(tree_fold(&source, zeros, 0, &count, hash), LAT_DAMAGED); /* one twice */
    assert_null(tree);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_trees_have_their_nodes_and_roots),
        cmocka_unit_test(a_tree_follows_random_puts_replacements_and_deletes),
        cmocka_unit_test(any_order_and_any_batches_give_the_same_tree),
        cmocka_unit_test(keyhashes_that_share_almost_all_bits_are_told_apart),
        cmocka_unit_test(a_lone_leaf_beside_crowded_buckets_stays_a_leaf),
        cmocka_unit_test(a_change_that_is_not_applied_leaves_no_trace),
        cmocka_unit_test(a_batch_that_touches_nothing_changes_nothing),
        cmocka_unit_test(a_pinned_version_stays_as_it_was_over_changes_and_growth),
        cmocka_unit_test(leaves_out_of_order_are_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
