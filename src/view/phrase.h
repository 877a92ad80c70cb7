/*
 * phrase.h - sentences with places for words: "{who} diverges: root {what}, ours {why}". Written by the node in English, by a console in the
 * operator's language; the places have names, so that a translation may put them in another order. A translation is data from outside of the
 * program, and so no printf format. Pure.
 */
#ifndef LAT_VIEW_PHRASE_H
#define LAT_VIEW_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

enum phrase_place { PHRASE_WHO, PHRASE_WHAT, PHRASE_WHY, PHRASE_N, PHRASE_PLACES }; /* {who} {what} {why} {n} */

#define PHRASE_WORD_MAX 256

/* What stands in each place of a text; "": the pattern has no such place. */
struct phrase_words {
    char word[PHRASE_PLACES][PHRASE_WORD_MAX];
};

/* Write a pattern with words in its places, cut at size. What is no place is written as it stands. */
void phrase_write(const char *pattern, const struct phrase_words *words, char *out, size_t size);

/*
 * Is this text written by that pattern, and with which words? A word is as short as it can be, {n} is digits alone; a pattern has each place
 * at most once. *words is set on success only.
 */
bool phrase_read(const char *pattern, const char *text, struct phrase_words *words);

#endif
