/*
 * The EC keys are points behind a fixed header or none, so no DER of theirs is parsed. Of RSA only the encoding
 * that OpenSSL itself writes is taken: that leaves one form for each key.
 */
#include "config.h"

#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "crypto/key.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_EXPONENT_BITS_MAX 32
#define COMPRESSED_LEN 33
#define UNCOMPRESSED_LEN 65
#define ECDSA_SIGNATURE_MAX 72 /* SEQUENCE of two INTEGERs of 33 bytes */

struct pubkey {
    enum pubkey_type type;
    uint8_t ed25519[KEY_PUBLIC_LEN];
    EVP_PKEY *key; /* of the other types */
};

/* SubjectPublicKeyInfo of a P-256 key up to its point: id-ecPublicKey, prime256v1, BIT STRING of 66 bytes. */
static const uint8_t p256_header[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
};

/* --- RSA --- */

static bool
is_rsa_sound(const EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(key);
    bool ok = EVP_PKEY_is_a(key, "RSA") && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
              EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
              BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX && BN_is_odd(exponent) && !BN_is_one(exponent);

    BN_free(exponent);
    return ok;
}

static bool
is_der_of(const EVP_PKEY *key, const uint8_t *der, size_t len)
{
    unsigned char *again = NULL;
    int again_len = i2d_PUBKEY(key, &again);
    bool same = again_len > 0 && (size_t)again_len == len && memcmp(again, der, len) == 0;

    OPENSSL_free(again);
    return same;
}

static EVP_PKEY *
read_rsa(const uint8_t *der, size_t len)
{
    const unsigned char *at = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);

    if (key != NULL && is_rsa_sound(key) && is_der_of(key, der, len))
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* --- the curves --- */

/* A point of the curve: OpenSSL checks that it lies on it. */
static EVP_PKEY *
read_point(const char *curve, const uint8_t *point, size_t len)
{
    OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *list = NULL;
    EVP_PKEY *key = NULL;

    if (params != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY, point, len) == 1)
        list = OSSL_PARAM_BLD_to_param(params);
    if (list == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, list) != 1)
        key = NULL;
    OSSL_PARAM_free(list);
    OSSL_PARAM_BLD_free(params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *
read_secp256k1(const uint8_t *data, size_t len)
{
    if (len != COMPRESSED_LEN || (data[0] != 2 && data[0] != 3))
        return NULL;
    return read_point("secp256k1", data, len);
}

static EVP_PKEY *
read_p256(const uint8_t *der, size_t len)
{
    const uint8_t *point = der + sizeof(p256_header);

    if (len != sizeof(p256_header) + UNCOMPRESSED_LEN || memcmp(der, p256_header, sizeof(p256_header)) != 0 ||
        point[0] != 4)
        return NULL;
    return read_point("prime256v1", point, UNCOMPRESSED_LEN);
}

/* --- all --- */

static bool
read_data(struct pubkey *key, const uint8_t *data, size_t len)
{
    switch (key->type) {
    case PUBKEY_RSA:
        key->key = read_rsa(data, len);
        break;
    case PUBKEY_ED25519:
        if (len != sizeof(key->ed25519))
            return false;
        memcpy(key->ed25519, data, sizeof(key->ed25519));
        return true;
    case PUBKEY_SECP256K1:
        key->key = read_secp256k1(data, len);
        break;
    case PUBKEY_ECDSA:
        key->key = read_p256(data, len);
        break;
    }
    return key->key != NULL;
}

enum lat_err
pubkey_new(uint64_t type, const uint8_t *data, size_t len, struct pubkey **out)
{
    struct pubkey *key;

    if (type > PUBKEY_ECDSA || len > PUBKEY_DATA_MAX)
        return LAT_MALFORMED;
    key = calloc(1, sizeof(*key));
    if (key == NULL)
        return LAT_NOMEM;
    key->type = (enum pubkey_type)type;
    if (!read_data(key, data, len)) {
        pubkey_free(key);
        return LAT_MALFORMED;
    }
    *out = key;
    return LAT_OK;
}

void
pubkey_free(struct pubkey *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    free(key);
}

static bool
is_signature_len(const struct pubkey *key, size_t len)
{
    switch (key->type) {
    case PUBKEY_RSA:
        return len == (size_t)EVP_PKEY_get_size(key->key);
    case PUBKEY_ED25519:
        return len == KEY_SIGNATURE_LEN;
    case PUBKEY_SECP256K1:
    case PUBKEY_ECDSA:
        return len <= ECDSA_SIGNATURE_MAX;
    }
    return false;
}

enum lat_err
pubkey_verify(const struct pubkey *key, const void *text, size_t len, const uint8_t *signature,
              size_t signature_len)
{
    EVP_MD_CTX *ctx;
    bool ok;

    if (!is_signature_len(key, signature_len))
        return LAT_AUTH;
    if (key->type == PUBKEY_ED25519)
        return key_verify(key->ed25519, text, len, signature);
    ctx = EVP_MD_CTX_new();
    ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->key) == 1 &&
         EVP_DigestVerify(ctx, signature, signature_len, text, len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? LAT_OK : LAT_AUTH;
}
