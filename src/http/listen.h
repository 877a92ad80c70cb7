/* listen.h - where a listener stands: addresses as text, and sockets that wait there. */
#ifndef LAT_HTTP_LISTEN_H
#define LAT_HTTP_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

#define LISTEN_TEXT_MAX 64

struct listen_address {
    struct sockaddr_storage storage;
    socklen_t len;
    bool is_loopback;
};

/*
 * "127.0.0.1:8000", "[::1]:8000", "localhost:8000", ":8000" and "*:8000" (every interface); port 0: any.
 * LAT_MALFORMED with *why.
 */
LAT_MUST_CHECK enum lat_err listen_parse(const char *text, struct listen_address *out, struct lat_msg *why);

/* A listening socket there, not blocking. LAT_BUSY (taken), LAT_SYS, with *why. */
LAT_MUST_CHECK enum lat_err listen_open(const struct listen_address *address, int *fd, struct lat_msg *why);

/*
 * A listening socket in the file system, 0600; a stale one of ours is replaced. LAT_BUSY: somebody answers
 * there. LAT_LIMIT, LAT_SYS.
 */
LAT_MUST_CHECK enum lat_err listen_open_path(const char *path, int *fd, struct lat_msg *why);

/* The address that the socket is bound to, as text. */
void listen_text(int fd, char out[LISTEN_TEXT_MAX]);

#endif
