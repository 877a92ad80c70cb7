/*
 * console.h - the operator console: a client of one source, in the thread that calls it.
 *
 * The caller has called setlocale(LC_CTYPE, "") before it started threads, sends the log to a file (standard
 * error belongs to the screen meanwhile), and has blocked the signals that are no errors of the program
 * itself in its other threads (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP stay open
 * everywhere: blocked, they kill without a word and leave the terminal as it is).
 */
#ifndef LAT_UI_CONSOLE_H
#define LAT_UI_CONSOLE_H

#include <stdio.h>

#include "base/err.h"
#include "view/source.h"

#define FLEET_NODES_MAX 64

/* One node of a fleet. */
struct fleet_node {
    const char *name; /* as the operator calls it; "": as it calls itself */
    const char *tags; /* words for the filter; "" */
    bool confirm;     /* forcing its mode asks for its name, whatever console.ini says */
    struct source source;
};

/* Nodes come and go at the operator's wish. Console thread. */
struct fleet_ops {
    /* A node for what was typed: into *out, whose texts live until it is dropped. Any error: *why says what is wrong with it. */
    enum lat_err (*add)(void *arg, const char *target, struct fleet_node *out, struct lat_msg *why);
    /* No longer wanted; returns at once, whatever hangs. */
    void (*drop)(void *arg, const struct fleet_node *node);
};

/* Several nodes at once, or one that others can be set beside. */
struct fleet {
    int count;
    struct fleet_node *nodes;    /* room for FLEET_NODES_MAX where there are ops */
    bool single;                 /* begin in the console of the first one instead of the view of all; that one stays */
    const struct fleet_ops *ops; /* NULL: the nodes are what they are */
    void *arg;
};

struct console_options {
    const char *config_path; /* of console.ini, read again when it changes; NULL: none */
    const char *overrides;   /* lines as in console.ini that win over it: the command line; NULL: none */
    const char *record_path; /* append each snapshot that is shown to this file; NULL: do not */
};

/* Why the console ended; the terminal is as it was before. */
enum console_end {
    CONSOLE_QUIT_STOP,  /* the operator wants the node stopped */
    CONSOLE_QUIT_LEAVE, /* ... wants it left running (or it is not ours) */
    CONSOLE_HANGUP,     /* the terminal is gone; the node lives on */
    CONSOLE_SIGTERM,
    CONSOLE_NO_TERMINAL, /* no terminal, or one that cannot place a cursor: nothing was drawn */
    CONSOLE_BACK,        /* from a node to the view of many, or the other way; never out of console_run */
    CONSOLE_FAILED,      /* no memory or no descriptors to begin with */
};

/* Run until something ends it. Returns within 100 ms of the cause; a stalled terminal is given half a second
 * more. */
enum console_end console_run(const struct console_options *options, const struct source *source);

/* The same for many nodes: the fleet view, and each node behind it. Changes *fleet where it has ops. */
enum console_end console_run_fleet(const struct console_options *options, struct fleet *fleet);

/*
 * One picture as text, without the key bar. snapshot: NULL says "starting". source: for the title; NULL is
 * fine. LAT_NOMEM, LAT_SYS (writing failed).
 */
LAT_MUST_CHECK enum lat_err console_once(const struct console_options *options, const struct source *source,
                                         const struct snapshot *snapshot, int cols, int rows, FILE *out);

#endif
