/*
 * apply.h - the one way records of others enter the state, for both lungs and for what a sync message pushes: parsed, trusted,
 * not beaten by ours, signature verified (in libuv's workers), then merged by the store thread. One verdict a record.
 *
 * Everything here belongs to the loop's thread; answers come on it.
 *
 * Spec: STATE section 1 "Acceptance", WIRE section 6 (verdicts).
 */
#ifndef LAT_NODE_APPLY_H
#define LAT_NODE_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "state/store.h"
#include "node/trust_set.h"

struct apply;

/* The store, and the trust set at the time of each call, count; a reference is taken. LAT_NOMEM, LAT_SYS. */
LAT_MUST_CHECK enum lat_err apply_new(uv_loop_t *loop, struct store *store, struct trust_set *trust, struct apply **out);

/* From now on these keys count. */
void apply_set_trust(struct apply *apply, struct trust_set *trust);

/*
 * Whose records these are: apply_discard takes back what one of them gave. Signatures of what gossip brought have been checked already
 * (topic_check), and are not checked again.
 */
enum apply_from { APPLY_FROM_HTTP, APPLY_FROM_P2P, APPLY_FROM_GOSSIP, APPLY_FROM_API };

/*
 * Apply count records: `records` holds count times (u32 little-endian length, record), copied. fn is called once, on the loop, with one
 * verdict (enum store_verdict) a record. err is LAT_OK, or why the store took none of them (their verdicts are then
 * VERDICT_CANNOT_STORE): LAT_READONLY, LAT_FULL, LAT_BUSY, ...; LAT_CLOSED: discarded, count is 0.
 *
 * LAT_MALFORMED  the lengths do not fit
 * LAT_BUSY       too much waits (APPLY_WAITING_MAX bytes)
 * LAT_CLOSED, LAT_NOMEM
 */
#define APPLY_WAITING_MAX (64u * 1024 * 1024)
LAT_MUST_CHECK enum lat_err apply_records(struct apply *apply, enum apply_from from, const uint8_t *records, size_t len,
                                          size_t count, store_merged_fn fn, void *arg);

/*
 * Import a whole attested v3.0.3 state (store_import, which copies it and decides). fn is called once, on the loop, also with
 * LAT_CLOSED when the apply is being closed. What the store answers when it does not queue it.
 */
LAT_MUST_CHECK enum lat_err apply_import(struct apply *apply, const uint8_t source_id[32], const struct store_foreign *entries,
                                         size_t count, uint64_t attested_ms, store_imported_fn fn, void *arg);

/* What came from there and has not been handed to the store is dropped, and answered with LAT_CLOSED. */
void apply_discard(struct apply *apply, enum apply_from from);

/*
 * Discard everything, wait for what the store has, then let go of the loop: fn is called when all answers have been given and the last
 * handle is closed; the object is gone then. The store must live until then.
 */
void apply_close(struct apply *apply, void (*fn)(void *arg), void *arg);

#endif
