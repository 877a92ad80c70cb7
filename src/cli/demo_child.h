/*
 * demo_child.h - how a demo speaks to the nodes it has started: lines on their standard input. No other node reads such lines.
 *
 *   gate P2P HTTP       open, reset or drop; open or reset: COMMAND_GATE
 *   put KEY JSON        write an entry
 *
 * The end of the input is the end of the demo, and of the node.
 */
#ifndef LAT_CLI_DEMO_CHILD_H
#define LAT_CLI_DEMO_CHILD_H

#include "view/command.h"
#include "view/exchange.h"

#define DEMO_LINE_MAX 4096 /* with its newline */

/* What a line asks for. NULL: not understood, or out of memory. */
struct command *demo_child_command(char *line);

/* The same as a line with its newline. False: it does not fit. */
bool demo_child_gate_line(enum command_gate p2p, enum command_gate http, char out[DEMO_LINE_MAX]);
bool demo_child_put_line(const char *key, const char *value, char out[DEMO_LINE_MAX]);

/* A command that writes an entry. NULL: out of memory. */
struct command *demo_child_put(const char *key, const char *value);

/* In the child, whose node has this exchange: do what is said until the input ends, or SIGTERM or SIGINT. Main thread. */
void demo_child_run(struct exchange *x);

#endif
