#include "config.h"

#include "wire/envelope.h"

#include <string.h>

#include "base/varint.h"
#include "wire/envelope.pb-c.h"
#include "wire/proto.h"
#include "wire/pubkey_proto.h"

/* protobuf-c has no const; what it packs it only reads. */
static ProtobufCBinaryData
bytes_of(const uint8_t *data, size_t len)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } pointer = { .in = data };

    return (ProtobufCBinaryData){ .data = pointer.out, .len = len };
}

static enum lat_err
add_prefixed(struct lat_buf *buf, const void *data, size_t len)
{
    uint8_t prefix[VARINT_LEN_MAX];
    enum lat_err err = lat_buf_add(buf, prefix, varint_encode(len, prefix));

    return err ? err : lat_buf_add(buf, data, len);
}

/* The text that is signed: domain, type and payload, each behind its length. The caller ends the buffer. */
static enum lat_err
signed_text(const struct envelope_kind *kind, const uint8_t *payload, size_t len, struct lat_buf *text)
{
    enum lat_err err;

    lat_buf_init(text, ENVELOPE_MAX + strlen(kind->domain) + kind->type_len + 3 * VARINT_LEN_MAX);
    err = add_prefixed(text, kind->domain, strlen(kind->domain));
    if (!err)
        err = add_prefixed(text, kind->type, kind->type_len);
    if (!err)
        err = add_prefixed(text, payload, len);
    return err;
}

enum lat_err
envelope_seal(const struct key *key, const struct envelope_kind *kind, const uint8_t *payload, size_t len,
              struct lat_buf *out)
{
    Envelope envelope = ENVELOPE__INIT;
    uint8_t public_key[PUBKEY_PROTO_ED25519_LEN], signature[KEY_SIGNATURE_LEN];
    struct lat_buf text;
    enum lat_err err = signed_text(kind, payload, len, &text);

    if (!err)
        err = key_sign(key, text.data, text.len, signature);
    lat_buf_fini(&text);
    if (err)
        return err;
    pubkey_proto_ed25519(key_public(key), public_key);
    envelope.has_public_key = envelope.has_payload_type = envelope.has_payload = envelope.has_signature = 1;
    envelope.public_key = bytes_of(public_key, sizeof(public_key));
    envelope.payload_type = bytes_of(kind->type, kind->type_len);
    envelope.payload = bytes_of(payload, len);
    envelope.signature = bytes_of(signature, sizeof(signature));
    if (envelope__get_packed_size(&envelope) > ENVELOPE_MAX)
        return LAT_LIMIT;
    return proto_pack(&envelope.base, out);
}

static enum lat_err
verify(const Envelope *envelope, const struct envelope_kind *kind)
{
    struct pubkey *key = NULL;
    struct lat_buf text;
    enum lat_err err = pubkey_proto_decode(envelope->public_key.data, envelope->public_key.len, &key);

    if (err)
        return err;
    err = signed_text(kind, envelope->payload.data, envelope->payload.len, &text);
    if (!err)
        err = pubkey_verify(key, text.data, text.len, envelope->signature.data, envelope->signature.len);
    lat_buf_fini(&text);
    pubkey_free(key);
    return err;
}

/* Is it of this kind, as far as that is sent? */
static bool
is_of_type(const Envelope *envelope, const struct envelope_kind *kind)
{
    return envelope->payload_type.len == kind->type_len &&
           memcmp(envelope->payload_type.data, kind->type, kind->type_len) == 0;
}

enum lat_err
envelope_open(const uint8_t *in, size_t len, const struct envelope_kind *kind, struct peerid *signer,
              struct lat_buf *payload)
{
    ProtobufCMessage *message = NULL;
    const Envelope *envelope;
    enum lat_err err;

    if (len > ENVELOPE_MAX)
        return LAT_LIMIT;
    err = proto_unpack(&envelope__descriptor, in, len, &message);
    if (err)
        return err;
    envelope = (const Envelope *)message;
    err = is_of_type(envelope, kind) ? verify(envelope, kind) : LAT_MALFORMED;
    if (!err)
        err = lat_buf_add(payload, envelope->payload.data, envelope->payload.len);
    if (!err)
        peerid_of_key(envelope->public_key.data, envelope->public_key.len, signer);
    proto_free(message);
    return err;
}
