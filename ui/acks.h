/*
 * acks.h - the alerts of one node that the operator has seen. They stay listed until their cause ends. Pure; console thread.
 */
#ifndef LAT_UI_ACKS_H
#define LAT_UI_ACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "view/snapshot.h"

/* An acknowledged alert: it counts as the same one while code, subject and beginning agree. */
struct acknowledged {
    char code[8];
    char subject[64];  /* its text up to the first colon */
    uint64_t began_ms; /* monotonic */
};

/* All zero: none. */
struct acks {
    struct acknowledged list[SNAPSHOT_ALERTS_MAX];
    int count;
};

/* May it be acknowledged at all? A forced mode (M1) may not. */
bool acks_may(const struct snapshot_alert *alert);

/* Has the operator seen this alert? */
bool acks_have(const struct acks *acks, const struct snapshot *snapshot, const struct snapshot_alert *alert);

/* Note this one. False: it was seen already, or cannot be acknowledged. */
bool acks_add(struct acks *acks, const struct snapshot *snapshot, const struct snapshot_alert *alert);

/* Forget those whose alert has ended; call with each new snapshot. */
void acks_prune(struct acks *acks, const struct snapshot *snapshot);

#endif
