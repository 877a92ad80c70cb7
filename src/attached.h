/*
 * attached.h - `lattice attach`: the console on nodes that run elsewhere, one or many; and such nodes beside one's own. Main
 * thread.
 */
#ifndef LAT_ATTACHED_H
#define LAT_ATTACHED_H

#include "cli/cli.h"
#include "console.h"

struct attached;

/*
 * Nodes that a console can be given while it runs, none so far, with the tokens, certificates and rights of the command line. NULL: the
 * error has been said, *code is that of the exit.
 */
struct attached *attached_new(const struct options *options, int *code);
void attached_free(struct attached *attached); /* NULL is fine */

/* Room for FLEET_NODES_MAX nodes, and the means to add and drop them. Borrows attached. */
void attached_offer(struct attached *attached, struct fleet *fleet);

/* The command. The exit code. */
int run_attach(const struct cli *cli);

#endif
