#include "config.h"

#include "crypto/hmac_sha1.h"

#include <string.h>

#include <openssl/evp.h>

bool
hmac_sha1(const void *key, size_t key_len, const void *text, size_t len, uint8_t out[SHA1_LEN])
{
    uint8_t digest[SHA1_LEN];
    size_t digest_len = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, key, key_len, text, len, digest, sizeof(digest), &digest_len) == NULL ||
        digest_len != SHA1_LEN)
        return false;
    memcpy(out, digest, SHA1_LEN);
    return true;
}
