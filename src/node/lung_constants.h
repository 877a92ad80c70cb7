/*
 * lung_constants.h - the times and counts of the lungs: defaults, and what is derived from them. Pure; any
 * thread.
 *
 * Spec: STATE-MACHINE section 2.
 */
#ifndef LAT_NODE_LUNG_CONSTANTS_H
#define LAT_NODE_LUNG_CONSTANTS_H

#include <stdint.h>

/* Milliseconds, except counts. The configuration changes some; lung_defaults fills all. */
struct lung_constants {
    uint64_t fallback_ms;    /* T_FALLBACK */
    uint64_t idle_ms;        /* T_IDLE */
    uint64_t dead_ms;        /* T_DEAD */
    uint64_t exchange_ms;    /* T_EXCHANGE */
    uint64_t hold_ms;        /* T_HOLD */
    uint64_t hold_max_ms;    /* T_HOLD_MAX; hold_ms if that is longer */
    uint64_t stable_ms;      /* T_STABLE */
    uint64_t calm_ms;        /* T_CALM */
    uint64_t poll_ms;        /* T_POLL */
    uint64_t warm_ms;        /* T_WARM; poll_ms where that is shorter */
    uint64_t standby_ms;     /* T_STANDBY; 0: off */
    uint64_t iso_ms;         /* T_ISO */
    uint64_t connect_ms;     /* T_CONNECT */
    uint64_t total_ms;       /* T_TOTAL */
    uint64_t http_dead_ms;   /* T_HTTP_DEAD; 3 * poll_ms where that is longer */
    uint64_t retry_min_ms;   /* T_RETRY, first and last pause */
    uint64_t retry_max_ms;
    uint64_t redial_min_ms;  /* T_REDIAL_MIN, T_REDIAL_MAX */
    uint64_t redial_max_ms;
    uint32_t fail_count;     /* N_FAIL */
    uint32_t diverge_count;  /* N_DIVERGE */
    uint32_t min_peers;      /* N_MIN */
};

struct lung_constants lung_defaults(void);

/* T_XDEAD for a peer that states this period in its root announcement; 0: it states none. */
uint64_t lung_xdead_ms(const struct lung_constants *k, uint64_t peer_period_ms);

/* The hold after so many flaps. */
uint64_t lung_hold_ms(const struct lung_constants *k, uint32_t flaps);

/* T_WARM and T_HTTP_DEAD with T_POLL taken into account. */
uint64_t lung_warm_ms(const struct lung_constants *k);
uint64_t lung_http_dead_ms(const struct lung_constants *k);

/*
 * Time since an instant; 0 where the caller's clock stands before it (a loop's cached time may lag a little).
 */
uint64_t lung_elapsed_ms(uint64_t now_ms, uint64_t since_ms);

#endif
