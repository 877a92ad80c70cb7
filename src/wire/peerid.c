#include "config.h"

#include "wire/peerid.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define KEY_LEN 32
#define CID_LEN (2 + sizeof(prefix) + KEY_LEN) /* version 1, codec libp2p-key (0x72), multihash */

/*
 * Before the key: multihash code 0 (identity) and length 36, then the protobuf PublicKey: field 1 (type) = 1
 * (Ed25519), field 2 (data) of 32 bytes. The specification asks for this one encoding, so it is compared as
 * bytes.
 */
static const uint8_t prefix[] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };

void
peerid_of_ed25519(const uint8_t public_key[KEY_LEN], char out[PEERID_TEXT_MAX])
{
    uint8_t id[sizeof(prefix) + KEY_LEN];
    enum lat_err err;

    memcpy(id, prefix, sizeof(prefix));
    memcpy(id + sizeof(prefix), public_key, KEY_LEN);
    err = lat_base58(id, sizeof(id), out, PEERID_TEXT_MAX);
    assert(!err); /* 38 bytes are at most 52 characters */
    (void)err;
}

/* Base32 of RFC 4648 in lower case: the 64 characters of a CID, which fill its 40 bytes to the last bit. */
static bool
unbase32(const char *text, uint8_t out[CID_LEN])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0; /* of bits not yet put out */

    if (strlen(text) != CID_LEN * 8 / 5)
        return false;
    for (; *text; text++) {
        const char *at = strchr(digits, *text);

        if (at == NULL)
            return false;
        bits = (bits << 5 | (uint32_t)(at - digits)) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            *out++ = (uint8_t)(bits >> count);
        }
    }
    return true;
}

/* The multihash in a CID: multibase 'b' (base32), version 1, codec libp2p-key. */
static bool
read_cid(const char *text, uint8_t id[sizeof(prefix) + KEY_LEN])
{
    uint8_t cid[CID_LEN] = { 0 };

    if (*text != 'b' || !unbase32(text + 1, cid) || cid[0] != 0x01 || cid[1] != 0x72)
        return false;
    memcpy(id, cid + 2, sizeof(prefix) + KEY_LEN);
    return true;
}

enum lat_err
peerid_ed25519_key(const char *text, uint8_t public_key[KEY_LEN])
{
    uint8_t id[sizeof(prefix) + KEY_LEN];
    size_t len;

    if (read_cid(text, id))
        len = sizeof(id);
    else if (lat_unbase58(text, strnlen(text, PEERID_TEXT_MAX), id, sizeof(id), &len))
        return LAT_MALFORMED;
    if (len != sizeof(id) || memcmp(id, prefix, sizeof(prefix)) != 0)
        return LAT_MALFORMED;
    memcpy(public_key, id + sizeof(prefix), KEY_LEN);
    return LAT_OK;
}
