/*
 * varint.h - unsigned varint: seven bits a byte, low group first, shortest form only, at most 9 bytes.
 * Spec: multiformats/unsigned-varint, README, "Format" and "Practical maximum"; WIRE section 1 ("uv", "zz").
 * Pure; any thread.
 */
#ifndef LAT_BASE_VARINT_H
#define LAT_BASE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VARINT_LEN_MAX 9
#define VARINT_MAX INT64_MAX /* 2^63 - 1: what nine bytes hold */

/*
 * Decode one number from the front of in[0 .. len).
 *
 *   value   out  0 .. VARINT_MAX
 *   used    out  bytes consumed, 1 .. VARINT_LEN_MAX
 *
 * LAT_SHORT      the number goes on past len; call again with more
 * LAT_MALFORMED  over nine bytes, or not the shortest form
 */
LAT_MUST_CHECK enum lat_err varint_decode(const uint8_t *in, size_t len, uint64_t *value, size_t *used);

/* Encode value (at most VARINT_MAX). Returns the bytes written, 1 .. VARINT_LEN_MAX. */
size_t varint_encode(uint64_t value, uint8_t out[VARINT_LEN_MAX]);

/* Bytes that varint_encode writes for value. */
size_t varint_len(uint64_t value);

/* Zigzag: 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
uint64_t varint_zigzag(int64_t value);
int64_t varint_unzigzag(uint64_t value);

#endif
