/*
 * ask.h - questions of an SSH connection, on the terminal: /dev/tty, whatever standard input and output are. Main thread, before a
 * console has the screen.
 */
#ifndef LAT_CLI_ASK_H
#define LAT_CLI_ASK_H

#include "attach/ssh_link.h"

/* For struct ssh_asker. Waits for the answer; NO at once where there is no terminal. A passphrase is not shown; the picture of a host key is. */
enum ssh_answer ask_on_terminal(void *arg, const struct ssh_question *question, char *secret);

#endif
