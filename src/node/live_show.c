#include "config.h"

#include "node/live_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static enum live_agreement
agreement_now(const struct live *live, const struct live_peer *peer, uint64_t now_ms)
{
    if (!peer->has_state || !live->has_own || (peer->flat_only && !live->has_own_flat))
        return LIVE_UNKNOWN;
    return live_is_ours(live, peer->state.root, peer->flat_only, now_ms) ? LIVE_EQUAL : LIVE_DIFFERS;
}

void
live_compare(struct live *live, struct live_peer *peer, bool is_check, uint64_t now_ms)
{
    enum live_agreement now = agreement_now(live, peer, now_ms);

    if (now != peer->agreement) {
        peer->agreement = now;
        peer->agreement_ms = now_ms;
        peer->checks = now == LIVE_UNKNOWN ? 0 : 1;
    } else if (is_check && now != LIVE_UNKNOWN) {
        peer->checks++;
    }
}

/* Why a connected peer is not live. */
static void
write_why(const struct live *live, const struct live_peer *peer, uint64_t now_ms, char out[LIVE_WHY_MAX])
{
    int64_t off = peer->clock_ms;

    if (peer->invalid)
        lat_copy(out, LIVE_WHY_MAX, "what it attested did not hold");
    else if (peer->clock_refused)
        snprintf(out, LIVE_WHY_MAX, "its clock is %" PRIu64 " s %s ours", (uint64_t)(off < 0 ? -off : off) / 1000,
                 off < 0 ? "behind" : "ahead of");
    else if (peer->has_exchange)
        snprintf(out, LIVE_WHY_MAX, "zombie: no exchange for %" PRIu64 " s", lung_elapsed_ms(now_ms, peer->exchange_ms) / 1000);
    else if (!live_key_counts(live, peer->has_key, peer->key))
        lat_copy(out, LIVE_WHY_MAX, "key not trusted");
    else
        lat_copy(out, LIVE_WHY_MAX, "connected, no state");
}

bool
live_row(struct live *live, const struct peerid *peer, uint64_t now_ms, struct live_row *out)
{
    const struct live_peer *p = live_find(live, peer);

    if (p == NULL)
        return false;
    *out = (struct live_row){ .live = p->live,
                              .trusted = live_key_counts(live, p->has_key, p->key),
                              .agreement = p->agreement,
                              .agreement_ms = p->agreement == LIVE_UNKNOWN ? 0 : p->agreement_ms,
                              .checks = p->checks,
                              .has_state = p->has_state,
                              .state = p->state,
                              .flat_only = p->flat_only,
                              .heard_ms = p->heard_ms,
                              .exchange_ms = p->has_exchange ? p->exchange_ms : 0,
                              .has_clock = p->has_clock,
                              .clock_ms = p->clock_ms,
                              .every_ms = p->every_ms };
    memcpy(out->name, p->name, sizeof(out->name));
    if (!p->live)
        write_why(live, p, now_ms, out->why_not);
    return true;
}

const struct peerid *
live_peer(const struct live *live, size_t i)
{
    for (size_t at = 0; at < live->peer_end; at++) {
        if (live->peers[at].used && i-- == 0)
            return &live->peers[at].id;
    }
    return NULL;
}

uint64_t
live_last_exchange(const struct live *live)
{
    return live->last_exchange_ms;
}

/* --- clocks -------------------------------------------------------------------------------------------------- */

static int
compare_clocks(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

bool
live_clock_is_off(const struct live *live, int64_t *off_ms)
{
    int64_t clocks[LIVE_PEERS_MAX];
    size_t n = 0, ahead = 0, behind = 0;

    for (size_t i = 0; i < live->peer_end; i++) {
        const struct live_peer *p = &live->peers[i];

        if (!p->used || !p->has_clock || !live_key_counts(live, p->has_key, p->key))
            continue;
        clocks[n++] = p->clock_ms;
        ahead += p->clock_ms > LIVE_CLOCK_MS;
        behind += p->clock_ms < -LIVE_CLOCK_MS;
    }
    if (2 * ahead <= n && 2 * behind <= n)
        return false;
    qsort(clocks, n, sizeof(clocks[0]), compare_clocks);
    *off_ms = clocks[n / 2];
    return true;
}
