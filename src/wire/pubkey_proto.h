/*
 * pubkey_proto.h - public keys as they travel: the PublicKey protobuf around crypto/pubkey.h.
 * Spec: libp2p/specs peer-ids/peer-ids.md, "Keys": the encoding is deterministic, Type then Data. Any thread.
 */
#ifndef LAT_WIRE_PUBKEY_PROTO_H
#define LAT_WIRE_PUBKEY_PROTO_H

#include "crypto/pubkey.h"

#define PUBKEY_PROTO_MAX (PUBKEY_DATA_MAX + 8)
#define PUBKEY_PROTO_ED25519_LEN 36

/*
 * The key in a whole PublicKey protobuf; the caller ends it with pubkey_free. LAT_MALFORMED: no key, or not
 * its one encoding: a peer id is made of these bytes, and no key may have two. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err pubkey_proto_decode(const uint8_t *in, size_t len, struct pubkey **out);

/* The PublicKey protobuf of an Ed25519 key. */
void pubkey_proto_ed25519(const uint8_t public_key[32], uint8_t out[PUBKEY_PROTO_ED25519_LEN]);

#endif
