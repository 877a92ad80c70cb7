/*
 * trust.h - whose records count: the own key, trusted keys, retired keys with the HLC below which theirs
 * count.
 *
 * Spec: STATE section 1 "Who may write", WIRE section 3. A set is built once and then only read; a
 * reload makes a new one. Any thread.
 */
#ifndef LAT_STATE_TRUST_H
#define LAT_STATE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TRUST_KEYS_MAX 1024
#define TRUST_NOT_RETIRED UINT64_MAX

struct trust_entry {
    uint8_t key[32];
    uint64_t below_hlc; /* its records with a smaller HLC count; TRUST_NOT_RETIRED: all */
};

struct trust {
    uint8_t own[32];
    size_t count; /* entries without the own key, ascending by key, no key twice */
    struct trust_entry entries[TRUST_KEYS_MAX];
};

/* A set with the own key alone. */
void trust_init(struct trust *trust, const uint8_t own[32]);

/*
 * Add a key (WIRE section 1: sound keys only). LAT_MALFORMED: not sound. LAT_LIMIT. Twice: the smaller HLC
 * stays.
 */
LAT_MUST_CHECK enum lat_err trust_add(struct trust *trust, const uint8_t key[32], uint64_t below_hlc);

/* Does a record of this author with this HLC count? The own key always does. */
bool trust_accepts(const struct trust *trust, const uint8_t author[32], uint64_t hlc);

/* May this key attest now: own, or listed and not retired? */
bool trust_attests(const struct trust *trust, const uint8_t key[32]);

/* WIRE section 3, trust digest. */
void trust_digest(const struct trust *trust, const uint8_t challenge[16], uint8_t out[8]);

#endif
