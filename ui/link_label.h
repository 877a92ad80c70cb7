/* link_label.h - how a node that runs elsewhere is reached, in a word or two for people. Pure; console thread. */
#ifndef LAT_UI_LINK_LABEL_H
#define LAT_UI_LINK_LABEL_H

#include "view/link.h"

#define LINK_LABEL_MAX 32

/* "live", "host key", "retry in 4 s", "asks you", in the language at hand. */
const char *link_label(const struct link_status *status, uint64_t now_ms, char out[LINK_LABEL_MAX]);

#endif
