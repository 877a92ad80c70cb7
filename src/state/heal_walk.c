/*
 * Tier C. The records of an answer ascend by keyhash, and so do the leaves of our own tree. Walking both side by side
 * finds what is the same (equal leaves, nothing to do), what differs (our record is read to see which one wins) and
 * what only one side holds. Signatures and trust are not looked at here: the applier does that in its workers and
 * gives a verdict for each record.
 *
 * Where there is more of ours than may wait to be given, or to be walked for one answer, the walk stops at that key, and
 * the next answer begins there.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <string.h>

#define GIFTS_AT_ONCE 4096

/* Walks the records of an answer and our leaves side by side. */
struct side_by_side {
    struct heal *heal;
    const struct recon_view *own;
    const uint8_t *at, *end; /* of the records that follow */
    bool present;            /* theirs is one */
    struct record theirs;
    const uint8_t *bound; /* our leaves from here on belong to the next answer; NULL: to none */
    size_t visits;
    bool stopped;
    uint8_t stop[32];
    enum lat_err err;
};

void
heal_stream_begin(struct heal *heal)
{
    heal->tier = HEAL_TIER_STREAM;
    heal->pass_open = true;
    heal->last = false;
    heal->seen = 0;
    memset(heal->from, 0, sizeof(heal->from));
}

/* The next of their records; none left: present is false. */
static enum lat_err
next_of_theirs(struct side_by_side *w)
{
    const uint8_t *bytes;
    size_t len;

    w->present = recon_next_record(&w->at, w->end, &bytes, &len);
    return w->present ? record_parse_trusted(w->own->network, bytes, len, &w->theirs) : LAT_OK;
}

static enum lat_err
take_theirs(struct side_by_side *w)
{
    enum lat_err err = heal_consider(w->heal, w->own, &w->theirs, true);

    w->heal->seen++;
    return err ? err : next_of_theirs(w);
}

/* The same record on both sides, or one that is settled. */
static enum lat_err
pass_same(struct side_by_side *w)
{
    w->heal->seen++;
    heal_count_useful(w->heal, &w->heal->same);
    return next_of_theirs(w);
}

static enum lat_err
give_ours(struct side_by_side *w, const uint8_t keyhash[32])
{
    static const uint8_t nothing[32];
    struct heal *heal = w->heal;
    struct record ours;

    if (!heal->keeps_nothing)
        return heal_add_gift(heal, keyhash, nothing);
    heal->only_ours++;
    if (heal->key_count < HEAL_KEYS_MAX && w->own->get(w->own->arg, keyhash, &ours) == LAT_OK) {
        heal_name_key(heal, &ours, NULL, HEAL_KEY_ONLY_OURS);
    } else {
        heal->directions[HEAL_KEY_ONLY_OURS]++;
        heal->key_total++;
    }
    return LAT_OK;
}

static bool
is_enough(struct side_by_side *w)
{
    return ++w->visits > HEAL_VISITS_MAX || heal_gifts(w->heal) >= GIFTS_AT_ONCE;
}

/* One leaf of ours. LAT_CLOSED ends the walk. */
static enum lat_err
visit(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    struct side_by_side *w = arg;
    int order = 1;

    (void)hlc;
    while (w->present && (order = memcmp(w->theirs.keyhash, keyhash, 32)) < 0)
        if ((w->err = take_theirs(w)) != LAT_OK)
            return LAT_CLOSED;
    if (w->bound && memcmp(keyhash, w->bound, 32) >= 0)
        return LAT_CLOSED;
    if (is_enough(w)) {
        w->stopped = true;
        memcpy(w->stop, keyhash, 32);
        return LAT_CLOSED;
    }
    if (!w->present || order != 0)
        w->err = give_ours(w, keyhash);
    else
        w->err = memcmp(w->theirs.leaf, leaf, 32) == 0 ? pass_same(w) : take_theirs(w);
    return w->err ? LAT_CLOSED : LAT_OK;
}

enum lat_err
heal_walk(struct heal *heal, const struct recon_view *own, const struct recon_view *seen, const struct recon_range *range)
{
    struct side_by_side w = { .heal = heal,
                              .own = own,
                              .at = range->records,
                              .end = range->records + range->records_len,
                              .bound = range->more ? range->next : NULL };
    enum lat_err err = next_of_theirs(&w);

    if (!err)
        err = seen->each_leaf(seen->arg, heal->from, visit, &w);
    if (err == LAT_CLOSED)
        err = w.err;
    while (!err && w.present && !w.stopped)
        err = take_theirs(&w);
    heal->last = !range->more && !w.stopped;
    memcpy(heal->next, w.stopped ? w.stop : range->more ? range->next : heal->from, 32);
    return err;
}
