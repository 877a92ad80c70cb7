#include "config.h"

#include "wire/dns.h"

#include <string.h>

#define POINTER_BITS 0xc0

/* --- names ----------------------------------------------------------------------------------------- */

enum lat_err
dns_name_of(const char *text, struct dns_name *out)
{
    struct dns_name name = { .len = 0 };

    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ".");

        if (len == 0 || len > DNS_LABEL_MAX)
            return LAT_MALFORMED;
        if (name.len + len + 2 > DNS_NAME_MAX)
            return LAT_LIMIT;
        name.bytes[name.len++] = (uint8_t)len;
        memcpy(name.bytes + name.len, at, len);
        name.len += len;
        at += len;
        if (*at == '.' && *++at == '\0')
            return LAT_MALFORMED;
    }
    name.bytes[name.len++] = 0;
    *out = name;
    return LAT_OK;
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Length bytes are below 64 and no letters, so the whole may be folded. */
static bool
same(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool
dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && same(a->bytes, b->bytes, a->len);
}

bool
dns_name_is_child(const struct dns_name *name, const struct dns_name *parent)
{
    size_t label = (size_t)name->bytes[0] + 1;

    return label > 1 && name->len == label + parent->len && same(name->bytes + label, parent->bytes, parent->len);
}

enum lat_err
dns_name_at(const struct dns_reader *reader, size_t at, struct dns_name *out, size_t *used)
{
    struct dns_name name = { .len = 0 };
    size_t begin = at, piece = at;
    bool jumped = false;

    for (;;) {
        uint8_t len;

        if (at >= reader->len)
            return LAT_MALFORMED;
        len = reader->in[at];
        if ((len & POINTER_BITS) == POINTER_BITS) {
            size_t to;

            if (at + 1 >= reader->len)
                return LAT_MALFORMED;
            to = (size_t)(len & ~POINTER_BITS) << 8 | reader->in[at + 1];
            if (to >= piece) /* only backwards, each time further: no loop */
                return LAT_MALFORMED;
            if (!jumped)
                *used = at + 2 - begin;
            jumped = true;
            at = piece = to;
            continue;
        }
        if (len > DNS_LABEL_MAX || at + 1 + len > reader->len || name.len + 1 + len > DNS_NAME_MAX - (len > 0))
            return LAT_MALFORMED;
        memcpy(name.bytes + name.len, reader->in + at, (size_t)len + 1);
        name.len += (size_t)len + 1;
        at += (size_t)len + 1;
        if (len == 0)
            break;
    }
    if (!jumped)
        *used = at - begin;
    *out = name;
    return LAT_OK;
}

/* --- reading --------------------------------------------------------------------------------------- */

static uint16_t
u16_at(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

enum lat_err
dns_read_header(struct dns_reader *reader, const uint8_t *in, size_t len, struct dns_header *out)
{
    if (len < DNS_HEADER_LEN)
        return LAT_MALFORMED;
    *out = (struct dns_header){ .id = u16_at(in), .flags = u16_at(in + 2), .questions = u16_at(in + 4),
                                .answers = u16_at(in + 6), .authorities = u16_at(in + 8), .additionals = u16_at(in + 10) };
    *reader = (struct dns_reader){ .in = in, .len = len, .at = DNS_HEADER_LEN };
    return LAT_OK;
}

enum lat_err
dns_read_question(struct dns_reader *reader, struct dns_question *out)
{
    size_t used = 0;
    enum lat_err err = dns_name_at(reader, reader->at, &out->name, &used);

    if (err)
        return err;
    if (reader->len - reader->at - used < 4)
        return LAT_MALFORMED;
    out->type = u16_at(reader->in + reader->at + used);
    out->class = u16_at(reader->in + reader->at + used + 2);
    reader->at += used + 4;
    return LAT_OK;
}

enum lat_err
dns_read_record(struct dns_reader *reader, struct dns_record *out)
{
    size_t used = 0;
    enum lat_err err = dns_name_at(reader, reader->at, &out->name, &used);
    const uint8_t *fixed;

    if (err)
        return err;
    if (reader->len - reader->at - used < 10)
        return LAT_MALFORMED;
    fixed = reader->in + reader->at + used;
    out->type = u16_at(fixed);
    out->class = u16_at(fixed + 2);
    out->ttl = (uint32_t)u16_at(fixed + 4) << 16 | u16_at(fixed + 6);
    out->len = u16_at(fixed + 8);
    out->at = reader->at + used + 10;
    if (out->len > reader->len - out->at)
        return LAT_MALFORMED;
    out->data = reader->in + out->at;
    reader->at = out->at + out->len;
    return LAT_OK;
}

/* --- writing --------------------------------------------------------------------------------------- */

static enum lat_err
put_u16(struct lat_buf *out, uint16_t value)
{
    const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

    return lat_buf_add(out, bytes, sizeof(bytes));
}

enum lat_err
dns_put_header(struct lat_buf *out, const struct dns_header *header)
{
    const uint16_t fields[] = { header->id, header->flags, header->questions, header->answers, header->authorities,
                                header->additionals };
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !err; i++)
        err = put_u16(out, fields[i]);
    return err;
}

enum lat_err
dns_put_question(struct lat_buf *out, const struct dns_question *question)
{
    enum lat_err err = lat_buf_add(out, question->name.bytes, question->name.len);

    if (!err)
        err = put_u16(out, question->type);
    return err ? err : put_u16(out, question->class);
}

enum lat_err
dns_put_record(struct lat_buf *out, const struct dns_record *record)
{
    enum lat_err err = lat_buf_add(out, record->name.bytes, record->name.len);

    if (!err)
        err = put_u16(out, record->type);
    if (!err)
        err = put_u16(out, record->class);
    if (!err)
        err = put_u16(out, (uint16_t)(record->ttl >> 16));
    if (!err)
        err = put_u16(out, (uint16_t)record->ttl);
    if (!err)
        err = put_u16(out, (uint16_t)record->len);
    return err ? err : lat_buf_add(out, record->data, record->len);
}
