/*
 * snapshots.h - snapshots as a node would publish them, for tests of front ends: fixed times, fixed figures.
 */
#ifndef LAT_TESTS_SNAPSHOTS_H
#define LAT_TESTS_SNAPSHOTS_H

#include "view/snapshot.h"

/* A node with three HTTP sources (and, where peers are live, two P2P peers) in this state. The caller unrefs.
 */
struct snapshot *sample_snapshot(enum lung_state state);

/* Make the third source differ in three keys. */
void sample_diverge(struct snapshot *snapshot);

/* The same, healed since. */
void sample_heal(struct snapshot *snapshot);

#endif
