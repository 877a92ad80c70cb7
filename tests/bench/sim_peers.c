/*
 * sim_peers.c - what gossip with 50 peers costs one node: 51 routers on a virtual clock, everyone connected to everyone. Memory and CPU
 * of the routers and what they have queued and kept; signatures are checked once for all and are not in it.
 */
#include "config.h"

#include <malloc.h>

#include "bench/bench.h"
#include "sim/mesh.h"

#define NODES 51
#define WARM_UP_MS 10000
#define RUN_MS 30000u
#define DATA_LEN 700 /* a root message, or a small record */

/* Bytes in use, of small and of large allocations. */
static double
in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)(info.uordblks + info.hblkhd);
}

/* CPU seconds of RUN_MS in which everyone publishes once a period. */
static double
run(struct mesh *mesh, uint64_t period_ms)
{
    double cpu = bench_cpu();
    size_t turn = 0;

    for (uint64_t t = 0; t < RUN_MS; t += period_ms / NODES) {
        mesh_publish(mesh_node(mesh, turn++ % NODES), MESH_GOOD, DATA_LEN);
        mesh_run(mesh, period_ms / NODES);
    }
    return bench_cpu() - cpu;
}

int
main(void)
{
    double before = in_use(), idle, quiet, busy;
    struct mesh *mesh = mesh_new(1);

    for (size_t i = 0; i < NODES; i++)
        mesh_add(mesh, GOSSIP_1_2);
    mesh_connect_all(mesh, NODES);
    mesh_run(mesh, WARM_UP_MS);
    idle = in_use() - before;
    quiet = run(mesh, 5000 - 5000 % NODES); /* T_EXCHANGE */
    busy = run(mesh, 500 - 500 % NODES);
    bench_line("lungs", "gossip with 50 peers, simulated: memory of a router, nothing said", "KiB", idle / NODES / 1024, NULL, 0, "");
    bench_line("lungs", "gossip with 50 peers, simulated: memory of a router, 100 messages/s of 700 B", "KiB",
               (in_use() - before) / NODES / 1024, NULL, 0, "");
    bench_line("lungs", "gossip with 50 peers, simulated: CPU of a node at 10 messages/s, without signatures", "%",
               100 * quiet / NODES / (RUN_MS / 1000.0), NULL, 0, "");
    bench_line("lungs", "gossip with 50 peers, simulated: CPU of a node at 100 messages/s, without signatures", "%",
               100 * busy / NODES / (RUN_MS / 1000.0), NULL, 0, "");
    mesh_free(mesh);
    return 0;
}
