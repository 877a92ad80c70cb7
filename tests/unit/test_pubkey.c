/* Signatures by the private keys of the vectors, which OpenSSL makes here; keys that must not be taken. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base/cursor.h"
#include "crypto/pubkey.h"
#include "support/vectors.h"

#define TEXT "what is signed"

/* A PublicKey or PrivateKey protobuf as it stands in the vectors. */
struct framed {
    uint8_t *bytes;
    uint64_t type;
    const uint8_t *data;
    size_t len;
};

static struct framed
read_frame(const cJSON *entry, const char *member)
{
    struct framed frame = { NULL, 0, NULL, 0 };
    struct lat_cursor cursor;
    size_t len;

    frame.bytes = vectors_bytes(entry, member, &len);
    lat_cursor_init(&cursor, frame.bytes, len);
    assert_int_equal(lat_take_u8(&cursor), 0x08);
    frame.type = lat_take_varint(&cursor);
    assert_int_equal(lat_take_u8(&cursor), 0x12);
    frame.len = (size_t)lat_take_varint(&cursor);
    frame.data = lat_take(&cursor, frame.len);
    assert_true(lat_cursor_is_done(&cursor));
    return frame;
}

/* The one key of this type in the vectors. */
static struct framed
vector_key(const cJSON *vectors, enum pubkey_type type, const char *member)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, vectors_member(vectors, "keys"))
    {
        struct framed frame = read_frame(entry, member);

        if (frame.type == type)
            return frame;
        free(frame.bytes);
    }
    fail_msg("no key of type %d", (int)type);
    abort();
}

static EVP_PKEY *
from_params(const char *name, OSSL_PARAM_BLD *build, int selection)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, selection, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *
secp256k1_private(const struct framed *private_key, const struct framed *public_key)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *number = BN_bin2bn(private_key->data, (int)private_key->len, NULL);
    EVP_PKEY *key;

    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "secp256k1", 0);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public_key->data, public_key->len);
    key = from_params("EC", build, EVP_PKEY_KEYPAIR);
    BN_free(number);
    return key;
}

static EVP_PKEY *
private_key(const struct framed *private_key, const struct framed *public_key)
{
    const unsigned char *at = private_key->data;
    EVP_PKEY *key = NULL;

    switch ((enum pubkey_type)private_key->type) {
    case PUBKEY_RSA:
    case PUBKEY_ECDSA:
        key = d2i_AutoPrivateKey(NULL, &at, (long)private_key->len);
        break;
    case PUBKEY_ED25519:
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key->data, 32);
        break;
    case PUBKEY_SECP256K1:
        key = secp256k1_private(private_key, public_key);
        break;
    }
    assert_non_null(key);
    return key;
}

static size_t
sign(EVP_PKEY *key, uint8_t signature[PUBKEY_SIGNATURE_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    size_t len = PUBKEY_SIGNATURE_MAX;

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const uint8_t *)TEXT, strlen(TEXT)), 1);
    EVP_MD_CTX_free(ctx);
    return len;
}

/* A key of the vectors with a signature of TEXT by it. */
struct signer {
    struct pubkey *key;
    uint8_t signature[PUBKEY_SIGNATURE_MAX + 1];
    size_t len;
};

static void
signer_init(struct signer *signer, enum pubkey_type type)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    struct framed ours = vector_key(vectors, type, "public_key_protobuf");
    struct framed theirs = vector_key(vectors, type, "private_key_protobuf");
    EVP_PKEY *key = private_key(&theirs, &ours);

    memset(signer, 0, sizeof(*signer));
    assert_int_equal(pubkey_new(ours.type, ours.data, ours.len, &signer->key), LAT_OK);
    signer->len = sign(key, signer->signature);
    EVP_PKEY_free(key);
    free(ours.bytes);
    free(theirs.bytes);
    cJSON_Delete(vectors);
}

static enum lat_err
check(const struct signer *signer, size_t len)
{
    return pubkey_verify(signer->key, TEXT, strlen(TEXT), signer->signature, len);
}

static void
signatures_of_all_key_types_verify(void **state)
{
    struct signer signer;

    (void)state;
    for (int type = PUBKEY_RSA; type <= PUBKEY_ECDSA; type++) {
        signer_init(&signer, (enum pubkey_type)type);
        assert_int_equal(check(&signer, signer.len), LAT_OK);
        assert_int_equal(pubkey_verify(signer.key, "what is signeD", strlen(TEXT), signer.signature, signer.len),
                         LAT_AUTH);
        assert_int_equal(pubkey_verify(signer.key, TEXT, strlen(TEXT) - 1, signer.signature, signer.len),
                         LAT_AUTH);
        pubkey_free(signer.key);
    }
}

static void
a_changed_signature_verifies_nowhere(void **state)
{
    struct signer signer;

    (void)state;
    for (int type = PUBKEY_RSA; type <= PUBKEY_ECDSA; type++) {
        signer_init(&signer, (enum pubkey_type)type);
        for (size_t i = 0; i < signer.len; i += type == PUBKEY_RSA ? 37 : 1) {
            signer.signature[i] ^= (uint8_t)(1 << i % 8);
            assert_int_equal(check(&signer, signer.len), LAT_AUTH);
            signer.signature[i] ^= (uint8_t)(1 << i % 8);
            assert_int_equal(check(&signer, i), LAT_AUTH);
        }
        assert_int_equal(check(&signer, signer.len + 1), LAT_AUTH);
        assert_int_equal(check(&signer, sizeof(signer.signature)), LAT_AUTH);
        assert_int_equal(pubkey_verify(signer.key, TEXT, strlen(TEXT), NULL, 0), LAT_AUTH);
        pubkey_free(signer.key);
    }
}

/* (r, s) and (r, n - s) are both signatures: peers may send either. */
static void
the_other_half_of_s_is_taken(void **state)
{
    struct signer signer;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp256k1);
    const unsigned char *at = signer.signature;
    unsigned char *out = signer.signature;
    ECDSA_SIG *pair;
    BIGNUM *s = BN_new();

    (void)state;
    signer_init(&signer, PUBKEY_SECP256K1);
    pair = d2i_ECDSA_SIG(NULL, &at, (long)signer.len);
    assert_non_null(pair);
    assert_int_equal(BN_sub(s, EC_GROUP_get0_order(group), ECDSA_SIG_get0_s(pair)), 1);
    assert_int_equal(ECDSA_SIG_set0(pair, BN_dup(ECDSA_SIG_get0_r(pair)), s), 1);
    signer.len = (size_t)i2d_ECDSA_SIG(pair, &out);
    assert_int_equal(check(&signer, signer.len), LAT_OK);
    ECDSA_SIG_free(pair);
    EC_GROUP_free(group);
    pubkey_free(signer.key);
}

static void
a_key_of_small_order_verifies_nothing(void **state)
{
    uint8_t point[32] = { 1 }, signature[64] = { 1 }; /* the neutral element; R = it, S = 0 */
    struct pubkey *key;

    (void)state;
    assert_int_equal(pubkey_new(PUBKEY_ED25519, point, sizeof(point), &key), LAT_OK);
    assert_int_equal(pubkey_verify(key, TEXT, strlen(TEXT), signature, sizeof(signature)), LAT_AUTH);
    pubkey_free(key);
}

static void
each_key_has_one_length_and_one_type(void **state)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    struct pubkey *key = NULL;

    (void)state;
    for (int type = PUBKEY_RSA; type <= PUBKEY_ECDSA; type++) {
        struct framed frame = vector_key(vectors, (enum pubkey_type)type, "public_key_protobuf");
        uint8_t longer[PUBKEY_DATA_MAX + 2] = { 0 };

        memcpy(longer, frame.data, frame.len);
        assert_int_equal(pubkey_new(frame.type, longer, frame.len + 1, &key), LAT_MALFORMED);
        assert_int_equal(pubkey_new(frame.type, longer, sizeof(longer), &key), LAT_MALFORMED);
        for (size_t len = 0; len < frame.len; len++)
            assert_int_equal(pubkey_new(frame.type, frame.data, len, &key), LAT_MALFORMED);
        for (uint64_t other = 0; other < 6; other++) {
            if (other != frame.type)
                assert_int_equal(pubkey_new(other, frame.data, frame.len, &key), LAT_MALFORMED);
        }
        assert_int_equal(pubkey_new(frame.type + (UINT64_C(1) << 32), frame.data, frame.len, &key), LAT_MALFORMED);
        free(frame.bytes);
    }
    assert_null(key);
    cJSON_Delete(vectors);
}

/* PKIX DER of an RSA key for this algorithm, its modulus any odd number of so many bits. Returns what pubkey_new says. */
static enum lat_err
try_rsa(const char *algorithm, int bits, const char *exponent_hex)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_new(), *exponent = NULL;
    struct pubkey *key = NULL;
    unsigned char *der = NULL;
    EVP_PKEY *rsa;
    enum lat_err err;
    int len;

    assert_int_equal(BN_rand(modulus, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_true(BN_hex2bn(&exponent, exponent_hex));
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
    rsa = from_params(algorithm, build, EVP_PKEY_PUBLIC_KEY);
    len = i2d_PUBKEY(rsa, &der);
    assert_true(len > 0);
    err = pubkey_new(PUBKEY_RSA, der, (size_t)len, &key);
    pubkey_free(key);
    OPENSSL_free(der);
    EVP_PKEY_free(rsa);
    BN_free(modulus);
    BN_free(exponent);
    return err;
}

static void
rsa_keys_are_neither_weak_nor_costly(void **state)
{
    (void)state;
    assert_int_equal(try_rsa("RSA", 2048, "10001"), LAT_OK);
    assert_int_equal(try_rsa("RSA", 8192, "10001"), LAT_OK);
    assert_int_equal(try_rsa("RSA", 2048, "3"), LAT_OK);
    assert_int_equal(try_rsa("RSA", 2048, "ffffffff"), LAT_OK);
    assert_int_equal(try_rsa("RSA", 1024, "10001"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 2047, "10001"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 8193, "10001"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 16384, "10001"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 2048, "1"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 2048, "10000"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA", 2048, "100000001"), LAT_MALFORMED);
    assert_int_equal(try_rsa("RSA-PSS", 2048, "10001"), LAT_MALFORMED);
}

/* A byte of the vector's key changed: of the header, which names the kind of key, and of the frame around it. */
static void
der_of_another_kind_is_refused(void **state)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    struct framed rsa = vector_key(vectors, PUBKEY_RSA, "public_key_protobuf");
    struct framed p256 = vector_key(vectors, PUBKEY_ECDSA, "public_key_protobuf");
    uint8_t der[PUBKEY_DATA_MAX];
    struct pubkey *key = NULL;

    (void)state;
    for (size_t i = 0; i < 28; i++) { /* up to the modulus' length; 16 of them the algorithm */
        memcpy(der, rsa.data, rsa.len);
        der[i] ^= 0x0b;
        assert_int_equal(pubkey_new(PUBKEY_RSA, der, rsa.len, &key), LAT_MALFORMED);
    }
    for (size_t i = 0; i < p256.len; i++) { /* or a point that is none */
        memcpy(der, p256.data, p256.len);
        der[i] ^= 0x01;
        assert_int_equal(pubkey_new(PUBKEY_ECDSA, der, p256.len, &key), LAT_MALFORMED);
    }
    assert_null(key);
    free(rsa.bytes);
    free(p256.bytes);
    cJSON_Delete(vectors);
}

static void
points_off_the_curve_are_refused(void **state)
{
    uint8_t point[65] = { 2 };
    struct pubkey *key = NULL;

    (void)state;
    point[32] = 1; /* x = 1 lies on secp256k1, x = 5 does not */
    assert_int_equal(pubkey_new(PUBKEY_SECP256K1, point, 33, &key), LAT_OK);
    pubkey_free(key);
    key = NULL;
    point[32] = 5;
    assert_int_equal(pubkey_new(PUBKEY_SECP256K1, point, 33, &key), LAT_MALFORMED);
    memset(point + 1, 0xff, 32); /* over the field */
    assert_int_equal(pubkey_new(PUBKEY_SECP256K1, point, 33, &key), LAT_MALFORMED);
    memset(point, 0, sizeof(point)); /* infinity */
    assert_int_equal(pubkey_new(PUBKEY_SECP256K1, point, 33, &key), LAT_MALFORMED);
    assert_int_equal(pubkey_new(PUBKEY_SECP256K1, point, 1, &key), LAT_MALFORMED);
    assert_null(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_all_key_types_verify),
        cmocka_unit_test(a_changed_signature_verifies_nowhere),
        cmocka_unit_test(the_other_half_of_s_is_taken),
        cmocka_unit_test(a_key_of_small_order_verifies_nothing),
        cmocka_unit_test(each_key_has_one_length_and_one_type),
        cmocka_unit_test(rsa_keys_are_neither_weak_nor_costly),
        cmocka_unit_test(der_of_another_kind_is_refused),
        cmocka_unit_test(points_off_the_curve_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
