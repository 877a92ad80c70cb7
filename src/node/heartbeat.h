/*
 * heartbeat.h - what the log says about the lungs: which line is due, in which words, at which level.
 *
 * An observer of struct lung without I/O or clock: it is shown every step of the machine and one look at the
 * end of each loop turn, and writes whole lines through a callback. Operators grep for its tags and marks:
 * they are those of v3.0.3. Belongs to the node thread.
 *
 * Spec: STATE-MACHINE section 11; COMPAT-v3.0.3 section 9.
 */
#ifndef LAT_NODE_HEARTBEAT_H
#define LAT_NODE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "node/lung.h"

#define HEARTBEAT_BURST 6           /* transitions told one by one within ... */
#define HEARTBEAT_WINDOW_MS 60000   /* ... this time; further ones are summed up once in as long */

/* One line: tags, marks, text, fields. Borrowed for the call. */
typedef void (*heartbeat_fn)(void *arg, enum lat_level level, const char *text);

/*
 * What the lines tell beyond the machine, as the snapshot has it: escaped, "" for none. Borrowed for the
 * call.
 */
struct heartbeat_facts {
    const char *p2p_error;
    const char *http_error;
    uint32_t sources;  /* HTTP sources configured */
    bool http_usable;  /* last outcome */
};

struct heartbeat {
    heartbeat_fn write;
    void *arg;
    bool monitoring;         /* P2P was seen running */
    bool failed;             /* ... was seen failed, and that has been said */
    bool warned;             /* STARTING: nobody there has been said */
    uint64_t countdown_zero_ms; /* t_zero of the countdown that is told */
    int64_t countdown_left_ms;  /* least remaining time seen of it; -1: none */
    uint64_t moved_ms[HEARTBEAT_BURST]; /* the last transitions, oldest at `moves` modulo the size */
    uint64_t moves;
    uint64_t suppressed;     /* since the last summary */
    uint64_t summary_ms;     /* when the next summary is due, while suppressed > 0 */
};

/* Before the first step. Keeps write and arg. */
void heartbeat_init(struct heartbeat *hb, heartbeat_fn write, void *arg);

/* The process has started: lung_start is done and its actions are carried out. */
void heartbeat_start(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts,
                     uint64_t now_ms);

/* After each step. One that is no transition is ignored. */
void heartbeat_step(struct heartbeat *hb, const struct lung *l, const struct lung_step *step,
                    const struct heartbeat_facts *facts, uint64_t now_ms);

/* One look, last in a loop turn, at least every 100 ms. */
void heartbeat_tick(struct heartbeat *hb, const struct lung *l, const struct heartbeat_facts *facts,
                    uint64_t now_ms);

#endif
