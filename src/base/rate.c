#include "config.h"

#include "base/rate.h"

/* What is still missing from the burst. */
static uint64_t
missing(const struct rate *rate, const struct rate_limit *limit, uint64_t now_ms)
{
    uint64_t passed = now_ms > rate->at_ms ? now_ms - rate->at_ms : 0;

    /* Division first: a long quiet time must not overflow. */
    if (passed > rate->spent / limit->per_second)
        return 0;
    return rate->spent - passed * limit->per_second;
}

bool
rate_allows(const struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms)
{
    return cost <= limit->burst && missing(rate, limit, now_ms) + cost * 1000 <= limit->burst * 1000;
}

void
rate_spend(struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms)
{
    rate->spent = missing(rate, limit, now_ms) + cost * 1000;
    rate->at_ms = now_ms > rate->at_ms ? now_ms : rate->at_ms;
}

bool
rate_take(struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms)
{
    if (!rate_allows(rate, limit, cost, now_ms))
        return false;
    rate_spend(rate, limit, cost, now_ms);
    return true;
}
