/*
 * dh.h - X25519 key agreement (RFC 7748). Keys keep their OpenSSL form: importing one for each use halves the
 * speed.
 */
#ifndef LAT_CRYPTO_DH_H
#define LAT_CRYPTO_DH_H

#include <stdint.h>

#include "base/err.h"

#define DH_LEN 32 /* a private key, a public key, a shared secret */

struct dh_pair;   /* both keys; immutable, so that any thread may use it */
struct dh_public; /* the other side's public key; immutable */

/* From 32 random bytes, any of which make a private key. The caller wipes the seed. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err dh_pair_from_seed(const uint8_t seed[DH_LEN], struct dh_pair **out);
void dh_pair_free(struct dh_pair *pair); /* wipes */

/* Borrow: valid as long as the pair. */
const uint8_t *dh_pair_public(const struct dh_pair *pair);

/* Any 32 bytes are taken; what is no use as a key shows in dh_shared. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err dh_public_new(const uint8_t bytes[DH_LEN], struct dh_public **out);
void dh_public_free(struct dh_public *key);

/*
 * The secret that both sides share; the caller wipes it.
 * LAT_AUTH: it would be all zeros, since the public key is of small order: anyone knows it. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err dh_shared(const struct dh_pair *pair, const struct dh_public *theirs,
                                      uint8_t secret[DH_LEN]);

#endif
