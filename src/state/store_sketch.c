/*
 * The universal sketch of what stands (WIRE section 7), kept current in memory with each commit, and that of the
 * last roots that were told to peers, who may ask for their cells a moment later.
 *
 * After a start it has to be made from all leaves, a microsecond each. The store thread does that in slices, between
 * batches and while it has nothing else to do: a leaf that a commit changes is toggled if the slices have passed its
 * place, and left alone if they will still come there. Until they have come to the end there are no cells, and peers
 * go down the trees instead.
 */
#include "config.h"

#include "state/store_parts.h"

#include <stdlib.h>
#include <string.h>

#define SLICE_LEAVES 4096 /* some milliseconds */

/* A change of one leaf, as the batch notes it. */
struct toggle {
    uint8_t keyhash[32];
    bool had;
    uint8_t before[32], after[32];
};

enum lat_err
store_sketch_init(struct store_sketch *sketch, const struct network *network)
{
    sketch->cells = calloc(SKETCH_CELLS, sizeof(*sketch->cells));
    if (sketch->cells == NULL)
        return LAT_NOMEM;
    sketch_key(network, sketch->key);
    return LAT_OK;
}

void
store_sketch_fini(struct store_sketch *sketch)
{
    free(sketch->cells);
    for (size_t i = 0; i < STORE_KEPT_SKETCHES; i++)
        free(sketch->kept[i].cells);
}

void
store_sketch_reset(struct store_sketch *sketch)
{
    if (sketch->cells == NULL)
        return;
    memset(sketch->cells, 0, SKETCH_CELLS * sizeof(*sketch->cells));
    memset(sketch->next, 0, sizeof(sketch->next));
    sketch->whole = sketch->given_up = false;
}

static void
toggle(struct store_sketch *sketch, const uint8_t keyhash[32], const uint8_t leaf[32], int change)
{
    uint8_t element[SKETCH_ELEMENT_LEN];

    sketch_element(keyhash, leaf, element);
    sketch_toggle(sketch->cells, SKETCH_CELLS, sketch->key, element, change);
}

/* --- changes -------------------------------------------------------------------------------------------- */

enum lat_err
store_sketch_note(struct lat_buf *toggles, const struct record *record, const struct store_place *place)
{
    struct toggle change = { .had = place->exists };

    memcpy(change.keyhash, record->keyhash, 32);
    memcpy(change.before, place->dig.leaf, 32);
    memcpy(change.after, record->leaf, 32);
    return lat_buf_add(toggles, &change, sizeof(change));
}

void
store_sketch_follow(struct store_sketch *sketch, const struct lat_buf *toggles)
{
    for (size_t at = 0; at < toggles->len; at += sizeof(struct toggle)) {
        struct toggle change;

        memcpy(&change, toggles->data + at, sizeof(change));
        if (!sketch->whole && memcmp(change.keyhash, sketch->next, 32) >= 0)
            continue;
        if (change.had)
            toggle(sketch, change.keyhash, change.before, -1);
        toggle(sketch, change.keyhash, change.after, 1);
    }
}

/* --- making it ------------------------------------------------------------------------------------------ */

struct slice {
    struct store_sketch *sketch;
    size_t left;
};

static enum lat_err
add_leaf(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32])
{
    struct slice *slice = arg;

    if (slice->left == 0) {
        memcpy(slice->sketch->next, keyhash, 32);
        return LAT_CLOSED;
    }
    slice->left--;
    toggle(slice->sketch, keyhash, leaf, 1);
    return LAT_OK;
}

void
store_sketch_go_on(struct store *store)
{
    struct slice slice = { &store->sketch, SLICE_LEAVES };
    struct db_leaves leaves;
    struct tree_source source = db_leaves_source(&leaves);
    enum lat_err err = LAT_SYS;
    MDB_txn *txn;

    if (db_begin_read(&store->db, &txn) != 0) {
        store->sketch.given_up = true;
        return;
    }
    if (db_leaves_begin(&store->db, txn, &leaves) == 0) {
        uint8_t from[32];

        memcpy(from, store->sketch.next, sizeof(from));
        err = source.each(source.arg, from, add_leaf, &slice);
        db_leaves_end(&leaves);
    }
    mdb_txn_abort(txn);
    if (err == LAT_CLOSED)
        return;
    pthread_mutex_lock(&store->view_lock);
    store->sketch.whole = err == LAT_OK;
    store->sketch.given_up = err != LAT_OK; /* a database that cannot be read says so elsewhere */
    pthread_mutex_unlock(&store->view_lock);
}

bool
store_sketch_is_due(const struct store *store)
{
    return !store->sketch.whole && !store->sketch.given_up && !store->head.damaged && !store->head.read_only && store->db.env != NULL;
}

/* --- giving cells --------------------------------------------------------------------------------------- */

static const struct store_kept_sketch *
find_kept(const struct store_sketch *sketch, const uint8_t root[32])
{
    for (size_t i = 0; i < STORE_KEPT_SKETCHES; i++)
        if (sketch->kept[i].cells != NULL && memcmp(sketch->kept[i].root, root, 32) == 0)
            return &sketch->kept[i];
    return NULL;
}

void
store_announced(struct store *store, const uint8_t root[32])
{
    struct store_sketch *sketch = &store->sketch;
    struct store_kept_sketch *kept;

    pthread_mutex_lock(&store->view_lock);
    if (sketch->whole && memcmp(store->head.root, root, 32) == 0 && find_kept(sketch, root) == NULL) {
        kept = &sketch->kept[sketch->kept_turn];
        if (kept->cells == NULL)
            kept->cells = malloc(SKETCH_CELLS * sizeof(*kept->cells));
        if (kept->cells != NULL) {
            sketch->kept_turn = (sketch->kept_turn + 1) % STORE_KEPT_SKETCHES;
            memcpy(kept->cells, sketch->cells, SKETCH_CELLS * sizeof(*kept->cells));
            memcpy(kept->root, root, 32);
            kept->records = store->head.count;
        }
    }
    pthread_mutex_unlock(&store->view_lock);
}

enum lat_err
store_cells(struct store *store, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32],
            uint64_t *records)
{
    struct store_sketch *sketch = &store->sketch;
    const struct store_kept_sketch *kept;
    enum lat_err err = LAT_OK;

    pthread_mutex_lock(&store->view_lock);
    kept = memcmp(root, store->head.root, 32) == 0 ? NULL : find_kept(sketch, root);
    if (kept != NULL) {
        memcpy(out, kept->cells, count * sizeof(*out));
        memcpy(of, kept->root, 32);
        *records = kept->records;
    } else if (sketch->whole) {
        memcpy(out, sketch->cells, count * sizeof(*out));
        memcpy(of, store->head.root, 32);
        *records = store->head.count;
    } else {
        err = LAT_BUSY;
    }
    pthread_mutex_unlock(&store->view_lock);
    return err;
}
