/*
 * console_parts.h - the console's own state, for console.c (the screen of one node), console_node.c (what goes to and comes from the
 * node) and fleet_console.c (the view of many). Console thread.
 */
#ifndef LAT_UI_CONSOLE_PARTS_H
#define LAT_UI_CONSOLE_PARTS_H

#include "alarm.h"
#include "console.h"
#include "fleet.h"
#include "loop.h"
#include "model.h"
#include "narrate.h"
#include "privacy.h"
#include "recorder.h"

#define TICKET_MS 20 /* how often an answer is looked for */

/* All that is shown on one terminal, from its opening on. */
struct session {
    const struct console_options *options;
    struct settings settings; /* at the opening; each screen follows console.ini from there */
    struct settings_file file;
    struct lat_msg finding;
    struct fleet *fleet;
    bool holds_node;             /* one of them runs in this process */
    struct fleet_screen *screen; /* the view of all, once it has been opened */
};

/* One node's console. */
struct console {
    struct session *session;
    const struct source *source;
    struct model model;
    struct loop loop;
    const struct snapshot *snapshot; /* the latest */
    const struct snapshot *then;     /* of the past, while the operator looks back; else NULL */
    struct ticket *ticket;           /* of the command under way */
    struct ticket *look;             /* of the look into the past under way */
    struct alarm alarm;
    struct narrator narrator;
    struct recorder *recorder;
    struct privacy *privacy;         /* NULL: shown as it is */
    const struct fleet_node *in_fleet; /* opened from the view of many nodes, to go back to; NULL: it begins here */
    struct link_status link;         /* of a node that runs elsewhere */
};

/* --- console.c --- */

/* A node's console, opened from the view of many; CONSOLE_BACK: the view is wanted again. */
enum console_end console_visit(struct session *session, const struct fleet_node *node);

/* --- console_node.c --- */

/* What is on the screen: the latest picture, or one of the past; NULL before the first. Borrow. */
const struct snapshot *console_shown(const struct console *c);

/* How the way to a node elsewhere does, for the title; and what it asks. */
void console_follow_link(struct console *c);

/* What the way to it has asked; a secret is the one that was typed, and is wiped then. */
void console_answer(struct console *c, bool yes);

/* Take the latest picture if it is a new one: records it, and rings for what is new in it. Nothing while frozen. */
void console_take_snapshot(struct console *c);

/* Ask the node for another mode; for another moment of its past (at_ms 0: seen from what is shown); leave the past. */
void console_switch(struct console *c, const struct effect *effect);
void console_look_back(struct console *c, enum look_step step, uint64_t at_ms);
void console_back_to_now(struct console *c);

/* Answers, if they have come. */
void console_take_look(struct console *c);
void console_take_answer(struct console *c);

/* Into the log of a node of our own, for those who look at it later: who has seen which alert. before: how many had been seen. */
void console_log_acks(const struct acks *acks, int before);

/* What is wrong now has rung on another screen. */
void console_hush(struct console *c);

#endif
