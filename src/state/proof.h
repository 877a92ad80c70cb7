/*
 * proof.h - is a PROVE reply (WIRE section 6, "Proof") true? That a key's record, or none, stands in a state of a root
 * that somebody attests. Needs the reply and the network alone: no node, no store. Pure; any thread.
 */
#ifndef LAT_STATE_PROOF_H
#define LAT_STATE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/recon.h"

struct proof {
    bool found;           /* a record, which may be a tombstone; else the key is absent */
    struct record record; /* if found; borrows from the reply */
    uint8_t root[32];
    uint64_t count;       /* records of that root; bound by it */
    uint64_t time_ms;     /* of the attestation, Unix */
    uint8_t key[32];      /* that attests; whether it is to be trusted is the caller's business */
    unsigned levels;      /* of the path */
};

LAT_MUST_CHECK enum lat_err recon_ask_prove(const struct network *network, const uint8_t keyhash[32],
                                            const uint8_t challenge[16], struct lat_buf *out);

/*
 * Check a reply to recon_ask_prove, all of it: layout, record and its signature, the path to the root, the
 * attestation. Each error has the sentence in *why:
 *
 * LAT_CLOSED     an ERROR message
 * LAT_MALFORMED  no such reply, or a record against the rules
 * LAT_CONFLICT   does not lead to its root, or shows another key
 * LAT_AUTH       the record's signature, or the attestation, is not its key's
 */
LAT_MUST_CHECK enum lat_err proof_check(const struct network *network, const uint8_t keyhash[32],
                                        const uint8_t challenge[16], const uint8_t *reply, size_t len,
                                        struct proof *out, struct lat_msg *why);

#endif
