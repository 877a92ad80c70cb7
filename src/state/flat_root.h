/*
 * flat_root.h - the flat state root of v3.0.3 (COMPAT section 7): SHA-256 over the lower-case hex leaf hashes
 * of all entries in ascending key order; SHA-256("empty") for none. Pure; any thread.
 */
#ifndef LAT_STATE_FLAT_ROOT_H
#define LAT_STATE_FLAT_ROOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/hash.h"

/* Running root: entries are added in ascending byte order of their keys. */
struct flat_root;
struct flat_root *flat_root_new(void); /* NULL: out of memory */
void flat_root_add(struct flat_root *root, const uint8_t *key, size_t key_len, const char *stored_value,
                   size_t value_len);
/* The same in two steps, for who has the entries in another order than their leaves are added in. */
void flat_root_leaf(const uint8_t *key, size_t key_len, const char *stored_value, size_t value_len,
                    uint8_t out[SHA256_LEN]);
void flat_root_add_leaf(struct flat_root *root, const uint8_t leaf[SHA256_LEN]);
void flat_root_end(struct flat_root *root, uint8_t out[SHA256_LEN]); /* then free */
void flat_root_free(struct flat_root *root);

#endif
