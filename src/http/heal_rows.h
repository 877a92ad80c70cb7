/*
 * heal_rows.h - where another node stands against us, as the snapshot says it: what was seen of it, and what healing knows. For sources and
 * P2P peers alike. Thread of the peer.
 */
#ifndef LAT_HTTP_HEAL_ROWS_H
#define LAT_HTTP_HEAL_ROWS_H

#include "state/heal_peer.h"
#include "view/snapshot.h"

/* What the carrier knows of the other node by itself. */
struct heal_seen {
    enum agreement agreement; /* by the roots: AGREE_UNKNOWN, AGREE_EQUAL or AGREE_DIFFERS */
    const uint8_t *root;      /* the last that it showed, 32 bytes; NULL: none */
    uint64_t count;           /* of its records */
    int64_t differs_ms;       /* for so long, if it differs; -1: no look has confirmed it yet */
    uint32_t differs_checks;
    const char *error;        /* why asking it fails, which is said before why it differs; "": it does not */
    bool busy;                /* something else than a session takes from it (an import) */
};

/*
 * The whole of *out. peer NULL: healing knows nothing of it. own_root: ours, of the kind that it shows; NULL: not at hand. Two roots that
 * differ may agree all the same, but for settled keys.
 */
void heal_rows_fill(const struct heal_peer *peer, const uint8_t *own_root, const struct heal_seen *seen, uint64_t now_ms,
                    struct snapshot_stand *out);

#endif
