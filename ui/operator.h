/* operator.h - who sits at this terminal, for the node's log. Any thread. */
#ifndef LAT_UI_OPERATOR_H
#define LAT_UI_OPERATOR_H

#include <stddef.h>

/* "console uid 1000 pts/3 from 10.0.0.7": user, terminal, and where an SSH session comes from. Escaped, cut. */
void operator_name(char *out, size_t size);

#endif
