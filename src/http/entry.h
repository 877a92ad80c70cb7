/* entry.h - the key in the path of an entry's routes. */
#ifndef LAT_HTTP_ENTRY_H
#define LAT_HTTP_ENTRY_H

#include "http/api.h"

/*
 * Decode the rest of the path into *key (inited here): 1 to 1024 bytes of UTF-8, the first not zero, which is
 * the system's own. False: answered with what is wrong, *key is empty. Else the caller finishes it.
 */
bool entry_key(struct call *call, struct lat_buf *key);

#endif
