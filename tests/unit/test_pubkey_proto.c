#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/vectors.h"
#include "wire/peerid.h"
#include "wire/pubkey_proto.h"

static enum lat_err
try_key(const uint8_t *bytes, size_t len)
{
    struct pubkey *key = NULL;
    enum lat_err err = pubkey_proto_decode(bytes, len, &key);

    pubkey_free(key);
    return err;
}

static void
keys_and_their_ids_are_those_of_the_specification(void **state)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    const cJSON *entry;
    int count = 0;

    (void)state;
    cJSON_ArrayForEach(entry, vectors_member(vectors, "keys"))
    {
        size_t len, hash_len;
        uint8_t *bytes = vectors_bytes(entry, "public_key_protobuf", &len);
        uint8_t *hash = vectors_bytes(entry, "multihash", &hash_len);
        char text[PEERID_TEXT_MAX];
        struct peerid id, back;

        assert_int_equal(try_key(bytes, len), LAT_OK);
        peerid_of_key(bytes, len, &id);
        assert_int_equal(id.len, hash_len);
        assert_memory_equal(id.bytes, hash, hash_len);
        peerid_text(&id, text);
        assert_string_equal(text, vectors_text(entry, "peer_id_base58"));
        assert_int_equal(peerid_parse(text, &back), LAT_OK);
        assert_memory_equal(&back, &id, sizeof(id));
        free(bytes);
        free(hash);
        count++;
    }
    assert_int_equal(count, 4);
    cJSON_Delete(vectors);
}

static void
a_key_that_is_cut_is_none(void **state)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    const cJSON *entry;

    (void)state;
    cJSON_ArrayForEach(entry, vectors_member(vectors, "keys"))
    {
        size_t len;
        uint8_t *bytes = vectors_bytes(entry, "public_key_protobuf", &len);

        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(try_key(bytes, cut), LAT_MALFORMED);
        free(bytes);
    }
    cJSON_Delete(vectors);
}

/* The same key in other words would have another peer id. */
static void
only_the_one_encoding_is_taken(void **state)
{
    static const char data[] = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
    static const struct {
        const char *before, *behind;
        enum lat_err err;
    } forms[] = {
        { "08011220", "", LAT_OK },
        { "0801122000", "", LAT_MALFORMED },     /* another length */
        { "08811220", "", LAT_MALFORMED },       /* type 0x912 */
        { "0881001220", "", LAT_MALFORMED },     /* type in two bytes */
        { "080112a000", "", LAT_MALFORMED },     /* length in two bytes */
        { "1220", "0801", LAT_MALFORMED },       /* data first */
        { "08011220", "0801", LAT_MALFORMED },   /* type twice */
        { "08001220", "0801", LAT_MALFORMED },   /* type twice, the last one holds */
        { "08011220", "1800", LAT_MALFORMED },   /* an unknown field */
        { "08051220", "", LAT_MALFORMED },       /* an unknown type */
        { "1220", "", LAT_MALFORMED },           /* no type */
    };
    char hex[128];

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        uint8_t *bytes;
        size_t len;

        snprintf(hex, sizeof(hex), "%s%s%s", forms[i].before, data, forms[i].behind);
        bytes = vectors_unhex(hex, &len);
        assert_int_equal(try_key(bytes, len), forms[i].err);
        free(bytes);
    }
}

static void
what_is_longer_than_any_key_is_refused_unread(void **state)
{
    uint8_t bytes[PUBKEY_PROTO_MAX + 1] = { 0x08, 0x00, 0x12, 0xcf, 0x08 };

    (void)state;
    assert_int_equal(try_key(bytes, sizeof(bytes)), LAT_MALFORMED);
}

static void
our_own_key_is_encoded_as_in_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("libp2p/noise-payload.json");
    size_t len;
    uint8_t *bytes = vectors_bytes(vectors, "identity_public_key_protobuf", &len);
    uint8_t out[PUBKEY_PROTO_ED25519_LEN];

    (void)state;
    assert_int_equal(len, sizeof(out));
    pubkey_proto_ed25519(bytes + 4, out);
    assert_memory_equal(out, bytes, sizeof(out));
    free(bytes);
    cJSON_Delete(vectors);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_their_ids_are_those_of_the_specification),
        cmocka_unit_test(a_key_that_is_cut_is_none),
        cmocka_unit_test(only_the_one_encoding_is_taken),
        cmocka_unit_test(what_is_longer_than_any_key_is_refused_unread),
        cmocka_unit_test(our_own_key_is_encoded_as_in_the_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
