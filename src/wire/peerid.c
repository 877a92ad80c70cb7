#include "config.h"

#include "wire/peerid.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "wire/multihash.h"

#define KEY_LEN 32
#define KEY_PREFIX_LEN 4
#define CID_VERSION 0x01
#define CID_LIBP2P_KEY 0x72
#define CID_HEADER_LEN 2

/*
 * The PublicKey protobufs that are short enough to stand in an id, up to the key: field 1 (type), field 2 (data)
 * of 32 or 33 bytes. The specification asks for this one encoding, so it is compared as bytes.
 */
static const uint8_t ed25519_prefix[] = { 0x08, 0x01, 0x12, 0x20 };
static const uint8_t secp256k1_prefix[] = { 0x08, 0x02, 0x12, 0x21 };

void
peerid_of_key(const uint8_t *key, size_t len, struct peerid *out)
{
    uint8_t digest[SHA256_LEN];
    struct multihash hash = { .code = MULTIHASH_IDENTITY, .digest = key, .len = len };

    if (len > PEERID_INLINE_MAX) {
        sha256_of(key, len, digest);
        hash = (struct multihash){ .code = MULTIHASH_SHA2_256, .digest = digest, .len = sizeof(digest) };
    }
    memset(out, 0, sizeof(*out));
    out->len = (uint8_t)multihash_write(&hash, out->bytes);
}

/* An inlined key: to take any bytes for one would make ids of short words. */
static bool
is_inlined(const struct multihash *hash, const uint8_t prefix[KEY_PREFIX_LEN])
{
    return hash->code == MULTIHASH_IDENTITY && hash->len == (size_t)KEY_PREFIX_LEN + prefix[KEY_PREFIX_LEN - 1] &&
           memcmp(hash->digest, prefix, KEY_PREFIX_LEN) == 0;
}

enum lat_err
peerid_from_bytes(const uint8_t *in, size_t len, struct peerid *out)
{
    struct multihash hash;

    if (multihash_read(in, len, &hash))
        return LAT_MALFORMED;
    if (!is_inlined(&hash, ed25519_prefix) && !is_inlined(&hash, secp256k1_prefix) &&
        (hash.code != MULTIHASH_SHA2_256 || hash.len != SHA256_LEN))
        return LAT_MALFORMED;
    memset(out, 0, sizeof(*out));
    memcpy(out->bytes, in, len); /* code and length are a byte each */
    out->len = (uint8_t)len;
    return LAT_OK;
}

/* Base32 of RFC 4648 in lower case without padding. The bits behind the last whole byte are zero, under 5. */
static bool
unbase32(const char *text, uint8_t *out, size_t out_size, size_t *len)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0; /* of bits not yet put out */

    *len = 0;
    for (; *text; text++) {
        const char *at = strchr(digits, *text);

        if (at == NULL)
            return false;
        bits = (bits << 5 | (uint32_t)(at - digits)) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            if (*len == out_size)
                return false;
            out[(*len)++] = (uint8_t)(bits >> count);
        }
    }
    return count < 5 && (bits & ((1U << count) - 1)) == 0;
}

/* Multibase 'b' (base32), version 1, codec libp2p-key, multihash. */
static enum lat_err
read_cid(const char *text, struct peerid *out)
{
    uint8_t cid[CID_HEADER_LEN + PEERID_MAX] = { 0 };
    size_t len;

    if (*text != 'b' || !unbase32(text + 1, cid, sizeof(cid), &len) || len < CID_HEADER_LEN ||
        cid[0] != CID_VERSION || cid[1] != CID_LIBP2P_KEY)
        return LAT_MALFORMED;
    return peerid_from_bytes(cid + CID_HEADER_LEN, len - CID_HEADER_LEN, out);
}

/* Base58 of an id begins with '1' (a zero byte, an inlined key) or 'Q' (0x12, a hash): never with a CID's 'b'. */
enum lat_err
peerid_parse(const char *text, struct peerid *out)
{
    uint8_t bytes[PEERID_MAX];
    size_t len;

    if (*text == 'b')
        return read_cid(text, out);
    if (lat_unbase58(text, strnlen(text, PEERID_TEXT_MAX), bytes, sizeof(bytes), &len))
        return LAT_MALFORMED;
    return peerid_from_bytes(bytes, len, out);
}

void
peerid_text(const struct peerid *id, char out[PEERID_TEXT_MAX])
{
    enum lat_err err = lat_base58(id->bytes, id->len, out, PEERID_TEXT_MAX);

    assert(!err); /* 44 bytes of which the first is zero are at most 60 characters */
    (void)err;
}

int
peerid_compare(const struct peerid *a, const struct peerid *b)
{
    int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

    return order != 0 ? order : (int)a->len - (int)b->len;
}

void
peerid_of_ed25519(const uint8_t public_key[KEY_LEN], char out[PEERID_TEXT_MAX])
{
    uint8_t key[sizeof(ed25519_prefix) + KEY_LEN];
    struct peerid id;

    memcpy(key, ed25519_prefix, sizeof(ed25519_prefix));
    memcpy(key + sizeof(ed25519_prefix), public_key, KEY_LEN);
    peerid_of_key(key, sizeof(key), &id);
    peerid_text(&id, out);
}

enum lat_err
peerid_inlined_ed25519(const struct peerid *id, uint8_t public_key[KEY_LEN])
{
    struct multihash hash;

    if (multihash_read(id->bytes, id->len, &hash) || !is_inlined(&hash, ed25519_prefix))
        return LAT_MALFORMED;
    memcpy(public_key, hash.digest + sizeof(ed25519_prefix), KEY_LEN);
    return LAT_OK;
}

enum lat_err
peerid_ed25519_key(const char *text, uint8_t public_key[KEY_LEN])
{
    struct peerid id;
    enum lat_err err = peerid_parse(text, &id);

    return err ? err : peerid_inlined_ed25519(&id, public_key);
}
