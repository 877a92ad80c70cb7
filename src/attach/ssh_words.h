/*
 * ssh_words.h - one line of an ssh_config file as words: quotes, backslashes, '=' behind the keyword, comments. Pure.
 */
#ifndef LAT_ATTACH_SSH_WORDS_H
#define LAT_ATTACH_SSH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SSH_LINE_MAX 4096
#define SSH_WORDS_MAX 64

struct ssh_words {
    char text[SSH_LINE_MAX]; /* the words, each ended */
    const char *words[SSH_WORDS_MAX];
    unsigned count; /* 0: an empty line or a comment; words[0] is the keyword */
    bool equals;    /* an '=' stood behind the keyword */
};

/* LAT_MALFORMED: a quote without its end, a zero byte; LAT_LIMIT: too long, too many words. */
LAT_MUST_CHECK enum lat_err ssh_words_split(const char *line, size_t len, struct ssh_words *out);

#endif
