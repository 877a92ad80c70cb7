/*
 * A made-up envelope opens only when its signature holds, which no fuzzer makes: what opens is one of the
 * corpus. So the payload is tried as a record too, signed here: what opens speaks of its signer, its addresses
 * are some, and sealed again it says the same.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "wire/peer_record.h"

static const uint8_t type[] = { 0x03, 0x01 };
static const struct envelope_kind kind = { "libp2p-peer-record", type, sizeof(type) };

static void
check_again(const struct key *key, const struct peer_record *record)
{
    struct lat_buf out;
    struct peer_record *again;

    lat_buf_init(&out, ENVELOPE_MAX);
    FUZZ_CHECK(peer_record_seal(key, record->seq, record->addrs, record->addr_count, &out) == LAT_OK);
    FUZZ_CHECK(peer_record_open(out.data, out.len, &again) == LAT_OK);
    FUZZ_CHECK(again->seq == record->seq && again->addr_count == record->addr_count);
    for (size_t i = 0; i < record->addr_count; i++) {
        struct multiaddr addr;

        FUZZ_CHECK(multiaddr_from_bytes(record->addrs[i].bytes, record->addrs[i].len, &addr) == LAT_OK);
        FUZZ_CHECK(again->addrs[i].len == addr.len && memcmp(again->addrs[i].bytes, addr.bytes, addr.len) == 0);
    }
    peer_record_free(again);
    lat_buf_fini(&out);
}

static void
check_payload(const struct key *key, const uint8_t *data, size_t size)
{
    struct lat_buf sealed, payload;
    struct peer_record *record;
    struct peerid signer;

    lat_buf_init(&sealed, ENVELOPE_MAX);
    lat_buf_init(&payload, ENVELOPE_MAX);
    if (!envelope_seal(key, &kind, data, size, &sealed)) {
        FUZZ_CHECK(envelope_open(sealed.data, sealed.len, &kind, &signer, &payload) == LAT_OK);
        FUZZ_CHECK(payload.len == size && (size == 0 || memcmp(payload.data, data, size) == 0));
        if (!peer_record_open(sealed.data, sealed.len, &record)) {
            FUZZ_CHECK(peerid_compare(&record->peer, &signer) == 0);
            check_again(key, record);
            peer_record_free(record);
        }
    } else {
        FUZZ_CHECK(size > ENVELOPE_MAX - 200);
    }
    lat_buf_fini(&sealed);
    lat_buf_fini(&payload);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t seed[KEY_SEED_LEN];
    struct key *key;
    struct peer_record *record;

    memset(seed, 1, sizeof(seed)); /* that of the vectors, whose peer id stands in the corpus */
    FUZZ_CHECK(key_from_seed(seed, &key) == LAT_OK);
    if (!peer_record_open(data, size, &record)) {
        check_again(key, record);
        peer_record_free(record);
    }
    check_payload(key, data, size);
    key_free(key);
    return 0;
}
