/*
 * demo.h - three real nodes on loopback that trust each other and name each other as HTTP peers, with the same few
 * hundred entries: the first runs in this process (main.c starts it from what demo_prepare says), the others are
 * children running `lattice node`.
 *
 * The children end with this process, however it ends (PR_SET_PDEATHSIG); the demo's folder is removed at the end, and one
 * left by a killed demo is removed at the next start. Main thread.
 */
#ifndef LAT_CLI_DEMO_H
#define LAT_CLI_DEMO_H

#include "base/err.h"
#include "cli/options.h"

#define DEMO_NODES 3

struct demo;

/*
 * Make keys, stores and entries in a new folder, clean the environment of settings that belong to another node (timers
 * stay, so that LATTICE_PEERLESS_TIMEOUT=10 works), and add to *options the settings of the first node. LAT_SYS,
 * LAT_NOMEM and what the store says, with *why.
 */
LAT_MUST_CHECK enum lat_err demo_prepare(struct options *options, struct demo **out, struct lat_msg *why);

/* Start the children, by the program at /proc/self/exe, and give them a moment to answer. LAT_SYS with *why. */
LAT_MUST_CHECK enum lat_err demo_start(struct demo *demo, struct lat_msg *why);

/* End the children (SIGTERM, after 5 s SIGKILL), remove the folder. NULL is fine. */
void demo_free(struct demo *demo);

#endif
