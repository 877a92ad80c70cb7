/*
 * legacy.h - the state document of a v3.0.3 node (GET /api/lattice/state): read it, check it against its
 * root, judge its attestation; and sign one for v3.0.3 nodes.
 *
 * Spec: COMPAT-v3.0.3 sections 2.5, 7 and 8; STATE section 1 "Legacy peer". Entries of a v3.0.3 node carry
 * neither author nor time, so its state counts only whole: attested by a trusted key, fresh, and with the
 * attested root when computed anew.
 *
 * Pure; any thread. Reading costs O(n): for a worker.
 */
#ifndef LAT_STATE_LEGACY_H
#define LAT_STATE_LEGACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/key.h"
#include "state/entries.h"
#include "state/trust.h"

#define LEGACY_CLOCK_MAX_S 300 /* attestations further from our clock are refused */

struct legacy_state {
    bool has_root;            /* false: merkle_root is null, as on a node that never stored anything */
    uint8_t root[SHA256_LEN]; /* as announced */
    uint8_t computed[SHA256_LEN]; /* from the entries */
    bool is_signed;           /* the next two are set */
    uint64_t time_s;          /* Unix seconds */
    uint8_t signature[KEY_SIGNATURE_LEN]; /* as announced: see legacy_state_judge */
    struct entries entries;
};

/*
 * Read a document text[0 .. len). Known members must have their types and stand once; unknown ones are
 * ignored. memory_max bounds what the entries may take. LAT_MALFORMED, LAT_LIMIT, LAT_NOMEM with *why for
 * people.
 */
LAT_MUST_CHECK enum lat_err legacy_state_parse(const char *text, size_t len, size_t memory_max,
                                               struct legacy_state *out, struct lat_msg *why);
void legacy_state_fini(struct legacy_state *state);

/*
 * What the document is worth: the first of these that holds. Anything but LEGACY_ATTESTED must not be
 * applied.
 */
enum legacy_verdict {
    LEGACY_NO_ROOT,      /* it announces none */
    LEGACY_ROOT_DIFFERS, /* its state has another root than it announces */
    LEGACY_UNSIGNED,
    LEGACY_NOT_TRUSTED,  /* no key that may attest here has signed it */
    LEGACY_STALE,        /* signed too long ago, or ahead of our clock */
    LEGACY_ATTESTED
};

/*
 * Judge at Unix time now_ms. The signature must be of a key that may attest by trust; where bound is not
 * NULL, of that one alone. key: whose signature it is; written for LEGACY_STALE and LEGACY_ATTESTED. *why
 * (may be NULL) is set for all but LEGACY_ATTESTED.
 */
enum legacy_verdict legacy_state_judge(const struct legacy_state *state, const struct trust *trust,
                                       const uint8_t bound[KEY_PUBLIC_LEN], uint64_t now_ms,
                                       uint8_t key[KEY_PUBLIC_LEN], struct lat_msg *why);

/* Sign the flat root for v3.0.3 nodes. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err legacy_attest_sign(const struct key *key, const uint8_t flat_root[SHA256_LEN],
                                               uint64_t unix_s, uint8_t out[KEY_SIGNATURE_LEN]);

#endif
