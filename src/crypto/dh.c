#include "config.h"

#include "crypto/dh.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

struct dh_pair {
    EVP_PKEY *key;
    uint8_t public_key[DH_LEN];
};

struct dh_public {
    EVP_PKEY *key;
};

enum lat_err
dh_pair_from_seed(const uint8_t seed[DH_LEN], struct dh_pair **out)
{
    struct dh_pair *pair = calloc(1, sizeof(*pair));
    size_t len = sizeof(pair->public_key);

    if (pair == NULL)
        return LAT_NOMEM;
    pair->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, seed, DH_LEN);
    if (pair->key == NULL || EVP_PKEY_get_raw_public_key(pair->key, pair->public_key, &len) != 1) {
        dh_pair_free(pair);
        return LAT_NOMEM;
    }
    *out = pair;
    return LAT_OK;
}

void
dh_pair_free(struct dh_pair *pair)
{
    if (pair == NULL)
        return;
    EVP_PKEY_free(pair->key); /* wipes the private key */
    free(pair);
}

const uint8_t *
dh_pair_public(const struct dh_pair *pair)
{
    return pair->public_key;
}

enum lat_err
dh_public_new(const uint8_t bytes[DH_LEN], struct dh_public **out)
{
    struct dh_public *theirs = malloc(sizeof(*theirs));

    if (theirs == NULL)
        return LAT_NOMEM;
    theirs->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, bytes, DH_LEN);
    if (theirs->key == NULL) {
        free(theirs);
        return LAT_NOMEM;
    }
    *out = theirs;
    return LAT_OK;
}

void
dh_public_free(struct dh_public *theirs)
{
    if (theirs == NULL)
        return;
    EVP_PKEY_free(theirs->key);
    free(theirs);
}

enum lat_err
dh_shared(const struct dh_pair *pair, const struct dh_public *theirs, uint8_t secret[DH_LEN])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->key, NULL);
    size_t len = DH_LEN;
    enum lat_err err = LAT_NOMEM;

    /* The peer's key is of the right type and length, so only lack of memory stops what comes before the
     * derive. */
    if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
        EVP_PKEY_derive_set_peer_ex(ctx, theirs->key, 0) == 1)
        err = EVP_PKEY_derive(ctx, secret, &len) == 1 ? LAT_OK : LAT_AUTH;
    if (err == LAT_AUTH)
        ERR_clear_error(); /* a stranger's doing: nobody's error but this caller's */
    EVP_PKEY_CTX_free(ctx);
    return err;
}
