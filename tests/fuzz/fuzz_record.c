/*
 * What parses as a record has one layout and a value in stored form; what it says is all that its bytes say.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/le.h"
#include "state/json.h"
#include "state/record.h"

/* The bytes again from the fields. */
static void
check_layout(const struct record *record, const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size), *at = bytes;

    FUZZ_CHECK(bytes != NULL);
    FUZZ_CHECK(size == RECORD_OVERHEAD + record->key_len + record->value_len);
    *at++ = 1;
    *at++ = record->flags;
    at = lat_put_u16le(at, (uint16_t)record->key_len);
    at = lat_put_u32le(at, (uint32_t)record->value_len);
    at = lat_put_u64le(at, record->hlc);
    at = lat_put_bytes(at, record->prev, 8);
    at = lat_put_bytes(at, record->author, 32);
    at = lat_put_bytes(at, record->key, record->key_len);
    if (record->value != NULL)
        at = lat_put_bytes(at, record->value, record->value_len);
    lat_put_bytes(at, record->signature, KEY_SIGNATURE_LEN);
    FUZZ_CHECK(memcmp(bytes, data, size) == 0);
    free(bytes);
}

static void
check_rules(const struct record *record)
{
    FUZZ_CHECK(record->hlc != 0);
    FUZZ_CHECK((record->flags & ~(RECORD_TOMBSTONE | RECORD_IMPORTED)) == 0);
    FUZZ_CHECK((record->value == NULL) == ((record->flags & RECORD_TOMBSTONE) != 0));
    FUZZ_CHECK(record->key_len > 0 || record->flags & RECORD_IMPORTED);
    if (record->value != NULL)
        FUZZ_CHECK(json_check_stored_form((const char *)record->value, record->value_len, NULL) == LAT_OK);
}

/* Another HLC is another record, and the later one wins. */
static void
check_order(const struct network *network, const struct record *record, const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size);
    struct record later;
    bool is_horizon = record->key_len > 0 && record->key[0] == 0;

    FUZZ_CHECK(record_compare(record, record) == 0);
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, data, size);
    lat_put_u64le(bytes + 8, record->hlc + 1);
    if (record->hlc < UINT64_MAX && !is_horizon) {
        FUZZ_CHECK(record_parse(network, bytes, size, &later, NULL) == LAT_OK);
        FUZZ_CHECK(record_compare(&later, record) > 0 && record_compare(record, &later) < 0);
        FUZZ_CHECK(memcmp(later.keyhash, record->keyhash, 32) == 0);
        FUZZ_CHECK(memcmp(later.leaf, record->leaf, 32) != 0);
    }
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record, again;
    struct network network;
    struct lat_msg why = { "" };

    FUZZ_CHECK(network_init(&network, "lattice-test") == LAT_OK);
    if (record_parse(&network, data, size, &record, &why)) {
        FUZZ_CHECK(why.text[0] != 0);
        return 0;
    }
    check_layout(&record, data, size);
    check_rules(&record);
    check_order(&network, &record, data, size);
    FUZZ_CHECK(record_parse_trusted(&network, data, size, &again) == LAT_OK);
    FUZZ_CHECK(memcmp(again.leaf, record.leaf, 32) == 0 && memcmp(again.keyhash, record.keyhash, 32) == 0);
    FUZZ_CHECK(record_parse(&network, data, size - 1, &again, NULL) == LAT_MALFORMED);
    (void)!record_verify(&network, &record); /* whatever it says of made-up keys, it comes back */
    return 0;
}
