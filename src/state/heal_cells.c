/*
 * Tier A. The first cells name a small difference; where they do not settle, their counts say how large it seems to
 * be, and so many cells are asked for, twice at most. What still does not settle, or settles and misleads, is left to
 * the descent.
 *
 * Our own cells are those of the moment when the session began, so that answers which come one after another are
 * compared with one state.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <stdlib.h>
#include <string.h>

#include "state/sketch.h"

#define ENLARGEMENTS_MAX 2
#define RESTARTS_MAX 2 /* their root moved before we had its cells */

static struct sketch_cell *
ours_of(const struct heal *heal)
{
    return heal->cells;
}

static struct sketch_cell *
theirs_of(const struct heal *heal)
{
    return heal->cells + SKETCH_CELLS;
}

void
heal_cells_end(struct heal *heal)
{
    free(heal->cells);
    heal->cells = NULL;
}

void
heal_cells_failed(struct heal *heal, uint64_t now_ms)
{
    heal_cells_end(heal);
    if (++heal->sketch_failures < HEAL_SKETCH_FAILURES_MAX)
        return;
    heal->sketch_failures = 0;
    heal->sketch_pause_until_ms = now_ms + HEAL_SKETCH_PAUSE_MS;
}

/* No sketch: down the trees. */
static enum lat_err
go_down(struct heal *heal)
{
    heal_cells_end(heal);
    return heal_descend_begin(heal);
}

enum lat_err
heal_cells_begin(struct heal *heal, const struct recon_view *seen)
{
    uint8_t of[32];
    uint64_t records;
    enum lat_err err;

    heal->cells = calloc(2 * SKETCH_CELLS, sizeof(*heal->cells));
    if (heal->cells == NULL)
        return LAT_NOMEM;
    err = seen->cells == NULL ? LAT_BUSY : seen->cells(seen->arg, seen->root, SKETCH_CELLS, ours_of(heal), of, &records);
    if (err)
        return err;
    heal->enlargements = heal->restarts = 0;
    heal->cells_have = 0;
    heal->cells_goal = HEAL_CELLS_FIRST;
    if (heal->has_hint && memcmp(heal->hint_root, heal->batch_root, 32) == 0) {
        memcpy(theirs_of(heal), heal->hint, sizeof(heal->hint));
        heal->cells_have = heal->cells_goal = HEAL_HINT_CELLS;
    }
    return LAT_OK;
}

/* --- what a settled sketch names ------------------------------------------------------------------------ */

struct names {
    struct heal *heal;
    const struct recon_view *seen;
    struct lat_buf theirs, ours; /* elements */
};

static void
keep_name(void *arg, const uint8_t element[SKETCH_ELEMENT_LEN], bool theirs)
{
    struct names *names = arg;
    struct lat_buf *to = theirs ? &names->theirs : &names->ours;

    if (lat_buf_add(to, element, SKETCH_ELEMENT_LEN))
        to->max = 0; /* told by the length: every name is needed */
}

static int
compare_elements(const void *a, const void *b)
{
    return memcmp(a, b, SKETCH_ELEMENT_LEN);
}

/* Does the other side hold another record of this key? theirs is sorted. */
static bool
is_theirs_too(const struct lat_buf *theirs, const uint8_t *element)
{
    size_t low = 0, high = theirs->len / SKETCH_ELEMENT_LEN;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(theirs->data + middle * SKETCH_ELEMENT_LEN, element, SKETCH_ELEMENT_LEN / 2);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

struct lookup {
    struct heal *heal;
    const uint8_t *element;
    enum lat_err err;
};

static enum lat_err
give_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    static const uint8_t nothing[32];
    struct lookup *l = arg;
    size_t half = SKETCH_ELEMENT_LEN / 2;

    (void)hlc;
    if (memcmp(keyhash, l->element, half) != 0)
        return LAT_CLOSED;
    if (memcmp(leaf, l->element + half, half) == 0)
        l->err = heal_add_gift(l->heal, keyhash, nothing);
    return l->err ? LAT_CLOSED : LAT_OK;
}

/* A record that only we hold is given; its whole keyhash stands in our leaves. */
static enum lat_err
give_element(const struct names *names, const uint8_t *element)
{
    struct lookup l = { names->heal, element, LAT_OK };
    uint8_t from[32] = { 0 };
    enum lat_err err;

    memcpy(from, element, SKETCH_ELEMENT_LEN / 2);
    err = names->seen->each_leaf(names->seen->arg, from, give_leaf, &l);
    return err == LAT_OK || err == LAT_CLOSED ? l.err : err;
}

static enum lat_err
queue_names(struct names *names)
{
    size_t theirs = names->theirs.len / SKETCH_ELEMENT_LEN, ours = names->ours.len / SKETCH_ELEMENT_LEN;
    enum lat_err err = LAT_OK;

    if (theirs > 0)
        qsort(names->theirs.data, theirs, SKETCH_ELEMENT_LEN, compare_elements);
    for (size_t i = 0; i < theirs && !err; i++)
        err = heal_add_want(names->heal, names->theirs.data + i * SKETCH_ELEMENT_LEN, SKETCH_ELEMENT_LEN / 2);
    for (size_t i = 0; i < ours && !err; i++) {
        const uint8_t *element = names->ours.data + i * SKETCH_ELEMENT_LEN;

        if (!is_theirs_too(&names->theirs, element))
            err = give_element(names, element);
    }
    return err;
}

/* --- settle, or ask for more ---------------------------------------------------------------------------- */

static size_t
goal_of(const struct heal *heal)
{
    uint64_t goal = heal->enlargements == 0 ? heal->estimate * 41 / 20 : (uint64_t)heal->cells_have * 3 / 2;

    if (goal < heal->cells_have + HEAL_CELLS_FIRST / 2)
        goal = heal->cells_have + HEAL_CELLS_FIRST / 2;
    return goal < SKETCH_CELLS ? (size_t)goal : SKETCH_CELLS;
}

/* These cells do not settle. */
static enum lat_err
enlarge(struct heal *heal, const struct sketch_cell *difference, uint64_t now_ms)
{
    uint64_t most = heal->own_count > heal->announced ? heal->own_count : heal->announced;

    if (heal->cells_have == HEAL_HINT_CELLS) { /* of a gossip message: too few to tell how many are needed */
        heal->cells_goal = HEAL_HINT_CELLS + HEAL_CELLS_FIRST / 2;
        return LAT_OK;
    }
    if (heal->enlargements == 0)
        heal->estimate = sketch_estimate(difference, heal->cells_have);
    if (heal->enlargements == 0 && heal->estimate > most / 4 && heal->estimate > HEAL_CELLS_FIRST) {
        heal_cells_end(heal);
        heal_stream_begin(heal);
        return LAT_OK;
    }
    if (heal->enlargements == 0 && heal->estimate > HEAL_SKETCH_MAX)
        return go_down(heal);
    if (heal->enlargements == ENLARGEMENTS_MAX || heal->cells_have == SKETCH_CELLS) {
        heal_cells_failed(heal, now_ms);
        return heal_descend_begin(heal);
    }
    heal->cells_goal = goal_of(heal);
    heal->enlargements++;
    return LAT_OK;
}

/* The cells that were aimed for are here. */
static enum lat_err
try_to_settle(struct heal *heal, const struct recon_view *seen, uint64_t now_ms)
{
    size_t count = heal->cells_have, bytes = count * sizeof(*heal->cells);
    struct sketch_cell *difference = malloc(2 * bytes);
    struct names names = { .heal = heal, .seen = seen };
    uint8_t key[SIPHASH_KEY_LEN];
    enum lat_err err = LAT_NOMEM;
    bool whole;

    if (difference == NULL)
        return err;
    lat_buf_init(&names.theirs, 2 * count * SKETCH_ELEMENT_LEN);
    lat_buf_init(&names.ours, 2 * count * SKETCH_ELEMENT_LEN);
    memcpy(difference, theirs_of(heal), bytes);
    sketch_subtract(difference, ours_of(heal), count);
    memcpy(difference + count, difference, bytes);
    sketch_key(seen->network, key);
    whole = sketch_peel(key, difference, count, keep_name, &names);
    if (whole && names.theirs.max > 0 && names.ours.max > 0) {
        heal->named = heal->exact = true;
        heal->estimate = (names.theirs.len + names.ours.len) / SKETCH_ELEMENT_LEN;
        err = queue_names(&names);
        heal_cells_end(heal);
    } else if (!whole) {
        err = enlarge(heal, difference + count, now_ms);
    }
    lat_buf_fini(&names.theirs);
    lat_buf_fini(&names.ours);
    free(difference);
    return err;
}

/* --- messages ------------------------------------------------------------------------------------------- */

enum lat_err
heal_cells_ask(struct heal *heal, const struct recon_view *seen, uint64_t now_ms, struct lat_buf *out)
{
    if (heal->cells == NULL) {
        enum lat_err err = heal_cells_begin(heal, seen);

        if (err)
            return err == LAT_BUSY ? go_down(heal) : err;
    }
    if (heal->cells_have == heal->cells_goal) { /* those of a gossip message may be enough */
        enum lat_err err = try_to_settle(heal, seen, now_ms);

        if (err || heal->named)
            return err;
    }
    heal->cells_asked = heal->cells_goal - heal->cells_have;
    if (heal->cells_asked > RECON_CELLS_MAX)
        heal->cells_asked = RECON_CELLS_MAX;
    return recon_ask_cells(seen->network, heal->batch_root, heal->cells_have, heal->cells_asked, out);
}

/* Cells of another root than that we asked for: theirs has moved, and we begin again with these. */
static enum lat_err
begin_again(struct heal *heal, const struct recon_cells *cells)
{
    if (heal->restarts++ == RESTARTS_MAX)
        return LAT_LIMIT;
    heal_watch_root(heal, cells->root, cells->records);
    heal->cells_have = 0;
    if (heal->cells_goal < cells->count)
        heal->cells_goal = cells->count;
    return LAT_OK;
}

enum lat_err
heal_cells_take(struct heal *heal, const struct recon_view *seen, const uint8_t *reply, size_t len, uint64_t now_ms)
{
    struct recon_cells cells;
    enum lat_err err = recon_read_cells(seen->network, heal->batch_root, heal->cells_have, heal->cells_asked, reply,
                                        len, &cells, &heal->why);

    if (err == LAT_CLOSED) { /* it has none, or none now */
        heal->why.text[0] = '\0';
        return go_down(heal);
    }
    if (!err && memcmp(cells.root, heal->batch_root, 32) != 0 && begin_again(heal, &cells))
        return go_down(heal);
    if (!err && sketch_read(&cells.cells, heal->cells_have, cells.count, cells.records,
                            theirs_of(heal) + heal->cells_have))
        err = recon_is_malformed(&heal->why, "cells of a sketch");
    if (!err && !lat_cursor_is_done(&cells.cells))
        err = recon_is_malformed(&heal->why, "bytes behind the cells");
    if (err)
        return err;
    heal->cells_have += cells.count;
    return heal->cells_have >= heal->cells_goal ? try_to_settle(heal, seen, now_ms) : LAT_OK;
}
