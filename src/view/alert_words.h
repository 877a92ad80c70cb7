/*
 * alert_words.h - the words of alerts: one table, from which the node writes an alert's English text and a console its translation. Pure.
 */
#ifndef LAT_VIEW_ALERT_WORDS_H
#define LAT_VIEW_ALERT_WORDS_H

#include "view/phrase.h"
#include "view/snapshot.h"

/* "differs_keys": for machines. */
const char *alert_kind_name(enum alert_kind kind);

/* "D1". ALERT_IS_OTHER: "". */
const char *alert_code(enum alert_kind kind);

/* A pattern for one, and for another number, where they differ (else the same twice). ALERT_IS_OTHER: NULL. */
struct alert_pattern {
    const char *one, *many;
};
struct alert_pattern alert_pattern(enum alert_kind kind);

/* The words for a pattern's places. */
struct phrase_words alert_words(const struct snapshot_alert *alert);

/* Fill code and text from kind and words. Not for ALERT_IS_OTHER. */
void alert_write(struct snapshot_alert *alert);

/* Of an alert whose kind was not told (a summary, an older node): find it and its words by code and text, if it is one of these. */
void alert_read(struct snapshot_alert *alert);

#endif
