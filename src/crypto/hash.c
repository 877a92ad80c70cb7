/*
 * SHA-256 and SipHash by OpenSSL's EVP. Fetching an algorithm takes a lock and a look into the provider's
 * tables, making a context takes an allocation; both cost more than hashing the 97 bytes of a trie node. So
 * algorithms are fetched once a process, and each thread keeps one context of each kind until it ends.
 */
#include "config.h"

#include "crypto/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct contexts {
    EVP_MD_CTX *sha256;
    EVP_MAC_CTX *siphash;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static EVP_MD *sha256_md;
static EVP_MAC *siphash_mac;
static _Thread_local struct contexts *mine;

/* OpenSSL fails here for lack of memory or of its own provider; either way no hash can be made. */
static void
need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "lattice: %s: OpenSSL gave none; out of memory or a broken installation\n", what);
    abort();
}

static void
free_contexts(void *arg)
{
    struct contexts *c = arg;

    EVP_MD_CTX_free(c->sha256);
    EVP_MAC_CTX_free(c->siphash);
    free(c);
    mine = NULL;
}

static void
fetch(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    need(sha256_md != NULL, "SHA-256");
    siphash_mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    need(siphash_mac != NULL, "SipHash");
    need(pthread_key_create(&at_thread_end, free_contexts) == 0, "hash contexts");
}

/* SipHash gives 16 bytes unless told, and keeps the size over later keys. */
static EVP_MAC_CTX *
new_siphash(void)
{
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(siphash_mac);
    unsigned size = sizeof(uint64_t);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                            OSSL_PARAM_construct_end() };

    need(ctx != NULL && EVP_MAC_CTX_set_params(ctx, params), "SipHash");
    return ctx;
}

static struct contexts *
contexts(void)
{
    struct contexts *c = mine;

    if (c != NULL)
        return c;
    need(pthread_once(&once, fetch) == 0, "hash algorithms");
    c = calloc(1, sizeof(*c));
    need(c != NULL, "hash contexts");
    c->sha256 = EVP_MD_CTX_new();
    need(c->sha256 != NULL && EVP_DigestInit_ex(c->sha256, sha256_md, NULL), "SHA-256");
    c->siphash = new_siphash();
    need(pthread_setspecific(at_thread_end, c) == 0, "hash contexts");
    mine = c;
    return c;
}

void
sha256_parts(const struct hash_part *parts, size_t count, uint8_t out[SHA256_LEN])
{
    EVP_MD_CTX *ctx = contexts()->sha256;
    int ok = EVP_DigestInit_ex(ctx, NULL, NULL);

    for (size_t i = 0; i < count; i++)
        ok = ok && EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
    need(ok && EVP_DigestFinal_ex(ctx, out, NULL), "SHA-256");
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

    contexts(); /* fetches the algorithm */
    need(h != NULL, "SHA-256");
    h->ctx = EVP_MD_CTX_new();
    need(h->ctx != NULL && EVP_DigestInit_ex(h->ctx, sha256_md, NULL), "SHA-256");
    return h;
}

void
sha256_free(struct sha256 *h)
{
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void
sha256_reset(struct sha256 *h)
{
    need(EVP_DigestInit_ex(h->ctx, NULL, NULL), "SHA-256");
}

void
sha256_add(struct sha256 *h, const void *data, size_t len)
{
    need(EVP_DigestUpdate(h->ctx, data, len), "SHA-256");
}

void
sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN])
{
    need(EVP_DigestFinal_ex(h->ctx, out, NULL), "SHA-256");
}

uint64_t
siphash(const uint8_t key[SIPHASH_KEY_LEN], const void *data, size_t len)
{
    EVP_MAC_CTX *ctx = contexts()->siphash;
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
