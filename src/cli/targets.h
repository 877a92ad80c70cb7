/*
 * targets.h - all nodes that a command is given: words of the command line, or the sections of --fleet FILE; none: the local one. Main
 * thread.
 */
#ifndef LAT_CLI_TARGETS_H
#define LAT_CLI_TARGETS_H

#include "cli/cli.h"
#include "cli/fleet_file.h"

struct named_target {
    struct api_target target; /* with its token: wiped at the end */
    char name[64];            /* "": it names itself */
    char tags[128];
    bool readonly, confirm;
};

struct targets {
    unsigned count;
    struct named_target *list; /* heap */
};

/* From the word `first` on. EXIT_DONE, or the exit code after the error has been said. */
int targets_read(const struct cli *cli, int first, struct targets *out);
void targets_fini(struct targets *targets);

#endif
