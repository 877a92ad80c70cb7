/*
 * poll_judge.h - is a source's answer to be believed? Keys, clocks and roots; no I/O, the time is an
 * argument.
 *
 * Spec: STATE section 1 ("Attestation", "Legacy peer"), WIRE section 3.
 */
#ifndef LAT_HTTP_POLL_JUDGE_H
#define LAT_HTTP_POLL_JUDGE_H

#include "http/poll_source.h"
#include "state/legacy.h"
#include "state/trust.h"

/*
 * May this STATUS be believed (its signature holds)? last_ms: time of the last attestation seen of that key,
 * 0 none.
 *
 * LAT_AUTH      our own key, or another than the bound one, or nobody vouches (incomplete)
 * LAT_TIMEOUT   further from our clock than RECON_CLOCK_MAX_MS
 * LAT_CONFLICT  earlier than last_ms: a good answer that came late, to be ignored
 *
 * with the sentence in *why. On LAT_OK *out is filled; a key that is not trusted is no error.
 */
LAT_MUST_CHECK enum lat_err source_judge_status(const struct poll_source *s,
                                                const struct recon_status *status, const struct trust *trust,
                                                uint64_t last_ms, uint64_t wall_ms, struct source_shown *out,
                                                struct lat_msg *why);

/* May this judged v3.0.3 state be believed? Unsigned, or signed by nobody we trust, is no error: out->trusted
 * is false. */
LAT_MUST_CHECK enum lat_err source_judge_state(const struct legacy_state *state, enum legacy_verdict verdict,
                                               const uint8_t key[32], const struct trust *trust,
                                               struct source_shown *out, struct lat_msg *why);

#endif
