/*
 * dotenv.h - the grammar of `.env` files as python-dotenv reads them: `export`, comments, single and double
 * quotes, ${NAME} and ${NAME:-default}, CRLF; of repeated names the last assignment wins.
 *
 * Pure: the text comes in, assignments go out. Any thread.
 */
#ifndef LAT_BASE_DOTENV_H
#define LAT_BASE_DOTENV_H

#include <stddef.h>

#include "base/err.h"

#define DOTENV_SIZE_MAX (256 * 1024)
#define DOTENV_ENTRIES_MAX 4096

struct dotenv_entry {
    char *name;
    char *value; /* NULL: a bare name without '=' */
    int line;    /* 1-based, where the name stands */
};

struct dotenv {
    struct dotenv_entry *entries; /* in file order, repeated names kept: the last one counts */
    size_t count;
};

/* Value of a name for ${NAME} that the file itself did not assign before; NULL: none. */
typedef const char *(*dotenv_lookup_fn)(void *arg, const char *name);

/*
 * Parse text[0 .. len). LAT_MALFORMED with "line 3: ..." in *why (an unclosed quote, a name that is none, a NUL,
 * bytes that are no UTF-8), LAT_LIMIT over DOTENV_SIZE_MAX, DOTENV_ENTRIES_MAX, or when ${NAME} makes values of
 * more than four times that size; LAT_NOMEM. The caller ends *out with dotenv_fini.
 */
LAT_MUST_CHECK enum lat_err dotenv_parse(const char *text, size_t len, dotenv_lookup_fn lookup, void *arg,
                                         struct dotenv *out, struct lat_msg *why);

/* Last assignment of a name; NULL: none. Borrow. */
const struct dotenv_entry *dotenv_find(const struct dotenv *env, const char *name);

void dotenv_fini(struct dotenv *env);

#endif
