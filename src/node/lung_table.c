#include "config.h"

#include "node/lung_table.h"

#include <stddef.h>

/* A cell has two moves where H decides, else the same twice. A cell that is not named has none: it stays. */
struct cell {
    struct lung_move if_usable;
    struct lung_move if_not;
};

#define MOVE(state, letters) { LUNG_##state, letters }
#define TO(state, letters) { MOVE(state, letters), MOVE(state, letters) }
#define IF_H(state, letters, other, other_letters) { MOVE(state, letters), MOVE(other, other_letters) }

/* Columns by event; CMD_AUTO and FORCE_END share one. */
enum column { PEER_UP, LAST_DOWN, FALLBACK, HTTP_UP, HTTP_DOWN, HOLD, CMD_P2P, CMD_HTTP, AUTO, STOP };
#define COLUMN_COUNT 10

static const enum column column_of[LUNG_EVENT_COUNT] = {
    [LUNG_EV_PEER_UP] = PEER_UP,     [LUNG_EV_LAST_DOWN] = LAST_DOWN, [LUNG_EV_FALLBACK] = FALLBACK,
    [LUNG_EV_HTTP_UP] = HTTP_UP,     [LUNG_EV_HTTP_DOWN] = HTTP_DOWN, [LUNG_EV_HOLD] = HOLD,
    [LUNG_EV_CMD_P2P] = CMD_P2P,     [LUNG_EV_CMD_HTTP] = CMD_HTTP,   [LUNG_EV_CMD_AUTO] = AUTO,
    [LUNG_EV_FORCE_END] = AUTO,      [LUNG_EV_STOP] = STOP,
};

static const struct cell table[LUNG_STATE_COUNT][COLUMN_COUNT] = {
    [LUNG_STARTING] = {
        [PEER_UP] = TO(P2P, "c s"),
        [FALLBACK] = IF_H(HTTP, "h", ISOLATED, "i"),
        [CMD_P2P] = TO(FP2P_DOWN, "c x"),
        [CMD_HTTP] = IF_H(FHTTP_UP, "c p h", FHTTP_DOWN, "c p h"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_P2P] = {
        [LAST_DOWN] = TO(COUNTDOWN, "t k w f"),
        [CMD_P2P] = TO(FP2P_UP, "x"),
        [CMD_HTTP] = TO(FHTTP_DOWN, "p h"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_COUNTDOWN] = {
        [PEER_UP] = TO(P2P, "c s"),
        [FALLBACK] = IF_H(HTTP, "h", ISOLATED, "i"),
        [CMD_P2P] = TO(FP2P_DOWN, "c x"),
        [CMD_HTTP] = IF_H(FHTTP_UP, "c p h", FHTTP_DOWN, "c p h"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_HTTP] = {
        [PEER_UP] = TO(RECOVERING, "r"),
        [HTTP_DOWN] = TO(ISOLATED, "a i"),
        [CMD_P2P] = TO(FP2P_DOWN, "a x"),
        [CMD_HTTP] = TO(FHTTP_UP, "p"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_RECOVERING] = {
        [LAST_DOWN] = TO(HTTP, "t q f2"),
        [HTTP_DOWN] = TO(P2P, "q a s m"),
        [HOLD] = TO(P2P, "q a s m"),
        [CMD_P2P] = TO(FP2P_UP, "q a x"),
        [CMD_HTTP] = TO(FHTTP_UP, "q p"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_ISOLATED] = {
        [PEER_UP] = TO(P2P, "s"),
        [HTTP_UP] = TO(HTTP, "h"),
        [CMD_P2P] = TO(FP2P_DOWN, "x"),
        [CMD_HTTP] = TO(FHTTP_DOWN, "p h"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_FP2P_UP] = {
        [LAST_DOWN] = TO(FP2P_DOWN, "t"),
        [CMD_HTTP] = TO(FHTTP_DOWN, "p h"),
        [AUTO] = TO(P2P, "s"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_FP2P_DOWN] = {
        [PEER_UP] = TO(FP2P_UP, ""),
        [CMD_HTTP] = TO(FHTTP_DOWN, "p h"),
        [AUTO] = TO(COUNTDOWN, "k w"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_FHTTP_UP] = {
        [HTTP_DOWN] = TO(FHTTP_DOWN, ""),
        [CMD_P2P] = TO(FP2P_DOWN, "a x o"),
        [AUTO] = TO(HTTP, "o"),
        [STOP] = TO(STOPPING, "z"),
    },
    [LUNG_FHTTP_DOWN] = {
        [HTTP_UP] = TO(FHTTP_UP, ""),
        [CMD_P2P] = TO(FP2P_DOWN, "a x o"),
        [AUTO] = TO(COUNTDOWN, "a o k w"),
        [STOP] = TO(STOPPING, "z"),
    },
    /* STOPPING is final */
};

static const struct lung_move entry[] = {
    [LUNG_POLICY_AUTO] = MOVE(STARTING, "o k w"),
    [LUNG_POLICY_P2P] = MOVE(FP2P_DOWN, "o"),
    [LUNG_POLICY_HTTP] = MOVE(FHTTP_DOWN, "h"),
};

const struct lung_move *
lung_table_move(enum lung_state state, enum lung_event_kind kind, bool usable)
{
    const struct cell *cell = &table[state][column_of[kind]];
    const struct lung_move *move = usable ? &cell->if_usable : &cell->if_not;

    return move->actions == NULL ? NULL : move;
}

const struct lung_move *
lung_table_entry(enum lung_policy policy)
{
    return &entry[policy];
}
