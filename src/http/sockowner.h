/*
 * sockowner.h - which user of this machine holds the other end of a TCP connection, by the kernel's own word
 * (netlink sock_diag, one question for the exact pair of addresses).
 *
 * The answer counts only while both ends are ESTABLISHED and the client's end still belongs to a file (inode
 * other than 0): the socket of a client that has closed shows uid 0, and must not pass for root. One object
 * belongs to one thread.
 */
#ifndef LAT_HTTP_SOCKOWNER_H
#define LAT_HTTP_SOCKOWNER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"

struct sockowner;

/* LAT_SYS with errno: this kernel does not answer such questions; then nobody has a user here. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err sockowner_new(struct sockowner **out);
void sockowner_free(struct sockowner *owner); /* NULL is fine */

/*
 * Who holds the client's end of the accepted connection fd?
 *
 * LAT_NOTFOUND  not over loopback, or the client's end is not on this machine, closed, or closing
 * LAT_SYS       the kernel did not answer; errno has it
 */
LAT_MUST_CHECK enum lat_err sockowner_find(struct sockowner *owner, int fd, uid_t *uid);

#endif
