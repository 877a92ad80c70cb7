/*
 * wish.h - what the operator wants of a node: a command handed to it, and what became of it, in sentences. Console thread.
 */
#ifndef LAT_UI_WISH_H
#define LAT_UI_WISH_H

#include "view/source.h"
#include "words.h"

/* Hand a command (taken; NULL: there was no memory for it) to the node; *ticket gets the asker's reference. NULL, or why it was not taken. */
const char *wish_submit(const struct source *source, struct command *command, struct ticket **ticket);

/* Another mode, for_s 0: until changed; by who sits here. As wish_submit. */
const char *wish_switch(const struct source *source, enum lung_policy policy, uint32_t for_s, struct ticket **ticket);

/* Has the answer to a switch come? Then it is in text, *bad says whether it went wrong, and the ticket is gone. */
bool wish_answered(struct ticket **ticket, char text[WORDS_MAX], bool *bad);

#endif
