/*
 * heal_walk.h - an answer of the other side beside our own state. Used by heal.c alone.
 */
#ifndef LAT_STATE_HEAL_WALK_H
#define LAT_STATE_HEAL_WALK_H

#include "state/heal.h"

#define HEAL_NO_SLOT 255

/*
 * Count, name and sort the records of an answer that begins at heal->from: what would win goes into the
 * batch. LAT_MALFORMED (a record is none), LAT_NOMEM, and what the view returned; the counts are then of no
 * account.
 */
LAT_MUST_CHECK enum lat_err heal_walk(struct heal *heal, const struct recon_view *own,
                                      const struct recon_range *range);

/* A record that needs no more looking at: applied, or known to be no news. */
void heal_count_useful(struct heal *heal, uint32_t *count);

#endif
