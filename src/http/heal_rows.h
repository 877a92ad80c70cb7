/*
 * heal_rows.h - what healing knows of a peer, as rows of the snapshot. For sources and P2P peers alike. Thread of the
 * peer.
 */
#ifndef LAT_HTTP_HEAL_ROWS_H
#define LAT_HTTP_HEAL_ROWS_H

#include "state/heal_peer.h"
#include "view/snapshot.h"

/* The keys that differ, both sides. rows: room for SNAPSHOT_KEYS_MAX. Returns how many. */
uint32_t heal_rows_keys(const struct heal *heal, struct snapshot_key *rows);

/* What lies behind two roots that differ. busy: something else than a session takes from it (an import). */
enum agreement heal_rows_open(const struct heal_peer *peer, bool busy);

/* How it differs. */
void heal_rows_difference(const struct heal_peer *peer, struct snapshot_difference *row);

#endif
