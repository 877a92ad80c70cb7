/*
 * record.h - the signed record: layout, hashes, rules, and which of two wins.
 *
 * Spec: WIRE sections 1 and 2, STATE section 1. A record's bytes are also its disk form. Pure; any thread.
 */
#ifndef LAT_STATE_RECORD_H
#define LAT_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"

#define RECORD_OVERHEAD 120       /* bytes over key and value */
#define RECORD_KEY_MAX 1024
#define RECORD_VALUE_MAX 983040
#define RECORD_LEN_MAX (RECORD_OVERHEAD + RECORD_KEY_MAX + RECORD_VALUE_MAX)
#define RECORD_TOMBSTONE 1u
#define RECORD_IMPORTED 2u
#define RECORD_FUTURE_MAX_MS 60000 /* further ahead of our clock a record is held */

/* HLC: Unix ms << 16 + counter. */
#define HLC_OF_MS(ms) ((uint64_t)(ms) << 16)
#define HLC_MS(hlc) ((hlc) >> 16)

/* The next HLC of a local write: max(last + 1, now). */
uint64_t hlc_next(uint64_t last, uint64_t now_ms);

struct network {
    uint8_t id[32]; /* SHA256("lattice/network/1\0" || name) */
    char name[64];
};

/* name: 1 .. 63 bytes. LAT_LIMIT. */
LAT_MUST_CHECK enum lat_err network_init(struct network *network, const char *name);

/* A parsed record: pointers borrow from the bytes given to record_parse. */
struct record {
    const uint8_t *bytes;
    size_t len;
    uint8_t flags;
    uint64_t hlc;
    const uint8_t *prev;   /* 8 */
    const uint8_t *author; /* 32 */
    const uint8_t *key;
    size_t key_len;
    const uint8_t *value; /* NULL for a tombstone */
    size_t value_len;
    const uint8_t *signature; /* 64 */
    uint8_t keyhash[32];
    uint8_t digest[32];
    uint8_t leaf[32];
};

/*
 * Check every rule of WIRE section 2 but the signature, and compute the hashes. LAT_MALFORMED with *why (may
 * be NULL); LAT_NOMEM says nothing about the record.
 */
LAT_MUST_CHECK enum lat_err record_parse(const struct network *network, const uint8_t *bytes, size_t len,
                                         struct record *out, struct lat_msg *why);

/* The same for bytes that were checked when they came in (disk): layout and hashes only. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err record_parse_trusted(const struct network *network, const uint8_t *bytes,
                                                 size_t len, struct record *out);

/* Is the signature its author's? LAT_AUTH. */
LAT_MUST_CHECK enum lat_err record_verify(const struct network *network, const struct record *record);

/* What a new record says. value NULL: tombstone. The value is in stored form already. */
struct record_content {
    uint8_t flags; /* RECORD_IMPORTED or 0; the tombstone bit follows from value */
    uint64_t hlc;
    uint8_t prev[8];
    const uint8_t *key;
    size_t key_len;
    const uint8_t *value;
    size_t value_len;
};

/*
 * Write and sign a record with key's author, appended to out. LAT_LIMIT (key or value too long, or no room in
 * out), LAT_MALFORMED (key empty and not imported, or not UTF-8; value empty; HLC 0), LAT_NOMEM: nothing was
 * appended.
 */
LAT_MUST_CHECK enum lat_err record_make(const struct network *network, const struct key *key,
                                        const struct record_content *content, struct lat_buf *out);

/* Is it a record of the reserved key "\0horizon"? */
bool record_is_horizon(const struct record *record);

/* Is it an entry that users see: no tombstone, no reserved key? */
bool record_is_entry(const struct record *record);

/*
 * Order of two records of one key: > 0 when a wins. (not imported, HLC, author, digest); for the reserved key
 * "\0horizon" the greatest value H comes first, and what is no decimal number stands below all. 0: the same
 * content.
 */
int record_compare(const struct record *a, const struct record *b);

void keyhash_of(const struct network *network, const uint8_t *key, size_t key_len, uint8_t out[32]);

/* leaf = SHA256(0x00 || keyhash || digest) */
void leaf_of(const uint8_t keyhash[32], const uint8_t digest[32], uint8_t out[32]);

/* Attestation text signed / verified (WIRE section 3). challenge NULL: zeros. LAT_AUTH. */
LAT_MUST_CHECK enum lat_err attest_sign(const struct network *network, const struct key *key,
                                        const uint8_t root[32], uint64_t count, uint64_t unix_ms,
                                        const uint8_t challenge[16], uint8_t out[64]);
LAT_MUST_CHECK enum lat_err attest_verify(const struct network *network, const uint8_t key[32],
                                          const uint8_t root[32], uint64_t count, uint64_t unix_ms,
                                          const uint8_t challenge[16], const uint8_t signature[64]);

#endif
