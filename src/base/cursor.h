/*
 * cursor.h - read fields from the front of a stretch of bytes. The first field that does not fit sets `bad`,
 * and from then on every read gives zeros, so that a decoder reads all its fields and asks once. Any thread.
 */
#ifndef LAT_BASE_CURSOR_H
#define LAT_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lat_cursor {
    const uint8_t *at;
    size_t left;
    bool bad;
};

void lat_cursor_init(struct lat_cursor *cursor, const void *data, size_t len);

/* Little-endian numbers. */
uint8_t lat_take_u8(struct lat_cursor *cursor);
uint16_t lat_take_u16le(struct lat_cursor *cursor);
uint32_t lat_take_u32le(struct lat_cursor *cursor);
uint64_t lat_take_u64le(struct lat_cursor *cursor);

/* An unsigned varint (base/varint.h). */
uint64_t lat_take_varint(struct lat_cursor *cursor);

/* The next len bytes, borrowed; NULL when there are fewer, which is bad. */
const uint8_t *lat_take(struct lat_cursor *cursor, uint64_t len);

/* Copy the next len bytes; zeros when there are fewer. */
void lat_take_copy(struct lat_cursor *cursor, void *out, size_t len);

/* All fields were there and nothing is left over? */
bool lat_cursor_is_done(const struct lat_cursor *cursor);

#endif
