#include "config.h"

#include "filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* A level, by its name or the short word that the event list shows. */
static enum lat_err
parse_level(const char *text, enum lat_level *level)
{
    if (strcasecmp(text, "warn") == 0) {
        *level = LAT_WARNING;
        return LAT_OK;
    }
    if (strcasecmp(text, "note") == 0) {
        *level = LAT_NOTICE;
        return LAT_OK;
    }
    for (int i = LAT_DEBUG; i <= LAT_ERROR; i++)
        if (strcasecmp(text, lat_level_name((enum lat_level)i)) == 0) {
            *level = (enum lat_level)i;
            return LAT_OK;
        }
    return LAT_MALFORMED;
}

static enum lat_err
take_word(struct filter *filter, char *word, struct lat_msg *why)
{
    const char *level = NULL;

    if (strncasecmp(word, "level>=", 7) == 0)
        level = word + 7;
    else if (strncasecmp(word, "level=", 6) == 0)
        level = word + 6;
    if (level) {
        if (parse_level(level, &filter->least)) {
            lat_msg_set(why, "no level \"%s\": debug, info, notice, warning, error", level);
            return LAT_MALFORMED;
        }
        filter->most = level == word + 6 ? filter->least : LAT_ERROR;
        return LAT_OK;
    }
    if (strncasecmp(word, "source:", 7) == 0) {
        filter->source = word + 7;
        return LAT_OK;
    }
    if (filter->word_count == FILTER_WORDS_MAX) {
        lat_msg_set(why, "more than %d words", FILTER_WORDS_MAX);
        return LAT_MALFORMED;
    }
    filter->words[filter->word_count++] = word;
    return LAT_OK;
}

enum lat_err
filter_parse(const char *text, struct filter *filter, struct lat_msg *why)
{
    char *save = NULL;

    *filter = (struct filter){ .least = LAT_DEBUG, .most = LAT_ERROR };
    lat_copy(filter->text, sizeof(filter->text), text);
    for (char *word = strtok_r(filter->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        enum lat_err err = take_word(filter, word, why);

        if (err)
            return err;
    }
    return LAT_OK;
}

bool
filter_passes(const struct filter *filter, const char *text)
{
    for (int i = 0; i < filter->word_count; i++)
        if (strcasestr(text, filter->words[i]) == NULL)
            return false;
    return true;
}

bool
filter_passes_event(const struct filter *filter, const struct lat_log_line *line)
{
    if (line->level < filter->least || line->level > filter->most)
        return false;
    if (filter->source && strcasestr(line->source, filter->source) == NULL)
        return false;
    return filter_passes(filter, line->text);
}
