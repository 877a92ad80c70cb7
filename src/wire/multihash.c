#include "config.h"

#include "wire/multihash.h"

#include "base/cursor.h"
#include "base/le.h"
#include "base/varint.h"

enum lat_err
multihash_read(const uint8_t *in, size_t len, struct multihash *out)
{
    struct lat_cursor cursor;
    struct multihash hash;
    uint64_t digest_len;

    lat_cursor_init(&cursor, in, len);
    hash.code = lat_take_varint(&cursor);
    digest_len = lat_take_varint(&cursor);
    hash.digest = lat_take(&cursor, digest_len);
    if (!lat_cursor_is_done(&cursor))
        return LAT_MALFORMED;
    hash.len = (size_t)digest_len;
    *out = hash;
    return LAT_OK;
}

size_t
multihash_write(const struct multihash *hash, uint8_t *out)
{
    uint8_t *at = out;

    at += varint_encode(hash->code, at);
    at += varint_encode(hash->len, at);
    return (size_t)(lat_put_bytes(at, hash->digest, hash->len) - out);
}
