/*
 * model.h - what the console itself remembers between frames: focus, scroll, filters, prompt, alerts
 * that have been seen.
 *
 * A key and the snapshot on the screen go in, a changed model and at most one effect come out; the console
 * carries the effect out. Nothing here knows a terminal, a clock or a node. Pure; console thread.
 */
#ifndef LAT_UI_MODEL_H
#define LAT_UI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "acks.h"
#include "canvas.h"
#include "filter.h"
#include "keymap.h"
#include "nodes.h"
#include "prompt.h"
#include "question.h"
#include "settings.h"
#include "view/command.h"
#include "view/snapshot.h"
#include "view/source.h"

enum panel_id {
    PANEL_LUNGS,
    PANEL_FALLBACK,
    PANEL_STATE,
    PANEL_PEERS,
    PANEL_DIVERGENCE,
    PANEL_EVENTS,
    PANEL_TIMELINE,
    PANEL_COUNT
};

#define MODEL_TROUBLE_MAX 240
#define MODEL_STALE_MS 15000    /* three rounds without a new snapshot: figures are marked */
#define MODEL_INTERRUPT_MS 2000 /* a second Ctrl-C within this stops */
#define MODEL_MESSAGE_MS 5000   /* how long an answer stands in the key bar */

/* One panel's place in its list. */
struct panel_place {
    int selected;                 /* row; brought into range when drawn */
    uint64_t anchor;              /* events: sequence number of the selected line; 0: follow the newest */
    char filter[FILTER_TEXT_MAX]; /* "": everything */
    char last[FILTER_TEXT_MAX];   /* the last that was typed, for the next question */
    enum lat_level least;         /* events: nothing below this level */
    char source[24];              /* events: of this source only; "": of all */
    enum node_sort sort;          /* peers */
    bool reverse;
};

struct model {
    uint64_t now_ms;     /* CLOCK_MONOTONIC, set before each frame and key */
    uint32_t refresh_ms; /* how often a picture is expected to change */
    int cols, rows;      /* of the screen */
    bool embedded, control;
    bool beside_own; /* the node runs elsewhere, and another one in this process: quitting asks */
    char via[64];
    char trouble[MODEL_TROUBLE_MAX]; /* the node runs elsewhere and does not answer: how that is, in the operator's language; "": it does */
    uint64_t asked_ms;   /* since when its first picture is waited for; 0: not at all */
    bool still; /* a picture for paper (--once): no keys are offered */
    enum panel_id focus;
    bool zoomed, help;
    bool alerts;   /* all of them, over the panels; it and the help exclude each other */
    bool detail;   /* everything about the selected line, over the lists */
    bool captions; /* a sentence above the key bar */
    const struct story_face *story; /* what it says in a demo; NULL: there is no story */
    bool mouse;
    bool recorded;            /* the pictures are from a recording: none is of now */
    bool past;                /* the picture on the screen is from the node's history */
    int64_t behind_ms;        /* past: so long before now */
    struct settings settings; /* of console.ini and the command line */
    int help_top;  /* first line of help or alerts */
    struct panel_place places[PANEL_COUNT];
    struct prompt prompt;
    struct question question; /* of the way to a node elsewhere */
    bool frozen;
    uint64_t frozen_ms; /* since when */
    struct acks acks; /* alerts that the operator has seen */
    char message[256]; /* answer to the last command; shown until message_until_ms */
    bool message_bad;
    uint64_t message_until_ms;
    uint64_t interrupt_ms; /* last Ctrl-C; 0: none */
};

enum effect_kind {
    EFFECT_NONE,
    EFFECT_SWITCH, /* submit policy and for_s */
    EFFECT_STOP,   /* end the console and the node */
    EFFECT_LEAVE,  /* end the console, the node goes on */
    EFFECT_REPAINT,
    EFFECT_SUSPEND,
    EFFECT_COPY,  /* show the focused panel as plain text until a key comes */
    EFFECT_WRITE, /* the focused panel into the file whose name prompt.text holds */
    EFFECT_MOUSE, /* model->mouse has changed */
    EFFECT_LOOK,  /* another moment of the node's history: look */
    EFFECT_NOW,   /* back to the present */
    EFFECT_ANSWER, /* to the question of the link: yes, with prompt.text where it wants one; close the prompt then */
    EFFECT_FLEET, /* the view of many nodes */
};

struct effect {
    enum effect_kind kind;
    enum lung_policy policy;
    uint32_t for_s;
    bool yes; /* ANSWER */
    enum look_step look;
    uint64_t at_ms; /* LOOK: seen from this wall time; 0: from what is on the screen */
};

void model_init(struct model *model);

/* Rows that the sentence above the key bar takes: 0, 1, or in a demo 2. */
int model_caption_rows(const struct model *model);

/* Take over what console.ini and the command line say: at start, and when the file has changed. */
void model_configure(struct model *model, const struct settings *settings);

/* What the link asks now: its prompt opens as soon as no other one is open, and closes when the question goes. */
void model_follow_question(struct model *model, const struct link_status *link);

/* React to a key. snapshot: what is on the screen, NULL before the first. */
struct effect model_key(struct model *model, const struct snapshot *snapshot, const struct key_press *press);

/* Is there anything that Esc would close or take back, or the past to come back from? */
bool model_has_opened(const struct model *model);

/* Ctrl-C, also when it came as a signal. */
struct effect model_interrupt(struct model *model);

/* Show an answer in the key bar for a while. text is cut. */
void model_say(struct model *model, bool bad, const char *text);

/* Age of the data on the screen. */
int64_t model_age_ms(const struct model *model, const struct snapshot *snapshot);

/* Over three rounds old, and not because the operator froze it. */
bool model_is_stale(const struct model *model, const struct snapshot *snapshot);

#endif
