/*
 * Folding: leaves in ascending order are split at the first whose next bit is 1, both halves are folded, and
 * joined. A half of one leaf is that leaf at any depth, so a lone record never costs a chain of nodes; two
 * that share many bits do, one node a bit. The recursion ends at bit 255, since no two leaves have one
 * keyhash.
 */
#include "config.h"

#include "state/tree_fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "crypto/hash.h"

void
tree_node_hash(uint64_t count, const uint8_t left[32], const uint8_t right[32], uint8_t out[32])
{
    uint8_t text[1 + 8 + 32 + 32];

    text[0] = 1;
    lat_put_bytes(lat_put_bytes(lat_put_u64le(text + 1, count), left, 32), right, 32);
    sha256_of(text, sizeof(text), out);
}

void
tree_root_hash(const uint8_t network_id[32], uint64_t count, const uint8_t top[32], uint8_t out[32])
{
    static const char domain[] = "\003lattice/1"; /* its zero byte belongs to it */
    uint8_t number[8];
    struct hash_part parts[] = { { domain, sizeof(domain) }, { network_id, 32 }, { number, 8 }, { top, 32 } };

    lat_put_u64le(number, count);
    sha256_parts(parts, 4, out);
}

void
tree_join(const struct tree_node *left, const struct tree_node *right, struct tree_node *out)
{
    struct tree_node joined = { .count = left->count + right->count };

    if (joined.count > 1)
        tree_node_hash(joined.count, left->hash, right->hash, joined.hash);
    else if (joined.count == 1)
        memcpy(joined.hash, left->count ? left->hash : right->hash, 32);
    *out = joined;
}

static bool
bit_of(const uint8_t keyhash[32], unsigned bit)
{
    return keyhash[bit / 8] >> (7 - bit % 8) & 1;
}

/* How many of these, which agree before `bit`, have a 0 there. */
static size_t
split_at(const struct tree_leaf *leaves, size_t count, unsigned bit)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (bit_of(leaves[middle].keyhash, bit))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void
fold(const struct tree_leaf *leaves, size_t count, unsigned bit, struct tree_node *out)
{
    struct tree_node left, right;
    size_t split;

    if (count <= 1) {
        memset(out, 0, sizeof(*out));
        out->count = count;
        if (count == 1)
            memcpy(out->hash, leaves[0].leaf, 32);
        return;
    }
    assert(bit < 256); /* tree_gather_add takes no keyhash twice */
    split = split_at(leaves, count, bit);
    fold(leaves, split, bit + 1, &left);
    fold(leaves + split, count - split, bit + 1, &right);
    tree_join(&left, &right, out);
}

void
tree_gather_fold(const struct tree_gather *gather, unsigned bits, struct tree_node *out)
{
    fold(gather->leaves, gather->count, bits, out);
}

void
tree_gather_fini(struct tree_gather *gather)
{
    free(gather->leaves);
    *gather = (struct tree_gather){ 0 };
}

enum lat_err
tree_gather_add(struct tree_gather *gather, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    struct tree_leaf *at;

    if (gather->count > 0 && memcmp(gather->leaves[gather->count - 1].keyhash, keyhash, 32) >= 0)
        return LAT_DAMAGED;
    if (gather->count == gather->cap) {
        size_t cap = gather->cap ? gather->cap * 2 : 64;
        struct tree_leaf *leaves = reallocarray(gather->leaves, cap, sizeof(*leaves));

        if (leaves == NULL)
            return LAT_NOMEM;
        gather->leaves = leaves;
        gather->cap = cap;
    }
    at = &gather->leaves[gather->count++];
    memcpy(at->keyhash, keyhash, 32);
    memcpy(at->leaf, leaf, 32);
    return LAT_OK;
}

struct prefix_walk {
    struct tree_gather *gather;
    const uint8_t *prefix;
    unsigned bits;
    bool past; /* the leaf behind the subtree was reached */
};

static bool
shares_prefix(const uint8_t keyhash[32], const uint8_t prefix[32], unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;

    return memcmp(keyhash, prefix, bytes) == 0 &&
           (rest == 0 || (keyhash[bytes] ^ prefix[bytes]) >> (8 - rest) == 0);
}

static enum lat_err
gather_one(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    struct prefix_walk *walk = arg;

    if (!shares_prefix(keyhash, walk->prefix, walk->bits)) {
        walk->past = true;
        return LAT_CLOSED;
    }
    return tree_gather_add(walk->gather, keyhash, leaf);
}

enum lat_err
tree_gather_prefix(struct tree_gather *gather, const struct tree_source *source, const uint8_t prefix[32],
                   unsigned bits)
{
    struct prefix_walk walk = { .gather = gather, .prefix = prefix, .bits = bits };
    uint8_t from[32] = { 0 };
    enum lat_err err;

    assert(bits < 256);
    memcpy(from, prefix, bits / 8);
    if (bits % 8 != 0)
        from[bits / 8] = (uint8_t)(prefix[bits / 8] & (0xff00 >> bits % 8));
    gather->count = 0;
    err = source->each(source->arg, from, gather_one, &walk);
    return walk.past ? LAT_OK : err;
}

enum lat_err
tree_fold(const struct tree_source *source, const uint8_t prefix[32], unsigned bits, uint64_t *count,
          uint8_t hash[32])
{
    struct tree_gather gather = { 0 };
    struct tree_node node;
    enum lat_err err = tree_gather_prefix(&gather, source, prefix, bits);

    if (!err) {
        tree_gather_fold(&gather, bits, &node);
        *count = node.count;
        memcpy(hash, node.hash, 32);
    }
    tree_gather_fini(&gather);
    return err;
}
