/*
 * lung_table.h - the transition table of the lungs, written as the page writes it. Pure; any thread.
 *
 * Spec: STATE-MACHINE section 5.
 */
#ifndef LAT_NODE_LUNG_TABLE_H
#define LAT_NODE_LUNG_TABLE_H

#include "node/lung.h"

/* Where to, and the page's letters, with blanks between them: "t k w f". */
struct lung_move {
    enum lung_state to;
    const char *actions;
};

/* The cell of this state and event, H decided. NULL: stay, no action. Static storage. */
const struct lung_move *lung_table_move(enum lung_state state, enum lung_event_kind kind, bool usable);

/* How the process enters with this policy. Static storage. */
const struct lung_move *lung_table_entry(enum lung_policy policy);

#endif
