/*
 * rate.h - how much of something is let through: so many a second on average, and a burst at once after a quiet time (a token
 * bucket in whole thousandths). Pure; the owner's thread.
 */
#ifndef LAT_BASE_RATE_H
#define LAT_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
    uint64_t per_second, burst; /* both at least 1, below 2^40 */
};

/* Zeroed: as if after a quiet time. */
struct rate {
    uint64_t spent; /* thousandths that are missing from the burst */
    uint64_t at_ms; /* monotonic, of `spent` */
};

/* Would `cost` go through now? Of several rates that all must agree, ask each and then spend. */
bool rate_allows(const struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms);

/* It goes through (the caller has asked). */
void rate_spend(struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms);

/* Ask and spend. */
bool rate_take(struct rate *rate, const struct rate_limit *limit, uint64_t cost, uint64_t now_ms);

#endif
