/*
 * fake_node.h - a node for consoles to look at: a thread that publishes snapshots of its own making and
 * answers mode switches.
 */
#ifndef LAT_TESTS_FAKE_NODE_H
#define LAT_TESTS_FAKE_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include "view/source.h"

struct fake_node {
    struct exchange *exchange;
    struct exchange_source source_data;
    struct source source;
    pthread_t thread;
    atomic_bool stop;
    enum lung_state state;
    enum lung_policy policy;
    uint64_t started_ms;
    unsigned period_ms;           /* between snapshots */
    void (*extra)(unsigned turn); /* called in the thread after each snapshot; NULL: nothing */
};

void fake_node_start(struct fake_node *node, enum lung_state state, unsigned period_ms,
                     void (*extra)(unsigned turn));
void fake_node_stop(struct fake_node *node);

#endif
