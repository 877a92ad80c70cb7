/*
 * resolve.h - names to addresses without waiting: getaddrinfo knows no deadline, so it runs in a thread of its own, which is left behind
 * when nobody wants its answer any more. One owner; the thread touches what they share under its own lock.
 */
#ifndef LAT_ATTACH_RESOLVE_H
#define LAT_ATTACH_RESOLVE_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct resolve;

/* Begin. family: 0 any, 4, 6. LAT_NOMEM, LAT_SYS. */
LAT_MUST_CHECK enum lat_err resolve_start(const char *host, uint16_t port, int family, struct resolve **out);

/* Readable when the answer is there. */
int resolve_fd(const struct resolve *r);

/* False: not yet. *list: the addresses, borrowed until resolve_free; NULL with the reason in *why. */
bool resolve_done(struct resolve *r, const struct addrinfo **list, const char **why);

void resolve_free(struct resolve *r); /* NULL is fine; never waits */

#endif
