/*
 * Decoding of requests, with every check of WIRE sections 6 and 8 that does not need the state. A number over
 * a limit is told apart from bytes that make no sense (errors 5 and 1), so it is looked at before the bytes
 * that it announces.
 */
#include "config.h"

#include "state/recon_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "state/sketch.h"

static enum lat_err refuse(struct recon_refusal *why, enum recon_error code, const char *fmt, ...)
    LAT_PRINTF(3, 4);

static enum lat_err
refuse(struct recon_refusal *why, enum recon_error code, const char *fmt, ...)
{
    va_list args;

    why->code = code;
    va_start(args, fmt);
    vsnprintf(why->text.text, sizeof(why->text.text), fmt, args);
    va_end(args);
    return LAT_MALFORMED;
}

/* The message ends inside a field, or a varint is none: what fits the rest of it does not matter any more. */
static enum lat_err
refuse_cut(struct recon_refusal *why)
{
    return refuse(why, RECON_E_MALFORMED, "a field is cut short or no shortest varint");
}

/* --- DESCEND ------------------------------------------------------------------------------------------- */

void
recon_last_below(const uint8_t prefix[32], unsigned depth, uint8_t last[32])
{
    size_t whole = depth / 8;

    memcpy(last, prefix, 32);
    if (whole == 32)
        return;
    last[whole] |= (uint8_t)(0xff >> depth % 8);
    memset(last + whole + 1, 0xff, 32 - whole - 1);
}

/* Depth and prefix; in order and outside the span before. */
static enum lat_err
read_place(struct recon_spans *spans, struct recon_span *out, struct recon_refusal *why)
{
    const uint8_t *prefix;
    size_t len;

    out->depth = lat_take_u8(&spans->bytes);
    if (out->depth % 4 != 0 || out->depth > RECON_DEPTH_MAX)
        return refuse(why, RECON_E_MALFORMED, "range of depth %u: not a multiple of 4 up to 252", out->depth);
    len = (out->depth + 7) / 8;
    prefix = lat_take(&spans->bytes, len);
    if (prefix == NULL)
        return refuse_cut(why);
    memset(out->prefix, 0, sizeof(out->prefix));
    memcpy(out->prefix, prefix, len);
    if (out->depth % 8 == 4 && (prefix[len - 1] & 0x0f) != 0)
        return refuse(why, RECON_E_MALFORMED, "a bit behind the prefix of a range is set");
    /* The spans ascend and none holds another exactly when each begins behind the end of the one before. */
    if (spans->begun && memcmp(out->prefix, spans->last, 32) <= 0)
        return refuse(why, RECON_E_MALFORMED, "ranges do not ascend, or one lies inside another");
    spans->begun = true;
    recon_last_below(out->prefix, out->depth, spans->last);
    return LAT_OK;
}

/*
 * Does a list's entry lie inside its span? It shows the keyhash from byte depth / 8 on, zeros past the end.
 */
static bool
entry_fits(const struct recon_span *span, const uint8_t entry[RECON_PREFIX_SHOWN])
{
    size_t first = span->depth / 8;

    if (span->depth % 8 == 4 && ((entry[0] ^ span->prefix[first]) & 0xf0) != 0)
        return false;
    for (size_t i = 0; i < RECON_PREFIX_SHOWN; i++)
        if (first + i >= 32 && entry[i] != 0)
            return false;
    return true;
}

static enum lat_err
read_list(struct lat_cursor *bytes, struct recon_span *span, struct recon_refusal *why)
{
    const uint8_t *entry, *before = NULL;
    uint64_t count = lat_take_varint(bytes);

    span->entries = bytes->at;
    span->entry_count = (size_t)count;
    if (count > RECON_LIST_MAX)
        return refuse(why, RECON_E_LIMIT, "a list of more than %d records", RECON_LIST_MAX);
    for (; count > 0; count--, before = entry) {
        entry = lat_take(bytes, RECON_PREFIX_SHOWN + RECON_SHORT_LEN);
        if (entry == NULL)
            return refuse_cut(why);
        if (!entry_fits(span, entry))
            return refuse(why, RECON_E_MALFORMED, "a list names a record outside its range");
        /* Two keyhashes that ascend may look alike in the bytes shown. */
        if (before != NULL && memcmp(entry, before, RECON_PREFIX_SHOWN) < 0)
            return refuse(why, RECON_E_MALFORMED, "a list does not ascend");
    }
    return LAT_OK;
}

static size_t
bits_set(unsigned value)
{
    size_t n = 0;

    for (; value != 0; value &= value - 1)
        n++;
    return n;
}

enum lat_err
recon_next_span(struct recon_spans *spans, struct recon_span *out, struct recon_refusal *why)
{
    struct lat_cursor *bytes = &spans->bytes;
    enum lat_err err = read_place(spans, out, why);
    uint8_t kind;

    if (err)
        return err;
    spans->left--;
    kind = lat_take_u8(bytes);
    if (kind > 1)
        return refuse(why, RECON_E_MALFORMED, "range of kind %u", kind);
    out->is_list = kind == 1;
    if (out->is_list) {
        err = read_list(bytes, out, why);
        if (err)
            return err;
    } else {
        out->bitmap = lat_take_u16le(bytes);
        out->shorts = lat_take(bytes, RECON_SHORT_LEN * bits_set(out->bitmap));
    }
    return bytes->bad ? refuse_cut(why) : LAT_OK;
}

static enum lat_err
read_descend(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    struct recon_spans spans;
    struct recon_span span;
    uint64_t count;

    out->descend.salt = lat_take(bytes, SIPHASH_KEY_LEN);
    count = lat_take_varint(bytes);
    if (count > RECON_ITEMS_MAX)
        return refuse(why, RECON_E_LIMIT, "more than %d ranges", RECON_ITEMS_MAX);
    if (count == 0)
        return refuse(why, RECON_E_MALFORMED, "no ranges");
    spans = (struct recon_spans){ .bytes = *bytes, .left = (size_t)count };
    out->descend.spans = spans;
    while (spans.left > 0) {
        enum lat_err err = recon_next_span(&spans, &span, why);

        if (err)
            return err;
    }
    *bytes = spans.bytes;
    return LAT_OK;
}

/* --- the others ---------------------------------------------------------------------------------------- */

static enum lat_err
read_status(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    uint8_t flags;

    out->status.challenge = lat_take(bytes, 16);
    out->status.root = lat_take(bytes, 32);
    out->status.count = lat_take_u64le(bytes);
    flags = lat_take_u8(bytes);
    if (flags & ~1u)
        return refuse(why, RECON_E_MALFORMED, "a reserved flag is set");
    out->status.want_flat_root = flags & 1;
    return LAT_OK;
}

static enum lat_err
read_cells(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    uint64_t from, count;

    out->cells.root = lat_take(bytes, 32);
    from = lat_take_varint(bytes);
    count = lat_take_varint(bytes);
    if (count > RECON_CELLS_MAX || from > SKETCH_CELLS || from + count > SKETCH_CELLS)
        return refuse(why, RECON_E_LIMIT, "more than %d cells, or past cell %d", RECON_CELLS_MAX,
                      SKETCH_CELLS);
    if (count == 0)
        return refuse(why, RECON_E_MALFORMED, "no cells");
    out->cells.from = (size_t)from;
    out->cells.count = (size_t)count;
    return LAT_OK;
}

static enum lat_err
read_pushes(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    uint64_t count = lat_take_varint(bytes);

    if (count > RECON_ITEMS_MAX)
        return refuse(why, RECON_E_LIMIT, "more than %d records", RECON_ITEMS_MAX);
    out->records.push_count = (size_t)count;
    out->records.pushes = *bytes;
    while (count-- > 0 && !bytes->bad)
        lat_take(bytes, lat_take_varint(bytes));
    return LAT_OK;
}

static enum lat_err
read_wants(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    uint64_t count = lat_take_varint(bytes);

    if (count > RECON_ITEMS_MAX)
        return refuse(why, RECON_E_LIMIT, "more than %d wants", RECON_ITEMS_MAX);
    out->records.want_count = (size_t)count;
    out->records.wants = *bytes;
    while (count-- > 0 && !bytes->bad) {
        uint8_t len = lat_take_u8(bytes);

        if (!bytes->bad && (len < 6 || len > 32))
            return refuse(why, RECON_E_MALFORMED, "a want of %u bytes: 6 to 32 are allowed", len);
        lat_take(bytes, len);
    }
    return LAT_OK;
}

static enum lat_err
read_records(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    enum lat_err err = read_pushes(bytes, out, why);

    return err || bytes->bad ? err : read_wants(bytes, out, why);
}

static enum lat_err
read_prove(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    (void)why;
    out->prove.keyhash = lat_take(bytes, 32);
    out->prove.challenge = lat_take(bytes, 16);
    return LAT_OK;
}

static enum lat_err
read_range(struct lat_cursor *bytes, struct recon_request *out, struct recon_refusal *why)
{
    out->range.from = lat_take(bytes, 32);
    out->range.to = lat_take(bytes, 32);
    out->range.most = lat_take_u32le(bytes);
    if (!bytes->bad && memcmp(out->range.from, out->range.to, 32) > 0)
        return refuse(why, RECON_E_MALFORMED, "the range runs backwards");
    return LAT_OK;
}

typedef enum lat_err (*body_reader)(struct lat_cursor *, struct recon_request *, struct recon_refusal *);

static const body_reader readers[] = {
    [RECON_STATUS] = read_status,   [RECON_CELLS] = read_cells, [RECON_DESCEND] = read_descend,
    [RECON_RECORDS] = read_records, [RECON_PROVE] = read_prove, [RECON_RANGE] = read_range,
};

enum lat_err
recon_read(const struct network *network, const uint8_t *bytes, size_t len, struct recon_request *out,
           struct recon_refusal *why)
{
    struct lat_cursor body;
    enum lat_err err;

    if (len < RECON_HEAD_LEN)
        return refuse(why, RECON_E_MALFORMED, "shorter than a head of %d bytes", RECON_HEAD_LEN);
    if (memcmp(bytes + 2, network->id, RECON_NET_LEN) != 0)
        return refuse(why, RECON_E_NETWORK, "other network");
    if (bytes[1] != RECON_VERSION)
        return refuse(why, RECON_E_VERSION, "unknown version %u", bytes[1]);
    if (bytes[0] < RECON_STATUS || bytes[0] > RECON_RANGE)
        return refuse(why, RECON_E_TYPE, "unknown type %u", bytes[0]);
    if (len > RECON_MESSAGE_MAX)
        return refuse(why, RECON_E_LIMIT, "a message of more than %d bytes", RECON_MESSAGE_MAX);
    out->type = (enum recon_type)bytes[0];
    lat_cursor_init(&body, bytes + RECON_HEAD_LEN, len - RECON_HEAD_LEN);
    err = readers[out->type](&body, out, why);
    if (err)
        return err;
    if (body.bad)
        return refuse_cut(why);
    if (body.left > 0)
        return refuse(why, RECON_E_MALFORMED, "%zu bytes are left over", body.left);
    return LAT_OK;
}
