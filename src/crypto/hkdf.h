/*
 * hkdf.h - HMAC-SHA256 (RFC 2104), and HKDF (RFC 5869) in the one shape that Noise uses: no info, two
 * outputs. Any thread.
 */
#ifndef LAT_CRYPTO_HKDF_H
#define LAT_CRYPTO_HKDF_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

/* key: at most 64 bytes. */
void hmac_sha256(const void *key, size_t key_len, const void *text, size_t len, uint8_t out[SHA256_LEN]);

/* salt: Noise's chaining key. out1 may be the salt; the caller wipes what is secret. */
void hkdf2(const uint8_t salt[SHA256_LEN], const void *secret, size_t secret_len, uint8_t out1[SHA256_LEN],
           uint8_t out2[SHA256_LEN]);

#endif
