/*
 * aead.h - ChaCha20-Poly1305 (RFC 8439) with a message counter as nonce, in Noise's layout: four zero bytes,
 * then the counter as u64 little endian. One object serves both directions, one thread at a time.
 */
#ifndef LAT_CRYPTO_AEAD_H
#define LAT_CRYPTO_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define AEAD_KEY_LEN 32
#define AEAD_TAG_LEN 16
#define AEAD_MESSAGE_MAX (1 << 20) /* bytes of one message, and of its additional data */

struct aead;

/* The caller wipes the key. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err aead_new(const uint8_t key[AEAD_KEY_LEN], struct aead **out);
void aead_free(struct aead *aead); /* wipes; NULL is fine */

/* Another key in place of the first: cheaper than a new object. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err aead_rekey(struct aead *aead, const uint8_t key[AEAD_KEY_LEN]);

/*
 * Encrypt in[0 .. len): out gets len bytes and the tag. ad: authenticated with it, not sent; ad_len may be 0.
 * out == in is fine, other overlaps are not. A counter must never serve twice with one key. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err aead_seal(struct aead *aead, uint64_t counter, const void *ad, size_t ad_len,
                                      const uint8_t *in, size_t len, uint8_t *out);

/*
 * Check and decrypt in[0 .. len), the tag its last AEAD_TAG_LEN bytes, len at least those: out gets
 * len - AEAD_TAG_LEN bytes. out == in is fine.
 * LAT_AUTH: not what was sealed with this key, counter and ad; out holds nothing of use. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err aead_open(struct aead *aead, uint64_t counter, const void *ad, size_t ad_len,
                                      const uint8_t *in, size_t len, uint8_t *out);

#endif
