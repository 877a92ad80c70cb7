/*
 * DESCEND: the two sides compare their trees sixteen children at a time, by digests of 8 bytes salted by the
 * asker, and get one level lower with each message, until what differs is few enough to be listed.
 *
 * A span is answered by spans: of a span's children those that differ, one level lower; of a list our list of
 * the same span. Each answered span is added whole or not at all; what no longer fits is left to the asker's
 * next message.
 */
#include "config.h"

#include <string.h>

#include "base/le.h"
#include "crypto/hash.h"
#include "state/recon_parts.h"

void
recon_child_prefix(const uint8_t prefix[32], unsigned depth, unsigned child, uint8_t out[32])
{
    memcpy(out, prefix, 32);
    out[depth / 8] |= (uint8_t)(depth % 8 == 0 ? child << 4 : child);
}

void
recon_short(const struct recon_descent *d, const uint8_t hash[32], uint8_t out[RECON_SHORT_LEN])
{
    lat_put_u64le(out, siphash(d->salt, hash, 32));
}

/* Append depth, prefix and kind. */
static enum lat_err
begin_span(struct recon_descent *d, const uint8_t prefix[32], unsigned depth, bool is_list)
{
    size_t len = (depth + 7) / 8;
    uint8_t *at;
    enum lat_err err;

    if (d->count == RECON_ITEMS_MAX)
        return LAT_LIMIT;
    err = lat_buf_extend(&d->spans, 1 + len + 1, &at);
    if (err)
        return err;
    d->count++;
    *at++ = (uint8_t)depth;
    at = lat_put_bytes(at, prefix, len);
    *at = is_list;
    return LAT_OK;
}

/* --- lists --------------------------------------------------------------------------------------------- */

struct listing {
    struct recon_descent *descent;
    unsigned depth;
    uint8_t last[32]; /* greatest keyhash inside */
    uint64_t count;
    bool is_over;
};

static enum lat_err
list_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct listing *l = arg;
    size_t first = l->depth / 8, shown = 32 - first < RECON_PREFIX_SHOWN ? 32 - first : RECON_PREFIX_SHOWN;
    uint8_t entry[RECON_PREFIX_SHOWN + RECON_SHORT_LEN] = { 0 };

    (void)hlc;
    l->is_over = memcmp(keyhash, l->last, 32) > 0;
    if (l->is_over)
        return LAT_CLOSED;
    memcpy(entry, keyhash + first, shown);
    recon_short(l->descent, leaf, entry + RECON_PREFIX_SHOWN);
    l->count++;
    return lat_buf_add(&l->descent->spans, entry, sizeof(entry));
}

/* Append a list of the `count` records there. LAT_DAMAGED when tree and leaves say different numbers. */
static enum lat_err
add_list(struct recon_descent *d, const uint8_t prefix[32], unsigned depth, uint64_t count)
{
    struct listing l = { .descent = d, .depth = depth };
    enum lat_err err = begin_span(d, prefix, depth, true);

    if (!err)
        err = recon_add_varint(&d->spans, count);
    if (err || count == 0)
        return err;
    recon_last_below(prefix, depth, l.last);
    err = d->view->each_leaf(d->view->arg, prefix, list_leaf, &l);
    if (l.is_over)
        err = LAT_OK;
    return err ? err : l.count == count ? LAT_OK : LAT_DAMAGED;
}

/* --- children ------------------------------------------------------------------------------------------ */

enum lat_err
recon_add_children(struct recon_descent *d, const uint8_t prefix[32], unsigned depth)
{
    uint8_t bytes[2 + RECON_CHILDREN * RECON_SHORT_LEN], *at = bytes + 2;
    unsigned bitmap = 0;
    enum lat_err err = begin_span(d, prefix, depth, false);

    for (unsigned c = 0; !err && c < RECON_CHILDREN; c++) {
        uint8_t child[32], hash[32];
        uint64_t count;

        recon_child_prefix(prefix, depth, c, child);
        err = d->view->subtree(d->view->arg, child, depth + 4, &count, hash);
        if (err || count == 0)
            continue;
        bitmap |= 1u << c;
        recon_short(d, hash, at);
        at += RECON_SHORT_LEN;
    }
    if (err)
        return err;
    lat_put_u16le(bytes, (uint16_t)bitmap);
    return lat_buf_add(&d->spans, bytes, (size_t)(at - bytes));
}

/* What we hold in a span: its records if they are at most `list_max`, else its children. */
static enum lat_err
add_span(struct recon_descent *d, const uint8_t prefix[32], unsigned depth, uint64_t count, uint64_t list_max)
{
    if (count <= list_max)
        return add_list(d, prefix, depth, count);
    return recon_add_children(d, prefix, depth);
}

/* The answer to the asker's children: what we hold below each that differs from ours. */
static enum lat_err
answer_children(struct recon_descent *d, const struct recon_span *span)
{
    const uint8_t *theirs = span->shorts;
    enum lat_err err = LAT_OK;

    for (unsigned c = 0; !err && c < RECON_CHILDREN; c++) {
        bool they_have = span->bitmap >> c & 1, differs;
        uint8_t child[32], hash[32], ours[RECON_SHORT_LEN];
        uint64_t count;

        recon_child_prefix(span->prefix, span->depth, c, child);
        err = d->view->subtree(d->view->arg, child, span->depth + 4, &count, hash);
        if (err)
            return err;
        differs = they_have != (count > 0);
        if (they_have) {
            recon_short(d, hash, ours);
            differs = differs || memcmp(ours, theirs, RECON_SHORT_LEN) != 0;
            theirs += RECON_SHORT_LEN;
        }
        if (differs)
            err = add_span(d, child, span->depth + 4, count, RECON_LIST_SMALL);
    }
    return err;
}

static enum lat_err
answer_span(struct recon_descent *d, const struct recon_span *span)
{
    uint8_t hash[32];
    uint64_t count;
    enum lat_err err = d->view->subtree(d->view->arg, span->prefix, span->depth, &count, hash);

    if (err)
        return err;
    if (span->is_list)
        return add_span(d, span->prefix, span->depth, count, RECON_LIST_MAX);
    /*
     * Children of the lowest level would be single keyhashes, for which there is no span: at most 16, so we
     * list.
     */
    if (span->depth == RECON_DEPTH_MAX)
        return add_list(d, span->prefix, span->depth, count);
    /* Nothing here and nothing there. (A stranger may ask for thousands of such places.) */
    if (count == 0 && span->bitmap == 0)
        return LAT_OK;
    return answer_children(d, span);
}

static enum lat_err
answer_spans(struct recon_descent *d, struct recon_spans spans, size_t *done)
{
    struct recon_refusal why;
    struct recon_span span;

    for (*done = 0; spans.left > 0; ++*done) {
        size_t mark = d->spans.len, count = d->count;
        enum lat_err err = recon_next_span(&spans, &span, &why);

        if (!err)
            err = answer_span(d, &span);
        if (err == LAT_LIMIT) {
            d->spans.len = mark;
            d->count = count;
            return LAT_OK;
        }
        if (err)
            return err;
    }
    return LAT_OK;
}

enum lat_err
recon_answer_descend(const struct recon_view *view, const struct recon_request *request,
                     struct lat_buf *reply)
{
    struct recon_descent d = { .view = view, .salt = request->descend.salt };
    size_t done;
    enum lat_err err;

    lat_buf_init(&d.spans, RECON_MESSAGE_MAX - RECON_FRAME_MAX);
    err = answer_spans(&d, request->descend.spans, &done);
    if (!err)
        err = recon_add_varint(reply, done);
    if (!err)
        err = recon_add_varint(reply, d.count);
    if (!err)
        err = lat_buf_add(reply, d.spans.data, d.spans.len);
    lat_buf_fini(&d.spans);
    return err;
}
