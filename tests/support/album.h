/*
 * album.h - pictures as text, against files in tests/vectors/screens. SCREENS_WRITE=1 writes the files instead (scripts/screens): look at
 * what changed before it is committed. For tests of ui.
 */
#ifndef LAT_TESTS_ALBUM_H
#define LAT_TESTS_ALBUM_H

#include <stdio.h>

#include "canvas.h"

/* A file being written or compared. */
struct sheet {
    FILE *out; /* what this run draws */
    char *text;
    size_t len;
    char path[512];
};

/* Pictures as text, and beside them what each of their cells means: what a theme turns into colours. */
struct album {
    struct sheet text, meanings;
};

/* The files NAME.txt and NAME-meanings.txt. */
void open_album(struct album *album, const char *name);

/* One picture under its caption. */
void album_add(struct album *album, const char *caption, const struct canvas *canvas);

/* Compare or write; fails the test at the first difference. */
void close_album(struct album *album);

/* Texts in this language from now on, from the catalogue that the build has made; skips the test where there is none. dir: of catalogues. */
void speak(const char *lang, const char *dir);

#endif
