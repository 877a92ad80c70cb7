/*
 * The view folds only the paths that lead to settled keys; what lies beside them comes from our own tree as it is.
 */
#include "config.h"

#include "state/settled.h"

#include <stdlib.h>
#include <string.h>

#include "state/tree.h"

static const uint8_t nothing[32];

void
settled_init(struct settled *s)
{
    *s = (struct settled){ 0 };
}

void
settled_fini(struct settled *s)
{
    free(s->keys);
    settled_init(s);
}

void
settled_clear(struct settled *s)
{
    s->changes += s->count > 0 || s->overflow;
    s->count = 0;
    s->overflow = false;
}

/* The first key at or behind `keyhash`. */
static size_t
place_of(const struct settled *s, const uint8_t keyhash[32])
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(s->keys[middle].keyhash, keyhash, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum lat_err
make_room(struct settled *s)
{
    size_t cap = s->cap ? s->cap * 2 : 16;
    struct settled_key *grown;

    if (s->count < s->cap)
        return LAT_OK;
    if (s->count == SETTLED_MAX) {
        s->overflow = true;
        return LAT_LIMIT;
    }
    grown = reallocarray(s->keys, cap, sizeof(*grown));
    if (grown == NULL)
        return LAT_NOMEM;
    s->keys = grown;
    s->cap = cap;
    return LAT_OK;
}

enum lat_err
settled_put(struct settled *s, const struct settled_key *key)
{
    size_t i = place_of(s, key->keyhash);

    if (i == s->count || memcmp(s->keys[i].keyhash, key->keyhash, 32) != 0) {
        enum lat_err err = make_room(s);

        if (err)
            return err;
        memmove(&s->keys[i + 1], &s->keys[i], (s->count - i) * sizeof(*s->keys));
        s->count++;
    }
    s->keys[i] = *key;
    s->changes++;
    return LAT_OK;
}

void
settled_drop(struct settled *s, const uint8_t keyhash[32])
{
    size_t i = place_of(s, keyhash);

    if (i == s->count || memcmp(s->keys[i].keyhash, keyhash, 32) != 0)
        return;
    s->count--;
    s->changes++;
    memmove(&s->keys[i], &s->keys[i + 1], (s->count - i) * sizeof(*s->keys));
}

size_t
settled_count(const struct settled *s, enum store_verdict why)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        count += s->keys[i].why == why;
    return count;
}

/* --- the view's functions ---------------------------------------------------------------------------------- */

struct place {
    uint8_t prefix[32]; /* zeros behind `bits` */
    unsigned bits;
    size_t low, high; /* the settled keys inside */
};

static bool
bit_of(const uint8_t hash[32], unsigned i)
{
    return hash[i / 8] >> (7 - i % 8) & 1;
}

static void
combine(const uint64_t count[2], uint8_t sides[2][32], uint64_t *sum, uint8_t hash[32])
{
    *sum = count[0] + count[1];
    if (*sum == 0)
        memcpy(hash, nothing, 32);
    else if (*sum == 1)
        memcpy(hash, sides[count[1]], 32);
    else
        tree_node_hash(*sum, sides[0], sides[1], hash);
}

static enum lat_err fold(const struct settled_view *v, const struct place *place, uint64_t *count, uint8_t hash[32]);

static enum lat_err
fold_sides(const struct settled_view *v, const struct place *place, uint64_t *count, uint8_t hash[32])
{
    struct place side = *place;
    uint8_t hashes[2][32];
    uint64_t counts[2];
    size_t middle = place->low;
    enum lat_err err;

    while (middle < place->high && !bit_of(v->settled->keys[middle].keyhash, place->bits))
        middle++;
    side.bits++;
    side.high = middle;
    err = fold(v, &side, &counts[0], hashes[0]);
    if (err)
        return err;
    side.prefix[place->bits / 8] |= (uint8_t)(0x80 >> place->bits % 8);
    side.low = middle;
    side.high = place->high;
    err = fold(v, &side, &counts[1], hashes[1]);
    if (!err)
        combine(counts, hashes, count, hash);
    return err;
}

/* Count and hash of a subtree. It goes down only where settled keys are; two that share 255 bits there are not. */
static enum lat_err
fold(const struct settled_view *v, const struct place *place, uint64_t *count, uint8_t hash[32])
{
    const struct settled_key *key = &v->settled->keys[place->low];
    enum lat_err err = v->own->subtree(v->own->arg, place->prefix, place->bits, count, hash);

    if (err || place->low == place->high)
        return err;
    if (place->high - place->low > 1 || *count > 1 || (*count == 1 && memcmp(hash, key->ours, 32) != 0))
        return place->bits < 255 ? fold_sides(v, place, count, hash) : LAT_DAMAGED;
    *count = memcmp(key->theirs, nothing, 32) != 0;
    memcpy(hash, key->theirs, 32);
    return LAT_OK;
}

static void
last_below(const uint8_t prefix[32], unsigned bits, uint8_t last[32])
{
    for (unsigned i = 0; i < 32; i++) {
        unsigned from = i * 8;

        last[i] = bits >= from + 8 ? prefix[i] : (uint8_t)(prefix[i] | (bits > from ? 0xff >> (bits - from) : 0xff));
    }
}

static enum lat_err
subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    const struct settled_view *v = arg;
    struct place place = { .bits = bits };
    uint8_t last[32];

    memcpy(place.prefix, prefix, bits / 8);
    if (bits % 8 != 0)
        place.prefix[bits / 8] = prefix[bits / 8] & (uint8_t)(0xff << (8 - bits % 8));
    last_below(place.prefix, bits, last);
    place.low = place_of(v->settled, place.prefix);
    place.high = place_of(v->settled, last);
    if (place.high < v->settled->count && memcmp(v->settled->keys[place.high].keyhash, last, 32) == 0)
        place.high++;
    return fold(v, &place, count, hash);
}

struct merging {
    const struct settled *settled;
    size_t next; /* settled key to come */
    recon_leaf_fn fn;
    void *arg;
};

/* Settled keys before `bound` (NULL: all that are left). */
static enum lat_err
give_settled(struct merging *m, const uint8_t *bound)
{
    enum lat_err err = LAT_OK;

    for (; !err && m->next < m->settled->count; m->next++) {
        const struct settled_key *key = &m->settled->keys[m->next];

        if (bound != NULL && memcmp(key->keyhash, bound, 32) >= 0)
            break;
        if (memcmp(key->theirs, nothing, 32) != 0)
            err = m->fn(m->arg, key->keyhash, key->theirs, 0);
    }
    return err;
}

static enum lat_err
give_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct merging *m = arg;
    enum lat_err err = give_settled(m, keyhash);

    if (err)
        return err;
    if (m->next == m->settled->count || memcmp(m->settled->keys[m->next].keyhash, keyhash, 32) != 0)
        return m->fn(m->arg, keyhash, leaf, hlc);
    leaf = m->settled->keys[m->next++].theirs;
    return memcmp(leaf, nothing, 32) == 0 ? LAT_OK : m->fn(m->arg, keyhash, leaf, hlc);
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg)
{
    const struct settled_view *v = arg;
    struct merging m = { v->settled, place_of(v->settled, from), fn, fn_arg };
    enum lat_err err = v->own->each_leaf(v->own->arg, from, give_leaf, &m);

    return err ? err : give_settled(&m, NULL);
}

static void
toggle(const struct settled_view *v, const uint8_t key[SIPHASH_KEY_LEN], struct sketch_cell *cells, size_t count)
{
    for (size_t i = 0; i < v->settled->count; i++) {
        const struct settled_key *settled = &v->settled->keys[i];
        uint8_t element[SKETCH_ELEMENT_LEN];

        sketch_element(settled->keyhash, settled->ours, element);
        if (memcmp(settled->ours, nothing, 32) != 0)
            sketch_toggle(cells, count, key, element, -1);
        sketch_element(settled->keyhash, settled->theirs, element);
        if (memcmp(settled->theirs, nothing, 32) != 0)
            sketch_toggle(cells, count, key, element, 1);
    }
}

static enum lat_err
cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32], uint64_t *records)
{
    const struct settled_view *v = arg;
    uint8_t key[SIPHASH_KEY_LEN];
    enum lat_err err =
        v->own->cells == NULL ? LAT_BUSY : v->own->cells(v->own->arg, root, count, out, of, records);

    if (err)
        return err;
    sketch_key(v->own->network, key);
    toggle(v, key, out, count);
    return LAT_OK;
}

static enum lat_err
get(void *arg, const uint8_t keyhash[32], struct record *out)
{
    const struct settled_view *v = arg;

    return v->own->get(v->own->arg, keyhash, out);
}

static enum lat_err
each(void *arg, const uint8_t from[32], recon_record_fn fn, void *fn_arg)
{
    const struct settled_view *v = arg;

    return v->own->each(v->own->arg, from, fn, fn_arg);
}

/* --- a look ------------------------------------------------------------------------------------------------ */

/* Does our leaf still stand there? */
static enum lat_err
is_as_settled(const struct recon_view *own, const struct settled_key *key, bool *is)
{
    uint8_t leaf[32];
    uint64_t count;
    enum lat_err err = own->subtree(own->arg, key->keyhash, 255, &count, leaf);

    *is = !err && count <= 1 && memcmp(leaf, key->ours, 32) == 0;
    return err;
}

static enum lat_err
drop_old(struct settled *s, const struct recon_view *own)
{
    bool same_root = s->known && memcmp(s->known_own, own->root, 32) == 0;
    enum lat_err result = LAT_OK;
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        bool stays = s->keys[i].due_ms == 0 || own->now_ms < s->keys[i].due_ms;
        enum lat_err err = LAT_OK;

        if (stays && !same_root)
            err = is_as_settled(own, &s->keys[i], &stays);
        if (err && result == LAT_OK)
            result = err;
        if (stays || err)
            s->keys[kept++] = s->keys[i];
    }
    s->changes += kept != s->count;
    s->count = kept;
    return result;
}

/* The root of the view, worked out once for each root of ours and change of the table. */
static enum lat_err
find_root(struct settled *s, struct settled_view *v)
{
    const struct recon_view *own = v->own;
    uint8_t top[32];
    enum lat_err err;

    if (!s->known || s->known_changes != s->changes || memcmp(s->known_own, own->root, 32) != 0) {
        err = subtree(v, nothing, 0, &s->known_count, top);
        if (err)
            return err;
        tree_root_hash(own->network->id, s->known_count, top, s->known_root);
        memcpy(s->known_own, own->root, 32);
        s->known_changes = s->changes;
        s->known = true;
    }
    memcpy(v->view.root, s->known_root, 32);
    v->view.count = s->known_count;
    return LAT_OK;
}

enum lat_err
settled_look(struct settled *s, const struct recon_view *own, struct settled_view *out)
{
    enum lat_err err = drop_old(s, own);

    if (err)
        return err;
    *out = (struct settled_view){ .view = *own, .own = own, .settled = s };
    if (s->count == 0)
        return LAT_OK;
    out->view.get = get;
    out->view.each = each;
    out->view.each_leaf = each_leaf;
    out->view.subtree = subtree;
    out->view.cells = cells;
    out->view.announced = NULL;
    out->view.arg = out;
    return find_root(s, out);
}
