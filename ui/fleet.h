/*
 * fleet.h - many nodes on one screen: worst first, one filter, letters that say who agrees with whom, alerts of all merged.
 *
 * fleet_rows.c makes rows of what the sources say, fleet_alerts.c merges what is wrong, fleet_model.c answers keys, fleet_draw.c draws: all
 * pure. fleet_console.c is the screen on its loop. Console thread.
 */
#ifndef LAT_UI_FLEET_H
#define LAT_UI_FLEET_H

#include "acks.h"
#include "canvas.h"
#include "caps.h"
#include "console.h"
#include "filter.h"
#include "keys.h"
#include "prompt.h"
#include "question.h"
#include "settings.h"

#define FLEET_TEXT_MAX 320
#define FLEET_ALERTS_MAX 256 /* that are listed */

/* How grave; the worst first on the screen. */
enum fleet_rank { FLEET_ALARM, FLEET_UNREACHED, FLEET_ATTENTION, FLEET_FINE };

/* One node now. */
struct fleet_row {
    int index;                       /* in the fleet */
    char name[SNAPSHOT_NAME_MAX];    /* as the operator calls it, else as it calls itself, else where it is */
    const struct fleet_node *node;
    const struct snapshot *snapshot; /* NULL: none yet; borrowed */
    struct link_status link;
    enum fleet_rank rank;
    char letter;    /* of its root; '?' unknown */
    int64_t age_ms; /* of the snapshot; -1: none */
    int64_t lag_ms; /* its root has differed from root A for so long; -1: does not */
};

/* The rows of a moment. */
struct fleet_view {
    int count, total; /* rows that the filter lets pass; nodes */
    int live, agree;  /* nodes that are live; on root A */
    struct fleet_row rows[FLEET_NODES_MAX];
    char letters[FLEET_NODES_MAX + 1]; /* one a node, in the order of the fleet */
};

/* What is remembered of one node. */
struct fleet_memory {
    uint64_t differs_ms; /* since when its root is not A; 0: it is */
    struct acks acks;    /* alerts that the operator has seen */
    bool silence_seen;   /* ... and that it cannot be reached */
};

/* What the screen remembers. */
struct fleet_model {
    uint64_t now_ms, wall_ms;
    int cols, rows;
    bool can_change; /* nodes can be added and removed */
    bool holds_node; /* one of them runs in this process: quitting asks */
    int home;        /* node whose console this was opened from: Esc goes back there, and it stays; -1: none */
    struct settings settings;
    int selected; /* index of a node, so that it stays chosen while rows move */
    char filter[FILTER_TEXT_MAX];
    struct prompt prompt;
    int asked;      /* node that the open question is about */
    struct question question; /* of the way to that node, while its prompt is open */
    bool help;
    int help_top;
    bool frozen;
    uint64_t frozen_ms; /* since when */
    bool mouse;
    bool still; /* for paper: no keys are offered, all alerts are listed */
    char message[256];
    bool message_bad;
    uint64_t message_until_ms;
    uint64_t interrupt_ms; /* last Ctrl-C; 0: none */
    struct fleet_memory memory[FLEET_NODES_MAX];
};

/* --- fleet_rows.c ---------------------------------------------------------------------------------------- */

/*
 * Letters, ranks, order. snapshots and links: one a node; a snapshot may be NULL. Updates model->memory and brings the selection into
 * the rows.
 */
void fleet_look(const struct fleet *fleet, const struct snapshot *const *snapshots, const struct link_status *links,
                struct fleet_model *model, struct fleet_view *view);

/* The time of the picture: now, or when it was frozen. */
uint64_t fleet_now_ms(const struct fleet_model *model);

/* The selected row, or NULL where there is none; its place among the rows, 0 where there is none. */
const struct fleet_row *fleet_selected(const struct fleet_view *view, const struct fleet_model *model);
int fleet_place(const struct fleet_view *view, const struct fleet_model *model);

/* --- fleet_alerts.c -------------------------------------------------------------------------------------- */

/* One thing that is wrong. */
struct fleet_alert {
    const struct fleet_row *row;
    const struct snapshot_alert *alert; /* NULL: the node is not reached, or its way asks */
    bool alarm, seen;
};

/* Of all rows: what was not seen before what was, alarms before the rest. Returns how many. */
int fleet_alerts(const struct fleet_view *view, const struct fleet_model *model, struct fleet_alert out[FLEET_ALERTS_MAX]);

/* "D1 rio-2: diverges: 3 keys, since 14:02:45 (seen)". */
void fleet_alert_text(const struct fleet_alert *alert, char out[FLEET_TEXT_MAX]);

/* See the first alert, or all. False: there was none that can be seen. */
bool fleet_acknowledge(struct fleet_model *model, const struct fleet_view *view, bool all);

/* --- fleet_model.c --------------------------------------------------------------------------------------- */

enum fleet_wish {
    FLEET_NOTHING,
    FLEET_OPEN,   /* node: its console */
    FLEET_BACK,   /* to where the view was opened from */
    FLEET_ADD,    /* prompt.text: a target; fleet_refuse if it is none */
    FLEET_REMOVE, /* node */
    FLEET_RETRY,  /* node: without waiting longer */
    FLEET_SWITCH, /* node: to policy, for_s */
    FLEET_ANSWER, /* node: model->question, with prompt.text where it wants a secret; close the prompt then */
    FLEET_COPY,
    FLEET_MOUSE, /* model->mouse has changed */
    FLEET_REPAINT,
    FLEET_SUSPEND,
    FLEET_STOP,  /* end all, the node in this process too */
    FLEET_LEAVE, /* end the console */
};

struct fleet_effect {
    enum fleet_wish wish;
    int node;
    bool yes;
    enum lung_policy policy;
    uint32_t for_s; /* 0: until changed */
};

/* As for a screen of 80x24 with settings as nobody has made them. */
void fleet_model_init(struct fleet_model *model);

/* Take over what console.ini and the command line say. */
void fleet_configure(struct fleet_model *model, const struct settings *settings);

/* React to a key. */
struct fleet_effect fleet_key(struct fleet_model *model, const struct fleet_view *view, const struct key_press *press);

/* Ctrl-C, also when it came as a signal. */
struct fleet_effect fleet_interrupt(struct fleet_model *model);

/* Show an answer for a while. */
void fleet_say(struct fleet_model *model, bool bad, const char *text);

/* Ask for the target again, with what was typed, and say why it cannot be added. */
void fleet_refuse(struct fleet_model *model, const char *why);

/* Is the question of a way open? Its text stands above the bar then. */
bool fleet_asks(const struct fleet_model *model);

/* The links are these now: a question that has gone closes its prompt. */
void fleet_follow_question(struct fleet_model *model, const struct link_status *links);

/* Node `index` is gone; those behind it move up by one. */
void fleet_forget(struct fleet_model *model, int index);

/* --- fleet_draw.c ---------------------------------------------------------------------------------------- */

/* Where things stand, from the size of the screen and the number of alerts. */
struct fleet_layout {
    bool tiny;       /* under 40x10: facts, one a line */
    int alert_rows;  /* from row 2 on */
    int list_y, list_rows;
    int detail_rows; /* all about the selected node, below the list; 0: no room */
    int key_rows;
    int first;       /* row at the top of the list */
};

void fleet_layout_compute(struct fleet_layout *layout, const struct fleet_model *model, const struct fleet_view *view);

/* Draw into a blank canvas of model->cols x model->rows. Sets its cursor. */
void fleet_draw(const struct fleet_view *view, const struct fleet_model *model, const struct caps *caps, struct canvas *canvas);

/* What the columns mean, for the help; ends with NULL. */
extern const char *const fleet_help[];

/* --- fleet_console.c ------------------------------------------------------------------------------------- */

struct session;
struct fleet_screen; /* with all that it remembers while it is not shown */

struct fleet_screen *fleet_screen_new(struct session *session); /* NULL: out of memory */
void fleet_screen_free(struct fleet_screen *screen);

/*
 * The loop, on an open terminal. home: node whose console it was opened from, -1: none. CONSOLE_BACK: that console is wanted again; else
 * the end of all.
 */
enum console_end fleet_screen_run(struct fleet_screen *screen, int home);

#endif
