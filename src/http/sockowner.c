#include "config.h"

#include "http/sockowner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX 4096
#define ANSWER_MS 200 /* the kernel answers within the send; this only bounds a surprise */

struct sockowner {
    int fd;
    uint32_t seq;
};

/* One end of a connection. */
struct end {
    int family;
    uint16_t port; /* network order, as in the question */
    uint32_t address[4];
};

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

enum lat_err
sockowner_new(struct sockowner **out)
{
    const struct timeval limit = { .tv_usec = ANSWER_MS * 1000 };
    struct sockowner *owner = calloc(1, sizeof(*owner));

    if (owner == NULL)
        return LAT_NOMEM;
    owner->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (owner->fd < 0 || setsockopt(owner->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0) {
        sockowner_free(owner);
        return LAT_SYS;
    }
    *out = owner;
    return LAT_OK;
}

void
sockowner_free(struct sockowner *owner)
{
    if (owner == NULL)
        return;
    if (owner->fd >= 0)
        close(owner->fd);
    free(owner);
}

/* False for anything but a loopback TCP address. */
static bool
end_of(const struct sockaddr_storage *address, struct end *out)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    memset(out, 0, sizeof(*out));
    if (address->ss_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        out->family = AF_INET;
        out->port = v4.sin_port;
        out->address[0] = v4.sin_addr.s_addr;
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->ss_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        out->family = AF_INET6;
        out->port = v6.sin6_port;
        memcpy(out->address, &v6.sin6_addr, sizeof(out->address));
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    return false;
}

/* Read answers until the one to our question; older ones belong to questions that timed out. */
static enum lat_err
receive(struct sockowner *owner, struct inet_diag_msg *out)
{
    union {
        struct nlmsghdr head;
        char bytes[ANSWER_MAX];
    } answer;
    struct nlmsgerr failure;
    ssize_t n;

    do {
        n = recv(owner->fd, answer.bytes, sizeof(answer.bytes), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return LAT_SYS;
    } while (n < (ssize_t)sizeof(answer.head) || answer.head.nlmsg_seq != owner->seq);
    if (answer.head.nlmsg_type == NLMSG_ERROR && n >= (ssize_t)NLMSG_SPACE(sizeof(failure))) {
        memcpy(&failure, NLMSG_DATA(&answer.head), sizeof(failure));
        errno = -failure.error;
        return failure.error == -ENOENT ? LAT_NOTFOUND : LAT_SYS;
    }
    if (answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY || n < (ssize_t)NLMSG_SPACE(sizeof(*out))) {
        errno = EPROTO;
        return LAT_SYS;
    }
    memcpy(out, NLMSG_DATA(&answer.head), sizeof(*out));
    return LAT_OK;
}

/* The kernel's entry for the socket whose own end is `from` and whose peer is `to`. */
static enum lat_err
ask(struct sockowner *owner, const struct end *from, const struct end *to, struct inet_diag_msg *out)
{
    struct question q = { 0 };

    q.head.nlmsg_len = sizeof(q);
    q.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    q.head.nlmsg_flags = NLM_F_REQUEST;
    q.head.nlmsg_seq = ++owner->seq;
    q.body.sdiag_family = (uint8_t)from->family;
    q.body.sdiag_protocol = IPPROTO_TCP;
    q.body.idiag_states = UINT32_MAX;
    q.body.id.idiag_sport = from->port;
    q.body.id.idiag_dport = to->port;
    memcpy(q.body.id.idiag_src, from->address, sizeof(from->address));
    memcpy(q.body.id.idiag_dst, to->address, sizeof(to->address));
    q.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    q.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (send(owner->fd, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
        return LAT_SYS;
    return receive(owner, out);
}

enum lat_err
sockowner_find(struct sockowner *owner, int fd, uid_t *uid)
{
    struct sockaddr_storage theirs = { 0 }, ours = { 0 };
    socklen_t theirs_len = sizeof(theirs), ours_len = sizeof(ours);
    struct inet_diag_msg client, here;
    struct end from, to;
    enum lat_err err;

    if (getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) != 0 ||
        getsockname(fd, (struct sockaddr *)&ours, &ours_len) != 0)
        return LAT_NOTFOUND; /* reset meanwhile */
    if (!end_of(&theirs, &from) || !end_of(&ours, &to))
        return LAT_NOTFOUND;
    err = ask(owner, &from, &to, &client);
    if (!err)
        err = ask(owner, &to, &from, &here);
    if (err)
        return err;
    if (client.idiag_state != TCP_ESTABLISHED || client.idiag_inode == 0 ||
        here.idiag_state != TCP_ESTABLISHED)
        return LAT_NOTFOUND;
    *uid = client.idiag_uid;
    return LAT_OK;
}
