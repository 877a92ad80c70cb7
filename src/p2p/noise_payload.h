/*
 * noise_payload.h - what libp2p puts into handshake messages 2 and 3: the protobuf NoiseHandshakePayload of
 * libp2p/specs noise/README.md, with the multiplexers among its extensions. Pure; any thread.
 */
#ifndef LAT_P2P_NOISE_PAYLOAD_H
#define LAT_P2P_NOISE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/noise_payload.pb-c.h"

/*
 * A missing field has has_... false, or is NULL. The caller ends *out with proto_free(&(*out)->base).
 * LAT_MALFORMED, LAT_LIMIT: as proto_unpack.
 */
LAT_MUST_CHECK enum lat_err noise_payload_parse(const uint8_t *data, size_t len, NoiseHandshakePayload **out);

/* So many multiplexers are offered; 0 also when there are no extensions. */
size_t noise_payload_muxer_count(const NoiseHandshakePayload *payload);

/*
 * The first name of own (ended by NULL) that the payload lists too, or, unless own_first, of the payload's
 * list that own holds too; a name of own, NULL when there is none.
 */
const char *noise_payload_choose_muxer(const NoiseHandshakePayload *payload, const char *const *own,
                                       bool own_first);

/* Append identity_key and identity_sig. LAT_LIMIT, LAT_NOMEM: nothing appended. */
LAT_MUST_CHECK enum lat_err noise_payload_put_identity(struct lat_buf *out, const uint8_t *identity_key,
                                                       size_t identity_key_len, const uint8_t *signature,
                                                       size_t signature_len);

/* Append extensions with so many names behind that; none appends nothing. LAT_LIMIT, LAT_NOMEM: nothing
 * appended. */
LAT_MUST_CHECK enum lat_err noise_payload_put_muxers(struct lat_buf *out, const char *const *names,
                                                     size_t count);

#endif
