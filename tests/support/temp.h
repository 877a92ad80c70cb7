/*
 * temp.h - a folder for one test program, emptied and removed at its end. One thread.
 */
#ifndef TESTS_SUPPORT_TEMP_H
#define TESTS_SUPPORT_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char temp_folder[256];

/* Make the folder; for cmocka's group setup. 0 on success. */
static inline int
temp_make(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    snprintf(temp_folder, sizeof(temp_folder), "%s/lattice-test.XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(temp_folder) == NULL;
}

static inline int
temp_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* Remove it with all that is in it; for cmocka's group teardown. */
static inline int
temp_remove(void **state)
{
    (void)state;
    return nftw(temp_folder, temp_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Path of a file in it; one of four buffers, used in turn. */
static inline const char *
temp_path(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", temp_folder, name);
    return path;
}

/* Write a file there with this text. */
static inline void
temp_write(const char *name, const char *text)
{
    FILE *f = fopen(temp_path(name), "we");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

#endif
