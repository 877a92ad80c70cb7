/*
 * fleet_file.h - the nodes of `--fleet FILE`: one section a node.
 *
 *   [porto-1]                            the name on the screen
 *   target = ssh://ops@porto-1           as on the command line; "local": the node of this configuration
 *   tags = north, production             words for the filter
 *   readonly = yes                       never changed from here, whatever --control says
 *   confirm = yes                        forcing its mode asks for its name
 *   token_file = /etc/lattice/porto      ca = FILE: for https targets
 *
 * Lines that begin with '#' or ';' are comments. Pure; any thread.
 */
#ifndef LAT_CLI_FLEET_FILE_H
#define LAT_CLI_FLEET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define FLEET_FILE_MAX 65536
#define FLEET_ENTRIES_MAX 64

struct fleet_entry {
    char name[64];
    char target[300];
    char tags[128];
    char token_file[256], ca[256];
    bool readonly, confirm;
};

struct fleet_entries {
    unsigned count;
    struct fleet_entry list[FLEET_ENTRIES_MAX];
};

/* Parse text[0 .. len). LAT_MALFORMED or LAT_LIMIT with "line N: what" in *why. */
LAT_MUST_CHECK enum lat_err fleet_file_parse(const char *text, size_t len, struct fleet_entries *out, struct lat_msg *why);

#endif
