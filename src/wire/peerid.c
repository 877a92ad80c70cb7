#include "config.h"

#include "wire/peerid.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define KEY_LEN 32

/*
 * Before the key: multihash code 0 (identity) and length 36, then the protobuf PublicKey: field 1 (type) = 1
 * (Ed25519), field 2 (data) of 32 bytes. The specification asks for this one encoding, so it is compared as bytes.
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

enum lat_err
peerid_ed25519_key(const char *text, uint8_t public_key[KEY_LEN])
{
    uint8_t id[sizeof(prefix) + KEY_LEN];
    size_t len;

    if (lat_unbase58(text, strnlen(text, PEERID_TEXT_MAX), id, sizeof(id), &len))
        return LAT_MALFORMED;
    if (len != sizeof(id) || memcmp(id, prefix, sizeof(prefix)) != 0)
        return LAT_MALFORMED;
    memcpy(public_key, id + sizeof(prefix), KEY_LEN);
    return LAT_OK;
}
