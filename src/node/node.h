/*
 * node.h - one node: its state, its lungs, its API, composed in a thread with its own event loop.
 *
 * The node thread owns the loop, the lung machine and the HTTP poller; it meets the world in the exchange: snapshots out, at
 * most 10 a second and at least one a second, commands in. node_start and node_stop are called by one thread at a time;
 * everything else goes through the exchange.
 */
#ifndef LAT_NODE_NODE_H
#define LAT_NODE_NODE_H

#include <stdbool.h>

#include "base/err.h"
#include "node/configuration.h"
#include "view/exchange.h"

struct node;

struct node_options {
    struct config *config;       /* taken on success */
    struct exchange *exchange;   /* borrowed */
    const char *version;
    bool demo;                   /* shown in the title of every frame */
    /* Read the configuration again (COMMAND_RELOAD): called on the node thread. NULL with *why: the present one stays. */
    struct config *(*reload)(void *arg, const struct config *present, struct lat_msg *why);
    void *arg;
};

/*
 * Lock the state directory, load or make the key, open the store, start API and node threads. LAT_BUSY (directory held: 75),
 * LAT_CONFLICT (another network, 78), LAT_AUTH (key file that others can read, 78), LAT_DAMAGED, LAT_FULL, LAT_SYS, LAT_NOMEM,
 * each with the sentence for the operator in *why. A taken API port is no failure: the node runs and says so.
 */
LAT_MUST_CHECK enum lat_err node_start(const struct node_options *options, struct node **out, struct lat_msg *why);

/* Orderly end: both lungs off, pending commands answered, everything durable; within 5 s. NULL is fine. */
void node_stop(struct node *node);

#endif
