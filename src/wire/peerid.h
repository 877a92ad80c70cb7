/*
 * peerid.h - libp2p peer ids: the multihash of a public key, of the key itself where its protobuf is short
 * (Ed25519, secp256k1), of its SHA-256 otherwise (RSA, ECDSA). Text is base58btc ("12D3KooW...", "16Uiu2...",
 * "Qm..."), or a CID in base32 ("bafz..."), which is read only. Spec: libp2p/specs peer-ids/peer-ids.md.
 * Pure; any thread.
 */
#ifndef LAT_WIRE_PEERID_H
#define LAT_WIRE_PEERID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PEERID_INLINE_MAX 42             /* a longer key is hashed */
#define PEERID_MAX (2 + PEERID_INLINE_MAX)
#define PEERID_TEXT_MAX 64 /* base58 text with its zero; at most 61 characters, 52 for an Ed25519 key */

struct peerid {
    uint8_t bytes[PEERID_MAX]; /* multihash; zeros behind len */
    uint8_t len;
};

/* The id of a key: all bytes of its PublicKey protobuf, which the caller has checked (wire/pubkey_proto.h). */
void peerid_of_key(const uint8_t *key, size_t len, struct peerid *out);

/* Exactly these bytes. LAT_MALFORMED: neither a SHA-256 nor an inlined key of Ed25519 or secp256k1. */
LAT_MUST_CHECK enum lat_err peerid_from_bytes(const uint8_t *in, size_t len, struct peerid *out);

/* Base58 or CID. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err peerid_parse(const char *text, struct peerid *out);

/* Base58, terminated. */
void peerid_text(const struct peerid *id, char out[PEERID_TEXT_MAX]);

/* Below 0, 0, above 0: by their bytes, the shorter one first where one begins the other. */
int peerid_compare(const struct peerid *a, const struct peerid *b);

/* Peer id of an Ed25519 public key, terminated text. */
void peerid_of_ed25519(const uint8_t public_key[32], char out[PEERID_TEXT_MAX]);

/* The Ed25519 public key inside a peer id. LAT_MALFORMED: it is of another key type. */
LAT_MUST_CHECK enum lat_err peerid_inlined_ed25519(const struct peerid *id, uint8_t public_key[32]);

/* The Ed25519 public key inside a peer id in text form. LAT_MALFORMED: no peer id, or of another key type. */
LAT_MUST_CHECK enum lat_err peerid_ed25519_key(const char *text, uint8_t public_key[32]);

#endif
