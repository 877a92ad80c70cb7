/*
 * envelope.h - signed envelopes: a payload, what kind it is, who says so.
 * Spec: libp2p/specs RFC/0002-signed-envelopes.md. The domain is signed and not sent: an envelope made for
 * one purpose is none for another. Any thread.
 */
#ifndef LAT_WIRE_ENVELOPE_H
#define LAT_WIRE_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"
#include "wire/peerid.h"

#define ENVELOPE_MAX 8192 /* bytes, all in all */

/* What an envelope is for. Both sides must name the same. */
struct envelope_kind {
    const char *domain;
    const uint8_t *type; /* of the payload */
    size_t type_len;
};

/* Append an envelope signed with our key. LAT_LIMIT (over ENVELOPE_MAX, or out's), LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err envelope_seal(const struct key *key, const struct envelope_kind *kind,
                                          const uint8_t *payload, size_t len, struct lat_buf *out);

/*
 * Open a whole envelope: *signer is whose it is, and its payload is appended to `payload`.
 *
 * LAT_LIMIT      over ENVELOPE_MAX, or no room in payload
 * LAT_MALFORMED  no envelope, or of another type
 * LAT_AUTH       the signature does not hold, for this domain
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err envelope_open(const uint8_t *in, size_t len, const struct envelope_kind *kind,
                                          struct peerid *signer, struct lat_buf *payload);

#endif
