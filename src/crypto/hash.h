/*
 * hash.h - SHA-256 (FIPS 180-4) and SipHash-2-4 by OpenSSL. Fast on short inputs: nothing is allocated for a hash, but for a thread's
 * first SipHash.
 */
#ifndef LAT_CRYPTO_HASH_H
#define LAT_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32
#define SIPHASH_KEY_LEN 16

/* A piece of input; hashes take several, so that callers need not join them. */
struct hash_part {
    const void *data;
    size_t len;
};

/* SHA-256 of the parts in order. Any thread. */
void sha256_parts(const struct hash_part *parts, size_t count, uint8_t out[SHA256_LEN]);

/* SHA-256 of one piece. */
void sha256_of(const void *data, size_t len, uint8_t out[SHA256_LEN]);

/* Running SHA-256, for what is too long to join. sha256_new: out of memory ends the process. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
void sha256_reset(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN]); /* then reset or free */

/* SipHash-2-4, 64-bit result as a number (little-endian bytes of the standard). Any thread. Out of memory for a
 * thread's context ends the process. */
uint64_t siphash(const uint8_t key[SIPHASH_KEY_LEN], const void *data, size_t len);

#endif
