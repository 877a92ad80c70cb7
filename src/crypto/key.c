/*
 * OpenSSL's Ed25519 refuses S >= L and compares [S]B - [k]A with R as bytes, without the cofactor. What it
 * leaves to us: small-order R and A, and public keys in a second encoding. Points are told apart by their y
 * alone: the eight points of small order have five y, and the sign bit chooses between P and -P, which have
 * the same order.
 */
#include "config.h"

#include "crypto/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

struct key {
    EVP_PKEY *pair;
    uint8_t public_key[KEY_PUBLIC_LEN];
};

#define SIGN_BIT 0x80

/* y of the points of small order, little-endian, sign bit clear: 0, 1, the two of order 8, p - 1. */
static const uint8_t small_order_y[][KEY_PUBLIC_LEN] = {
    { 0 },
    { 1 },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
      0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
      0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

/* p = 2^255 - 19 and the curve's d, big-endian. */
static const char p_hex[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
static const char d_hex[] = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";

static bool
is_small_order(const uint8_t point[KEY_PUBLIC_LEN])
{
    uint8_t y[KEY_PUBLIC_LEN];

    memcpy(y, point, sizeof(y));
    y[KEY_PUBLIC_LEN - 1] &= (uint8_t)~SIGN_BIT;
    for (size_t i = 0; i < sizeof(small_order_y) / sizeof(small_order_y[0]); i++) {
        if (memcmp(y, small_order_y[i], sizeof(y)) == 0)
            return true;
    }
    return false;
}

/* y < p? All numbers of 255 bits from p up are ed..ff7f, ee..ff7f and so on to ff..ff7f. */
static bool
is_canonical(const uint8_t point[KEY_PUBLIC_LEN])
{
    if ((point[KEY_PUBLIC_LEN - 1] & ~SIGN_BIT) != 0x7f || point[0] < 0xed)
        return true;
    for (size_t i = 1; i < KEY_PUBLIC_LEN - 1; i++) {
        if (point[i] != 0xff)
            return true;
    }
    return false;
}

/*
 * Is there an x with -x^2 + y^2 = 1 + d x^2 y^2, that is x^2 = (y^2 - 1) / (d y^2 + 1)? The quotient is a
 * square exactly when the product of both is one; the denominator is never 0, since -1/d is no square.
 */
static bool
has_x(const uint8_t point[KEY_PUBLIC_LEN])
{
    uint8_t bytes[KEY_PUBLIC_LEN];
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = NULL, *d = NULL, *y, *u, *v;
    bool found = false;

    memcpy(bytes, point, sizeof(bytes));
    bytes[KEY_PUBLIC_LEN - 1] &= (uint8_t)~SIGN_BIT;
    if (ctx == NULL)
        return false;
    BN_CTX_start(ctx);
    y = BN_CTX_get(ctx);
    u = BN_CTX_get(ctx);
    v = BN_CTX_get(ctx); /* NULL when one of the three is */
    if (v != NULL && BN_hex2bn(&p, p_hex) && BN_hex2bn(&d, d_hex) && BN_lebin2bn(bytes, sizeof(bytes), y) &&
        BN_mod_sqr(u, y, p, ctx) && BN_mod_mul(v, u, d, p, ctx) && BN_sub_word(u, 1) && BN_add_word(v, 1) &&
        BN_mod_mul(u, u, v, p, ctx))
        found = BN_kronecker(u, p, ctx) == 1;
    BN_CTX_end(ctx);
    BN_CTX_free(ctx);
    BN_free(p);
    BN_free(d);
    return found;
}

bool
key_public_is_sound(const uint8_t public_key[KEY_PUBLIC_LEN])
{
    return is_canonical(public_key) && !is_small_order(public_key) && has_x(public_key);
}

enum lat_err
key_from_seed(const uint8_t seed[KEY_SEED_LEN], struct key **out)
{
    struct key *key = calloc(1, sizeof(*key));
    size_t len = sizeof(key->public_key);

    if (key == NULL)
        return LAT_NOMEM;
    key->pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_SEED_LEN);
    if (key->pair == NULL || EVP_PKEY_get_raw_public_key(key->pair, key->public_key, &len) != 1) {
        key_free(key);
        return LAT_NOMEM;
    }
    *out = key;
    return LAT_OK;
}

void
key_free(struct key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pair); /* wipes the seed */
    free(key);
}

const uint8_t *
key_public(const struct key *key)
{
    return key->public_key;
}

enum lat_err
key_sign(const struct key *key, const void *text, size_t len, uint8_t signature[KEY_SIGNATURE_LEN])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t signature_len = KEY_SIGNATURE_LEN;
    bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pair) == 1 &&
              EVP_DigestSign(ctx, signature, &signature_len, text, len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok ? LAT_OK : LAT_NOMEM;
}

enum lat_err
key_verify(const uint8_t public_key[KEY_PUBLIC_LEN], const void *text, size_t len,
           const uint8_t signature[KEY_SIGNATURE_LEN])
{
    EVP_PKEY *key;
    EVP_MD_CTX *ctx;
    bool ok;

    /* The first half of a signature is R, a point encoded like a public key. */
    if (is_small_order(signature) || is_small_order(public_key) || !is_canonical(public_key))
        return LAT_AUTH;
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, KEY_PUBLIC_LEN);
    ctx = EVP_MD_CTX_new();
    ok = key != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
         EVP_DigestVerify(ctx, signature, KEY_SIGNATURE_LEN, text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok ? LAT_OK : LAT_AUTH;
}
