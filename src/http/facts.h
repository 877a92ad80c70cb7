/* facts.h - a copy of struct api_facts (server.h) that belongs to the server. */
#ifndef LAT_HTTP_FACTS_H
#define LAT_HTTP_FACTS_H

#include "http/server.h"

/* A deep copy. NULL: out of memory. */
struct api_facts *facts_dup(const struct api_facts *facts);
void facts_free(struct api_facts *facts); /* of facts_dup; NULL is fine */

#endif
