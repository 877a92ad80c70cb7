/*
 * key.h - Ed25519 keys (RFC 8032, pure), with the strict verification of WIRE section 1: S < L, no cofactor,
 * R none of the 8 small-order encodings; a public key is canonical and not of small order.
 */
#ifndef LAT_CRYPTO_KEY_H
#define LAT_CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define KEY_SEED_LEN 32
#define KEY_PUBLIC_LEN 32
#define KEY_SIGNATURE_LEN 64

struct key; /* a key pair; immutable, so that any thread may sign with it */

/* From a 32-byte seed. The caller wipes the seed. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err key_from_seed(const uint8_t seed[KEY_SEED_LEN], struct key **out);
void key_free(struct key *key);

/* Borrow: valid as long as the key. */
const uint8_t *key_public(const struct key *key);

/* Sign. Any thread. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err key_sign(const struct key *key, const void *text, size_t len,
                                     uint8_t signature[KEY_SIGNATURE_LEN]);

/* Verify by the strict rule. LAT_AUTH when it does not hold. Any thread. */
LAT_MUST_CHECK enum lat_err key_verify(const uint8_t public_key[KEY_PUBLIC_LEN], const void *text, size_t len,
                                       const uint8_t signature[KEY_SIGNATURE_LEN]);

/* May this public key be put on a trust list: canonical encoding of a point, not of small order? */
bool key_public_is_sound(const uint8_t public_key[KEY_PUBLIC_LEN]);

#endif
