#include "config.h"

#include "p2p/lines.h"

#include <string.h>

void
lines_init(struct lines *lines, uint32_t burst)
{
    memset(lines, 0, sizeof(*lines));
    lines->burst = burst;
}

static struct lines_key *
find_key(struct lines *lines, const void *key, size_t len, uint64_t now_ms)
{
    struct lines_key *oldest = &lines->keys[0];

    for (size_t i = 0; i < LINES_KEYS_MAX; i++) {
        struct lines_key *k = &lines->keys[i];

        if (k->len == len && memcmp(k->bytes, key, len) == 0)
            return k;
        if (k->len == 0 || (oldest->len > 0 && k->last_ms < oldest->last_ms))
            oldest = k;
    }
    memset(oldest, 0, sizeof(*oldest));
    memcpy(oldest->bytes, key, len);
    oldest->len = len;
    oldest->since_ms = now_ms;
    return oldest;
}

static bool
has_room(struct lines_key *k, uint32_t burst, uint64_t now_ms)
{
    k->last_ms = now_ms;
    if (now_ms - k->since_ms >= LINES_PERIOD_MS) {
        k->since_ms = now_ms;
        k->told = 0;
    }
    return k->told < burst;
}

bool
lines_allow(struct lines *lines, const void *key, size_t len, uint64_t now_ms, uint32_t *held)
{
    struct lines_key *k = find_key(lines, key, len < LINES_KEY_MAX ? len : LINES_KEY_MAX, now_ms);

    if (!has_room(k, lines->burst, now_ms) || !has_room(&lines->all, LINES_ALL_MAX, now_ms)) {
        k->held++;
        return false;
    }
    k->told++;
    lines->all.told++;
    *held = k->held;
    k->held = 0;
    return true;
}
