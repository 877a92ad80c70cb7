/*
 * lung_words.h - the vocabulary of the lung state machine, shared by the machine itself, the API, the log and the
 * panels, so that all of them say the same. Pure; any thread.
 *
 * Spec: STATE-MACHINE sections 3, 9 and 10.
 */
#ifndef LAT_VIEW_LUNG_WORDS_H
#define LAT_VIEW_LUNG_WORDS_H

#include <stdbool.h>

#include "base/err.h"

#define LUNG_STATE_MAP(X)                                                                           \
    X(STARTING, "STARTING")                                                                         \
    X(P2P, "P2P")                                                                                   \
    X(COUNTDOWN, "COUNTDOWN")                                                                       \
    X(HTTP, "HTTP")                                                                                 \
    X(RECOVERING, "RECOVERING")                                                                     \
    X(ISOLATED, "ISOLATED")                                                                         \
    X(FP2P_UP, "FP2P_UP")                                                                           \
    X(FP2P_DOWN, "FP2P_DOWN")                                                                       \
    X(FHTTP_UP, "FHTTP_UP")                                                                         \
    X(FHTTP_DOWN, "FHTTP_DOWN")                                                                     \
    X(STOPPING, "STOPPING")

enum lung_state {
#define LUNG_STATE_ENUM(name, text) LUNG_##name,
    LUNG_STATE_MAP(LUNG_STATE_ENUM)
#undef LUNG_STATE_ENUM
};
#define LUNG_STATE_COUNT 11

#define LUNG_REASON_MAP(X)                                                                          \
    X(START, "start")                                                                               \
    X(PEER_LIVE, "peer_live")                                                                       \
    X(LAST_PEER_RESET, "last_peer_reset")                                                           \
    X(LAST_PEER_CLOSED, "last_peer_closed")                                                         \
    X(LAST_PEER_SILENT, "last_peer_silent")                                                         \
    X(LAST_PEER_STALE, "last_peer_stale")                                                           \
    X(LAST_PEER_INVALID, "last_peer_invalid")                                                       \
    X(P2P_FAILED, "p2p_failed")                                                                     \
    X(P2P_UNAVAILABLE, "p2p_unavailable")                                                           \
    X(COUNTDOWN_OVER, "countdown_over")                                                             \
    X(HTTP_OK, "http_ok")                                                                           \
    X(HTTP_FAILED, "http_failed")                                                                   \
    X(NO_SOURCE, "no_source")                                                                       \
    X(HOLD_OVER, "hold_over")                                                                       \
    X(OPERATOR, "operator")                                                                         \
    X(FORCE_OVER, "force_over")                                                                     \
    X(SHUTDOWN, "shutdown")

enum lung_reason {
#define LUNG_REASON_ENUM(name, text) LUNG_BY_##name,
    LUNG_REASON_MAP(LUNG_REASON_ENUM)
#undef LUNG_REASON_ENUM
};
#define LUNG_REASON_COUNT 17

enum lung_policy { LUNG_POLICY_AUTO, LUNG_POLICY_P2P, LUNG_POLICY_HTTP };

/* The lung that is vouching for the state now: exactly three values. */
enum sync_mode { SYNC_NONE, SYNC_P2P, SYNC_HTTP };

const char *lung_state_name(enum lung_state state);   /* "COUNTDOWN" */
const char *lung_reason_name(enum lung_reason reason); /* "last_peer_reset" */
const char *lung_policy_name(enum lung_policy policy); /* "auto", "p2p", "http" */
const char *sync_mode_name(enum sync_mode mode);       /* "P2P", "HTTP", "NONE" */

/* The reverse, exact spelling. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err lung_state_parse(const char *text, enum lung_state *state);
LAT_MUST_CHECK enum lat_err lung_reason_parse(const char *text, enum lung_reason *reason);
LAT_MUST_CHECK enum lat_err lung_policy_parse(const char *text, enum lung_policy *policy);

/* Section 3, last column. */
enum sync_mode lung_sync_mode(enum lung_state state);

/* Section 9: HTTP carries or is told to. */
bool lung_http_sync_enabled(enum lung_state state);

/* Section 9: readiness 200? */
bool lung_is_ready(enum lung_state state);

/* Policy is p2p or http. */
bool lung_is_forced(enum lung_state state);

#endif
