/*
 * identity.h - who we are to other peers, and whether they are who they say: what the Noise handshake
 * (p2p/noise.h) asks for.
 */
#ifndef LAT_P2P_IDENTITY_H
#define LAT_P2P_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"
#include "wire/peerid.h"
#include "wire/pubkey_proto.h"

/* Our own identity; immutable after identity_init, so that any thread may use it. */
struct identity {
    const struct key *key; /* borrowed; outlives this */
    uint8_t public_key[PUBKEY_PROTO_ED25519_LEN]; /* PublicKey protobuf */
    struct peerid peer;
};

void identity_init(struct identity *identity, const struct key *key);

/* A noise_sign. arg: const struct identity *. */
LAT_MUST_CHECK enum lat_err identity_sign(void *arg, const uint8_t *text, size_t len,
                                          struct lat_buf *signature);

/* One other side: whom we dialed, and who it is. */
struct identity_check {
    const struct peerid *dialed; /* NULL: whoever comes; borrowed */
    struct peerid peer;          /* out, on LAT_OK */
};

/*
 * A noise_verify. arg: struct identity_check *. LAT_AUTH: the signature does not hold, or it is another peer than
 * the one dialed. LAT_MALFORMED: no key. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err identity_verify(void *arg, const uint8_t *identity_key, size_t identity_key_len,
                                            const uint8_t *text, size_t text_len, const uint8_t *signature,
                                            size_t signature_len);

#endif
