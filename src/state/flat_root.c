#include "config.h"

#include "state/flat_root.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"

struct flat_root {
    struct sha256 *total;
    bool any;
};

struct flat_root *
flat_root_new(void)
{
    struct flat_root *root = calloc(1, sizeof(*root));

    if (root == NULL)
        return NULL;
    root->total = sha256_new();
    return root;
}

void
flat_root_leaf(const uint8_t *key, size_t key_len, const char *stored_value, size_t value_len,
               uint8_t out[SHA256_LEN])
{
    const struct hash_part parts[] = { { key, key_len }, { ":", 1 }, { stored_value, value_len } };

    sha256_parts(parts, 3, out);
}

void
flat_root_add_leaf(struct flat_root *root, const uint8_t leaf[SHA256_LEN])
{
    char hex[2 * SHA256_LEN + 1];

    lat_hex(leaf, SHA256_LEN, hex);
    sha256_add(root->total, hex, sizeof(hex) - 1);
    root->any = true;
}

void
flat_root_add(struct flat_root *root, const uint8_t *key, size_t key_len, const char *stored_value,
              size_t value_len)
{
    uint8_t leaf[SHA256_LEN];

    flat_root_leaf(key, key_len, stored_value, value_len, leaf);
    flat_root_add_leaf(root, leaf);
}

void
flat_root_end(struct flat_root *root, uint8_t out[SHA256_LEN])
{
    if (!root->any)
        sha256_add(root->total, "empty", 5);
    sha256_end(root->total, out);
}

void
flat_root_free(struct flat_root *root)
{
    if (root == NULL)
        return;
    sha256_free(root->total);
    free(root);
}
