/*
 * sentences.h - a node in sentences: what has changed since the last look, and answers to questions. For screen readers,
 * dumb terminals and logs: one sentence a line, no cursor movement, nothing told by position. Pure.
 */
#ifndef LAT_UI_SENTENCES_H
#define LAT_UI_SENTENCES_H

#include <stdio.h>

#include "view/snapshot.h"

/* What is different now. before NULL: the whole situation. Writes nothing where nothing has changed. */
void sentences_of_change(const struct snapshot *before, const struct snapshot *now, FILE *out);

/* The lungs, the state and how many agree. */
void sentences_of_state(const struct snapshot *now, FILE *out);

/* Each peer and source, each difference with its keys, the newest events, the alerts. */
void sentences_of_peers(const struct snapshot *now, FILE *out);
void sentences_of_divergence(const struct snapshot *now, FILE *out);
void sentences_of_events(const struct snapshot *now, FILE *out);
void sentences_of_alerts(const struct snapshot *now, FILE *out);

#endif
