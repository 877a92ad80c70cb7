/*
 * pubkey.h - public keys of other peers, of the four types that libp2p knows, and signatures by them.
 * Spec: libp2p/specs peer-ids/peer-ids.md, "Key Types". Sizes are checked before a key or a signature reaches
 * OpenSSL. A key has exactly one form here; each other encoding of it is refused, so that it has one peer id.
 */
#ifndef LAT_CRYPTO_PUBKEY_H
#define LAT_CRYPTO_PUBKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PUBKEY_DATA_MAX 1100      /* an RSA key of 8192 bits takes 1,062 */
#define PUBKEY_SIGNATURE_MAX 1024 /* of that key */

/* The numbers of the protobuf. */
enum pubkey_type {
    PUBKEY_RSA = 0,       /* PKIX DER, 2048 .. 8192 bits, exponent odd and below 2^32; PKCS #1 v1.5, SHA-256 */
    PUBKEY_ED25519 = 1,   /* 32 bytes; verified by the strict rule of crypto/key.h */
    PUBKEY_SECP256K1 = 2, /* 33 bytes, the compressed point; ECDSA in DER over SHA-256 */
    PUBKEY_ECDSA = 3,     /* PKIX DER of a P-256 key, 91 bytes; ECDSA in DER over SHA-256 */
};

struct pubkey; /* immutable: any thread may verify with it */

/*
 * type: as a stranger wrote it; data: the key in the form above, copied.
 *
 * LAT_MALFORMED  unknown type, another form, no point of the curve, or an RSA key too small or too large
 * LAT_NOMEM
 *
 * An Ed25519 key is taken as it is: one that nobody should trust verifies nothing.
 */
LAT_MUST_CHECK enum lat_err pubkey_new(uint64_t type, const uint8_t *data, size_t len, struct pubkey **out);
void pubkey_free(struct pubkey *key);

/* LAT_AUTH: not a signature of this text by this key, or none at all. Any thread. */
LAT_MUST_CHECK enum lat_err pubkey_verify(const struct pubkey *key, const void *text, size_t len,
                                          const uint8_t *signature, size_t signature_len);

#endif
