/*
 * words.h - what a node says in English, in the operator's language: its alerts, its answers, and the reasons that stand beside a lung, a peer
 * or a source.
 * A reason is taken apart by patterns; what none of them knows (an error of the system, a word of a later version) stays as it is. Pure.
 */
#ifndef LAT_UI_WORDS_H
#define LAT_UI_WORDS_H

#include "view/snapshot.h"

#define WORDS_MAX 400

/* Without code and duration. Returns out. */
const char *words_of_alert(const struct snapshot_alert *alert, char out[WORDS_MAX]);

/* A reason: why_not of a peer, an error of a source or a lung, doubts, the answer to a wish. Returns out. */
const char *words_of_node(const char *text, char out[WORDS_MAX]);

#endif
