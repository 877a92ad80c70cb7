#include "config.h"

#include "state/trust.h"

#include <string.h>

#include "base/le.h"
#include "crypto/hash.h"
#include "crypto/key.h"

void
trust_init(struct trust *trust, const uint8_t own[32])
{
    memcpy(trust->own, own, sizeof(trust->own));
    trust->count = 0;
}

static bool
is_own(const struct trust *trust, const uint8_t key[32])
{
    return memcmp(trust->own, key, sizeof(trust->own)) == 0;
}

/* Where the key stands, or where it would have to stand. */
static size_t
place_of(const struct trust *trust, const uint8_t key[32], bool *found)
{
    size_t low = 0, high = trust->count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(trust->entries[middle].key, key, 32);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum lat_err
trust_add(struct trust *trust, const uint8_t key[32], uint64_t below_hlc)
{
    struct trust_entry *entry;
    size_t place;
    bool found;

    if (!key_public_is_sound(key))
        return LAT_MALFORMED;
    if (is_own(trust, key))
        return LAT_OK; /* counts always */
    place = place_of(trust, key, &found);
    entry = &trust->entries[place];
    if (found) {
        if (below_hlc < entry->below_hlc)
            entry->below_hlc = below_hlc;
        return LAT_OK;
    }
    if (trust->count == TRUST_KEYS_MAX)
        return LAT_LIMIT;
    memmove(entry + 1, entry, (trust->count - place) * sizeof(*entry));
    memcpy(entry->key, key, sizeof(entry->key));
    entry->below_hlc = below_hlc;
    trust->count++;
    return LAT_OK;
}

bool
trust_accepts(const struct trust *trust, const uint8_t author[32], uint64_t hlc)
{
    bool found;
    size_t place;

    if (is_own(trust, author))
        return true;
    place = place_of(trust, author, &found);
    if (!found)
        return false;
    return trust->entries[place].below_hlc == TRUST_NOT_RETIRED || hlc < trust->entries[place].below_hlc;
}

bool
trust_attests(const struct trust *trust, const uint8_t key[32])
{
    bool found;
    size_t place;

    if (is_own(trust, key))
        return true;
    place = place_of(trust, key, &found);
    return found && trust->entries[place].below_hlc == TRUST_NOT_RETIRED;
}

static void
add_entry(struct sha256 *hash, const uint8_t key[32], uint64_t below_hlc)
{
    uint8_t number[8];

    lat_put_u64le(number, below_hlc);
    sha256_add(hash, key, 32);
    sha256_add(hash, number, sizeof(number));
}

void
trust_digest(const struct trust *trust, const uint8_t challenge[16], uint8_t out[8])
{
    static const char domain[] = "lattice/trust/1"; /* hashed with its zero */
    struct sha256 *hash = sha256_new();
    uint8_t whole[SHA256_LEN];
    bool found;
    size_t own_place = place_of(trust, trust->own, &found);

    sha256_add(hash, domain, sizeof(domain));
    sha256_add(hash, challenge, 16);
    for (size_t i = 0; i <= trust->count; i++) {
        if (i == own_place)
            add_entry(hash, trust->own, TRUST_NOT_RETIRED);
        if (i < trust->count)
            add_entry(hash, trust->entries[i].key, trust->entries[i].below_hlc);
    }
    sha256_end(hash, whole);
    sha256_free(hash);
    memcpy(out, whole, 8);
}
