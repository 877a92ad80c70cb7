#include "config.h"

#include "node/lung_constants.h"

#define HOLD_LEAST_MS 500 /* what doubles when T_HOLD is shorter */

static uint64_t
smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct lung_constants
lung_defaults(void)
{
    return (struct lung_constants){
        .fallback_ms = 60000,
        .idle_ms = 3000,
        .dead_ms = 10000,
        .exchange_ms = 5000,
        .hold_ms = 10000,
        .hold_max_ms = 160000,
        .stable_ms = 120000,
        .calm_ms = 600000,
        .poll_ms = 10000,
        .warm_ms = 10000,
        .standby_ms = 300000,
        .iso_ms = 10000,
        .connect_ms = 3000,
        .total_ms = 10000,
        .http_dead_ms = 30000,
        .retry_min_ms = 1000,
        .retry_max_ms = 30000,
        .redial_min_ms = 1000,
        .redial_max_ms = 30000,
        .fail_count = 3,
        .diverge_count = 3,
        .min_peers = 2,
    };
}

uint64_t
lung_xdead_ms(const struct lung_constants *k, uint64_t peer_period_ms)
{
    return 6 * larger(k->exchange_ms, peer_period_ms);
}

uint64_t
lung_hold_ms(const struct lung_constants *k, uint32_t flaps)
{
    uint64_t max = larger(k->hold_max_ms, k->hold_ms);
    uint64_t hold = larger(k->hold_ms, HOLD_LEAST_MS);

    if (flaps == 0)
        return k->hold_ms;
    for (uint32_t i = 0; i < flaps && hold < max; i++)
        hold *= 2;
    return smaller(hold, max);
}

uint64_t
lung_warm_ms(const struct lung_constants *k)
{
    return smaller(k->warm_ms, k->poll_ms);
}

uint64_t
lung_http_dead_ms(const struct lung_constants *k)
{
    return larger(k->http_dead_ms, 3 * k->poll_ms);
}

uint64_t
lung_elapsed_ms(uint64_t now_ms, uint64_t since_ms)
{
    return now_ms > since_ms ? now_ms - since_ms : 0;
}
