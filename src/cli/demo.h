/*
 * demo.h - some real nodes on loopback, three unless asked otherwise, that trust each other and name each other as peers of both lungs,
 * with the same few hundred entries: the first runs in this process (main.c starts it from what demo_prepare says), the others are
 * children running `lattice demo-node`, a node that a demo speaks to (demo_child.h). A story (story.h) cuts and restores their lungs.
 *
 * The children end with this process, however it ends (PR_SET_PDEATHSIG); the demo's folder is removed at the end, and one
 * left by a killed demo is removed at the next start. Main thread.
 */
#ifndef LAT_CLI_DEMO_H
#define LAT_CLI_DEMO_H

#include "base/err.h"
#include "cli/options.h"
#include "view/exchange.h"
#include "view/source.h"

#define DEMO_NODES 3
#define DEMO_NODES_MAX 9

struct demo;

/*
 * Make keys, stores and entries in a new folder, clean the environment of settings that belong to another node (timers
 * stay, so that LATTICE_PEERLESS_TIMEOUT=10 works; --fast sets them), read the story, and add to *options the settings of the first node. LAT_SYS,
 * LAT_NOMEM, LAT_MALFORMED (--nodes, the script) and what the store says, with *why.
 */
LAT_MUST_CHECK enum lat_err demo_prepare(struct options *options, struct demo **out, struct lat_msg *why);

/* Start the children, by the program at /proc/self/exe, and give them a moment to answer. LAT_SYS with *why. */
LAT_MUST_CHECK enum lat_err demo_start(struct demo *demo, struct lat_msg *why);

/* Let the source tell the story; x is the first node's exchange. */
void demo_tell(struct demo *demo, struct exchange *x, struct source *source);

/* End the children (SIGTERM, after 5 s SIGKILL), remove the folder. NULL is fine. */
void demo_free(struct demo *demo);

#endif
