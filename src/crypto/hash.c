/*
 * SHA-256 by OpenSSL's plain functions, SipHash by its EVP.
 *
 * EVP in OpenSSL 3 allocates and wipes a context for every SHA-256, which for the 97 bytes of a trie node costs half as much again as
 * hashing them, and has no way on when memory is out. The plain functions work on the caller's stack and use the same code for the
 * processor at hand; OpenSSL 3 marks them as deprecated, since no other provider can stand behind them, which is none of our needs. SipHash
 * has no such functions: its algorithm is fetched once a process, and each thread keeps one context until it ends.
 */
#include "config.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* for this file alone */

#include "crypto/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

struct sha256 {
    SHA256_CTX ctx;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static EVP_MAC *siphash_mac;
static _Thread_local EVP_MAC_CTX *mine;

/* OpenSSL fails here for lack of memory or of its own provider; either way no hash can be made. */
static void
need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "lattice: %s: OpenSSL gave none; out of memory or a broken installation\n", what);
    abort();
}

/* --- SHA-256 --------------------------------------------------------------------------------------- */

void
sha256_parts(const struct hash_part *parts, size_t count, uint8_t out[SHA256_LEN])
{
    SHA256_CTX ctx;

    SHA256_Init(&ctx);
    for (size_t i = 0; i < count; i++)
        SHA256_Update(&ctx, parts[i].data, parts[i].len);
    SHA256_Final(out, &ctx);
}

void
sha256_of(const void *data, size_t len, uint8_t out[SHA256_LEN])
{
    sha256_parts(&(struct hash_part){ data, len }, 1, out);
}

struct sha256 *
sha256_new(void)
{
    struct sha256 *h = malloc(sizeof(*h));

    need(h != NULL, "SHA-256");
    SHA256_Init(&h->ctx);
    return h;
}

void
sha256_free(struct sha256 *h)
{
    free(h);
}

void
sha256_reset(struct sha256 *h)
{
    SHA256_Init(&h->ctx);
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
    SHA256_Update(&h->ctx, data, len);
}

void
sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN])
{
    SHA256_Final(out, &h->ctx);
}

/* --- SipHash --------------------------------------------------------------------------------------- */

static void
free_context(void *arg)
{
    EVP_MAC_CTX_free(arg);
    mine = NULL;
}

static void
fetch(void)
{
    siphash_mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    need(siphash_mac != NULL, "SipHash");
    need(pthread_key_create(&at_thread_end, free_context) == 0, "SipHash");
}

/* SipHash gives 16 bytes unless told, and keeps the size over later keys. */
static EVP_MAC_CTX *
context(void)
{
    unsigned size = sizeof(uint64_t);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                            OSSL_PARAM_construct_end() };

    if (mine != NULL)
        return mine;
    need(pthread_once(&once, fetch) == 0, "SipHash");
    mine = EVP_MAC_CTX_new(siphash_mac);
    need(mine != NULL && EVP_MAC_CTX_set_params(mine, params), "SipHash");
    need(pthread_setspecific(at_thread_end, mine) == 0, "SipHash");
    return mine;
}

uint64_t
siphash(const uint8_t key[SIPHASH_KEY_LEN], const void *data, size_t len)
{
    EVP_MAC_CTX *ctx = context();
    uint8_t out[sizeof(uint64_t)];
    size_t out_len = 0;
    uint64_t value = 0;

    need(EVP_MAC_init(ctx, key, SIPHASH_KEY_LEN, NULL) && EVP_MAC_update(ctx, data, len) &&
             EVP_MAC_final(ctx, out, &out_len, sizeof(out)) && out_len == sizeof(out),
         "SipHash");
    for (size_t i = sizeof(out); i-- > 0;)
        value = value << 8 | out[i];
    return value;
}
