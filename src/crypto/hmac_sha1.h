/*
 * hmac_sha1.h - HMAC-SHA1 (RFC 2104), for one purpose: OpenSSH hides host names in known_hosts by it. Any thread.
 */
#ifndef LAT_CRYPTO_HMAC_SHA1_H
#define LAT_CRYPTO_HMAC_SHA1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN 20

/* False: OpenSSL offers no SHA-1 here (a policy may take it away); out is unchanged. */
bool hmac_sha1(const void *key, size_t key_len, const void *text, size_t len, uint8_t out[SHA1_LEN]);

#endif
