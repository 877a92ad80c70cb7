/*
 * settled.h - differences with one peer that will stay: both sides' records of a key are known, and one side has
 * refused the other's. The asker keeps them, and looks at its own state with their leaf in place of ours at these
 * keys: where that view has the peer's root, the two agree but for those keys, and no session is needed.
 *
 * Spec: STATE section 1 "Nodes that accept differently". Pure; one thread at a time.
 */
#ifndef LAT_STATE_SETTLED_H
#define LAT_STATE_SETTLED_H

#include "state/recon.h"
#include "state/sketch.h"
#include "state/store.h"

#define SETTLED_MAX 4096 /* more: the peer is incompatible */

struct settled_key {
    uint8_t keyhash[32];
    uint8_t ours[32], theirs[32]; /* leaves; zeros: no record there */
    enum store_verdict why;       /* VERDICT_NOT_TRUSTED, VERDICT_HELD or VERDICT_BELOW_HORIZON */
    bool here;                    /* we refused theirs; else they refused ours */
    uint8_t author[32];           /* of the record that was refused */
    uint64_t due_ms;              /* Unix: when a held record may be taken, and the entry goes; 0: never */
};

struct settled {
    struct settled_key *keys; /* ascending by keyhash */
    size_t count, cap;
    bool overflow;            /* more than SETTLED_MAX */
    uint64_t changes;         /* counts up with each change */
    /* The view's root, as last worked out. */
    bool known;
    uint64_t known_changes;
    uint8_t known_own[32], known_root[32];
    uint64_t known_count;
};

void settled_init(struct settled *s);
void settled_fini(struct settled *s);

/* Forget all: somebody's trusted keys have changed, or the operator asks. */
void settled_clear(struct settled *s);

/* Add one, in place of what was known of its key. LAT_LIMIT: `overflow` is set. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err settled_put(struct settled *s, const struct settled_key *key);

/* This key is no longer different. */
void settled_drop(struct settled *s, const uint8_t keyhash[32]);

/* How many are settled for this reason. */
size_t settled_count(const struct settled *s, enum store_verdict why);

/* Our state as that peer should have it. Borrows both. */
struct settled_view {
    struct recon_view view; /* subtree, each_leaf, cells, root and count by the settled keys; the rest is own's */
    const struct recon_view *own;
    const struct settled *settled;
};

/*
 * Drop entries that are due, or whose leaf is no longer ours, and make the view. What own's functions return.
 */
LAT_MUST_CHECK enum lat_err settled_look(struct settled *s, const struct recon_view *own, struct settled_view *out);

#endif
