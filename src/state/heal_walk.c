/*
 * The records of an answer ascend by keyhash, and so do the leaves of our own tree. Walking both side by side
 * finds what is the same (equal leaves, nothing to fetch), what differs (our record is read to see which one
 * wins) and what only one side holds. What we win is counted and left alone; the rest is the batch.
 * Signatures and trust are not looked at here: the applier does that in its workers and gives a verdict for
 * each record.
 */
#include "config.h"

#include "state/heal_walk.h"

#include <string.h>

#include "base/le.h"
#include "base/text.h"

/* Walks the records of an answer and our leaves side by side. */
struct side_by_side {
    struct heal *heal;
    const struct recon_view *own;
    const uint8_t *at, *end; /* of the records that follow */
    bool present;            /* theirs is one */
    struct record theirs;
    const uint8_t *bound; /* our leaves from here on belong to the next answer; NULL: to none */
    size_t visits;
    bool skip; /* too many visits: our leaves between theirs are no longer looked at */
    enum lat_err err;
};

void
heal_count_useful(struct heal *heal, uint32_t *count)
{
    (*count)++;
    heal->session_useful++;
    heal->stall_bytes = 0;
}

static uint8_t
name_key(struct heal *heal, const struct record *record, enum heal_difference difference, uint64_t ours,
         uint64_t theirs)
{
    struct heal_key *key;

    heal->key_total++;
    if (heal->key_count == HEAL_KEYS_MAX)
        return HEAL_NO_SLOT;
    key = &heal->keys[heal->key_count];
    lat_escape(record->key, record->key_len, key->key, sizeof(key->key));
    key->difference = difference;
    key->ours_hlc = ours;
    key->theirs_hlc = theirs;
    return (uint8_t)heal->key_count++;
}

static enum lat_err
add_to_batch(struct heal *heal, const struct record *record, uint8_t slot)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(&heal->batch, 4 + record->len, &at);

    if (!err) {
        at = lat_put_u32le(at, (uint32_t)record->len);
        lat_put_bytes(at, record->bytes, record->len);
        err = lat_buf_add_u8(&heal->slots, slot);
    }
    if (!err)
        heal->batch_count++;
    return err;
}

/* The next of their records; none left: present is false. */
static enum lat_err
next_of_theirs(struct side_by_side *w)
{
    const uint8_t *bytes;
    size_t len;

    w->present = recon_next_record(&w->at, w->end, &bytes, &len);
    if (!w->present)
        return LAT_OK;
    w->heal->seen++;
    return record_parse_trusted(w->own->network, bytes, len, &w->theirs);
}

static enum lat_err
take_only_theirs(struct side_by_side *w)
{
    uint8_t slot = name_key(w->heal, &w->theirs, HEAL_KEY_ONLY_THEIRS, 0, w->theirs.hlc);
    enum lat_err err = add_to_batch(w->heal, &w->theirs, slot);

    return err ? err : next_of_theirs(w);
}

/* Both hold the key, with different records. A damaged one of ours is healed by whatever the store then
 * accepts. */
static enum lat_err
take_differing(struct side_by_side *w, uint64_t own_hlc)
{
    struct heal *heal = w->heal;
    struct record ours;
    enum lat_err err = w->own->get(w->own->arg, w->theirs.keyhash, &ours);

    if (err == LAT_OK && record_compare(&w->theirs, &ours) < 0) {
        heal_count_useful(heal, &heal->ours);
        name_key(heal, &w->theirs, HEAL_KEY_OURS_NEWER, own_hlc, w->theirs.hlc);
        return next_of_theirs(w);
    }
    if (err && err != LAT_DAMAGED && err != LAT_NOTFOUND)
        return err;
    err =
        add_to_batch(heal, &w->theirs, name_key(heal, &w->theirs, HEAL_KEY_THEIRS_NEWER, own_hlc, w->theirs.hlc));
    return err ? err : next_of_theirs(w);
}

static enum lat_err
take_same(struct side_by_side *w)
{
    heal_count_useful(w->heal, &w->heal->same);
    return next_of_theirs(w);
}

static enum lat_err
count_only_ours(struct side_by_side *w, const uint8_t keyhash[32], uint64_t hlc)
{
    struct record ours;

    w->heal->only_ours++;
    if (w->heal->key_count < HEAL_KEYS_MAX && w->own->get(w->own->arg, keyhash, &ours) == LAT_OK)
        name_key(w->heal, &ours, HEAL_KEY_ONLY_OURS, hlc, 0);
    else
        w->heal->key_total++;
    return LAT_OK;
}

/* One leaf of ours. LAT_CLOSED ends the walk. */
static enum lat_err
visit(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct side_by_side *w = arg;
    int order = 1;

    while (w->present && (order = memcmp(w->theirs.keyhash, keyhash, 32)) < 0)
        if ((w->err = take_only_theirs(w)) != LAT_OK)
            return LAT_CLOSED;
    if (w->bound && memcmp(keyhash, w->bound, 32) >= 0)
        return LAT_CLOSED;
    if (w->present && order == 0)
        w->err = memcmp(w->theirs.leaf, leaf, 32) == 0 ? take_same(w) : take_differing(w, hlc);
    else if (!w->skip)
        w->err = count_only_ours(w, keyhash, hlc);
    w->skip = w->skip || ++w->visits >= HEAL_VISITS_MAX;
    return w->err || w->skip ? LAT_CLOSED : LAT_OK;
}

/*
 * One walk over our leaves as a rule. Where theirs are few among very many of ours, it is cut off, and each
 * of their remaining records is looked up by a walk of its own that ends at the first leaf.
 */
static enum lat_err
walk(struct side_by_side *w)
{
    enum lat_err err = next_of_theirs(w);
    uint8_t start[32];

    memcpy(start, w->heal->from, 32);
    while (!err) {
        err = w->own->each_leaf(w->own->arg, start, visit, w);
        if (err != LAT_CLOSED) /* no leaf of ours is left, or it cannot be read */
            break;
        err = w->err;
        if (!w->skip || !w->present)
            break;
        memcpy(start, w->theirs.keyhash, 32);
    }
    while (!err && w->present)
        err = take_only_theirs(w);
    return err;
}

enum lat_err
heal_walk(struct heal *heal, const struct recon_view *own, const struct recon_range *range)
{
    struct side_by_side w = { .heal = heal,
                              .own = own,
                              .at = range->records,
                              .end = range->records + range->records_len,
                              .bound = range->more ? range->next : NULL };

    return walk(&w);
}
