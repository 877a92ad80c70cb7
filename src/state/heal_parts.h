/*
 * heal_parts.h - what the files of the session share. For src/state/heal*.c alone; the contract is heal.h.
 *
 * heal.c          life, budgets, what is asked next, how it ends
 * heal_cells.c    the sketch
 * heal_descend.c  the descent
 * heal_walk.c     the stream: an answer beside our own leaves
 * heal_records.c  what is found is exchanged
 * heal_verdict.c  what became of records, here and there
 * heal_name.c     differences named from gossip alone
 * heal_text.c     sentences for people
 */
#ifndef LAT_STATE_HEAL_PARTS_H
#define LAT_STATE_HEAL_PARTS_H

#include "state/heal.h"
#include "state/recon_parts.h"

#define HEAL_NO_NAME 255

/* The session is over. */
void heal_end_session(struct heal *heal, enum heal_end end, uint64_t now_ms);

/* Their root now; another than before makes the pass unsteady. */
void heal_watch_root(struct heal *heal, const uint8_t root[32], uint64_t count);

/* A record applied, given, or known to be no news: progress. */
void heal_count_useful(struct heal *heal, uint32_t *count);

/* Note a difference, with both sides while there is room; NULL: that side holds nothing, or nothing readable. Returns
 * its place in keys[], or HEAL_NO_NAME. */
uint8_t heal_name_key(struct heal *heal, const struct record *ours, const struct record *theirs,
                      enum heal_difference difference);
void heal_show_side(const struct record *record, struct heal_side *side);
enum heal_reason heal_reason_of(const struct record *a, const struct record *b);
void heal_mark_subtree(struct heal *heal, const uint8_t keyhash[32]);

/* What is found and waits. Where no more may wait, `cut` is set. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err heal_add_want(struct heal *heal, const uint8_t *prefix, size_t len);
LAT_MUST_CHECK enum lat_err heal_add_gift(struct heal *heal, const uint8_t keyhash[32], const uint8_t theirs[32]);
size_t heal_wants(const struct heal *heal);
size_t heal_gifts(const struct heal *heal);

/* A record of theirs beside what we hold: into the batch if it would win, else counted, and ours given. own: not
 * the settled view. */
LAT_MUST_CHECK enum lat_err heal_consider(struct heal *heal, const struct recon_view *own, const struct record *theirs,
                                          bool same_is_useful);

/* --- each way to find: begin, is there more to ask, ask, take. seen: our state, settled keys as theirs --- */

LAT_MUST_CHECK enum lat_err heal_cells_begin(struct heal *heal, const struct recon_view *seen);
void heal_cells_end(struct heal *heal);
LAT_MUST_CHECK enum lat_err heal_cells_ask(struct heal *heal, const struct recon_view *seen, uint64_t now_ms,
                                           struct lat_buf *out);
LAT_MUST_CHECK enum lat_err heal_cells_take(struct heal *heal, const struct recon_view *seen, const uint8_t *reply,
                                            size_t len, uint64_t now_ms);
void heal_cells_failed(struct heal *heal, uint64_t now_ms);

LAT_MUST_CHECK enum lat_err heal_descend_begin(struct heal *heal);
LAT_MUST_CHECK enum lat_err heal_descend_ask(struct heal *heal, const struct recon_view *seen, struct lat_buf *out);
LAT_MUST_CHECK enum lat_err heal_descend_take(struct heal *heal, const struct recon_view *seen, const uint8_t *reply,
                                              size_t len);

void heal_stream_begin(struct heal *heal);
LAT_MUST_CHECK enum lat_err heal_walk(struct heal *heal, const struct recon_view *own, const struct recon_view *seen,
                                      const struct recon_range *range);

/* --- exchange --- */

/* Ask for what is wanted and give what is missing there. Nothing of it is left to exchange: *out stays empty. */
LAT_MUST_CHECK enum lat_err heal_records_ask(struct heal *heal, const struct recon_view *own, struct lat_buf *out);
LAT_MUST_CHECK enum lat_err heal_records_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply,
                                              size_t len);

/* What became of a record of the batch here, and of one of ours there. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err heal_count_verdict(struct heal *heal, uint8_t verdict, const uint8_t *record, size_t len,
                                               const struct heal_slot *slot);
LAT_MUST_CHECK enum lat_err heal_count_gift(struct heal *heal, uint8_t verdict, const struct heal_sent *sent,
                                            uint64_t now_ms);

#endif
