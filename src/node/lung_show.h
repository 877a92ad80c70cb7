/*
 * lung_show.h - what the machine says about itself to snapshots and log. Pure; reads only.
 *
 * Spec: STATE-MACHINE sections 3 (degraded) and 9.
 */
#ifndef LAT_NODE_LUNG_SHOW_H
#define LAT_NODE_LUNG_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "node/lung.h"
#include "view/snapshot.h"

/* Time without a live peer while the P2P lung runs; -1: there is one, or the lung does not run. */
int64_t lung_no_peer_ms(const struct lung *l, uint64_t now_ms);

/* What is left of the countdown, 0 while it only waits for the first HTTP answer; -1: none runs. */
int64_t lung_fallback_in_ms(const struct lung *l, uint64_t now_ms);

/* The attribute "degraded" of P2P, RECOVERING and FP2P_UP. */
bool lung_is_degraded(const struct lung *l);

/*
 * Fill in what the machine knows: state to flaps, the three peer counts, p2p_enabled, p2p_running. The
 * errors, the exchange, `forced_by` and the http_* members are left alone; lung_http_fill has the latter.
 */
void lung_fill(const struct lung *l, uint64_t now_ms, struct snapshot_lung *out);

#endif
