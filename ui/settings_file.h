/*
 * settings_file.h - console.ini on disk, read at start and again when it has changed; never written. Console thread.
 */
#ifndef LAT_UI_SETTINGS_FILE_H
#define LAT_UI_SETTINGS_FILE_H

#include <sys/types.h>
#include <time.h>

#include "settings.h"

#define SETTINGS_FILE_CHECK_MS 1000

struct settings_file {
    const char *path;      /* borrowed; NULL: there is none */
    const char *overrides; /* borrowed; lines of the same form that win over the file; NULL: none */
    uint64_t checked_ms;
    bool read;
    struct timespec changed; /* of what was read last */
    off_t size;
    ino_t inode;
};

/* Where it is: $XDG_CONFIG_HOME/lattice/console.ini, else below $HOME/.config. "" where neither is set. */
void settings_file_path(char out[4096]);

/*
 * Read defaults, file and overrides into *settings if that has not been done yet or the file has changed since; looks at
 * most once in SETTINGS_FILE_CHECK_MS. False: nothing new. A file that cannot be read is reported, one that is not there
 * is not.
 */
bool settings_file_follow(struct settings_file *file, uint64_t now_ms, struct settings *settings,
                          settings_finding_fn finding, void *arg);

#endif
