#include "config.h"

#include "world.h"

#include <stdio.h>

#include "base/text.h"
#include "snapshots.h"

static const struct source_ops no_ops = { .latest = NULL };
static const char *const names[WORLD_NODES] = { "lisbon-1", "porto-1", "rio-2", "luanda-1" };

void
world_make(struct world *world)
{
    *world = (struct world){ .fleet = { .count = WORLD_NODES } };
    fleet_model_init(&world->model);
    world->model.now_ms = 100000;
    world->model.wall_ms = 1794000000000;
    world->fleet.nodes = world->nodes;
    for (int i = 0; i < WORLD_NODES; i++) {
        world->made[i] = sample_snapshot(LUNG_P2P);
        world->made[i]->mono_ms = 99000;
        world->made[i]->alert_count = 0;
        world->snapshots[i] = world->made[i];
        world->links[i] = (struct link_status){ .state = LINK_LIVE };
        world->nodes[i] = (struct fleet_node){ .name = names[i], .tags = i == 1 ? "north" : "", .source = { .ops = &no_ops } };
        snprintf(world->nodes[i].source.via, sizeof(world->nodes[i].source.via), "ssh://ops@%s", names[i]);
    }
    lat_copy(world->made[2]->state.root, SNAPSHOT_HEX_LEN, "77be0d51c0ffee");
    world->made[2]->state.read_only = true;
    world->made[2]->alert_count = 1;
    world->made[2]->alerts[0] = (struct snapshot_alert){ .code = "D1", .severity = ALERT_ALARM, .since_ms = 42000, .text = "diverges: 3 keys" };
}

void
world_end(struct world *world)
{
    for (int i = 0; i < WORLD_NODES; i++)
        snapshot_unref(world->made[i]);
}

void
world_look(struct world *world)
{
    fleet_look(&world->fleet, world->snapshots, world->links, &world->model, &world->view);
}

struct fleet_effect
world_key(struct world *world, uint32_t key)
{
    const struct key_press press = { .key = key };
    struct fleet_effect effect = fleet_key(&world->model, &world->view, &press);

    world_look(world);
    return effect;
}
