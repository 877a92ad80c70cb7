#include "config.h"

#include "view/phrase.h"

#include <string.h>

#include "base/text.h"

static const char *const places[PHRASE_PLACES] = { [PHRASE_WHO] = "{who}",
                                                   [PHRASE_WHAT] = "{what}",
                                                   [PHRASE_WHY] = "{why}",
                                                   [PHRASE_N] = "{n}" };

/* The place that a pattern has here; PHRASE_PLACES: none. */
static enum phrase_place
place_at(const char *pattern)
{
    int place = *pattern == '{' ? 0 : PHRASE_PLACES;

    while (place < PHRASE_PLACES && strncmp(pattern, places[place], strlen(places[place])) != 0)
        place++;
    return (enum phrase_place)place;
}

/* Bytes up to the next place, or the end. */
static size_t
literal_len(const char *pattern)
{
    size_t len = strcspn(pattern, "{");

    while (pattern[len] && place_at(pattern + len) == PHRASE_PLACES)
        len += 1 + strcspn(pattern + len + 1, "{");
    return len;
}

/* Returns what is used then; size: it is full, cut between two characters. */
static size_t
put(char *out, size_t size, size_t used, const char *text, size_t len)
{
    bool fits = used < size && len < size - used;

    if (used >= size)
        return size;
    if (!fits)
        len = size - used - 1;
    while (!fits && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    memcpy(out + used, text, len);
    out[used + len] = '\0';
    return fits ? used + len : size;
}

void
phrase_write(const char *pattern, const struct phrase_words *words, char *out, size_t size)
{
    size_t used = put(out, size, 0, "", 0);

    while (*pattern) {
        size_t len = literal_len(pattern);
        enum phrase_place place;

        used = put(out, size, used, pattern, len);
        pattern += len;
        place = place_at(pattern);
        if (place == PHRASE_PLACES)
            continue; /* the end */
        used = put(out, size, used, words->word[place], strlen(words->word[place]));
        pattern += strlen(places[place]);
    }
}

/* Where a word that begins at text ends: where what follows it in the pattern stands. NULL: nowhere. */
static const char *
word_end(const char *text, const char *pattern, size_t literal)
{
    const char *at = text;

    if (literal == 0)
        return text + strlen(text);
    for (; *at; at++)
        if (strncmp(at, pattern, literal) == 0 && (pattern[literal] || at[literal] == '\0'))
            return at;
    return NULL;
}

static bool
take_word(enum phrase_place place, const char *text, size_t len, struct phrase_words *words)
{
    if (len == 0 || len >= PHRASE_WORD_MAX || (place == PHRASE_N && strspn(text, "0123456789") < len))
        return false;
    memcpy(words->word[place], text, len);
    words->word[place][len] = '\0';
    return true;
}

bool
phrase_read(const char *pattern, const char *text, struct phrase_words *words)
{
    struct phrase_words found = { .word = { "" } };

    for (;;) {
        size_t len = literal_len(pattern);
        enum phrase_place place;
        const char *end;

        if (strncmp(text, pattern, len) != 0)
            return false;
        text += len;
        pattern += len;
        if (*pattern == '\0')
            break;
        place = place_at(pattern);
        pattern += strlen(places[place]);
        end = word_end(text, pattern, literal_len(pattern));
        if (end == NULL || !take_word(place, text, (size_t)(end - text), &found))
            return false;
        text = end;
    }
    if (*text)
        return false;
    *words = found;
    return true;
}
