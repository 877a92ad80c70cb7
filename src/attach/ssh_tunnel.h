/*
 * ssh_tunnel.h - the way to a node's API through one or more SSH servers: a link for each host of the route, each inside the one before.
 *
 * Turned by its owner, one thread: wait for ssh_tunnel_fds until ssh_tunnel_due_ms, then turn. It never waits by itself (an agent and
 * the asker may).
 */
#ifndef LAT_ATTACH_SSH_TUNNEL_H
#define LAT_ATTACH_SSH_TUNNEL_H

#include "attach/ssh_link.h"

#define SSH_TUNNEL_FDS_MAX (SSH_HOPS_MAX * SSH_LINK_FDS_MAX)

struct ssh_tunnel;

/* Takes the route, borrows the asker (NULL: nobody to ask). NULL: out of memory. */
struct ssh_tunnel *ssh_tunnel_new(struct ssh_route *route, const struct ssh_asker *asker);
void ssh_tunnel_free(struct ssh_tunnel *tunnel); /* at once; NULL is fine */

/* Begin, or begin again: what there was is ended. */
void ssh_tunnel_start(struct ssh_tunnel *tunnel, uint64_t now_ms);

/* Do all that can be done now. */
void ssh_tunnel_turn(struct ssh_tunnel *tunnel, uint64_t now_ms);

/* The step of the host that is being reached; UP: of all; DEAD: one of them is, or it was never started. */
enum ssh_step ssh_tunnel_step(const struct ssh_tunnel *tunnel);
const char *ssh_tunnel_error(const struct ssh_tunnel *tunnel);
bool ssh_tunnel_is_final(const struct ssh_tunnel *tunnel);
bool ssh_tunnel_asks(const struct ssh_tunnel *tunnel);

/* UP: a descriptor whose other end is the node's API; the caller closes it. -1: not now. */
int ssh_tunnel_open(struct ssh_tunnel *tunnel);

size_t ssh_tunnel_fds(const struct ssh_tunnel *tunnel, struct pollfd fds[SSH_TUNNEL_FDS_MAX]);
uint64_t ssh_tunnel_due_ms(const struct ssh_tunnel *tunnel);

#endif
