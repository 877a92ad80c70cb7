#include "config.h"

#include "node/lung_show.h"

int64_t
lung_no_peer_ms(const struct lung *l, uint64_t now_ms)
{
    return l->running && l->peers.live == 0 ? (int64_t)lung_elapsed_ms(now_ms, l->t_zero_ms) : -1;
}

static int64_t
left_ms(uint64_t deadline_ms, uint64_t now_ms)
{
    return deadline_ms > now_ms ? (int64_t)(deadline_ms - now_ms) : 0;
}

int64_t
lung_fallback_in_ms(const struct lung *l, uint64_t now_ms)
{
    if (!l->fallback_armed)
        return -1;
    return l->running ? left_ms(l->t_zero_ms + l->k.fallback_ms, now_ms) : 0;
}

bool
lung_is_degraded(const struct lung *l)
{
    uint32_t enough = l->k.min_peers < l->peers.known ? l->k.min_peers : l->peers.known;

    if (l->state != LUNG_P2P && l->state != LUNG_RECOVERING && l->state != LUNG_FP2P_UP)
        return false;
    return l->peers.live < enough || l->peers.unanswered;
}

void
lung_fill(const struct lung *l, uint64_t now_ms, struct snapshot_lung *out)
{
    out->state = l->state;
    out->policy = l->policy;
    out->reason = l->reason;
    out->degraded = lung_is_degraded(l);
    out->since_ms = (int64_t)lung_elapsed_ms(now_ms, l->since_ms);
    out->no_peer_ms = lung_no_peer_ms(l, now_ms);
    out->fallback_in_ms = lung_fallback_in_ms(l, now_ms);
    out->fallback_after_ms = (int64_t)l->k.fallback_ms;
    out->hold_ms = (int64_t)lung_hold_ms(&l->k, l->flaps);
    out->recover_in_ms = l->hold_armed ? left_ms(l->t_recover_ms + (uint64_t)out->hold_ms, now_ms) : -1;
    out->forced_left_ms = l->force_armed ? left_ms(l->force_at_ms, now_ms) : -1;
    out->flaps = l->flaps;
    out->flaps_total = l->flaps_total;
    out->transitions_total = l->transitions_total;
    out->unexpected_total = l->unexpected_total;
    out->peers_live = l->peers.live;
    out->peers_connected = l->peers.connected;
    out->peers_known = l->peers.known;
    out->p2p_enabled = l->enabled;
    out->p2p_running = l->running;
}
