#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/key.h"
#include "p2p/noise_payload.h"
#include "support/vectors.h"
#include "wire/proto.h"

static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0", NULL };

static void
assert_bytes(const ProtobufCBinaryData *bytes, const void *data, size_t len)
{
    assert_int_equal(bytes->len, len);
    assert_memory_equal(bytes->data, data, len);
}

static void
check_payload(const cJSON *json, const char *name, size_t muxer_count)
{
    size_t expected_len, key_len, signature_len;
    uint8_t *expected = vectors_bytes(json, name, &expected_len);
    uint8_t *key = vectors_bytes(json, "identity_public_key_protobuf", &key_len);
    uint8_t *signature = vectors_bytes(json, "identity_sig", &signature_len);
    NoiseHandshakePayload *payload;
    struct lat_buf out;

    lat_buf_init(&out, 4096);
    assert_int_equal(noise_payload_put_identity(&out, key, key_len, signature, signature_len), LAT_OK);
    assert_int_equal(noise_payload_put_muxers(&out, muxers, muxer_count), LAT_OK);
    assert_int_equal(out.len, expected_len);
    assert_memory_equal(out.data, expected, expected_len);

    assert_int_equal(noise_payload_parse(expected, expected_len, &payload), LAT_OK);
    assert_bytes(&payload->identity_key, key, key_len);
    assert_bytes(&payload->identity_sig, signature, signature_len);
    assert_int_equal(noise_payload_muxer_count(payload), muxer_count);
    for (size_t i = 0; i < muxer_count; i++)
        assert_string_equal(payload->extensions->stream_muxers[i], muxers[i]);
    proto_free(&payload->base);
    lat_buf_fini(&out);
    free(expected);
    free(key);
    free(signature);
}

static void
the_published_payloads_are_written_and_read(void **state)
{
    cJSON *json = vectors_load("libp2p/noise-payload.json");

    (void)state;
    check_payload(json, "payload_without_extensions", 0);
    check_payload(json, "payload_with_yamux", 1);
    check_payload(json, "payload_with_two_muxers", 2);
    cJSON_Delete(json);
}

static void
the_published_signature_is_ours_over_prefix_and_key(void **state)
{
    cJSON *json = vectors_load("libp2p/noise-payload.json");
    const char *prefix = vectors_text(json, "signature_prefix");
    uint8_t seed[KEY_SEED_LEN], signature[KEY_SIGNATURE_LEN], expected[KEY_SIGNATURE_LEN], text[64];
    struct key *key = NULL;
    size_t len = strlen(prefix);

    (void)state;
    memcpy(text, prefix, len);
    vectors_copy(json, "noise_static_public_key", text + len, 32);
    vectors_copy(json, "identity_ed25519_seed", seed, sizeof(seed));
    vectors_copy(json, "identity_sig", expected, sizeof(expected));
    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    assert_int_equal(key_sign(key, text, len + 32, signature), LAT_OK);
    assert_memory_equal(signature, expected, sizeof(expected));
    key_free(key);
    cJSON_Delete(json);
}

/* Cut anywhere but between fields, a payload is none; between fields it is a shorter one. */
static void
a_payload_cut_inside_a_field_is_refused(void **state)
{
    cJSON *json = vectors_load("libp2p/noise-payload.json");
    size_t len;
    uint8_t *bytes = vectors_bytes(json, "payload_with_two_muxers", &len);

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        NoiseHandshakePayload *payload = NULL;
        bool between = cut == 0 || cut == 38 || cut == 38 + 66;

        assert_int_equal(noise_payload_parse(bytes, cut, &payload), between ? LAT_OK : LAT_MALFORMED);
        assert_true((payload != NULL) == between);
        if (between)
            proto_free(&payload->base);
    }
    free(bytes);
    cJSON_Delete(json);
}

static const struct {
    const char *what, *hex;
    enum lat_err err;
} forms[] = {
    { "unknown varint", "1801", LAT_OK },
    { "varint of ten bytes: a negative number", "28ffffffffffffffffff01", LAT_OK },
    { "varint of eleven bytes", "28ffffffffffffffffffff01", LAT_MALFORMED },
    { "unknown fixed 64", "390102030405060708", LAT_OK },
    { "fixed 64, cut", "3901020304050607", LAT_MALFORMED },
    { "unknown fixed 32", "3d01020304", LAT_OK },
    { "fixed 32, cut", "3d010203", LAT_MALFORMED },
    { "unknown bytes", "3a03010203", LAT_OK },
    { "bytes, cut", "3a030102", LAT_MALFORMED },
    { "a length that would wrap", "3affffffffffffffffff01", LAT_MALFORMED },
    { "start of a group", "3b3c", LAT_MALFORMED },
    { "end of a group", "3c", LAT_MALFORMED },
    { "wire type 6", "3e00", LAT_MALFORMED },
    { "wire type 7", "3f00", LAT_MALFORMED },
    { "field number 0", "0200", LAT_MALFORMED },
    { "the largest field number", "faffffff0f00", LAT_OK },
    { "a tag in a longer form than needed", "ba8000021234", LAT_OK },
    { "an identity_key that is a number", "0805", LAT_MALFORMED },
    { "extensions that are no protobuf", "22010a", LAT_MALFORMED },
    { "a group inside extensions", "22020b0c", LAT_MALFORMED },
    { "certificate hashes and an unknown field in extensions", "22080a0201021a020304", LAT_OK },
    { "empty", "", LAT_OK },
};

static void
unknown_fields_are_skipped_and_groups_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        NoiseHandshakePayload *payload;
        size_t len;
        uint8_t *bytes = vectors_unhex(forms[i].hex, &len);
        enum lat_err err = noise_payload_parse(bytes, len, &payload);

        if (err != forms[i].err)
            fail_msg("%s: %s", forms[i].what, lat_err_text(err));
        if (!err) {
            assert_false(payload->has_identity_key || payload->has_identity_sig);
            assert_int_equal(noise_payload_muxer_count(payload), 0);
            proto_free(&payload->base);
        }
        free(bytes);
    }
}

static void
of_a_field_twice_the_last_counts_and_lists_go_on(void **state)
{
    static const uint8_t twice[] = { 0x0a, 1,    'a', 0x22, 3, 0x12, 1,    'x', 0x0a, 1,
                                     'b',  0x22, 6,   0x12, 1, 'y',  0x12, 1,   'z' };
    NoiseHandshakePayload *payload;

    (void)state;
    assert_int_equal(noise_payload_parse(twice, sizeof(twice), &payload), LAT_OK);
    assert_bytes(&payload->identity_key, "b", 1);
    assert_int_equal(noise_payload_muxer_count(payload), 3);
    assert_string_equal(payload->extensions->stream_muxers[0], "x");
    assert_string_equal(payload->extensions->stream_muxers[2], "z");
    proto_free(&payload->base);
}

static const char *
choose(const uint8_t *bytes, size_t len, bool own_first)
{
    static const char *const own[] = { "a", "b", "c", NULL };
    NoiseHandshakePayload *payload;
    const char *chosen;

    assert_int_equal(noise_payload_parse(bytes, len, &payload), LAT_OK);
    chosen = noise_payload_choose_muxer(payload, own, own_first);
    proto_free(&payload->base);
    return chosen;
}

static void
the_choice_follows_the_order_of_the_one_who_dials(void **state)
{
    static const uint8_t listed[] = { 0x22, 9, 0x12, 1, 'x', 0x12, 1, 'c', 0x12, 1, 'b' };
    static const uint8_t strange[] = { 0x22, 4, 0x12, 2, 'a', 'b' };

    (void)state;
    assert_string_equal(choose(listed, sizeof(listed), true), "b");
    assert_string_equal(choose(listed, sizeof(listed), false), "c");
    assert_null(choose(strange, sizeof(strange), true));
    assert_null(choose(strange, sizeof(strange), false));
    assert_null(choose(NULL, 0, true));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_payloads_are_written_and_read),
        cmocka_unit_test(the_published_signature_is_ours_over_prefix_and_key),
        cmocka_unit_test(a_payload_cut_inside_a_field_is_refused),
        cmocka_unit_test(unknown_fields_are_skipped_and_groups_refused),
        cmocka_unit_test(of_a_field_twice_the_last_counts_and_lists_go_on),
        cmocka_unit_test(the_choice_follows_the_order_of_the_one_who_dials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
