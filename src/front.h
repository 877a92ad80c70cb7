/*
 * front.h - how a source is shown: on a screen, in sentences, once, as a recording. Main thread; the codes are those of the
 * program's exit.
 */
#ifndef LAT_FRONT_H
#define LAT_FRONT_H

#include <stdio.h>

#include "cli/options.h"
#include "console.h"
#include "view/exchange.h"
#include "view/source.h"

/* Before any thread is there: the language of console.ini, of the command line or of the locale. EXIT_USAGE: a flag of the screen cannot be obeyed. */
int front_open_language(const struct options *o);

/* Without a console: until SIGTERM or SIGINT; SIGHUP reads the configuration again. */
void front_wait_headless(struct exchange *x);

/* The screen, or of one node sentences. x: of the node in this process, which may outlive the console; NULL: there is none, or it must
 * not. Drops what was added. */
int front_show(const struct options *o, struct fleet *fleet, struct exchange *x);

/* One picture, as text or JSON; exit code as of `lattice status`. */
int front_print_once(const struct source *source, const struct options *o);

/* A snapshot as the screen would show it. */
void front_print_screen(FILE *out, const struct snapshot *snapshot, const struct options *o);

/* `console --print-config`, `replay FILE`. */
int front_print_settings(const struct options *o);
int front_replay(const struct options *o);

#endif
