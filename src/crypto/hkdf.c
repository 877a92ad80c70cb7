#include "config.h"

#include "crypto/hkdf.h"

#include <assert.h>
#include <string.h>

#include "base/le.h"
#include "base/wipe.h"

#define BLOCK_LEN 64

static void
mask_key(const void *key, size_t key_len, uint8_t mask, uint8_t block[BLOCK_LEN])
{
    memset(block, 0, BLOCK_LEN);
    memcpy(block, key, key_len);
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] ^= mask;
}

void
hmac_sha256(const void *key, size_t key_len, const void *text, size_t len, uint8_t out[SHA256_LEN])
{
    uint8_t block[BLOCK_LEN], inner[SHA256_LEN];

    assert(key_len <= BLOCK_LEN);
    mask_key(key, key_len, 0x36, block);
    sha256_parts((const struct hash_part[]){ { block, BLOCK_LEN }, { text, len } }, 2, inner);
    mask_key(key, key_len, 0x5c, block);
    sha256_parts((const struct hash_part[]){ { block, BLOCK_LEN }, { inner, SHA256_LEN } }, 2, out);
    lat_wipe(block, sizeof(block));
    lat_wipe(inner, sizeof(inner));
}

void
hkdf2(const uint8_t salt[SHA256_LEN], const void *secret, size_t secret_len, uint8_t out1[SHA256_LEN],
      uint8_t out2[SHA256_LEN])
{
    uint8_t extracted[SHA256_LEN], second[SHA256_LEN + 1];

    hmac_sha256(salt, SHA256_LEN, secret, secret_len, extracted);
    hmac_sha256(extracted, SHA256_LEN, "\x01", 1, out1);
    *lat_put_bytes(second, out1, SHA256_LEN) = 2;
    hmac_sha256(extracted, SHA256_LEN, second, sizeof(second), out2);
    lat_wipe(extracted, sizeof(extracted));
    lat_wipe(second, sizeof(second));
}
