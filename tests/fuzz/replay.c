/*
 * A main for fuzz targets without libFuzzer: runs every file of the corpus, or the files named, and after
 * each as it stands every cut of it. So each input that ever broke something stays a case of make check.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_MAX (4 * 1024 * 1024)
#define CUTS_MAX 512 /* of a longer file only the first ones, and those evenly spread over the rest */

/* A block of its own for each run, so that a sanitizer sees a read past the end. */
static void
run(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    FUZZ_CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void
replay_file(const char *path)
{
    uint8_t *bytes = malloc(INPUT_MAX);
    FILE *file = fopen(path, "rb");
    size_t len;

    FUZZ_CHECK(bytes != NULL);
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    len = fread(bytes, 1, INPUT_MAX, file);
    fclose(file);
    run(bytes, len);
    for (size_t cut = 0; cut < len; cut += cut < CUTS_MAX ? 1 : 1 + len / CUTS_MAX)
        run(bytes, cut);
    free(bytes);
}

static int
replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[4096];
    int files = 0;

    if (dir == NULL) {
        perror(folder);
        exit(1);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        replay_file(path);
        files++;
    }
    closedir(dir);
    return files;
}

int
main(int argc, char **argv)
{
    int files = argc - 1;

    for (int i = 1; i < argc; i++)
        replay_file(argv[i]);
    if (argc == 1)
        files = replay_folder(FUZZ_CORPUS);
    printf("%d inputs and their cuts\n", files);
    return files > 0 ? 0 : 1;
}
