/*
 * ssh_string.h - numbers and strings as SSH writes them (RFC 4251 section 5), read from bytes that may be anything. Pure.
 */
#ifndef LAT_ATTACH_SSH_STRING_H
#define LAT_ATTACH_SSH_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left to read. */
struct ssh_view {
    const uint8_t *at, *end;
};

static inline bool
ssh_take_u32(struct ssh_view *v, uint32_t *value)
{
    if (v->end - v->at < 4)
        return false;
    *value = (uint32_t)v->at[0] << 24 | (uint32_t)v->at[1] << 16 | (uint32_t)v->at[2] << 8 | v->at[3];
    v->at += 4;
    return true;
}

/* A string: its length, then so many bytes, which are borrowed. */
static inline bool
ssh_take_string(struct ssh_view *v, const uint8_t **string, uint32_t *len)
{
    if (!ssh_take_u32(v, len) || *len > (size_t)(v->end - v->at))
        return false;
    *string = v->at;
    v->at += *len;
    return true;
}

#endif
