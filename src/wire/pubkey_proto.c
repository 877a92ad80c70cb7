#include "config.h"

#include "wire/pubkey_proto.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "wire/proto.h"
#include "wire/public_key.pb-c.h"

/* Are these the bytes that the message is encoded to, and not another way to say the same? */
static bool
is_encoding(const ProtobufCMessage *message, const uint8_t *in, size_t len)
{
    uint8_t bytes[PUBKEY_PROTO_MAX];

    return protobuf_c_message_get_packed_size(message) == len &&
           protobuf_c_message_pack(message, bytes) == len && memcmp(bytes, in, len) == 0;
}

enum lat_err
pubkey_proto_decode(const uint8_t *in, size_t len, struct pubkey **out)
{
    ProtobufCMessage *message = NULL;
    const PublicKey *key;
    enum lat_err err;

    if (len > PUBKEY_PROTO_MAX)
        return LAT_MALFORMED;
    err = proto_unpack(&public_key__descriptor, in, len, &message);
    if (err)
        return err;
    key = (const PublicKey *)message;
    if (message->n_unknown_fields > 0 || !is_encoding(message, in, len))
        err = LAT_MALFORMED;
    else
        err = pubkey_new((uint64_t)key->type, key->data.data, key->data.len, out);
    proto_free(message);
    return err;
}

void
pubkey_proto_ed25519(const uint8_t public_key[32], uint8_t out[PUBKEY_PROTO_ED25519_LEN])
{
    PublicKey key = PUBLIC_KEY__INIT;
    uint8_t data[32];
    size_t len;

    memcpy(data, public_key, sizeof(data));
    key.type = KEY_TYPE__Ed25519;
    key.data = (ProtobufCBinaryData){ .data = data, .len = sizeof(data) };
    len = public_key__pack(&key, out);
    assert(len == PUBKEY_PROTO_ED25519_LEN);
    (void)len;
}
