/*
 * filter.h - what `/` asks for: words that must all occur, and in the event list `level>=warning`,
 * `level=error` and `source:http_sync`. Case does not matter. Pure.
 */
#ifndef LAT_UI_FILTER_H
#define LAT_UI_FILTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"

#define FILTER_TEXT_MAX 64
#define FILTER_WORDS_MAX 8

struct filter {
    char text[FILTER_TEXT_MAX]; /* cut at the blanks into words[] */
    const char *words[FILTER_WORDS_MAX];
    int word_count;
    enum lat_level least, most;
    const char *source; /* NULL: any */
};

/* LAT_MALFORMED with the reason (an unknown level, too many words) in *why; the filter is not usable then. */
LAT_MUST_CHECK enum lat_err filter_parse(const char *text, struct filter *filter, struct lat_msg *why);

/* Do all words occur in a text? */
bool filter_passes(const struct filter *filter, const char *text);

/* The same for an event, with level and source. */
bool filter_passes_event(const struct filter *filter, const struct lat_log_line *line);

#endif
