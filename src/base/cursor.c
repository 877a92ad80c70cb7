#include "config.h"

#include "base/cursor.h"

#include <string.h>

#include "base/le.h"
#include "base/varint.h"

void
lat_cursor_init(struct lat_cursor *cursor, const void *data, size_t len)
{
    static const uint8_t nothing[1];

    *cursor = (struct lat_cursor){ .at = len > 0 ? data : nothing, .left = len };
}

const uint8_t *
lat_take(struct lat_cursor *cursor, uint64_t len)
{
    const uint8_t *at = cursor->at;

    if (cursor->bad || len > cursor->left) {
        cursor->bad = true;
        return NULL;
    }
    cursor->at += len;
    cursor->left -= (size_t)len;
    return at;
}

static uint64_t
take_le(struct lat_cursor *cursor, size_t len)
{
    const uint8_t *at = lat_take(cursor, len);

    return at != NULL ? lat_get_le(at, len) : 0;
}

uint8_t
lat_take_u8(struct lat_cursor *cursor)
{
    return (uint8_t)take_le(cursor, 1);
}

uint16_t
lat_take_u16le(struct lat_cursor *cursor)
{
    return (uint16_t)take_le(cursor, 2);
}

uint32_t
lat_take_u32le(struct lat_cursor *cursor)
{
    return (uint32_t)take_le(cursor, 4);
}

uint64_t
lat_take_u64le(struct lat_cursor *cursor)
{
    return take_le(cursor, 8);
}

uint64_t
lat_take_varint(struct lat_cursor *cursor)
{
    uint64_t value;
    size_t used;

    if (cursor->bad || varint_decode(cursor->at, cursor->left, &value, &used)) {
        cursor->bad = true;
        return 0;
    }
    cursor->at += used;
    cursor->left -= used;
    return value;
}

void
lat_take_copy(struct lat_cursor *cursor, void *out, size_t len)
{
    const uint8_t *at = lat_take(cursor, len);

    if (at != NULL)
        memcpy(out, at, len);
    else
        memset(out, 0, len);
}

bool
lat_cursor_is_done(const struct lat_cursor *cursor)
{
    return !cursor->bad && cursor->left == 0;
}
