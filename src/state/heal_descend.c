/*
 * Tier B. Places where the trees differ wait in a stack, the first of them on top, so that the descent goes deep
 * before it goes wide and what waits stays small. What is found is exchanged as it is found.
 *
 * We show our children only, never a list: sixteen digests at most are fewer bytes than a list of sixteen records, and
 * are answered by lists of one or two. Where the other side has shown a list, both sides of that place are known. A list shows five bytes of each keyhash
 * behind the whole bytes of its place; to ask for a record takes six, so a list at depth 4 is looked at once more, one
 * level deeper.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <string.h>

#include "base/le.h"
#include "crypto/hash.h"

#define SPANS_ASKED_MAX 1024 /* each may be answered by sixteen */
#define WANT_LEAST 6         /* bytes of a keyhash */

static const uint8_t nothing[32];

enum lat_err
heal_descend_begin(struct heal *heal)
{
    const struct heal_span top = { .depth = 0 };

    heal->tier = HEAL_TIER_DESCENT;
    lat_buf_clear(&heal->spans);
    return lat_buf_add(&heal->spans, &top, sizeof(top));
}

static struct heal_span *
spans_of(const struct heal *heal)
{
    return (struct heal_span *)heal->spans.data;
}

static size_t
spans_waiting(const struct heal *heal)
{
    return heal->spans.len / sizeof(struct heal_span);
}

/* --- asking --------------------------------------------------------------------------------------------- */

static enum lat_err
add_spans(struct heal *heal, struct recon_descent *d)
{
    const struct heal_span *spans = spans_of(heal);

    for (size_t i = spans_waiting(heal); i > 0 && d->count < SPANS_ASKED_MAX; i--) {
        size_t mark = d->spans.len, count = d->count;
        enum lat_err err = recon_add_children(d, spans[i - 1].prefix, spans[i - 1].depth);

        if (err == LAT_LIMIT && count > 0) {
            d->spans.len = mark;
            d->count = count;
            break;
        }
        if (err)
            return err;
    }
    heal->spans_asked = d->count;
    return LAT_OK;
}

enum lat_err
heal_descend_ask(struct heal *heal, const struct recon_view *seen, struct lat_buf *out)
{
    struct recon_descent d = { .view = seen, .salt = heal->salt };
    enum lat_err err;

    lat_buf_init(&d.spans, RECON_MESSAGE_MAX - RECON_FRAME_MAX - HEAL_SALT_LEN);
    err = add_spans(heal, &d);
    if (!err)
        err = recon_add_head(seen->network, RECON_DESCEND, out);
    if (!err)
        err = lat_buf_add(out, heal->salt, HEAL_SALT_LEN);
    if (!err)
        err = recon_add_varint(out, d.count);
    if (!err)
        err = lat_buf_add(out, d.spans.data, d.spans.len);
    lat_buf_fini(&d.spans);
    return err;
}

/* --- an answer ------------------------------------------------------------------------------------------ */

struct taking {
    struct heal *heal;
    const struct recon_view *seen;
    struct recon_descent d; /* for its digests */
    struct lat_buf found;   /* heal_span, ascending */
};

static enum lat_err
go_deeper(struct taking *t, const uint8_t prefix[32], unsigned depth)
{
    struct heal_span span = { .depth = (uint8_t)depth };
    enum lat_err err;

    memcpy(span.prefix, prefix, 32);
    err = lat_buf_add(&t->found, &span, sizeof(span));
    t->heal->cut = t->heal->cut || err == LAT_LIMIT;
    return err == LAT_LIMIT ? LAT_OK : err;
}

struct below {
    struct heal *heal;
    uint8_t last[32];
    enum lat_err err;
};

static enum lat_err
give_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct below *b = arg;

    (void)leaf;
    (void)hlc;
    if (memcmp(keyhash, b->last, 32) > 0 || b->heal->cut)
        return LAT_CLOSED;
    b->err = heal_add_gift(b->heal, keyhash, nothing);
    return b->err ? LAT_CLOSED : LAT_OK;
}

/* They hold nothing there: all that we hold is given. */
static enum lat_err
give_all_below(struct taking *t, const uint8_t prefix[32], unsigned depth)
{
    struct below b = { .heal = t->heal };
    enum lat_err err;

    recon_last_below(prefix, depth, b.last);
    err = t->seen->each_leaf(t->seen->arg, prefix, give_leaf, &b);
    return err == LAT_OK || err == LAT_CLOSED ? b.err : err;
}

static enum lat_err
compare_children(struct taking *t, const struct recon_span *span)
{
    const uint8_t *theirs = span->shorts;
    enum lat_err err = LAT_OK;

    for (unsigned c = 0; c < RECON_CHILDREN && !err; c++) {
        bool they_have = span->bitmap >> c & 1, differs;
        uint8_t child[32], hash[32], ours[RECON_SHORT_LEN];
        uint64_t count;

        recon_child_prefix(span->prefix, span->depth, c, child);
        err = t->seen->subtree(t->seen->arg, child, span->depth + 4, &count, hash);
        if (err)
            break;
        recon_short(&t->d, hash, ours);
        differs = they_have != (count > 0) || (they_have && memcmp(ours, theirs, RECON_SHORT_LEN) != 0);
        theirs += they_have ? RECON_SHORT_LEN : 0;
        if (differs && they_have)
            err = go_deeper(t, child, span->depth + 4);
        else if (differs)
            err = give_all_below(t, child, span->depth + 4);
    }
    return err;
}

/* --- lists: both sides are known ------------------------------------------------------------------------ */

#define ENTRY_LEN (RECON_PREFIX_SHOWN + RECON_SHORT_LEN)

struct listing {
    struct taking *taking;
    const struct recon_span *span;
    const uint8_t *entries;
    size_t count, next; /* entries before `next` lie before our leaf */
    bool known[RECON_LIST_MAX]; /* the same record, or another one of a key that we hold */
    uint8_t last[32];
    enum lat_err err;
};

static const uint8_t *
entry_at(const struct listing *l, size_t i)
{
    return l->entries + i * ENTRY_LEN;
}

/* The bytes of a keyhash that an entry shows; zeros past the end. */
static void
shown_of(const uint8_t keyhash[32], unsigned depth, uint8_t shown[RECON_PREFIX_SHOWN])
{
    size_t first = depth / 8, len = 32 - first < RECON_PREFIX_SHOWN ? 32 - first : RECON_PREFIX_SHOWN;

    memset(shown, 0, RECON_PREFIX_SHOWN);
    memcpy(shown, keyhash + first, len);
}

/* One leaf of ours beside the entries that look like it. */
static enum lat_err
match_leaf(struct listing *l, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    uint8_t shown[RECON_PREFIX_SHOWN], ours[RECON_SHORT_LEN];
    bool looks_alike = false;

    shown_of(keyhash, l->span->depth, shown);
    recon_short(&l->taking->d, leaf, ours);
    while (l->next < l->count && memcmp(entry_at(l, l->next), shown, RECON_PREFIX_SHOWN) < 0)
        l->next++;
    for (size_t i = l->next; i < l->count && memcmp(entry_at(l, i), shown, RECON_PREFIX_SHOWN) == 0; i++) {
        if (memcmp(entry_at(l, i) + RECON_PREFIX_SHOWN, ours, RECON_SHORT_LEN) == 0) {
            l->known[i] = true;
            return LAT_OK;
        }
        looks_alike = true;
    }
    /* Another record of the same key, as far as can be seen: theirs is asked for, and decides. */
    return looks_alike ? LAT_OK : heal_add_gift(l->taking->heal, keyhash, nothing);
}

static enum lat_err
list_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct listing *l = arg;

    (void)hlc;
    if (memcmp(keyhash, l->last, 32) > 0)
        return LAT_CLOSED;
    l->err = match_leaf(l, keyhash, leaf);
    return l->err ? LAT_CLOSED : LAT_OK;
}

static enum lat_err
want_entry(struct listing *l, size_t i)
{
    size_t first = l->span->depth / 8, len = first + RECON_PREFIX_SHOWN;
    uint8_t prefix[32];

    memcpy(prefix, l->span->prefix, 32);
    for (size_t k = 0; k < RECON_PREFIX_SHOWN && first + k < 32; k++)
        prefix[first + k] = entry_at(l, i)[k];
    return heal_add_want(l->taking->heal, prefix, len < 32 ? len : 32);
}

static enum lat_err
compare_list(struct taking *t, const struct recon_span *span)
{
    struct listing l = { .taking = t, .span = span, .entries = span->entries, .count = span->entry_count };
    enum lat_err err;

    if (l.count > 0 && span->depth / 8 + RECON_PREFIX_SHOWN < WANT_LEAST)
        return go_deeper(t, span->prefix, span->depth);
    recon_last_below(span->prefix, span->depth, l.last);
    err = t->seen->each_leaf(t->seen->arg, span->prefix, list_leaf, &l);
    if (err == LAT_OK || err == LAT_CLOSED)
        err = l.err;
    for (size_t i = 0; i < l.count && !err; i++)
        if (!l.known[i])
            err = want_entry(&l, i);
    return err;
}

/* --- does the answer belong to what was asked? ----------------------------------------------------------- */

/* Is this a span that may answer the asked one? Each step down makes the prefix longer. */
static bool
answers(const struct heal_span *asked, const struct recon_span *span)
{
    unsigned depth = asked->depth == RECON_DEPTH_MAX ? asked->depth : asked->depth + 4u;
    uint8_t last[32];

    if (span->depth != depth || (!span->is_list && span->depth == RECON_DEPTH_MAX))
        return false;
    recon_last_below(asked->prefix, asked->depth, last);
    return memcmp(span->prefix, asked->prefix, 32) >= 0 && memcmp(span->prefix, last, 32) <= 0;
}

static enum lat_err
take_spans(struct taking *t, struct recon_spans spans, size_t done)
{
    const struct heal_span *asked = spans_of(t->heal) + spans_waiting(t->heal);
    struct recon_refusal why;
    struct recon_span span;
    size_t i = 0;

    while (spans.left > 0) {
        enum lat_err err = recon_next_span(&spans, &span, &why);

        if (err)
            return recon_is_malformed(&t->heal->why, why.text.text);
        while (i < done && !answers(asked - 1 - i, &span))
            i++;
        if (i == done)
            return recon_is_malformed(&t->heal->why, "a range that was not asked for");
        err = span.is_list ? compare_list(t, &span) : compare_children(t, &span);
        if (err)
            return err;
    }
    return lat_cursor_is_done(&spans.bytes) ? LAT_OK : recon_is_malformed(&t->heal->why, "bytes behind the ranges");
}

/* What was found stands before all that still waits: on top of the stack, the first last. */
static enum lat_err
stack_found(struct heal *heal, const struct lat_buf *found, size_t done)
{
    size_t count = found->len / sizeof(struct heal_span);
    const struct heal_span *spans = (const struct heal_span *)found->data;
    enum lat_err err = LAT_OK;

    heal->spans.len -= done * sizeof(struct heal_span);
    for (size_t i = count; i-- > 0 && !err;)
        err = lat_buf_add(&heal->spans, &spans[i], sizeof(spans[i]));
    heal->cut = heal->cut || err == LAT_LIMIT;
    return err == LAT_LIMIT ? LAT_OK : err;
}

enum lat_err
heal_descend_take(struct heal *heal, const struct recon_view *seen, const uint8_t *reply, size_t len)
{
    struct taking t = { .heal = heal, .seen = seen, .d = { .view = seen, .salt = heal->salt } };
    struct lat_cursor body;
    uint64_t done, count;
    enum lat_err err = recon_open_reply(seen->network, RECON_DESCEND, reply, len, &body, &heal->why);

    if (err)
        return err;
    done = lat_take_varint(&body);
    count = lat_take_varint(&body);
    if (body.bad || done == 0 || done > heal->spans_asked || count > RECON_ITEMS_MAX)
        return recon_is_malformed(&heal->why, "other ranges than were asked for");
    lat_buf_init(&t.found, HEAL_SPANS_MAX * sizeof(struct heal_span));
    err = take_spans(&t, (struct recon_spans){ .bytes = body, .left = (size_t)count }, (size_t)done);
    if (!err)
        err = stack_found(heal, &t.found, (size_t)done);
    lat_buf_fini(&t.found);
    return err;
}
