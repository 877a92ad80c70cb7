/* Attestations of a root (WIRE section 3): who stood at which root when. Declared in record.h. */
#include "config.h"

#include <string.h>

#include "base/le.h"
#include "state/record.h"

static const char domain[] = "lattice/attest/1"; /* signed with its zero */

#define TEXT_LEN (sizeof(domain) + 32 + 32 + 8 + 8 + 16)

static void
attested_text(const struct network *network, const uint8_t root[32], uint64_t count, uint64_t unix_ms,
              const uint8_t challenge[16], uint8_t out[TEXT_LEN])
{
    static const uint8_t zeros[16];

    out = lat_put_bytes(out, domain, sizeof(domain));
    out = lat_put_bytes(out, network->id, 32);
    out = lat_put_bytes(out, root, 32);
    out = lat_put_u64le(out, count);
    out = lat_put_u64le(out, unix_ms);
    lat_put_bytes(out, challenge ? challenge : zeros, 16);
}

enum lat_err
attest_sign(const struct network *network, const struct key *key, const uint8_t root[32], uint64_t count,
            uint64_t unix_ms, const uint8_t challenge[16], uint8_t out[64])
{
    uint8_t text[TEXT_LEN];

    attested_text(network, root, count, unix_ms, challenge, text);
    return key_sign(key, text, sizeof(text), out);
}

enum lat_err
attest_verify(const struct network *network, const uint8_t key[32], const uint8_t root[32], uint64_t count,
              uint64_t unix_ms, const uint8_t challenge[16], const uint8_t signature[64])
{
    uint8_t text[TEXT_LEN];

    attested_text(network, root, count, unix_ms, challenge, text);
    return key_verify(key, text, sizeof(text), signature);
}
