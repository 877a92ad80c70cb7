#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/vectors.h"
#include "wire/identify.pb-c.h"
#include "wire/multiaddr.h"
#include "wire/noise_payload.pb-c.h"
#include "wire/peer_record.h"
#include "wire/proto.h"

static enum lat_err
try_hex(const ProtobufCMessageDescriptor *type, const char *hex)
{
    ProtobufCMessage *message = NULL;
    size_t len;
    uint8_t *bytes = vectors_unhex(hex, &len);
    enum lat_err err = proto_unpack(type, bytes, len, &message);

    proto_free(message);
    free(bytes);
    return err;
}

static void
assert_bytes(const ProtobufCBinaryData *field, const cJSON *vectors, const char *name)
{
    size_t len;
    uint8_t *bytes = vectors_bytes(vectors, name, &len);

    assert_int_equal(field->len, len);
    assert_memory_equal(field->data, bytes, len);
    free(bytes);
}

/* The payload of the vectors under this name, which offers so many multiplexers; packed, it is the same again. */
static void
check_payload(const cJSON *vectors, const char *name, size_t muxers)
{
    ProtobufCMessage *message;
    const NoiseHandshakePayload *payload;
    struct lat_buf again;
    size_t len;
    uint8_t *bytes = vectors_bytes(vectors, name, &len);

    assert_int_equal(proto_unpack(&noise_handshake_payload__descriptor, bytes, len, &message), LAT_OK);
    payload = (const NoiseHandshakePayload *)message;
    assert_bytes(&payload->identity_key, vectors, "identity_public_key_protobuf");
    assert_bytes(&payload->identity_sig, vectors, "identity_sig");
    assert_int_equal(payload->extensions != NULL, muxers > 0);
    if (muxers > 0) {
        assert_int_equal(payload->extensions->n_stream_muxers, muxers);
        assert_string_equal(payload->extensions->stream_muxers[0], "/yamux/1.0.0");
    }
    lat_buf_init(&again, len);
    assert_int_equal(proto_pack(message, &again), LAT_OK);
    assert_int_equal(again.len, len);
    assert_memory_equal(again.data, bytes, len);
    assert_int_equal(proto_pack(message, &again), LAT_LIMIT);
    lat_buf_fini(&again);
    proto_free(message);
    free(bytes);
}

static void
noise_payloads_are_those_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("libp2p/noise-payload.json");

    (void)state;
    check_payload(vectors, "payload_without_extensions", 0);
    check_payload(vectors, "payload_with_yamux", 1);
    check_payload(vectors, "payload_with_two_muxers", 2);
    cJSON_Delete(vectors);
}

static void
assert_addr(const ProtobufCBinaryData *field, const char *text)
{
    struct multiaddr addr;
    char out[MULTIADDR_TEXT_MAX];

    assert_int_equal(multiaddr_from_bytes(field->data, field->len, &addr), LAT_OK);
    assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
    assert_string_equal(out, text);
}

static void
the_identify_message_is_that_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("libp2p/identify.json");
    const cJSON *expected = vectors_member(vectors, "identify_message");
    const cJSON *protocols = vectors_member(expected, "protocols");
    ProtobufCMessage *message;
    const Identify *identify;
    struct peer_record *record;
    size_t len;
    uint8_t *bytes = vectors_bytes(expected, "bytes", &len);

    (void)state;
    assert_int_equal(proto_unpack(&identify__descriptor, bytes, len, &message), LAT_OK);
    identify = (const Identify *)message;
    assert_string_equal(identify->protocolversion, vectors_text(expected, "protocolVersion"));
    assert_string_equal(identify->agentversion, vectors_text(expected, "agentVersion"));
    assert_int_equal(identify->n_protocols, cJSON_GetArraySize(protocols));
    for (size_t i = 0; i < identify->n_protocols; i++)
        assert_string_equal(identify->protocols[i], cJSON_GetArrayItem(protocols, (int)i)->valuestring);
    assert_int_equal(identify->n_listenaddrs, 1);
    assert_addr(&identify->listenaddrs[0], "/ip4/127.0.0.1/tcp/4001");
    assert_addr(&identify->observedaddr, vectors_text(expected, "observedAddr"));
    assert_int_equal(peer_record_open(identify->signedpeerrecord.data, identify->signedpeerrecord.len, &record),
                     LAT_OK);
    peer_record_free(record);
    proto_free(message);
    for (size_t cut = 0; cut < len; cut++) { /* none at all, or fewer fields */
        if (proto_unpack(&identify__descriptor, bytes, cut, &message) == LAT_OK)
            proto_free(message);
    }
    free(bytes);
    cJSON_Delete(vectors);
}

static void
what_is_unknown_is_skipped_and_groups_are_refused(void **state)
{
    const ProtobufCMessageDescriptor *type = &identify__descriptor;

    (void)state;
    assert_int_equal(try_hex(type, ""), LAT_OK);
    assert_int_equal(try_hex(type, "5001"), LAT_OK);               /* field 10: varint */
    assert_int_equal(try_hex(type, "510102030405060708"), LAT_OK); /* 64 bits */
    assert_int_equal(try_hex(type, "520101"), LAT_OK);             /* bytes */
    assert_int_equal(try_hex(type, "5501020304"), LAT_OK);         /* 32 bits */
    assert_int_equal(try_hex(type, "5354"), LAT_MALFORMED);        /* a group */
    assert_int_equal(try_hex(type, "53"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "5601"), LAT_MALFORMED); /* no such type */
    assert_int_equal(try_hex(type, "5701"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "2b2c"), LAT_MALFORMED); /* a group where text stands */
}

static void
lengths_hold_against_what_is_there(void **state)
{
    const ProtobufCMessageDescriptor *type = &identify__descriptor;

    (void)state;
    assert_int_equal(try_hex(type, "320161"), LAT_OK);
    assert_int_equal(try_hex(type, "320261"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "32"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "32ffffffff0f61"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "32ffffffffffffffffff0161"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "52ffffffff0f61"), LAT_MALFORMED); /* of an unknown field */
    assert_int_equal(try_hex(type, "5101"), LAT_MALFORMED);
    assert_int_equal(try_hex(type, "50ffffffffffffffffffffff01"), LAT_MALFORMED);
}

/* So many bytes of this field, over and over. */
static enum lat_err
try_flood(const uint8_t *field, size_t field_len, size_t len)
{
    uint8_t *bytes = malloc(len);
    ProtobufCMessage *message = NULL;
    enum lat_err err;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = field[i % field_len];
    err = proto_unpack(&identify__descriptor, bytes, len, &message);
    proto_free(message);
    free(bytes);
    return err;
}

static void
a_flood_of_small_fields_is_refused(void **state)
{
    static const uint8_t unknown[] = { 0x52, 0 }, addr[] = { 0x12, 0 }, text[] = { 0x1a, 0 };
    static const uint8_t honest[] = { 0x12, 8, 4, 127, 0, 0, 1, 6, 15, 161 };

    (void)state;
    for (size_t len = 0; len <= PROTO_IN_MAX; len += len < 64 ? 2 : 254) { /* whichever allocation is the last */
        enum lat_err err = try_flood(unknown, sizeof(unknown), len);

        assert_true(err == LAT_OK || (err == LAT_MALFORMED && len > 128));
        err = try_flood(text, sizeof(text), len);
        assert_true(err == LAT_OK || (err == LAT_MALFORMED && len > 128));
    }
    assert_int_equal(try_flood(unknown, sizeof(unknown), PROTO_IN_MAX), LAT_MALFORMED);
    assert_int_equal(try_flood(addr, sizeof(addr), PROTO_IN_MAX), LAT_MALFORMED);
    assert_int_equal(try_flood(honest, sizeof(honest), PROTO_IN_MAX / 10 * 10), LAT_OK);
    assert_int_equal(try_flood(unknown, sizeof(unknown), PROTO_IN_MAX + 2), LAT_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_payloads_are_those_of_the_vectors),
        cmocka_unit_test(the_identify_message_is_that_of_the_vectors),
        cmocka_unit_test(what_is_unknown_is_skipped_and_groups_are_refused),
        cmocka_unit_test(lengths_hold_against_what_is_there),
        cmocka_unit_test(a_flood_of_small_fields_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
