/*
 * lung.h - the lung state machine: which transport vouches for the state, what starts and stops it.
 *
 *                       peer live                          peers lost
 *    STARTING ────────────────────────────▶  P2P  ────────────────────────▶ COUNTDOWN
 *       │  T_FALLBACK over                    ▲ ▲ ◀──────── peer live ───────────┘ │
 *       ├─────────────▶ HTTP ── peer live ─▶ RECOVERING ── hold over ─▶ P2P          │ T_FALLBACK over
 *       │                ▲│ ◀── peers lost ──┘                                       │
 *       │    source back ││ source lost                                              │
 *       └─────────────▶ ISOLATED ── peer live ─▶ P2P           (HTTP or ISOLATED) ◀──┘
 *
 *    The operator forces FP2P_UP / FP2P_DOWN or FHTTP_UP / FHTTP_DOWN from anywhere and ends it again.
 *    STOPPING is final.
 *
 * A pure function: no I/O, no clock, no allocation. The node thread owns the one `struct lung`, tells it what
 * happened, and carries out the actions that come back before it tells it anything else. What is due in one
 * turn of the loop is told in this order: LUNG_EV_STOP, commands, lung_set_peers, lung_round, and lung_tick
 * last, so that a peer that arrives in the turn in which the countdown ends prevents the fallback.
 *
 * Spec: STATE-MACHINE, whole. Names of guards, actions and constants are those of the page.
 */
#ifndef LAT_NODE_LUNG_H
#define LAT_NODE_LUNG_H

#include <stdbool.h>
#include <stdint.h>

#include "node/lung_constants.h"
#include "view/lung_words.h"

/* The P2P lung's peers as the driver counts them. */
struct lung_peers {
    uint32_t live;      /* L */
    uint32_t connected;
    uint32_t known;
    bool unanswered;    /* every live peer has a ping that is not answered yet */
};

/* The machine. Read it freely, change it through the functions below. Instants are monotonic milliseconds. */
struct lung {
    struct lung_constants k;
    enum lung_state state;
    enum lung_policy policy;
    enum lung_reason reason; /* of the last transition */
    uint64_t since_ms;       /* when `state` was entered */
    struct lung_peers peers;
    bool usable;             /* H */
    bool no_source;          /* the last HTTP outcome: none is configured */
    bool enabled;            /* configuration allows the P2P lung */
    bool wanted;             /* the P2P lung is asked to run */
    bool running;            /* R */
    uint64_t running_since_ms;
    bool probed;
    bool fallback_armed;
    bool hold_armed;
    bool force_armed;
    bool retry_armed;
    uint64_t force_at_ms;
    uint64_t retry_at_ms;
    uint64_t retry_pause_ms; /* the next pause of T_RETRY */
    uint64_t t_zero_ms;
    uint64_t t_recover_ms;
    uint64_t t_entered_p2p_ms;
    bool from_recovery;
    uint32_t flaps;
    uint64_t flaps_total;       /* lattice_lung_flaps_total */
    uint64_t unexpected_total;  /* lattice_lung_unexpected_total */
    uint64_t transitions_total;
};

/*
 * What the driver has to do, in the order of the bits (section 5, letters in brackets). The rest of the
 * page's actions (t k c r q m f f2 g) concern only the machine itself and are done inside.
 */
enum lung_action {
    LUNG_DO_HTTP_DISCARD = 1 << 0,  /* a: HTTP stops carrying; an answer in flight is never applied */
    LUNG_DO_HTTP_OFF = 1 << 1,      /* x: cancel transfers, close connections, drop staged data */
    LUNG_DO_HTTP_STANDBY = 1 << 2,  /* s: standby probes; drop staged data */
    LUNG_DO_P2P_OFF = 1 << 3,       /* p: close all connections and the listener, stop dialling */
    LUNG_DO_P2P_ON = 1 << 4,        /* o: listen, dial; on failure tell lung_p2p_down in the same turn */
    LUNG_DO_P2P_RETRY = 1 << 5,     /* T_RETRY is over: start again, then lung_p2p_up or lung_p2p_down */
    LUNG_DO_HTTP_WARM = 1 << 6,     /* w: give up a running round, probe at once; stage the answers */
    LUNG_DO_HTTP_CARRY = 1 << 7,    /* h: apply staged data if fresh, poll at once */
    LUNG_DO_ISOLATED = 1 << 8,      /* i: probes with back-off; cut every redial back-off short */
    LUNG_DO_STOP = 1 << 9,          /* z: stop both lungs, flush, persist, leave within 5 s */
};

/* Section 4. The first eleven are the columns of the page's table; commands carry the operator's `for`. */
enum lung_event_kind {
    LUNG_EV_PEER_UP,
    LUNG_EV_LAST_DOWN,
    LUNG_EV_FALLBACK,
    LUNG_EV_HTTP_UP,
    LUNG_EV_HTTP_DOWN,
    LUNG_EV_HOLD,
    LUNG_EV_CMD_P2P,
    LUNG_EV_CMD_HTTP,
    LUNG_EV_CMD_AUTO,
    LUNG_EV_FORCE_END,
    LUNG_EV_STOP,
};
#define LUNG_EVENT_COUNT 11

struct lung_event {
    enum lung_event_kind kind;
    enum lung_reason why; /* LAST_DOWN: LAST_PEER_* or P2P_FAILED; HTTP_DOWN: HTTP_FAILED or NO_SOURCE */
    uint32_t peers;       /* PEER_UP: L, 1 or more */
    uint64_t for_ms;      /* CMD_P2P, CMD_HTTP: T_FORCE; 0: until changed */
};

/* What one call brought about: at most one transition. */
struct lung_step {
    bool moved;
    bool refused;            /* CMD_P2P while configuration disables the lung: nothing changed (409) */
    enum lung_state from, to; /* both the present state when not moved */
    enum lung_reason reason; /* of the transition; when not moved, of the one before */
    uint32_t actions;        /* enum lung_action bits */
};

/*
 * Begin. With policy p2p the lung must be enabled (a configuration error, 78, otherwise: the caller has
 * refused it). The step is no transition (moved is false) but has actions.
 */
struct lung_step lung_start(struct lung *l, const struct lung_constants *k, enum lung_policy policy,
                            bool p2p_enabled, uint64_t now_ms);

/*
 * One event of section 4, whatever the state. What cannot arise there (a second PEER_UP, a timer that is not
 * due, HTTP_UP in P2P) is counted in unexpected_total and changes nothing. Drivers raise LUNG_EV_STOP and
 * LUNG_EV_CMD_* with it; the other kinds follow from the calls below.
 */
struct lung_step lung_event(struct lung *l, const struct lung_event *event, uint64_t now_ms);

/* The peers are now these. Raises PEER_UP or LAST_DOWN (with `why`) when `live` leaves or reaches 0. */
struct lung_step lung_set_peers(struct lung *l, const struct lung_peers *peers, enum lung_reason why,
                                uint64_t now_ms);

/*
 * A round of HTTP requests has an outcome, or time or a reload took the last usable source away: H is now
 * `usable` (lung_http.h has the rules), `why` one of HTTP_OK, HTTP_FAILED, NO_SOURCE. Raises HTTP_UP or
 * HTTP_DOWN when H changes; nothing in P2P and FP2P_*, where an answer vouches for nothing. Rounds given up
 * at LUNG_DO_HTTP_WARM are not told.
 */
struct lung_step lung_round(struct lung *l, bool usable, enum lung_reason why, uint64_t now_ms);

/* LUNG_UP: the P2P lung runs (again). Nothing when it already did. */
void lung_p2p_up(struct lung *l, uint64_t now_ms);

/* LUNG_DOWN: the P2P lung failed, or failed to start. Arms T_RETRY; LAST_DOWN if there were live peers. */
struct lung_step lung_p2p_down(struct lung *l, uint64_t now_ms);

/* RELOAD: new constants. Timers keep their start; lung_tick of the same turn raises what is then overdue. */
void lung_reload(struct lung *l, const struct lung_constants *k);

/* Raise the timer that is due: FORCE_END, HOLD or FALLBACK. At least every 100 ms, last in a loop turn. */
struct lung_step lung_tick(struct lung *l, uint64_t now_ms);

/* The instant at which lung_tick next has something to do; 0: at once; UINT64_MAX: never, as things stand. */
uint64_t lung_next_deadline(const struct lung *l);

#endif
