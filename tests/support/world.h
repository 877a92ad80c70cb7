/*
 * world.h - four nodes as the view of many sees them: A A B A, all live, the third one with an alarm. For tests of ui.
 */
#ifndef LAT_TESTS_WORLD_H
#define LAT_TESTS_WORLD_H

#include "fleet.h"

#define WORLD_NODES 4

struct world {
    struct fleet_node nodes[WORLD_NODES];
    struct fleet fleet;
    struct snapshot *made[WORLD_NODES];
    const struct snapshot *snapshots[WORLD_NODES];
    struct link_status links[WORLD_NODES];
    struct fleet_model model;
    struct fleet_view view;
};

void world_make(struct world *world);
void world_end(struct world *world);

/* Rows of what there is now. */
void world_look(struct world *world);

/* A key of one character or enum key_code; then a look. */
struct fleet_effect world_key(struct world *world, uint32_t key);

#endif
