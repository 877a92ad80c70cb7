#include "config.h"

#include "base/varint.h"

#include <assert.h>

enum lat_err
varint_decode(const uint8_t *in, size_t len, uint64_t *value, size_t *used)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < VARINT_LEN_MAX; i++) {
        if (i == len)
            return LAT_SHORT;
        sum |= (uint64_t)(in[i] & 0x7f) << (7 * i);
        if (in[i] & 0x80)
            continue;
        if (in[i] == 0 && i > 0)
            return LAT_MALFORMED; /* a shorter form says the same */
        *value = sum;
        *used = i + 1;
        return LAT_OK;
    }
    return LAT_MALFORMED;
}

size_t
varint_encode(uint64_t value, uint8_t out[VARINT_LEN_MAX])
{
    size_t n = 0;

    assert(value <= VARINT_MAX);
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

size_t
varint_len(uint64_t value)
{
    size_t n = 1;

    while (value >>= 7)
        n++;
    return n;
}

uint64_t
varint_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

int64_t
varint_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}
