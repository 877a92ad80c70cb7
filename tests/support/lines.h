/*
 * lines.h - vectors in lines of words: "word word ...", '#' before a remark.
 */
#ifndef TESTS_SUPPORT_LINES_H
#define TESTS_SUPPORT_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_WORDS_MAX 8

/* Called with the words of a line; missing ones are NULL. */
typedef void (*lines_fn)(void *arg, char *words[LINES_WORDS_MAX]);

/* Go through VECTOR_DIR/name; returns how many lines had words. Ends the program when the file is missing. */
static inline int
lines_each(const char *name, lines_fn fn, void *arg)
{
    char path[1024], line[4096];
    int count = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", VECTOR_DIR, name);
    f = fopen(path, "re");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        char *words[LINES_WORDS_MAX] = { NULL }, *rest = NULL;

        for (int i = 0; i < LINES_WORDS_MAX; i++)
            words[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
        if (words[0] == NULL || words[0][0] == '#')
            continue;
        fn(arg, words);
        count++;
    }
    fclose(f);
    return count;
}

#endif
