/*
 * peerid.h - libp2p peer ids of Ed25519 keys: identity multihash of the protobuf-encoded public key, written in
 * base58btc ("12D3KooW..."). Spec: libp2p/specs peer-ids/peer-ids.md.
 */
#ifndef LAT_WIRE_PEERID_H
#define LAT_WIRE_PEERID_H

#include <stdint.h>

#include "base/err.h"

#define PEERID_TEXT_MAX 64 /* base58 text of an Ed25519 peer id with its zero; 52 characters in practice */

/* Peer id of an Ed25519 public key, terminated text. */
void peerid_of_ed25519(const uint8_t public_key[32], char out[PEERID_TEXT_MAX]);

/* The Ed25519 public key inside a peer id: base58 text, or a CID in base32 ("bafz..."). LAT_MALFORMED: no peer id, or of another key type. */
LAT_MUST_CHECK enum lat_err peerid_ed25519_key(const char *text, uint8_t public_key[32]);

#endif
