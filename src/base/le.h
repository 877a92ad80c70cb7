/*
 * le.h - little-endian numbers of fixed size, from and to unaligned bytes. The writers return the place
 * behind what they wrote, so that a layout reads as one line a field. Any thread.
 */
#ifndef LAT_BASE_LE_H
#define LAT_BASE_LE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A number of len bytes, 1 .. 8. */
static inline uint64_t
lat_get_le(const uint8_t *in, size_t len)
{
    uint64_t value = 0;

    while (len-- > 0)
        value = value << 8 | in[len];
    return value;
}

static inline uint16_t
lat_get_u16le(const uint8_t *in)
{
    return (uint16_t)lat_get_le(in, 2);
}

static inline uint32_t
lat_get_u32le(const uint8_t *in)
{
    return (uint32_t)lat_get_le(in, 4);
}

static inline uint64_t
lat_get_u64le(const uint8_t *in)
{
    return lat_get_le(in, 8);
}

/* The low len bytes of value, 1 .. 8. */
static inline uint8_t *
lat_put_le(uint8_t *out, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    return out + len;
}

static inline uint8_t *
lat_put_u16le(uint8_t *out, uint16_t value)
{
    return lat_put_le(out, value, 2);
}

static inline uint8_t *
lat_put_u32le(uint8_t *out, uint32_t value)
{
    return lat_put_le(out, value, 4);
}

static inline uint8_t *
lat_put_u64le(uint8_t *out, uint64_t value)
{
    return lat_put_le(out, value, 8);
}

static inline uint8_t *
lat_put_bytes(uint8_t *out, const void *data, size_t len)
{
    memcpy(out, data, len);
    return out + len;
}

#endif
