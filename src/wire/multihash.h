/*
 * multihash.h - a hash that says of which function it is: code, length, digest.
 * Spec: multiformats/multihash. Pure; any thread.
 */
#ifndef LAT_WIRE_MULTIHASH_H
#define LAT_WIRE_MULTIHASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MULTIHASH_IDENTITY 0x00 /* the digest is the input itself */
#define MULTIHASH_SHA2_256 0x12
#define MULTIHASH_HEADER_MAX 18 /* two varints */

struct multihash {
    uint64_t code;
    const uint8_t *digest; /* borrowed from the input */
    size_t len;
};

/* All of in[0 .. len). LAT_MALFORMED: cut off, or something behind it. Nothing is said of code and digest. */
LAT_MUST_CHECK enum lat_err multihash_read(const uint8_t *in, size_t len, struct multihash *out);

/* Returns the bytes written, at most MULTIHASH_HEADER_MAX + hash->len, for which out must have room. */
size_t multihash_write(const struct multihash *hash, uint8_t *out);

#endif
