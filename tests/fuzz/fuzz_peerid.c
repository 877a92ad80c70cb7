/*
 * Bytes that are an id have one text, which reads back to them; a text that is an id has bytes that are. So for
 * the public keys that ids are made of.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "wire/peerid.h"
#include "wire/pubkey_proto.h"

static void
check_id(const struct peerid *id)
{
    struct peerid again;
    char text[PEERID_TEXT_MAX];

    peerid_text(id, text);
    FUZZ_CHECK(peerid_parse(text, &again) == LAT_OK);
    FUZZ_CHECK(memcmp(&again, id, sizeof(again)) == 0);
    FUZZ_CHECK(peerid_compare(&again, id) == 0);
    FUZZ_CHECK(peerid_from_bytes(id->bytes, id->len, &again) == LAT_OK);
    FUZZ_CHECK(peerid_from_bytes(id->bytes, (size_t)id->len - 1, &again) == LAT_MALFORMED);
}

static void
check_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct peerid id;

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    if (!peerid_parse(text, &id))
        check_id(&id);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pubkey *key;
    struct peerid id;

    if (!peerid_from_bytes(data, size, &id)) {
        FUZZ_CHECK(id.len == size && memcmp(id.bytes, data, size) == 0);
        check_id(&id);
    }
    check_text(data, size);
    if (!pubkey_proto_decode(data, size, &key)) {
        peerid_of_key(data, size, &id);
        check_id(&id);
        FUZZ_CHECK(pubkey_verify(key, "", 0, data, size) == LAT_AUTH);
        pubkey_free(key);
    }
    return 0;
}
