/*
 * The context is kept and only its nonce is set for each message: to make and key one costs more than to
 * encrypt a small message. The algorithm is fetched once a process, since a fetch takes a lock and a search.
 */
#include "config.h"

#include "crypto/aead.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/le.h"

#define NONCE_LEN 12

struct aead {
    EVP_CIPHER_CTX *ctx;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *chacha;

static void
fetch(void)
{
    chacha = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
}

enum lat_err
aead_new(const uint8_t key[AEAD_KEY_LEN], struct aead **out)
{
    struct aead *aead = malloc(sizeof(*aead));

    if (aead == NULL)
        return LAT_NOMEM;
    pthread_once(&once, fetch);
    aead->ctx = EVP_CIPHER_CTX_new();
    if (aead->ctx == NULL || chacha == NULL || EVP_EncryptInit_ex2(aead->ctx, chacha, key, NULL, NULL) != 1) {
        aead_free(aead);
        return LAT_NOMEM;
    }
    *out = aead;
    return LAT_OK;
}

void
aead_free(struct aead *aead)
{
    if (aead == NULL)
        return;
    EVP_CIPHER_CTX_free(aead->ctx); /* wipes the key */
    free(aead);
}

enum lat_err
aead_rekey(struct aead *aead, const uint8_t key[AEAD_KEY_LEN])
{
    return EVP_EncryptInit_ex2(aead->ctx, NULL, key, NULL, NULL) == 1 ? LAT_OK : LAT_NOMEM;
}

/* Set direction and nonce, then run the additional data and the message through. */
static bool
run(struct aead *aead, bool sealing, uint64_t counter, const void *ad, size_t ad_len, const uint8_t *in,
    size_t len, uint8_t *out)
{
    uint8_t nonce[NONCE_LEN] = { 0 };
    int written;

    assert(len <= AEAD_MESSAGE_MAX && ad_len <= AEAD_MESSAGE_MAX); /* OpenSSL counts in int */
    lat_put_u64le(nonce + 4, counter);
    return EVP_CipherInit_ex2(aead->ctx, NULL, NULL, nonce, sealing, NULL) == 1 &&
           (ad_len == 0 || EVP_CipherUpdate(aead->ctx, NULL, &written, ad, (int)ad_len) == 1) &&
           (len == 0 || EVP_CipherUpdate(aead->ctx, out, &written, in, (int)len) == 1);
}

enum lat_err
aead_seal(struct aead *aead, uint64_t counter, const void *ad, size_t ad_len, const uint8_t *in, size_t len,
          uint8_t *out)
{
    int written;
    bool ok = run(aead, true, counter, ad, ad_len, in, len, out) &&
              EVP_EncryptFinal_ex(aead->ctx, out + len, &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + len) == 1;

    return ok ? LAT_OK : LAT_NOMEM;
}

enum lat_err
aead_open(struct aead *aead, uint64_t counter, const void *ad, size_t ad_len, const uint8_t *in, size_t len,
          uint8_t *out)
{
    uint8_t tag[AEAD_TAG_LEN];
    int written;

    assert(len >= AEAD_TAG_LEN);
    len -= AEAD_TAG_LEN;
    lat_put_bytes(tag, in + len, AEAD_TAG_LEN);
    if (!run(aead, false, counter, ad, ad_len, in, len, out) ||
        EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) != 1)
        return LAT_NOMEM;
    return EVP_DecryptFinal_ex(aead->ctx, out + len, &written) == 1 ? LAT_OK : LAT_AUTH;
}
