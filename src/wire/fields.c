#include "config.h"

#include "wire/fields.h"

#define VARINT_MOST 10 /* bytes of a protobuf varint */
#define NUMBER_MAX ((1u << 29) - 1)

void
fields_init(struct fields *fields, const uint8_t *in, size_t len)
{
    *fields = (struct fields){ .at = in, .left = len };
}

static bool
take_varint(struct fields *f, uint64_t *value)
{
    uint64_t result = 0;

    for (size_t i = 0; i < VARINT_MOST && i < f->left; i++) {
        result |= (uint64_t)(f->at[i] & 0x7f) << (7 * i);
        if (f->at[i] < 0x80) {
            f->at += i + 1;
            f->left -= i + 1;
            *value = result;
            return true;
        }
    }
    return false;
}

static bool
take_bytes(struct fields *f, uint64_t len, struct field *out)
{
    if (len > f->left)
        return false;
    out->bytes = f->at;
    out->len = (size_t)len;
    f->at += len;
    f->left -= (size_t)len;
    return true;
}

static bool
take_body(struct fields *f, uint64_t type, struct field *out)
{
    uint64_t len;

    out->type = (enum field_type)type;
    switch (type) {
    case FIELD_VARINT:
        return take_varint(f, &out->value);
    case FIELD_FIXED64:
        return take_bytes(f, 8, out);
    case FIELD_BYTES:
        return take_varint(f, &len) && take_bytes(f, len, out);
    case FIELD_FIXED32:
        return take_bytes(f, 4, out);
    default:
        return false; /* a group, or what will never be */
    }
}

bool
fields_next(struct fields *f, struct field *out)
{
    struct fields before = *f;
    struct field field = { .start = f->at };
    uint64_t head;

    if (f->bad || f->left == 0)
        return false;
    if (!take_varint(f, &head) || head >> 3 == 0 || head >> 3 > NUMBER_MAX || !take_body(f, head & 7, &field)) {
        *f = before;
        f->bad = true;
        return false;
    }
    field.number = (uint32_t)(head >> 3);
    field.whole = (size_t)(f->at - field.start);
    *out = field;
    return true;
}

/* --- writing --------------------------------------------------------------------------------------- */

static enum lat_err
put_number(struct lat_buf *out, uint64_t value)
{
    uint8_t bytes[VARINT_MOST];
    size_t len = 0;

    while (value > 0x7f) {
        bytes[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[len++] = (uint8_t)value;
    return lat_buf_add(out, bytes, len);
}

enum lat_err
fields_put_varint(struct lat_buf *out, uint32_t number, uint64_t value)
{
    enum lat_err err = put_number(out, ((uint64_t)number << 3) + FIELD_VARINT);

    return err ? err : put_number(out, value);
}

enum lat_err
fields_put_head(struct lat_buf *out, uint32_t number, size_t len)
{
    enum lat_err err = put_number(out, (uint64_t)number << 3 | FIELD_BYTES);

    return err ? err : put_number(out, len);
}

enum lat_err
fields_put_bytes(struct lat_buf *out, uint32_t number, const void *bytes, size_t len)
{
    enum lat_err err = fields_put_head(out, number, len);

    return err ? err : lat_buf_add(out, bytes, len);
}

static size_t
number_size(uint64_t value)
{
    size_t size = 1;

    while (value > 0x7f) {
        value >>= 7;
        size++;
    }
    return size;
}

size_t
fields_bytes_size(size_t len)
{
    return 1 + number_size(len) + len;
}

size_t
fields_varint_size(uint64_t value)
{
    return 1 + number_size(value);
}
