/*
 * attached.h - `lattice attach`: the console on nodes that run elsewhere, one or many. Main thread.
 */
#ifndef LAT_ATTACHED_H
#define LAT_ATTACHED_H

#include "cli/cli.h"

/* The exit code. */
int run_attach(const struct cli *cli);

#endif
