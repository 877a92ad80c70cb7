/*
 * fields.h - protobuf field by field, without a schema: for messages whose bytes must be kept, or that are too large and too many to be
 * unpacked. Nothing is allocated by what is read.
 * Spec: protobuf.dev/programming-guides/encoding: wire types 0, 1, 2 and 5; groups (3, 4) are refused. A varint has at most ten bytes and may
 * be longer than needed. Pure; any thread.
 */
#ifndef LAT_WIRE_FIELDS_H
#define LAT_WIRE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum field_type { FIELD_VARINT = 0, FIELD_FIXED64 = 1, FIELD_BYTES = 2, FIELD_FIXED32 = 5 };

struct field {
    uint32_t number;      /* 1 .. 2^29-1 */
    enum field_type type;
    uint64_t value;       /* of FIELD_VARINT; cut to 64 bits */
    const uint8_t *bytes; /* of FIELD_BYTES; borrowed, like start */
    size_t len;
    const uint8_t *start; /* the field with its head */
    size_t whole;
};

struct fields {
    const uint8_t *at;
    size_t left;
    bool bad; /* what stands at `at` is no field */
};

void fields_init(struct fields *fields, const uint8_t *in, size_t len);

/* False at the end, and from the first thing on that is no field (then `bad` is set). */
bool fields_next(struct fields *fields, struct field *out);

/* Append a field. LAT_LIMIT, LAT_NOMEM; out may then hold a part. */
LAT_MUST_CHECK enum lat_err fields_put_bytes(struct lat_buf *out, uint32_t number, const void *bytes, size_t len);
LAT_MUST_CHECK enum lat_err fields_put_varint(struct lat_buf *out, uint32_t number, uint64_t value);

/* Append the head of a field of len bytes, which the caller appends. */
LAT_MUST_CHECK enum lat_err fields_put_head(struct lat_buf *out, uint32_t number, size_t len);

/* Bytes of a whole field of len bytes, or with this number as its value, for field numbers below 16. */
size_t fields_bytes_size(size_t len);
size_t fields_varint_size(uint64_t value);

#endif
