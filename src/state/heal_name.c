/*
 * Differences named from the few cells that a gossip message carries: no question is asked.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "state/sketch.h"

/* The cells of a message, all of them. */
static enum lat_err
read_hint(const uint8_t *bytes, size_t len, uint64_t count, struct sketch_cell cells[HEAL_HINT_CELLS])
{
    struct lat_cursor in;

    lat_cursor_init(&in, bytes, len);
    if (sketch_read(&in, 0, HEAL_HINT_CELLS, count, cells) || !lat_cursor_is_done(&in))
        return LAT_MALFORMED;
    return LAT_OK;
}

enum lat_err
heal_hint(struct heal *heal, const uint8_t root[32], uint64_t count, const uint8_t *cells, size_t len)
{
    struct sketch_cell read[HEAL_HINT_CELLS];
    enum lat_err err = read_hint(cells, len, count, read);

    if (err)
        return err;
    memcpy(heal->hint, read, sizeof(read));
    memcpy(heal->hint_root, root, 32);
    heal->has_hint = true;
    return LAT_OK;
}

struct naming {
    const struct recon_view *own;
    struct heal_key keys[HEAL_KEYS_MAX];
    uint8_t hashes[HEAL_KEYS_MAX][SKETCH_ELEMENT_LEN / 2];
    uint32_t count, total, elements;
};

/* The key that this beginning of a keyhash was noted for, or a new one. NULL: no room. */
static struct heal_key *
slot_for(struct naming *n, const uint8_t *element, bool *is_new)
{
    uint32_t i = 0;

    while (i < n->count && memcmp(n->hashes[i], element, sizeof(n->hashes[i])) != 0)
        i++;
    *is_new = i == n->count;
    if (i == HEAL_KEYS_MAX)
        return NULL;
    memcpy(n->hashes[i], element, sizeof(n->hashes[i]));
    n->count += *is_new;
    return &n->keys[i];
}

struct sought {
    const uint8_t *beginning;
    uint8_t keyhash[32];
    bool found;
};

static enum lat_err
see_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct sought *s = arg;

    (void)leaf;
    (void)hlc;
    if (memcmp(keyhash, s->beginning, SKETCH_ELEMENT_LEN / 2) == 0) {
        memcpy(s->keyhash, keyhash, 32);
        s->found = true;
    }
    return LAT_CLOSED;
}

/* The key's text, if we hold the key; else what is known of its hash. */
static void
name_new(const struct naming *n, const uint8_t *element, struct heal_key *key)
{
    struct sought s = { .beginning = element };
    uint8_t from[32] = { 0 };
    struct record record;
    char hex[SKETCH_ELEMENT_LEN + 1];

    *key = (struct heal_key){ .difference = HEAL_KEY_ONLY_THEIRS };
    memcpy(from, element, SKETCH_ELEMENT_LEN / 2);
    (void)n->own->each_leaf(n->own->arg, from, see_leaf, &s);
    if (s.found && n->own->get(n->own->arg, s.keyhash, &record) == LAT_OK) {
        lat_escape(record.key, record.key_len, key->key, sizeof(key->key));
        heal_show_side(&record, &key->ours);
        return;
    }
    lat_hex(element, SKETCH_ELEMENT_LEN / 2, hex);
    snprintf(key->key, sizeof(key->key), "keyhash %s..", hex);
}

static void
take_name(void *arg, const uint8_t element[SKETCH_ELEMENT_LEN], bool theirs)
{
    struct naming *n = arg;
    bool is_new;
    struct heal_key *key = slot_for(n, element, &is_new);

    n->elements++;
    n->total += is_new;
    if (key == NULL)
        return;
    if (is_new) {
        name_new(n, element, key);
        key->difference = theirs ? HEAL_KEY_ONLY_THEIRS : HEAL_KEY_ONLY_OURS;
    } else { /* both hold it: which one is newer is not known yet */
        key->difference = HEAL_KEY_THEIRS_NEWER;
    }
}

/* What was named is what is shown of the difference. */
static void
show(struct heal *heal, const struct naming *n)
{
    heal->key_count = n->count;
    heal->key_total = n->total;
    heal->estimate = n->elements;
    heal->exact = true;
    memset(heal->directions, 0, sizeof(heal->directions));
    for (uint32_t i = 0; i < n->count; i++) {
        heal->keys[i] = n->keys[i];
        heal->directions[n->keys[i].difference]++;
    }
}

enum lat_err
heal_preview(struct heal *heal, const struct recon_view *own)
{
    struct sketch_cell theirs[HEAL_HINT_CELLS], ours[HEAL_HINT_CELLS];
    struct naming n = { .own = own };
    uint8_t key[SIPHASH_KEY_LEN], of[32];
    uint64_t records;
    enum lat_err err;

    if (!heal->has_hint || heal->state != HEAL_OVER)
        return LAT_NOTFOUND;
    err = own->cells == NULL ? LAT_BUSY : own->cells(own->arg, own->root, HEAL_HINT_CELLS, ours, of, &records);
    if (err)
        return err;
    memcpy(theirs, heal->hint, sizeof(theirs));
    sketch_subtract(theirs, ours, HEAL_HINT_CELLS);
    sketch_key(own->network, key);
    if (!sketch_peel(key, theirs, HEAL_HINT_CELLS, take_name, &n))
        return LAT_LIMIT;
    show(heal, &n);
    return LAT_OK;
}
