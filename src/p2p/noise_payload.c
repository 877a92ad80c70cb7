#include "config.h"

#include "p2p/noise_payload.h"

#include <string.h>

#include "wire/proto.h"

enum lat_err
noise_payload_parse(const uint8_t *data, size_t len, NoiseHandshakePayload **out)
{
    ProtobufCMessage *message;
    enum lat_err err = proto_unpack(&noise_handshake_payload__descriptor, data, len, &message);

    if (!err)
        *out = (NoiseHandshakePayload *)message;
    return err;
}

size_t
noise_payload_muxer_count(const NoiseHandshakePayload *payload)
{
    return payload->extensions != NULL ? payload->extensions->n_stream_muxers : 0;
}

const char *
noise_payload_choose_muxer(const NoiseHandshakePayload *payload, const char *const *own, bool own_first)
{
    const char *chosen = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; own[i] != NULL; i++) {
        for (size_t k = 0; k < noise_payload_muxer_count(payload); k++) {
            size_t rank = own_first ? i : k;

            if (rank < best && strcmp(own[i], payload->extensions->stream_muxers[k]) == 0) {
                chosen = own[i];
                best = rank;
            }
        }
    }
    return chosen;
}

/* The generated structs have no const, though packing only reads. */
static ProtobufCBinaryData
binary(const uint8_t *data, size_t len)
{
    return (ProtobufCBinaryData){ .len = len, .data = (uint8_t *)data };
}

enum lat_err
noise_payload_put_identity(struct lat_buf *out, const uint8_t *identity_key, size_t identity_key_len,
                           const uint8_t *signature, size_t signature_len)
{
    NoiseHandshakePayload payload = NOISE_HANDSHAKE_PAYLOAD__INIT;

    payload.has_identity_key = payload.has_identity_sig = true;
    payload.identity_key = binary(identity_key, identity_key_len);
    payload.identity_sig = binary(signature, signature_len);
    return proto_pack(&payload.base, out);
}

/* Two encoded messages in a row are one with the fields of both. */
enum lat_err
noise_payload_put_muxers(struct lat_buf *out, const char *const *names, size_t count)
{
    NoiseHandshakePayload payload = NOISE_HANDSHAKE_PAYLOAD__INIT;
    NoiseExtensions extensions = NOISE_EXTENSIONS__INIT;

    extensions.stream_muxers = (char **)names;
    extensions.n_stream_muxers = count;
    payload.extensions = &extensions;
    return count > 0 ? proto_pack(&payload.base, out) : LAT_OK;
}
